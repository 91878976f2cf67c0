"""GraphML as Gephi reads it (its own importer, compiled and fed, 2025-08), and networkx, yEd and igraph.

- Text with `&`, `<` or `]]>` stands in CDATA. Gephi skips every piece of text that is only white space, and Java's
  reader starts a new piece at each reference, numeric or named: `a &#38; &#38; b` arrives as `a && b`.
  Nor does CDATA count towards the 100,000 references after which Java 24 refuses a file.
- Keys are lower case and each has `for`; types are boolean, int, double and string. Gephi ignores others.
- Ids are integers, the URL is an attribute; every edge has an id of its own.
"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO
from xml.parsers import expat

from linkmap.errors import LinkmapError
from linkmap.export.elements import Edge, Elements, Node
from linkmap.graph.facts import Fact

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">
"""
_TYPES: dict[type, str] = {str: "string", int: "int", float: "double", bool: "boolean"}
_BLOCK = 1_000
_READ_BYTES = 1 << 20


def generate_graphml(elements: Elements) -> Iterator[str]:
    """The file, in pieces of some 100 KB."""
    yield _HEAD
    for name, type_ in elements.attributes:
        yield f'<key id="{name}" for="node" attr.name="{name}" attr.type="{_TYPES[type_]}"/>\n'
    yield '<key id="weight" for="edge" attr.name="weight" attr.type="int"/>\n<graph edgedefault="directed">\n'
    opening = [f'<data key="{attribute.name}">' for attribute in elements.attributes]
    yield from _joined(_node(node, opening) for node in elements.nodes())
    yield from _joined(_edge(number, edge) for number, edge in enumerate(elements.edges()))
    yield "</graph>\n</graphml>\n"


def count_graphml(file: BinaryIO) -> tuple[int, int]:
    """Nodes and edges that an XML parser finds in the file. Raises LinkmapError where it is not well-formed."""
    counts = {"node": 0, "edge": 0}

    def start(name: str, attributes: list[str]) -> None:
        if name in counts:
            counts[name] += 1

    parser = expat.ParserCreate()
    parser.ordered_attributes = True  # a list costs less than a dict
    parser.StartElementHandler = start
    try:
        while block := file.read(_READ_BYTES):
            parser.Parse(block)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise LinkmapError(f"the GraphML that was written cannot be read back ({error})") from error
    return counts["node"], counts["edge"]


def _node(node: Node, opening: list[str]) -> str:
    data = "".join(
        f"{start}{_text(fact)}</data>" for start, fact in zip(opening, node.facts, strict=True) if fact is not None
    )
    return f'<node id="{node.id}">{data}</node>\n'


def _edge(number: int, edge: Edge) -> str:
    source, target, weight = edge
    return f'<edge id="{number}" source="{source}" target="{target}"><data key="weight">{weight}</data></edge>\n'


def _text(fact: Fact) -> str:
    if isinstance(fact, str):
        return _cdata(fact) if "&" in fact or "<" in fact or "]]>" in fact else fact
    if isinstance(fact, bool):
        return "true" if fact else "false"
    return repr(fact)


def _cdata(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


def _joined(pieces: Iterable[str]) -> Iterator[str]:
    block: list[str] = []
    for piece in pieces:
        block.append(piece)
        if len(block) == _BLOCK:
            yield "".join(block)
            block.clear()
    yield "".join(block)

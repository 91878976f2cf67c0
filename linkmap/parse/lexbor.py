"""The HTML reader: elements as lexbor's HTML5 tree has them, in document order, with their evidence.

Regions come from one memoised walk up the tree, so a page of 10,000 links nested 10,000 deep stays linear
(walking every link's parents anew took 4.4 s). `<template>` content is inert: lexbor's selectors leave it out.
"""

from collections import Counter
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from linkmap.model import LinkKind, Region
from linkmap.parse.elements import (
    APART,
    REGIONS,
    SILENT,
    Attributes,
    PageStyles,
    lacks_alt,
    language_of,
    own_action,
    references,
    rel_of,
    stand_in,
)
from linkmap.parse.links import MAX_ANCHOR, Element, Page
from linkmap.parse.scripted import (
    MOST_ROOT_TEXT,
    MOST_ROOTS,
    MOST_TEXT,
    UNREAD,
    Outline,
    has_hardly_links,
    is_program,
    root_name,
)

_SELECTOR = (
    "[href],[src],[srcset],form,object[data],video[poster],meta[http-equiv],[imagesrcset],[formaction],body[background]"
)
"""Wider than what is a link, because each further selector takes time; a node that two match comes twice running."""
_MOST_NODES = 300
"""Nodes read for one text: links may stand in one another, each with the text of all inside (`<a><object><a>`)."""


def read_html(text: str, css: bool = False) -> Page:
    """What a page says: its links as written, its base, its title and the like; with `css` those of its styles too."""
    tree = LexborHTMLParser(text)
    base = tree.css_first("base[href]")
    root = tree.css_first("html")
    elements = tuple(_elements(tree, css))
    return Page(
        elements=elements,
        base=_attribute(base, "href"),
        title=_title(tree),
        description=_attribute(tree.css_first('meta[name="description" i]'), "content"),
        h1=_text(tree.css_first("h1")),
        language=_attribute(root, "lang"),
        metas=tuple(_metas(tree)),
        outline=_outline(tree) if has_hardly_links(element.kind for element in elements) else None,
    )


def _metas(tree: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    for node in tree.css("meta"):  # a sixth of the time that a selector of the attributes takes
        attributes = node.attributes
        if "name" in attributes and "content" in attributes:
            yield attributes["name"] or "", attributes["content"] or ""


def _outline(tree: LexborHTMLParser) -> Outline | None:
    """What else a page is made of that has hardly a link; None where it has more than a little text."""
    text = _text_within(tree.css_first("html"), MOST_TEXT)
    if len(text) > MOST_TEXT:
        return None
    tags: Counter[str] = Counter()
    roots: list[tuple[str, LexborNode]] = []
    for node in tree.css("*"):
        tag, attributes = node.tag or "", node.attributes
        if tag != "script" or is_program(attributes):
            tags[tag] += 1
        if name := root_name(tag, attributes):
            roots.append((name, node))
    empty = (name for name, node in roots[:MOST_ROOTS] if len(_text_within(node, MOST_ROOT_TEXT)) <= MOST_ROOT_TEXT)
    return Outline(tags["script"], text, next(empty, ""), tags["noscript"] > 0, tags["form"] + tags["frame"] > 0)


def _text_within(node: LexborNode | None, most: int) -> str:
    """The text inside a node without white space; where it is longer than `most`, some of it."""
    parts: list[str] = []
    size = 0
    waiting = [node.first_child] if node is not None else []
    while waiting and size <= most:
        current = waiting.pop()
        if current is None:
            continue
        waiting.append(current.next)
        if current.is_text_node:
            parts.append("".join(current.text().split()))
            size += len(parts[-1])
        elif current.tag not in UNREAD:
            waiting.append(current.first_child)
    return "".join(parts)


def _elements(tree: LexborHTMLParser, css: bool) -> Iterator[Element]:
    regions: dict[int, Region] = {}
    forms, styles = _Forms(tree), PageStyles()
    last = 0
    for node in tree.css(f"{_SELECTOR},style,[style]" if css else _SELECTOR):
        if node.mem_id == last:
            continue
        last = node.mem_id
        tag, attributes = node.tag or "", node.attributes
        if tag == "a":
            if "href" in attributes or "xlink:href" in attributes:
                reference = attributes.get("href", attributes.get("xlink:href")) or ""
                rel = attributes.get("rel") or ""
                anchor, language = _text_or_image(node, attributes), language_of(tag, attributes)
                yield Element(LinkKind.A, reference, rel, _region(node, regions), anchor, language)
        elif found := list(references(tag, attributes)):
            rel = rel_of(tag, attributes)
            region, anchor = _region(node, regions), stand_in(tag, attributes)
            language = language_of(tag, attributes)
            for kind, reference in found:
                yield Element(kind, reference, rel, region, anchor, language, lacks_alt(tag, attributes))
        if "formaction" in attributes:
            action = own_action(tag, attributes, forms.owner(node, attributes))
            if action is not None:
                anchor = (tag == "button" and _text(node).strip()) or stand_in(tag, attributes)
                yield Element(LinkKind.FORM, action, "", _region(node, regions), anchor)
        if css and (found_css := list(styles.references(tag, attributes, node.text))):
            region = _region(node, regions)
            yield from (Element(LinkKind.CSS, reference, "", region, "") for reference in found_css)


class _Forms:
    """Which form a button sends: the one that it names, else the one around it. Linear however deep buttons lie."""

    def __init__(self, tree: LexborHTMLParser) -> None:
        self._tree = tree
        self._around: dict[int, Attributes | None] = {}
        self._named: dict[str, Attributes] | None = None

    def owner(self, node: LexborNode, attributes: Attributes) -> Attributes | None:
        """The attributes of the form, None where the button belongs to none."""
        if "form" in attributes:
            if self._named is None:
                self._named = {}
                for form in self._tree.css("form[id]"):
                    self._named.setdefault(form.attributes["id"] or "", form.attributes)
            return self._named.get(attributes["form"] or "")
        passed = []
        found: Attributes | None = None
        parent = node.parent
        while parent is not None:
            if parent.mem_id in self._around:
                found = self._around[parent.mem_id]
                break
            passed.append(parent.mem_id)
            if parent.tag == "form":
                found = parent.attributes
                break
            parent = parent.parent
        self._around.update(dict.fromkeys(passed, found))
        return found


def _region(node: LexborNode, known: dict[int, Region]) -> Region:
    """The innermost sectioning element around a node; `known` remembers every ancestor seen before."""
    passed = []
    found = Region.NONE
    parent = node.parent
    while parent is not None:
        if parent.mem_id in known:
            found = known[parent.mem_id]
            break
        passed.append(parent.mem_id)
        if parent.tag in REGIONS:
            found = REGIONS[parent.tag]
            break
        parent = parent.parent
    known.update(dict.fromkeys(passed, found))
    return found


def _text_or_image(node: LexborNode, attributes: Attributes) -> str:
    """The text of an `a`; where there is none, the text that stands in for an image, else its title."""
    text = _text(node)
    if text and not text.isspace():
        return text
    for image in node.css("img[alt]"):
        alternative = _attribute(image, "alt")
        if alternative and not alternative.isspace():
            return alternative
    return attributes.get("title") or ""


def _title(tree: LexborHTMLParser) -> str | None:
    """The text of the first title that is the page's own, not a drawing's."""
    foreign = {node.mem_id for node in tree.css("svg title")}
    return next((node.text() for node in tree.css("title") if node.mem_id not in foreign), None)


def _text(node: LexborNode | None) -> str:
    """The text inside a node as a reader sees it: without scripts, blocks and lines apart from one another."""
    first = node.first_child if node is not None else None
    if first is None or (first.is_text_node and first.next is None):
        return first.text() if first is not None else ""
    parts: list[str] = []
    size = 0
    waiting: list[LexborNode | str] = [first]
    for _ in range(_MOST_NODES):
        if not waiting or size > MAX_ANCHOR:
            break
        current = waiting.pop()
        if isinstance(current, str):
            parts.append(current)
            continue
        if current.next is not None:
            waiting.append(current.next)
        if current.is_text_node:
            parts.append(current.text())
            size += len(parts[-1].strip())
        elif current.tag not in SILENT and current.first_child is not None:
            waiting.extend((" ", current.first_child) if current.tag in APART else (current.first_child,))
        if current.tag in APART:
            parts.append(" ")
    return "".join(parts)


def _attribute(node: LexborNode | None, name: str) -> str | None:
    return None if node is None else node.attributes.get(name)

"""The HTML reader: elements as lexbor's HTML5 tree has them, in document order, with their evidence.

Regions come from one memoised walk up the tree, so a page of 10,000 links nested 10,000 deep stays linear
(walking every link's parents anew took 4.4 s). `<template>` content is inert: lexbor keeps it beside the
tree. One walk finds everything, because a selector for each thing walks the whole tree again (2026-11: twice the time).
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeAlias

from selectolax.lexbor import LexborHTMLParser, LexborNode

from linkmap.model import LinkKind, Region
from linkmap.parse.elements import (
    APART,
    HOLDERS,
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
from linkmap.parse.scripted import MOST_TEXT, UNREAD, Outline, has_hardly_links, outline_of

_ABOUT = frozenset({"base", "title", "h1", "meta"})
"""Elements that say something of the page."""
_READ = _ABOUT | HOLDERS
"""Elements other than `a` that are looked at."""
_About: TypeAlias = dict[str, list[tuple[LexborNode, Attributes]]]
_MOST_NODES = 300
"""Nodes read for one text: links may stand in one another, each with the text of all inside (`<a><object><a>`)."""


def read_html(text: str, css: bool = False) -> Page:
    """What a page says: its links as written, its base, its title and the like; with `css` those of its styles too."""
    tree = LexborHTMLParser(text)
    root = tree.root
    assert root is not None, "a document has an html element, even of an empty text"
    about: _About = {tag: [] for tag in _ABOUT}
    elements = _elements(tree, root, about, css)
    metas = [attributes for _, attributes in about["meta"]]
    return Page(
        elements=elements,
        base=next((attributes["href"] for _, attributes in about["base"] if "href" in attributes), None),
        title=_title(tree, [node for node, _ in about["title"]]),
        description=next((each.get("content") for each in metas if _is_description(each)), None),
        h1=_text(about["h1"][0][0]) if about["h1"] else "",
        language=root.attributes.get("lang"),
        metas=tuple(_named_content(metas)),
        outline=_outline(tree) if has_hardly_links(element.kind for element in elements) else None,
    )


def _named_content(metas: Iterable[Attributes]) -> Iterator[tuple[str, str]]:
    for attributes in metas:
        if "name" in attributes and "content" in attributes:
            yield attributes["name"] or "", attributes["content"] or ""


def _is_description(attributes: Attributes) -> bool:
    return (attributes.get("name") or "").lower() == "description"


def _outline(tree: LexborHTMLParser) -> Outline | None:
    """What else a page is made of that has hardly a link; None where it has more than a little text."""
    text = _text_within(tree.css_first("html"), MOST_TEXT)
    if len(text) > MOST_TEXT:
        return None
    elements = ((node, node.tag or "", node.attributes) for node in tree.css("*"))
    return outline_of(text, elements, _text_within)


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


def _elements(tree: LexborHTMLParser, root: LexborNode, about: _About, css: bool) -> list[Element]:
    """The links, in one walk that also lists in `about` the elements that say something of the page."""
    elements: list[Element] = []
    regions: dict[int, Region] = {}
    a, drawings, forms, styles = LinkKind.A, _Drawings(tree), _Forms(tree), PageStyles()
    new = tuple.__new__  # a sixth of the time that Element() takes, which is Python
    for node in root.traverse():
        tag = node.tag or ""
        if tag == "a":
            attributes = node.attributes
            reference = attributes.get("href")
            if reference is None:
                reference = _odd_reference(node, attributes, drawings)
            if reference is not None:
                anchor = _text(node)
                if not anchor or anchor.isspace():
                    anchor = _image_or_title(node, attributes)
                rel, region, language = attributes.get("rel") or "", _region(node, regions), attributes.get("hreflang")
                elements.append(new(Element, (a, reference, rel, region, anchor, language, False, None)))
        elif tag in _READ:
            attributes = node.attributes
            if tag in _ABOUT:
                about[tag].append((node, attributes))
            elements.extend(_others(node, tag, attributes, regions))
            if "formaction" in attributes:
                elements.extend(_buttons(node, tag, attributes, forms, regions))
        if css and (written := list(styles.references(tag, node.attributes, node.text))):
            region = _region(node, regions)
            elements.extend(Element(LinkKind.CSS, reference, "", region, "") for reference in written)
    return elements


def _odd_reference(node: LexborNode, attributes: Attributes, drawings: "_Drawings") -> str | None:
    """The reference of an `a` whose href has no value or is that of a drawing; None where it has none."""
    if "href" in attributes:
        return ""
    if "xlink:href" in attributes and node.mem_id in drawings.links():
        return attributes["xlink:href"] or ""
    return None


def _others(node: LexborNode, tag: str, attributes: Attributes, regions: dict[int, Region]) -> Iterator[Element]:
    """The links of an element other than `a`."""
    if found := list(references(tag, attributes)):
        rel, language, no_alt = rel_of(tag, attributes), language_of(tag, attributes), lacks_alt(tag, attributes)
        region, anchor = _region(node, regions), stand_in(tag, attributes)
        for kind, reference in found:
            yield Element(kind, reference, rel, region, anchor, language, no_alt)


def _buttons(
    node: LexborNode, tag: str, attributes: Attributes, forms: "_Forms", regions: dict[int, Region]
) -> Iterator[Element]:
    """The link of a button with an address of its own."""
    action = own_action(tag, attributes, forms.owner(node, attributes))
    if action is not None:
        anchor = (tag == "button" and _text(node).strip()) or stand_in(tag, attributes)
        yield Element(LinkKind.FORM, action, "", _region(node, regions), anchor)


class _Drawings:
    """Which `a` are of SVG, where xlink:href is an attribute with a meaning; in HTML it has none."""

    def __init__(self, tree: LexborHTMLParser) -> None:
        self._tree = tree
        self._links: frozenset[int] | None = None

    def links(self) -> frozenset[int]:
        """The places of all `a` that have an href of any namespace."""
        if self._links is None:
            self._links = frozenset(node.mem_id for node in self._tree.css("a[href]"))
        return self._links


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
    parent = node.parent
    found = known.get(parent.mem_id) if parent is not None else None
    if found is not None:
        return found
    passed: list[int] = []
    while parent is not None:
        place = parent.mem_id
        found = known.get(place)
        if found is not None:
            break
        passed.append(place)
        found = REGIONS.get(parent.tag or "")
        if found is not None:
            break
        parent = parent.parent
    region = Region.NONE if found is None else found
    for place in passed:
        known[place] = region
    return region


def _image_or_title(node: LexborNode, attributes: Attributes) -> str:
    """What an `a` says of itself that has no text: what stands in for an image in it, else its title."""
    for inside in islice(node.traverse(), _MOST_NODES):
        if inside.tag == "img" and (alternative := inside.attributes.get("alt")) and not alternative.isspace():
            return alternative
    return attributes.get("title") or ""


def _title(tree: LexborHTMLParser, titles: list[LexborNode]) -> str | None:
    """The text of the first title that is the page's own, not a drawing's."""
    if titles and (parent := titles[0].parent) is not None and parent.tag == "head":
        return titles[0].text()
    foreign = {node.mem_id for node in tree.css("svg title")} if titles else ()
    return next((node.text() for node in titles if node.mem_id not in foreign), None)


def _text(node: LexborNode) -> str:
    """The text inside a node as a reader sees it: without scripts, blocks and lines apart from one another."""
    first = node.first_child
    if first is None:
        return ""
    only = first.text_content
    if only is not None and first.next is None:
        return only
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
            parts.append(current.text_content or "")
            size += len(parts[-1].strip())
        elif current.tag not in SILENT and current.first_child is not None:
            waiting.extend((" ", current.first_child) if current.tag in APART else (current.first_child,))
        if current.tag in APART:
            parts.append(" ")
    return "".join(parts)

"""The HTML reader: elements as lexbor's HTML5 tree has them, in document order, with their evidence.

Regions come from one memoised walk up the tree, so a page of 10,000 links nested 10,000 deep stays linear
(walking every link's parents anew took 4.4 s). `<template>` content is inert: lexbor's selectors leave it out.
"""

from collections.abc import Iterator
from typing import TypeAlias

from selectolax.lexbor import LexborHTMLParser, LexborNode

from linkmap.model import LinkKind, Region
from linkmap.parse.links import MAX_ANCHOR, Element, Page, link_kind
from linkmap.parse.microsyntax import refresh_target, srcset_urls

Attributes: TypeAlias = dict[str, str | None]

_REGIONS = {region.name.lower(): region for region in Region if region is not Region.NONE}
_REFERENCES = {
    "iframe": (LinkKind.IFRAME, ("src",)),
    "frame": (LinkKind.FRAME, ("src",)),
    "img": (LinkKind.IMG, ("src",)),
    "source": (LinkKind.SOURCE, ("src",)),
    "script": (LinkKind.SCRIPT, ("src",)),
    "embed": (LinkKind.EMBED, ("src",)),
    "object": (LinkKind.OBJECT, ("data",)),
    "video": (LinkKind.VIDEO, ("src", "poster")),
    "audio": (LinkKind.AUDIO, ("src",)),
    "track": (LinkKind.TRACK, ("src",)),
}
_SETS = frozenset({"img", "source"})
"""Elements that may have a srcset."""
_SELECTOR = "[href],[src],[srcset],form,object[data],video[poster],meta[http-equiv]"
"""Wider than what is a link, because each further selector takes time; a node that two match comes twice running."""
_WITH_REL = frozenset({"area", "link", "form"})
_TITLED = frozenset({"form", "embed", "object", "video", "audio"})
_SILENT = frozenset({"script", "style"})
_APART = frozenset({"br", "p", "div", "section", "article", "header", "footer", "figure", "figcaption"}) | frozenset(
    {"h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "table", "tr", "td", "th"}
)
"""Elements whose text stands apart from what is around them."""
_MOST_NODES = 300
"""Nodes read for one text: links may stand in one another, each with the text of all inside (`<a><object><a>`)."""


def read_html(text: str) -> Page:
    """What a page says: its links as written, its base, its title and the like."""
    tree = LexborHTMLParser(text)
    base = tree.css_first("base[href]")
    root = tree.css_first("html")
    return Page(
        elements=tuple(_elements(tree)),
        base=_attribute(base, "href"),
        title=_title(tree),
        description=_attribute(tree.css_first('meta[name="description" i]'), "content"),
        h1=_text(tree.css_first("h1")),
        language=_attribute(root, "lang"),
    )


def _elements(tree: LexborHTMLParser) -> Iterator[Element]:
    regions: dict[int, Region] = {}
    last = 0
    for node in tree.css(_SELECTOR):
        if node.mem_id == last:
            continue
        last = node.mem_id
        tag, attributes = node.tag or "", node.attributes
        if tag == "a":
            if "href" not in attributes and "xlink:href" not in attributes:
                continue
            reference = attributes.get("href", attributes.get("xlink:href")) or ""
            rel = attributes.get("rel") or ""
            anchor, language = _text_or_image(node, attributes), attributes.get("hreflang")
            yield Element(LinkKind.A, reference, rel, _region(node, regions), anchor, language)
        elif references := list(_references(tag, attributes)):
            rel = attributes.get("rel") or "" if tag in _WITH_REL else ""
            region, anchor = _region(node, regions), _stand_in(tag, attributes)
            language = attributes.get("hreflang") if tag == "link" else None
            for kind, reference in references:
                yield Element(kind, reference, rel, region, anchor, language)


def _references(tag: str, attributes: Attributes) -> Iterator[tuple[LinkKind, str]]:
    """The links of one element other than `a`, by kind."""
    if tag in _REFERENCES:
        kind, names = _REFERENCES[tag]
        for name in names:
            if written := attributes.get(name):
                yield kind, written
        if tag in _SETS and (written := attributes.get("srcset")):
            for url in srcset_urls(written):
                yield kind, url
    elif tag == "link":
        rel, language = attributes.get("rel") or "", attributes.get("hreflang") or ""
        yield link_kind(rel, language), attributes.get("href") or ""
    elif tag == "area":
        if "href" in attributes:
            yield LinkKind.AREA, attributes["href"] or ""
    elif tag == "meta":
        if (attributes.get("http-equiv") or "").lower() == "refresh":
            target = refresh_target(attributes.get("content") or "")
            if target is not None:
                yield LinkKind.META_REFRESH, target
    elif tag == "form" and (attributes.get("method") or "").lower() not in ("post", "dialog"):
        yield LinkKind.FORM, attributes.get("action") or ""


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
        if parent.tag in _REGIONS:
            found = _REGIONS[parent.tag]
            break
        parent = parent.parent
    known.update(dict.fromkeys(passed, found))
    return found


def _stand_in(tag: str, attributes: Attributes) -> str:
    """What an element says of itself that has no text of its own."""
    if tag in ("area", "img"):
        return attributes.get("alt") or attributes.get("title") or ""
    if tag in ("iframe", "frame"):
        return attributes.get("title") or attributes.get("name") or ""
    return attributes.get("title") or "" if tag in _TITLED else ""


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
        elif current.tag not in _SILENT and current.first_child is not None:
            waiting.extend((" ", current.first_child) if current.tag in _APART else (current.first_child,))
        if current.tag in _APART:
            parts.append(" ")
    return "".join(parts)


def _attribute(node: LexborNode | None, name: str) -> str | None:
    return None if node is None else node.attributes.get(name)

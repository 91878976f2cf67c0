"""Sitemaps (sitemaps.org, protocol 0.9) and feeds (RSS, RDF, Atom): one pass over the XML, entries as links.

Faulty documents are read as far as they go. No entity is expanded, nothing is fetched, and what has been read
is dropped at once, so that 50 MB of XML need no tree of 500 MB.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from lxml import etree

from linkmap import url as urls
from linkmap.model import LinkKind, Region
from linkmap.parse.charset import decode
from linkmap.parse.links import Element, Page, link_kind

MAX_ENTRIES = 50_000
"""Entries that are read of one sitemap (sitemaps.org: at most 50,000) or feed."""
_MOST_LINKS = 200_000
"""Links of one document: an entry of a sitemap may name each of its translations and images."""

_SITEMAP_ROOTS = frozenset({"urlset", "sitemapindex"})
_FEED_ROOTS = frozenset({"rss", "feed", "rdf"})
_ENTRIES = frozenset({"url", "sitemap", "item", "entry"})
_ABOUT = {"title": "title", "description": "description", "subtitle": "description", "language": "language"}


@dataclass(slots=True)
class _Reading:
    """What has been read of a document."""

    url: str
    root: str = ""
    elements: list[Element] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)
    entries: int = 0
    full: bool = False


def read_xml(body: bytes, url: str, encoding: str | None = None) -> tuple[Page, bool] | None:
    """The links of a sitemap or feed at `url` and whether more entries were left out; None where it is neither.

    `encoding`: the charset that the answer's header names, which goes before the document's own (RFC 7303, 3).
    """
    reading = _Reading(url)
    with suppress(etree.XMLSyntaxError):  # what came before the fault has been read
        _read(body, reading, encoding)
    if not reading.root:
        return None
    about = reading.about
    page = Page(
        reading.elements,
        title=about.get("title"),
        description=about.get("description"),
        language=about.get("language"),
    )
    return page, reading.full


def _known_to_lxml(body: bytes, encoding: str | None) -> tuple[bytes, str | None]:
    """The document and its encoding; in UTF-8 where lxml does not know it (`iso-8859-8-i` and others)."""
    try:
        etree.XMLParser(encoding=encoding)
    except LookupError:
        return decode(body, f"text/xml; charset={encoding}")[0].encode(), "utf-8"
    return body, encoding


def _read(body: bytes, reading: _Reading, encoding: str | None) -> None:
    body, encoding = _known_to_lxml(body, encoding)
    events = etree.iterparse(
        BytesIO(body), events=("start", "end"), resolve_entities=False, load_dtd=False, no_network=True,
        recover=True, remove_comments=True, remove_pis=True, huge_tree=False, encoding=encoding,
    )  # fmt: skip
    inside = 0
    for event, element in events:
        name = _name(element)
        if not reading.root:
            if name not in _SITEMAP_ROOTS | _FEED_ROOTS:
                return
            reading.root = name
        if event == "start":
            inside += name in _ENTRIES
        elif name in _ENTRIES:
            inside -= 1
            reading.entries += 1
            if reading.entries > MAX_ENTRIES or len(reading.elements) > _MOST_LINKS:
                reading.full = True
                return
            reading.elements.extend(_entry(element, name, reading.url))
            _drop(element)
        elif not inside and reading.root in _FEED_ROOTS:
            _read_about(element, name, reading)


def _drop(element: Any) -> None:
    """Free an element that has been read, and those before it."""
    parent = element.getparent()
    element.clear()
    while parent is not None and parent[0] is not element:
        del parent[0]


def _entry(element: Any, name: str, url: str) -> Iterator[Element]:
    if name == "sitemap":
        yield from _sitemap_entry(element, LinkKind.SITEMAP_FILE)
    elif name == "url":
        yield from _sitemap_entry(element, LinkKind.SITEMAP)
    else:
        yield from _feed_entry(element, url)


def _sitemap_entry(element: Any, kind: LinkKind) -> Iterator[Element]:
    children = {_name(child): child for child in reversed(element)}
    lastmod = _text(children.get("lastmod")) or None
    if location := _text(children.get("loc")):
        yield _link(kind, location, lastmod=lastmod)
    for child in element:
        name = _name(child)
        if name == "link" and (href := (child.get("href") or "").strip()):
            yield _link(kind, href, child.get("rel") or "", language=child.get("hreflang"))
        elif name in ("image", "video"):
            for part in child:
                if _name(part) in ("loc", "thumbnail_loc") and (location := _text(part)):
                    yield _link(LinkKind.IMG, location)
                elif _name(part) == "content_loc" and (location := _text(part)):
                    yield _link(LinkKind.VIDEO, location)


def _feed_entry(element: Any, url: str) -> Iterator[Element]:
    """The links of an item (RSS, RDF) or entry (Atom), each with the entry's title as its anchor."""
    title = next((_text(child) for child in element if _name(child) == "title"), "")
    has_link = False
    for child in element:
        name = _name(child)
        if name == "link":
            has_link = True
            yield from _feed_link(child, LinkKind.FEED, title, url)
        elif name == "enclosure" and (reference := child.get("url")):
            yield _link(LinkKind.FEED, _absolute(reference, child, url), "enclosure", title)
        elif name == "comments" and (reference := _text(child)):
            yield _link(LinkKind.FEED, _absolute(reference, child, url), "comments", title)
        elif name == "content" and (reference := child.get("src")):
            yield _link(LinkKind.FEED, _absolute(reference, child, url), "", title)
    guid = next((child for child in element if _name(child) == "guid"), None)
    if not has_link and guid is not None and (guid.get("isPermaLink") or "true").lower() == "true" and _text(guid):
        yield _link(LinkKind.FEED, _text(guid), "", title)


def _feed_link(element: Any, kind: LinkKind, title: str, url: str) -> Iterator[Element]:
    """A link of RSS, whose text is the reference, or of Atom, whose attributes say all."""
    reference, rel, language = element.get("href"), element.get("rel") or "", element.get("hreflang")
    if reference is None:
        reference = _text(element)
    if reference:
        yield _link(kind, _absolute(reference, element, url), rel, title, language)


def _read_about(element: Any, name: str, reading: _Reading) -> None:
    """What a feed says of itself; its own links are those of its site, or lead to its further pages."""
    parent = element.getparent()
    if parent is None or _name(parent) not in ("channel", "feed"):
        return
    if name == "link":
        rel = element.get("rel") or ""
        own = not rel or rel.lower() == "alternate"
        kind = LinkKind.FEED if own else link_kind(rel, element.get("hreflang") or "")
        reading.elements.extend(_feed_link(element, kind, "", reading.url))
    elif name in _ABOUT:
        reading.about.setdefault(_ABOUT[name], _text(element))


def _link(
    kind: LinkKind, reference: str, rel: str = "", anchor: str = "", language: str | None = None,
    lastmod: str | None = None,
) -> Element:  # fmt: skip
    return Element(kind, reference, rel, Region.NONE, anchor, language, lastmod=lastmod)


def _absolute(reference: str, element: Any, url: str) -> str:
    """A reference with the xml:base around it taken in, where there is one."""
    base = element.base
    if not base:
        return str(reference)
    return urls.resolve(reference, urls.resolve(base, url) or url) or str(reference)


def _name(element: Any) -> str:
    """An element's name in lower case, without its namespace: of these formats every version has another one."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def _text(element: Any) -> str:
    return "".join(element.itertext()).strip() if element is not None else ""

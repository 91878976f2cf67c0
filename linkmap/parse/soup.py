"""The second HTML reader: Beautiful Soup on lxml's tree, for a second opinion on what a page says.

Ten times slower than the first, and another parser in every step; the two find the same links, but where markup is
misnested: lxml is no HTML5 parser (docs/decisions/0009). It is fed
through Beautiful Soup, so nesting and huge attributes lose nothing (20,000 deep and 11 MB tried, 2026-11), as they do
where lxml builds its own tree.
"""

import warnings
from collections.abc import Iterator

from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, Tag, XMLParsedAsHTMLWarning
from bs4.element import NavigableString

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
from linkmap.parse.links import Element, Page
from linkmap.parse.scripted import MOST_TEXT, UNREAD, Outline, has_hardly_links, outline_of


def read_html(text: str, css: bool = False) -> Page:
    """What a page says: its links as written, its base, its title and the like; with `css` those of its styles too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)  # XHTML is HTML to browsers and to us
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)  # and so is a page whose text is a URL
        soup = BeautifulSoup(text, "lxml")
    base = next((tag for tag in soup.find_all("base", href=True) if not _is_inert(tag)), None)
    description = soup.find("meta", attrs={"name": lambda name: name is not None and name.lower() == "description"})
    elements = tuple(_elements(soup, css))
    return Page(
        elements=elements,
        base=_attribute(base, "href"),
        title=next((tag.get_text() for tag in soup.find_all("title") if tag.find_parent("svg") is None), None),
        description=_attribute(description, "content"),
        h1=_text(soup.h1) if soup.h1 is not None else "",
        language=_attribute(soup.html, "lang"),
        metas=tuple(_metas(soup)),
        outline=_outline(soup) if has_hardly_links(element.kind for element in elements) else None,
    )


def _metas(soup: BeautifulSoup) -> Iterator[tuple[str, str]]:
    for tag in soup.find_all("meta", attrs={"name": True, "content": True}):
        if not _is_inert(tag):
            yield _attribute(tag, "name") or "", _attribute(tag, "content") or ""


def _outline(soup: BeautifulSoup) -> Outline | None:
    """What else a page is made of that has hardly a link; None where it has more than a little text."""
    text = _text_within(soup, MOST_TEXT)
    if len(text) > MOST_TEXT:
        return None
    regions: dict[int, Region | None] = {}
    live = (tag for tag in soup.find_all(True) if _region(tag, regions) is not None)
    return outline_of(text, ((tag, tag.name, _attributes(tag)) for tag in live), _text_within)


def _text_within(tag: Tag, most: int) -> str:
    """The text inside a tag without white space; where it is longer than `most`, some of it."""
    parts: list[str] = []
    size = 0
    waiting: list[object] = list(reversed(tag.contents))
    while waiting and size <= most:
        current = waiting.pop()
        if type(current) is NavigableString:
            parts.append("".join(current.split()))
            size += len(parts[-1])
        elif isinstance(current, Tag) and current.name not in UNREAD:
            waiting.extend(reversed(current.contents))
    return "".join(parts)


def _elements(soup: BeautifulSoup, css: bool) -> Iterator[Element]:
    regions: dict[int, Region | None] = {}
    forms: dict[int, Attributes | None] = {}
    named, styles = _named_forms(soup), PageStyles()
    for tag in soup.find_all(True):
        forms[id(tag)] = _attributes(tag) if tag.name == "form" else forms.get(id(tag.parent))
        region = _region(tag, regions)
        if region is None:
            continue
        attributes = _attributes(tag)
        if tag.name == "a" and ("href" in attributes or ("xlink:href" in attributes and _is_drawn(tag))):
            reference = attributes.get("href", attributes.get("xlink:href")) or ""
            anchor = _text_or_image(tag, attributes)
            rel, language = attributes.get("rel") or "", language_of("a", attributes)
            yield Element(LinkKind.A, reference, rel, region, anchor, language)
        for kind, reference in references(tag.name, attributes):
            rel, language = rel_of(tag.name, attributes), language_of(tag.name, attributes)
            anchor, no_alt = stand_in(tag.name, attributes), lacks_alt(tag.name, attributes)
            yield Element(kind, reference, rel, region, anchor, language, no_alt)
        form = named.get(attributes["form"] or "") if "form" in attributes else forms[id(tag)]
        if (action := own_action(tag.name, attributes, form)) is not None:
            anchor = (tag.name == "button" and _text(tag).strip()) or stand_in(tag.name, attributes)
            yield Element(LinkKind.FORM, action, "", region, anchor)
        if css:
            for reference in styles.references(tag.name, attributes, tag.get_text):
                yield Element(LinkKind.CSS, reference, "", region, "")


def _named_forms(soup: BeautifulSoup) -> dict[str, Attributes]:
    """The forms by their id; of several with one id the first."""
    found: dict[str, Attributes] = {}
    for form in soup.find_all("form", id=True):
        if not _is_inert(form):
            attributes = _attributes(form)
            found.setdefault(attributes["id"] or "", attributes)
    return found


def _region(tag: Tag, known: dict[int, Region | None]) -> Region | None:
    """The innermost sectioning element around a tag, None inside a `<template>`. Parents come before children."""
    parent = tag.parent
    around = known.get(id(parent), Region.NONE)
    known[id(tag)] = None if around is None or tag.name == "template" else REGIONS.get(tag.name, around)
    return around


def _is_inert(tag: Tag) -> bool:
    return tag.find_parent("template") is not None


def _is_drawn(tag: Tag) -> bool:
    """Whether a tag is of SVG or MathML, where xlink:href has a meaning; HTML may stand in them."""
    around = tag.find_parent(["svg", "math", "foreignobject", "desc", "title"])
    return around is not None and around.name in ("svg", "math")


def _attributes(tag: Tag) -> Attributes:
    """A tag's attributes as written; Beautiful Soup splits those that hold several words."""
    return {name: " ".join(value) if isinstance(value, list) else value for name, value in tag.attrs.items()}


def _attribute(tag: object, name: str) -> str | None:
    return _attributes(tag).get(name) if isinstance(tag, Tag) else None


def _text_or_image(tag: Tag, attributes: Attributes) -> str:
    """The text of an `a`; where there is none, the text that stands in for an image, else its title."""
    text = _text(tag)
    if text and not text.isspace():
        return text
    for image in tag.find_all("img", alt=True):
        alternative = _attribute(image, "alt")
        if alternative and not alternative.isspace():
            return alternative
    return attributes.get("title") or ""


def _text(tag: Tag) -> str:
    """The text inside a tag as a reader sees it: without scripts, blocks and lines apart from one another."""
    parts: list[str] = []
    waiting: list[object] = list(reversed(tag.contents))
    while waiting:
        current = waiting.pop()
        if isinstance(current, str) and not isinstance(current, NavigableString):
            parts.append(current)
        elif type(current) is NavigableString:
            parts.append(str(current))
        elif isinstance(current, Tag) and current.name not in SILENT:
            apart = [" "] if current.name in APART else []
            waiting.extend([*apart, *reversed(current.contents), *apart])
    return "".join(parts)

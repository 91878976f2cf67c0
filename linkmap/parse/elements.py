"""Which elements hold links, and what they say of themselves: the rules that every HTML reader shares."""

from collections.abc import Iterator
from typing import TypeAlias

from linkmap.model import LinkKind, Region
from linkmap.parse.links import link_kind
from linkmap.parse.microsyntax import refresh_target, srcset_urls

Attributes: TypeAlias = dict[str, str | None]

REGIONS = {region.name.lower(): region for region in Region if region is not Region.NONE}
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
_WITH_REL = frozenset({"area", "link", "form"})
_TITLED = frozenset({"form", "embed", "object", "video", "audio"})
SILENT = frozenset({"script", "style"})
APART = frozenset({"br", "p", "div", "section", "article", "header", "footer", "figure", "figcaption"}) | frozenset(
    {"h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "table", "tr", "td", "th"}
)
"""Elements whose text stands apart from what is around them."""


def references(tag: str, attributes: Attributes) -> Iterator[tuple[LinkKind, str]]:
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


def rel_of(tag: str, attributes: Attributes) -> str:
    """The rel attribute of an element other than `a`, as written; empty where it means nothing there."""
    return attributes.get("rel") or "" if tag in _WITH_REL else ""


def language_of(tag: str, attributes: Attributes) -> str | None:
    """The hreflang of an element, where it may have one."""
    return attributes.get("hreflang") if tag in ("a", "link") else None


def lacks_alt(tag: str, attributes: Attributes) -> bool:
    """Whether an element is an image that says nothing for those who do not see it, not even that it is decoration."""
    return tag == "img" and "alt" not in attributes


def stand_in(tag: str, attributes: Attributes) -> str:
    """What an element says of itself that has no text of its own."""
    if tag in ("area", "img"):
        return attributes.get("alt") or attributes.get("title") or ""
    if tag in ("iframe", "frame"):
        return attributes.get("title") or attributes.get("name") or ""
    return attributes.get("title") or "" if tag in _TITLED else ""

"""Which elements hold links, and what they say of themselves: the rules that every HTML reader shares."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from linkmap.model import LinkKind, Region
from linkmap.parse.css import MAX_CSS, css_references
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
_TITLED = frozenset({"form", "embed", "object", "video", "audio", "button"})
_SUBMITS = {"button": frozenset({"submit"}), "input": frozenset({"submit", "image"})}
"""The types with which these elements send their form."""
_BUTTON_TYPES = frozenset({"reset", "button"})
HOLDERS = frozenset(_REFERENCES) | _WITH_REL | frozenset(_SUBMITS) | {"meta", "body"}
"""Elements other than `a` that may hold links."""
_NO_GET = frozenset({"post", "dialog"})
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
        if (written := attributes.get("imagesrcset")) and _preloads_images(rel, attributes):
            for url in srcset_urls(written):
                yield LinkKind.LINK, url
    elif tag == "area":
        if "href" in attributes:
            yield LinkKind.AREA, attributes["href"] or ""
    elif tag == "meta":
        if (attributes.get("http-equiv") or "").lower() == "refresh":
            target = refresh_target(attributes.get("content") or "")
            if target is not None:
                yield LinkKind.META_REFRESH, target
    elif tag == "form":
        if (attributes.get("method") or "").lower() not in _NO_GET:
            yield LinkKind.FORM, attributes.get("action") or ""
    elif tag == "input":
        if _type(attributes) == "image" and (written := attributes.get("src")):
            yield LinkKind.IMG, written
    elif tag == "body" and (written := attributes.get("background")):
        yield LinkKind.IMG, written


def own_action(tag: str, attributes: Attributes, form: Attributes | None) -> str | None:
    """The formaction of a button that sends its form by GET, None where there is no such thing (HTML, 4.10.19.6)."""
    if form is None or "formaction" not in attributes or tag not in _SUBMITS:
        return None
    kind = _type(attributes)
    if tag == "button" and kind not in _BUTTON_TYPES:
        kind = "submit"
    if kind not in _SUBMITS[tag]:
        return None
    method = attributes.get("formmethod") if "formmethod" in attributes else form.get("method")
    return None if (method or "").lower() in _NO_GET else attributes["formaction"] or ""


def _type(attributes: Attributes) -> str:
    return (attributes.get("type") or "").lower()


def _preloads_images(rel: str, attributes: Attributes) -> bool:
    return "preload" in rel.lower().split() and (attributes.get("as") or "").lower() == "image"


class PageStyles:
    """The references of the style elements and style attributes of one page, which share one limit."""

    def __init__(self) -> None:
        self._room = MAX_CSS

    def references(self, tag: str, attributes: Attributes, text: Callable[[], str]) -> Iterator[str]:
        """Those of one element: of its own text where it is a style element, then of its style attribute."""
        for written in (text() if tag == "style" else "", attributes.get("style") or ""):
            if len(written) <= self._room:
                self._room -= len(written)
                yield from css_references(written)


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
    if tag == "input":
        return attributes.get("alt") or attributes.get("value") or attributes.get("title") or ""
    if tag in ("iframe", "frame"):
        return attributes.get("title") or attributes.get("name") or ""
    return attributes.get("title") or "" if tag in _TITLED else ""

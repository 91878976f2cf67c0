"""The rules by which elements become links: one set, whichever reader found the elements."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import NamedTuple

from linkmap import url as urls
from linkmap.model import Document, Link, LinkFlag, LinkKind, Links, Region, Target, Targets
from linkmap.parse.scripted import Outline, script_evidence

RULES_VERSION = 6
"""Part of a capture's links digest: links found by other rules are other links."""

MAX_ANCHOR = 300
MAX_TEXT = 1_000
MAX_REL = 200
MAX_HREFLANG = 100
MAX_LASTMOD = 40
MAX_URL = 65_536
MAX_WRITTEN = 2_000

EVERY_KIND = sum(1 << kind for kind in LinkKind if kind is not LinkKind.CSS)
"""A bit 2^id for every kind that a reader gives without being asked."""

_EMPTY_IS_BASE = frozenset({LinkKind.A, LinkKind.AREA, LinkKind.REDIRECT})
"""Kinds whose empty reference is resolved like any other."""
_EMPTY_IS_PAGE = frozenset({LinkKind.META_REFRESH, LinkKind.FORM})
"""Kinds whose empty reference is the page itself, whatever its base. Of all others an empty one is no link."""


class Element(NamedTuple):
    """A link as it is written on a page."""

    kind: LinkKind
    reference: str
    rel: str
    region: Region
    anchor: str
    hreflang: str | None = None
    no_alt: bool = False
    """Whether it is an img without an alt attribute."""
    lastmod: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What a reader finds in a page, before any rule is applied."""

    elements: Sequence[Element]
    headers: Sequence[Element] = ()
    """Links of the answer's headers: they come first, and the page's base is not theirs."""
    base: str | None = None
    title: str | None = None
    description: str | None = None
    h1: str | None = None
    language: str | None = None
    metas: Sequence[tuple[str, str]] = ()
    """Name and content of the meta elements that have both, as written."""
    outline: Outline | None = None
    """Where the page has hardly a link and little text: what else it is made of."""


class Found(NamedTuple):
    """The links of one page: each names its target by index, each target stands once."""

    document: Document
    targets: Targets
    links: Links


def links_of(page: Page, url: str, record: int = -1) -> Found:
    """The links of a page at `url`, resolved, in document order, and what the page says of itself.

    `record` has a bit 2^id for every kind that is wanted; what is not wanted does not appear at all.
    """
    if record & EVERY_KIND != EVERY_KIND:
        headers, elements = (
            [each for each in listed if record >> each.kind & 1] for listed in (page.headers, page.elements)
        )
        page = replace(page, headers=headers, elements=elements)
    base = _base(page.base, url)
    places: dict[str, int] = {}
    found: list[Target] = []
    links: list[Link] = []
    inert = 0
    for element, resolved in _references(page, base, url):
        if resolved is not None and resolved.startswith(urls.INERT_SCHEMES):
            inert += 1
            continue
        name, credentials, valid = _page_name(resolved, element.reference)
        place = places.setdefault(name, len(found))
        if place == len(found):
            found.append(Target(name, urls.url_key(name), valid))
        rel = rel_tokens(element.rel) if element.rel else ""
        anchor = fold(element.anchor, MAX_ANCHOR) if element.anchor else ""
        language = (fold(element.hreflang, MAX_HREFLANG) or None) if element.hreflang else None
        lastmod = fold(element.lastmod, MAX_LASTMOD) if element.lastmod else None
        flags = int(credentials * LinkFlag.CREDENTIALS | element.no_alt * LinkFlag.NO_ALT)
        written = None
        if resolved is not None and not credentials and not resolved.endswith(element.reference):
            written = _where_it_says_more(element.reference, resolved)
        links.append(Link(place, element.kind, rel, element.region, anchor, flags, language, lastmod, written))
    return Found(_document(page, base, url, inert), Targets.of(found), Links.of(links))


def _references(page: Page, base: str, url: str) -> Iterator[tuple[Element, str | None]]:
    """Each element that is a link with the URL it names, None where it is no URL; headers first."""
    refreshes = False
    for element in page.headers:
        resolved = urls.resolve(element.reference, url)
        if element.kind is LinkKind.META_REFRESH:
            refreshes = _leads_anywhere(resolved)
        yield element, resolved
    for element in page.elements:
        kind, reference = element.kind, element.reference
        if reference or kind in _EMPTY_IS_BASE:
            resolved = urls.resolve(reference, base)
        elif kind in _EMPTY_IS_PAGE:
            resolved = url
        else:
            continue
        if kind is LinkKind.META_REFRESH:
            # A page refreshes once: the first one counts that leads anywhere (HTML standard, 4.2.5.3).
            if refreshes:
                continue
            refreshes = _leads_anywhere(resolved)
        yield element, resolved


def _leads_anywhere(resolved: str | None) -> bool:
    return resolved is not None and not resolved.startswith(urls.INERT_SCHEMES)


def link_kind(rel: str, hreflang: str) -> LinkKind:
    """The kind of a link element or a Link header by its rel tokens; of several the first named here."""
    tokens = rel.lower().split()
    if "canonical" in tokens:
        return LinkKind.CANONICAL
    if "alternate" in tokens and hreflang.strip() and "stylesheet" not in tokens:
        return LinkKind.ALTERNATE_HREFLANG
    if "next" in tokens:
        return LinkKind.NEXT
    if "prev" in tokens or "previous" in tokens:
        return LinkKind.PREV
    return LinkKind.STYLESHEET if "stylesheet" in tokens else LinkKind.LINK


def redirect_link(location: str, url: str) -> Found:
    """The one link of an answer that sends the client elsewhere."""
    return links_of(Page([Element(LinkKind.REDIRECT, location, "", Region.NONE, "")]), url)


def links_digest(targets: Targets, links: Links, *, nofollow: bool = False) -> bytes:
    """16-byte blake2b over all that is stored of a page's links; equal digests share their rows.

    `nofollow`: the page says so of all of them, which makes them other links.
    """
    texts = (links.targets, links.rels, links.anchors, links.rare)
    digest = blake2b(f"{RULES_VERSION}{' nofollow' * nofollow}{texts!r}".encode(), digest_size=16)
    for column in (targets.keys, links.kinds, links.regions, links.flags):
        digest.update(column)
    return digest.digest()


def fold(text: str, limit: int) -> str:
    """Text with its white space folded, at most `limit` characters, free of what UTF-8 cannot hold."""
    if len(text) <= limit:
        folded = " ".join(text.split())
    else:
        folded = " ".join(text.split(None, limit)[:limit])[:limit].rstrip()
    return folded.encode("utf-8", "replace").decode() if not folded.isascii() else folded


def rel_tokens(written: str) -> str:
    """The rel attribute as a set: lower case, sorted, each token once. `nofollow` is kept however long it is."""
    tokens = set(written.lower().split())
    kept, room = [], MAX_REL
    for token in sorted(tokens, key=lambda token: (token != "nofollow", token)):
        room -= len(token) + 1
        if room < -1:
            break
        kept.append(token)
    return " ".join(sorted(kept)).encode("utf-8", "replace").decode()


def _page_name(resolved: str | None, reference: str) -> tuple[str, bool, bool]:
    """The page a link names, whether it carried credentials, and whether it is a URL at all."""
    if resolved is None:
        return urls.as_written(reference)[:MAX_URL], False, False
    name, credentials = urls.page_url(resolved)
    return name[:MAX_URL], credentials, len(name) <= MAX_URL


def _where_it_says_more(reference: str, resolved: str) -> str | None:
    """The reference, capped, where it differs from its resolved form in more than the base or an empty path's slash."""
    place = 0
    while reference.startswith(("../", "./"), place):
        place = reference.index("/", place) + 1
    rest = reference[place:] if reference[place:] not in (".", "..") else ""
    if resolved.endswith(rest):
        return None
    scheme, slashes, after = resolved.partition("://")
    host, _, path = after.partition("/")
    if "//" in rest and path[:1] in ("", "?", "#") and f"{scheme}{slashes}{host}{path}".endswith(rest):
        return None
    return reference[:MAX_WRITTEN].encode("utf-8", "replace").decode()


def _base(written: str | None, url: str) -> str:
    """The base of a page's references (HTML standard, 4.2.3): a data: or javascript: base is none."""
    resolved = urls.resolve(written, url) if written is not None else None
    return url if resolved is None or resolved.startswith(("data:", "javascript:")) else resolved


def _document(page: Page, base: str, url: str, inert: int) -> Document:
    def cleaned(text: str | None) -> str | None:
        return (fold(text, MAX_TEXT) or None) if text else None

    return Document(
        title=cleaned(page.title),
        description=cleaned(page.description),
        h1=cleaned(page.h1),
        language=cleaned(page.language),
        base=None if base == url else urls.page_url(base)[0],
        inert_links=inert,
        script_evidence=script_evidence((element.kind for element in page.elements), page.outline),
    )

"""The rules by which elements become links: one set, whichever reader found the elements."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from linkmap import url as urls
from linkmap.columns import Rare
from linkmap.model import Document, LinkFlag, LinkKind, Links, Region, Targets
from linkmap.parse.references import INERT, NO_URL, VALID, Named, names
from linkmap.parse.scripted import Outline, script_evidence

RULES_VERSION = 7
"""Part of a capture's links digest: links found by other rules are other links."""

MAX_ANCHOR = 300
MAX_TEXT = 1_000
MAX_REL = 200
MAX_HREFLANG = 100
MAX_LASTMOD = 40
_RELS_KEPT = 1_024
_NO_ALT = int(LinkFlag.NO_ALT)
_META_REFRESH = int(LinkKind.META_REFRESH)

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


class Page(NamedTuple):
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
        page = page._replace(headers=headers, elements=elements)
    base = _base(page.base, url)
    columns = _Columns()
    if page.headers:
        columns.add(page.headers, names(url), url)
    columns.add(page.elements, names(base), url)
    return Found(_document(page, base, url, columns.inert), columns.to_targets(), columns.to_links())


class _Columns:
    """The links of a page and their targets while they are put together."""

    def __init__(self) -> None:
        self.inert = 0
        self._refreshes = False
        self._places: dict[str, int] = {}
        self._keys: list[bytes] = []
        self._invalid: list[int] = []
        self._links: list[tuple[int, int, str, int, str, int]] = []
        self._rare: list[Rare] = []

    def add(self, elements: Iterable[Element], named: Callable[[str], Named], url: str) -> None:
        """Append the links among these elements of the page at `url`."""
        places, keys, links = self._places, self._keys, self._links
        for kind, reference, rel, region, anchor, language, no_alt, lastmod in elements:
            if not reference and kind not in _EMPTY_IS_BASE:
                if kind not in _EMPTY_IS_PAGE:
                    continue
                reference = url
            name, key, flags, state, written = named(reference)
            if kind == _META_REFRESH and not self._is_first_refresh(state):
                continue
            if state == INERT:
                self.inert += 1
                continue
            place = places.get(name)
            if place is None:
                place = places[name] = len(keys)
                keys.append(key)
                if state != VALID:
                    self._invalid.append(place)
            if written or language or lastmod:
                self._add_rare(len(links), language, lastmod, written)
            if no_alt:
                flags |= _NO_ALT
            links.append((place, kind, rel and rel_tokens(rel), region, anchor and fold(anchor, MAX_ANCHOR), flags))

    def _add_rare(self, ordinal: int, language: str | None, lastmod: str | None, written: str | None) -> None:
        row = Rare(
            ordinal,
            (fold(language, MAX_HREFLANG) or None) if language else None,
            fold(lastmod, MAX_LASTMOD) if lastmod else None,
            written,
        )
        if any(row[1:]):
            self._rare.append(row)

    def _is_first_refresh(self, state: int) -> bool:
        """Whether a refresh counts: of all that lead anywhere the first does (HTML standard, 4.2.5.3)."""
        is_first = not self._refreshes
        self._refreshes = self._refreshes or state not in (INERT, NO_URL)
        return is_first

    def to_targets(self) -> Targets:
        """Each page that the links lead to, once."""
        return Targets(tuple(self._places), b"".join(self._keys), tuple(self._invalid))

    def to_links(self) -> Links:
        """The links in their order."""
        if not self._links:
            return Links()
        targets, kinds, rels, regions, anchors, flags = zip(*self._links, strict=True)
        return Links(targets, bytes(kinds), rels, bytes(regions), anchors, bytes(flags), tuple(self._rare))


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
    # One line each for rel and anchor, which hold no line ends, and fixed widths for the rest: no two pages are alike.
    head = f"{RULES_VERSION}{' nofollow' * nofollow} {len(links)} {len(targets)} {links.rare!r}"
    texts = "\n".join((head, *links.rels, *links.anchors)).encode()
    columns = (targets.keys, array("I", links.targets).tobytes(), links.kinds, links.regions, links.flags, texts)
    return blake2b(b"".join(columns), digest_size=16).digest()


def fold(text: str, limit: int) -> str:
    """Text with its white space folded, at most `limit` characters, free of what UTF-8 cannot hold."""
    if len(text) <= limit:
        folded = " ".join(text.split())
    else:
        folded = " ".join(text.split(None, limit)[:limit])[:limit].rstrip()
    return folded.encode("utf-8", "replace").decode() if not folded.isascii() else folded


def rel_tokens(written: str) -> str:
    """The rel attribute as a set: lower case, sorted, each token once. `nofollow` is kept however long it is."""
    return _rel_tokens(written) if len(written) > MAX_REL else _known_rel_tokens(written)


def _rel_tokens(written: str) -> str:
    tokens = set(written.lower().split())
    kept, room = [], MAX_REL
    for token in sorted(tokens, key=lambda token: (token != "nofollow", token)):
        room -= len(token) + 1
        if room < -1:
            break
        kept.append(token)
    return " ".join(sorted(kept)).encode("utf-8", "replace").decode()


_known_rel_tokens = lru_cache(maxsize=_RELS_KEPT)(_rel_tokens)


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

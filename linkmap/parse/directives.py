"""What a page asks of crawlers: its robots meta elements and X-Robots-Tag headers, as one small text.

The words stand sorted, once each, with one space between: `noindex max-snippet:20` becomes "max-snippet:20 noindex",
`none` is "nofollow noindex", and what is so anyway (all, index, follow) is left out. Of rules for everybody and rules
for this crawler the sum holds, as Google has it: one `nofollow` among them is enough.
"""

import re
from collections.abc import Iterable, Iterator

from linkmap.model import SITEMAP_KINDS, LinkKind

OF_THE_PAGE_ITSELF = frozenset(
    {LinkKind.REDIRECT, LinkKind.META_REFRESH, LinkKind.CANONICAL, LinkKind.ALTERNATE_HREFLANG} | SITEMAP_KINDS
)
"""Kinds to which a nofollow of the page does not apply: they say where the page itself stands, or list a site."""

_WORDS = frozenset(
    {"noindex", "nofollow", "noarchive", "nocache", "nosnippet", "noimageindex", "notranslate", "indexifembedded"}
    | {"nositelinkssearchbox", "noodp", "noydir", "noai", "noimageai"}
)
_NUMBER = re.compile(r"-?[0-9]{1,9}(?![^\s])", re.ASCII)
_VALUED = {
    "max-snippet": _NUMBER,
    "max-video-preview": _NUMBER,
    "max-image-preview": re.compile(r"(?:none|standard|large)(?![^\s])", re.IGNORECASE),
    "unavailable_after": re.compile(r"[0-9A-Za-z:+,./ \t-]{1,60}"),
}
_CUT_DATE = re.compile(
    r"(?:[^:]*:)?\s*unavailable_after\s*:\s*(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\s*", re.IGNORECASE | re.ASCII
)
"""`unavailable_after: Friday`, after which the comma belongs to the date."""


def robots_flags(metas: Iterable[tuple[str, str]], headers: Iterable[str], token: str) -> str | None:
    """The directives of meta elements (name, content) and X-Robots-Tag values for a crawler's product token.

    None where there are none. Of a directive with a value the first counts.
    """
    name = token.lower()
    items = [item for value in headers for item in _header_items(value, name)]
    for meta, content in metas:
        if meta.strip().lower() in ("robots", name):
            items.extend(_items(content))
    found: dict[str, str] = {}
    for item in items:
        for word, written in _directives(item):
            found.setdefault(word, written)
    return " ".join(sorted(found.values())) or None


def is_nofollow(flags: str | None) -> bool:
    """Whether a page with these flags asks that none of its links be followed."""
    return flags is not None and "nofollow" in flags.split()


def _header_items(value: str, token: str) -> Iterator[str]:
    """The items of one header that are for everybody or for this token: `agent:` holds up to the next one."""
    is_ours = True
    for item in _items(value):
        name, colon, rest = item.partition(":")
        if colon and (agent := name.strip().lower()) not in _VALUED:
            is_ours, item = agent in (token, "robots", "*"), rest
        if is_ours:
            yield item


def _items(value: str) -> Iterator[str]:
    parts = iter(re.split("[,;]", value))
    for part in parts:
        yield f"{part},{next(parts, '')}" if _CUT_DATE.fullmatch(part) else part


def _directives(item: str) -> Iterator[tuple[str, str]]:
    """Each known directive of an item: its name, and the word that is kept. Spaces count as commas, as many write."""
    name, colon, value = item.partition(":")
    name, value = name.strip().lower(), value.strip()
    if colon and name in _VALUED:
        if match := _VALUED[name].match(value):
            kept = match.group() if name == "unavailable_after" else match.group().lower()
            yield name, f"{name}:{'_'.join(kept.split())}"
            value = value[match.end() :]
        item = value
    for word in item.lower().split():
        if word == "none":
            yield from (("noindex", "noindex"), ("nofollow", "nofollow"))
        elif word in _WORDS:
            yield word, word

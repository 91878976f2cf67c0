"""What a reference names: the page, its key, and what is to be said of it; worked out once for many links.

A site's pages repeat most of their references, so the answers are kept. Not by the whole base, which every page has
for itself, but by that part of it on which a reference depends (URL standard, 4.4, for http and https):

- `http://...` and `https://...` depend on no base at all, as long as there is one that is a URL;
- what begins with a slash depends on scheme and authority of the base;
- what has no scheme and begins with neither slash, backslash, `?`, `#` nor white space takes the base's place in its
  directory, so that it depends on nothing behind the last slash of the base's path.

Every other reference is kept by the whole base. At most 65,536 answers are kept, of some 600 bytes each for references
as they are usual (40 MB), and of less than 5 KB for the longest (_LONGEST_KEPT).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from linkmap import url as urls
from linkmap.model import LinkFlag

MAX_URL = 65_536
MAX_WRITTEN = 2_000

VALID, NO_URL, TOO_LONG, INERT = range(4)
"""What came of a reference: a page; no URL; a URL too long to be a page; a URL that leads nowhere (`data:`)."""

Named: TypeAlias = tuple[str, bytes, int, int, str | None]
"""The page's name and its key, bits of LinkFlag, one of the states above, and `Link.written`."""

_ANSWERS_KEPT = 65_536
_LONGEST_KEPT = 500
"""Characters of a reference, and of the page's base; long ones are mostly images written as data: URLs."""
_CREDENTIALS = int(LinkFlag.CREDENTIALS)
_OTHER_STARTS = frozenset(map(chr, range(0x21))) | frozenset("?#\\") | {""}


def names(base: str) -> Callable[[str], Named]:
    """What the references on a page with this base name, as a function of the reference."""
    parts = urls.base_parts(base)
    site, directory = (f"{parts.site}/", parts.directory) if parts else (base, base)
    answer = kept if len(base) <= _LONGEST_KEPT else _named

    def named(reference: str) -> Named:
        first = reference[:1]
        if first == "/":
            part = site
        elif first in _OTHER_STARTS:
            part = base
        elif ":" in reference:
            part = "" if reference.startswith(("http://", "https://")) else base
        else:
            part = directory
        return answer(reference, part) if len(reference) <= _LONGEST_KEPT else _named(reference, part)

    return named


def _named(reference: str, base: str) -> Named:
    resolved = urls.resolve(reference, base)
    if resolved is None:
        name = urls.as_written(reference)[:MAX_URL]
        return name, urls.url_key(name), 0, NO_URL, None
    if resolved.startswith(urls.INERT_SCHEMES):
        return "", b"", 0, INERT, None
    whole, credentials = urls.page_url(resolved)
    name = whole[:MAX_URL]
    written = None if credentials or resolved.endswith(reference) else _where_it_says_more(reference, resolved)
    state = VALID if len(whole) <= MAX_URL else TOO_LONG
    return name, urls.url_key(name), credentials * _CREDENTIALS, state, written


kept = lru_cache(maxsize=_ANSWERS_KEPT)(_named)
"""The answers of this process, for all pages that it reads."""


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

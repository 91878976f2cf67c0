"""What a reference names: the page, its key, and what is to be said of it; worked out once for many links.

A site's pages repeat most of their references, so the answers are kept. Not by the whole base, which every page has
for itself, but by that part of it on which a reference depends (URL standard, 4.4, for http and https):

- `http://...` and `https://...` depend on no base at all, as long as there is one that is a URL;
- what begins with a slash depends on scheme and authority of the base;
- what has no scheme and begins with neither slash, backslash, `?`, `#` nor white space takes the base's place in its
  directory, so that it depends on nothing behind the last slash of the base's path.

Every other reference is answered for its page alone. Of the others at most 65,536 answers are kept, of some 500 bytes
each for references as they are usual (33 MB), and of less than 5 KB for the longest (_LONGEST_KEPT); then all are
forgotten. Dictionaries do this in less time than an `lru_cache`, which makes a key of two and keeps an order.
"""

from collections.abc import Callable
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


class _Answers(dict[str, Named]):
    """Reference -> what it names, for one part of bases."""

    __slots__ = ("_added", "_base")

    def __init__(self, base: str, added: Callable[[], None] | None = None) -> None:
        super().__init__()
        self._base = base
        self._added = added

    def __missing__(self, reference: str) -> Named:
        named = _named(reference, self._base)
        if len(reference) <= _LONGEST_KEPT:
            self[reference] = named
            if self._added is not None:
                self._added()
        return named


class _Kept:
    """The answers of this process, for all pages that it reads."""

    def __init__(self) -> None:
        self._parts: dict[str, _Answers] = {}
        self._number = 0

    def of(self, part: str) -> _Answers:
        """Those for a part of bases."""
        found = self._parts.get(part)
        if found is None:
            if len(part) > _LONGEST_KEPT:
                return _Answers(part)
            found = self._parts[part] = _Answers(part, self._add)
            self._add()
        return found

    def forget(self) -> None:
        """Begin anew. The pages that are being read keep what they find from here on until they are read."""
        for each in list(self._parts.values()):
            each.clear()
        self._parts.clear()
        self._number = 0

    def _add(self) -> None:
        self._number += 1
        if self._number >= _ANSWERS_KEPT:
            self.forget()


kept = _Kept()


def names(base: str) -> Callable[[str], Named]:
    """What the references on a page with this base name, as a function of the reference."""
    parts = urls.base_parts(base)
    site, directory = (f"{parts.site}/", parts.directory) if parts else (base, base)
    anywhere, on_site, in_directory, here = kept.of(""), kept.of(site), kept.of(directory), _Answers(base)

    def named(reference: str) -> Named:
        first = reference[:1]
        if first == "/":
            return on_site[reference]
        if first in _OTHER_STARTS:
            return here[reference]
        if ":" not in reference:
            return in_directory[reference]
        return (anywhere if reference.startswith(("http://", "https://")) else here)[reference]

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

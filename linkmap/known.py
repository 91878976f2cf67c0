"""Which URLs the map knows, in about 16 bytes a slot: 8 of key, 4 of check, 4 of page id.

The 12-byte key of a URL is its whole identity here; the unique index on `page.url_key`, built when a crawl
ends, proves that no two pages share one. Open addressing with linear probing, in 64 segments that grow one
by one, so that growing never copies more than a 64th of the table.
"""

from array import array
from collections.abc import Iterable, Sequence
from struct import Struct, pack
from typing import Protocol

from linkmap.columns import KEY_BYTES

_KEY = Struct("<QI")
_SEGMENTS = 64
_FIRST_SLOTS = 64
_FULLEST = 0.7
_MOST_RECENT = 65_536
"""About 12 MB."""

PACKED = "coalesce(depth, 65535) | (hops << 16) | (reach << 24) | (outcome << 32) | (manner << 40) | (resource << 48)"
"""What `KnownPages.load` takes of a row of `page`, as one number: two values a row are read twice as fast as seven."""


class Way(Protocol):
    """How links lead to a page (`judging.Offer`)."""

    @property
    def reach(self) -> int: ...
    @property
    def depth(self) -> int: ...
    @property
    def hops(self) -> int: ...
    @property
    def exempt(self) -> bool: ...
    @property
    def sitemap(self) -> int: ...
    @property
    def resource(self) -> bool: ...


class KnownPages:
    """URL key -> page id, and what discovery must know of every page without asking the store.

    Per page, indexed by id: least depth (`NO_DEPTH` where none), least hops in a row, reach, outcome the manner
    in which it was, or is to be, requested, and whether a browser loads it to show a page.
    """

    NO_DEPTH = 65_535

    def __init__(self) -> None:
        self._segments = [_Segment() for _ in range(_SEGMENTS)]
        self._recent: dict[str, int] = {}
        """URL -> page id, of URLs that links named lately."""
        self.depth = array("H", [self.NO_DEPTH])
        self.hops = bytearray(1)
        self.reach = bytearray(1)
        self.outcome = bytearray(1)
        self.manner = bytearray(1)
        self.resource = bytearray(1)

    def __len__(self) -> int:
        return len(self.outcome) - 1

    def find(self, key: bytes) -> int:
        """The id of the page with this 12-byte key, or 0."""
        return self.find_many(key)[0]

    def find_many(self, keys: bytes) -> list[int]:
        """The ids of the pages with these 12-byte keys, one after the other; 0 for each that is not known."""
        found: list[int] = []
        segments = self._segments
        for head, check in _KEY.iter_unpack(keys):
            segment = segments[head % _SEGMENTS]
            ids, mask = segment.ids, segment.mask
            slot = (head // _SEGMENTS) & mask
            while (page := ids[slot]) and (segment.heads[slot] != head or segment.checks[slot] != check):
                slot = (slot + 1) & mask
            found.append(page)
        return found

    def find_named(self, urls: Sequence[str], keys: bytes) -> list[int]:
        """What `find_many` gives for the keys of these URLs; those met lately are found by name."""
        recent = self._recent
        found = list(map(recent.get, urls))
        if None in found:
            if len(recent) > _MOST_RECENT:
                recent.clear()
            missing = [place for place, page in enumerate(found) if page is None]
            sought = b"".join([keys[place * KEY_BYTES : (place + 1) * KEY_BYTES] for place in missing])
            for place, page in zip(missing, self.find_many(sought), strict=True):
                found[place] = page
                if page:
                    recent[urls[place]] = page
        return found  # type: ignore[return-value]

    def improvable(self, pages: Sequence[int], ways: Sequence[Way], chosen: Sequence[int]) -> list[int]:
        """The places of pages that are not known (0), or that a way may bring nearer; `chosen` numbers the way of each.

        For the many links that lead where much better ones do, this is all that is asked.
        """
        reaches, depths, hops, resources = self.reach, self.depth, self.hops, self.resource
        if len(ways) == 1 and not (ways[0].exempt or ways[0].sitemap or ways[0].resource):
            reach, depth, hop = int(ways[0].reach), ways[0].depth, ways[0].hops
            return [
                place
                for place, page in enumerate(pages)
                if not page
                or reaches[page] > reach
                or (reaches[page] == reach and (depths[page] > depth or hops[page] > hop))
            ]
        limits = [(int(way.reach), way.depth, way.hops, bool(way.exempt or way.sitemap), way.resource) for way in ways]
        found: list[int] = []
        for place, (page, number) in enumerate(zip(pages, chosen, strict=True)):
            reach, depth, hop, always, resource = limits[number]
            if (
                not page
                or reaches[page] > reach
                or (reaches[page] == reach and (depths[page] > depth or hops[page] > hop))
                or always
                or (resource and not resources[page])
            ):
                found.append(place)
        return found

    def add(
        self, key: bytes, *, depth: int, hops: int, reach: int, outcome: int, manner: int = 0, resource: bool = False
    ) -> int:
        """The id of a page that was not known: ids run from 1 without a gap."""
        self.depth.append(depth)
        self.hops.append(hops)
        self.reach.append(reach)
        self.outcome.append(outcome)
        self.manner.append(manner)
        self.resource.append(resource)
        page = len(self)
        head, check = _KEY.unpack(key)
        self._segments[head % _SEGMENTS].add(head, check, page)
        return page

    def load(self, rows: Iterable[tuple[bytes, int]]) -> None:
        """Take in stored pages (url_key, `PACKED`) in the order of their ids."""
        columns = tuple(zip(*rows, strict=True))
        if not columns:
            return
        first = len(self) + 1
        octets = pack(f"<{len(columns[1])}Q", *columns[1])
        self.depth.extend(low | high << 8 for low, high in zip(octets[::8], octets[1::8], strict=True))
        for column, place in (self.hops, 2), (self.reach, 3), (self.outcome, 4), (self.manner, 5), (self.resource, 6):
            column.extend(octets[place::8])
        segments = self._segments
        for page, (head, check) in enumerate(_KEY.iter_unpack(b"".join(columns[0])), first):
            segments[head % _SEGMENTS].add(head, check, page)

    def reserve(self, pages: int) -> None:
        """Make room, while nothing is known, for so many pages at once: growing step by step takes twice the time."""
        slots = _FIRST_SLOTS
        while slots * _FULLEST * _SEGMENTS < pages:
            slots *= 2
        self._segments = [_Segment(slots) for _ in range(_SEGMENTS)]


def stored_depth(depth: int) -> int | None:
    """A depth as the store has it."""
    return None if depth == KnownPages.NO_DEPTH else depth


class _Segment:
    __slots__ = ("checks", "count", "heads", "ids", "mask", "most")

    def __init__(self, slots: int = _FIRST_SLOTS) -> None:
        self.heads = array("Q", bytes(8 * slots))
        self.checks = array("I", bytes(4 * slots))
        self.ids = array("I", bytes(4 * slots))
        self.mask = slots - 1
        self.most = int(_FULLEST * slots)
        self.count = 0

    def add(self, head: int, check: int, page: int) -> None:
        if self.count >= self.most:
            self._grow()
        ids, mask = self.ids, self.mask
        slot = (head // _SEGMENTS) & mask
        while ids[slot]:
            slot = (slot + 1) & mask
        self.heads[slot], self.checks[slot], ids[slot] = head, check, page
        self.count += 1

    def _grow(self) -> None:
        larger = _Segment(2 * (self.mask + 1))
        for head, check, page in zip(self.heads, self.checks, self.ids, strict=True):
            if page:
                larger.add(head, check, page)
        self.heads, self.checks, self.ids = larger.heads, larger.checks, larger.ids
        self.mask, self.most = larger.mask, larger.most

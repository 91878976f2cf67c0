"""Which URLs the map knows, in about 16 bytes a slot: 8 of key, 4 of check, 4 of page id.

The 12-byte key of a URL is its whole identity here; the unique index on `page.url_key`, built when a crawl
ends, proves that no two pages share one. Open addressing with linear probing, in 64 segments that grow one
by one, so that growing never copies more than a 64th of the table.
"""

from array import array
from collections.abc import Iterable

_SEGMENTS = 64
_FIRST_SLOTS = 64
_FULLEST = 0.7


class KnownPages:
    """URL key -> page id, and what discovery must know of every page without asking the store.

    Per page, indexed by id: least depth (`NO_DEPTH` where none), least hops in a row, reach, outcome the manner
    in which it was, or is to be, requested, and whether a browser loads it to show a page.
    """

    NO_DEPTH = 65_535

    def __init__(self) -> None:
        self._segments = [_Segment() for _ in range(_SEGMENTS)]
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
        head = int.from_bytes(key[:8], "little")
        return self._segments[head % _SEGMENTS].find(head, int.from_bytes(key[8:], "little"))

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
        head = int.from_bytes(key[:8], "little")
        self._segments[head % _SEGMENTS].add(head, int.from_bytes(key[8:], "little"), page)
        return page

    def load(self, rows: Iterable[tuple[bytes, int | None, int, int, int, int, int]]) -> None:
        """Take in stored pages (url_key, depth, hops, reach, outcome, manner, resource) in the order of their ids."""
        for key, depth, hops, reach, outcome, manner, resource in rows:
            nearest = self.NO_DEPTH if depth is None else depth
            self.add(
                key, depth=nearest, hops=hops, reach=reach, outcome=outcome, manner=manner, resource=bool(resource)
            )


class _Segment:
    __slots__ = ("checks", "count", "heads", "ids", "mask")

    def __init__(self, slots: int = _FIRST_SLOTS) -> None:
        self.heads = array("Q", bytes(8 * slots))
        self.checks = array("I", bytes(4 * slots))
        self.ids = array("I", bytes(4 * slots))
        self.mask = slots - 1
        self.count = 0

    def find(self, head: int, check: int) -> int:
        heads, checks, ids, mask = self.heads, self.checks, self.ids, self.mask
        slot = (head // _SEGMENTS) & mask
        while page := ids[slot]:
            if heads[slot] == head and checks[slot] == check:
                return page
            slot = (slot + 1) & mask
        return 0

    def add(self, head: int, check: int, page: int) -> None:
        if self.count >= _FULLEST * (self.mask + 1):
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
        self.heads, self.checks, self.ids, self.mask = larger.heads, larger.checks, larger.ids, larger.mask

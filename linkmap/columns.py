"""The links of one page, column by column: what crosses from a worker to the coordinator and on to the store.

A page of 54 links is a dozen objects and not a hundred, which is what makes it cheap to send and to store.
Read as sequences they give back links and targets one by one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import NamedTuple, Self, overload

KEY_BYTES = 12
"""Of a target's key."""


class Target(NamedTuple):
    """A page that a link leads to."""

    url: str
    key: bytes
    """`url_key(url)`, 12 bytes."""
    valid: bool
    """False where the reference is no URL; `url` is then the reference as written."""


class Link(NamedTuple):
    """One occurrence of a link on a page; its place in the list is its ordinal."""

    target: int
    """Index into the targets of the same report."""
    kind: int
    rel: str
    """Sorted lower-case rel tokens, separated by one space."""
    region: int
    anchor: str
    flags: int
    """Of LinkFlag."""
    hreflang: str | None = None
    """The language that the link says its target is in, as written."""
    lastmod: str | None = None
    """When a sitemap says its target last changed, as written."""
    written: str | None = None
    """The reference, where it differs from its resolved form in more than the base."""


class Rare(NamedTuple):
    """What few links have; a link that has none of it has no such row."""

    ordinal: int
    hreflang: str | None
    lastmod: str | None
    written: str | None


@dataclass(frozen=True, slots=True)
class Targets(Sequence[Target]):
    """Each page that the links lead to, once."""

    urls: tuple[str, ...] = ()
    keys: bytes = b""
    """The keys of all, one after the other."""
    invalid: tuple[int, ...] = ()
    """Places of those that are no URL."""

    @classmethod
    def of(cls, targets: Iterable[Target]) -> Self:
        """The columns of targets given one by one."""
        listed = tuple(targets)
        invalid = tuple(place for place, target in enumerate(listed) if not target.valid)
        return cls(tuple(target.url for target in listed), b"".join(target.key for target in listed), invalid)

    def key(self, place: int) -> bytes:
        """The key of one."""
        return self.keys[place * KEY_BYTES : (place + 1) * KEY_BYTES]

    def __len__(self) -> int:
        return len(self.urls)

    @overload
    def __getitem__(self, place: int) -> Target: ...
    @overload
    def __getitem__(self, place: slice) -> "list[Target]": ...
    def __getitem__(self, place: int | slice) -> "Target | list[Target]":
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        place = range(len(self))[place]
        return Target(self.urls[place], self.key(place), place not in self.invalid)


@dataclass(frozen=True, slots=True)
class Links(Sequence[Link]):
    """The links of a page in their order; the columns are of the same length, but for the last."""

    targets: tuple[int, ...] = ()
    kinds: bytes = b""
    rels: tuple[str, ...] = ()
    regions: bytes = b""
    anchors: tuple[str, ...] = ()
    flags: bytes = b""
    rare: tuple[Rare, ...] = ()

    @classmethod
    def of(cls, links: Iterable[Link]) -> Self:
        """The columns of links given one by one."""
        listed = tuple(links)
        targets, kinds, rels, regions, anchors, flags, *_ = zip(*listed, strict=True) if listed else ((),) * 9
        rare = tuple(Rare(ordinal, *link[6:]) for ordinal, link in enumerate(listed) if any(link[6:]))
        return cls(targets, bytes(kinds), rels, bytes(regions), anchors, bytes(flags), rare)

    def __len__(self) -> int:
        return len(self.targets)

    def __iter__(self) -> Iterator[Link]:
        rare = {row.ordinal: row[1:] for row in self.rare}
        plain = zip(self.targets, self.kinds, self.rels, self.regions, self.anchors, self.flags, strict=True)
        for ordinal, columns in enumerate(plain):
            yield Link(*columns, *rare.get(ordinal, ()))

    @overload
    def __getitem__(self, place: int) -> Link: ...
    @overload
    def __getitem__(self, place: slice) -> list[Link]: ...
    def __getitem__(self, place: int | slice) -> Link | list[Link]:
        return list(self)[place]

    def rare_columns(self) -> tuple[Iterable[str | None], Iterable[str | None], Iterable[str | None]]:
        """hreflang, lastmod and written of every link."""
        if not self.rare:
            return repeat(None, len(self)), repeat(None, len(self)), repeat(None, len(self))
        rows: list[tuple[str | None, str | None, str | None]] = [(None, None, None)] * len(self)
        for ordinal, *facts in self.rare:
            rows[ordinal] = (facts[0], facts[1], facts[2])
        hreflangs, lastmods, writtens = zip(*rows, strict=True)
        return hreflangs, lastmods, writtens

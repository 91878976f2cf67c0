"""Which worker serves which host, so that connections are kept where they are used and none is one too many.

A host has as many slots as it may have requests in flight. Each slot is at one worker, which may keep a connection for
it between requests, so that the slots of a host at a worker are the most connections that this can have to it. A host
that may have one request at a time is served by one worker, a host that may have many by several.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence, Sized
from typing import Generic, NamedTuple, Protocol, TypeVar

_UNEVEN = 8
"""Jobs that a worker may have beyond twice those of the least busy one, before it loses slots to that."""
_MOVES_A_S = 20
_MOST_MOVES = 100
"""Such moves of all hosts together, and how many there may be at once after a time without: each costs connections."""


class Busy(Protocol):
    """A worker, as far as it matters here."""

    @property
    def waiting(self) -> Sized:
        """What it has to do."""
        ...


W = TypeVar("W", bound=Busy)


class Slot(NamedTuple, Generic[W]):
    """Where a request goes."""

    worker: W
    former: W | None
    """Who must let go of the host before."""


class Slots(Generic[W]):
    """The slots of all hosts."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free: dict[int, list[W]] = {}
        """Host -> the worker of each slot that no request has."""
        self._taken: Counter[int] = Counter()
        self._moves = float(_MOST_MOVES)
        self._moved_at = clock()

    def take(self, host: int, most: int, workers: Sequence[W], *, may_move: bool = True) -> Slot[W]:
        """A slot for a request to a host that has `most` of them; to be given back at its end."""
        idlest = min(workers, key=_jobs)
        free = self._free.pop(host, [])
        usual = min((worker for worker in workers if worker in free), key=_jobs, default=None)
        has_room = len(free) + self._taken[host] < most
        self._taken[host] += 1
        slot = Slot(idlest, None)
        if usual is not None and not _is_uneven(usual, idlest):
            slot = _take_from(free, usual)
        elif usual is not None and not has_room:
            slot = _take_moved(free, usual, idlest) if may_move and self._take_move() else _take_from(free, usual)
        if free:
            self._free[host] = free
        return slot

    def take_apart(self, host: int) -> list[W]:
        """Count a request that none of the workers makes; gives those that must let go of the host before."""
        self._taken[host] += 1
        return list(dict.fromkeys(self._free.pop(host, [])))

    def give_back(self, host: int, worker: W | None) -> None:
        """The request is over; without the worker, where that is gone."""
        self._taken[host] -= 1
        if not self._taken[host]:
            del self._taken[host]
        if worker is not None:
            self._free.setdefault(host, []).append(worker)

    def forget(self, worker: W) -> None:
        """A worker is gone, and its connections with it."""
        for host, free in list(self._free.items()):
            if worker in free:
                free[:] = [each for each in free if each is not worker]
                if not free:
                    del self._free[host]

    def _take_move(self) -> bool:
        now = self._clock()
        self._moves = min(_MOST_MOVES, self._moves + (now - self._moved_at) * _MOVES_A_S)
        self._moved_at = now
        if self._moves < 1:
            return False
        self._moves -= 1
        return True


def _take_from(free: list[W], worker: W) -> Slot[W]:
    """A free slot of a worker."""
    free.remove(worker)
    return Slot(worker, None)


def _take_moved(free: list[W], former: W, worker: W) -> Slot[W]:
    """One of the free slots of a worker, of which half go to another."""
    moved = (free.count(former) + 1) // 2
    for _ in range(moved):
        free.remove(former)
    free += [worker] * (moved - 1)
    return Slot(worker, former)


def _jobs(worker: Busy) -> int:
    return len(worker.waiting)


def _is_uneven(worker: Busy, idlest: Busy) -> bool:
    return _jobs(worker) > 2 * _jobs(idlest) + _UNEVEN

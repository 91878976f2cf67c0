"""Which worker serves which host, so that connections are kept where they are used and none is one too many.

A host has as many slots as it may have requests in flight. Each slot is at one worker, which may keep a connection for
it between requests, so that the slots of a host at a worker are the most connections that this can have to it. A host
that may have one request at a time is served by one worker, a host that may have many by all.
"""

import time
from collections import Counter
from collections.abc import Sequence, Sized
from typing import Generic, NamedTuple, Protocol, TypeVar

_UNEVEN = 8
"""Jobs that a worker may have beyond twice those of the least busy one, before it loses slots to that."""
_MOVE_S = 0.05
"""Between two such moves, each of which costs the connections of a host."""


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

    def __init__(self) -> None:
        self._free: dict[int, list[W]] = {}
        """Host -> the worker of each slot that no request has."""
        self._taken: Counter[int] = Counter()
        self._moved_at = float("-inf")

    def take(self, host: int, most: int, workers: Sequence[W]) -> Slot[W]:
        """A slot for a request to a host that has `most` of them; to be given back at its end."""
        idlest = min(workers, key=_jobs)
        free = self._free.pop(host, [])
        usual = min((worker for worker in workers if worker in free), key=_jobs, default=None)
        has_room = len(free) + self._taken[host] < most
        self._taken[host] += 1
        worker, former = idlest, None
        if usual is not None and not (_is_uneven(usual, idlest) and (has_room or self._may_move())):
            free.remove(usual)
            worker = usual
        elif usual is not None and not has_room:
            former = usual
            moved = (free.count(usual) + 1) // 2
            for _ in range(moved):
                free.remove(usual)
            free += [idlest] * (moved - 1)
        if free:
            self._free[host] = free
        return Slot(worker, former)

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

    def _may_move(self) -> bool:
        now = time.monotonic()
        if now - self._moved_at < _MOVE_S:
            return False
        self._moved_at = now
        return True


def _jobs(worker: Busy) -> int:
    return len(worker.waiting)


def _is_uneven(worker: Busy, idlest: Busy) -> bool:
    return _jobs(worker) > 2 * _jobs(idlest) + _UNEVEN

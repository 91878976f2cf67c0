"""Which page may be fetched now: every host's pages in order, every host when it is due. No I/O, no clock.

Invariant: a host never has more than `per_host` requests in flight, and no request to it starts sooner than
its delay after the end of the one before (and, where several may run at once, after the start of that one).
The caller passes the time; any monotonic clock in seconds will do.

A host's queue in memory is a window on the store: it holds at most `window` pages, ordered by depth, then by
discovery. What does not fit is not lost but only not held: the host is then `hungry` once its queue is empty.
"""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

WINDOW = 1_000


class Entry(NamedTuple):
    """A page that waits to be fetched. The order of the fields is the order of fetching."""

    depth: int
    page: int
    url: str
    origin: int
    tries: int


ROBOTS_DEPTH = -1
"""The depth of a robots.txt in a queue: it goes before every page."""


@dataclass(slots=True)
class _Host:
    id: int
    delay_s: float
    per_host: int
    due_at: float = float("-inf")
    due_before: float = float("-inf")
    ended_at: float = float("-inf")
    queue: list[Entry] = field(default_factory=list)
    in_flight: int = 0
    parked: int = 0
    held: int = 0
    more: bool = False
    dropped: bool = False
    scheduled_at: float | None = None


class Frontier:
    """Hosts by due time, pages by host."""

    def __init__(
        self,
        delay_s: float,
        per_host: int,
        window: int = WINDOW,
        pace: Callable[[int], tuple[float, int]] | None = None,
    ) -> None:
        """`pace` gives the delay and `per_host` of a host where hosts differ in them."""
        self._pace = pace or (lambda _: (delay_s, per_host))
        self._window = window
        self._hosts: dict[int, _Host] = {}
        self._due: list[tuple[float, int, int]] = []
        self._turns = 0
        self._retries: list[tuple[float, int, Entry]] = []
        self._parked: dict[int, list[tuple[int, Entry]]] = {}
        self._held: dict[int, _Host] = {}
        """Page -> its host, for what waits here, is in flight, or is not committed yet."""
        self._partial: set[int] = set()
        self._queued = 0
        self._busy = 0
        self.resumed_at = float("-inf")
        """When the crawl was taken up again. Which hosts were asked just before is not known: each is as if it had
        answered then, so that its delay holds, also a Crawl-delay that is learnt later."""

    @property
    def hosts_at_work(self) -> int:
        """How many hosts have a request in flight."""
        return self._busy

    @property
    def idle(self) -> bool:
        """Whether nothing waits, here or in the store."""
        return not (self._queued or self._retries or self._parked or self._partial)

    def add(self, host_id: int, entry: Entry) -> None:
        """Take in a page that may be fetched. Harmless for a page that is held or in flight already."""
        host = self._host(host_id)
        if entry.page in self._held:
            return
        if entry.depth != ROBOTS_DEPTH and (host.more or len(host.queue) + host.parked >= self._window):
            self.add_stored(host_id)
            return
        self._hold(host, entry.page)
        self._push(host, entry)

    def add_stored(self, host_id: int) -> None:
        """Note that the store holds pending pages of a host that are not here."""
        host = self._host(host_id)
        if not host.dropped:
            host.more = True
            self._partial.add(host_id)

    def retry(self, host_id: int, entry: Entry, due_at: float) -> None:
        """Take back a page that failed and is due again at a time."""
        host = self._host(host_id)
        if _is_lost(host, entry):
            return
        self._hold(host, entry.page)
        heapq.heappush(self._retries, (due_at, host_id, entry))

    def claim(self, now: float) -> tuple[int, Entry] | None:
        """The host and page to fetch now, or None. Ends with one of `ended`, `skip` and `park`."""
        self._wake_retries(now)
        while self._due and self._due[0][0] <= now:
            scheduled_at, _, host_id = heapq.heappop(self._due)
            host = self._hosts[host_id]
            if host.scheduled_at != scheduled_at:
                continue
            host.scheduled_at = None
            if host.due_at > now or not self._ready(host):
                self._schedule(host)
                continue
            entry = heapq.heappop(host.queue)
            self._queued -= 1
            self._busy += not host.in_flight
            host.in_flight += 1
            host.due_before, host.due_at = host.due_at, now + host.delay_s
            self._schedule(host)
            return host_id, entry
        return None

    def ended(self, host_id: int, now: float) -> None:
        """A request to the host ended: its delay runs from here."""
        host = self._hosts[host_id]
        host.ended_at = now
        host.due_at = max(host.due_at, now + host.delay_s)
        self._free(host)

    def skip(self, host_id: int) -> None:
        """The page just claimed needs no request: the host is as due as it was."""
        host = self._hosts[host_id]
        host.due_at = host.due_before
        self._free(host)

    def park(self, host_id: int, entry: Entry) -> None:
        """Put the page just claimed aside until its origin's robots.txt is known (`unpark`)."""
        self._parked.setdefault(entry.origin, []).append((host_id, entry))
        self._hosts[host_id].parked += 1
        self.skip(host_id)

    def unpark(self, origin: int) -> None:
        """Bring back the pages of an origin whose robots.txt is known now."""
        for host_id, entry in self._parked.pop(origin, ()):
            host = self._hosts[host_id]
            host.parked -= 1
            self._push(host, entry)

    def parked(self, origin: int) -> list[int]:
        """The pages of an origin that wait for its robots.txt."""
        return [entry.page for _, entry in self._parked.get(origin, ())]

    def holds(self, page: int) -> bool:
        """Whether a page is in a queue here, in flight, or waiting for another try."""
        return page in self._held

    def release(self, pages: Iterable[int]) -> None:
        """The store knows what became of these pages: they are no longer in flight."""
        for page in pages:
            host = self._held.pop(page, None)
            if host is not None:
                host.held -= 1

    def slow(self, host_id: int, delay_s: float) -> None:
        """Lengthen a host's delay, never shorten it; it holds from the last answer on."""
        host = self._host(host_id)
        host.delay_s = max(host.delay_s, delay_s)
        host.due_at = max(host.due_at, host.ended_at + host.delay_s)

    def defer(self, host_id: int, until: float) -> None:
        """Let no request to a host start before a time (Retry-After, or the delay after a resume)."""
        host = self._host(host_id)
        host.due_at = max(host.due_at, until)

    def delay_s(self, host_id: int) -> float:
        """The delay that holds for a host, seconds."""
        return self._host(host_id).delay_s

    def hungry(self) -> list[tuple[int, int]]:
        """Hosts whose queue is empty while the store has more, each with how many pages to read."""
        hosts = [self._hosts[host_id] for host_id in self._partial]
        return [(host.id, self._window + host.held) for host in hosts if self._is_hungry(host)]

    def refill(self, host_id: int, entries: Iterable[Entry], exhausted: bool) -> None:
        """Take in pages that the store held, least depth first; `exhausted` where it has no others."""
        host = self._hosts[host_id]
        if host.dropped:
            return
        host.more = not exhausted
        for entry in entries:
            if entry.page in self._held:
                continue
            if len(host.queue) >= self._window:
                host.more = True
                break
            self._hold(host, entry.page)
            self._push(host, entry)
        if not host.more:
            self._partial.discard(host_id)

    def drop_host(self, host_id: int) -> None:
        """Fetch nothing more from a host in this run; what is in flight ends as usual.

        A robots.txt stays, because pages that are parked for it may be another host's.
        """
        host = self._host(host_id)
        host.more, host.dropped = False, True
        self._partial.discard(host_id)
        queue, host.queue = host.queue, []
        retries, self._retries = self._retries, []
        self._queued -= len(queue)
        for entry in queue:
            self._push(host, entry)
        for retry in retries:
            if retry[1] == host_id and _is_lost(host, retry[2]):
                self.release([retry[2].page])
            else:
                self._retries.append(retry)
        heapq.heapify(self._retries)

    def next_due(self) -> float | None:
        """When `claim` may next have something, or None where that hangs on a request's end."""
        return min((heap[0][0] for heap in (self._due, self._retries) if heap), default=None)

    def _host(self, host_id: int) -> _Host:
        host = self._hosts.get(host_id)
        if host is None:
            delay_s, per_host = self._pace(host_id)
            due_at, ended_at = self.resumed_at + delay_s, self.resumed_at
            host = self._hosts[host_id] = _Host(host_id, delay_s, per_host, due_at=due_at, ended_at=ended_at)
        return host

    def _hold(self, host: _Host, page: int) -> None:
        if page not in self._held:
            self._held[page] = host
            host.held += 1

    def _push(self, host: _Host, entry: Entry) -> None:
        if _is_lost(host, entry):
            self.release([entry.page])
            return
        heapq.heappush(host.queue, entry)
        self._queued += 1
        self._schedule(host)

    def _free(self, host: _Host) -> None:
        host.in_flight -= 1
        self._busy -= not host.in_flight
        self._schedule(host)

    def _is_hungry(self, host: _Host) -> bool:
        return not host.queue and host.parked < self._window

    def _ready(self, host: _Host) -> bool:
        return bool(host.queue) and host.in_flight < host.per_host

    def _schedule(self, host: _Host) -> None:
        """Keep a ready host in the heap, under a time that is not after it is due."""
        if self._ready(host) and (host.scheduled_at is None or host.due_at < host.scheduled_at):
            self._turns += 1
            host.scheduled_at = host.due_at
            heapq.heappush(self._due, (host.due_at, self._turns, host.id))

    def _wake_retries(self, now: float) -> None:
        while self._retries and self._retries[0][0] <= now:
            _, host_id, entry = heapq.heappop(self._retries)
            self._push(self._host(host_id), entry)


def _is_lost(host: _Host, entry: Entry) -> bool:
    return host.dropped and entry.depth != ROBOTS_DEPTH

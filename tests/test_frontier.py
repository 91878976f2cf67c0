"""The frontier's promises, held by a simulated crawl in any order of events, and a few of them shown by hand."""

from dataclasses import dataclass, field

import pytest
from hypothesis import settings, stateful
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from linkmap.frontier import ROBOTS_DEPTH, Entry, Frontier

HOSTS = st.integers(1, 3)
SECONDS = st.sampled_from([0.0, 0.5, 1.0, 2.5])


def entry(page: int, depth: int = 0, origin: int = 1, tries: int = 0) -> Entry:
    return Entry(depth, page, f"http://h/{page}", origin, tries)


@dataclass
class SimulatedHost:
    """What the simulation knows of a host, from the events alone."""

    delay_s: float
    due_at: float = 0.0
    ended_at: float = float("-inf")
    started_at: float = float("-inf")
    deferred_until: float = float("-inf")
    in_flight: dict[int, Entry] = field(default_factory=dict)
    dropped: bool = False


class SimulatedCrawl(stateful.RuleBasedStateMachine):
    """A crawl without a network: a store of pending pages, a clock, and events in any order."""

    @initialize(delay_s=SECONDS, per_host=st.integers(1, 2), window=st.integers(1, 4))
    def begin(self, delay_s: float, per_host: int, window: int) -> None:
        self.frontier = Frontier(delay_s, per_host, window)
        self.per_host, self.window = per_host, window
        self.now = 0.0
        self.hosts = {host: SimulatedHost(delay_s) for host in (1, 2, 3)}
        self.stored: dict[int, dict[int, Entry]] = {1: {}, 2: {}, 3: {}}
        self.retrying: dict[int, float] = {}
        self.parked: dict[int, set[int]] = {}
        self.asked_for_robots: set[int] = set()
        self.robots_known: set[int] = set()
        self.answered: list[int] = []
        self.pages = 0

    @rule(host=HOSTS, depths=st.lists(st.integers(0, 3), min_size=1, max_size=6), origin=st.integers(0, 1))
    def discover(self, host: int, depths: list[int], origin: int) -> None:
        for depth in depths:
            self.pages += 1
            found = entry(self.pages, depth, host * 10 + origin)
            self.stored[host][found.page] = found
            self.frontier.add(host, found)
            self.frontier.add(host, found)  # met once more on the same page: harmless

    @rule(host=HOSTS, depth=st.integers(0, 3))
    def store_without_telling(self, host: int, depth: int) -> None:
        """As after a resume, or where a page was judged again."""
        self.pages += 1
        self.stored[host][self.pages] = entry(self.pages, depth, host * 10)
        self.frontier.add_stored(host)

    @rule(seconds=SECONDS)
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def refill(self) -> None:
        for host, wanted in self.frontier.hungry():
            rows = sorted(self.stored[host].values())[:wanted]
            self.frontier.refill(host, rows, exhausted=len(rows) < wanted)

    @rule(times=st.integers(1, 6), then=st.sampled_from(["request", "request", "skip"]))
    def claim_some(self, times: int, then: str) -> None:
        for _ in range(times):
            self.claim(then)

    def claim(self, then: str) -> None:
        self.refill()
        claimed = self.frontier.claim(self.now)
        if claimed is None:
            self._nothing_was_due()
            return
        host_id, found = claimed
        host = self.hosts[host_id]
        self._may_be_asked(host_id, found)
        self.retrying.pop(found.page, None)
        if found.depth != ROBOTS_DEPTH and found.origin not in self.robots_known:
            self.frontier.park(host_id, found)
            self.parked.setdefault(found.origin, set()).add(found.page)
            assert self.frontier.parked(found.origin)
            if found.origin not in self.asked_for_robots:
                self.asked_for_robots.add(found.origin)
                self.frontier.add(host_id, entry(-found.origin, ROBOTS_DEPTH, found.origin))
        elif then == "skip" and found.depth != ROBOTS_DEPTH:
            self.frontier.skip(host_id)
            self._settle(host_id, found)
        else:
            host.in_flight[found.page] = found
            host.started_at = self.now
            host.due_at = max(host.due_at, self.now + host.delay_s)

    @precondition(lambda self: any(host.in_flight for host in self.hosts.values()))
    @rule(choice=st.integers(0, 5), retry_in_s=st.sampled_from([None, None, 0.0, 3.0]), crawl_delay_s=SECONDS)
    def answer(self, choice: int, retry_in_s: float | None, crawl_delay_s: float) -> None:
        flights = [(host, found) for host in self.hosts for found in self.hosts[host].in_flight.values()]
        host_id, found = flights[choice % len(flights)]
        host = self.hosts[host_id]
        del host.in_flight[found.page]
        self.frontier.ended(host_id, self.now)
        host.ended_at = self.now
        host.due_at = max(host.due_at, self.now + host.delay_s)
        if retry_in_s is not None and found.tries < 2:
            self.frontier.release([found.page])
            again = found._replace(tries=found.tries + 1)
            self.frontier.retry(host_id, again, self.now + retry_in_s)
            self.retrying[found.page] = self.now + retry_in_s
            if found.depth != ROBOTS_DEPTH:
                self.stored[host_id][found.page] = again
        elif found.depth == ROBOTS_DEPTH:
            self.frontier.release([found.page])
            self._learn_robots(host_id, found.origin, crawl_delay_s)
        else:
            self._settle(host_id, found)

    @rule(host_id=HOSTS, seconds=SECONDS)
    def defer(self, host_id: int, seconds: float) -> None:
        host = self.hosts[host_id]
        self.frontier.defer(host_id, self.now + seconds)
        host.deferred_until = max(host.deferred_until, self.now + seconds)
        host.due_at = max(host.due_at, self.now + seconds)

    @precondition(lambda self: self.pages > 20)
    @rule(host_id=HOSTS)
    def drop(self, host_id: int) -> None:
        self.frontier.drop_host(host_id)
        self.hosts[host_id].dropped = True

    @invariant()
    def idle_means_that_nothing_waits(self) -> None:
        if not hasattr(self, "hosts"):
            return
        waiting = any(self._waiting(host) for host in self.hosts) or bool(self._robots_waiting())
        assert not (waiting and self.frontier.idle)
        assert self.frontier.hosts_at_work == sum(bool(host.in_flight) for host in self.hosts.values())

    def teardown(self) -> None:
        if not hasattr(self, "hosts"):
            return
        for _ in range(20 * self.pages + 100):
            while any(host.in_flight for host in self.hosts.values()):
                self.answer(0, None, 0.0)
            before = sum(len(host.in_flight) for host in self.hosts.values()), len(self.answered)
            self.claim("request")
            after = sum(len(host.in_flight) for host in self.hosts.values()), len(self.answered)
            due = self.frontier.next_due()
            if before == after and due is not None:
                self.now = max(self.now, due)
        assert self.frontier.idle, "the crawl never ends"
        left = {page for host in self.hosts for page in self.stored[host] if not self.hosts[host].dropped}
        assert left == set(), "a page was never claimed"
        assert len(self.answered) == len(set(self.answered))

    def _settle(self, host_id: int, found: Entry) -> None:
        del self.stored[host_id][found.page]
        self.answered.append(found.page)
        self.frontier.release([found.page])

    def _learn_robots(self, host_id: int, origin: int, crawl_delay_s: float) -> None:
        host = self.hosts[host_id]
        self.robots_known.add(origin)
        if crawl_delay_s > host.delay_s:
            self.frontier.slow(host_id, crawl_delay_s)
            host.delay_s = crawl_delay_s
            host.due_at = max(host.due_at, host.ended_at + crawl_delay_s)
        self.parked.pop(origin, None)
        self.frontier.unpark(origin)

    def _may_be_asked(self, host_id: int, found: Entry) -> None:
        """The invariant in the frontier's docstring, from the events alone."""
        host = self.hosts[host_id]
        assert len(host.in_flight) < self.per_host
        assert found.page not in host.in_flight, "claimed twice"
        assert self.now >= host.ended_at + host.delay_s, "sooner than the delay after the end of the one before"
        assert self.now >= host.deferred_until
        assert self.now >= self.retrying.get(found.page, 0.0), "sooner than its retry is due"
        if host.in_flight:
            assert self.now >= host.started_at + host.delay_s, "sooner than the delay after a start beside it"
        if found.depth == ROBOTS_DEPTH:
            return
        assert not host.dropped
        assert self.stored[host_id][found.page] == found
        assert found.page not in self.parked.get(found.origin, ())

    def _nothing_was_due(self) -> None:
        """A claim that gives nothing is right: no host with pages is due and free; and the next time is not missed."""
        for host_id, host in self.hosts.items():
            if len(host.in_flight) >= self.per_host:
                continue
            parked = sum(page in self.stored[host_id] for pages in self.parked.values() for page in pages)
            ready = [page for page in self._waiting(host_id) if self.retrying.get(page, 0.0) <= self.now]
            if parked >= self.window:
                ready.clear()  # memory is bounded: the window is full of pages that wait for their robots.txt
            robots = [page for page in self._robots_waiting() if -page // 10 == host_id]
            ready += [page for page in robots if self.retrying.get(page, 0.0) <= self.now]
            assert not ready or host.due_at > self.now, "a page that is due was not given"
            if ready:
                due = self.frontier.next_due()
                assert due is not None
                assert due <= host.due_at, "the crawl would sleep too long"

    def _waiting(self, host_id: int) -> list[int]:
        host = self.hosts[host_id]
        parked = set().union(*self.parked.values())
        return [] if host.dropped else [page for page in self.stored[host_id] if page not in {*host.in_flight, *parked}]

    def _robots_waiting(self) -> list[int]:
        asked = {-origin for origin in self.asked_for_robots - self.robots_known}
        return sorted(asked.difference(*(host.in_flight for host in self.hosts.values())))


TestSimulatedCrawl = SimulatedCrawl.TestCase
TestSimulatedCrawl.settings = settings(max_examples=250, stateful_step_count=60, deadline=None)


def claim_all(frontier: Frontier, now: float) -> list[int]:
    """The pages claimed one after the other, each answered at once."""
    pages = []
    while claimed := frontier.claim(now):
        host, found = claimed
        pages.append(found.page)
        frontier.ended(host, now)
        frontier.release([found.page])
    return pages


def test_pages_of_a_host_come_by_depth_and_then_by_discovery() -> None:
    frontier = Frontier(delay_s=0, per_host=1)
    for page, depth in [(1, 2), (2, 0), (3, 1), (4, 0), (5, 1)]:
        frontier.add(1, entry(page, depth))
    assert claim_all(frontier, 0.0) == [2, 4, 3, 5, 1]


def test_a_robots_txt_goes_before_every_page() -> None:
    frontier = Frontier(delay_s=0, per_host=1, window=1)
    frontier.add(1, entry(1))
    frontier.add(1, entry(-1, ROBOTS_DEPTH))
    assert claim_all(frontier, 0.0) == [-1, 1]


def test_hosts_take_turns() -> None:
    frontier = Frontier(delay_s=0, per_host=1)
    for page in range(6):
        frontier.add(page % 2 + 1, entry(page))
    assert claim_all(frontier, 0.0) == [0, 1, 2, 3, 4, 5]


def test_the_delay_runs_from_the_end_of_the_answer() -> None:
    frontier = Frontier(delay_s=1.0, per_host=1)
    frontier.add(1, entry(1))
    frontier.add(1, entry(2))
    assert frontier.claim(10.0) == (1, entry(1))
    assert frontier.claim(100.0) is None, "one request is in flight"
    frontier.ended(1, 13.0)
    assert frontier.claim(13.9) is None
    assert frontier.next_due() == 14.0
    assert frontier.claim(14.0) == (1, entry(2))


def test_requests_side_by_side_start_a_delay_apart() -> None:
    frontier = Frontier(delay_s=1.0, per_host=2)
    for page in (1, 2, 3):
        frontier.add(1, entry(page))
    assert frontier.claim(0.0) == (1, entry(1))
    assert frontier.claim(0.5) is None
    assert frontier.claim(1.0) == (1, entry(2))
    assert frontier.claim(9.0) is None, "two requests are in flight"
    frontier.ended(1, 9.0)
    assert frontier.claim(9.5) is None
    assert frontier.claim(10.0) == (1, entry(3))


def test_a_page_that_needs_no_request_costs_no_delay() -> None:
    frontier = Frontier(delay_s=5.0, per_host=1)
    frontier.add(1, entry(1))
    frontier.add(1, entry(2))
    assert frontier.claim(0.0) == (1, entry(1))
    frontier.skip(1)
    assert frontier.claim(0.0) == (1, entry(2))


def test_a_crawl_delay_holds_from_the_answer_that_brought_it() -> None:
    frontier = Frontier(delay_s=1.0, per_host=1)
    frontier.add(1, entry(1))
    frontier.add(1, entry(2))
    frontier.claim(0.0)
    frontier.ended(1, 2.0)
    frontier.slow(1, 10.0)
    assert frontier.claim(11.9) is None
    assert frontier.claim(12.0) == (1, entry(2))


@pytest.mark.parametrize(("asked_s", "holds_s"), [(10.0, 10.0), (0.1, 1.0)])
def test_a_crawl_delay_never_shortens_the_delay_of_the_crawl(asked_s: float, holds_s: float) -> None:
    frontier = Frontier(delay_s=1.0, per_host=1)
    frontier.slow(1, asked_s)
    assert frontier.delay_s(1) == holds_s


def test_what_does_not_fit_the_window_is_left_to_the_store() -> None:
    frontier = Frontier(delay_s=0, per_host=1, window=2)
    for page in (1, 2, 3, 4, 5):
        frontier.add(1, entry(page))
    assert frontier.hungry() == [], "the queue is not empty"
    assert claim_all(frontier, 0.0) == [1, 2]
    assert not frontier.idle
    assert frontier.hungry() == [(1, 2)]
    frontier.refill(1, [entry(3), entry(4)], exhausted=False)
    assert claim_all(frontier, 0.0) == [3, 4]
    frontier.refill(1, [entry(5)], exhausted=True)
    assert claim_all(frontier, 0.0) == [5]
    assert frontier.idle


def test_a_refill_passes_over_pages_in_flight() -> None:
    frontier = Frontier(delay_s=0, per_host=2, window=1)
    frontier.add(1, entry(1))
    frontier.add(1, entry(2))
    assert frontier.claim(0.0) == (1, entry(1))
    assert frontier.hungry() == [(1, 2)], "a window of one, and one that the store still calls pending"
    frontier.refill(1, [entry(1), entry(2)], exhausted=False)
    assert frontier.claim(0.0) == (1, entry(2))


def test_a_refill_reads_no_more_for_what_other_hosts_hold() -> None:
    frontier = Frontier(delay_s=0, per_host=1, window=10)
    for page in range(1, 9):
        frontier.add(2, entry(page))
    frontier.add_stored(1)
    assert frontier.hungry() == [(1, 10)]


def test_a_dropped_host_gives_nothing_more_and_keeps_nobody_waiting() -> None:
    frontier = Frontier(delay_s=0, per_host=1)
    for page in (1, 2):
        frontier.add(1, entry(page))
    assert frontier.claim(0.0) == (1, entry(1))
    frontier.drop_host(1)
    frontier.ended(1, 1.0)
    frontier.release([1])
    frontier.retry(1, entry(1, tries=1), 86_400.0)
    frontier.add(1, entry(3))
    frontier.add_stored(1)
    assert frontier.claim(1.0) is None
    assert frontier.hungry() == []
    assert frontier.idle, "nobody waits a day for a page that will not be fetched"


def test_a_retry_that_waits_is_given_up_with_its_host() -> None:
    frontier = Frontier(delay_s=0, per_host=1)
    frontier.retry(1, entry(1, tries=1), 86_400.0)
    frontier.drop_host(1)
    assert frontier.idle


def test_a_dropped_host_still_answers_for_its_robots_txt() -> None:
    frontier = Frontier(delay_s=0, per_host=1)
    frontier.add(1, entry(-2, ROBOTS_DEPTH, origin=2))
    frontier.drop_host(1)
    assert frontier.claim(0.0) == (1, entry(-2, ROBOTS_DEPTH, origin=2)), "pages of another host may wait for it"


def test_after_a_resume_every_host_waits_its_delay_and_one_that_is_learnt_later() -> None:
    frontier = Frontier(1.0, 1)
    frontier.resumed_at = 100.0
    frontier.slow(2, 5.0)
    for host in (1, 2):
        frontier.add(host, Entry(0, host, f"http://{host}.test/", host, 0))
    assert frontier.claim(100.9) is None
    assert frontier.claim(101.0) == (1, Entry(0, 1, "http://1.test/", 1, 0))
    assert frontier.claim(104.9) is None
    assert frontier.claim(105.0) == (2, Entry(0, 2, "http://2.test/", 2, 0))

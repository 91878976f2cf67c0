"""The crawl: claim, fetch, parse, record, in one TaskGroup. The only module that knows the order of the stages.

    seeds -> frontier -> fetch -> parse -> store
               ^                           |
               '---- discovered pages <----'

Requests run side by side; one task records what they bring in batches, and only what is committed leads to further
requests. The crawl is over when nothing is queued, in flight or uncommitted.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass

from linkmap import seeds as seed_lines
from linkmap.advice import going_on
from linkmap.budgets import Budgets
from linkmap.discovery import Discovery
from linkmap.errors import LinkmapError
from linkmap.exchange import StaleConnectionError
from linkmap.fetch import OutOfFilesError
from linkmap.frontier import ROBOTS_DEPTH, Entry, Frontier
from linkmap.ledger import Change, Ledger
from linkmap.model import FoundLink, Manner, Outcome, Report, Visit
from linkmap.permission import Permission, host_of
from linkmap.pool import Pool, WorkerDiedError
from linkmap.recording import MOST_WAITING, Record, Recording
from linkmap.retries import pause_s, refuses_head, retry_wait_s, slows_host
from linkmap.scope import Exclusion
from linkmap.seeds import Seed
from linkmap.settings import Settings
from linkmap.treatment import Treatment
from linkmap.worker import job_for

GRACE_S = 3.5
"""How long a stopped crawl waits for the answers that are under way."""

_MOST_EASED = 100
"""Times in a row that no file could be opened before the crawl gives up."""
_EASED_S = 1.0
_MOST_ORPHANED = 2
_ORPHANED = "the worker process died twice while it worked on this page"


@dataclass(frozen=True, slots=True)
class Progress:
    """How a crawl stands."""

    seconds: float
    responses: int
    counts: Counter[Outcome]
    in_flight: int
    hosts_at_work: int


class Crawl:
    """One crawl at work on one map."""

    def __init__(
        self,
        ledger: Ledger,
        settings: Settings,
        pool: Pool,
        on_answer: Callable[[str, Visit], None] | None = None,
        on_links: Callable[[list[FoundLink]], Awaitable[None]] | None = None,
    ) -> None:
        self.ledger = ledger
        self.settings = settings
        self.pool = pool
        self._on_answer = on_answer
        self.discovery = ledger.discovery
        self.treatment = Treatment(settings, ledger.discovery.names)
        self.frontier = Frontier(settings.delay_s, settings.per_host, pace=self.treatment.pace)
        self.permission = Permission(settings.agent)
        self.responses = 0
        self._started = time.monotonic()
        self.budgets = Budgets(settings, self._started, self.treatment.max_pages)
        self._most_connections = settings.connections
        self._connections = float(self._most_connections)
        """Requests in flight at most: fewer once no file could be opened, and slowly more again."""
        self._visits: set[asyncio.Task[None]] = set()
        self._pages_in_flight = 0
        self._wake = asyncio.Event()
        self._recording = Recording(ledger, self.frontier, self._wake.set, on_links)
        self._stopping = False
        self._eased = 0
        self._guessed: dict[int, Seed] = {}
        self._orphaned: Counter[int] = Counter()
        """Page -> times that the worker at work on it died."""
        self._headless: set[int] = set()
        """Pages whose server refused HEAD, to be asked with GET."""

    def stop(self) -> None:
        """Start nothing more; what is under way may still end."""
        if not self._stopping:
            self._stopping = True
            self._wake.set()

    def progress(self) -> Progress:
        """How the crawl stands now."""
        return Progress(
            time.monotonic() - self._started,
            self.responses,
            self.discovery.counts,
            len(self._visits),
            self.frontier.hosts_at_work,
        )

    async def run(self) -> None:
        """Crawl until nothing is left, the budget is spent or `stop` was called; all that came is committed."""
        await self._resume()
        async with asyncio.TaskGroup() as group:
            recording = group.create_task(self._recording.run())
            await self._dispatch(group)
            if self._visits:
                await asyncio.wait(self._visits, timeout=GRACE_S)
            for task in self._visits:
                task.cancel()
            self._recording.end()
            await recording

    async def _resume(self) -> None:
        """Take up what the store holds: pending pages, robots.txt, delays, guessed seeds, budgets spent."""
        store, obeys = self.ledger.store, self.treatment.obeys_robots
        rows = await store.rows(
            "SELECT seed.page, page.url, seed.written FROM seed JOIN page ON page.id = seed.page "
            "WHERE seed.guess = ? AND page.outcome = ?",
            (seed_lines.GUESSED_HTTPS, Outcome.PENDING),
        )
        self._guessed = {page: Seed(url, written, seed_lines.GUESSED_HTTPS) for page, url, written in rows}
        if self.ledger.taken_up:
            self.frontier.resumed_at = time.monotonic()
        await self.permission.load(self.ledger, self.frontier, time.monotonic(), obeys)
        answers = await store.value(
            "SELECT count(*) FROM capture JOIN page ON page.id = capture.page "
            "WHERE capture.status IS NOT NULL AND page.manner <> ?",
            (Manner.ROBOTS,),
        )
        requests: dict[int, int] = {}
        if self.budgets.limits_hosts:
            query = (
                "SELECT origin.host, count(*) FROM capture JOIN page ON page.id = capture.page "
                "JOIN origin ON origin.id = page.origin WHERE page.manner <> ? GROUP BY origin.host"
            )
            requests = dict(await store.rows(query, (Manner.ROBOTS,)))
        self.budgets.load(answers, requests)
        now, wall = time.monotonic(), time.time()
        for host, delay_s, due_at in await self.ledger.hosts_with_pending():
            self.frontier.slow(host, delay_s or 0.0 if obeys(host) else 0.0)
            if due_at is not None:
                self.frontier.defer(host, now + due_at - wall)
            self.frontier.add_stored(host)
        self._recording.take_discovered(keep_entries=False)

    async def _dispatch(self, group: asyncio.TaskGroup) -> None:
        while not self._stopping:
            self._wake.clear()
            self._start_all(group)
            if self._is_over() or self.budgets.is_time_up(time.monotonic()):
                return
            await self._sleep()

    def _start_all(self, group: asyncio.TaskGroup) -> None:
        now = time.monotonic()
        while self._may_start() and (claimed := self.frontier.claim(now)):
            self._start(group, *claimed)
        if self.frontier.hungry():
            self._recording.look()

    def _start(self, group: asyncio.TaskGroup, host: int, entry: Entry) -> None:
        """Request a claimed page, unless its robots.txt must come first or forbids it."""
        if entry.depth == ROBOTS_DEPTH:
            self._spawn(group, self._visit_robots(host, entry))
            return
        if trap := self._trap(entry):
            self.frontier.skip(host)
            self._decide(host, entry, trap)
            return
        if self.treatment.obeys_robots(host):
            if not self.permission.is_known(entry.origin, time.monotonic()):
                first = not self.frontier.parked(entry.origin)
                self.frontier.park(host, entry)
                if first:
                    self.frontier.add(host, self.permission.request(entry.origin, entry.url))
                return
            exclusion = self.permission.exclusion(entry.origin, entry.url)
            if exclusion is not None:
                self.frontier.skip(host)
                self._decide(host, entry, exclusion)
                return
        if not self.budgets.take_request(host):
            self.frontier.skip(host)
            self.frontier.release([entry.page])
            self.frontier.drop_host(host)
            return
        self._pages_in_flight += 1
        self._spawn(group, self._visit_page(host, entry))

    def _spawn(self, group: asyncio.TaskGroup, work: Coroutine[None, None, None]) -> None:
        task = group.create_task(work)
        self._visits.add(task)
        task.add_done_callback(self._visit_done)

    def _visit_done(self, task: asyncio.Task[None]) -> None:
        self._visits.discard(task)
        self._wake.set()

    async def _visit_page(self, host: int, entry: Entry) -> None:
        manner = self.discovery.manner(entry.page)
        head = manner is Manner.CHECK and entry.page not in self._headless
        try:
            report = await self._ask(host, entry, manner, head)
        finally:
            self._pages_in_flight -= 1
        if report is None:
            return
        if report.visit.status is not None:
            self.responses += 1
            self.budgets.answers += 1
        wait_s = self._retry_wait_s(host, entry, report)
        if head and refuses_head(report.visit):
            self._headless.add(entry.page)
            wait_s = wait_s or 0.0
        retry_at = None if wait_s is None else time.time() + wait_s
        changes: list[Change] = [lambda discovery: discovery.record(host, entry, report, retry_at, manner)]
        retry = None
        if wait_s is not None:
            retry = (host, entry._replace(tries=entry.tries + 1), time.monotonic() + wait_s)
        elif report.visit.outcome in seed_lines.TRY_HTTP and entry.page in self._guessed:
            changes.append(self._http_instead(entry.page))
        self._recording.add(Record(changes, entry.page, retry, (entry.url, report), was_requested=True))

    async def _ask(self, host: int, entry: Entry, manner: Manner, head: bool = False) -> Report | None:
        """What came of a request, None where it was taken back to be made again."""
        try:
            job = job_for(self.settings, entry.page, entry.url, manner, head=head)
            # A worker has many jobs: which of them it died of is told by having each alone.
            if self._orphaned[entry.page]:
                report = await self.pool.visit_alone(job, host)
            else:
                _, most = self.treatment.pace(host)
                report = await self.pool.visit(job, host, most)
        except OutOfFilesError:
            self._ease()
            self._take_back(host, entry, time.monotonic() + _EASED_S)
            return None
        except StaleConnectionError:
            self._take_back(host, entry, time.monotonic())
            return None
        except WorkerDiedError:
            self._orphaned[entry.page] += 1
            if self._orphaned[entry.page] < _MOST_ORPHANED:
                self._take_back(host, entry, time.monotonic())
                return None
            report = Report(entry.page, Visit(Outcome.INTERNAL_ERROR, time.time(), detail=_ORPHANED))
        self._eased = 0
        self._connections = min(self._most_connections, self._connections + 1 / self._connections)
        self.frontier.ended(host, time.monotonic())
        if self._on_answer is not None:
            self._on_answer(entry.url, report.visit)
        return report

    def _take_back(self, host: int, entry: Entry, due_at: float) -> None:
        """Have a request made again of which nothing came; a request to its host may have been made, or not."""
        if entry.depth != ROBOTS_DEPTH:
            self.budgets.give_request_back(host)
        self.frontier.ended(host, time.monotonic())
        self.frontier.retry(host, entry, due_at)

    async def _visit_robots(self, host: int, entry: Entry) -> None:
        """One request on the way to an origin's rules: the next hop, another try, or the end of it."""
        report = await self._ask(host, entry, Manner.ROBOTS)
        if report is None:
            return
        self.frontier.release([entry.page])
        appended = Record([lambda discovery: discovery.record_robots(entry.url, report)], was_requested=True)
        hop = self.permission.next_hop(entry, report)
        if hop is not None:
            next_host = host_of(hop.url, self.discovery.names, self.ledger)
            self._recording.add(appended)
            self.frontier.add(next_host, hop)
            return
        wait_s = self._retry_wait_s(host, entry, report)
        if wait_s is not None:
            self._recording.add(appended)
            self.frontier.retry(host, entry._replace(tries=entry.tries + 1), time.monotonic() + wait_s)
            return
        own_host = self.discovery.names.origin_hosts[entry.origin]
        state, delay_s = self.permission.settle(entry, report, own_host, self.frontier, time.monotonic())

        def settle(discovery: Discovery) -> None:
            capture = discovery.record_robots(entry.url, report)
            discovery.batch.robots.append((state, capture, report.text, entry.origin))
            if delay_s is not None:
                discovery.batch.host_delays.append((delay_s, own_host))

        self._recording.add(Record([settle], was_requested=True))
        self.frontier.unpark(entry.origin)

    def _ease(self) -> None:
        """Ask for less at a time from here on, because no file could be opened."""
        self._eased += 1
        if self._eased > _MOST_EASED:
            raise LinkmapError(f"{OutOfFilesError.ADVICE}, {going_on(self.ledger.store.path)}")
        self._connections = max(1.0, self._connections * 0.75)

    def _retry_wait_s(self, host: int, entry: Entry, report: Report) -> float | None:
        """Seconds until another try, or None where there is none. Slows the host where the answer asks for it."""
        answer, delay_s = report.visit, self.frontier.delay_s(host)
        if slows_host(answer):
            wait_s = pause_s(answer, entry.tries, delay_s)
            due_at = time.time() + wait_s
            self.frontier.defer(host, time.monotonic() + wait_s)
            self._recording.add(Record([lambda discovery: discovery.batch.host_dues.append((due_at, host))]))
        if answer.status is None and self._is_guess(entry):
            return None
        return retry_wait_s(answer, entry.tries, delay_s)

    def _is_guess(self, entry: Entry) -> bool:
        """Whether a request is made only because https was guessed for a bare name."""
        pages = self.frontier.parked(entry.origin) if entry.depth == ROBOTS_DEPTH else [entry.page]
        return all(page in self._guessed for page in pages)

    def _trap(self, entry: Entry) -> Exclusion | None:
        """Why a page is one of endless many, by what others of its kind brought; None where it is to be requested."""
        discovery, page = self.discovery, entry.page
        if page in discovery.exempt or discovery.manner(page) is not Manner.PAGE:
            return None
        return discovery.traps.exclusion(entry.url, discovery.is_had)

    def _decide(self, host: int, entry: Entry, exclusion: Exclusion) -> None:
        changes: list[Change] = [lambda discovery: discovery.decide(host, entry, exclusion.outcome, exclusion.detail)]
        if self.permission.failure(entry.origin) in seed_lines.TRY_HTTP and entry.page in self._guessed:
            changes.append(self._http_instead(entry.page))
        self._recording.add(Record(changes, entry.page))

    def _http_instead(self, page: int) -> Change:
        """The change that adds the http seed for a bare name whose https did not answer."""
        seed = self._guessed.pop(page)
        url = seed_lines.over_http(seed.url)

        def add(discovery: Discovery) -> None:
            discovery.scope.add(url)
            discovery.add_seed(url, seed.written, seed_lines.GUESSED_HTTP)

        return add

    def _may_start(self) -> bool:
        # What came and is not committed counts as in flight: a kill has no more than that asked for again.
        in_flight = len(self._visits) + self._recording.requested
        has_room = in_flight < self._connections and self._recording.waiting < MOST_WAITING
        return has_room and not self.budgets.no_answer_left(self._pages_in_flight)

    def _is_over(self) -> bool:
        if self._visits or self._recording.waiting:
            return False
        return self.frontier.idle or self.budgets.no_answer_left(self._pages_in_flight)

    async def _sleep(self) -> None:
        """Wait until something ended, was committed, or falls due."""
        due = self.frontier.next_due() if self._may_start() else None
        if self.budgets.ends_at is not None:
            due = self.budgets.ends_at if due is None else min(due, self.budgets.ends_at)
        try:
            async with asyncio.timeout_at(due):
                await self._wake.wait()
        except TimeoutError:
            return

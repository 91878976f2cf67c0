"""One page and all that it says: its redirects, its answer, its links, and what a crawl from it would do with each.

A crawl of this one page is made on a map in memory, hop by hop, with the crawl's own parts: what is said here of
a target is the outcome that discovery gave it. Each URL is asked once, without retries or delays, as a browser does.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from linkmap import seeds as seed_lines
from linkmap import url as urls
from linkmap.advice import MEMORY
from linkmap.credentials import Credentials, HostHeader, at_origins
from linkmap.errors import LinkmapError, UsageError
from linkmap.exchange import StaleConnectionError
from linkmap.fetch import Client, OutOfFilesError
from linkmap.frontier import Entry, Frontier
from linkmap.ledger import Ledger
from linkmap.model import Document, Job, Link, LinkKind, Manner, Outcome, Report, Target, Visit
from linkmap.permission import Permission
from linkmap.proxy import Proxy
from linkmap.robots import RobotsState
from linkmap.runs import client_settings
from linkmap.scope import Exclusion
from linkmap.seeds import BadSeed, Seed, parse_seed
from linkmap.settings import Settings
from linkmap.store.sqlite import Store
from linkmap.treatment import Treatment
from linkmap.worker import job_for, visit

_FETCHED = frozenset({Outcome.FETCHED, Outcome.NOT_HTML})


@dataclass(frozen=True, slots=True)
class RobotsVerdict:
    """What the robots.txt of an origin says of one of its pages."""

    url: str
    """Of the file, after its redirects."""
    outcome: Outcome
    """Of the last request for it."""
    status: int | None
    detail: str | None
    state: RobotsState
    allows: bool
    delay_s: float | None
    """Its Crawl-delay."""
    text: str | None


@dataclass(frozen=True, slots=True)
class Hop:
    """One URL on the way: what became of it, and the answer, where it was asked."""

    url: str
    outcome: Outcome
    detail: str | None
    report: Report | None
    robots: RobotsVerdict | None
    """None where robots.txt was not to be read."""


@dataclass(frozen=True, slots=True)
class JudgedLink:
    """One occurrence of a link, and what a crawl would do with its target."""

    ordinal: int
    link: Link
    target: Target
    outcome: Outcome
    """`pending` where the target would be fetched."""
    detail: str | None


@dataclass(frozen=True, slots=True)
class Inspection:
    """All that was learnt of a page."""

    written: str
    """The seed as it was given."""
    hops: tuple[Hop, ...]
    """The page that was asked for, then where each redirect led; the last one is what was found."""
    links: tuple[JudgedLink, ...]
    """Of the last hop, in the order of the page."""
    widened: tuple[str, ...] = ()
    """What the redirects add to the scope."""
    guessed: Hop | None = None
    """The https page that was tried first for a bare name, where http had to be tried after it."""
    obeys_robots: bool = True
    """Whether robots.txt is asked for and obeyed on the host of the last hop."""

    @property
    def page(self) -> Hop:
        """Where the redirects ended."""
        return self.hops[-1]

    @property
    def visit(self) -> Visit | None:
        """The last answer, or the failure to get one; None where nothing was asked."""
        return self.page.report.visit if self.page.report else None

    @property
    def document(self) -> Document | None:
        """What the page says of itself."""
        return self.page.report.document if self.page.report else None

    @property
    def fetched(self) -> bool:
        """Whether a page was there."""
        return self.page.outcome in _FETCHED

    def of_kind(self, kind: LinkKind) -> list[JudgedLink]:
        """The links of one kind."""
        return [each for each in self.links if each.link.kind == kind]

    def counts(self) -> list[tuple[LinkKind, Outcome, int, int]]:
        """Kind, outcome, links and distinct targets, the most frequent first."""
        links: Counter[tuple[LinkKind, Outcome]] = Counter()
        targets: dict[tuple[LinkKind, Outcome], set[str]] = {}
        for each in self.links:
            group = LinkKind(each.link.kind), each.outcome
            links[group] += 1
            targets.setdefault(group, set()).add(each.target.url)
        return [(*group, number, len(targets[group])) for group, number in links.most_common()]


async def inspect(
    url: str,
    settings: Settings | None = None,
    *,
    secrets: Sequence[HostHeader] = (),
    proxy: Proxy | None = None,
) -> Inspection:
    """All that a page says, and what a crawl from it under these settings would do. Nothing is stored.

    Raises UsageError for what is no URL.
    """
    seed, used = parse_seed(url), settings or Settings()
    if isinstance(seed, BadSeed):
        raise UsageError(f"{urls.as_written(seed.written)!r} {seed.reason}")
    async with Client(client_settings(used, proxy), Credentials(at_origins(secrets, [seed.url]))) as client:
        try:
            found = await _inspect(seed, used, client)
            if seed.guess == seed_lines.GUESSED_HTTPS and _is_unreachable(found.hops[0]):
                over_http = Seed(seed_lines.over_http(seed.url), seed.written, seed_lines.GUESSED_HTTP)
                return replace(await _inspect(over_http, used, client), guessed=found.hops[0])
        except OutOfFilesError as error:
            raise LinkmapError(OutOfFilesError.ADVICE) from error
        return found


async def _visit(job: Job, client: Client) -> Report:
    """What came of a job, made again where a connection that was kept had been closed."""
    while True:
        try:
            return await visit(job, client)
        except StaleConnectionError:
            continue


def _is_unreachable(hop: Hop) -> bool:
    """Whether a guessed https did not answer, so that http is tried."""
    if hop.report is None and hop.robots is not None:
        return hop.robots.outcome in seed_lines.TRY_HTTP
    return hop.outcome in seed_lines.TRY_HTTP


async def _inspect(seed: Seed, settings: Settings, client: Client) -> Inspection:
    store = await Store.open(Path(MEMORY))
    try:
        ledger = await Ledger.open(store, settings)
        await ledger.begin_run([seed], judge_again=False)
        return await _Walk(ledger, client).run(seed)
    finally:
        await store.close()


class _Walk:
    """The way from a seed along its redirects, on a map of its own."""

    def __init__(self, ledger: Ledger, client: Client) -> None:
        self.ledger = ledger
        self.client = client
        self.discovery = ledger.discovery
        self.settings = ledger.discovery.settings
        self.treatment = Treatment(self.settings, self.discovery.names)
        self.permission = Permission(self.settings.agent)
        self.frontier = Frontier(self.settings.delay_s, self.settings.per_host)
        self._robots: dict[int, RobotsVerdict] = {}
        """Origin -> what its robots.txt says, of no page in particular."""

    async def run(self, seed: Seed) -> Inspection:
        """Ask for the seed and for what it redirects to."""
        way: list[tuple[int, str, Report | None, RobotsVerdict | None]] = []
        target: Target | None = Target(seed.url, urls.url_key(seed.url), True)
        while target is not None:
            page = self.discovery.known.find(target.key)
            if any(page == passed for passed, *_ in way):
                break
            report, robots = await self._ask(page)
            way.append((page, target.url, report, robots))
            redirects = report is not None and report.visit.outcome is Outcome.REDIRECT
            target = report.targets[0] if report is not None and redirects else None
        details = dict(await self.ledger.store.rows("SELECT id, detail FROM page"))
        hops = tuple(
            Hop(url, Outcome(self.discovery.known.outcome[page]), details[page], report, robots)
            for page, url, report, robots in way
        )
        links = self._judged(hops[-1].report, details)
        obeys = self._obeys_robots(hops[-1].url)
        return Inspection(seed.written, hops, tuple(links), tuple(self.discovery.widened), obeys_robots=obeys)

    def _obeys_robots(self, url: str) -> bool:
        origin = urls.origin(url)
        names = self.discovery.names
        known = names.origin_ids.get(origin) if origin else None
        return self.settings.robots if known is None else self.treatment.obeys_robots(names.origin_hosts[known])

    async def _ask(self, page: int) -> tuple[Report | None, RobotsVerdict | None]:
        """The answer of a page, where it may be asked for, and what robots.txt says of it, where that holds."""
        ready, self.discovery.ready = self.discovery.ready, []
        claimed = next(((host, entry) for host, entry in ready if entry.page == page), None)
        if claimed is None:
            return None, None
        host, entry = claimed
        robots = None
        if self.treatment.obeys_robots(host):
            exclusion = await self._permitted(host, entry)
            robots = replace(self._robots[entry.origin], allows=exclusion is None)
            if exclusion is not None:
                outcome, detail = exclusion.outcome, exclusion.detail
                await self.ledger.commit([lambda discovery: discovery.decide(host, entry, outcome, detail)])
                return None, robots
        report = await _visit(job_for(self.settings, page, entry.url, evidence=True), self.client)
        await self.ledger.commit([lambda discovery: discovery.record(host, entry, report)])
        return report, robots

    async def _permitted(self, host: int, entry: Entry) -> Exclusion | None:
        """Why robots.txt forbids a page, or None; it is asked for once an origin."""
        now = time.monotonic()
        if not self.permission.is_known(entry.origin, now):
            request = self.permission.request(entry.origin, entry.url)
            report = await _visit(job_for(self.settings, 0, request.url, Manner.ROBOTS), self.client)
            while hop := self.permission.next_hop(request, report):
                request = hop
                report = await _visit(job_for(self.settings, 0, request.url, Manner.ROBOTS), self.client)
            state, delay_s = self.permission.settle(request, report, host, self.frontier, now)
            answer = report.visit
            self._robots[entry.origin] = RobotsVerdict(
                request.url, answer.outcome, answer.status, answer.detail, state, True, delay_s, report.text
            )
        return self.permission.exclusion(entry.origin, entry.url)

    def _judged(self, report: Report | None, details: dict[int, str | None]) -> list[JudgedLink]:
        """The links of an answer, each with what became of its target."""
        if report is None or report.visit.outcome is Outcome.REDIRECT:
            return []
        verdicts = [self._verdict(target, details) for target in report.targets]
        return [
            JudgedLink(ordinal, link, report.targets[link.target], *verdicts[link.target])
            for ordinal, link in enumerate(report.links)
        ]

    def _verdict(self, target: Target, details: dict[int, str | None]) -> tuple[Outcome, str | None]:
        """What became of a target; where it is still to be fetched, as far as robots.txt was read."""
        page = self.discovery.known.find(target.key)
        outcome = Outcome(self.discovery.known.outcome[page])
        origin = urls.origin(target.url)
        if outcome is not Outcome.PENDING or origin is None:
            return outcome, details[page]
        checked = "only checked (--check)" if self.discovery.manner(page) is Manner.CHECK else None
        if not self._obeys_robots(target.url):
            return outcome, checked
        known = self.discovery.names.origin_ids[origin]
        if known not in self._robots:
            unread = f"unless {origin.url}/robots.txt forbids it"
            return outcome, f"{checked}, {unread}" if checked else unread
        exclusion = self.permission.exclusion(known, target.url)
        return (exclusion.outcome, exclusion.detail) if exclusion else (outcome, checked)

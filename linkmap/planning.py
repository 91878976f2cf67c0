"""What a crawl would ask of each host, before its first page: a crawl that stops at the door.

The crawl's own parts run on a map in memory, under settings that let only robots.txt files, the seeds with their
redirects and sitemaps be asked for. Then what they led to is judged under the settings of the crawl that is
planned, and the map is asked. Links lead further than is seen from the door: what comes out is a lower bound.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from linkmap.advice import MEMORY
from linkmap.crawling import Crawl, Progress
from linkmap.credentials import HostHeader, at_origins
from linkmap.errors import UsageError
from linkmap.estimates import HostLoad, MapSize, seconds_a_request, seconds_of
from linkmap.ledger import Ledger
from linkmap.model import LinkKind, Manner, Outcome, State, Visit
from linkmap.pool import Pool
from linkmap.proxy import Proxy, parse_proxy
from linkmap.reading import NO_SITEMAP
from linkmap.robots import Bites, bites_of
from linkmap.runs import chosen_seeds, client_settings, watched
from linkmap.seeds import Seed
from linkmap.settings import Settings
from linkmap.store.sqlite import Store
from linkmap.tls import tls_context

_MOST_DENIED = 2_000
"""Forbidden URLs of a host that are held against single rules."""
_SLICE = 5_000

_LEFT_AT_THE_DOOR = (Outcome.TOO_DEEP, Outcome.NOFOLLOW, Outcome.KIND_NOT_FOLLOWED, Outcome.OFF_SCOPE)
"""Outcomes that the planned crawl may judge otherwise than the plan: by depth, or by --check."""


@dataclass(frozen=True, slots=True)
class RobotsFact:
    """The robots.txt of one origin."""

    url: str
    state: str
    """`rules`, `allow` (no rules, all is allowed), `unreachable`, `unread` (not asked for yet) or `off`."""
    detail: str | None
    """The answer, or why there was none."""


@dataclass(slots=True)
class HostPlan:
    """What a crawl would ask of one host, as far as is known."""

    host: str
    delay_s: float
    """That would hold: of the options, a rule for the host, or a longer Crawl-delay."""
    per_host: int
    robots: list[RobotsFact] = field(default_factory=list)
    seconds: float = 0.0
    """Mean time of the answers seen; of all hosts, where this one gave none."""
    sitemaps: int = 0
    """Sitemaps that robots.txt files or indexes name, and that the crawl may read."""
    sitemaps_read: int = 0
    listed: int = 0
    """Distinct URLs in this host's sitemaps."""
    listed_in_scope: int = 0
    """Of these, those that scope, depth and patterns let be fetched."""
    pages: int = 0
    """Known pages that would be fetched if no robots.txt were in the way."""
    denied: int = 0
    """Of these, pages that rules of robots.txt forbid."""
    unreachable: int = 0
    """Of these, pages of an origin that cannot be asked for its robots.txt."""
    asked: int = 0
    """Requests that the plan itself made."""
    page_requests: int = 0
    """Requests for pages and sitemaps that the crawl would make, the plan's own made again."""
    robots_requests: int = 0
    seconds_needed: float = 0.0
    bites: Bites = field(default_factory=Bites)

    @property
    def requests(self) -> int:
        """All requests that the crawl would make."""
        return self.page_requests + self.robots_requests


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known of a crawl before its first page."""

    hosts: tuple[HostPlan, ...]
    """The slowest first."""
    requests: int
    """Of all hosts, as far as --max-pages allows."""
    seconds: float
    size: MapSize
    widened: tuple[str, ...]
    """What the redirects of seeds add to the scope."""
    cut_by: str | None
    """The option whose limit the crawl would reach, or None."""
    stopped: bool
    """Whether the plan was ended before it was done."""
    reached_any: bool
    """Whether at least one seed was fetched."""


async def plan(
    seeds: Sequence[str | Seed],
    settings: Settings | None = None,
    *,
    secrets: Sequence[HostHeader] = (),
    proxy: Proxy | str | None = None,
    progress: Callable[[Progress], None] | None = None,
    on_answer: Callable[[str, Visit], None] | None = None,
    stop: asyncio.Event | None = None,
) -> Plan:
    """What a crawl from these seeds under these settings would ask for. Nothing is stored.

    The parameters are those of `crawl`. Setting `stop` ends it early, with what is known by then.
    Raises UsageError for seeds and settings that cannot be.
    """
    chosen, used = chosen_seeds(seeds), settings or Settings()
    if not chosen:
        raise UsageError("no seed: give at least one URL to start from")
    through = parse_proxy(proxy) if isinstance(proxy, str) else proxy
    tls_context(used.ca_file)  # what is wrong with it is said before anything is asked
    ending = stop or asyncio.Event()
    store = await Store.open(Path(MEMORY))
    try:
        front = replace(used, front_only=True, check=())
        ledger = await Ledger.open(store, front)
        await ledger.begin_run(chosen, judge_again=False)
        headers = at_origins(secrets, (seed.url for seed in chosen))
        async with Pool(client_settings(front, through), headers, workers=0) as pool:
            crawl = Crawl(ledger, front, pool, on_answer)
            await watched(crawl, progress, ending)
        await _judge_as_planned(store, used)
        return await _Survey(store, used, crawl).plan(stopped=ending.is_set())
    finally:
        await store.close()


async def _judge_as_planned(store: Store, settings: Settings) -> None:
    """Judge what the plan left at the door under the settings of the planned crawl: what it would fetch is pending."""
    ledger = await Ledger.open(store, settings)
    await ledger.resume_run()
    ledger.discovery.judge_again = _LEFT_AT_THE_DOOR
    await ledger.commit([])


class _Survey:
    """The map of a plan, asked for what stands in it."""

    def __init__(self, store: Store, settings: Settings, crawl: Crawl) -> None:
        self.store = store
        self.settings = settings
        self.crawl = crawl
        self.names = crawl.discovery.names
        self._hosts: dict[int, HostPlan] = {}
        self._denied: defaultdict[int, list[str]] = defaultdict(list)
        """Origin -> URLs that its rules forbid, some thousand of a host."""
        self._unread: set[int] = set()
        """Origins whose robots.txt the crawl would have to ask for first."""

    async def plan(self, *, stopped: bool) -> Plan:
        """All of it, drawn together."""
        await self._requests_made()
        await self._pages()
        await self._sitemaps()
        await self._robots()
        await self._bites()
        self._limit()
        answers = [host.seconds for host in self._hosts.values() if host.seconds]
        for host in self._hosts.values():
            host.seconds = host.seconds or sum(answers) / max(1, len(answers))
            host.seconds_needed = host.requests * seconds_a_request(host.delay_s, host.per_host, host.seconds)
        return await self._drawn_together(stopped=stopped)

    def _host(self, host: int) -> HostPlan:
        found = self._hosts.get(host)
        if found is None:
            _, per_host = self.crawl.treatment.pace(host)
            delay_s = self.crawl.frontier.delay_s(host)
            found = self._hosts[host] = HostPlan(self.names.host_name(host), delay_s, per_host)
        return found

    async def _requests_made(self) -> None:
        """Every answer or failure so far is a request that the crawl would make again."""
        rows = await self.store.rows(
            "SELECT origin.host, count(*), sum(page.manner = ?), avg(iif(status IS NULL, NULL, seconds)) FROM capture "
            "JOIN page ON page.id = capture.page JOIN origin ON origin.id = page.origin GROUP BY origin.host",
            (Manner.ROBOTS,),
        )
        for host, asked, robots, seconds in rows:
            found = self._host(host)
            found.asked, found.robots_requests, found.page_requests = asked, robots, asked - robots
            found.seconds = seconds or 0.0

    async def _pages(self) -> None:
        """Count what was asked for, and what would be, by what robots.txt says of it."""
        rows = self.store.slices(
            "SELECT page.url, page.origin, origin.host, outcome, auxiliary FROM page "
            "JOIN origin ON origin.id = page.origin JOIN outcome ON outcome.id = outcome "
            "WHERE (auxiliary = 0 OR sitemap > 0) AND (capture IS NOT NULL OR outcome.name IN "
            "('pending', 'robots_denied', 'robots_unreachable'))",
            _SLICE,
        )
        async for some in rows:
            for url, origin, host, outcome, auxiliary in some:
                self._count(url, origin, self._host(host), Outcome(outcome), is_page=not auxiliary)

    def _count(self, url: str, origin: int, host: HostPlan, outcome: Outcome, *, is_page: bool) -> None:
        host.pages += is_page
        found, is_pending = outcome, outcome is Outcome.PENDING
        if is_pending and self.crawl.treatment.obeys_robots(self.names.origin_hosts[origin]):
            if origin in self._unread or not self._is_read(origin):
                self._unread.add(origin)
            elif exclusion := self.crawl.permission.exclusion(origin, url):
                found = exclusion.outcome
        if found is Outcome.PENDING:
            host.page_requests += 1
        elif found is Outcome.ROBOTS_DENIED:
            host.denied += is_page
            self._denied[origin].append(url)
        elif is_pending or outcome is Outcome.ROBOTS_UNREACHABLE:
            host.unreachable += is_page

    def _is_read(self, origin: int) -> bool:
        return self.crawl.permission.is_known(origin, float("-inf"))

    async def _sitemaps(self) -> None:
        rows = await self.store.rows(
            "SELECT origin.host, count(*), sum(outcome IN (?, ?) AND coalesce(detail, '') <> ?) FROM page "
            "JOIN origin ON origin.id = page.origin WHERE manner = ? AND outcome <> ? GROUP BY origin.host",
            (Outcome.FETCHED, Outcome.NOT_HTML, NO_SITEMAP, Manner.SITEMAP, Outcome.REDIRECT),
        )
        for host, named, read in rows:
            found = self._host(host)
            found.sitemaps, found.sitemaps_read = named, read
        rows = await self.store.rows(
            "SELECT origin.host, count(DISTINCT target), count(DISTINCT iif(outcome.state <> 'excluded' "
            "OR outcome.id IN (?, ?), target, NULL)) FROM page AS sitemap JOIN origin ON origin.id = sitemap.origin "
            "JOIN link ON link.capture = sitemap.links AND link.kind = ? JOIN page AS listed ON listed.id = target "
            "JOIN outcome ON outcome.id = listed.outcome WHERE sitemap.sitemap > 0 GROUP BY origin.host",
            (Outcome.ROBOTS_DENIED, Outcome.ROBOTS_UNREACHABLE, LinkKind.SITEMAP),
        )
        for host, listed, in_scope in rows:
            self._host(host).listed, self._host(host).listed_in_scope = listed, in_scope

    async def _robots(self) -> None:
        """The state of each origin's robots.txt, and one request more for each that was not read."""
        rows = await self.store.rows(
            "SELECT origin.id, host, robots, status FROM origin "
            "LEFT JOIN capture ON capture.id = robots_capture ORDER BY origin.id"
        )
        urls_of = {origin: place.url for place, origin in self.names.origin_ids.items()}
        for origin, host, state, status in rows:
            if host not in self._hosts:
                continue
            url, plan = f"{urls_of[origin]}/robots.txt", self._hosts[host]
            if not self.crawl.treatment.obeys_robots(host):
                plan.robots.append(RobotsFact(url, "off", None))
            elif origin in self._unread:
                plan.robots_requests += 1
                plan.robots.append(RobotsFact(url, "unread", None))
            elif self._is_read(origin):
                exclusion = self.crawl.permission.exclusion(origin, url) if state == "unreachable" else None
                detail = f"{exclusion.outcome.word}: {exclusion.detail}" if exclusion else f"answered {status}"
                plan.robots.append(RobotsFact(url, state, detail))

    async def _bites(self) -> None:
        """Which rules forbid the known pages, host by host."""
        texts = dict(await self.store.rows("SELECT id, robots_text FROM origin WHERE robots_text IS NOT NULL"))
        for origin, urls in self._denied.items():
            bites = self._hosts[self.names.origin_hosts[origin]].bites
            some = _spread(urls, max(0, _MOST_DENIED - bites.tested - bites.untested))
            found = await asyncio.to_thread(bites_of, texts.get(origin, ""), self.settings.agent, some)
            bites.add(found, untested=len(urls) - len(some))

    def _limit(self) -> None:
        """Let no host be asked for more than its budget."""
        for host, found in self._hosts.items():
            for limit in (self.crawl.treatment.max_pages(host), self.settings.max_pages):
                found.page_requests = min(found.page_requests, limit or found.page_requests)

    async def _drawn_together(self, *, stopped: bool) -> Plan:
        hosts = sorted(self._hosts.values(), key=lambda host: (-host.seconds_needed, host.host))
        wanted = sum(host.page_requests for host in hosts)
        granted = min(wanted, self.settings.max_pages or wanted)
        requests = granted + sum(host.robots_requests for host in hosts)
        loads = [HostLoad(host.requests, host.seconds_needed, host.seconds) for host in hosts]
        counts = self.crawl.discovery.counts
        return Plan(
            hosts=tuple(hosts),
            requests=requests,
            seconds=seconds_of(loads, requests, self.settings.connections),
            size=await self._size(requests, granted),
            widened=tuple(self.crawl.discovery.widened),
            cut_by=f"--max-pages {self.settings.max_pages}" if granted < wanted else None,
            stopped=stopped,
            reached_any=any(number for outcome, number in counts.items() if outcome.state is State.DONE),
        )

    async def _size(self, requests: int, granted: int) -> MapSize:
        """Rows of the map of the planned crawl: those of the plan's own, and links as the seeds have them."""
        pages = await self.store.value("SELECT count(*) FROM page")
        links = await self.store.value("SELECT count(*) FROM link")
        fetched, links_of_seeds = (
            await self.store.rows(
                "SELECT count(*), coalesce(sum((SELECT count(*) FROM link WHERE link.capture = page.links)), 0) "
                "FROM page WHERE auxiliary = 0 AND manner = ? AND outcome = ?",
                (Manner.PAGE, Outcome.FETCHED),
            )
        )[0]
        made = sum(host.asked for host in self._hosts.values())
        links_per_page = links_of_seeds / fetched if fetched else 0.0
        return MapSize(pages, requests, round(links + links_per_page * max(0, requests - made)), links_per_page)


def _spread(urls: list[str], most: int) -> list[str]:
    """At most so many of the URLs, spread evenly over all of them."""
    return urls[:: -(-len(urls) // most)] if most else []

"""A crawl run on a map: begun, resumed or added to; crawled, indexed, ended."""

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from linkmap.advice import MEMORY, command, in_memory
from linkmap.crawling import Crawl, Progress
from linkmap.credentials import Credentials, HostHeader, at_origins
from linkmap.edges import stored_links
from linkmap.endings import to_its_end
from linkmap.errors import LinkmapError, UsageError
from linkmap.failures import going_on_after, write_failure
from linkmap.fetch import ClientSettings
from linkmap.ledger import Ledger
from linkmap.model import FoundLink, Outcome, State, Visit
from linkmap.pool import Pool
from linkmap.proxy import Proxy, parse_proxy
from linkmap.seeds import GUESSED_HTTPS, BadSeed, Seed, parse_seed
from linkmap.settings import Settings
from linkmap.store.sqlite import Store
from linkmap.store.trapped import Trapped
from linkmap.tls import tls_context
from linkmap.url import as_written

_TICK_S = 0.25
_AGAIN_S = 0.05


@dataclass(slots=True)
class CrawlResult:
    """What a crawl came to."""

    state: str
    """`finished`, `stopped` (to be resumed) or `indexing` (all pages there, indexes not)."""
    seconds: float
    responses: int
    """Answers to requests for pages in this run, robots.txt left out."""
    counts: Counter[Outcome]
    """Pages of the whole map by outcome, robots.txt left out."""
    cuts: list[str] = field(default_factory=list)
    """What kept the crawl from going on: budgets, or Ctrl-C."""
    widened: list[str] = field(default_factory=list)
    """Hosts or domains that the redirects of seeds added to the scope."""
    scripted: int = 0
    """Pages of the whole map whose links seem to be written by script, which linkmap does not run."""

    traps: list[Trapped] = field(default_factory=list)
    """What endless pages of the whole map were left, and why."""
    broken: int = 0
    """Pages whose outcome is broken; addresses that were only guessed for a seed left out."""
    failed_seeds: list[tuple[str, Outcome, str | None]] = field(default_factory=list)
    """Where no page of the map was fetched: URL, outcome and evidence of each seed that is decided on."""

    @property
    def reached_any(self) -> bool:
        """Whether the map holds at least one page that was fetched."""
        return self.in_state(State.DONE) > 0

    def in_state(self, state: State) -> int:
        """How many pages are in a state."""
        return sum(number for outcome, number in self.counts.items() if outcome.state is state)


async def crawl(
    seeds: Sequence[str | Seed] = (),
    db: Path | str = "map.db",
    settings: Settings | None = None,
    *,
    resume: bool = False,
    add: bool = False,
    secrets: Sequence[HostHeader] = (),
    proxy: Proxy | str | None = None,
    progress: Callable[[Progress], None] | None = None,
    on_answer: Callable[[str, Visit], None] | None = None,
    on_links: Callable[[list[FoundLink]], Awaitable[None]] | None = None,
    stop: asyncio.Event | None = None,
) -> CrawlResult:
    """Crawl from seeds into a map, or take up one that was stopped (`resume`), or add to a finished one (`add`).

    `settings` of a resumed crawl may be left out. `secrets` go to their origins, and all requests through the `proxy`
    (a URL may hold user and password); neither is stored. `progress` is called about four times a second, `on_answer`
    with the URL of every answer, `on_links` with the links that the map holds, then with new ones after each commit.
    Setting `stop` ends the crawl early, to be resumed. The db `:memory:` is a map without a file, which ends with it.

    Raises UsageError for seeds and settings that cannot be, LinkmapError where the map cannot be written.
    """
    path = Path(db)
    chosen = _check_call(seeds, path, resume=resume, add=add)
    Credentials(secrets)  # what is wrong with them is said before a map is made
    through = parse_proxy(proxy) if isinstance(proxy, str) else proxy
    if settings is not None:
        tls_context(settings.ca_file)  # what is wrong with it is said before a map is made
    store = await Store.open(path)
    is_begun = False
    try:
        used = await _used_settings(store, settings, resume=resume, add=add)
        if on_links is not None:
            await _tell_stored(store, on_links)
        if used is None:
            return await _nothing_left(store)
        if secrets:
            secrets = at_origins(secrets, [*(seed.url for seed in chosen), *await store.seeds()])
        pool = Pool(client_settings(used, through), secrets, used.workers)
        ledger = await _begun(store, used, chosen, resume=resume, add=add)
        is_begun = True
        return await _Run(ledger, pool, used, progress, on_answer, on_links, stop or asyncio.Event()).go()
    except sqlite3.Error as error:
        raise write_failure(path, error, is_begun=is_begun) from error
    except MemoryError as error:
        more = "give linkmap more, or have it hold less with --concurrency and --max-bytes"
        raise LinkmapError(f"there is not enough memory: {going_on_after(path, more, is_begun)}") from error
    finally:
        await store.close()


async def _tell_stored(store: Store, on_links: Callable[[list[FoundLink]], Awaitable[None]]) -> None:
    """Hand over the links that the map holds; at least an empty list, from which on the crawl is accepted."""
    await on_links([])
    async for links in stored_links(store):
        await on_links(links)


async def _begun(store: Store, settings: Settings, seeds: list[Seed], *, resume: bool, add: bool) -> Ledger:
    """The ledger of the map, with a run begun or taken up."""
    ledger = await Ledger.open(store, settings)
    if resume:
        await ledger.resume_run()
    else:
        await ledger.begin_run(seeds, judge_again=add)
    return ledger


class _Run:
    """One run from its first request to its last index."""

    def __init__(
        self,
        ledger: Ledger,
        pool: Pool,
        settings: Settings,
        progress: Callable[[Progress], None] | None,
        on_answer: Callable[[str, Visit], None] | None,
        on_links: Callable[[list[FoundLink]], Awaitable[None]] | None,
        stop: asyncio.Event,
    ) -> None:
        self.ledger = ledger
        self.store = ledger.store
        self.pool = pool
        self.settings = settings
        self.progress = progress
        self.on_answer = on_answer
        self.on_links = on_links
        self.stop = stop
        self.cuts: list[str] = []

    async def go(self) -> CrawlResult:
        """Crawl, index, and say how it ended."""
        started = asyncio.get_running_loop().time()
        crawl = Crawl(self.ledger, self.settings, self.pool, self.on_answer, self.on_links)
        try:
            async with self.pool:
                await watched(crawl, self.progress, self.stop)
        except BaseExceptionGroup as errors:
            raise _first(errors) from errors
        state = await self._end(crawl)
        return replace(
            await _result(self.store, self.ledger.discovery.counts, self.cuts),
            state=state,
            seconds=asyncio.get_running_loop().time() - started,
            responses=crawl.responses,
            widened=self.ledger.discovery.widened,
        )

    async def _end(self, crawl: Crawl) -> str:
        """Bring the run to its final state; gives that state."""
        run, discovery = self.ledger.discovery.run, self.ledger.discovery
        limit = crawl.budgets.cut_by
        if discovery.pending and limit and not self.stop.is_set():
            await self.ledger.give_up_pending(limit)
        if left := discovery.counts[Outcome.OVER_BUDGET]:
            self.cuts.append(f"{limit or 'a budget'}: {left:,} pages were not fetched")
        if left := sum(trap.pages for trap in await self.store.trapped() if trap.by_shares):
            self.cuts.append(f"traps found by what their pages brought: {left:,} pages were not fetched")
        if discovery.pending:
            self.cuts.append("stopped early" if in_memory(self.store.path) else "stopped early, to be resumed")
            await self.store.end_run(run, "stopped", self.cuts)
            await self.store.compact()
            return "stopped"
        await self.store.end_run(run, "indexing", self.cuts)
        finished = await self._index()
        if finished:
            await self.store.end_run(run, "finished", self.cuts)
            await self.store.compact()
        return "finished" if finished else "indexing"

    async def _index(self) -> bool:
        """The indexing stage; False where `stop` broke it off."""
        indexing = asyncio.ensure_future(self.store.index())
        stopping = asyncio.ensure_future(self.stop.wait())
        try:
            await asyncio.wait({indexing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            await to_its_end(self._break_off(indexing))
        try:
            await indexing
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_INTERRUPT":
                raise
            await self.store.rollback()
            return False
        return True

    async def _break_off(self, indexing: asyncio.Future[None]) -> None:
        while not indexing.done():
            # One that falls between two statements breaks off neither, so it is said again.
            await self.store.interrupt()
            await asyncio.wait({indexing}, timeout=_AGAIN_S)
        indexing.exception()  # else it is told on standard error where a cancelled crawl asks for it no more


async def watched(crawl: Crawl, progress: Callable[[Progress], None] | None, stop: asyncio.Event) -> None:
    """Run a crawl, with its progress told about four times a second and an ear for `stop`."""
    try:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(_watch(crawl, progress, stop))
            await crawl.run()
            watching.cancel()
    except BaseExceptionGroup as errors:
        raise _first(errors) from errors
    if progress is not None:
        progress(crawl.progress())


async def _watch(crawl: Crawl, progress: Callable[[Progress], None] | None, stop: asyncio.Event) -> None:
    while True:
        if progress is not None:
            progress(crawl.progress())
        try:
            async with asyncio.timeout(_TICK_S):
                await stop.wait()
        except TimeoutError:
            continue
        crawl.stop()
        await asyncio.sleep(_TICK_S)


def _check_call(seeds: Sequence[str | Seed], path: Path, *, resume: bool, add: bool) -> list[Seed]:
    """The seeds of a call that makes sense. Raises UsageError."""
    if resume and add:
        raise UsageError("--resume goes on with a crawl as it was, --add changes it: give one of them")
    if resume and seeds:
        raise UsageError("a resumed crawl has its seeds already: leave them out, or use --add when it is finished")
    if (resume or add) and in_memory(path):
        raise UsageError(f"a map in memory ({MEMORY}) ends with its crawl: --resume and --add need one in a file")
    if (resume or add) and not path.exists():
        raise UsageError(f"no map at {path}: start one with `{command('crawl SEED', path)}`")
    chosen = chosen_seeds(seeds)
    if not chosen and not resume and not add:
        raise UsageError("no seed: give at least one URL to start from")
    return chosen


def chosen_seeds(seeds: Sequence[str | Seed]) -> list[Seed]:
    """The seeds of a call, read where they are text. Raises UsageError."""
    if isinstance(seeds, str):
        raise UsageError("seeds must be a list of URLs, not one string")
    chosen: list[Seed] = []
    for written in seeds:
        seed = parse_seed(written) if isinstance(written, str) else written
        if isinstance(seed, BadSeed):
            raise UsageError(f"the seed {as_written(seed.written)!r} {seed.reason}")
        chosen.append(seed)
    return chosen


async def _used_settings(store: Store, settings: Settings | None, *, resume: bool, add: bool) -> Settings | None:
    """The settings under which to go on, or None where nothing is left to resume. Raises UsageError."""
    last = await store.last_run()
    if last is None:
        if resume or add:
            raise UsageError(f"{store.path} holds no crawl yet: start one with `{command('crawl SEED', store.path)}`")
        return settings or Settings()
    stored = Settings.from_json(last.settings)
    finished = last.state == "finished"
    if resume:
        if settings is None:
            return None if finished else stored
        if differing := ", ".join(map(_option, stored.differences(settings))):
            raise UsageError(
                f"this crawl was started with another {differing}: resume it as it was, "
                "and change that with --add when it is finished"
            )
        resumed = replace(stored, concurrency=settings.concurrency, workers=settings.workers)
        return None if finished else resumed
    if not finished:
        raise UsageError(
            f"{store.path} holds a crawl that is not finished: go on with `{command('crawl --resume', store.path)}`"
        )
    if not add:
        raise UsageError(
            f"{store.path} holds a finished crawl: widen it with `{command('crawl --add', store.path)}`, "
            "or name another file with --db for a new one"
        )
    if settings is not None and (narrower := stored.narrower(settings)):
        raise UsageError(
            f"--add only widens a crawl, and this would narrow its {_option(narrower)}: leave that as it was"
        )
    return settings or stored


async def _nothing_left(store: Store) -> CrawlResult:
    rows = await store.rows("SELECT outcome, count(*) FROM page WHERE auxiliary = 0 GROUP BY outcome")
    last = await store.last_run()
    counts = Counter({Outcome(outcome): number for outcome, number in rows})
    result = await _result(store, counts, json.loads(last.cuts) if last else [])
    await store.compact()
    return result


async def _result(store: Store, counts: Counter[Outcome], cuts: list[str]) -> CrawlResult:
    """What a finished map says of itself, without anything fetched."""
    return CrawlResult(
        state="finished",
        seconds=0.0,
        responses=0,
        counts=counts,
        cuts=cuts,
        broken=await _broken(store, counts),
        scripted=await store.scripted_pages(),
        traps=await store.trapped(),
        failed_seeds=await _failed_seeds(store, counts),
    )


async def _broken(store: Store, counts: Counter[Outcome]) -> int:
    guessed = await store.value(
        "SELECT count(DISTINCT page.id) FROM seed JOIN page ON page.id = seed.page "
        "JOIN outcome ON outcome.id = page.outcome WHERE seed.guess = ? AND outcome.broken",
        (GUESSED_HTTPS,),
    )
    return sum(number for outcome, number in counts.items() if outcome.broken) - int(guessed)


async def _failed_seeds(store: Store, counts: Counter[Outcome]) -> list[tuple[str, Outcome, str | None]]:
    """What became of each seed, in their order, where none of them led to a page."""
    if any(number for outcome, number in counts.items() if outcome.state is State.DONE):
        return []
    rows = await store.rows(
        "SELECT page.url, page.outcome, coalesce(page.detail, 'status ' || capture.status) FROM seed "
        "JOIN page ON page.id = seed.page LEFT JOIN capture ON capture.id = page.capture "
        "GROUP BY page.id ORDER BY min(seed.id)"
    )
    return [(url, Outcome(outcome), detail) for url, outcome, detail in rows if outcome]


def _option(field: str) -> str:
    """The option of the command line behind a setting."""
    return field.removesuffix("_s").replace("_", "-")


def client_settings(settings: Settings, proxy: Proxy | None = None) -> ClientSettings:
    """What every request under these settings has in common."""
    return ClientSettings(
        user_agent=settings.agent,
        timeout_s=settings.timeout_s,
        max_bytes=settings.max_bytes,
        allow_private=settings.allow_private,
        idle_hosts=settings.idle_hosts,
        lookups=settings.lookups,
        resolve=settings.resolve,
        ca_file=settings.ca_file,
        insecure=settings.insecure,
        proxy=proxy,
    )


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error of a group of tasks that is none of being cancelled."""
    for error in errors.exceptions:
        if isinstance(error, BaseExceptionGroup):
            return _first(error)
        if not isinstance(error, asyncio.CancelledError):
            return error
    return errors

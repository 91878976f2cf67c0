"""Writes what was found: one transaction for a batch of whole pages, with the accounting inside it.

Within the transaction the consequences are drawn to their end: depths are passed on through stored links,
redirect loops are closed, pages are judged again where the scope grew. What comes out is committed as a whole.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Self

from linkmap.discovery import REDIRECTING, Discovery
from linkmap.known import PACKED
from linkmap.model import Manner, Outcome, Reach, State
from linkmap.seeds import Seed
from linkmap.settings import Settings
from linkmap.store.batch import Batch
from linkmap.store.sqlite import Store
from linkmap.traps import Trap
from linkmap.url import Origin

Change = Callable[[Discovery], object]
"""A step of what a crawl learns, applied within a transaction."""

_LONGEST_LOOP = 1_000
_AT_ONCE = 1_000
"""Pages whose links are held in memory at the same time."""
_GIVEN_UP_AT_ONCE = 50_000
"""Pages by id that one transaction looks through, so that the write-ahead log stays small."""
_EXCLUDED = tuple(outcome for outcome in Outcome if outcome.state is State.EXCLUDED)


class Ledger:
    """The store and what is known of it, kept equal at every commit."""

    def __init__(self, store: Store, discovery: Discovery) -> None:
        self.store = store
        self.discovery = discovery
        self.taken_up = False
        """Whether requests may have been made for this map before: in a run that is resumed, or before this one."""

    @classmethod
    async def open(cls, store: Store, settings: Settings) -> Self:
        """The ledger of a map, with all that the map holds taken in. A run must then be begun or resumed."""
        ledger = cls(store, Discovery(settings))
        await ledger._load()
        return ledger

    async def begin_run(self, seeds: Iterable[Seed], *, judge_again: bool) -> None:
        """A new run and its seeds, in one transaction; with `judge_again`, excluded pages under its settings."""
        discovery = self.discovery
        seeds = list(seeds)
        for seed in seeds:
            discovery.scope.add(seed.url)
        discovery.judge_again = _EXCLUDED if judge_again else ()
        if last := await self.store.last_run():
            self.taken_up = True
            discovery.improved = await self._offering_more(Settings.from_json(last.settings))

        def add(discovery: Discovery) -> None:
            for seed in seeds:
                discovery.add_seed(seed.url, seed.written, seed.guess)

        await self._transact([add], is_new_run=True)

    async def _offering_more(self, former: Settings) -> list[int]:
        """The pages whose links may offer more now than under the settings of the run before."""
        settings, pages = self.discovery.settings, []
        if settings.ignore_nofollow and not former.ignore_nofollow:
            pages = await self.store.pages_with_nofollow()
        if gained := settings.followed & ~former.followed:
            pages += await self.store.pages_with_kinds(gained)
        return pages

    async def resume_run(self) -> None:
        """Go on with the newest run; its indexes stay where only they were left to build."""
        last = await self.store.last_run()
        assert last is not None
        self.taken_up = True
        self.discovery.run = last.id
        if self.discovery.pending:
            await self.store.prepare_appending()
        await self.store.reopen_run(last.id)

    async def commit(self, changes: Iterable[Change]) -> None:
        """Apply changes to what is known and make them last, with all that follows from them."""
        await self._transact(changes)

    async def _transact(self, changes: Iterable[Change], *, is_new_run: bool = False) -> None:
        discovery, store = self.discovery, self.store
        try:
            if is_new_run:
                await store.begin()
                await store.prepare_appending()
                discovery.run = await store.start_run(discovery.settings.to_json(), discovery.settings.agent)
            for change in changes:
                change(discovery)
                for _ in discovery.slices():
                    await asyncio.sleep(0)
            batch = discovery.take_batch()
            if is_new_run or discovery.unsettled:
                if not is_new_run:
                    await store.begin()
                await self._settle(batch)
                await store.commit()
            else:
                await store.write_all(batch)
        except BaseException:
            await store.rollback()
            raise

    async def give_up_pending(self, detail: str) -> int:
        """Exclude what is still pending because the budget is spent; gives how many pages that were."""
        known, total = self.discovery.known, 0
        for first in range(1, len(known) + 1, _GIVEN_UP_AT_ONCE):
            last = min(first + _GIVEN_UP_AT_ONCE - 1, len(known))
            if Outcome.PENDING not in known.outcome[first : last + 1]:
                continue
            hosts = await self.store.rows(
                "SELECT origin.host, page.auxiliary, count(*) "
                "FROM page NOT INDEXED JOIN origin ON origin.id = page.origin "
                "WHERE page.id BETWEEN ? AND ? AND page.outcome = 0 GROUP BY origin.host, page.auxiliary",
                (first, last),
            )
            await self.commit([partial(Discovery.give_up, first=first, last=last, hosts=hosts, detail=detail)])
            total += sum(number for _, _, number in hosts)
        return total

    async def hosts_with_pending(self) -> list[tuple[int, float | None, float | None]]:
        """Hosts with pages or sitemaps that wait in the store: id, delay_s, due_at (Unix time)."""
        return await self.store.rows(
            "SELECT id, delay_s, due_at FROM host WHERE id IN (SELECT origin.host FROM origin WHERE EXISTS "
            "(SELECT 1 FROM page INDEXED BY page_pending WHERE page.origin = origin.id AND page.outcome = 0)) "
            "ORDER BY id"
        )

    async def _settle(self, batch: Batch) -> None:
        """Write the batch, then draw its consequences until there are none."""
        discovery, store = self.discovery, self.store
        await store.write(batch)
        while discovery.unsettled:
            improved, discovery.improved = discovery.improved[:_AT_ONCE], discovery.improved[_AT_ONCE:]
            redirected, discovery.redirected = discovery.redirected, []
            outcomes, discovery.judge_again = discovery.judge_again, ()
            if improved:
                discovery.propagate(await store.links_of(dict.fromkeys(improved)))
            for page, target in redirected:
                await self._close_loop(page, target)
            if outcomes:
                await self._rejudge(outcomes)
            await store.write(discovery.take_batch())

    async def _close_loop(self, page: int, target: int) -> None:
        """Follow stored redirects from `target`; where they come back to `page`, all on the way are a loop."""
        loop = [page]
        while target != page:
            loop.append(target)
            following = await self.store.redirect_target(target)
            if following is None or following in loop[1:] or len(loop) > _LONGEST_LOOP:
                return
            target = following
        self.discovery.close_loop([(member, await self._url(member)) for member in loop])

    async def _url(self, page: int) -> str:
        return str(await self.store.value("SELECT url FROM page WHERE id = ?", (page,)))

    async def _rejudge(self, outcomes: Iterable[Outcome]) -> None:
        places = ", ".join(str(int(outcome)) for outcome in outcomes)
        query = (
            f"SELECT id, url FROM page WHERE (outcome IN ({places}) AND manner <> {Manner.ROBOTS:d}) "  # noqa: S608
            f"OR manner = {Manner.CHECK:d} OR (sitemap > 0 AND manner <> {Manner.SITEMAP:d})"
        )
        async for rows in self.store.slices(query):
            self.discovery.rejudge(rows)

    async def _load(self) -> None:
        """Take in what the store knows; the accounting is counted anew, not believed."""
        discovery, names = self.discovery, self.discovery.names
        for (name,) in await self.store.rows("SELECT name FROM host ORDER BY id"):
            names.load_host(name)
        query = (
            "SELECT origin.id, scheme, host.name, port, host FROM origin JOIN host ON host.id = host ORDER BY origin.id"
        )
        for origin, scheme, name, port, host in await self.store.rows(query):
            names.origin_ids[Origin(scheme, name, port)] = origin
            names.origin_hosts[origin] = host
        for rel, tokens in await self.store.rows("SELECT id, tokens FROM rel"):
            names.rel_ids[tokens] = rel
        names.last_anchor = await self.store.value("SELECT max(id) FROM anchor")
        discovery.last_capture = await self.store.value("SELECT coalesce(max(id), 0) FROM capture")
        known = discovery.known
        known.reserve(await self.store.value("SELECT coalesce(max(id), 0) FROM page"))
        async for rows in self.store.slices(f"SELECT url_key, {PACKED} FROM page ORDER BY id"):  # noqa: S608 our own words
            known.load(rows)
        for (reach, outcome), number in Counter(zip(known.reach[1:], known.outcome[1:], strict=True)).items():
            counts = discovery.accounts.auxiliary if reach == Reach.AUXILIARY else discovery.accounts.pages
            counts[Outcome(outcome)] += number
        discovery.sitemaps = dict(await self.store.rows("SELECT id, sitemap FROM page WHERE sitemap > 0"))
        await self._load_seeds()
        await self._load_traps()

    async def _load_traps(self) -> None:
        """The families of pages that are left, and of those left in part what was had."""
        traps = self.discovery.traps
        if not self.discovery.settings.traps:
            return
        traps.load([Trap(*row) for row in await self.store.rows("SELECT rule, pattern, evidence FROM trap")])
        if traps.remembers:
            fetched = f"SELECT url FROM page WHERE outcome = {Outcome.FETCHED:d}"  # noqa: S608 a number of our own
            async for rows in self.store.slices(fetched):
                for (url,) in rows:
                    traps.remember(url)

    async def _load_seeds(self) -> None:
        """The seeds, the hops of their redirects, and the scope that both make."""
        scope, exempt = self.discovery.scope, self.discovery.exempt
        rows = await self.store.rows(
            "SELECT page.id, page.url, page.outcome FROM seed JOIN page ON page.id = seed.page"
        )
        for page, url, _ in rows:
            exempt.add(page)
            scope.add(url)
        hops = [page for page, _, outcome in rows if outcome in REDIRECTING]
        while hops:
            target = await self.store.redirect_target(hops.pop())
            if target is None or target in exempt:
                continue
            exempt.add(target)
            url, outcome, status = (
                await self.store.rows(
                    "SELECT page.url, page.outcome, capture.status FROM page "
                    "LEFT JOIN capture ON capture.id = page.capture WHERE page.id = ?",
                    (target,),
                )
            )[0]
            if outcome in REDIRECTING:
                hops.append(target)
            elif status is not None and outcome != Outcome.PENDING:
                scope.widen(url)

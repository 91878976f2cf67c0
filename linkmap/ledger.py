"""Writes what was found: one transaction for a batch of whole pages, with the accounting inside it.

Within the transaction the consequences are drawn to their end: depths are passed on through stored links,
redirect loops are closed, pages are judged again where the scope grew. What comes out is committed as a whole.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Self

from linkmap.discovery import REDIRECTING, Discovery
from linkmap.frontier import Entry
from linkmap.model import Manner, Outcome, State
from linkmap.seeds import Seed
from linkmap.settings import Settings
from linkmap.store.sqlite import Store
from linkmap.url import Origin

Change = Callable[[Discovery], object]
"""What a crawl learns, applied within a transaction; an iterator that comes back is run through, with pauses."""

_LONGEST_LOOP = 1_000
_AT_ONCE = 1_000
"""Pages whose links are held in memory at the same time."""
_EXCLUDED = tuple(outcome for outcome in Outcome if outcome.state is State.EXCLUDED)


class Ledger:
    """The store and what is known of it, kept equal at every commit."""

    def __init__(self, store: Store, discovery: Discovery) -> None:
        self.store = store
        self.discovery = discovery

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
        self.discovery.run = last.id
        if self.discovery.pending:
            await self.store.prepare_appending()
        await self.store.reopen_run(last.id)

    async def commit(self, changes: Iterable[Change]) -> None:
        """Apply changes to what is known and make them last, with all that follows from them."""
        await self._transact(changes)

    async def _transact(self, changes: Iterable[Change], *, is_new_run: bool = False) -> None:
        discovery, store = self.discovery, self.store
        await store.begin()
        try:
            if is_new_run:
                await store.prepare_appending()
                discovery.run = await store.start_run(discovery.settings.to_json(), discovery.settings.agent)
            for change in changes:
                steps = change(discovery)
                if isinstance(steps, Iterator):
                    for _ in steps:
                        await asyncio.sleep(0)
            await self._settle()
            await store.save_run(discovery.run, discovery.counts_json())
            await store.commit()
        except BaseException:
            await store.rollback()
            raise

    async def give_up_pending(self, detail: str) -> int:
        """Exclude what is still pending because the budget is spent; gives how many pages that were."""
        total = 0
        while rows := await self.store.rows(
            "SELECT page.id, page.url, page.depth, page.origin, page.tries, origin.host FROM page "
            "JOIN origin ON origin.id = page.origin WHERE page.outcome = 0 LIMIT 10000"
        ):
            entries = [
                (host, Entry(depth or 0, page, url, origin, tries)) for page, url, depth, origin, tries, host in rows
            ]

            def give_up(discovery: Discovery, entries: list[tuple[int, Entry]] = entries) -> None:
                for host, entry in entries:
                    discovery.decide(host, entry, Outcome.OVER_BUDGET, detail)

            await self.commit([give_up])
            total += len(entries)
        return total

    async def hosts_with_pending(self) -> list[tuple[int, float | None, float | None]]:
        """Hosts with pages or sitemaps that wait in the store: id, delay_s, due_at (Unix time)."""
        return await self.store.rows(
            "SELECT id, delay_s, due_at FROM host WHERE id IN (SELECT origin.host FROM origin WHERE EXISTS "
            "(SELECT 1 FROM page INDEXED BY page_pending WHERE page.origin = origin.id AND page.outcome = 0)) "
            "ORDER BY id"
        )

    async def _settle(self) -> None:
        """Write the batch, then draw its consequences until there are none."""
        discovery, store = self.discovery, self.store
        await store.write(discovery.take_batch())
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
        pages = "SELECT url_key, depth, hops, reach, outcome, manner, resource, auxiliary FROM page ORDER BY id"
        async for rows in self.store.slices(pages):
            discovery.known.load(row[:7] for row in rows)
            for *_, outcome, _, _, auxiliary in rows:
                counts = discovery.auxiliary_counts if auxiliary else discovery.counts
                counts[Outcome(outcome)] += 1
        discovery.sitemaps = dict(await self.store.rows("SELECT id, sitemap FROM page WHERE sitemap > 0"))
        await self._load_seeds()

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

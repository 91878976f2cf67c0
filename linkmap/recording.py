"""What requests bring is committed in batches, and only what is committed reaches the frontier.

One task records; it stops by draining. Whatever is handed over is in the map before the crawl ends.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from linkmap.edges import links_in
from linkmap.errors import LinkmapError
from linkmap.frontier import Entry, Frontier
from linkmap.ledger import Change, Ledger
from linkmap.model import FoundLink, Report

MOST_WAITING = 2_000
"""Records that wait to be committed, above which no request is started."""
_BATCH = 256
_BATCH_LINKS = 4_000
"""Links after which a batch is closed, so that its work on the event loop stays short."""
_LONGEST_WAIT_S = 1.0


@dataclass(slots=True)
class Record:
    """Something to commit, and what to do once it is committed."""

    changes: list[Change]
    released: int | None = None
    retry: tuple[int, Entry, float] | None = None
    answer: tuple[str, Report] | None = None
    was_requested: bool = False
    """It holds what a request brought, which a kill before the commit has asked for again."""


class Recording:
    """The way from what was learnt to the map and back to the frontier."""

    def __init__(
        self,
        ledger: Ledger,
        frontier: Frontier,
        on_commit: Callable[[], None],
        on_links: Callable[[list[FoundLink]], Awaitable[None]] | None = None,
    ) -> None:
        self.ledger = ledger
        self.frontier = frontier
        self._on_commit = on_commit
        self._on_links = on_links
        self._records: list[Record] = []
        self._wanted = asyncio.Event()
        self._ending = False
        self.waiting = 0
        """Records that are not committed yet."""
        self.requested = 0
        """Those of them that hold what a request brought."""

    def add(self, record: Record) -> None:
        """Hand something over to be committed."""
        self._records.append(record)
        self.waiting += 1
        self.requested += record.was_requested
        self._wanted.set()

    def look(self) -> None:
        """Let hungry hosts be fed from the store soon."""
        self._wanted.set()

    def end(self) -> None:
        """Let `run` end once everything is committed."""
        self._ending = True
        self._wanted.set()

    async def run(self) -> None:
        """Commit what comes and bring in what the store holds, until `end`."""
        while True:
            await self._woken()
            while self._records:
                await self._commit(self._next_batch())
                await self.ledger.store.tidy()
            await self._refill()
            await self.ledger.store.tidy()
            if self._ending:
                return

    async def _woken(self) -> None:
        """Wait until something is to be done; no longer than a while, so that the store stays tidy in a long pause."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_WAIT_S):
                await self._wanted.wait()
        self._wanted.clear()

    async def _commit(self, batch: list[Record]) -> None:
        await self.ledger.commit([change for record in batch for change in record.changes])
        self.waiting -= len(batch)
        self.requested -= sum(record.was_requested for record in batch)
        self.frontier.release([record.released for record in batch if record.released is not None])
        for record in batch:
            if record.retry is not None:
                self.frontier.retry(*record.retry)
        self.take_discovered()
        self._on_commit()
        if self._on_links is not None:
            await self._tell([link for each in batch if each.answer for link in links_in(*each.answer)])

    async def _tell(self, links: list[FoundLink]) -> None:
        """Hand links on. That their taker is cancelled is its failure, not a cancellation of this crawl."""
        assert self._on_links is not None
        try:
            await self._on_links(links)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise LinkmapError("what takes the links was cancelled: go on with resume=True") from error

    def _next_batch(self) -> list[Record]:
        """The records to commit next: some hundred, or fewer where they bring many links."""
        links, size = 0, 0
        while size < min(_BATCH, len(self._records)) and links < _BATCH_LINKS:
            answer = self._records[size].answer
            links += len(answer[1].links) if answer else 0
            size += 1
        batch, self._records = self._records[:size], self._records[size:]
        return batch

    def take_discovered(self, keep_entries: bool = True) -> None:
        """Hand committed discoveries to the frontier; without `keep_entries` only which hosts have some."""
        discovery = self.ledger.discovery
        ready, discovery.ready = discovery.ready, []
        reopened, discovery.reopened = discovery.reopened, set()
        if keep_entries:
            for host, entry in ready:
                self.frontier.add(host, entry)
        for host in reopened:
            self.frontier.add_stored(host)

    async def _refill(self) -> None:
        for host, wanted in self.frontier.hungry():
            rows = await self.ledger.store.pending(host, wanted)
            entries = [Entry(row.depth, row.id, row.url, row.origin, row.tries) for row in rows]
            wall = time.time()
            for row, entry in zip(rows, entries, strict=True):
                if row.due_at is not None and row.due_at > wall and not self.frontier.holds(row.id):
                    self.frontier.retry(host, entry, time.monotonic() + row.due_at - wall)
            self.frontier.refill(host, entries, exhausted=len(rows) < wanted)
            self._on_commit()

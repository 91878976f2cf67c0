"""The writer's door to a map: one connection, one thread (aiosqlite), one transaction per batch of whole pages.

Invariant: between `begin` and `commit` only the ledger writes, and no await there is ever cancelled, because
a cancelled statement of aiosqlite still runs. A crash at any instant leaves the last commit.
"""

import json
import sqlite3
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple, Self
from weakref import WeakSet

import aiosqlite

from linkmap import __version__
from linkmap.advice import MEMORY, in_memory
from linkmap.endings import to_its_end
from linkmap.errors import LinkmapError
from linkmap.seeds import GUESSED_HTTP
from linkmap.store.batch import Batch
from linkmap.store.indexing import INDEXES, STEPS
from linkmap.store.lock import try_lock, unlock
from linkmap.store.log import LOG_PAGES, MOST_LOG_BYTES, log_bytes, note_pinned
from linkmap.store.migrate import SCHEMA_VERSION, migrate, schema_sql
from linkmap.store.places import check_place
from linkmap.store.reader import check_is_map, check_may_be_map, file_name, held, is_held, unreadable
from linkmap.store.trapped import TRAPPED, Trapped, trapped

BUSY_S = 30.0
"""How long a commit waits for another program that writes the file."""

_TIDY_EVERY_S = 1.0

_WHOLE_BATCH = "-- a batch"


class _WritingConnection(sqlite3.Connection):
    """A connection that writes a whole batch in one turn of its thread: each turn costs two changes of thread.

    Closed, it has let go of the file. SQLite else keeps file and locks until the last statement is forgotten, and who
    is cancelled while one ends holds it for as long as the cancellation is remembered.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._given: WeakSet[sqlite3.Cursor] = WeakSet()
        """Those with rows that may still be read."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """As of every connection."""
        cursor = super().execute(sql, parameters)
        if cursor.description is not None:
            self._given.add(cursor)
        return cursor

    def close(self) -> None:
        """Close what was given out, then the connection."""
        for cursor in list(self._given):
            cursor.close()
        super().close()

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        """As of every connection; for `_WHOLE_BATCH`, each row is a batch and whether it is a transaction."""
        if sql != _WHOLE_BATCH:
            return super().executemany(sql, parameters)
        for batch, is_all in parameters:
            if is_all:
                self.execute("BEGIN IMMEDIATE")
            batch.write(self)
            if is_all:
                self.execute("COMMIT")
        return self.cursor()


class FollowedLink(NamedTuple):
    """A stored link, with what discovery must know to pass a shorter depth on."""

    source: int
    target: int
    kind: int
    rel: str
    page_nofollow: bool
    """Its page says so of all its links."""
    target_url: str


class PendingPage(NamedTuple):
    """A page that waits in the store."""

    id: int
    url: str
    depth: int
    origin: int
    tries: int
    due_at: float | None


class RunRow(NamedTuple):
    """A crawl run as it is stored."""

    id: int
    started_at: float
    ended_at: float | None
    state: str
    version: str
    user_agent: str
    settings: str
    counts: str
    cuts: str


class Store:
    """A map opened for writing, under its lock."""

    def __init__(self, path: Path, connection: aiosqlite.Connection, lock: int | None) -> None:
        self.path = path
        self._connection = connection
        self._lock = lock
        self._tidied = 0.0
        self._pinned_since: float | None = None

    @classmethod
    async def open(cls, path: Path) -> Self:
        """The map at a path, made where there is none. Raises LinkmapError while another process writes it.

        `:memory:` gives a new map that only this store knows: no file, no lock.
        """
        if in_memory(path):
            return cls(path, await _map_in_memory(), None)
        check_may_be_map(path)
        check_place(path)
        lock = try_lock(path)
        if lock is None:
            raise LinkmapError(
                f"another crawl is at work on {path}: wait for it, stop it with Ctrl-C, or name another map with --db"
            )
        connection = aiosqlite.connect(
            file_name(path), isolation_level=None, timeout=BUSY_S, factory=_WritingConnection
        )
        try:
            _make_map(path)
            await to_its_end(_set_up(connection))
        except BaseException as error:
            try:
                await to_its_end(connection.close())
            finally:
                unlock(path, lock)
            if isinstance(error, sqlite3.Error) and is_held(error):
                raise held(path) from error
            if isinstance(error, sqlite3.Error):
                raise LinkmapError(f"{path} cannot be written ({error}): check the file and its folder") from error
            raise
        note_pinned(lock, None)
        return cls(path, connection, lock)

    async def close(self) -> None:
        """Close the map and give its lock back; what was not committed is dropped."""
        try:
            await to_its_end(self._connection.close())
        finally:
            if self._lock is not None:
                unlock(self.path, self._lock)

    async def compact(self) -> None:
        """Fold the write-ahead log in, so that the map is one file; as far as that goes while others read it."""
        try:
            await self._connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname not in ("SQLITE_BUSY", "SQLITE_LOCKED"):
                raise
            await self._cut_log_short()

    async def tidy(self) -> None:
        """Cut the log short where it has outgrown its bounds; where a reader pins it, note since when.

        To be called between transactions; looks once a second, however often it is called.
        """
        if self._lock is None or time.monotonic() < self._tidied + _TIDY_EVERY_S:
            return
        self._tidied = time.monotonic()
        if self._pinned_since is None and log_bytes(self.path) <= MOST_LOG_BYTES:
            return
        is_pinned = not await self._cut_log_short()
        if is_pinned != (self._pinned_since is not None):
            self._pinned_since = time.time() if is_pinned else None
            note_pinned(self._lock, self._pinned_since)

    async def _cut_log_short(self) -> bool:
        """Fold the log in and empty its file; False, without a wait, while something reads it."""
        await self._connection.execute("PRAGMA busy_timeout = 0")
        try:
            busy: int = await self.value("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            await self._connection.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000:.0f}")
        return not busy

    async def begin(self) -> None:
        """Open a transaction."""
        await self._connection.execute("BEGIN IMMEDIATE")

    async def write(self, batch: Batch) -> None:
        """Append and change, within the open transaction."""
        await self._connection.executemany(_WHOLE_BATCH, [(batch, False)])

    async def write_all(self, batch: Batch) -> None:
        """Append and change, and make it last: a transaction of its own."""
        await self._connection.executemany(_WHOLE_BATCH, [(batch, True)])

    async def commit(self) -> None:
        """Make the open transaction last."""
        await self._connection.execute("COMMIT")

    async def rollback(self) -> None:
        """Drop the open transaction, where there is one once all statements before it are through."""
        await self._connection.rollback()

    async def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """All rows of a question; it sees the open transaction."""
        return list(await self._connection.execute_fetchall(sql, parameters))

    async def value(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        """The first column of the only row."""
        return (await self.rows(sql, parameters))[0][0]

    async def slices(self, sql: str, size: int = 50_000) -> AsyncIterator[list[Any]]:
        """Rows of a question in lists of `size`, for tables that do not fit in memory as objects."""
        async with self._connection.execute(sql) as cursor:
            while rows := list(await cursor.fetchmany(size)):
                yield rows

    async def start_run(self, settings: str, user_agent: str) -> int:
        """The id of a new run, in state `running`, within the open transaction."""
        cursor = await self._connection.execute(
            "INSERT INTO run (started_at, state, version, user_agent, settings, counts) "
            "VALUES (?, 'running', ?, ?, ?, '{}')",
            (time.time(), __version__, user_agent, settings),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    async def reopen_run(self, run: int) -> None:
        """Put a run that was stopped or killed back to work."""
        await self._connection.execute(
            "UPDATE run SET state = 'running', ended_at = NULL, cuts = '[]' WHERE id = ?", (run,)
        )

    async def last_run(self) -> RunRow | None:
        """The newest run, or None on a new map."""
        rows = await self.rows(
            "SELECT id, started_at, ended_at, state, version, user_agent, settings, counts, cuts "
            "FROM run ORDER BY id DESC LIMIT 1"
        )
        return RunRow(*rows[0]) if rows else None

    async def end_run(self, run: int, state: str, cuts: Sequence[str]) -> None:
        """Store how a run stands after its last page."""
        await self._connection.execute(
            "UPDATE run SET state = ?, ended_at = ?, cuts = ? WHERE id = ?",
            (state, time.time(), json.dumps(cuts), run),
        )

    async def pending(self, host: int, limit: int) -> list[PendingPage]:
        """Pages of a host that may be fetched, least depth first."""
        rows = await self.rows(
            "SELECT page.id, page.url, coalesce(page.depth, 1), page.origin, page.tries, page.due_at FROM origin "
            "CROSS JOIN page INDEXED BY page_pending ON page.origin = origin.id AND page.outcome = 0 "
            "WHERE origin.host = ? ORDER BY page.depth, page.id LIMIT ?",
            (host, limit),
        )
        return [PendingPage(*row) for row in rows]

    async def links_of(self, pages: Iterable[int]) -> list[FollowedLink]:
        """The stored links of pages, as far as depth may pass along them."""
        found: list[FollowedLink] = []
        for page in pages:
            rows = await self.rows(
                "SELECT page.id, link.target, link.kind, rel.tokens, capture.nofollow, target.url FROM page "
                "CROSS JOIN capture ON capture.id = page.links "
                "CROSS JOIN link ON link.capture = page.links CROSS JOIN rel ON rel.id = link.rel "
                "CROSS JOIN page AS target ON target.id = link.target WHERE page.id = ?",
                (page,),
            )
            found.extend(FollowedLink(*row) for row in rows)
        return found

    async def pages_with_nofollow(self) -> list[int]:
        """The pages that show links which say nofollow, or say it of all their links."""
        rows = await self.rows(
            "SELECT page.id FROM page CROSS JOIN capture ON capture.id = page.links "
            "WHERE capture.nofollow OR EXISTS "
            "(SELECT 1 FROM link WHERE link.capture = page.links AND link.rel IN (SELECT id FROM rel WHERE nofollow))"
        )
        return [page for (page,) in rows]

    async def pages_with_kinds(self, kinds: int) -> list[int]:
        """The pages that show links of kinds, a bit 2^id for each."""
        rows = await self.rows(
            "SELECT page.id FROM page WHERE EXISTS "
            "(SELECT 1 FROM link WHERE link.capture = page.links AND ? >> link.kind & 1)",
            (kinds,),
        )
        return [page for (page,) in rows]

    async def scripted_pages(self) -> int:
        """How many pages have links that seem to be written by script; as quick as they are few, by an index."""
        found: int = await self.value(
            "SELECT count(*) FROM capture CROSS JOIN page ON page.id = capture.page AND page.capture = capture.id "
            "WHERE capture.script_evidence IS NOT NULL AND page.auxiliary = 0"
        )
        return found

    async def seeds(self) -> list[str]:
        """The URLs of the seeds, but for those over http that were guessed because https did not answer."""
        sql = "SELECT page.url FROM seed JOIN page ON page.id = seed.page WHERE seed.guess <> ?"
        return [url for (url,) in await self.rows(sql, (GUESSED_HTTP,))]

    async def trapped(self) -> list[Trapped]:
        """The traps that pages were left for."""
        return trapped(await self.rows(TRAPPED))

    async def redirect_target(self, page: int) -> int | None:
        """Where a page's newest answer redirects to, or None."""
        rows = await self.rows(
            "SELECT link.target FROM page CROSS JOIN link ON link.capture = page.links AND link.ordinal = 0 "
            "JOIN kind ON kind.id = link.kind WHERE page.id = ? AND kind.name = 'redirect'",
            (page,),
        )
        return rows[0][0] if rows else None

    async def prepare_appending(self) -> None:
        """Take away the end-built indexes: appending without them is four times as fast."""
        for step in INDEXES:
            await self._connection.execute(f"DROP INDEX IF EXISTS {step.name}")

    async def index(self) -> None:
        """The indexing stage. `interrupt` ends it early; it is then taken up where it stopped.

        A map in memory goes without: nobody will ask it anything.
        """
        if in_memory(self.path):
            return
        for step in STEPS:
            if not await self.value(step.is_done):
                for statement in step.statements:
                    await self._connection.execute(statement)

    async def interrupt(self) -> None:
        """Break off the statement at work, from another task."""
        await self._connection.interrupt()


async def _opened(connection: aiosqlite.Connection) -> None:
    await connection


async def _set_up(connection: aiosqlite.Connection) -> None:
    await _opened(connection)
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", f"wal_autocheckpoint = {LOG_PAGES}"):
        await connection.execute(f"PRAGMA {pragma}")


async def _map_in_memory() -> aiosqlite.Connection:
    """A connection that is a map of its own, empty."""
    connection = aiosqlite.connect(MEMORY, isolation_level=None, factory=_WritingConnection)
    try:
        await to_its_end(_opened(connection))
        await connection.executescript(schema_sql())
    except BaseException:
        await to_its_end(connection.close())
        raise
    return connection


def _make_map(path: Path) -> None:
    """Write the schema into a new file; refuse a file that is no map. Nothing else holds the file open yet."""
    with closing(sqlite3.connect(file_name(path), isolation_level=None)) as connection:
        try:
            is_empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        except sqlite3.DatabaseError as error:
            raise unreadable(path, error) from error
        if is_empty:
            connection.executescript(f"BEGIN IMMEDIATE;{schema_sql()}COMMIT;")
        if check_is_map(connection, path) < SCHEMA_VERSION:
            migrate(connection)

"""A map to read from async Python, while a crawl writes it or after.

What is long comes in slices of page ids, each its own statement, so that a reader never holds the map at one
moment for longer than a slice takes: a crawl beside it can always fold its log in.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosqlite

from linkmap.errors import LinkmapError
from linkmap.model import FoundLink
from linkmap.store.reader import open_reader, read_only_uri

LINK_COLUMNS = "source_url, target_url, kind, rel, region, anchor, hreflang, written"
"""What the view `links` holds of a `FoundLink`, in its order."""

_SLICE = 500
"""Pages read by one statement."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the map; status, content type and title are of its newest answer."""

    url: str
    outcome: str
    state: str
    detail: str | None
    depth: int | None
    status: int | None
    content_type: str | None
    title: str | None


@dataclass(frozen=True, slots=True)
class Edge:
    """All navigation links from one page to another; weight is their number."""

    source: str
    target: str
    weight: int


@dataclass(frozen=True, slots=True)
class Status:
    """The newest run and the accounting of the whole map, robots.txt files left out."""

    run: int
    state: str
    outcomes: dict[str, int]
    """Outcome -> pages."""

    @property
    def discovered(self) -> int:
        """All pages the map knows."""
        return sum(self.outcomes.values())


class StoreView:
    """A map opened to be read."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def status(self) -> Status:
        """The accounting, as of the last commit; takes the same time however large the map is."""
        async with self._connection.execute("SELECT id, state, counts FROM run ORDER BY id DESC LIMIT 1") as cursor:
            row = await cursor.fetchone()
        if row is None:
            raise LinkmapError("the map holds no crawl yet")
        run, state, counts = row
        return Status(run, state, json.loads(counts)["page"])

    async def pages(self) -> AsyncIterator[Page]:
        """All pages in the order of discovery, robots.txt files left out."""
        sql = (
            "SELECT page.url, outcome.name, outcome.state, page.detail, page.depth, capture.status, "
            "capture.content_type, capture.title FROM page JOIN outcome ON outcome.id = page.outcome "
            "LEFT JOIN capture ON capture.id = page.capture "
            "WHERE page.id > ? AND page.id <= ? AND page.auxiliary = 0 ORDER BY page.id"
        )
        async for row in self._sliced(sql):
            yield Page(*row)

    async def links(self) -> AsyncIterator[FoundLink]:
        """Every link of every kind, page by page, in the order of the page."""
        sql = f"SELECT {LINK_COLUMNS} FROM links WHERE source > ? AND source <= ? ORDER BY source, ordinal"  # noqa: S608 our own words
        async for row in self._sliced(sql):
            yield FoundLink(*row)

    async def edges(self) -> AsyncIterator[Edge]:
        """The graph: navigation links between two pages, self-links left out."""
        sql = (
            "SELECT source.url, target.url, weight FROM edges "
            "JOIN page AS source ON source.id = edges.source JOIN page AS target ON target.id = edges.target "
            "WHERE edges.source > ? AND edges.source <= ? ORDER BY edges.source, edges.target"
        )
        async for row in self._sliced(sql):
            yield Edge(*row)

    async def _sliced(self, sql: str) -> AsyncIterator[Any]:
        async with self._connection.execute("SELECT max(id) FROM page") as cursor:
            (last,) = await cursor.fetchone() or (None,)
        for start in range(0, last or 0, _SLICE):
            for row in await self._connection.execute_fetchall(sql, (start, start + _SLICE)):
                yield row


@asynccontextmanager
async def open_store(db: Path | str = "map.db") -> AsyncIterator[StoreView]:
    """A map to read, as an async context manager. Raises LinkmapError where the file is no map."""
    with closing(open_reader(db)):
        connection = aiosqlite.connect(read_only_uri(db), uri=True, isolation_level=None)
    async with connection:
        await connection.execute("PRAGMA query_only = 1")
        yield StoreView(connection)

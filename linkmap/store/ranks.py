"""Stored ranks: PageRank, hub and authority of pages, with what they are as of."""

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from linkmap.errors import LinkmapError
from linkmap.store.reader import file_name, held, is_held


def store_ranks(
    path: Path,
    page_ids: Iterable[int],
    pagerank: Iterable[float],
    hub: Iterable[float],
    authority: Iterable[float],
    settings: Mapping[str, object],
    *,
    capture: int,
) -> None:
    """Replace all ranks of a map in one transaction; the caller holds the writer's lock.

    `capture`: the newest one when the graph was read. Raises LinkmapError where the map cannot be written.
    """
    with closing(sqlite3.connect(file_name(path), isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("DELETE FROM rank")
            connection.executemany(
                "INSERT INTO rank (page, pagerank, hub, authority) VALUES (?, ?, ?, ?)",
                zip(page_ids, pagerank, hub, authority, strict=True),
            )
            connection.execute(
                "INSERT OR REPLACE INTO computed (name, capture, computed_at, settings) VALUES ('rank', ?, ?, ?)",
                (capture, time.time(), json.dumps(settings, sort_keys=True)),
            )
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if is_held(error):
                raise held(path) from error
            raise LinkmapError(f"cannot store ranks in {path}: {error}") from error


def ranks_as_of(connection: sqlite3.Connection) -> int | None:
    """The newest capture that the stored ranks know of, or None where nothing is ranked."""
    row = connection.execute("SELECT capture FROM computed WHERE name = 'rank'").fetchone()
    return None if row is None else row[0]

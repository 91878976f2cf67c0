"""Read-only doors to a map. A reader never blocks a crawl; it changes the file only to undo what a kill cut off.

Beside a crawl no reader of ours holds the map at one moment for over a second, as the crawl's log could not be folded
in: what is long is read in slices, and what is one statement (`reading`) is broken off, unless it may `hold` the map.
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from linkmap.advice import MEMORY, command, in_memory
from linkmap.errors import LinkmapError, UsageError
from linkmap.store.lock import is_locked, try_lock, unlock
from linkmap.store.log import log_bytes
from linkmap.store.migrate import SCHEMA_VERSION as SCHEMA_VERSION
from linkmap.store.migrate import migrate
from linkmap.store.migrate import schema_sql as schema_sql
from linkmap.store.places import shared_file_system

APPLICATION_ID = 0x6C6D6170

_HELD_AT_MOST_S = 0.8
"""What is left of the second is for asking whether a crawl is at work."""
_STEPS_BETWEEN_LOOKS = 100_000
"""Virtual-machine steps, some milliseconds: between them Python can see a Ctrl-C."""

_NOT_A_MAP = "{path} is not a linkmap map: name the file that `linkmap crawl` wrote, with --db"


def open_reader(path: Path | str) -> "WatchedReader":
    """A read-only connection whose rows are `sqlite3.Row`. Close it soon: it pins what the writer can tidy.

    A map of an older schema is brought up to today's first. Raises LinkmapError where that cannot be, and where the
    file is missing, is no map, or was written by a newer linkmap.
    """
    path = Path(path)
    check_is_file(path)
    _check_log(path)
    connection = _connected(path)
    try:
        if _is_half_written(connection, path):
            _undo_half_written(path)
        found = check_is_map(connection, path)
        if found < SCHEMA_VERSION:
            connection.close()
            _bring_up(path, found)
            connection = _connected(path)
            check_is_map(connection, path)
    except (LinkmapError, sqlite3.Error):
        connection.close()
        raise
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA query_only = 1")
    return connection


def _is_half_written(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether a kill cut a transaction off that only who may write can undo (sqlite.org/atomiccommit.html, 4)."""
    try:
        connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname != "SQLITE_READONLY_ROLLBACK":
            raise unreadable(path, error) from error
        return True
    return False


def _undo_half_written(path: Path) -> None:
    """Have SQLite undo a transaction that was killed; where the place cannot be written, all stays as it is."""
    with (
        suppress(sqlite3.OperationalError),
        closing(sqlite3.connect(file_name(path), isolation_level=None)) as connection,
    ):
        connection.execute("PRAGMA schema_version").fetchone()


def _check_log(path: Path) -> None:
    """Raises LinkmapError where a map with a log lies on a network file system: what is read there may be torn."""
    if log_bytes(path) and (kind := shared_file_system(path)) is not None:
        raise LinkmapError(
            f"{path} lies on a network file system ({kind}), with a log beside it that can only be read where it is "
            "written: ask it there, or copy it when its crawl is finished"
        )


def _connected(path: Path) -> "WatchedReader":
    return sqlite3.connect(read_only_uri(path), uri=True, isolation_level=None, factory=WatchedReader)


def _bring_up(path: Path, found: int) -> None:
    """Migrate a map of an older schema, under the writer's lock. Raises LinkmapError where that cannot be."""
    old = f"{path} was written by an older linkmap (schema {found}, this one has {SCHEMA_VERSION})"
    try:
        lock = try_lock(path)
    except LinkmapError as error:
        raise LinkmapError(f"{old} and cannot be brought up to date here: copy it to where you may write") from error
    if lock is None:
        raise LinkmapError(f"{old} that is at work on it: wait for it, or stop it with Ctrl-C")
    try:
        with closing(sqlite3.connect(file_name(path), isolation_level=None)) as connection:
            migrate(connection)
    except sqlite3.OperationalError as error:
        if is_held(error):
            raise held(path) from error
        raise LinkmapError(f"{old} and was left as it was ({error}): copy it to where you may write") from error
    finally:
        unlock(path, lock)


class WatchedReader(sqlite3.Connection):
    """A connection whose statements end early where they hold the map for too long beside a crawl."""

    overstayed = False
    """Whether one did."""
    _looked = 0.0

    def watch(self, path: Path, *, hold: bool) -> None:
        """Watch from here on; with `hold`, only for a Ctrl-C."""

        def look() -> int:
            if hold or time.monotonic() < self._looked + _HELD_AT_MOST_S:
                return 0
            self.overstayed = is_locked(path)
            self._looked = time.monotonic()
            return int(self.overstayed)

        self.set_progress_handler(look, _STEPS_BETWEEN_LOOKS)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """As of every connection; the rows are to be fetched before the next statement."""
        self._looked = time.monotonic()
        return super().execute(sql, parameters)


@contextmanager
def reading(path: Path | str, *, hold: bool = False) -> Iterator[WatchedReader]:
    """A reader for statements that may take long. Raises LinkmapError where one holds the map for over a second
    beside a crawl, unless it may `hold` it; the crawl's log then grows meanwhile.
    """
    with closing(open_reader(path)) as reader:
        reader.watch(Path(path), hold=hold)
        try:
            yield reader
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_INTERRUPT":
                raise
            if not reader.overstayed:
                raise KeyboardInterrupt from None  # raised in the progress handler, where SQLite swallowed it
            raise LinkmapError(
                f"this takes over a second, and {path} is being written by another linkmap: ask again when that has "
                "ended, or with --hold, which lets the crawl's log grow for as long as it takes"
            ) from error


def read_only_uri(path: Path | str) -> str:
    """The map as SQLite names a file that may not be written."""
    return f"{Path(path).absolute().as_uri()}?mode=ro"


def file_name(path: Path) -> str:
    """The map as SQLite names a file to be written: whole, so that one called `file:x` is not taken for a URI."""
    return os.path.abspath(path)


def check_is_file(path: Path) -> None:
    """Raises LinkmapError where nothing, or a folder, stands at the path, UsageError where it names no file."""
    if in_memory(path):
        raise UsageError(
            f"a map in memory ({MEMORY}) ends with its crawl: crawl into a file to ask it or to go on with it"
        )
    check_may_be_map(path)
    if not path.exists():
        raise LinkmapError(
            f"no map at {path}: make one with `{command('crawl SEED', path)}`, or name another with --db"
        )


def is_held(error: sqlite3.Error) -> bool:
    """Whether a statement failed for the lock of another program."""
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def held(path: Path, then: str = "do the same again") -> LinkmapError:
    """What to do about a map that another program holds."""
    return LinkmapError(f"another program keeps {path} locked: wait until it is done, or end it, then {then}")


def unreadable(path: Path, error: sqlite3.DatabaseError) -> LinkmapError:
    """Why the first look into a file failed, in words."""
    if is_held(error):
        return held(path)
    if error.sqlite_errorname.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_IOERR")):
        return LinkmapError(f"{path} cannot be read ({error}): check the permissions of the file and its folder")
    return LinkmapError(_NOT_A_MAP.format(path=path))


def check_may_be_map(path: Path) -> None:
    """Raises LinkmapError where what stands at the path is a folder, a pipe or the like."""
    if path.is_dir():
        raise LinkmapError(f"{path} is a folder: name a map file with --db")
    if path.exists() and not path.is_file():
        raise LinkmapError(f"{path} is no regular file: name a map file with --db")


def check_is_map(connection: sqlite3.Connection, path: Path) -> int:
    """The version of the map's schema. Raises LinkmapError unless this linkmap knows it."""
    try:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise unreadable(path, error) from error
    if application != APPLICATION_ID or version < 1:
        raise LinkmapError(_NOT_A_MAP.format(path=path))
    if version > SCHEMA_VERSION:
        raise LinkmapError(
            f"{path} was written by a newer linkmap (schema {version}, this one knows {SCHEMA_VERSION}): "
            "update with `pip install --upgrade linkmap`"
        )
    return int(version)


def pages_pending(connection: sqlite3.Connection) -> int:
    """How many pages of a map are still to be fetched."""
    row = connection.execute("SELECT counts FROM run ORDER BY id DESC LIMIT 1").fetchone()
    return int(json.loads(row[0]).get("page", {}).get("pending", 0)) if row else 0


def unindexed(connection: sqlite3.Connection) -> str | None:
    """Why the computed tables do not speak for the whole map, in words, or None where they do."""
    built = connection.execute(
        "SELECT count(*) FROM sqlite_master WHERE name IN ('page_url_key', 'link_target', 'capture_page')"
    ).fetchone()[0]
    if built < 3:
        return "the indexes are not built yet"
    newest = connection.execute("SELECT coalesce(max(id), 0) FROM capture").fetchone()[0]
    row = connection.execute("SELECT capture FROM computed WHERE name = 'degree'").fetchone()
    if row is None:
        return "degrees are not computed yet"
    return None if row[0] == newest else "degrees are older than the newest pages"

"""Read-only doors to a map. A reader never blocks a crawl; it changes the file only to undo what a kill cut off."""

import json
import sqlite3
from contextlib import closing, suppress
from importlib.resources import files
from pathlib import Path

from linkmap.advice import MEMORY, command, in_memory
from linkmap.model import LinkmapError, UsageError

SCHEMA_VERSION = 1
APPLICATION_ID = 0x6C6D6170

_NOT_A_MAP = "{path} is not a linkmap map: name the file that `linkmap crawl` wrote, with --db"


def schema_sql() -> str:
    """The whole schema, as it stands in every new map."""
    return files("linkmap.store").joinpath("schema.sql").read_text(encoding="utf-8")


def open_reader(path: Path | str) -> sqlite3.Connection:
    """A read-only connection whose rows are `sqlite3.Row`. Close it soon: it pins what the writer can tidy.

    Raises LinkmapError where the file is missing, is no map, or was written by a newer linkmap.
    """
    path = Path(path)
    check_is_file(path)
    connection = sqlite3.connect(read_only_uri(path), uri=True, isolation_level=None)
    try:
        if _is_half_written(connection):
            _undo_half_written(path)
        check_is_map(connection, path)
    except (LinkmapError, sqlite3.Error):
        connection.close()
        raise
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA query_only = 1")
    return connection


def _is_half_written(connection: sqlite3.Connection) -> bool:
    """Whether a kill cut a transaction off that only who may write can undo (sqlite.org/atomiccommit.html, 4)."""
    try:
        connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.DatabaseError as error:
        return error.sqlite_errorname == "SQLITE_READONLY_ROLLBACK"
    return False


def _undo_half_written(path: Path) -> None:
    """Have SQLite undo a transaction that was killed; where the place cannot be written, all stays as it is."""
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA schema_version").fetchone()


def read_only_uri(path: Path | str) -> str:
    """The map as SQLite names a file that may not be written."""
    return f"{Path(path).absolute().as_uri()}?mode=ro"


def check_is_file(path: Path) -> None:
    """Raises LinkmapError where nothing, or a folder, stands at the path, UsageError where it names no file."""
    if in_memory(path):
        raise UsageError(
            f"a map in memory ({MEMORY}) ends with its crawl: crawl into a file to ask it or to go on with it"
        )
    if path.is_dir():
        raise LinkmapError(f"{path} is a folder: name a map file with --db")
    if not path.exists():
        raise LinkmapError(
            f"no map at {path}: make one with `{command('crawl SEED', path)}`, or name another with --db"
        )


def check_is_map(connection: sqlite3.Connection, path: Path) -> None:
    """Raises LinkmapError unless the file is a map that this version can read."""
    try:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_IOERR")):
            raise LinkmapError(
                f"{path} cannot be read ({error}): check the permissions of the file and its folder"
            ) from error
        raise LinkmapError(_NOT_A_MAP.format(path=path)) from error
    if application != APPLICATION_ID:
        raise LinkmapError(_NOT_A_MAP.format(path=path))
    if version > SCHEMA_VERSION:
        raise LinkmapError(
            f"{path} was written by a newer linkmap (schema {version}, this one knows {SCHEMA_VERSION}): "
            "update with `pip install --upgrade linkmap`"
        )


def pages_pending(path: Path | str) -> int:
    """How many pages of a map are still to be fetched, as of its last commit."""
    with closing(open_reader(path)) as reader:
        row = reader.execute("SELECT counts FROM run ORDER BY id DESC LIMIT 1").fetchone()
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

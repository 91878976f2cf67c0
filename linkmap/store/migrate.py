"""From the form of an older schema to today's, in numbered steps, in one transaction.

A step changes tables, which hold facts. Views, indexes and the tables of words (`outcome`, `kind`, `region`) hold none:
after the last step they are made anew from `schema.sql`, so that a migrated map is what a new one would be.
"""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from types import MappingProxyType

SCHEMA_VERSION = 2

_WORDS = ("outcome", "kind", "region")

_PAGE_2 = """
    id INTEGER PRIMARY KEY, url TEXT NOT NULL, url_key BLOB NOT NULL, origin INTEGER REFERENCES origin (id),
    auxiliary INTEGER NOT NULL, depth INTEGER, hops INTEGER NOT NULL, reach INTEGER NOT NULL,
    resource INTEGER NOT NULL DEFAULT 0, manner INTEGER NOT NULL DEFAULT 0, sitemap INTEGER NOT NULL DEFAULT 0,
    outcome INTEGER NOT NULL REFERENCES outcome (id), detail TEXT, tries INTEGER NOT NULL DEFAULT 0, due_at REAL,
    run INTEGER NOT NULL REFERENCES run (id), referrer INTEGER REFERENCES page_2 (id),
    capture INTEGER REFERENCES capture (id), links INTEGER REFERENCES capture (id)
"""


def schema_sql() -> str:
    """The whole schema, as it stands in every new map."""
    from importlib.resources import files  # takes some milliseconds, of which `status` has few

    return files("linkmap.store").joinpath("schema.sql").read_text(encoding="utf-8")


def _from_1(connection: sqlite3.Connection) -> None:
    """Schema 1 had several forms, as it was never released: what any of them lacks of schema 2 is added."""
    if "credentials" in _columns(connection, "link"):
        connection.execute("ALTER TABLE link RENAME COLUMN credentials TO flags")
    _rebuild_pages(connection)
    for table, column, declared in (
        ("capture", "script_evidence", "TEXT"),
        ("capture", "nofollow", "INTEGER AS (coalesce(instr(' ' || robots_flags || ' ', ' nofollow ') > 0, 0))"),
        ("capture", "noindex", "INTEGER AS (coalesce(instr(' ' || robots_flags || ' ', ' noindex ') > 0, 0))"),
        ("link", "hreflang", "TEXT"),
        ("link", "lastmod", "TEXT"),
        ("link", "written", "TEXT"),
    ):
        if column not in _columns(connection, table):
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {declared}")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS trap (id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run (id), "
        "rule TEXT NOT NULL, pattern TEXT NOT NULL, evidence TEXT NOT NULL)"
    )


def _rebuild_pages(connection: sqlite3.Connection) -> None:
    """`page` as schema 2 has it: `tries` got a default, which SQLite cannot give to a column that is there."""
    had = _columns(connection, "page")
    connection.execute(f"CREATE TABLE page_2 ({_PAGE_2})")
    kept = ", ".join(sorted(had))
    connection.execute(f"INSERT INTO page_2 ({kept}) SELECT {kept} FROM page")  # noqa: S608 names of our own columns
    connection.execute("DROP TABLE page")
    connection.execute("ALTER TABLE page_2 RENAME TO page")
    if "manner" not in had:  # nor did it know sitemaps: what was auxiliary was a robots.txt
        connection.execute("UPDATE page SET manner = 3 WHERE auxiliary = 1")


STEPS: Mapping[int, Callable[[sqlite3.Connection], None]] = MappingProxyType({1: _from_1})
"""Version -> what leads from it to the next."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring an open map up to today's schema, in one transaction; the caller holds the writer's lock."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version < SCHEMA_VERSION:
            for (view,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'view'").fetchall():
                connection.execute('DROP VIEW "{}"'.format(view.replace('"', '""')))
            for step in range(version, SCHEMA_VERSION):
                STEPS[step](connection)
            _make_anew(connection)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()  # nothing where SQLite has done so itself, on a full disk
        raise


def _make_anew(connection: sqlite3.Connection) -> None:
    """Views, indexes and words as a new map has them. Those indexes that the end of a crawl builds are left alone."""
    with closing(sqlite3.connect(":memory:")) as new:
        new.executescript(schema_sql())
        made = new.execute("SELECT type, name, sql FROM sqlite_schema WHERE type IN ('index', 'view') AND sql NOT NULL")
        for kind, name, sql in made.fetchall():
            if kind == "index":
                connection.execute(f"DROP INDEX IF EXISTS {name}")
            connection.execute(sql)
        for table in _WORDS:
            rows = new.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 our own words
            places = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({places})", rows)  # noqa: S608


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    """The names of a table's columns, those that are worked out included."""
    return {row[1] for row in connection.execute(f"PRAGMA table_xinfo({table})")}

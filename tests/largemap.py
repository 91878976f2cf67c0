"""A map whose crawl has ended and whose indexes are still to be built, written without crawling."""

import sqlite3
from contextlib import closing
from pathlib import Path

from linkmap.settings import Settings
from linkmap.store.reader import schema_sql

# ruff: noqa: S608


def write_large_map(db: Path, pages: int, links: int) -> None:
    """A map of one host whose pages have so many links each, to pages far and near."""
    statements = f"""
INSERT INTO run VALUES (1, 0, NULL, 'indexing', '0', 'test', ?,
    '{{"page": {{"fetched": {pages}}}, "auxiliary": {{}}}}', '[]');
INSERT INTO host VALUES (1, 'h.test', 'test.h', 'h.test', NULL, NULL, 0, {pages}, 0, 0);
INSERT INTO origin (id, scheme, host, port) VALUES (1, 'http', 1, 80);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {pages})
INSERT INTO page (id, url, url_key, origin, auxiliary, depth, hops, reach, outcome, tries, run, capture, links)
SELECT i, 'http://h.test/' || i, randomblob(12), 1, 0, 0, 0, 0, 1, 1, 1, i, i FROM n;
INSERT INTO capture (id, page, run, fetched_at, outcome, status, bytes, cut, truncated, seconds, links, inert_links)
SELECT id, id, 1, 0, 1, 200, 0, 0, 0, 0, id, 0 FROM page;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {links - 1})
INSERT INTO link (capture, ordinal, target, kind, rel, region, anchor, flags)
SELECT page.id, i, 1 + (page.id * 7919 + i * 104729) % {pages}, 1, 0, 0, 0, 0 FROM page, n;
"""
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        connection.executescript("PRAGMA synchronous = OFF;" + schema_sql())
        connection.execute("BEGIN")
        for statement in statements.strip().split(";\n"):
            parameters = (Settings().to_json(),) if "?" in statement else ()
            connection.execute(statement, parameters)
        connection.execute("COMMIT")


def indexes(db: Path) -> set[str]:
    """The names of the indexes that there are."""
    with closing(sqlite3.connect(db)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        return {name for (name,) in names}

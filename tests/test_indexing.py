"""The indexing stage: what it builds, that it can be broken off, and that the next question takes it up."""

import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from handmade import account
from maps import check_accounting, linkmap, rows
from test_laws import start_crawl

from linkmap.settings import Settings
from linkmap.store.indexing import ensure_indexed
from linkmap.store.reader import schema_sql

PAGES, LINKS = 25_000, 16
# ruff: noqa: S608
LARGE = f"""
INSERT INTO run VALUES (1, 0, NULL, 'indexing', '0', 'test', ?,
    '{{"page": {{"fetched": {PAGES}}}, "auxiliary": {{}}}}', '[]');
INSERT INTO host VALUES (1, 'h.test', 'test.h', 'h.test', NULL, NULL, 0, {PAGES}, 0, 0);
INSERT INTO origin (id, scheme, host, port) VALUES (1, 'http', 1, 80);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {PAGES})
INSERT INTO page (id, url, url_key, origin, auxiliary, depth, hops, reach, outcome, tries, run, capture, links)
SELECT i, 'http://h.test/' || i, randomblob(12), 1, 0, 0, 0, 0, 1, 1, 1, i, i FROM n;
INSERT INTO capture (id, page, run, fetched_at, outcome, status, bytes, cut, truncated, seconds, links, inert_links)
SELECT id, id, 1, 0, 1, 200, 0, 0, 0, 0, id, 0 FROM page;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {LINKS - 1})
INSERT INTO link (capture, ordinal, target, kind, rel, region, anchor, flags)
SELECT page.id, i, 1 + (page.id * 7919 + i * 104729) % {PAGES}, 1, 0, 0, 0, 0 FROM page, n;
"""


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A map whose crawl has ended and whose indexes are still to be built: a second's work or so."""
    db = tmp_path / "large.db"
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        connection.executescript("PRAGMA synchronous = OFF;" + schema_sql())
        connection.execute("BEGIN")
        for statement in LARGE.strip().split(";\n"):
            parameters = (Settings().to_json(),) if "?" in statement else ()
            connection.execute(statement, parameters)
        connection.execute("COMMIT")
    return db


def indexes(db: Path) -> set[str]:
    return {name for (name,) in rows(db, "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")}


def test_degrees_count_pages_links_and_hosts_once(large: Path) -> None:
    assert ensure_indexed(large) is not None
    assert {"page_url_key", "link_target", "capture_page"} <= indexes(large)
    distinct = rows(large, "SELECT count(DISTINCT capture) FROM link WHERE target = 17 AND capture <> 17")
    assert rows(large, "SELECT in_pages FROM degree WHERE page = 17") == distinct
    assert rows(large, "SELECT in_hosts, out_pages <= out_links FROM degree WHERE page = 17") == [(1, 1)]
    assert ensure_indexed(large) is None, "what stands is not built again"
    assert rows(large, "SELECT state FROM run") == [("finished",)]


def test_degrees_are_those_of_the_view_edges(large: Path) -> None:
    with closing(sqlite3.connect(large, isolation_level=None)) as connection:
        for host in range(2, 6):
            connection.execute(
                "INSERT INTO host VALUES (?, ?, ?, ?, NULL, NULL, 0, 0, 0, 0)", (host, *[f"h{host}"] * 3)
            )
            connection.execute("INSERT INTO origin (id, scheme, host, port) VALUES (?, 'http', ?, 80)", (host, host))
        connection.execute("UPDATE page SET origin = 1 + id % 5 WHERE id % 3 = 0")
        connection.execute("UPDATE page SET auxiliary = 1, links = NULL WHERE id % 1000 = 1")
        connection.execute("DELETE FROM link WHERE target % 1000 = 1 OR target > 24000 AND capture % 2 = 0")
        connection.execute("UPDATE link SET kind = 1 + ordinal, target = target / 3 + 2 WHERE target % 1000 <> 4")
        connection.execute("DELETE FROM link WHERE target % 1000 = 1")
        account(connection)
    ensure_indexed(large)
    inward = (
        "SELECT target, sum(weight), count(*), count(DISTINCT origin.host) FROM edges JOIN page ON page.id = source "
        "JOIN origin ON origin.id = page.origin GROUP BY target ORDER BY target"
    )
    stored = rows(large, "SELECT page, in_links, in_pages, in_hosts FROM degree WHERE in_links > 0 ORDER BY page")
    assert stored == rows(large, inward)
    assert len({hosts for *_, hosts in stored}) == 5
    outward = "SELECT source, sum(weight), count(*) FROM edges GROUP BY source ORDER BY source"
    assert rows(large, "SELECT page, out_links, out_pages FROM degree WHERE out_links > 0 ORDER BY page") == rows(
        large, outward
    )
    assert rows(large, "SELECT count(*) FROM degree") == rows(large, "SELECT count(*) FROM page WHERE auxiliary = 0")


@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.2])
def test_ctrl_c_skips_the_indexing_and_the_next_question_builds_it(large: Path, tmp_path: Path, after_s: float) -> None:
    process = start_crawl(large, "--resume")
    while not rows(large, "SELECT 1 FROM run WHERE state = 'indexing' AND ended_at IS NOT NULL"):
        assert process.poll() is None
        time.sleep(0.005)
    time.sleep(after_s)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert "Traceback" not in err
    assert process.returncode == 4, err
    assert rows(large, "SELECT state FROM run") == [("indexing",)]
    asked = linkmap("query", "in_degree", "--db", large, "--limit", "1", "--format", "csv", cwd=tmp_path)
    assert asked.returncode == 0, asked.stderr
    assert len(asked.stdout.splitlines()) == 2
    assert "Built the indexes" in asked.stderr
    assert rows(large, "SELECT state FROM run") == [("finished",)]
    check_accounting(large)

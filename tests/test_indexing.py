"""The indexing stage: what it builds. That it may be killed or interrupted stands in tests/reliability."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from handmade import account
from largemap import indexes, write_large_map
from maps import rows

from linkmap.store.indexing import ensure_indexed


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A map whose crawl has ended and whose indexes are still to be built: a second's work or so."""
    db = tmp_path / "large.db"
    write_large_map(db, 25_000, 16)
    return db


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


def test_a_stage_that_was_killed_with_all_built_is_ended_by_the_next_question(large: Path) -> None:
    ensure_indexed(large)
    with closing(sqlite3.connect(large)) as connection:
        connection.execute("UPDATE run SET state = 'indexing'")
        connection.commit()
    assert ensure_indexed(large) is None, "there is nothing to say"
    assert rows(large, "SELECT state FROM run") == [("finished",)]

"""What a batch brings to a map stands there as it was given, however many rows there are."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from maps import check_accounting, rows

from linkmap.columns import Link, Links, Target, Targets
from linkmap.discovery import Discovery
from linkmap.ledger import Ledger
from linkmap.model import Document, Outcome, Report, Visit
from linkmap.seeds import Seed, parse_seed
from linkmap.settings import Settings
from linkmap.store.batch import Batch
from linkmap.store.reader import schema_sql
from linkmap.store.sqlite import Store
from linkmap.url import url_key


@pytest.fixture
def empty() -> Iterator[sqlite3.Connection]:
    """An empty map in memory."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(schema_sql())
        yield connection


@pytest.mark.parametrize("count", [0, 1, 2, 63, 64, 65, 200])
def test_links_stand_as_they_were_given(empty: sqlite3.Connection, count: int) -> None:
    plain = Links.of(Link(place, 1, "", place % 7, "", 0) for place in range(count))
    rare = Links.of(
        Link(place, 8, "", 0, "", 2, *(("de", None, "") if place % 2 else (None, "2026", "x")))
        for place in range(count)
    )
    batch = Batch()
    for capture, links in enumerate((plain, rare, plain), 1):
        ids = range(100, 100 + count)
        batch.add_links(capture, links, ids, [5] * count, [9] * count)
    batch.write(empty)
    expected = []
    for capture, is_rare in (1, False), (2, True), (3, False):
        for place in range(count):
            facts = (8, 5, 0, 9, 2) if is_rare else (1, 5, place % 7, 9, 0)
            seldom = (("de", None, "") if place % 2 else (None, "2026", "x")) if is_rare else (None, None, None)
            expected.append((capture, place, 100 + place, *facts, *seldom))
    assert empty.execute("SELECT * FROM link ORDER BY capture, ordinal").fetchall() == expected


def test_a_page_of_thousands_of_links_enters_whole(tmp_path: Path) -> None:
    asyncio.run(_record_large(tmp_path / "map.db"))
    assert rows(tmp_path / "map.db", "SELECT count(*), count(DISTINCT target), max(ordinal) FROM link") == [
        (5_001, 5_001, 5_000)
    ]
    facts = "SELECT depth, outcome, referrer, count(*) FROM page WHERE id > 1 GROUP BY 1, 2, 3"
    assert rows(tmp_path / "map.db", facts) == [(1, 0, 1, 5_001)]
    joined = (
        "SELECT count(*) FROM link JOIN page ON page.id = link.target JOIN anchor ON anchor.id = link.anchor "
        "WHERE page.url = 'http://h.test/' || link.ordinal AND anchor.text = 'to ' || link.ordinal"
    )
    assert rows(tmp_path / "map.db", joined) == [(5_001,)]
    check_accounting(tmp_path / "map.db")


async def _record_large(db: Path) -> None:
    """A map whose seed has 5,001 links, as of its commit."""
    targets = Targets.of(Target(url, url_key(url), True) for url in (f"http://h.test/{n}" for n in range(5_001)))
    links = Links.of(Link(place, 1, "", 0, f"to {place}", 0) for place in range(5_001))
    report = Report(1, Visit(Outcome.FETCHED, 0.0, status=200), Document(), targets, links, bytes(16))
    store = await Store.open(db)
    try:
        ledger = await Ledger.open(store, Settings())
        seed = parse_seed("http://h.test/")
        assert isinstance(seed, Seed)
        await ledger.begin_run([seed], judge_again=False)
        ((host, entry),) = ledger.discovery.ready

        def record(discovery: Discovery) -> None:
            discovery.record(host, entry, report)

        await ledger.commit([record])
    finally:
        await store.close()

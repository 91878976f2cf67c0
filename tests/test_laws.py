"""The laws of a map: the same graph whatever the order, the accounting at every commit."""

import asyncio
import random
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Answer, Site
from maps import check_accounting, graph, rows
from webs import HOSTS, tangled_hosts, tangled_site

from linkmap.runs import crawl
from linkmap.scope import ScopeName
from linkmap.settings import Settings

PAGES = 120


@pytest.fixture
def tangle(site: Site) -> Site:
    site.pages = tangled_site(PAGES)
    return site


def crawl_to(db: Path, start: str, concurrency: int, depth: int) -> None:
    settings = Settings(
        delay_s=0, allow_private=True, depth=depth, concurrency=concurrency, per_host=concurrency, max_pages=0
    )
    asyncio.run(crawl([start], db, settings))
    check_accounting(db)


@pytest.mark.parametrize("depth", [4, 8, 60])
def test_the_graph_is_the_same_at_every_concurrency(tangle: Site, tmp_path: Path, depth: int) -> None:
    graphs = []
    for concurrency in (1, 4, 64):
        db = tmp_path / f"{concurrency}.db"
        crawl_to(db, tangle("/0"), concurrency, depth)
        graphs.append(graph(db))
    assert graphs[0][1], "the crawl found links"
    assert graphs[0] == graphs[1] == graphs[2]


@pytest.mark.parametrize("seed", range(16))
def test_the_graph_of_several_hosts_is_the_same_whoever_answers_first(site: Site, tmp_path: Path, seed: int) -> None:
    site.pages, seeds = tangled_hosts(seed, site.port)
    chance = random.Random(seed)
    scope, depth = chance.choice(list(ScopeName)), chance.choice([1, 2, 3, 6])
    check = chance.choice([(), ("external",), ("resources",), ("external", "resources")])
    graphs = []
    for concurrency in (1, 4, 64):
        for page in site.pages.values():
            assert isinstance(page, Answer)
            page.delay_s = chance.random() * 0.02 if chance.random() < 0.5 else 0.0
        db = tmp_path / f"{concurrency}.db"
        settings = Settings(
            delay_s=0, allow_private=True, scope=scope, depth=depth, concurrency=concurrency, per_host=concurrency,
            check=check, resolve=tuple((host, site.port, "127.0.0.1") for host in HOSTS),
        )  # fmt: skip
        asyncio.run(crawl(seeds, db, settings))
        check_accounting(db)
        graphs.append(graph(db))
    assert graphs[0] == graphs[1] == graphs[2]


def test_depths_are_those_of_a_breadth_first_walk_over_the_stored_links(tangle: Site, tmp_path: Path) -> None:
    db = tmp_path / "map.db"
    crawl_to(db, tangle("/0"), 64, 8)
    query = "SELECT source, target, free FROM links JOIN kind ON kind.name = links.kind WHERE followed AND NOT nofollow"
    links = rows(db, query)
    depth, layer = {1: 0}, [1]
    while layer:
        following = []
        for page in layer:
            for source, target, free in links:
                if source == page:
                    reached = depth[page] + (not free)
                    if reached < depth.get(target, 10**9):
                        depth[target] = reached
                        following.append(target)
        layer = following
    assert depth == dict(rows(db, "SELECT id, depth FROM page WHERE depth IS NOT NULL"))


def rows_or_none(db: Path, sql: str) -> list[tuple[object, ...]] | None:
    """Rows, or None where a kill struck before the schema was there."""
    try:
        return rows(db, sql)
    except sqlite3.OperationalError:
        return None


def test_the_accounting_holds_at_every_commit_that_a_reader_sees(tangle: Site, tmp_path: Path) -> None:
    db = tmp_path / "map.db"
    running = threading.Thread(target=crawl_to, args=(db, tangle("/0"), 8, 60))
    running.start()
    seen = set()
    while running.is_alive():
        if db.exists() and rows_or_none(db, "SELECT 1 FROM run"):
            check_accounting(db)
            seen.add(rows(db, "SELECT count(*) FROM capture")[0][0])
    running.join()
    assert len(seen) > 5, "the reader saw the map grow"


def test_a_reader_does_not_hold_up_the_crawl(tangle: Site, tmp_path: Path) -> None:
    db = tmp_path / "map.db"
    running = threading.Thread(target=crawl_to, args=(db, tangle("/0"), 8, 60))
    running.start()
    wait_for(lambda: db.exists() and rows_or_none(db, "SELECT 1 FROM capture"))
    with closing(sqlite3.connect(db)) as reader:
        reader.execute("BEGIN")
        before = reader.execute("SELECT count(*) FROM capture").fetchone()
        running.join(60)
        assert not running.is_alive()
        assert reader.execute("SELECT count(*) FROM capture").fetchone() == before
    # The log could not be folded in while the reader held it; the map is whole all the same.
    check_accounting(db)
    assert rows(db, "SELECT state FROM run") == [("finished",)]


def wait_for(condition: object, at_most_s: float = 20.0) -> None:
    """Wait until something outside this process has happened."""
    until = time.monotonic() + at_most_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.005)

"""One crawl at a time writes a map, and none that is gone keeps the next one out."""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web
from conftest import Site
from maps import check_accounting, outcomes

from .killing import OPTIONS, kill, wait_until_gone, workers_of
from .starter import Starter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no kill -9")

REFUSED_S = 1.0


@pytest.fixture
def first(tmp_path: Path) -> Iterator[Starter]:
    (tmp_path / "first").mkdir()
    with Starter(tmp_path / "first") as starter:
        yield starter


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Starter]:
    (tmp_path / "second").mkdir()
    with Starter(tmp_path / "second") as starter:
        assert starter.run("--version") == 0
        yield starter


def start_slow_crawl(site: Site, starter: Starter, db: Path, *options: object) -> int:
    """The process of a crawl that waits for an answer which does not come."""
    asked = threading.Event()

    async def slow(_: web.Request) -> web.StreamResponse:
        asked.set()
        await asyncio.sleep(60)
        raise AssertionError("nobody waits so long")

    site.pages = {"/": '<a href="/slow">s</a>', "/slow": slow}  # type: ignore[dict-item]
    process = starter.start("crawl", site("/"), "--db", db, *OPTIONS, *options)
    assert asked.wait(30), starter.err
    return process


def test_a_map_named_by_a_link_is_the_same_map(site: Site, first: Starter, second: Starter, tmp_path: Path) -> None:
    db, link = tmp_path / "map.db", tmp_path / "link.db"
    link.symlink_to("map.db")
    process = start_slow_crawl(site, first, link)
    for name in (db, link):
        assert second.run("crawl", "--resume", "--db", name) == 1
        assert f"at work on {name}" in second.err
    assert len(site.paths()) == 1
    kill(process)
    assert first.end() == -signal.SIGKILL
    assert second.run("status", "--db", link) == 0, second.err
    site.pages["/slow"] = "it came"
    assert second.run("crawl", "--resume", "--db", link) == 0, second.err
    check_accounting(db)
    assert [path.name for path in tmp_path.glob("*.db*")] in (["map.db", "link.db"], ["link.db", "map.db"])


@pytest.mark.parametrize(
    "words",
    [("crawl", "--resume"), ("crawl", "--add", "http://b.test/"), ("crawl", "http://b.test/"), ("rank",)],
    ids=["resume", "add", "new", "rank"],
)
def test_a_second_writer_is_refused_within_a_second_and_the_first_goes_on(
    site: Site, first: Starter, second: Starter, tmp_path: Path, words: tuple[str, ...]
) -> None:
    db = tmp_path / "map.db"
    process = start_slow_crawl(site, first, db)
    began = time.monotonic()
    code = second.run(*words, "--db", db)
    assert time.monotonic() - began <= REFUSED_S
    assert code == 1
    assert len(second.err.splitlines()) == 1
    assert f"at work on {db}" in second.err or f"{db} is being written" in second.err
    assert first.is_at_work_for(0)
    check_accounting(db)
    kill(process)
    assert first.end() == -signal.SIGKILL


def test_kill_9_leaves_no_stale_lock_even_where_a_worker_hangs_on(
    site: Site, first: Starter, second: Starter, tmp_path: Path
) -> None:
    db = tmp_path / "map.db"
    process = start_slow_crawl(site, first, db, "--workers", 2)
    workers = workers_of(process)
    assert len(workers) == 2
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    kill(process)
    assert first.end() == -signal.SIGKILL
    assert (tmp_path / "map.db.lock").exists(), "the file stays, the lock does not"
    site.pages["/slow"] = "it came"
    assert second.run("crawl", "--resume", "--db", db) == 0, second.err
    for worker in workers:
        os.kill(worker, signal.SIGCONT)
    wait_until_gone(workers)
    check_accounting(db)
    assert outcomes(db) == {site("/"): "fetched", site("/slow"): "fetched"}
    assert [path.name for path in tmp_path.glob("map.db*")] == ["map.db"]

"""Whatever opens the map, or a copy of it, beside a crawl: the crawl keeps its locks, and the copy is whole."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Site
from maps import check_accounting, environment, linkmap, rows

from linkmap import Settings, crawl, open_store, query
from linkmap.model import FoundLink
from reliability.readers import Endless, crawling, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks the system for the locks of another process")

CRAWL = ("--delay", 0, "--allow-private", "--depth", 99, "--max-pages", 0, "--workers", 0, "--no-traps", "--quiet")


def holder(db: Path) -> int:
    """The process whose SQLite lock on the map keeps others from taking it for their own."""
    words = [sys.executable, "-m", "reliability.locked", str(db)]
    return int(
        subprocess.run(words, env=environment(with_tests=True), capture_output=True, text=True, check=True).stdout
    )


def test_programs_that_open_the_map_or_copy_it_drop_no_lock_of_the_crawl(site: Site, tmp_path: Path) -> None:
    Endless(site, links=6, delay_s=0.1)
    db, copy = tmp_path / "map.db", tmp_path / "copy.db"
    with crawling(tmp_path, site("/"), *CRAWL) as crawl:
        wait_for(lambda: len(site.log) > 5)
        assert holder(db) == crawl.pid
        shutil.copy(db, tmp_path / "cp.db")
        db.read_bytes()
        assert rows(db, "SELECT count(*) > 0 FROM page") == [(1,)]
        with closing(sqlite3.connect(db)) as connection:
            connection.execute("VACUUM INTO ?", (str(copy),))
        for words in ("status", "query in_degree", "export m.csv"):
            assert linkmap(*words.split(), cwd=tmp_path).returncode == 0
        assert holder(db) == crawl.pid
        began = time.monotonic()
        refused = linkmap("crawl", "--resume", cwd=tmp_path)
        assert time.monotonic() - began < 5, "the start of the process included"
        assert refused.returncode == 1
        assert "another crawl is at work on map.db" in refused.stderr
        seen = len(site.log)
        wait_for(lambda: len(site.log) > seen + 5)
        assert crawl.poll() is None
    check_accounting(copy)
    check_accounting(db)


def test_questions_asked_within_the_process_that_crawls_drop_none_of_its_locks(site: Site, tmp_path: Path) -> None:
    Endless(site, links=6)
    db, held, stop = tmp_path / "map.db", [], asyncio.Event()

    async def ask(links: list[FoundLink]) -> None:
        if not links:
            return
        assert query(db, "SELECT count(*) > 0 FROM page").rows == [(1,)]
        async with open_store(db) as view:
            assert (await view.status()).state == "running"
        held.append(await asyncio.to_thread(holder, db))
        if len(held) == 3:
            stop.set()

    settings = Settings(delay_s=0.0, allow_private=True, depth=99, max_pages=0, traps=False, workers=0)
    asyncio.run(crawl([site("/")], db, settings, on_links=ask, stop=stop))
    assert len(held) >= 3
    assert set(held) == {os.getpid()}
    check_accounting(db)

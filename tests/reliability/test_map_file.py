"""The map's file beside other programs: its write-ahead log, its locks, and who may hold it for how long."""

import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from conftest import Site
from maps import check_accounting, command, environment, linkmap, rows
from test_indexing import large  # noqa: F401 a fixture

from linkmap.store.indexing import ensure_indexed
from linkmap.store.lock import writer_lock
from linkmap.store.log import pinning_process
from linkmap.url import url_key
from reliability.readers import Endless, crawling, reading, wait_for

CRAWL = (
    "--delay", 0, "--allow-private", "--depth", 99, "--max-pages", 0, "--workers", 0, "--per-host", 4, "--no-traps",
    "--quiet",
)  # fmt: skip
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n, page"
LOG_BYTES = 33e6
"""Twice the 16 MB after which SQLite folds a log in."""


def log(folder: Path) -> int:
    """The size of the map's write-ahead log."""
    path = folder / "map.db-wal"
    return path.stat().st_size if path.exists() else 0


def test_a_program_that_holds_the_map_lets_its_log_grow_until_it_ends_and_status_names_it(
    site: Site, tmp_path: Path
) -> None:
    endless = Endless(site)
    with crawling(tmp_path, site("/"), *CRAWL) as crawl:
        wait_for(lambda: len(site.log) > 20)
        with reading(tmp_path / "map.db") as reader:
            wait_for(lambda: log(tmp_path) > 1.05 * LOG_BYTES, 60)
            wait_for(lambda: (tmp_path / "map.db.lock").stat().st_size, 5)
            told = linkmap("status", cwd=tmp_path).stdout.splitlines()[1]
            assert f"process {reader.pid} (" in told
            assert "map.db-wal holds" in told
            endless.delay_s = 3.0  # so that hardly a commit comes
            held = log(tmp_path)
        wait_for(lambda: log(tmp_path) < LOG_BYTES / 10, 5)
        assert held > 1.05 * LOG_BYTES
        assert "Log:" not in linkmap("status", cwd=tmp_path).stdout
        endless.delay_s = 0.0
        went = len(site.log)
        wait_for(lambda: len(site.log) > went + 20)
        crawl.send_signal(signal.SIGINT)
        _, said = crawl.communicate(timeout=10)
    assert crawl.returncode == 4, said
    assert "rror" not in said
    check_accounting(tmp_path / "map.db")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["map.db"]
    assert rows(tmp_path / "map.db", "SELECT state FROM run") == [("stopped",)]


@contextmanager
def asking(folder: Path, *words: object) -> Iterator[subprocess.Popen[str]]:
    """`linkmap ...` at work in a folder; killed where the test did not end it."""
    process = subprocess.Popen(
        command(*words), cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def longest_hold_s(db: Path, asked: subprocess.Popen[str], crawl: int) -> float:
    """Until a process ends: the longest time that it was seen to hold the map at one moment, without a pause."""
    longest, began = 0.0, None
    while asked.poll() is None:
        held = pinning_process(db, crawl)
        if held is not None and held[0] == asked.pid:
            began = began or time.monotonic()
            longest = max(longest, time.monotonic() - began)
        else:
            began = None
        time.sleep(0.002)
    return longest


def test_a_question_that_takes_over_a_second_beside_a_crawl_is_refused_unless_it_may_hold_the_map(
    site: Site, tmp_path: Path
) -> None:
    Endless(site, links=2, delay_s=0.2)
    db = tmp_path / "map.db"
    with crawling(tmp_path, site("/"), *CRAWL) as crawl:
        wait_for(lambda: len(site.log) > 5)
        with asking(tmp_path, "query", "--sql", ENDLESS) as asked:
            longest = longest_hold_s(db, asked, crawl.pid)
            print("held for", longest)
            assert 0.5 < longest < 2, "a second, and some for a machine at work"
            out, said = asked.communicate()
        assert (asked.returncode, out) == (1, "")
        assert said.startswith("Error: this takes over a second, and map.db is being written by another linkmap: ")
        assert len(said.splitlines()) == 1
        with asking(tmp_path, "query", "--hold", "--sql", ENDLESS) as asked:
            wait_for(lambda: pinning_process(db, crawl.pid) is not None)
            time.sleep(2)
            assert pinning_process(db, crawl.pid) is not None
            asked.send_signal(signal.SIGINT)
            assert asked.communicate(timeout=5)[1].strip() == "Stopped."
        assert crawl.poll() is None


def test_a_crawl_that_begins_while_a_long_question_is_asked_does_not_wait_for_its_end(
    site: Site, tmp_path: Path
) -> None:
    site.pages = {"/": '<a href="/a">a</a>', "/a": '<a href="/b">b</a>', "/b": "b"}
    options = ("--delay", "0", "--allow-private")
    linkmap("crawl", site("/"), *options, "--depth", "1", cwd=tmp_path)
    with asking(tmp_path, "query", "--sql", ENDLESS) as asked:
        time.sleep(2.5)
        assert asked.poll() is None, "no crawl is at work: it may take as long as it likes"
        added = linkmap("crawl", "--add", *options, "--depth", "9", cwd=tmp_path)
        assert added.returncode == 0, added.stderr
        assert "is being written by another linkmap" in asked.communicate(timeout=5)[1]
    assert len(site.paths()) == 3


@pytest.mark.parametrize(
    "words",
    [
        ("export", "m.graphml"),
        ("export", "h.csv", "--level", "host"),
        ("links", "http://h.test/7", "--limit", "0"),
        ("path", "http://h.test/1", "http://h.test/4999"),
        ("status",),
    ],
    ids=lambda words: words[0],
)
def test_no_command_reads_the_map_for_a_second_on_end(large: Path, words: tuple[str, ...]) -> None:  # noqa: F811
    ensure_indexed(large)
    with closing(sqlite3.connect(large, isolation_level=None)) as writer, writer_lock(large):
        writer.execute("PRAGMA journal_mode = WAL")
        for page in (1, 7, 4999):  # those of a large map are made up
            writer.execute("UPDATE page SET url_key = ? WHERE id = ?", (url_key(f"http://h.test/{page}"), page))
        began = time.monotonic()
        with asking(large.parent, *words, "--db", large) as asked:
            longest = longest_hold_s(large, asked, 0)
            _, said = asked.communicate()
        print(words[0], "held for", longest, "of", time.monotonic() - began)
        assert asked.returncode == 0, said
        assert longest < 1
        assert longest > 0 or words[0] != "export", "what is measured is seen"


def test_status_beside_a_crawl_tells_of_one_moment(site: Site, tmp_path: Path) -> None:
    Endless(site, links=4, words="{}")
    with crawling(tmp_path, site("/"), *CRAWL):
        wait_for(lambda: len(site.log) > 20)
        for _ in range(12):
            told = [line.split() for line in linkmap("status", cwd=tmp_path).stdout.splitlines()]
            total = next(words[words.index("done") + 1] for words in told if words[:1] == ["discovered"])
            assert [words[2] for words in told if words[:1] == ["127.0.0.1"]] == [total], told

"""kill -9 at any time: a crawl, its workers and the building of its indexes lose nothing and repeat little.

`pytest tests/reliability/test_kills.py --rounds 1000 -rP` is the long form: so many kills in each test.
"""

import random
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Site
from largemap import indexes, write_large_map
from maps import check_accounting, outcomes, rows
from webs import tangled_site

from .killing import CONCURRENCY, Kills, check_copy, kill
from .starter import Starter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no kill -9")

PAGES = 60


@pytest.fixture
def tangle(site: Site) -> Site:
    site.pages = tangled_site(PAGES)
    return site


@pytest.fixture
def starter(tmp_path: Path) -> Iterator[Starter]:
    with Starter(tmp_path) as starter:
        yield starter


def test_a_crawl_killed_at_any_time_loses_nothing_and_repeats_what_was_in_flight(
    tangle: Site, starter: Starter, tmp_path: Path, rounds: Callable[[int], int]
) -> None:
    wanted = rounds(20)
    kills = Kills(tangle, [tangle("/0")], starter, tmp_path, "--workers", 0)
    while kills.struck < wanted:
        kills.crawl(kill, wanted - kills.struck)
    print(f"{kills.struck} kills, each had at most {kills.most_twice:g} pages asked for again")
    assert kills.most_twice <= CONCURRENCY


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc to find the workers in")
def test_with_workers_a_kill_of_one_or_of_all_loses_nothing(
    tangle: Site, starter: Starter, tmp_path: Path, rounds: Callable[[int], int]
) -> None:
    wanted = rounds(8)
    kills = Kills(tangle, [tangle("/0")], starter, tmp_path, "--workers", 2)
    while kills.struck < wanted:
        kills.crawl(kills.kill_a_worker_too, wanted - kills.struck)
    print(f"{kills.struck} kills, and {kills.workers} of workers; {kills.most_twice:g} pages asked for again at most")
    assert kills.most_twice <= CONCURRENCY


def indexed(db: Path) -> tuple[object, ...]:
    """All that the indexing stage makes, what it is made from, and the state that it leaves."""
    return (
        indexes(db),
        rows(db, "SELECT * FROM degree ORDER BY page"),
        rows(db, "SELECT * FROM page ORDER BY id"),
        rows(db, "SELECT * FROM link ORDER BY capture, ordinal"),
        rows(db, "SELECT state FROM run"),
    )


def test_a_kill_while_the_indexes_are_built_loses_nothing(
    starter: Starter, tmp_path: Path, rounds: Callable[[int], int]
) -> None:
    wanted, struck, within = rounds(12), 0, 0
    chance = random.Random(wanted)
    template, whole, db, copy = (tmp_path / f"{name}.db" for name in ("template", "whole", "killed", "copy"))
    write_large_map(template, 8_000, 16)
    shutil.copyfile(template, whole)
    began = time.monotonic()
    assert starter.run("crawl", "--resume", "--quiet", "--db", whole) == 0, starter.err
    usual_s = time.monotonic() - began
    resume = ("crawl", "--resume", "--quiet", "--db", db)
    question = ("query", "in_degree", "--limit", 1, "--db", db)
    while struck < wanted:
        shutil.copyfile(template, db)
        code = -signal.SIGKILL.value
        while code == -signal.SIGKILL:
            process = starter.start(*chance.choice([resume, question]))
            if struck < wanted and starter.is_at_work_for(chance.random() * usual_s):
                kill(process)
            code = starter.end()
            if code == -signal.SIGKILL:
                assert check_copy(db, copy)
                struck, within = struck + 1, within + (len(indexes(copy)) > len(indexes(template)))
        assert code == 0, starter.err
        check_accounting(db)
        if rows(db, "SELECT state FROM run") == [("running",)]:
            # Killed before it knew that no page was left, which a question does not find out.
            assert starter.run(*resume) == 0, starter.err
        assert indexed(db) == indexed(whole)
    print(f"{struck} kills, {within} of them between the first index and the last")
    assert within > 0


@pytest.mark.parametrize("words", [("status",), ("crawl", "--resume"), ("query", "in_degree", "--limit", 1)], ids=str)
def test_a_map_killed_in_the_middle_of_a_write_of_its_own_file_is_read_as_it_was_before(
    starter: Starter, tmp_path: Path, words: tuple[object, ...]
) -> None:
    """Folding the log in, and making a map, write the file itself, beside a journal that says how it was."""
    whole, db = tmp_path / "whole.db", tmp_path / "map.db"
    write_large_map(whole, 1_000, 2)
    with closing(sqlite3.connect(whole, isolation_level=None)) as writer:
        writer.executescript("PRAGMA cache_size = 1; BEGIN; UPDATE page SET outcome = 0, url = url || 'half'")
        for ending in ("", "-journal"):
            shutil.copyfile(f"{whole}{ending}", f"{db}{ending}")
        writer.execute("ROLLBACK")
    assert starter.run(*words, "--db", db) == 0, starter.err
    check_accounting(db)
    assert set(outcomes(db).values()) == {"fetched"}
    assert not (tmp_path / "map.db-journal").exists()

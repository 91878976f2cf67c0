"""Ctrl-C at any time, as a terminal sends it: to the crawl and to its workers at once.

`pytest tests/reliability/test_interrupts.py --rounds 100 -rP` is the long form: so many crawls in each test.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import Answer, Site
from largemap import write_large_map
from maps import ROOT, check_accounting, command, environment, outcomes, rows
from webs import tangled_site

from .killing import OPTIONS, everything, has_run, workers_of
from .starter import Starter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no process groups")

ONCE_S, TWICE_S = 5.0, 1.0
AGAIN = "Ctrl-C again leaves at once"
FINISHED, STOPPED_BEFORE, STOPPED, ENDED_BY_SIGNAL = 0, 1, 4, -signal.SIGINT.value
"""What a crawl that Ctrl-C strikes may end with: the last two are those of a process that loads, or has said all."""


@pytest.fixture
def starter(tmp_path: Path) -> Iterator[Starter]:
    with Starter(tmp_path) as starter:
        assert starter.run("--version") == 0
        yield starter


def interrupt(process: int) -> float:
    """When Ctrl-C was pressed, which strikes the process and all of its group."""
    with suppress(ProcessLookupError):  # it may have ended by itself
        os.killpg(process, signal.SIGINT)
    return time.monotonic()


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    presses: int
    """How often it was struck."""


def press(starter: Starter, process: int, presses: int, apart_s: float) -> Ended:
    """Press Ctrl-C once or twice; the command ends in time and without a traceback.

    Two that the process has not seen apart are one to it, as signals are; and it may end before the second.
    """
    pressed, at_most_s, times = interrupt(process), ONCE_S, 1
    if presses == 2:
        while starter.is_at_work_for(0.002) and AGAIN not in starter.err:
            pass
        if starter.is_at_work_for(apart_s):
            pressed, at_most_s, times = interrupt(process), TWICE_S, 2
    code = starter.end()
    took_s = time.monotonic() - pressed
    print(f"exit code {code} after {took_s:.2f} s, {at_most_s:g} at most")
    assert took_s <= at_most_s
    assert "Traceback" not in starter.err
    assert code in (FINISHED, STOPPED_BEFORE, STOPPED, ENDED_BY_SIGNAL), starter.err
    return Ended(code, times)


@pytest.mark.parametrize("presses", [1, 2])
def test_a_crawl_ends_in_time_and_the_next_ends_in_the_same_graph(
    site: Site, starter: Starter, tmp_path: Path, rounds: Callable[[int], int], presses: int
) -> None:
    site.pages = tangled_site(60, slowest_s=0.3)
    whole, db, chance, ends = tmp_path / "whole.db", tmp_path / "map.db", random.Random(presses), Counter[Ended]()
    began = time.monotonic()
    assert starter.run("crawl", site("/0"), "--db", whole, *OPTIONS, "--workers", 0) == 0, starter.err
    usual_s = time.monotonic() - began
    for round_ in range(rounds(4)):
        db.unlink(missing_ok=True)
        process = starter.start("crawl", site("/0"), "--db", db, *OPTIONS, "--workers", 2 * (round_ % 2))
        starter.is_at_work_for(chance.random() * usual_s)
        ends[press(starter, process, presses, chance.random() * 0.3)] += 1
        begun = db.exists() and has_run(db)
        if begun:
            check_accounting(db)
        assert starter.run("crawl", "--db", db, *(["--resume"] if begun else [site("/0"), *OPTIONS])) == 0, starter.err
        check_accounting(db)
        assert everything(db) == everything(whole)
    print(f"Ctrl-C {presses} times: exit codes {dict(ends)}")
    assert STOPPED in {each.code for each in ends}
    assert presses in {each.presses for each in ends}


@pytest.mark.parametrize("presses", [1, 2])
def test_an_answer_that_never_comes_is_waited_for_five_seconds_at_most(
    site: Site, starter: Starter, tmp_path: Path, presses: int
) -> None:
    site.pages = {"/": '<a href="/never">n</a><a href="/fine">f</a>', "/never": Answer("", delay_s=60), "/fine": "f"}
    db = tmp_path / "map.db"
    process = starter.start("crawl", site("/"), "--db", db, *OPTIONS, "--workers", 2)
    wait_for(lambda: "/fine" in site.paths())
    assert press(starter, process, presses, 0.1).code == STOPPED
    assert AGAIN in starter.err
    assert ("linkmap crawl --resume" in starter.out) == (presses == 1)
    assert presses == 2 or rows(db, "SELECT state FROM run") == [("stopped",)]
    check_accounting(db)
    site.pages["/never"] = "it came"
    assert starter.run("crawl", "--resume", "--db", db) == 0, starter.err
    assert outcomes(db) == dict.fromkeys(map(site, ("/", "/never", "/fine")), "fetched")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc to find the workers in")
def test_workers_that_hang_are_waited_for_five_seconds_at_most_all_together(
    site: Site, starter: Starter, tmp_path: Path
) -> None:
    site.pages = {"/": '<a href="/never">n</a>', "/never": Answer("", delay_s=60)}
    db = tmp_path / "map.db"
    process = starter.start("crawl", site("/"), "--db", db, *OPTIONS, "--workers", 4)
    wait_for(lambda: "/" in site.paths() and len(workers_of(process)) == 4 and outcomes(db)[site("/")] == "fetched")
    for worker in workers_of(process):
        os.kill(worker, signal.SIGSTOP)
    assert press(starter, process, 1, 0).code == STOPPED
    assert workers_of(process) == []
    check_accounting(db)


@pytest.mark.parametrize("parser", ["lexbor", "bs4"])
def test_a_page_that_takes_long_to_read_is_waited_for_five_seconds_at_most(
    site: Site, starter: Starter, tmp_path: Path, parser: str
) -> None:
    """By bs4 it takes 20 seconds."""
    large = "".join(f"<p>{number} <b>bold</b> <a href='/'>home</a>" for number in range(220_000))
    site.pages = {"/": '<a href="/large">l</a>', "/large": large}
    db = tmp_path / "map.db"
    process = starter.start("crawl", site("/"), "--db", db, *OPTIONS, "--workers", 0, "--parser", parser)
    wait_for(lambda: "/large" in site.paths())
    starter.is_at_work_for(0.5)
    press(starter, process, 1, 0)
    check_accounting(db)
    assert outcomes(db)[site("/")] == "fetched"


@pytest.mark.parametrize("presses", [1, 2])
def test_the_indexing_stage_ends_in_time_and_the_next_question_builds_the_rest(
    starter: Starter, tmp_path: Path, rounds: Callable[[int], int], presses: int
) -> None:
    template, db, chance, ends = tmp_path / "template.db", tmp_path / "map.db", random.Random(presses), Counter[Ended]()
    write_large_map(template, 12_000, 16)
    for _ in range(rounds(2)):
        shutil.copyfile(template, db)
        process = starter.start("crawl", "--resume", "--db", db)
        while starter.is_at_work_for(0.002) and not in_stage(db):
            pass
        starter.is_at_work_for(chance.random() * 0.2)
        ends[press(starter, process, presses, chance.random() * 0.02)] += 1
        check_accounting(db)
        assert starter.run("query", "in_degree", "--db", db, "--limit", 1, "--format", "csv") == 0, starter.err
        assert len(starter.out.splitlines()) == 2
        assert rows(db, "SELECT state FROM run") == [("finished",)]
        check_accounting(db)
    print(f"Ctrl-C {presses} times while indexes are built: exit codes {dict(ends)}")
    assert STOPPED in {each.code for each in ends}
    assert presses in {each.presses for each in ends}


def wait_for(reached: Callable[[], bool]) -> None:
    """Wait for what happens in another process."""
    until = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.005)


def in_stage(db: Path) -> bool:
    return bool(rows(db, "SELECT 1 FROM run WHERE state = 'indexing' AND ended_at > 0"))


def test_ctrl_c_shows_no_traceback_while_the_command_loads(tmp_path: Path, rounds: Callable[[int], int]) -> None:
    chance = random.Random(4)
    for _ in range(rounds(6)):
        process = subprocess.Popen(
            command("crawl", "--resume"), cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        assert process.stderr is not None
        time.sleep(chance.random() * 0.3)
        interrupt(process.pid)
        _, err = process.communicate(timeout=TWICE_S + 10)
        # Python itself shows one while it starts: until it comes to linkmap's first line.
        assert str(ROOT / "linkmap" / "cli") not in err
        assert "__main__.py" not in err

"""The k-th system call fails: nothing hangs, a sentence says what failed, and the crawl goes on to the same graph."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from maps import linkmap, outcomes, rows

from linkmap.store.reader import schema_sql
from reliability.faults import MAP, Ended, Fault, can_trace, run_with
from reliability.twenty import OPTIONS, Twenty, check_is_one_sentence, check_same, twenty_pages

pytestmark = pytest.mark.skipif(not can_trace(), reason="no strace here, or it may not trace")

USUAL = 1


@pytest.fixture(scope="module")
def twenty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twenty]:
    with twenty_pages(tmp_path_factory.mktemp("whole")) as served:
        yield served


MADE, NEW = True, False
ON_THE_MAP = [
    (Fault("pread64", "EIO", MAP), MADE, 70),
    (Fault("pwrite64", "ENOSPC", MAP), MADE, 240),
    (Fault("pwrite64", "EIO", MAP), NEW, 240),
    (Fault("fdatasync", "EIO", MAP), MADE, 8),
    (Fault("fdatasync", "EIO", MAP), NEW, 8),
]
"""What fails, whether the map was made before, by another process, and about how many such calls there are."""


@pytest.mark.parametrize(("fault", "is_made", "calls"), ON_THE_MAP)
def test_a_crawl_whose_file_cannot_be_read_or_written_says_so_and_goes_on_to_the_same_graph(
    twenty: Twenty, tmp_path: Path, rounds: Callable[[int], int], fault: Fault, is_made: bool, calls: int
) -> None:
    step = max(1, calls // (rounds(USUAL) + 1))
    ended_by_it = 0
    for k in count(step, step):
        folder = tmp_path / str(k)
        folder.mkdir()
        if is_made:
            with closing(sqlite3.connect(folder / "map.db")) as connection:
                connection.executescript(schema_sql())
        ended = run_with(fault, k, "crawl", twenty.site("/"), *OPTIONS, "--workers", 0, cwd=folder)
        if not ended.failed:
            break
        assert "Traceback" not in ended.done.stderr
        if ended.done.returncode:
            ended_by_it += 1
            check_is_one_sentence(ended.done)
        check_goes_on(twenty, folder, ended)
    assert ended_by_it


ON_THE_NETWORK = [
    Fault("connect", "ECONNREFUSED", all_threads=False),
    Fault("connect", "ETIMEDOUT", all_threads=False),
    Fault("read", "ECONNRESET", all_threads=False),
    Fault("write", "EPIPE", all_threads=False),
    Fault("socket", "EMFILE", all_threads=False),
]


@pytest.mark.parametrize("fault", ON_THE_NETWORK, ids=lambda fault: f"{fault.call}-{fault.error}")
def test_a_request_whose_call_fails_is_made_again_and_the_graph_is_the_same(
    twenty: Twenty, tmp_path: Path, rounds: Callable[[int], int], fault: Fault
) -> None:
    """Other calls of the same name are left alone: only what an event loop asks of itself, which cannot fail."""
    (tmp_path / "counted").mkdir()
    never = run_with(fault, 60_000, "crawl", twenty.site("/"), *OPTIONS, "--workers", 0, cwd=tmp_path / "counted")
    places = [k for k, call in enumerate(never.calls, 1) if is_of_a_request(call)]
    wanted, hit = min(rounds(USUAL), len(places)), 0
    for k in places if wanted == len(places) else spread(places):
        folder = tmp_path / str(k)
        folder.mkdir()
        ended = run_with(fault, k, "crawl", twenty.site("/"), *OPTIONS, "--workers", 0, cwd=folder)
        assert "Traceback" not in ended.done.stderr
        if not any(map(is_of_a_request, ended.failed)):
            continue
        assert ended.done.returncode == 0, ended.done
        check_same(folder / "map.db", twenty.graph)
        hit += 1
        if hit == wanted:
            break
    assert hit >= USUAL


@pytest.mark.parametrize("k", [1, 2])
def test_a_thread_or_worker_that_cannot_be_started_ends_the_crawl_with_a_sentence(
    twenty: Twenty, tmp_path: Path, k: int
) -> None:
    """The first clone3 is for the thread that writes the map, the second clone for a worker."""
    fault = Fault("clone,clone3", "EAGAIN", all_threads=False)
    (tmp_path / "crawl").mkdir()
    ended = run_with(fault, k, "crawl", twenty.site("/"), *OPTIONS, "--workers", 2, cwd=tmp_path / "crawl")
    assert ended.failed
    check_is_one_sentence(ended.done)
    assert ("ulimit -u" if k == 1 else "--workers 0") in ended.done.stderr
    check_goes_on(twenty, tmp_path / "crawl", ended)


def test_a_look_up_for_which_no_thread_can_be_started_is_made_again(twenty: Twenty, tmp_path: Path) -> None:
    """The first clone3 is for the thread that writes the map, the second for the look-up of a name."""
    fault, seed = Fault("clone3", "EAGAIN", all_threads=False), f"http://localhost:{twenty.site.port}/1"
    (tmp_path / "crawl").mkdir()
    ended = run_with(fault, 2, "crawl", seed, *OPTIONS, "--depth", 0, "--workers", 0, cwd=tmp_path / "crawl")
    assert len(ended.failed) == 1
    assert ended.done.returncode == 0, ended.done.stderr
    assert "Traceback" not in ended.done.stderr
    assert outcomes(tmp_path / "crawl" / "map.db")[seed] == "fetched"


ON_THE_EXPORT = [
    (Fault("rename", "EIO", all_threads=False), 1),
    (Fault("fsync", "EIO", all_threads=False), 2),
    (Fault("write", "ENOSPC", all_threads=False), 3),
    (Fault("pread64", "EIO", MAP, all_threads=False), 3),
]


@pytest.mark.parametrize(("fault", "least"), ON_THE_EXPORT, ids=lambda each: getattr(each, "call", ""))
def test_an_export_whose_call_fails_says_so_and_leaves_a_whole_file_or_what_stood_there(
    twenty: Twenty, tmp_path: Path, rounds: Callable[[int], int], fault: Fault, least: int
) -> None:
    assert linkmap("export", "whole.graphml", "--db", twenty.db, cwd=tmp_path).returncode == 0
    whole = (tmp_path / "whole.graphml").read_bytes()
    for k in range(1, rounds(USUAL) + 1):
        folder = tmp_path / str(k)
        folder.mkdir()
        shutil.copy(twenty.db, folder)
        (folder / "m.graphml").write_text("what stood there")
        ended = run_with(fault, k, "export", "m.graphml", cwd=folder)
        if not any(str(folder) in call for call in ended.failed):
            assert k > least
            break
        check_is_one_sentence(ended.done)
        assert sorted(path.name for path in folder.iterdir()) == ["m.graphml", "map.db"]
        assert (folder / "m.graphml").read_bytes() in (b"what stood there", whole)


def check_goes_on(twenty: Twenty, folder: Path, ended: Ended) -> None:
    """The map is as it would be had nothing failed, once the crawl is taken up where it ended too early."""
    db = folder / "map.db"
    if ended.done.returncode:
        is_begun = rows(db, "SELECT count(*) FROM sqlite_master WHERE name = 'run'") == [(1,)] and rows(
            db, "SELECT 1 FROM run"
        )
        again = ["--resume", "--quiet"] if is_begun else [twenty.site("/"), *OPTIONS]
        done = linkmap("crawl", *again, cwd=folder)
        assert done.returncode == 0, done.stderr
    check_same(db, twenty.graph)


def is_of_a_request(call: str) -> bool:
    """Whether a call is one on a connection to a site, or opens one."""
    return "<TCP:[" in call or call.startswith("socket(AF_INET, SOCK_STREAM")


def spread(places: list[int]) -> list[int]:
    """The same places, those far from each other first."""
    return [place for start in range(7) for place in places[start::7]]

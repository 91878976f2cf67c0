"""One writer a map, whatever becomes of the process that writes."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from linkmap.errors import LinkmapError
from linkmap.store.lock import is_locked, lock_path, try_lock, unlock, writer_lock

HOLD = """
import sys
from pathlib import Path
from linkmap.store.lock import writer_lock
with writer_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock of a map until its standard input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "map.db"


def test_a_second_process_is_refused_while_the_first_writes(path: Path) -> None:
    with another_process(path):
        assert is_locked(path)
        assert try_lock(path) is None
        with pytest.raises(LinkmapError, match="being written by another linkmap"), writer_lock(path):
            pytest.fail("two writers at once")
    assert not is_locked(path)
    with writer_lock(path):
        assert is_locked(path)


@pytest.mark.skipif(sys.platform == "win32", reason="no kill -9")
def test_kill_9_leaves_no_stale_lock(path: Path) -> None:
    with another_process(path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        assert lock_path(path).exists(), "the file stays, the lock does not"
        assert not is_locked(path)
        with writer_lock(path):
            assert is_locked(path)
    assert not lock_path(path).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")
def test_the_lock_file_is_gone_after_a_clean_end(path: Path) -> None:
    with writer_lock(path):
        assert lock_path(path) == path.parent / "map.db.lock"
        assert lock_path(path).exists()
    assert list(path.parent.iterdir()) == []


def test_the_lock_is_given_back_after_an_error(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), writer_lock(path):
        raise ZeroDivisionError
    assert not is_locked(path)


def test_asking_whether_a_map_is_locked_makes_no_file(path: Path) -> None:
    assert not is_locked(path)
    assert list(path.parent.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no shared locks there")
def test_those_who_ask_at_the_same_time_do_not_take_one_another_for_a_writer(path: Path) -> None:
    lock_path(path).touch()  # as kill -9 leaves it
    answers: list[bool] = []
    threads = [threading.Thread(target=lambda: answers.extend(is_locked(path) for _ in range(300))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [False] * 1200


def test_locks_of_two_maps_are_two(path: Path) -> None:
    with writer_lock(path), writer_lock(path.with_name("other.db")):
        assert is_locked(path)


def test_a_map_in_a_folder_that_is_not_there_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LinkmapError, match="cannot write beside"):
        try_lock(tmp_path / "nowhere" / "map.db")


def test_a_folder_in_the_place_of_the_lock_and_a_name_that_is_too_long_are_called_that(tmp_path: Path) -> None:
    (tmp_path / "map.db.lock").mkdir()
    with pytest.raises(LinkmapError, match=r"map\.db\.lock is a folder: remove it"):
        try_lock(tmp_path / "map.db")
    with pytest.raises(LinkmapError, match="too long for what stands beside a map: name a shorter one"):
        try_lock(tmp_path / ("x" * 252))


def test_of_many_that_want_the_lock_one_at_a_time_has_it(path: Path) -> None:
    inside, most, taken = 0, 0, 0
    counting = threading.Lock()

    def want() -> None:
        nonlocal inside, most, taken
        for _ in range(200):
            descriptor = try_lock(path)
            if descriptor is None:
                continue
            with counting:
                inside += 1
                taken += 1
                most = max(most, inside)
            with counting:
                inside -= 1
            unlock(path, descriptor)

    threads = [threading.Thread(target=want) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken > 0
    assert most == 1

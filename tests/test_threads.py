"""Calls in threads that nobody waits for."""

import gc
import subprocess
import sys
import threading
import time
import weakref
from concurrent.futures import CancelledError, wait

import pytest
from maps import environment

from linkmap.threads import Threads


def test_calls_are_made_at_once_up_to_a_number_and_the_others_in_their_turn() -> None:
    threads, gate, at_work, most = Threads("test", most=3), threading.Event(), [], []

    def call(number: int) -> int:
        at_work.append(number)
        most.append(len(at_work))
        gate.wait(10)
        at_work.remove(number)
        return number

    futures = [threads.submit(call, number) for number in range(8)]
    while len(most) < 3:
        time.sleep(0.001)
    given_up = futures.pop()
    assert given_up.cancel()
    gate.set()
    wait(futures, 10)
    assert [future.result() for future in futures] == list(range(7))
    assert max(most) == 3
    with pytest.raises(CancelledError):
        given_up.result()


def test_an_error_is_that_of_the_call_and_the_thread_goes_on() -> None:
    threads = Threads("test", most=1, stack_bytes=256 * 1024)
    wrong, right = threads.submit(int, "no number"), threads.submit(int, "7")
    assert right.result(10) == 7
    with pytest.raises(ValueError, match="no number"):
        wrong.result(10)


def test_an_error_keeps_nothing_of_its_call() -> None:
    class Page:
        pass

    page = Page()
    seen = weakref.ref(page)
    future = Threads("test", most=1).submit(lambda page: page.nothing, page)
    del page
    with pytest.raises(AttributeError):
        future.result(10)
    gc.disable()
    try:
        del future
        until = time.monotonic() + 5
        while seen() is not None and time.monotonic() < until:
            time.sleep(0.001)
    finally:
        gc.enable()
    assert seen() is None


def test_stacks_are_of_the_usual_size_for_whoever_else_starts_threads() -> None:
    small, usual = Threads("small", 8, 512 * 1024), Threads("usual", 8)

    def submit(threads: Threads) -> None:
        for _ in range(300):
            threads.submit(int).result(10)

    others = [threading.Thread(target=submit, args=(each,)) for each in (small, usual, small, usual)]
    for thread in others:
        thread.start()
    for thread in others:
        thread.join(30)
    assert threading.stack_size() == 0


def test_the_end_of_the_process_waits_for_no_call() -> None:
    program = (
        "import time; from linkmap.threads import Threads; Threads('test', 2).submit(time.sleep, 60); print('end')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")

"""A crawl cancelled at any turn of its event loop: it ends, gives all back, and is resumed to the same graph."""

import asyncio
import gc
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from linkmap import Settings, crawl
from linkmap.errors import LinkmapError, UsageError
from linkmap.store.sqlite import Store
from linkmap.workers import event_loops
from reliability.twenty import Twenty, check_same, twenty_pages

USUAL = 12
TURNS = 300
"""Turns of the event loop in which a crawl of the 20 pages is done, about (measured 2026-11)."""
SETTINGS = Settings(delay_s=0, allow_private=True, workers=0)
AT_MOST_S = 30.0


@pytest.fixture(scope="module")
def twenty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twenty]:
    with twenty_pages(tmp_path_factory.mktemp("whole")) as served:
        yield served


class CancellingLoop(asyncio.SelectorEventLoop):
    """An event loop that cancels a task at each of its turns from a first to a last, and keeps what it has to tell."""

    def __init__(self, first: int, last: int) -> None:
        super().__init__()
        self.task: asyncio.Task[Any] | None = None
        self.told: list[dict[str, Any]] = []
        self._first, self._last = first, last
        self._turns = 0

    def _run_once(self) -> None:
        super()._run_once()  # type: ignore[misc]
        self._turns += 1
        if self._first <= self._turns <= self._last and self.task is not None:
            self.task.cancel()

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.told.append(context)


def is_cancelled_at(turn: int, times: int, db: Path, seed: str, settings: Settings) -> bool:
    """Crawl and cancel at a turn of the loop, or at several from there on: whether that came before the crawl's end."""
    before = set(threading.enumerate())
    loop = CancellingLoop(turn, turn + times - 1)

    async def work() -> None:
        loop.task = asyncio.ensure_future(crawl([seed], db, settings))
        await asyncio.wait({loop.task}, timeout=AT_MOST_S)
        assert loop.task.done(), f"cancelled at turn {turn}, the crawl did not end"

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(work())
    check_is_given_back(db, before)
    assert loop.task is not None
    is_cancelled = loop.task.cancelled()
    if not is_cancelled:
        assert loop.task.result().state == "finished"
    gc.collect()
    assert loop.told == []
    return is_cancelled


def check_is_given_back(db: Path, before: set[threading.Thread]) -> None:
    """No thread of the crawl is left, and no lock on the map."""
    for thread in set(threading.enumerate()) - before:
        thread.join(AT_MOST_S)
        assert not thread.is_alive()
    assert not db.with_name("map.db.lock").exists()


def go_on(db: Path, seed: str) -> None:
    """Take the crawl up, or begin it where it had not begun."""
    try:
        result = asyncio.run(crawl(db=db, resume=True))
    except UsageError:
        result = asyncio.run(crawl([seed], db, SETTINGS))
    assert result.state == "finished"


def turns_cancelled(twenty: Twenty, folder: Path, step: int, times: int, settings: Settings = SETTINGS) -> int:
    """How many turns there were to cancel at; after each the map is taken up and must be as if nothing had been."""
    for number in count():
        db = folder / str(number) / "map.db"
        db.parent.mkdir()
        if not is_cancelled_at(1 + number * step, times, db, twenty.site("/"), settings):
            return number
        go_on(db, twenty.site("/"))
        check_same(db, twenty.graph)
    raise AssertionError


@pytest.mark.parametrize("times", [1, 3])
def test_a_crawl_cancelled_at_any_turn_gives_all_back_and_goes_on_to_the_same_graph(
    twenty: Twenty, tmp_path: Path, rounds: Callable[[int], int], times: int
) -> None:
    step = max(1, TURNS // rounds(USUAL))
    assert turns_cancelled(twenty, tmp_path, step, times) > TURNS // step // 3


def test_a_crawl_by_worker_processes_is_cancelled_at_any_turn_as_well(
    twenty: Twenty, tmp_path: Path, rounds: Callable[[int], int]
) -> None:
    step = max(1, TURNS // rounds(3))
    assert turns_cancelled(twenty, tmp_path, step, 1, replace(SETTINGS, workers=2)) > TURNS // step // 3


@pytest.mark.skipif(event_loops() is None, reason="no uvloop here")
@pytest.mark.parametrize("workers", [0, 2])
def test_so_is_one_on_the_event_loop_of_the_command_line_at_any_time(
    twenty: Twenty, tmp_path: Path, rounds: Callable[[int], int], workers: int
) -> None:
    """Its turns cannot be counted."""
    settings, chance = replace(SETTINGS, workers=workers), random.Random(workers)

    async def work(db: Path, wait_s: float) -> bool:
        task = asyncio.ensure_future(crawl([twenty.site("/")], db, settings))
        await asyncio.wait({task}, timeout=wait_s)
        task.cancel()
        await asyncio.wait({task}, timeout=AT_MOST_S)
        assert task.done(), f"cancelled after {wait_s} s, the crawl did not end"
        return task.cancelled()

    def is_cancelled_after(wait_s: float, folder: Path) -> bool:
        folder.mkdir()
        before = set(threading.enumerate())
        with asyncio.Runner(loop_factory=event_loops()) as runner:
            is_cancelled = runner.run(work(folder / "map.db", wait_s))
        check_is_given_back(folder / "map.db", before)
        return is_cancelled

    began = time.monotonic()
    assert not is_cancelled_after(AT_MOST_S, tmp_path / "whole")
    usual_s, cancelled = time.monotonic() - began, 0
    for number in range(rounds(6)):
        cancelled += is_cancelled_after(chance.random() * usual_s, tmp_path / str(number))
        go_on(tmp_path / str(number) / "map.db", twenty.site("/"))
        check_same(tmp_path / str(number) / "map.db", twenty.graph)
    assert cancelled > 0


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_taker_of_links_that_is_cancelled_ends_the_crawl(twenty: Twenty, tmp_path: Path, call: int) -> None:
    db, calls = tmp_path / "map.db", count(1)

    async def take(_: object) -> None:
        if next(calls) == call:
            raise asyncio.CancelledError

    async def work() -> None:
        async with asyncio.timeout(AT_MOST_S):
            await crawl([twenty.site("/")], db, SETTINGS, on_links=take)

    with pytest.raises((LinkmapError, asyncio.CancelledError)):
        asyncio.run(work())
    assert not db.with_name("map.db.lock").exists()
    go_on(db, twenty.site("/"))
    check_same(db, twenty.graph)


def test_a_store_that_is_closed_lets_go_of_its_file_whoever_still_holds_rows_of_it(tmp_path: Path) -> None:
    """Whoever keeps a cancellation keeps what was on its way then: rows that nobody reads to their end."""
    db = tmp_path / "map.db"

    async def hold() -> None:
        store = await Store.open(db)
        rows = store.slices("SELECT id FROM outcome", 1)
        await anext(rows)
        await store.close()
        with closing(sqlite3.connect(db, timeout=0)) as other:
            assert other.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
        with suppress(ValueError):  # the connection is closed, which aiosqlite says
            await rows.aclose()  # type: ignore[attr-defined]

    asyncio.run(hold())

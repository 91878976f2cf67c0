"""A crawl without end takes no more of the machine than at its beginning, but for what each known page costs.

`pytest tests/reliability/test_soak.py --rounds 60 -rP` is the long form, of 60 minutes.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Timer
from typing import TypedDict

import pytest
from conftest import Site
from maps import check_accounting, environment

from reliability.readers import Endless

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

SECONDS = 15
PAGE_BYTES = 120
"""What a known page may cost: 7 bytes and 23 to 46 for its key (docs/store.md), twice that where a table grew."""
CACHED_BYTES = 200
"""What a page may cost more while the caches of addresses and texts fill."""
CACHED_PAGES = 110_000
NOISE_BYTES = 6_000_000
"""What the allocator and SQLite's cache may take meanwhile, where hundreds of pages come a second."""
FEW_BYTES = 300_000
"""The same where five pages come a second."""
MOVED_BYTES = 2
"""What a known page may cost then: a column that grows may move, and its old place stays; the widest has 2 bytes."""
AN_HOUR = 0.01
"""The part of its memory by which a crawl may grow in an hour."""
HOUR_S = 3_600
CALMED_S = 3
"""Seconds in which what was under way has ended."""


class Sample(TypedDict):
    """How a crawl stood at a time: seconds, bytes of memory, and numbers of things."""

    at: float
    bytes: int
    files: int
    threads: int
    tasks: int
    pages: int
    answers: int


def soaked(site: Site, folder: Path, seconds: int) -> list[Sample]:
    """How a crawl of so many seconds stood, every while."""
    done = subprocess.run(
        [sys.executable, "-m", "reliability.soaking", site("/"), str(folder), str(seconds)],
        env=environment(with_tests=True), capture_output=True, text=True, timeout=seconds + 60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    samples: list[Sample] = [json.loads(line) for line in done.stdout.splitlines()]
    return [sample for sample in samples if sample["at"] <= seconds]


def growth(warm: list[Sample]) -> tuple[int, int, float]:
    """Bytes and pages by which a crawl grew, and bytes by which it might. Fails where it holds more of the rest."""
    first, last = warm[: len(warm) // 2], warm[len(warm) // 2 :]
    for what in ("files", "threads", "tasks"):
        assert max(each[what] for each in last) <= max(each[what] for each in first) + 2, what
    grown = min(each["bytes"] for each in last[-8:]) - min(each["bytes"] for each in first[:8])
    known = last[-1]["pages"] - first[0]["pages"]
    hours = (last[-1]["at"] - first[0]["at"]) / HOUR_S
    print({"grown": grown, "known": known, "hours": round(hours, 3)} | last[-1])
    return grown, known, AN_HOUR * hours * first[0]["bytes"]


def test_a_crawl_without_end_stays_flat_but_for_what_each_known_page_costs(
    site: Site, tmp_path: Path, rounds: Callable[[int], int]
) -> None:
    """The site answers at once; in the second half 5 times a second, each time with one new page."""
    seconds = 60 * rounds(0) or SECONDS
    endless = Endless(site, links=20, words="the same")
    calming = Timer(seconds / 2, endless.calm_down)
    calming.start()
    samples = soaked(site, tmp_path, seconds)
    calming.join()
    check_accounting(tmp_path / "map.db")

    busy = [sample for sample in samples if seconds / 6 < sample["at"] < seconds / 2]
    assert busy[-1]["answers"] - busy[0]["answers"] > 100
    grown, known, allowed = growth(busy)
    cached = max(0, min(busy[-1]["pages"], CACHED_PAGES) - busy[0]["pages"])
    assert grown <= NOISE_BYTES + PAGE_BYTES * known + CACHED_BYTES * cached + allowed

    calm = [sample for sample in samples if sample["at"] > seconds / 2 + CALMED_S]
    assert calm[-1]["answers"] - calm[0]["answers"] > calm[-1]["at"] - calm[0]["at"]
    grown, _, allowed = growth(calm)
    assert grown <= FEW_BYTES + MOVED_BYTES * calm[-1]["pages"] + allowed

"""A crawl without end takes no more of the machine than at its beginning, but for what each known page costs.

`pytest tests/reliability/test_soak.py --rounds 60 -rP` is the long form: each test takes 60 minutes.
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
from maps import ROOT, check_accounting, environment

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
AN_HOUR = 0.01
"""The part of its memory by which a crawl may grow in an hour."""
HOUR_S = 3_600
WARM_S = 120
"""Seconds in which a crawl has filled its caches, at most."""


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
    surroundings = environment()
    surroundings["PYTHONPATH"] = f"{ROOT / 'tests'}:{surroundings['PYTHONPATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "reliability.soaking", site("/"), str(folder), str(seconds)],
        env=surroundings, capture_output=True, text=True, timeout=seconds + 60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    check_accounting(folder / "map.db")
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


def test_at_full_speed_all_stays_flat_but_for_what_each_known_page_costs(
    site: Site, tmp_path: Path, rounds: Callable[[int], int]
) -> None:
    seconds = 60 * rounds(0) or SECONDS
    Endless(site, links=20, words="the same")
    warm = [sample for sample in soaked(site, tmp_path, seconds) if sample["at"] > seconds / 3]
    assert warm[-1]["answers"] - warm[0]["answers"] > 100
    grown, known, allowed = growth(warm)
    cached = max(0, min(warm[-1]["pages"], CACHED_PAGES) - warm[0]["pages"])
    assert grown <= NOISE_BYTES + PAGE_BYTES * known + CACHED_BYTES * cached + allowed


def test_once_its_caches_are_full_a_crawl_grows_by_a_hundredth_an_hour(
    site: Site, tmp_path: Path, rounds: Callable[[int], int]
) -> None:
    """A site that answers at once, until the caches are full; then 5 times a second, each time with one new page."""
    seconds = 60 * rounds(0) or SECONDS
    warm_s = min(seconds / 3, WARM_S)
    endless = Endless(site, links=20, words="the same")
    timer = Timer(warm_s, endless.calm_down)
    timer.start()
    samples = soaked(site, tmp_path, seconds)
    timer.join()
    warm = [sample for sample in samples if sample["at"] > warm_s + SECONDS / 5]
    assert warm[-1]["answers"] - warm[0]["answers"] > (warm[-1]["at"] - warm[0]["at"])
    grown, _, allowed = growth(warm)
    assert grown <= FEW_BYTES + allowed

"""A crawl without end takes no more of the machine than at its beginning, but for what each known page costs."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Site
from maps import ROOT, check_accounting, environment

from reliability.readers import Endless

SECONDS = 15
PAGE_BYTES = 120
"""What a known page may cost: 7 bytes and 23 to 46 for its key (docs/store.md), twice that where a table grew."""
CACHED_BYTES = 200
"""What a page may cost more while the caches of addresses and texts fill."""
CACHED_PAGES = 110_000
NOISE_BYTES = 6_000_000
"""What the allocator and SQLite's cache may take meanwhile."""
HOUR_S = 3_600


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_files_threads_and_tasks_stay_flat(site: Site, tmp_path: Path, rounds: Callable[[int], int]) -> None:
    """`--rounds N`: N minutes."""
    seconds = 60 * rounds(0) or SECONDS
    Endless(site, links=20, words="the same")
    surroundings = environment()
    surroundings["PYTHONPATH"] = f"{ROOT / 'tests'}:{surroundings['PYTHONPATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "reliability.soaking", site("/"), str(tmp_path), str(seconds)],
        env=surroundings, capture_output=True, text=True, timeout=seconds + 60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    samples = [json.loads(line) for line in done.stdout.splitlines()]
    warm = [sample for sample in samples if sample["at"] > seconds / 3 and sample["at"] <= seconds]
    first, last = warm[: len(warm) // 2], warm[len(warm) // 2 :]
    assert last[-1]["answers"] - first[0]["answers"] > 100
    for what in ("files", "threads", "tasks"):
        assert max(each[what] for each in last) <= max(each[what] for each in first) + 2, what
    known = last[-1]["pages"] - first[0]["pages"]
    grown = min(each["bytes"] for each in last[-8:]) - min(each["bytes"] for each in first[:8])
    print({"grown": grown, "known": known, "answers": last[-1]["answers"], "bytes": last[-1]["bytes"]})
    an_hour = 0.01 * first[0]["bytes"] * (last[-1]["at"] - first[0]["at"]) / HOUR_S
    cached = max(0, min(last[-1]["pages"], CACHED_PAGES) - first[0]["pages"])
    assert grown <= NOISE_BYTES + PAGE_BYTES * known + CACHED_BYTES * cached + an_hour
    check_accounting(tmp_path / "map.db")

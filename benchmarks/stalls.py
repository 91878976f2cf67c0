"""The longest stall of linkmap's event loop in a crawl: how late a heartbeat is that should come every 5 ms.

`python -m benchmarks.stalls SEED DB HOSTS [--workers=N ...]` prints it in seconds. The crawl is that of the command
line by way of `linkmap.crawl`, because a heartbeat must beat in the same loop.
"""

import asyncio
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.crawlers import CONNECTIONS, Work
from benchmarks.measuring import BenchmarkError, measured
from linkmap.runs import crawl
from linkmap.scope import ScopeName
from linkmap.settings import Settings

_BEAT_S = 0.005


def longest_stall_s(work: Work, options: Sequence[str], place: Path) -> float:
    """The longest stall of one crawl, in a process of its own."""
    folder = place / "stalls"
    folder.mkdir()
    words = [work.seed, str(folder / "map.db"), ",".join(work.hosts), *options]
    measured([sys.executable, "-m", "benchmarks.stalls", *words], folder)
    longest = float((folder / "output.txt").read_text())
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    return longest


class _Heart:
    """Beats in the loop that it is started in."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    async def beat(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(_BEAT_S)
            self.longest_s = max(self.longest_s, time.perf_counter() - began - _BEAT_S)


async def _crawl(seed: str, db: str, hosts: Sequence[str], options: Sequence[str]) -> float:
    settings = Settings(
        depth=10_000, scope=ScopeName.ANY, include=(f"^https?://({'|'.join(map(re.escape, hosts))})[:/]",), max_pages=0,
        concurrency=CONNECTIONS, per_host=CONNECTIONS, delay_s=0.0, robots=False, allow_private=True,
    )  # fmt: skip
    more: dict[str, Any] = {name: int(value) for name, value in map(_setting, options)}
    settings = replace(settings, **more)
    heart = _Heart()
    async with asyncio.TaskGroup() as group:
        beating = group.create_task(heart.beat())
        result = await crawl([seed], db, settings)
        beating.cancel()
    if result.state != "finished":
        raise BenchmarkError(f"the crawl is {result.state}")
    return heart.longest_s


def _setting(option: str) -> tuple[str, str]:
    """The field and value of an option such as --workers=2; only those with a whole number can be passed on."""
    name, _, value = option.partition("=")
    if not value.isdigit():
        raise BenchmarkError(f"--linkmap={option} cannot be measured for stalls: give it as --name=NUMBER")
    return name.strip("-").replace("-", "_"), value


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(runner.run(_crawl(sys.argv[1], sys.argv[2], sys.argv[3].split(","), sys.argv[4:])))

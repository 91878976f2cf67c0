"""A crawl that says how it stands: `python -m reliability.soaking SEED FOLDER SECONDS` prints lines of JSON."""

import asyncio
import json
import os
import sys
import threading
import time
from pathlib import Path

from linkmap import Settings, crawl
from linkmap.crawling import Progress


def main() -> None:
    """Crawl for a time; of this process: its memory in bytes, open files, threads and tasks, and what the map knows."""
    seed, folder, seconds = sys.argv[1:]
    stop = asyncio.Event()
    began = time.monotonic()

    def tell(progress: Progress) -> None:
        told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        now = time.monotonic() - began
        sample = {
            "at": now,
            "bytes": int(told["RssAnon"].split()[0]) * 1024,
            "files": len(os.listdir("/proc/self/fd")),
            "threads": threading.active_count(),
            "tasks": len(asyncio.all_tasks()),
            "pages": sum(progress.counts.values()),
            "answers": progress.responses,
        }
        print(json.dumps(sample), flush=True)
        if now > float(seconds):
            stop.set()

    settings = Settings(delay_s=0.0, allow_private=True, depth=10_000, max_pages=0, per_host=4, traps=False, workers=0)
    result = asyncio.run(crawl([seed], Path(folder) / "map.db", settings, progress=tell, stop=stop))
    assert result.state == "stopped", result.state


if __name__ == "__main__":
    main()

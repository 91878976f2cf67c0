"""A crawl that is killed and taken up again and again: what it must come to, and what the server saw of it."""

import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from conftest import Site
from maps import check_accounting, graph, rows

from .starter import Starter

CONCURRENCY = 4
OPTIONS = (
    "--delay", 0, "--allow-private", "--depth", 60, "--max-pages", 0,
    "--concurrency", CONCURRENCY, "--per-host", CONCURRENCY,
)  # fmt: skip
"""Of crawls whose map depends on nothing but the site."""


def everything(db: Path) -> tuple[object, ...]:
    """All that a map says: pages, links, and how often each page gave which answer."""
    answers = rows(db, "SELECT page.url, capture.outcome, status FROM capture JOIN page ON page.id = capture.page")
    return *graph(db), Counter(answers)


def kill(process: int) -> int:
    """kill -9 a process alone: its workers must end by themselves. It may have ended already. Gives 1, for a kill."""
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    return 1


class Kills:
    """Crawls of a site that nobody else asks, struck at random."""

    def __init__(self, site: Site, seeds: Sequence[str], starter: Starter, folder: Path, *options: object) -> None:
        """Crawl once without a kill: what all the others must come to, in about what time."""
        self.site, self.starter, self.folder = site, starter, folder
        self.chance = random.Random(str(options))
        self.struck = 0
        """Crawls that were killed."""
        self.workers = 0
        """Workers that were killed before."""
        self.most_twice = 0.0
        """Pages that one kill had asked for again, at most; of a worker and its crawl, each killed, half of both's."""
        self._begin = (*seeds, *OPTIONS, *options, "--quiet")
        self._starts: list[float] = []
        self._strikes: list[int] = []
        """How many processes were killed in each crawl."""
        whole = folder / "whole.db"
        began = time.monotonic()
        assert starter.run("crawl", "--db", whole, *self._begin) == 0, starter.err
        self._usual_s = time.monotonic() - began
        assert max(Counter(hit.path for hit in site.log).values()) == 1, "nothing is asked for twice unless killed"
        check_accounting(whole)
        self._whole = everything(whole)
        assert len(site.log) > 50, "there is enough to crawl"

    def crawl(self, strike: Callable[[int], int], most: int) -> None:
        """Crawl into a new map; have processes struck and the crawl taken up until one process ends by itself.

        `strike` gives how many processes it killed.
        """
        db, struck, code = self.folder / "killed.db", 0, -signal.SIGKILL.value
        db.unlink(missing_ok=True)
        self.site.log.clear()
        self._starts, self._strikes = [], []
        while code == -signal.SIGKILL:
            self._starts.append(time.monotonic())
            process = self.starter.start("crawl", "--db", db, *self._arguments(db))
            if struck < most and self.await_moment():
                workers = workers_of(process)
                self._strikes.append(strike(process))
                wait_until_gone(workers)
            code = self.starter.end()
            struck += code == -signal.SIGKILL
        assert code == 0, self.starter.err
        self.struck += struck
        check_accounting(db)
        assert everything(db) == self._whole
        assert [path.name for path in self.folder.glob("killed.db*")] == ["killed.db"]
        self._count_twice()

    def kill_a_worker_too(self, process: int) -> int:
        """Kill a worker, where there is one and the dice say so, and the crawl itself some time later."""
        found, struck = workers_of(process), 0
        if found and self.chance.random() < 0.5:
            struck = kill(self.chance.choice(found))
            self.workers += struck
            self.await_moment()
        return struck + kill(process)

    def await_moment(self) -> bool:
        """Wait until a moment to strike, after some time or some requests; False where the process ends before."""
        if self.chance.random() < 0.5:
            return self.starter.is_at_work_for(self.chance.random() * self._usual_s)
        wanted = len(self.site.log) + self.chance.randint(1, 12)
        while len(self.site.log) < wanted:
            if not self.starter.is_at_work_for(0.001):
                return False
        return self.starter.is_at_work_for(self.chance.random() * 0.005)

    def _arguments(self, db: Path) -> tuple[object, ...]:
        """What begins the crawl or takes it up, once what the kill left is seen to be sound."""
        if check_copy(db, self.folder / "copy.db"):
            return "--resume", "--quiet"
        return self._begin

    def _count_twice(self) -> None:
        """Look up in the server's log which pages were asked for before and after each kill."""
        for (start, end), strikes in zip(pairwise(self._starts), self._strikes, strict=False):
            before = {hit.path for hit in self.site.log if start <= hit.began < end}
            after = {hit.path for hit in self.site.log if end <= hit.began}
            self.most_twice = max(self.most_twice, len(before & after) / strikes)


def check_copy(db: Path, copy: Path) -> bool:
    """Whether a crawl has begun in a map as a kill left it; then its integrity and accounting are checked.

    A copy is opened: to open the map itself would mend it before linkmap comes to it.
    """
    for ending in ("", "-wal", "-journal"):
        Path(f"{copy}{ending}").unlink(missing_ok=True)
        if Path(f"{db}{ending}").exists():
            shutil.copyfile(f"{db}{ending}", f"{copy}{ending}")
    if not has_run(copy):
        return False
    check_accounting(copy)
    return True


def has_run(db: Path) -> bool:
    """Whether a crawl has begun in a map; a kill may strike before there is a file, or a table in it."""
    if not db.exists() or not rows(db, "SELECT 1 FROM sqlite_master WHERE name = 'run'"):
        return False
    return bool(rows(db, "SELECT 1 FROM run"))


def workers_of(process: int) -> list[int]:
    """The process ids of a crawl's workers."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == process and is_worker(int(folder.name)):
            found.append(int(folder.name))
    return found


def is_worker(process: int) -> bool:
    """Whether a process is at work as a worker."""
    try:
        return b"linkmap.workers" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def wait_until_gone(workers: Iterable[int]) -> None:
    """Wait for workers whose coordinator is gone: they end by themselves."""
    until = time.monotonic() + 10
    for worker in workers:
        while is_worker(worker):
            assert time.monotonic() < until, "a worker outlives its coordinator"
            time.sleep(0.002)

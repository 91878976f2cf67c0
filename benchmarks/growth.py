"""An endless site, half of whose links are new: what a page costs as the map grows, and what the finished map weighs.

`python -m benchmarks.growth` writes the section `growth` of RESULTS.md. Figures at a size are of the pages fetched just
before the map knew that many; they come from the map itself, as any other program may read it while it is written.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path

from benchmarks import results
from benchmarks.answering import Plan, answering
from benchmarks.measuring import BenchmarkError, Running, cpu_s, interleaved, linkmap, median, memory_bytes, timed
from benchmarks.servers import free_port

_POLL_S = 0.05
_TABLES = {
    "link": ("link", "link_target"),
    "page": ("page", "page_url_key", "page_pending"),
    "capture": ("capture", "capture_page"),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """How a crawl stands."""

    state: str
    at: float
    cpu_s: float
    known: int
    fetched: int


@dataclass(frozen=True, slots=True)
class Mark:
    """What the crawl took on its way to a size."""

    known: int
    wall_ms_a_page: float
    cpu_ms_a_page: float
    links_a_second: float
    memory_bytes: int
    map_bytes: int
    log_bytes: int
    status_s: float


@dataclass(frozen=True, slots=True)
class Grown:
    """One crawl to the end, and its map."""

    marks: list[Mark]
    rows: dict[str, tuple[int, float]]
    peak_bytes: int
    largest_log_bytes: int
    left_s: float
    """From the last page to the indexing stage: what --max-pages leaves is marked."""
    indexing_s: float
    asked_s: float
    started_s: float


class Watch:
    """A crawl at work, seen from outside."""

    def __init__(self, running: Running, db: Path) -> None:
        self.running = running
        self.db = db
        self.largest_log_bytes = 0
        self.states: dict[str, float] = {}
        """When the run was first seen in each state."""
        self.last_page_at = 0.0

    def moments(self) -> Iterator[Moment]:
        """How it stands, again and again until it has ended."""
        while not self.db.exists():
            if self.running.is_over():
                return
            time.sleep(_POLL_S)
        with closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as map_:
            fetched = 0
            while not self.running.is_over():
                time.sleep(_POLL_S)
                self.largest_log_bytes = max(self.largest_log_bytes, size(self.log))
                if (moment := self._now(map_)) is not None:
                    self.states.setdefault(moment.state, moment.at)
                    if moment.fetched > fetched:
                        fetched, self.last_page_at = moment.fetched, moment.at
                    yield moment

    @property
    def log(self) -> Path:
        """The write-ahead log beside the map."""
        return Path(f"{self.db}-wal")

    def _now(self, map_: sqlite3.Connection) -> Moment | None:
        try:
            row = map_.execute("SELECT state, counts FROM run ORDER BY id DESC LIMIT 1").fetchone()
        except sqlite3.OperationalError:  # not written yet, or locked for the moment of its last change
            return None
        if row is None:
            return None
        counts = json.loads(row[1]).get("page", {})
        return Moment(
            row[0], time.perf_counter(), cpu_s(self.running.pid), sum(counts.values()), counts.get("fetched", 0)
        )


def size(file: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    try:
        return os.path.getsize(file)
    except FileNotFoundError:
        return 0


def marks(watch: Watch, sizes: list[int], links: int, folder: Path) -> list[Mark]:
    """The figures at each size; returns when the crawl has ended."""
    found: list[Mark] = []
    begin: Moment | None = None
    for now in watch.moments():
        if len(found) == len(sizes) or now.state != "running":
            continue
        goal = sizes[len(found)]
        if begin is None and now.known >= goal - min(goal // 2, 200_000):
            begin = now
        elif begin is not None and now.known >= goal and now.fetched > begin.fetched:
            pages, seconds = now.fetched - begin.fetched, now.at - begin.at
            found.append(
                Mark(
                    goal, 1000 * seconds / pages, 1000 * (now.cpu_s - begin.cpu_s) / pages, links * pages / seconds,
                    memory_bytes(watch.running.pid), size(watch.db), size(watch.log), status_s(watch.db, folder),
                )
            )  # fmt: skip
            begin = None
    return found


def status_s(db: Path, folder: Path) -> float:
    """Seconds of `linkmap status`, the median of three."""
    return median(timed(folder, "status", "--db", db) for _ in range(3))


def weights(db: Path) -> dict[str, tuple[int, float]]:
    """For each great table how many rows it has and how many bytes a row takes, its indexes included."""
    found = {}
    with closing(sqlite3.connect(db)) as map_:
        for table, parts in _TABLES.items():
            rows = map_.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            found[table] = (rows, _bytes(map_, parts) / rows)
    return found


def _bytes(map_: sqlite3.Connection, parts: tuple[str, ...]) -> int:
    """What dbstat says; by the sqlite3 shell where Python's SQLite lacks that table. Raises BenchmarkError."""
    names = ", ".join(f"'{part}'" for part in parts)
    sql = f"SELECT sum(pgsize) FROM dbstat WHERE name IN ({names})"  # noqa: S608
    try:
        return int(map_.execute(sql).fetchone()[0])
    except sqlite3.OperationalError:
        file = map_.execute("PRAGMA database_list").fetchone()[2]
    try:
        done = subprocess.run(["sqlite3", file, sql], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BenchmarkError("dbstat is missing from Python's SQLite, and there is no sqlite3 shell") from error
    if not done.stdout.strip().isdigit():
        raise BenchmarkError(f"neither Python's SQLite nor the sqlite3 shell has dbstat: {done.stderr.strip()}")
    return int(done.stdout)


def grown(options: argparse.Namespace, place: Path) -> Grown:
    """One crawl, and what is asked of its map. Raises BenchmarkError."""
    sizes = sizes_of(options.known)
    with tempfile.TemporaryDirectory(dir=place) as temporary:
        folder = Path(temporary)
        plan = Plan("endless", free_port(), hosts=20, links=options.links, page_bytes=options.page_bytes)
        with answering(plan, folder):
            running = Running(_command(plan, options, folder / "map.db"), folder)
            watch = Watch(running, folder / "map.db")
            try:
                found = marks(watch, sizes, plan.links, folder)
                cost = running.cost(60)
                ended = time.perf_counter()
            finally:
                running.stop()
        if len(found) != len(sizes):
            raise BenchmarkError(f"the crawl ended after {len(found)} of {len(sizes)} sizes")
        indexed_from = watch.states.get("indexing", ended)
        return Grown(
            found, weights(watch.db), cost.peak_bytes, watch.largest_log_bytes, indexed_from - watch.last_page_at,
            ended - indexed_from, median(timed(folder, "query", "in_degree", "--db", watch.db) for _ in range(3)),
            median(timed(folder, "--version") for _ in range(3)),
        )  # fmt: skip


def sizes_of(known: int) -> list[int]:
    """The sizes at which a crawl up to so many known pages is looked at."""
    if known < 200_000:
        return [known // 4, known]
    return sorted({min(size, known) for size in (100_000, 1_000_000, 5_000_000)})


def _command(plan: Plan, options: argparse.Namespace, db: Path) -> list[str]:
    pages = options.known // (plan.links // 2) + 100
    return linkmap(
        "crawl", f"http://{plan.host(0)}:{plan.port}/0", "--db", db, "--scope", "any", "--depth", 65_000,
        "--max-pages", pages, "--delay", 0, "--no-robots", "--allow-private", "--concurrency", 64, "--per-host", 64,
        "--quiet", *options.linkmap,
    )  # fmt: skip


def _check_dbstat(place: Path) -> None:
    """Raises BenchmarkError before any crawl where bytes could not be told at its end."""
    with closing(sqlite3.connect(place / "probe.db")) as probe:
        probe.execute("CREATE TABLE link (capture)")
        probe.commit()
        _bytes(probe, ("link",))


def report(options: argparse.Namespace, runs: Sequence[Grown]) -> str:
    """The section."""
    seen = [_middle([run.marks[place] for run in runs]) for place in range(len(runs[0].marks))]
    first, last, rows = seen[0], seen[-1], runs[0].rows
    bytes_a_row = ", ".join(f"{size:.1f} a {name}" for name, (_, size) in rows.items())

    def middle(field: str) -> float:
        return median(getattr(run, field) for run in runs)

    return (
        "## As the map grows (`growth`)\n\nAn endless site on 20 hosts, pages of "
        f"{options.page_bytes / 1000:g} KB with {options.links} links, half of them new; 64 connections, "
        f"no delay. Medians of {len(runs)} runs. {results.circumstances()}\n\n"
        f"{_table(seen)}\n\nA page costs {last.cpu_ms_a_page / first.cpu_ms_a_page:.2f} times as much CPU at "
        f"{last.known:,.0f} known pages as at {first.known:,.0f}, and "
        f"{last.wall_ms_a_page / first.wall_ms_a_page:.2f} times as long. "
        f"Peak memory of all processes {middle('peak_bytes') / 1e6:,.0f} MB, largest write-ahead log "
        f"{middle('largest_log_bytes') / 1e6:.0f} MB. The finished map has {rows['link'][0]:,} links, "
        f"{rows['page'][0]:,} pages and {rows['capture'][0]:,} captures; bytes with their indexes: {bytes_a_row}. "
        f"Marking what --max-pages left took {middle('left_s'):.1f} s, the indexing stage "
        f"{middle('indexing_s'):.1f} s, `linkmap query in_degree` {middle('asked_s'):.2f} s. "
        f"Starting Python and reading the words takes {middle('started_s'):.3f} s of that (`linkmap --version`)."
    )


def _middle(seen: Sequence[Mark]) -> Mark:
    """The median of each figure."""
    return Mark(*map(median, zip(*map(astuple, seen), strict=True)))  # type: ignore[arg-type]


def _table(seen: Sequence[Mark]) -> str:
    return results.table(
        ["known pages", "ms a page", "CPU ms a page", "links/s", "memory MB", "map MB", "WAL MB", "status s"],
        [
            [
                f"{mark.known:,.0f}", f"{mark.wall_ms_a_page:.2f}", f"{mark.cpu_ms_a_page:.2f}",
                f"{mark.links_a_second:,.0f}", f"{mark.memory_bytes / 1e6:,.0f}", f"{mark.map_bytes / 1e6:,.1f}",
                f"{mark.log_bytes / 1e6:.0f}", f"{mark.status_s:.3f}",
            ]
            for mark in seen
        ],
    )  # fmt: skip


def main() -> None:
    """Measure a crawl that grows to millions of known pages."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=main.__doc__)
    for name, value in (("--known", 5_000_000), ("--links", 54), ("--page-bytes", 23_000)):
        parser.add_argument(name, type=int, default=value, help="default: %(default)s")
    parser.add_argument("--linkmap", action="append", default=[], metavar="OPTION", help="as in --linkmap=--workers=2")
    results.add_options(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="linkmap-benchmark-") as temporary:
        place = Path(temporary)
        _check_dbstat(place)
        runs = interleaved({"linkmap": partial(grown, options, place)}, options.runs)["linkmap"]
    results.write_section(options.results, "growth", report(options, runs))


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as reason:
        sys.exit(f"{reason}")

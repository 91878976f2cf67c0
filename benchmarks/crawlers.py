"""linkmap and what its users would pick instead: the command of each, and what it found."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import ROOT, BenchmarkError, linkmap, measured

PEERS = ROOT / "build" / "peers" / "bin" / "python"
CONNECTIONS = 64
_FETCHED = "FROM page JOIN outcome ON outcome.id = outcome WHERE outcome.name = 'fetched' AND NOT auxiliary"
_PROGRAMS = Path(__file__).parent / "programs"
_WGET2_DEAD_LINKS = 8
"""wget2's exit code where any server answered with an error, as a dead link does."""
_VERSION = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be crawled: all pages of these hosts that links lead to from the seed."""

    seed: str
    hosts: tuple[str, ...]
    urls: tuple[str, ...]
    """Every page, for the program that must be told."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a crawl found; None where the program does not tell."""

    pages: int
    links: int | None = None
    edges: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One crawl: what it found and took."""

    found: Found
    wall_s: float
    cpu_s: float
    peak_bytes: int

    @property
    def pages_a_second(self) -> float:
        """Over the wall time of the whole program, its start and end included."""
        return self.found.pages / self.wall_s

    @property
    def cpu_ms_a_page(self) -> float:
        """Milliseconds, which are seconds per 1,000 pages."""
        return 1_000 * self.cpu_s / self.found.pages


@dataclass(frozen=True, slots=True)
class Crawler:
    """A program that crawls."""

    name: str
    version: str | None
    """None where it is not installed."""
    command: Callable[[Work, Path], list[str]]
    """Its words, for work done in an empty folder."""
    found: Callable[[Path], Found]
    """What it left in that folder."""
    slow: bool = False
    """So slow that it gets a smaller web of the same make."""
    good: tuple[int, ...] = (0,)
    """Exit codes of a crawl that went well."""

    def run(self, work: Work, place: Path) -> Run:
        """Crawl in a fresh folder, which is removed again. Raises BenchmarkError."""
        folder = place / "run"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        cost = measured(self.command(work, folder), folder, good=self.good)
        found = self.found(folder)
        shutil.rmtree(folder)
        if not found.pages:
            raise BenchmarkError(f"{self.name} found no page")
        return Run(found, cost.wall_s, cost.cpu_s, cost.peak_bytes)


def crawlers(peers: Path, options: Sequence[str] = ()) -> list[Crawler]:
    """All programs, linkmap first. `options` are more of linkmap's own."""
    from linkmap import __version__

    python = str(peers) if peers.exists() else sys.executable
    return [
        Crawler("linkmap", __version__, lambda work, folder: _linkmap(work, folder, options), found_in_map),
        Crawler("wget2 -r, saving files", _wget2_version(), _wget2, _files, good=(0, _WGET2_DEAD_LINKS)),
        Crawler("the tutorial's program", _library(sys.executable, "aiohttp"), _tutorial, _tsv),
        Crawler("Scrapy", _library(python, "scrapy"), _program(python, "scrapy_spider.py"), _items, slow=True),
        *(
            Crawler(
                f"Crawlee, {kind}",
                _library(python, "crawlee"),
                _program(python, "crawlee_crawler.py", kind),
                _items,
                slow=True,
            )
            for kind in ("BeautifulSoupCrawler", "ParselCrawler")
        ),
    ]


def found_in_map(folder: Path) -> Found:
    """What the map in this folder holds. Raises BenchmarkError where its crawl is not finished."""
    with closing(sqlite3.connect(folder / "map.db")) as map_:
        (state,) = map_.execute("SELECT state FROM run ORDER BY id DESC LIMIT 1").fetchone()
        if state != "finished":
            raise BenchmarkError(f"linkmap's crawl is {state}")
        counts = (f"SELECT count(*) {_FETCHED}", "SELECT count(*) FROM links", "SELECT count(*) FROM edges")
        return Found(*(map_.execute(sql).fetchone()[0] for sql in counts))


def pages_in_map(db: Path) -> list[str]:
    """The URL of each page that was fetched."""
    with closing(sqlite3.connect(db)) as map_:
        return [url for (url,) in map_.execute(f"SELECT url {_FETCHED}")]


def _linkmap(work: Work, folder: Path, options: Sequence[str]) -> list[str]:
    """All hosts are in scope; what else users have on is on: evidence, outcomes, safe commits, the indexing stage."""
    hosts = "|".join(host.replace(".", r"\.") for host in work.hosts)
    return linkmap(
        "crawl", work.seed, "--db", folder / "map.db", "--scope", "any", "--include", f"^https?://({hosts})[:/]",
        "--depth", 10_000, "--max-pages", 0, "--delay", 0, "--no-robots", "--allow-private",
        "--concurrency", CONNECTIONS, "--per-host", CONNECTIONS, "--quiet", *options,
    )  # fmt: skip


def _wget2(work: Work, folder: Path) -> list[str]:
    return [
        "wget2", "-q", "-r", "--level=0", f"--domains={','.join(work.hosts)}", "--no-robots",
        f"--max-threads={CONNECTIONS}", "--no-hsts", "--tries=3", f"--directory-prefix={folder}/files", work.seed,
    ]  # fmt: skip


def _wget2_version() -> str | None:
    if shutil.which("wget2") is None:
        return None
    return subprocess.run(["wget2", "--version"], capture_output=True, text=True).stdout.split()[2]


def _files(folder: Path) -> Found:
    """One name may be saved twice (`page.html.1`); both are answers to a request."""
    names = (name for _, _, names in os.walk(folder / "files") for name in names)
    return Found(sum(".html" in name for name in names))


def _tutorial(work: Work, folder: Path) -> list[str]:
    urls = folder / "urls.txt"
    urls.write_text("\n".join(work.urls))
    return [sys.executable, str(_PROGRAMS / "tutorial.py"), str(urls), str(folder / "links.tsv"), str(CONNECTIONS)]


def _tsv(folder: Path) -> Found:
    pages, links = set(), 0
    with (folder / "links.tsv").open(encoding="utf-8") as lines:
        for line in lines:
            pages.add(line.partition("\t")[0])
            links += 1
    return Found(len(pages), links)


def _program(python: str, name: str, *words: str) -> Callable[[Work, Path], list[str]]:
    def command(work: Work, folder: Path) -> list[str]:
        output = str(folder / "items.jsonl")
        return [python, str(_PROGRAMS / name), *words, work.seed, output, str(CONNECTIONS), *work.hosts]

    return command


def _items(folder: Path) -> Found:
    """Scrapy fetches its seed once more when a page links to it; that counts once."""
    with (folder / "items.jsonl").open(encoding="utf-8") as lines:
        items = {item["url"]: len(item["links"]) for item in map(json.loads, lines)}
    return Found(len(items), sum(items.values()))


def _library(python: str, name: str) -> str | None:
    done = subprocess.run([python, "-c", _VERSION, name], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None

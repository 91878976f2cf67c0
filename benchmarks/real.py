"""The same programs as in `crawl`, on real sites: documentation from Debian packages, served on this machine.

`python -m benchmarks.real` writes the section `real` of RESULTS.md. Packages are fetched with apt and unpacked,
unless LINKMAP_REALSITES names a folder that holds them. Nobody knows the true counts of a real site beforehand, so
linkmap's runs must all agree, and each program's own count stands in the table. That linkmap's count is the right one
is for tests/realsites to show.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks import results
from benchmarks.crawl import add_peer_options, chosen, comparison
from benchmarks.crawlers import CONNECTIONS, Crawler, Run, Work, crawlers, pages_in_map
from benchmarks.measuring import BenchmarkError, interleaved, measured
from benchmarks.servers import free_port, serve_files

HOST = "127.0.0.1"
_APT = ["-q", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20"]


@dataclass(frozen=True, slots=True)
class Site:
    """A package and the page of it to start from."""

    package: str
    root: str
    """Below the folder in which packages are unpacked."""
    seed: str

    def is_in(self, folder: Path) -> bool:
        """Whether the package was unpacked into the folder."""
        return (folder / self.root / self.seed).exists()


SITES = (
    Site("postgresql-doc-15", "usr/share/doc/postgresql-doc-15", "html/index.html"),
    Site("cppreference-doc-en-html", "usr/share/cppreference/doc", "html/en/index.html"),
)


def unpacked(site: Site, place: Path) -> Path:
    """The folder in which the package is unpacked, fetched where it must be. Raises BenchmarkError."""
    named = os.environ.get("LINKMAP_REALSITES")
    if named and site.is_in(Path(named)):
        return Path(named)
    folder = place / site.package
    folder.mkdir()
    try:
        _run(folder, "apt-get", *_APT, "download", site.package)
        for archive in folder.glob("*.deb"):
            _run(folder, "dpkg-deb", "-x", archive.name, ".")
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise BenchmarkError(f"{site.package} cannot be fetched: {said.strip().splitlines()[-1]}") from error
    if not site.is_in(folder):
        raise BenchmarkError(f"{site.package} has no {site.root}/{site.seed}")
    return folder


def compared(site: Site, folder: Path, place: Path, options: argparse.Namespace) -> str:
    """The paragraph and table of one site."""
    port = free_port()
    work = Work(f"http://{HOST}:{port}/{site.seed}", (HOST,), ())
    every = crawlers(options.peers, options.linkmap)
    with serve_files(folder / site.root, place, [HOST], port, by_host=False) as server:
        work = replace(work, urls=tuple(_urls(every[0], work, place)))
        runs = interleaved(_works(chosen(every, options.only), work, place), options.runs)
    found = runs["linkmap"][0].found
    return (
        f"### {site.package}\n\nlinkmap finds {found.pages:,} pages, {found.links:,} links, {found.edges:,} edges, the "
        f"same in every run; {CONNECTIONS} connections to one host; {server}. Medians of {options.runs} interleaved "
        f"runs.\n\n{comparison(every, runs)}"
    )


def _urls(linkmap: Crawler, work: Work, place: Path) -> list[str]:
    """Every page, as found by a crawl that is not counted; it also brings the files into the page cache."""
    folder = place / "first"
    folder.mkdir()
    measured(linkmap.command(work, folder), folder)
    urls = pages_in_map(folder / "map.db")
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    return urls


def _works(every: Sequence[Crawler], work: Work, place: Path) -> Mapping[str, Callable[[], Run]]:
    before: dict[str, Run] = {}
    return {crawler.name: partial(_run_agreeing, crawler, work, place, before) for crawler in every}


def _run_agreeing(crawler: Crawler, work: Work, place: Path, before: dict[str, Run]) -> Run:
    """One crawl; linkmap's must find what its first one found. Raises BenchmarkError."""
    run = crawler.run(work, place)
    first = before.setdefault(crawler.name, run)
    if crawler.name == "linkmap" and (run.found != first.found or run.found.pages != len(work.urls)):
        raise BenchmarkError(f"linkmap found {run.found}, and {first.found} before, of {len(work.urls)} pages: refused")
    return run


def _run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=600)


def main() -> None:
    """Compare crawlers on real sites."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real", description=main.__doc__)
    add_peer_options(parser)
    results.add_options(parser)
    options = parser.parse_args()
    sections = []
    for site in SITES:
        with tempfile.TemporaryDirectory(prefix="linkmap-benchmark-") as temporary:
            place = Path(temporary)
            try:
                folder = unpacked(site, place)
            except BenchmarkError as reason:
                sections.append(f"### {site.package}\n\nNot measured: {reason}.")
                continue
            sections.append(compared(site, folder, place, options))
    text = (
        "## Real sites (`real`)\n\nDocumentation packages of Debian. Each program goes by its own rules of what "
        "belongs to a site, so the numbers of pages may differ: wget2 also follows links that are no navigation, and "
        f"keeps what it found; the tutorial's program is told linkmap's pages. {results.circumstances()}\n\n"
    )
    results.write_section(options.results, "real", text + "\n\n".join(sections))


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as reason:
        sys.exit(f"{reason}")

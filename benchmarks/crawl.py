"""linkmap, Scrapy, Crawlee, wget2 and the asyncio tutorial's program crawl one generated web.

`python -m benchmarks.crawl` writes the section `crawl` of RESULTS.md. A run with wrong counts is refused.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from benchmarks import results, web
from benchmarks.crawlers import CONNECTIONS, PEERS, Crawler, Found, Run, Work, crawlers
from benchmarks.measuring import BenchmarkError, interleaved, median
from benchmarks.servers import free_port, serve_files
from benchmarks.stalls import longest_stall_s

_WHOLE, _SMALL = "whole", "small"


def run_checked(crawler: Crawler, work: Work, truth: web.Truth, place: Path) -> Run:
    """One crawl whose counts are right. Raises BenchmarkError where they are not."""
    run = crawler.run(work, place)
    expected = Found(
        truth.pages,
        None if run.found.links is None else truth.links,
        None if run.found.edges is None else truth.edges,
    )
    if run.found != expected:
        raise BenchmarkError(f"{crawler.name} found {run.found}, and should have found {expected}: refused")
    return run


@contextmanager
def served_webs(options: argparse.Namespace, place: Path) -> Iterator[tuple[str, dict[str, web.Web]]]:
    """Both webs, written and served: the name of the server, and the whole web and the small one."""
    webs: dict[str, web.Web] = {}
    sizes = {_WHOLE: options.pages, _SMALL: min(options.pages, options.slow_pages)}
    for name, pages in sizes.items():
        webs[name] = web.from_options(options, free_port(), pages)
        (place / name).mkdir()
        webs[name].write(place / name / "site")
    with _serve(webs[_WHOLE], place / _WHOLE) as server, _serve(webs[_SMALL], place / _SMALL):
        yield server, webs


def _serve(plan: web.Web, place: Path) -> AbstractContextManager[str]:
    return serve_files(place / "site", place, plan.host_names(), plan.port, by_host=True)


def work_of(plan: web.Web) -> Work:
    """A crawl of a whole web."""
    return Work(plan.url(0), tuple(plan.host_names()), tuple(map(plan.url, range(plan.pages))))


def comparison(all_crawlers: Sequence[Crawler], runs: Mapping[str, list[Run]]) -> str:
    """The table: linkmap first, each other with how many times as fast linkmap is."""
    own = median(run.pages_a_second for run in runs["linkmap"])
    rows = []
    for crawler in all_crawlers:
        if crawler.name not in runs:
            why = "not run" if crawler.version else "not installed"
            rows.append([crawler.name, why, "", "", "", "", ""])
            continue
        mine = runs[crawler.name]
        speed = median(run.pages_a_second for run in mine)
        rows.append(
            [
                f"{crawler.name} ({crawler.version})",
                f"{mine[0].found.pages:,}",
                f"{speed:,.0f}",
                f"{min(run.pages_a_second for run in mine):,.0f} - {max(run.pages_a_second for run in mine):,.0f}",
                f"{median(run.cpu_ms_a_page for run in mine):.2f}",
                f"{median(run.peak_bytes for run in mine) / 1e6:,.0f}",
                f"{own / speed:.2f}x",
            ]
        )
    head = ["", "pages", "pages/s", "least - most", "CPU s per 1,000 pages", "peak MB", "linkmap is"]
    return results.table(head, rows)


def main() -> None:
    """Compare crawlers on a generated web."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crawl", description=main.__doc__)
    web.add_options(parser)
    parser.add_argument("--slow-pages", type=int, default=2_000, help="for Scrapy and Crawlee; default: %(default)s")
    add_peer_options(parser)
    results.add_options(parser)
    options = parser.parse_args()
    every = crawlers(options.peers, options.linkmap)
    with tempfile.TemporaryDirectory(prefix="linkmap-benchmark-") as temporary:
        place = Path(temporary)
        with served_webs(options, place) as (server, webs):
            truths = {name: plan.truth() for name, plan in webs.items()}
            runs = interleaved(_works(chosen(every, options.only), webs, truths, place), options.runs)
            watched = partial(longest_stall_s, work_of(webs[_WHOLE]), options.linkmap, place)
            stalls = interleaved({"linkmap, watched": watched}, options.runs)
    truth = truths[_WHOLE]
    smaller = truths[_SMALL].pages
    small = f"Scrapy and Crawlee crawl {smaller:,} pages of the same make. " if smaller < truth.pages else ""
    text = (
        f"## A generated web (`crawl`)\n\n{truth.pages:,} pages of about {options.page_bytes / 1000:g} KB on "
        f"{options.hosts} hosts, {truth.links:,} links, {truth.edges:,} edges, seed {options.seed}; "
        f"{CONNECTIONS} connections, no delay, no robots.txt; {server}. {small}"
        f"Medians of {options.runs} interleaved runs, start and end of each program included. "
        f"{results.circumstances()}\n\n{comparison(every, runs)}\n\n"
        f"In {options.runs} crawls apart, watched by a heartbeat of 5 ms, the longest stall of linkmap's event loop "
        f"was {1000 * max(stalls['linkmap, watched']):.0f} ms."
    )
    results.write_section(options.results, "crawl", text)


def add_peer_options(parser: argparse.ArgumentParser) -> None:
    """Which programs run, and where they are."""
    parser.add_argument("--peers", type=Path, default=PEERS, metavar="PYTHON", help="that has scrapy and crawlee")
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="programs with this in their name")
    parser.add_argument("--linkmap", action="append", default=[], metavar="OPTION", help="as in --linkmap=--workers=2")


def chosen(every: Sequence[Crawler], only: Sequence[str]) -> list[Crawler]:
    """The programs to run: those that are installed and were asked for; linkmap always."""
    wanted = ["linkmap", *only] if only else [""]
    return [
        crawler
        for crawler in every
        if crawler.version is not None and any(word.lower() in crawler.name.lower() for word in wanted)
    ]


def _works(
    every: Sequence[Crawler], webs: Mapping[str, web.Web], truths: Mapping[str, web.Truth], place: Path
) -> dict[str, Callable[[], Run]]:
    works = {name: work_of(plan) for name, plan in webs.items()}
    sizes = {crawler.name: _SMALL if crawler.slow else _WHOLE for crawler in every}
    return {
        crawler.name: partial(run_checked, crawler, works[size], truths[size], place)
        for crawler, size in ((crawler, sizes[crawler.name]) for crawler in every)
    }


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as reason:
        sys.exit(f"{reason}")

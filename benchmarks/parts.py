"""What each part of a crawl costs a page, measured alone: where there is something to be won.

`python -m benchmarks.parts` writes the table in docs/performance.md and the section `parts` of RESULTS.md; with
`--flame` also docs/performance/flame.svg, by py-spy, of a crawl by the real command line.
"""

import argparse
import asyncio
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from benchmarks import results, web
from benchmarks.crawl import work_of
from benchmarks.crawlers import CONNECTIONS, crawlers
from benchmarks.measuring import ROOT, BenchmarkError, interleaved, measured, median, timed
from benchmarks.servers import free_port, serve_files
from linkmap.discovery import Discovery
from linkmap.fetch import Answer, Client, ClientSettings
from linkmap.frontier import Entry
from linkmap.known import KnownPages
from linkmap.ledger import Ledger
from linkmap.messages import LENGTH_BYTES, frame, pack_report, unpack_report, values_of
from linkmap.model import Outcome, Reach, Report
from linkmap.parse import lexbor, references
from linkmap.parse.charset import decode
from linkmap.parse.heap import keep_freed_memory
from linkmap.parse.links import links_digest, links_of
from linkmap.scope import ScopeName
from linkmap.seeds import Seed, parse_seed
from linkmap.settings import Settings
from linkmap.store.sqlite import Store

DOCUMENT = ROOT / "docs" / "performance.md"
FLAME = ROOT / "docs" / "performance" / "flame.svg"
PARTS = {
    "fetch": "one request by `linkmap.fetch`, on uvloop, 64 at a time",
    "charset": "bytes to text",
    "parse": "text to elements, by lexbor",
    "resolve": "elements to links: URLs joined, keys made, texts folded",
    "digest": "the links as 16 bytes, by which answers with equal links share their rows",
    "message": "a report packed, framed and read again, as it crosses from a worker process",
    "known": "each target looked up among the known URLs, new ones added",
    "discovery": "what an answer means: outcomes, depths, rows (known URLs included)",
    "store": "rows to SQLite, committed in batches of 37 pages",
}
_BATCH = 37
"""Pages a commit: a crawl closes a batch at 2,000 links, which 37 pages of 54 have."""


@dataclass(slots=True)
class Times:
    """CPU seconds by part, all threads of this process."""

    parts: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def of(self, part: str, clock: Callable[[], float] = time.process_time) -> Iterator[None]:
        """Counts what is done inside towards a part."""
        began = clock()
        try:
            yield
        finally:
            self.parts[part] = self.parts.get(part, 0.0) + clock() - began


async def _fetch_all(urls: Sequence[str]) -> list[Answer]:
    waiting = iter(urls)
    answers: dict[str, Answer] = {}

    async def fetch(client: Client) -> None:
        for url in waiting:
            answers[url] = await client.get(url)

    async with Client(ClientSettings("linkmap benchmark", allow_private=True)) as client, asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(fetch(client))
    if any(answer.visit.outcome is not Outcome.FETCHED for answer in answers.values()):
        raise BenchmarkError("not every page could be fetched")
    return [answers[url] for url in urls]


def _read_all(urls: Sequence[str], answers: Sequence[Answer], times: Times) -> dict[str, Report]:
    """The reports of all pages, as a worker would make them."""
    keep_freed_memory()
    references.kept.forget()
    reports: list[Report] = []
    for start in range(0, len(urls), _BATCH):
        reports += _read(urls[start : start + _BATCH], answers[start : start + _BATCH], times)
    known = KnownPages()
    with times.of("known"):
        for report in reports:
            for target in report.targets:
                if not known.find(target.key):
                    known.add(target.key, depth=1, hops=0, reach=Reach.FOLLOWED, outcome=Outcome.PENDING)
    return dict(zip(urls, reports, strict=True))


def _read(urls: Sequence[str], answers: Sequence[Answer], times: Times) -> list[Report]:
    """The reports of a few pages, which leave nothing else behind, as in a worker."""
    with times.of("charset"):
        texts = [decode(answer.body, answer.header("Content-Type"))[0] for answer in answers]
    with times.of("parse"):
        pages = [lexbor.read_html(text) for text in texts]
    with times.of("resolve"):
        found = [links_of(page, url) for page, url in zip(pages, urls, strict=True)]
    with times.of("digest"):
        digests = [links_digest(each.targets, each.links) for each in found]
    reports = [
        Report(0, answer.visit, each.document, each.targets, each.links, digest)
        for answer, each, digest in zip(answers, found, digests, strict=True)
    ]
    with times.of("message"):
        frames = [frame([pack_report(report)]) for report in reports]
        return [unpack_report(values_of(each[LENGTH_BYTES:])[0]) for each in frames]


async def _store_all(db: Path, seed: str, reports: dict[str, Report], times: Times) -> int:
    """Record every page in the order of its discovery; gives how many that were."""
    store = await Store.open(db)
    try:
        settings = Settings(scope=ScopeName.ANY, depth=65_000, max_pages=0, allow_private=True)
        ledger = await Ledger.open(store, settings)
        parsed = parse_seed(seed)
        assert isinstance(parsed, Seed)
        await ledger.begin_run([parsed], judge_again=False)
        waiting, discovery, total = [], ledger.discovery, 0
        while True:
            waiting += discovery.ready
            discovery.ready = []
            batch, waiting = waiting[:_BATCH], waiting[_BATCH:]
            if not batch:
                return total
            total += len(batch)
            with times.of("both"):
                await ledger.commit([_change(host, entry, reports[entry.url], times) for host, entry in batch])
    finally:
        await store.close()


def _change(host: int, entry: Entry, report: Report, times: Times) -> Callable[[Discovery], object]:
    def record(discovery: Discovery) -> None:
        with times.of("discovery", time.thread_time):
            discovery.record(host, entry, report)

    return record


def measure(plan: web.Web, place: Path) -> dict[str, float]:
    """Milliseconds of CPU a page for each part. Raises BenchmarkError where pages are missing."""
    times = Times()
    urls = [plan.url(page) for page in range(plan.pages)]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_fetch_all(urls[:CONNECTIONS]))
        with times.of("fetch"):
            answers = runner.run(_fetch_all(urls))
        reports = _read_all(urls, answers, times)
        db = place / "parts.db"
        db.unlink(missing_ok=True)
        stored = runner.run(_store_all(db, urls[0], reports, times))
    if stored != plan.pages:
        raise BenchmarkError(f"{stored} pages were stored, not {plan.pages}")
    times.parts["store"] = times.parts.pop("both") - times.parts["discovery"]
    return {part: 1000 * times.parts[part] / plan.pages for part in PARTS}


def write_flame(plan: web.Web, place: Path, options: argparse.Namespace) -> None:
    """The picture of a crawl at work, all its processes. Raises BenchmarkError where there is no py-spy."""
    beside = Path(sys.executable).with_name("py-spy")
    spy = str(beside) if beside.exists() else shutil.which("py-spy")
    if spy is None:
        raise BenchmarkError("the flame graph needs py-spy: pip install py-spy")
    folder = place / "flame"
    folder.mkdir()
    FLAME.parent.mkdir(exist_ok=True)
    words = ["record", "--format", "flamegraph", "--subprocesses", "--rate", "250", "--output", str(FLAME), "--"]
    command = crawlers(Path(sys.executable), options.linkmap)[0].command(work_of(plan), folder)
    measured([spy, *words, *command], folder)
    picture = FLAME.read_text(encoding="utf-8")
    # Whole or cut short, commands name folders of this machine.
    for named in (r'(<text id="title"[^>]*>)[^<]*', r"(process )\d+:&quot;[^<]*?(?:&quot;(?= \()|(?=</))"):
        picture = re.sub(named, r"\1linkmap crawl", picture)
    FLAME.write_text(picture, encoding="utf-8")


def report(runs: Sequence[dict[str, float]], whole: Sequence[float], help_s: float, options: argparse.Namespace) -> str:
    """The table, and the whole that it is a part of."""
    middle = {part: median(run[part] for run in runs) for part in PARTS}
    rows = [[f"{part}: {PARTS[part]}", f"{cost:.3f}"] for part, cost in middle.items()]
    inline = sum(cost for part, cost in middle.items() if part not in ("known", "message"))
    crawl = median(whole)
    rows.append(["sum of those that an inline crawl has (without message and known)", f"{inline:.3f}"])
    rows.append(["a crawl by the command line, its start, frontier and indexing stage included", f"{crawl:.3f}"])
    return (
        f"{options.pages:,} pages of about {options.page_bytes / 1000:g} KB with {options.links} links, from the "
        f"generated web; CPU time of all threads, medians of {options.runs} runs. {results.circumstances()}\n\n"
        f"{results.table(['part', 'CPU ms a page'], rows)}\n\n`linkmap --help` takes {1000 * help_s:.0f} ms."
    )


def main() -> None:
    """Measure the parts of a crawl alone."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parts", description=main.__doc__)
    web.add_options(parser, pages=5_000)
    results.add_options(parser)
    parser.add_argument("--document", type=Path, default=DOCUMENT, metavar="FILE", help="the table goes here too")
    parser.add_argument("--flame", action="store_true", help=f"also write {FLAME.relative_to(ROOT)}")
    parser.add_argument("--linkmap", action="append", default=[], metavar="OPTION", help="as in --linkmap=--workers=2")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="linkmap-benchmark-") as temporary:
        place = Path(temporary)
        plan = web.from_options(options, free_port())
        plan.write(place / "site")
        crawler = crawlers(Path(sys.executable), options.linkmap)[0]
        works: dict[str, Callable[[], object]] = {
            "parts": lambda: measure(plan, place),
            "whole": lambda: crawler.run(work_of(plan), place).cpu_ms_a_page,
            "help": lambda: timed(place, "--help"),
        }
        with serve_files(place / "site", place, plan.host_names(), plan.port, by_host=True):
            runs = interleaved(works, options.runs)
            if options.flame:
                write_flame(plan, place, options)
    text = report(runs["parts"], runs["whole"], median(runs["help"]), options)  # type: ignore[arg-type]
    results.write_section(options.results, "parts", f"## Part by part (`parts`)\n\n{text}")
    results.write_section(options.document, "parts", text, title="# Where the time goes\n")


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as reason:
        sys.exit(f"{reason}")

"""Many hosts that each answer slowly, asked politely: how near the crawl comes to what politeness allows.

`python -m benchmarks.polite` writes the section `polite` of RESULTS.md: the same over plain HTTP and over TLS. The
rates are taken from the server's own log. A run in which one host is asked sooner
than the delay after the end of its last answer is refused.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks import results
from benchmarks.answering import Plan, answering
from benchmarks.crawlers import found_in_map
from benchmarks.measuring import BenchmarkError, interleaved, linkmap, measured, median
from benchmarks.servers import free_port


@dataclass(frozen=True, slots=True)
class Polite:
    """One polite crawl."""

    bound_rate: float
    """Requests a second while hosts had pages left: what each host got, summed."""
    whole_rate: float
    """Requests a second from the first to the last."""
    shortest_gap_s: float
    cpu_ms_a_page: float
    peak_bytes: int


def gaps(log: Sequence[tuple[str, float, float]]) -> list[float]:
    """Seconds from the end of a host's answer to its next request, for each host in turn."""
    last: dict[str, float] = {}
    found = []
    for host, came, went in sorted(log, key=lambda line: line[1]):
        if host in last:
            found.append(came - last[host])
        last[host] = max(went, last.get(host, went))
    return found


def bound_rate(log: Sequence[tuple[str, float, float]]) -> float:
    """Requests a second that the hosts got, each by its own first and last request, summed over all hosts.

    Raises BenchmarkError where one host was done before another was first asked: they were then not all at work.
    """
    asked: defaultdict[str, list[float]] = defaultdict(list)
    for host, came, _ in log:
        asked[host].append(came)
    if min(map(max, asked.values())) <= max(map(min, asked.values())):
        raise BenchmarkError("some hosts were done before others were first asked: use more pages a host")
    return sum((len(times) - 1) / (max(times) - min(times)) for times in asked.values())


def crawled(options: argparse.Namespace, certificates: tuple[Path, Path] | None, place: Path) -> Polite:
    """One crawl of all hosts. Raises BenchmarkError where a count or a gap is wrong."""
    folder = place / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    plan = Plan(
        "polite", free_port(), options.hosts, options.links, options.page_bytes, options.pages_a_host,
        options.answer_ms / 1000, str(certificates[1]) if certificates else None, str(folder / "log.txt"),
    )  # fmt: skip
    seeds = folder / "seeds.txt"
    seeds.write_text("".join(f"{plan.scheme}://{plan.host(each)}:{plan.port}/0\n" for each in range(options.hosts)))
    command = linkmap("crawl", "--seeds", seeds, *_options(plan, options, certificates), *options.linkmap)
    with answering(plan, folder):
        cost = measured(command, folder)
    found = found_in_map(folder)
    if found.pages != options.hosts * options.pages_a_host:
        raise BenchmarkError(f"{found.pages} pages of {options.hosts * options.pages_a_host} were fetched: refused")
    log = [(host, float(came), float(went)) for host, came, went in _lines(folder / "log.txt")]
    shortest = min(gaps(log))
    if shortest < options.delay:
        raise BenchmarkError(f"a host was asked {shortest:.4f} s after its last answer: refused")
    times = [came for _, came, _ in log]
    whole = len(log) / (max(times) - min(times))
    return Polite(bound_rate(log), whole, shortest, 1000 * cost.cpu_s / found.pages, cost.peak_bytes)


def _options(plan: Plan, options: argparse.Namespace, certificates: tuple[Path, Path] | None) -> list[str]:
    words = ["--scope", "host", "--depth", "100", "--max-pages", "0", "--delay", str(options.delay), "--allow-private"]
    words += ["--quiet", "--db", "map.db"]
    for each in range(plan.hosts):
        address = f"127.{1 + each // 62_500}.{each // 250 % 250}.{each % 250 + 1}"
        words += ["--resolve", f"{plan.host(each)}:{plan.port}:{address}"]
    return words + (["--ca-file", str(certificates[0])] if certificates else [])


def _lines(file: Path) -> list[list[str]]:
    return [line.split() for line in file.read_text().splitlines()]


def make_certificates(folder: Path) -> tuple[Path, Path]:
    """An authority of our own, and a key with the certificate it signed for every host. Raises BenchmarkError."""
    authority, key, signed, request, own = (folder / name for name in ("ca.pem", "ca.key", "crt", "csr", "own.key"))
    names = folder / "names"
    names.write_text("subjectAltName=DNS:*.bench.test\n")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    _openssl("req", "-x509", *curve, "-keyout", key, "-out", authority, "-days", "30", "-subj", "/CN=benchmark",
             "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip
    _openssl("req", *curve, "-keyout", own, "-out", request, "-subj", "/CN=bench.test")
    _openssl("x509", "-req", "-in", request, "-CA", authority, "-CAkey", key, "-CAcreateserial", "-out", signed,
             "-days", "30", "-extfile", names)  # fmt: skip
    whole = folder / "server.pem"
    whole.write_text(own.read_text() + signed.read_text())
    return authority, whole


def _openssl(*arguments: object) -> None:
    try:
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise BenchmarkError(f"openssl cannot make certificates: {getattr(error, 'stderr', error)}") from error


def report(runs: dict[str, list[Polite]], options: argparse.Namespace) -> str:
    """The section."""
    allowed = options.hosts / (options.delay + options.answer_ms / 1000)
    rows = [
        [
            name,
            f"{median(run.bound_rate for run in mine):,.0f}",
            f"{median(run.bound_rate for run in mine) / allowed:.1%}",
            f"{median(run.whole_rate for run in mine):,.0f}",
            f"{min(run.shortest_gap_s for run in mine):.4f}",
            f"{median(run.cpu_ms_a_page for run in mine):.2f}",
            f"{median(run.peak_bytes for run in mine) / 1e6:,.0f}",
        ]
        for name, mine in runs.items()
    ]
    head = ["", "requests/s", "of what is allowed", "from first to last", "shortest gap s", "CPU ms a page", "peak MB"]
    return (
        f"## Polite to many hosts (`polite`)\n\n{options.hosts:,} hosts, each with a robots.txt that is missing and "
        f"{options.pages_a_host} pages of {options.page_bytes / 1000:g} KB with {options.links} links, each answer "
        f"after {options.answer_ms:g} ms, a delay of {options.delay:g} s: politeness allows {allowed:,.0f} requests/s. "
        "All is taken from the server's log: requests/s are those that each host got from its first request to its "
        "last, summed over the hosts, which were all at work together; *from first to last* counts the start and the "
        "end of the crawl; the gap is from the end of an answer to the host's next request. Medians of "
        f"{options.runs} interleaved runs. {results.circumstances()}\n\n{results.table(head, rows)}"
    )


def main() -> None:
    """Measure a crawl that politeness holds back, with and without TLS."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.polite", description=main.__doc__)
    for name, value in (("--hosts", 2_000), ("--pages-a-host", 5), ("--links", 54), ("--page-bytes", 23_000)):
        parser.add_argument(name, type=int, default=value, help="default: %(default)s")
    parser.add_argument("--answer-ms", type=float, default=100.0, help="default: %(default)s")
    parser.add_argument("--delay", type=float, default=1.0, help="seconds; default: %(default)s")
    parser.add_argument("--linkmap", action="append", default=[], metavar="OPTION", help="as in --linkmap=--workers=2")
    results.add_options(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="linkmap-benchmark-") as temporary:
        place = Path(temporary)
        works = {
            "plain HTTP": partial(crawled, options, None, place),
            "TLS": partial(crawled, options, make_certificates(place), place),
        }
        runs = interleaved(works, options.runs)
    results.write_section(options.results, "polite", report(runs, options))


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as reason:
        sys.exit(f"{reason}")

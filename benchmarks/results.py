"""RESULTS.md: a section for each benchmark, between markers, which a run of that benchmark writes anew."""

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"
_TITLE = "# Results\n\nEach section is written by its benchmark; [README.md](README.md) says how to repeat it.\n"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that all benchmarks have."""
    parser.add_argument("--runs", type=int, default=3, help="interleaved runs, of which the medians count; default 3")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FILE", help="where the section is written")


def write_section(file: Path, name: str, text: str, title: str = _TITLE) -> None:
    """Replace the section of this name, or append it; prints it too."""
    begin, end = f"<!-- {name}: written by python -m benchmarks.{name} -->", f"<!-- end of {name} -->"
    section = f"{begin}\n{text.strip()}\n{end}\n"
    print(f"\n{text.strip()}")
    whole = file.read_text(encoding="utf-8") if file.exists() else title
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end) + "\n", re.DOTALL)
    is_there = pattern.search(whole)
    whole = pattern.sub(lambda _: section, whole) if is_there else f"{whole.rstrip()}\n\n{section}"
    file.write_text(whole, encoding="utf-8")
    print(f"\nWrote {file}.", file=sys.stderr)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; the first column is of words, the others of numbers."""
    lines = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
    lines.extend(f"| {' | '.join(map(str, row))} |" for row in rows)
    return "\n".join(lines)


def circumstances(*more: str) -> str:
    """When, where and with what: date, processor, cores, kernel, versions, commit."""
    libraries = ("linkmap", "aiohttp", "uvloop", "selectolax", "ada-url")
    used = ", ".join(f"{name} {version(name) if name != 'linkmap' else _own_version()}" for name in libraries)
    parts = [
        time.strftime("%Y-%m-%d", time.gmtime()),
        f"{_processor()}, {len(os.sched_getaffinity(0))} cores, {_memory_gb():.0f} GB",
        f"Linux {platform.release().split('-')[0]}, Python {platform.python_version()}",
        used,
        *more,
    ]
    return "; ".join(parts) + "."


def _own_version() -> str:
    from linkmap import __version__

    commit = subprocess.run(
        ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return f"{__version__} ({commit})" if commit else __version__


def _processor() -> str:
    found = re.search(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9

"""Seeds from the command line and from files; each that is none is told on standard error, with its place."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from linkmap.cli.text import safe
from linkmap.errors import UsageError
from linkmap.seeds import BadSeed, Seed, parse_seed, parse_seed_lines
from linkmap.url import as_written

seeds_option = click.option(
    "--seeds", "seed_files", multiple=True, metavar="FILE|-", help="More seeds, one a line; # starts a comment."
)


def given_seeds(written: Sequence[str], files: Sequence[str]) -> list[Seed]:
    """The valid seeds of a command line. Raises UsageError where some were given and none is valid."""
    chosen = list(_seeds(written, files))
    if not chosen and (written or files):
        raise UsageError("no valid seed among those given: give at least one URL, or a file with one URL a line")
    return chosen


def _seeds(written: Sequence[str], files: Sequence[str]) -> Iterator[Seed]:
    for text in written:
        yield from _valid("argument", parse_seed(text))
    for name in files:
        for number, seed in parse_seed_lines(_lines(name)):
            yield from _valid(f"{'standard input' if name == '-' else name}:{number}", seed)


def _valid(place: str, seed: Seed | BadSeed) -> Iterator[Seed]:
    if isinstance(seed, BadSeed):
        click.echo(f"{place}: {safe(as_written(seed.written))!r} {seed.reason}; left out", err=True)
    else:
        yield seed


def _lines(name: str) -> list[str]:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"--seeds {name}: {error.strerror}; name a readable file, or - for standard input") from error
    try:
        return data.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise UsageError(f"--seeds {name}: not UTF-8 text (byte {error.start}); save it as UTF-8") from error

"""What is said of a crawl that could not go on: what is safe, what to mend, how to go on."""

import sqlite3
from pathlib import Path

from linkmap.advice import command, in_memory
from linkmap.errors import LinkmapError
from linkmap.store.reader import held, is_held


def write_failure(path: Path, error: sqlite3.Error, *, is_begun: bool) -> LinkmapError:
    """Why a map could not be written in the middle of a crawl."""
    if in_memory(path):
        return LinkmapError(f"the map in memory cannot take more ({error}): crawl into a file, with --db")
    if not path.exists():
        return LinkmapError(f"{path} was removed while it was crawled into: crawl anew, into a file that stays")
    if is_held(error):
        return held(path, _again(path, is_begun))
    return LinkmapError(
        f"writing {path} failed ({error}): {going_on_after(path, 'mend the disk or free some space', is_begun)}"
    )


def going_on_after(path: Path, mending: str, is_begun: bool) -> str:
    """What to do about a map whose crawl could not go on."""
    return f"what was committed is safe; {mending}, then {_again(path, is_begun)}"


def _again(path: Path, is_begun: bool) -> str:
    return f"go on with `{command('crawl --resume', path)}`" if is_begun else "do the same again"

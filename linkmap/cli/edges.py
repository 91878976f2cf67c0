"""`crawl --edges FILE|-`: the links of the map as TSV, each batch after the commit that holds it.

Nothing that is wrong with the file ends the crawl in disorder: it is stopped as by Ctrl-C, and the next
`--resume --edges` writes all rows anew, those that the map holds first.
"""

import asyncio
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from linkmap.advice import going_on, in_memory
from linkmap.cli.text import tsv_line
from linkmap.errors import LinkmapError, UsageError
from linkmap.model import FoundLink

STANDARD_OUTPUT = "-"


class EdgeFile:
    """The rows of one run, written to a file or to standard output."""

    def __init__(self, name: str, db: Path, others: Iterable[Path]) -> None:
        """Open the file, and leave what it holds until the first rows come. Raises UsageError."""
        self.name = name
        self._db = db
        self.stop = asyncio.Event()
        """Set where the rows cannot be written any more; the crawl is to stop on it."""
        self._error: OSError | None = None
        self._begun = False
        path, taken = Path(name), {os.path.realpath(other) for other in (db, *others)}
        if name != STANDARD_OUTPUT and os.path.realpath(path) in taken:
            raise UsageError(f"--edges {name} is a file that this crawl reads or writes: name another")
        self._is_new = name != STANDARD_OUTPUT and not path.exists()
        try:
            # Unbuffered: nothing is left over that could fail once more when the program ends.
            self._file = open(os.dup(1) if name == STANDARD_OUTPUT else path, "ab", buffering=0)  # noqa: SIM115
        except OSError as error:
            raise UsageError(f"--edges {name}: {error.strerror}; name a file that can be written, or -") from error

    async def write(self, links: list[FoundLink]) -> None:
        """Write rows, beside the event loop: a slow reader of a pipe must not hold up the answers."""
        if self._error is None:
            await asyncio.to_thread(self._write, links)
        if self._error is not None:
            self.stop.set()

    def close(self) -> None:
        """Close the file; one that was made for a crawl that was then refused is taken away.

        Raises LinkmapError where rows could not be written, unless only the reader of a pipe has left.
        """
        self._file.close()
        if self._is_new and not self._begun:
            Path(self.name).unlink(missing_ok=True)
        if self._error is not None and not isinstance(self._error, BrokenPipeError):
            raise LinkmapError(f"--edges {self.name}: {self._error.strerror}; {self._mending()}") from self._error

    def _mending(self) -> str:
        if in_memory(self._db):
            return f"mend that, {going_on(self._db)}"
        return "the map is whole: mend that, then go on with --resume, which writes all rows"

    def _write(self, links: list[FoundLink]) -> None:
        try:
            if not self._begun:
                self._begin()
            data = memoryview("".join(map(tsv_line, links)).encode())
            while data:
                data = data[self._file.write(data) or 0 :]
        except OSError as error:
            self._error = error

    def _begin(self) -> None:
        self._begun = True
        if self.name != STANDARD_OUTPUT and stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
            self._file.truncate(0)
        self._file.write(tsv_line(FoundLink._fields).encode())

"""A file that stands whole under its name or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from linkmap.errors import LinkmapError


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A new file, open for writing and reading, that takes its name when the block ends well.

    Until then it stands beside with a name of its own, and it goes where the block raises anything, Ctrl-C
    too; what stood at the path stays untouched. Raises LinkmapError where the place cannot be written.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise LinkmapError(f"{path} is a folder: name a file")
    if target.exists() and not target.is_file():
        raise LinkmapError(f"{path} is no regular file, which a new one would replace: name another")
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with open(beside, "x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
        _sync_folder(target.parent)
    except OSError as error:
        raise LinkmapError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        beside.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the system can (not on Windows)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""One writer a map: an operating-system lock on `map.db.lock`, which no crash can leave behind.

The lock stands beside the map, not on it: closing any handle of the map file itself would drop the locks
that SQLite holds on it in the same process (sqlite.org/howtocorrupt.html, 2.2).
"""

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from linkmap.errors import LinkmapError

_PATIENCE_S = 0.1


def beside(path: Path, ending: str) -> Path:
    """A file beside a map and of its name: of the file's own, where the map is named by a link to it."""
    place = os.path.realpath(path) if path.is_symlink() else path
    return Path(f"{place}{ending}")


def lock_path(path: Path) -> Path:
    """Where the lock of a map stands."""
    return beside(path, ".lock")


def try_lock(path: Path) -> int | None:
    """The descriptor that holds the map's writer lock, or None where another process holds it.

    Tries for a tenth of a second: `is_locked` of another process keeps a writer out for an instant.
    """
    target = lock_path(path)
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            descriptor = os.open(target, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
        except OSError as error:
            raise _no_lock(path, error) from error
        if not _lock_descriptor(descriptor):
            os.close(descriptor)
            if time.monotonic() > until:
                return None
            time.sleep(_PATIENCE_S / 10)
            continue
        if _still_there(descriptor, target):
            return descriptor
        os.close(descriptor)


def _no_lock(path: Path, error: OSError) -> LinkmapError:
    """Why there can be no lock beside a map."""
    if error.errno == errno.EISDIR:
        return LinkmapError(f"{lock_path(path)} is a folder: remove it, or name another map with --db")
    if error.errno == errno.ENAMETOOLONG:
        return LinkmapError(
            f"the name of {path} is too long for what stands beside a map: name a shorter one with --db"
        )
    return LinkmapError(f"cannot write beside {path} ({error.strerror}): choose a folder you may write to")


def unlock(path: Path, descriptor: int) -> None:
    """Give the lock back and take its file away; who waits for it notices the removal and tries anew."""
    if sys.platform != "win32":
        lock_path(path).unlink(missing_ok=True)
    os.close(descriptor)


@contextmanager
def writer_lock(path: Path) -> Iterator[None]:
    """Hold the right to write a map. Raises LinkmapError while another process has it."""
    descriptor = try_lock(path)
    if descriptor is None:
        raise LinkmapError(
            f"{path} is being written by another linkmap: wait for it, stop it with Ctrl-C, or name another with --db"
        )
    try:
        yield
    finally:
        unlock(path, descriptor)


def is_locked(path: Path) -> bool:
    """Whether a writer is at work on the map, said at once.

    Those who ask at the same time do not take one another for a writer; on Windows they may.
    """
    try:
        descriptor = os.open(lock_path(path), os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return False
    try:
        return not _lock_descriptor(descriptor, shared=True)
    finally:
        os.close(descriptor)


def _still_there(descriptor: int, target: Path) -> bool:
    """Whether the file that was locked is still the one that others will open."""
    try:
        there = target.stat()
    except FileNotFoundError:
        return False
    held = os.fstat(descriptor)
    return (held.st_dev, held.st_ino) == (there.st_dev, there.st_ino)


if sys.platform == "win32":
    import msvcrt

    def _lock_descriptor(descriptor: int, *, shared: bool = False) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock_descriptor(descriptor: int, *, shared: bool = False) -> bool:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

"""The write-ahead log beside a map: how large it may grow, and which reader keeps it from being folded in.

A reader sees the map at one moment, and SQLite folds nothing in that is younger than the oldest such moment. So a
program that holds one lets the log grow for as long as it does; nothing is lost by it, and its end frees the log.
"""

import os
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from linkmap.store.lock import beside, lock_path

PAGE_BYTES = 4_096
"""A page of a map, as SQLite makes it."""
LOG_PAGES = 4_000
"""Pages after which SQLite folds the log in: about 16 MB."""
MOST_LOG_BYTES = 2 * LOG_PAGES * PAGE_BYTES
"""Above this a log is cut short: it holds what is folded in already, or something keeps it from being so."""

_SHM_READ_LOCKS = range(123, 128)
"""Bytes of `map.db-shm` that readers lock (sqlite.org/walformat.html, 2.3.1: WAL_READ_LOCK)."""


class Pinned(NamedTuple):
    """That the log of a crawl cannot be folded in."""

    since: float
    """Unix time at which the crawl first found it so."""
    crawl: int
    """The process that crawls."""


def log_path(path: Path) -> Path:
    """Where SQLite keeps the log of a map."""
    return beside(path, "-wal")


def log_bytes(path: Path) -> int:
    """How large the log of a map is; 0 where it has none."""
    try:
        return log_path(path).stat().st_size
    except FileNotFoundError:
        return 0


def note_pinned(lock: int, since: float | None) -> None:
    """Say in the lock's open file since when the log is pinned; None: it is not. A full disk: nothing."""
    text = b"" if since is None else f"log pinned since {since:.0f}, seen by {os.getpid()}\n".encode()
    with suppress(OSError):
        os.ftruncate(lock, 0)
        os.lseek(lock, 0, os.SEEK_SET)
        os.write(lock, text)


def pinned(path: Path) -> Pinned | None:
    """What the crawl at work on a map noted of its log; None where nothing keeps it from being folded in."""
    try:
        words = lock_path(path).read_text(encoding="ascii").replace(",", "").split()
    except (OSError, UnicodeDecodeError):
        return None
    return Pinned(float(words[3]), int(words[6])) if len(words) == 7 else None


def pinning_process(path: Path, crawl: int) -> tuple[int, str] | None:
    """Number and name of a process other than the crawl that holds the map at one moment, where the system tells.

    Opens and closes `map.db-shm`, which drops the locks that this process has on it: to be called without a reader.
    """
    if sys.platform != "linux":
        return None
    import fcntl

    try:
        descriptor = os.open(beside(path, "-shm"), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        for place in _SHM_READ_LOCKS:
            wanted = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0)
            kind, _, _, _, process = struct.unpack("hhqqi", fcntl.fcntl(descriptor, fcntl.F_GETLK, wanted))
            if kind != fcntl.F_UNLCK and process not in (0, crawl):
                return process, _name(process)
    finally:
        os.close(descriptor)
    return None


def _name(process: int) -> str:
    try:
        return Path(f"/proc/{process}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""

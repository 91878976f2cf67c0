"""A disk of as many pages as a test wants: a tmpfs in a mount namespace of its own, for which nobody need be root."""

import shutil
import subprocess
from pathlib import Path
from typing import Self

from maps import command, environment

PAGE_BYTES = 4096
AMPLE = 4_096
"""Pages that are enough for every map of these tests."""


def can_mount() -> bool:
    """Whether this machine lets a test mount a disk of its own."""
    if shutil.which("unshare") is None or shutil.which("nsenter") is None:
        return False
    words = ["unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", "/mnt"]
    return subprocess.run(words, capture_output=True).returncode == 0


class SmallDisk:
    """An empty disk at a folder, seen only by what is run on it; it is gone with the block."""

    def __init__(self, folder: Path, pages: int) -> None:
        self._folder = folder
        self._pages = pages

    def __enter__(self) -> Self:
        self._folder.mkdir()
        mount = f'mount -t tmpfs -o size={self._pages * PAGE_BYTES} tmpfs "$0" && echo mounted && exec cat'
        self._keeper = subprocess.Popen(
            ["unshare", "-rm", "sh", "-c", mount, self._folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._keeper.stdout is not None
        assert self._keeper.stdout.readline() == b"mounted\n"
        return self

    def __exit__(self, *exception: object) -> None:
        self._keeper.communicate(timeout=10)

    def resize(self, pages: int) -> None:
        """Free space, or take it."""
        self._run(["mount", "-o", f"remount,size={pages * PAGE_BYTES}", str(self._folder)]).check_returncode()

    def linkmap(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run the real command line in the disk's folder."""
        return self._run(command(*arguments))

    @property
    def seen(self) -> Path:
        """The folder as it is seen from outside; for plain reading and writing, as SQLite would resolve it wrongly."""
        return Path(f"/proc/{self._keeper.pid}/root{self._folder}")

    def files(self, to: Path) -> list[str]:
        """Copy all that is on the disk to a new folder; gives the names."""
        to.mkdir()
        for path in self.seen.iterdir():
            shutil.copy(path, to)
        return sorted(path.name for path in to.iterdir())

    def _run(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        enter = ["nsenter", "-t", str(self._keeper.pid), "-U", "-m", "--preserve-credentials"]
        there = ["sh", "-c", 'cd "$0" && exec "$@"', str(self._folder)]
        return subprocess.run([*enter, *there, *words], env=environment(), capture_output=True, text=True, timeout=60)

"""Real command lines whose system calls fail where a test says, by strace: `strace -e inject=CALL:error=E:when=K`."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from maps import command, environment

AT_MOST_S = 30.0
"""How long a crawl may take to end once a call of it has failed."""
MAP = ("map.db", "map.db-wal", "map.db-shm", "map.db-journal")


@dataclass(frozen=True)
class Fault:
    """Which call fails and how. The k-th is counted for each thread, as strace counts."""

    call: str
    error: str
    paths: tuple[str, ...] = ()
    """Only calls on these files of the folder; empty: all calls."""
    all_threads: bool = True
    """Whether other threads than the main one, and worker processes, are meant too."""


@dataclass(frozen=True)
class Ended:
    """How a command line ended under a fault."""

    done: subprocess.CompletedProcess[str]
    calls: list[str]
    """The traced calls as strace wrote them."""

    @property
    def failed(self) -> list[str]:
        """The calls that were made to fail."""
        return [call for call in self.calls if "(INJECTED)" in call]


def can_trace() -> bool:
    """Whether this machine lets a test follow a process of its own and make its calls fail."""
    if shutil.which("strace") is None:
        return False
    words = ["strace", "-e", "trace=rename", "-e", "inject=rename:error=EIO", "true"]
    return subprocess.run(words, capture_output=True).returncode == 0


def run_with(fault: Fault, k: int, *arguments: object, cwd: Path) -> Ended:
    """Run the real command line with the k-th of the calls failing. A hang raises TimeoutExpired."""
    log = cwd.parent / f"{cwd.name}.strace"
    threads = ["-f", "--seccomp-bpf"] if fault.all_threads else []
    paths = [word for path in fault.paths for word in ("-P", str(cwd / path))]
    inject = ["-e", f"trace={fault.call}", "-e", f"inject={fault.call}:error={fault.error}:when={k}"]
    words = ["strace", "-qq", "-yy", *threads, *inject, *paths, "-o", str(log), *command(*arguments)]
    done = subprocess.run(words, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=AT_MOST_S)
    return Ended(done, log.read_text(errors="replace").splitlines())

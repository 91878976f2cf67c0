"""What a program costs: wall time, CPU time and peak memory of all its processes together. Linux only."""

import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parent.parent
T = TypeVar("T")
_TICKS = os.sysconf("SC_CLK_TCK")
_SAMPLE_S = 0.05
_SAMPLE_SHARE = 20
"""Sampling takes at most one part in this many: the kernel walks all memory of a process to say its share."""


class BenchmarkError(Exception):
    """Why a figure cannot be given, in words."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a program took, from its start to the end of its last process."""

    wall_s: float
    cpu_s: float
    peak_bytes: int


def processes(root: int) -> list[int]:
    """A process and all that descend from it, as far as they still run."""
    found, waiting = [], [root]
    while waiting:
        process = waiting.pop()
        found.append(process)
        with suppress(OSError):
            for thread in os.listdir(f"/proc/{process}/task"):
                waiting.extend(map(int, Path(f"/proc/{process}/task/{thread}/children").read_text().split()))
    return found


def memory_bytes(root: int) -> int:
    """Memory of a process and its descendants; what they share counts once (proportional set size)."""
    total = 0
    for process in processes(root):
        with suppress(OSError, IndexError, ValueError):
            text = Path(f"/proc/{process}/smaps_rollup").read_text()
            total += int(text.partition("\nPss:")[2].split()[0]) * 1024
    return total


def cpu_s(root: int) -> float:
    """CPU time that a running process and its descendants took so far, those included that they waited for."""
    total = 0
    for process in processes(root):
        with suppress(OSError, IndexError):
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[11:15]))
    return total / _TICKS


class Running:
    """A program at work with its memory and CPU time watched; what it prints goes to a file."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.output = folder / "output.txt"
        self.peak_bytes = 0
        self._command = list(map(str, command))
        self._cpu_s = 0.0
        self._done = threading.Event()
        with self.output.open("wb") as file:
            self._started = time.perf_counter()
            self._process = subprocess.Popen(
                self._command, cwd=folder, env=environment or surroundings(), stdin=subprocess.DEVNULL, stdout=file,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self.pid = self._process.pid
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()

    def is_over(self) -> bool:
        """Whether the program has ended; its cost can still be asked for."""
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return self._process.returncode is not None or os.waitid(os.P_PID, self.pid, flags) is not None

    def stop(self) -> None:
        """End all processes of the program at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def cost(self, timeout_s: float, good: Sequence[int] = (0,)) -> Cost:
        """What the program took, once it has ended. Raises BenchmarkError where it fails or takes too long.

        `good` are the exit codes that do not mean that it failed.
        """
        timer = threading.Timer(timeout_s, self.stop)
        timer.start()
        _, status, usage = os.wait4(self.pid, 0)
        wall_s = time.perf_counter() - self._started
        late = not timer.is_alive()
        timer.cancel()
        self._done.set()
        self._sampler.join()
        self._process.returncode = os.waitstatus_to_exitcode(status)
        if late:
            raise BenchmarkError(f"{self._words()} did not end within {timeout_s:,.0f} s")
        if self._process.returncode not in good:
            last = self.output.read_text(errors="replace").strip()[-2_000:]
            raise BenchmarkError(f"{self._words()} ended with {self._process.returncode}:\n{last}")
        return Cost(wall_s, max(usage.ru_utime + usage.ru_stime, self._cpu_s), self.peak_bytes)

    def _words(self) -> str:
        return " ".join(self._command[:6])

    def _sample(self) -> None:
        while True:
            began = time.perf_counter()
            self.peak_bytes = max(self.peak_bytes, memory_bytes(self.pid))
            self._cpu_s = max(self._cpu_s, cpu_s(self.pid))
            if self._done.wait(max(_SAMPLE_S, _SAMPLE_SHARE * (time.perf_counter() - began))):
                return


def measured(command: Sequence[str], folder: Path, timeout_s: float = 1_800.0, good: Sequence[int] = (0,)) -> Cost:
    """What a program takes that must end well. Raises BenchmarkError."""
    running = Running(command, folder)
    try:
        return running.cost(timeout_s, good)
    except BaseException:
        running.stop()
        raise


def timed(folder: Path, *arguments: object) -> float:
    """Seconds of linkmap as a whole process, as from another terminal. Raises BenchmarkError.

    Nothing else of it is looked at meanwhile, which would lengthen a tenth of a second.
    """
    began = time.perf_counter()
    done = subprocess.run(
        linkmap(*arguments), cwd=folder, env=surroundings(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False, start_new_session=True,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    if done.returncode:
        words = " ".join(map(str, arguments))
        raise BenchmarkError(f"linkmap {words} ended with {done.returncode}:\n{done.stderr.strip()[-2_000:]}")
    return seconds


def linkmap(*arguments: object) -> list[str]:
    """linkmap's real command line, as its words."""
    return [sys.executable, "-m", "linkmap", *map(str, arguments)]


def surroundings() -> dict[str, str]:
    """An environment in which this checkout's linkmap and benchmarks are found from any folder."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path}


def interleaved(works: Mapping[str, Callable[[], T]], runs: int) -> dict[str, list[T]]:
    """What each work gave, `runs` times: all once, then all again, so that a slow minute meets everyone."""
    found: dict[str, list[T]] = {name: [] for name in works}
    for run in range(runs):
        for name, work in works.items():
            print(f"run {run + 1} of {runs}: {name} ...", file=sys.stderr, flush=True)
            found[name].append(work())
    return found


def median(values: Iterable[float]) -> float:
    """The middle value."""
    return statistics.median(values)

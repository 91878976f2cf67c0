"""The real command line in processes that begin at once: a kill every tenth of a second, not every second.

Nine tenths of the time of a crawl of a small site go into loading Python's modules. Here one process loads them and
does nothing else; each command is a copy of it (fork), the leader of a session and process group of its own.
"""

import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Self

from maps import environment

_STARTER = """
import json, os, sys
import linkmap.cli.crawl, linkmap.cli.query, linkmap.cli.rank, linkmap.demo, aiosqlite, uvloop, rich.live
from linkmap.__main__ import main
for line in sys.stdin:
    arguments, folder, out, err = json.loads(line)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        answer = os.dup(1)
        os.chdir(folder)
        for number, (name, flags) in enumerate([("/dev/null", 0), (out, 577), (err, 577)]):
            os.dup2(os.open(name, flags, 0o644), number)
        sys.argv = ["linkmap", *arguments]
        os.write(answer, b"%d\\n" % os.getpid())
        main()
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class Starter:
    """Starts one command after the other in a folder; use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._out, self._err = folder / "stdout.txt", folder / "stderr.txt"
        self._process = subprocess.Popen(
            [sys.executable, "-c", _STARTER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
            bufsize=0,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()

    def start(self, *arguments: object) -> int:
        """The process id of a command that was begun. Its `end` must be heard before the next one."""
        assert self._process.stdin is not None
        words = [str(argument) for argument in arguments]
        line = json.dumps([words, str(self._folder), str(self._out), str(self._err)])
        self._process.stdin.write(line.encode() + b"\n")
        return self._number()

    def is_at_work_for(self, seconds: float) -> bool:
        """Whether the command is at work so long still; where it is not, as soon as it ends."""
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        return not ready

    def end(self, at_most_s: float = 60.0) -> int:
        """The exit code of the command when it has ended, minus the signal that killed it."""
        assert not self.is_at_work_for(at_most_s), f"the command did not end within {at_most_s} s"
        return self._number()

    def run(self, *arguments: object) -> int:
        """The exit code of a command that is left to end."""
        self.start(*arguments)
        return self.end()

    @property
    def out(self) -> str:
        """What the command wrote to its standard output."""
        return self._out.read_text()

    @property
    def err(self) -> str:
        """What the command wrote to its standard error."""
        return self._err.read_text()

    def _number(self) -> int:
        """The next line of the starter: a process id, or an exit code."""
        assert self._process.stdout is not None
        line = b""
        while not line.endswith(b"\n"):
            byte = os.read(self._process.stdout.fileno(), 1)
            assert byte, "the starter is gone"
            line += byte
        return int(line)

"""A host in good order, in a process of its own, so that no other server of a test holds it up."""

import json
import subprocess
import sys
from types import TracebackType
from typing import Self

from conftest import Answer, Site
from maps import environment


class Healthy:
    """A site of some pages that are each a while in coming; it tells how fast it was crawled."""

    def __init__(self, pages: int, answer_s: float) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "reliability.healthy", str(pages), str(answer_s)],
            env=environment(with_tests=True), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url, "the healthy host did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def pages_a_second(self) -> float:
        """How fast it was crawled, by its own log; its first page left out. Ends the server."""
        told, _ = self._process.communicate("", timeout=10)
        began = json.loads(told)
        return float((len(began) - 1) / (began[-1] - began[0]))


def main() -> None:
    """Serve until the standard input ends; then print when each request came."""
    pages, answer_s = int(sys.argv[1]), float(sys.argv[2])
    front = "".join(f'<a href="/{number}">{number}</a>' for number in range(pages))
    with Site({f"/{number}": Answer("well", delay_s=answer_s) for number in range(pages)} | {"/": front}) as site:
        print(site("/"), flush=True)
        sys.stdin.read()
        print(json.dumps([hit.began for hit in site.log if hit.path not in ("/robots.txt", "/")]))


if __name__ == "__main__":
    main()

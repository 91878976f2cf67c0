"""What stands beside a crawl in tests: a site without end, a crawl of it, and programs that read its map."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from conftest import Answer, Site
from maps import command, environment

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN")
print(connection.execute("SELECT count(*) FROM page").fetchone()[0], flush=True)
sys.stdin.read()
"""

CALM_S = 0.8
BEYOND = 1_000_000_000
"""Numbers of pages that only a calm site has."""


@dataclass
class Endless:
    """A site that makes up pages of as many links as asked, half of them to pages that nothing else links to."""

    site: Site
    links: int = 200
    delay_s: float = 0.0
    words: str = "words that make the map grow " * 10 + "{}"
    """The text of a link, with the number of its page where that stands."""
    is_calm: bool = False

    def __post_init__(self) -> None:
        self.site.make = self.page

    def calm_down(self) -> None:
        """From now on a page comes after a while, with two links, one of them to a page that nothing else links to."""
        self.is_calm, self.delay_s = True, CALM_S

    def page(self, host: str, path: str) -> Answer | None:
        """Page N links to the pages behind those of the pages before it, and to those that page N / 2 links to."""
        if path == "/robots.txt":
            return None
        number = int(path[1:] or 0)
        if self.is_calm:
            places = [BEYOND + number, number // 2]
        else:
            places = [*range(number * self.links // 2 + 1, (number + 1) * self.links // 2 + 1)]
            places += [place // 2 for place in places]
        return Answer(
            "".join(f'<a href="/{place}">{self.words.format(place)}</a>' for place in places), delay_s=self.delay_s
        )


@contextmanager
def crawling(folder: Path, *words: object) -> Iterator[subprocess.Popen[str]]:
    """`linkmap crawl` at work in a folder; killed where the test did not end it."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command("crawl", *words), cwd=folder, env=environment(), stdout=pipe, stderr=pipe, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def reading(db: Path) -> Iterator[subprocess.Popen[str]]:
    """Another program that holds the map as of one moment for as long as the context lasts."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(db)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline().strip().isdigit()
        yield process
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def wait_for(reached: Callable[[], object], seconds: float = 30) -> float:
    """The seconds until something is reached. Fails where it is not in time."""
    began = time.monotonic()
    while not reached():
        assert time.monotonic() < began + seconds, "not reached in time"
        time.sleep(0.01)
    return time.monotonic() - began

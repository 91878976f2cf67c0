"""A crawl of a real site that is killed (-9) at random and taken up again comes to the map of one that nobody harmed.

`LINKMAP_REALSITES=FOLDER pytest tests/realsites/test_kills.py --rounds 1000 -rP` is the long form: so many kills.
"""

import mimetypes
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Answer, Page, Site
from reliability.killing import CONCURRENCY, Kills, kill
from reliability.starter import Starter

from .sites import RealSite

pytestmark = [
    pytest.mark.realsites,
    pytest.mark.skipif(sys.platform == "win32", reason="no kill -9"),
]


def pages_of(root: Path, folder: Path) -> dict[str, Page]:
    """The files below a folder as the answers of a server of `root`; folders lead on to their `index.html`."""
    pages: dict[str, Page] = {}
    for path in folder.rglob("*"):
        place = f"/{path.relative_to(root)}"
        if path.is_dir():
            pages[place] = Answer(status=301, headers={"Location": f"{place}/"})
        elif path.is_file():  # a broken link is none
            kind, coding = mimetypes.guess_type(path.name)
            is_plain = kind is not None and coding is None
            answer = Answer(path.read_bytes(), headers={"Content-Type": kind if is_plain else "application/gzip"})
            pages[place] = answer
            if path.name == "index.html":
                pages[place.removesuffix("index.html")] = answer
    return pages


@pytest.fixture
def policy(root: Path, site: Site) -> tuple[Site, RealSite]:
    package = RealSite("debian-policy", root)
    site.pages = pages_of(root, package.folder)
    return site, package


@pytest.mark.parametrize(("workers", "usual"), [(0, 50), (2, 10)])
def test_a_real_site_is_crawled_exactly_however_often_the_crawl_is_killed(
    policy: tuple[Site, RealSite], tmp_path: Path, rounds: Callable[[int], int], workers: int, usual: int
) -> None:
    site, package = policy
    wanted = rounds(usual)
    with Starter(tmp_path) as starter:
        kills = Kills(site, package.seeds(site("/")), starter, tmp_path, "--workers", workers)
        while kills.struck < wanted:
            kills.crawl(kills.kill_a_worker_too if workers else kill, wanted - kills.struck)
    print(f"{kills.struck} kills and {kills.workers} of workers, each had {kills.most_twice:g} asked for again at most")
    assert kills.most_twice <= CONCURRENCY

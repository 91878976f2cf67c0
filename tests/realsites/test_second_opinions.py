"""Two other crawlers, LinkChecker and wget, ask a site's server for the same URLs and get the same answers.

What is compared stands in the server's own log, so that nobody's words for an answer come into it. The differences
that are left are listed here, and docs/second-opinions.md says why.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .server import Log, served
from .sites import RealSite, crawl

ROBOTS = ("/robots.txt", 404)
"""wget is told to leave it: it would be the only one to ask for it after the seeds."""
LIKE_THEM = ("--check", "resources", "--ignore-nofollow")
"""What the other two do unasked: ask for images, scripts and style sheets, and for what is marked nofollow."""
OTHERS = {
    "wget": ("--recursive", "--level=inf", "--spider", "--no-verbose", "--execute=robots=off"),
    "linkchecker": ("--verbose", "--no-status", "--output=none", "--config=unhurried"),
}
UNHURRIED = "[checking]\nmaxrequestspersecond=1000\n"
"""For LinkChecker, where the server welcomes it; else it waits for a third of a second before each request."""
MORE = {
    "debian-policy": {
        ("policy.html/search.html", 200),  # the target of a form, and of a `<link rel=search>`
        ("policy.html/searchindex.js", 200),  # this and the next two: scripts of that page
        ("policy.html/_static/searchtools.js", 404),
        ("policy.html/_static/language_data.js", 404),
        ("policy.html/_static/basic.css", 200),  # a style sheet names it
        ("policy.html/_static/file.png", 200),  # and that one names this
    },
    "git-doc": set(),
}
"""What the other two ask for and linkmap does not: path below the package's folder, and status."""


@pytest.fixture(scope="module", params=["debian-policy", "git-doc"])
def package(request: pytest.FixtureRequest, root: Path) -> RealSite:
    return RealSite(request.param, root)


@pytest.fixture(scope="module")
def ours(package: RealSite, tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, int]]:
    """What linkmap asks the server of a package for, and the statuses that it gets."""
    log: Log = []
    with served(package.root, log) as base:
        crawl(package.seeds(base), tmp_path_factory.mktemp("ours") / "map.db", *LIKE_THEM)
    return set(log)


def asked_by(program: str, package: RealSite, folder: Path) -> set[tuple[str, int]]:
    """The same of another program, whose exit code says no more than that there are dead links."""
    log: Log = []
    with served(package.root, log) as base:
        (folder / "unhurried").write_text(UNHURRIED)
        command = [program, *OTHERS[program], *package.seeds(base)]
        environment = os.environ | {"HOME": str(folder), "http_proxy": "", "no_proxy": "127.0.0.1"}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=300, check=False)
    assert log, done.stderr
    return set(log)


@pytest.mark.realsites
@pytest.mark.parametrize("program", OTHERS)
def test_another_crawler_asks_for_the_same_and_is_answered_the_same(
    program: str, package: RealSite, ours: set[tuple[str, int]], tmp_path: Path
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not on this machine")
    theirs = asked_by(program, package, tmp_path)
    assert {status for _, status in ours} >= {200, 404}
    assert len(ours) > 90
    folder = f"/{package.folder.relative_to(package.root)}/"
    assert theirs - ours - {ROBOTS} == {(folder + path, status) for path, status in MORE[package.name]}
    assert ours - theirs - {ROBOTS} == set()

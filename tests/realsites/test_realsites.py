"""A crawl by the real command line finds exactly the pages and links that the oracle finds in the files.

No difference is known. The packages have links of kinds a, link, stylesheet, next, prev, form, img, object and script;
the site made by hand has most of the others.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from .compare import differences, read_map
from .oracle import Document, Walk, html_files, read_documents, walk
from .packages import UnavailableError, unpack
from .server import served
from .small_site import by_hand, write_site

REPOSITORY = Path(__file__).parents[2]
POLICY = (
    "doc/debian-policy/README.html",
    "doc/debian-policy/policy.html",  # a folder, and so are the next two: each answers with a redirect
    "doc/debian-policy/perl-policy.html",
    "doc/debian-policy/menu-policy.html",
    "doc/debian-policy/perl-policy-1.html",
    "doc/debian-policy/menu-policy-1.html",
    "doc/debian-policy/fhs/fhs-3.0.html",
    "doc/debian-policy/autopkgtest.html",
    "doc/debian-policy/debconf_specification.html",
    "doc/debian-policy/copyright-format-1.0.html",
    "doc/debian-policy/policy.txt.gz",
)
SITES = {
    "apache2-doc": ("doc/apache2-doc/manual/", "doc/apache2-doc/manual/ja/index.html"),  # 9 languages, 3 charsets
    "debian-policy": POLICY,
    "git-doc": ("doc/git-doc/git.html", "doc/git-doc/"),  # the second has no index: a dead seed
    "postgresql-doc-15": ("doc/postgresql-doc-15/html/",),
    "python3.11-doc": ("doc/python3.11/html/index.html",),  # one page of it has 17,000 links
    "sqlite3-doc": ("doc/sqlite3/index.html",),
}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the unpacked packages share, which is the root of their site."""
    named = os.environ.get("LINKMAP_REALSITES")
    folder = Path(named) if named else tmp_path_factory.mktemp("packages")
    if not named:
        try:
            unpack(folder)
        except UnavailableError as reason:
            pytest.skip(str(reason))
    return folder / "usr" / "share"


@pytest.fixture(scope="module")
def documents(packages: Path) -> dict[Path, Document]:
    """What html5lib reads in every HTML file of the packages."""
    return read_documents(html_files(packages))


def linkmap(*arguments: str | Path) -> str:
    """The output of a command that must end well."""
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "linkmap", *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def crawl(seeds: Sequence[str], db: Path) -> Walk:
    """What a crawl of the seeds' host, to its end, finds."""
    everything = ["--scope", "host", "--depth", "250", "--max-pages", "0"]
    linkmap("crawl", *seeds, "--db", db, "--delay", "0", "--allow-private", "--quiet", *everything)
    return read_map(db)


def test_the_site_made_by_hand_is_crawled_as_worked_out(tmp_path: Path) -> None:
    site = tmp_path / "site"
    with served(site) as base:
        write_site(site, base)
        found = crawl([base + "index.html"], tmp_path / "map.db")
    assert differences(by_hand(base), found) == []


@pytest.mark.realsites
@pytest.mark.parametrize("paths", SITES.values(), ids=SITES)
def test_a_package_is_crawled_exactly_as_its_files_say(
    paths: Sequence[str], packages: Path, documents: dict[Path, Document], tmp_path: Path
) -> None:
    with served(packages) as base:
        seeds = [base + path for path in paths]
        found = crawl(seeds, tmp_path / "map.db")
    expected = walk(packages, documents, seeds)
    assert differences(expected, found) == []


@pytest.mark.realsites
def test_the_oracle_sees_each_link_that_a_plain_search_sees(documents: dict[Path, Document]) -> None:
    link = re.compile(rb"<a\s[^>]*?\bhref\s*=", re.IGNORECASE)
    unseen = re.compile(rb"<!--.*?-->|<script\b.*?</script>", re.IGNORECASE | re.DOTALL)
    # SQLite's pages are left out: misnested markup makes the standard's parser repeat an <a>, which no search can know.
    searched = {path: document for path, document in documents.items() if "sqlite3" not in path.parts}
    counted = {path: len(link.findall(unseen.sub(b"", path.read_bytes()))) for path in searched}
    found = {path: [each.kind for each in document.references].count("a") for path, document in searched.items()}
    assert counted == found


@pytest.mark.realsites
def test_broken_links_are_the_dead_links_of_the_files(
    packages: Path, documents: dict[Path, Document], tmp_path: Path
) -> None:
    with served(packages) as base:
        seeds = [base + path for path in POLICY]
        crawl(seeds, tmp_path / "map.db")
    rows = json.loads(linkmap("query", "broken_links", "--db", tmp_path / "map.db", "--format", "json"))
    dead = walk(packages, documents, seeds).dead_links()
    assert dead, "the packages are known to have a dead link"
    assert {(row["source"], row["target"]) for row in rows} == dead

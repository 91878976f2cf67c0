"""A crawl by the real command line finds exactly the pages and links that the oracle finds in the files.

No difference is known. The packages have links of kinds a, link, stylesheet, next, prev, form, img, object and script;
the site made by hand has most of the others.
"""

import json
import re
from pathlib import Path

import pytest

from .compare import differences
from .server import served
from .sites import SITES, RealSite, crawl, linkmap
from .small_site import by_hand, write_site


@pytest.fixture(scope="module", params=SITES)
def package(request: pytest.FixtureRequest, root: Path) -> RealSite:
    """Each package in its turn, so that the documents of one alone are held in memory."""
    site = RealSite(request.param, root)
    if not site.folder.is_dir():
        pytest.skip(f"{site.name} was not fetched (`python -m tests.realsites.packages FOLDER --all`)")
    return site


def test_the_site_made_by_hand_is_crawled_as_worked_out(tmp_path: Path) -> None:
    site = tmp_path / "site"
    with served(site) as base:
        write_site(site, base)
        found = crawl([base + "index.html"], tmp_path / "map.db")
    assert differences(by_hand(base), found) == []


@pytest.mark.realsites
def test_a_package_is_crawled_exactly_as_its_files_say(package: RealSite, tmp_path: Path) -> None:
    with served(package.root) as base:
        found = crawl(package.seeds(base), tmp_path / "map.db")
    assert found.links, "the crawl found links"
    assert differences(package.walk(base), found) == []
    rows = json.loads(linkmap("query", "broken_links", "--db", tmp_path / "map.db", "--limit", "0", "--format", "json"))
    assert {(row["source"], row["target"]) for row in rows} == found.dead_links()


@pytest.mark.realsites
def test_the_oracle_sees_each_link_that_a_plain_search_sees(package: RealSite) -> None:
    if package.name == "sqlite3-doc":
        pytest.skip("misnested markup makes the standard's parser repeat an <a>, which no search can know")
    link = re.compile(rb"<a\s[^>]*?\bhref\s*=", re.IGNORECASE)
    unseen = re.compile(rb"<!--.*?-->|<script\b.*?</script>", re.IGNORECASE | re.DOTALL)
    counted = {path: len(link.findall(unseen.sub(b"", path.read_bytes()))) for path in package.documents}
    found = {path: [each.kind for each in read.references].count("a") for path, read in package.documents.items()}
    assert counted == found

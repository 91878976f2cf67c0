"""`linkmap links PAGE`: both directions, with their evidence, for a page written in any way."""

import json
from pathlib import Path

import pytest
from conftest import Site
from handmade import handmade
from maps import linkmap

HOME = "https://a.test/"
ABOUT = "https://a.test/about"
SHOP = "http://b.test:8080/"

HEADINGS = "direction\tkind\trel\tregion\tanchor\turl\toutcome\twritten\n"


@pytest.fixture
def map_db(tmp_path: Path) -> Path:
    """home -> about (nav, nofollow), home -> home, home -> mailto:, b.test -> home, old => home.

    An answer of b.test that was since replaced, and robots.txt, link to home as well.
    """
    path = tmp_path / "map.db"
    with handmade(path) as map:
        map.page(HOME, status=200)
        map.link(HOME, ABOUT, "About \x1b[1mus", region="nav", rel="nofollow ugc")
        map.link(HOME, HOME, "top")
        map.link(HOME, "mailto:me@a.test", "write", region="footer")
        map.page("mailto:me@a.test", "unsupported_scheme")
        map.page(ABOUT, "client_error", status=404)
        map.link(SHOP, HOME, "then")
        map.capture(SHOP)
        map.link(SHOP, HOME, "now", kind="iframe", region="main")
        map.redirect("https://a.test/old", HOME)
        map.page("https://a.test/robots.txt", auxiliary=True)
        map.link("https://a.test/robots.txt", HOME)
        map.page("https://a.test/bare?q=1", "off_scope")
        map.page("http://www.c.test/", "off_scope")
        map.page("not a url", "invalid")
        map.link(HOME, "not a url")
    return path


IN_HOME = [
    # in the order of the pages that link: b.test's page is http://, and so before https://
    f"in\tiframe\t\tmain\tnow\t{SHOP}\tfetched\t\n",
    f"in\ta\t\t\ttop\t{HOME}\tfetched\t\n",
    "in\tredirect\t\t\t\thttps://a.test/old\tredirect\t\n",
]
OUT_HOME = [
    f"out\ta\tnofollow ugc\tnav\tAbout \\x1b[1mus\t{ABOUT}\tclient_error\t\n",
    f"out\ta\t\t\ttop\t{HOME}\tfetched\t\n",
    "out\ta\t\tfooter\twrite\tmailto:me@a.test\tunsupported_scheme\t\n",
    "out\ta\t\t\t\tnot a url\tinvalid\t\n",
]


@pytest.mark.parametrize(
    ("options", "lines"),
    [([], IN_HOME + OUT_HOME), (["--in", "--out"], IN_HOME + OUT_HOME), (["--in"], IN_HOME), (["--out"], OUT_HOME)],
)
def test_links_are_shown_with_their_evidence(map_db: Path, options: list[str], lines: list[str]) -> None:
    done = linkmap("links", HOME, "--format", "tsv", *options, cwd=map_db.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == HEADINGS + "".join(lines)


def test_a_limit_holds_in_each_direction_and_is_said(map_db: Path) -> None:
    done = linkmap("links", HOME, "--format", "tsv", "--limit", 2, cwd=map_db.parent)
    assert done.stdout == HEADINGS + "".join(IN_HOME[:2] + OUT_HOME[:2])
    assert done.stderr == "The first 2 links of a direction; --limit 0 shows all.\n"
    everything = linkmap("links", HOME, "--format", "tsv", "--limit", 0, cwd=map_db.parent)
    assert everything.stdout == HEADINGS + "".join(IN_HOME + OUT_HOME)


def test_a_table_names_the_page_and_no_links_are_said(map_db: Path) -> None:
    done = linkmap("links", HOME, "--in", cwd=map_db.parent)
    assert done.stderr == f"{HOME} (fetched)\n"
    assert done.stdout.splitlines()[0].split() == ["direction", "kind", "rel", "region", "anchor", "url", "outcome"]
    none = linkmap("links", ABOUT, "--out", cwd=map_db.parent)
    assert (none.returncode, none.stdout, none.stderr) == (0, "", f"{ABOUT} (client_error)\nNo links.\n")


@pytest.mark.parametrize(
    ("written", "page"),
    [
        ("https://a.test", HOME),
        ("a.test", HOME),
        ("A.TEST/#top", HOME),
        ("//a.test/", HOME),
        ("HTTPS://A.test:443/x/../", HOME),
        ("https://me:secret@a.test/", HOME),
        ("b.test:8080", SHOP),  # https is tried first, and is not in the map
        ("mailto:me@a.test", "mailto:me@a.test"),
        ("not a url", "not a url"),
    ],
)
def test_a_page_is_found_however_it_is_written(map_db: Path, written: str, page: str) -> None:
    done = linkmap("links", written, cwd=map_db.parent)
    assert done.returncode == 0
    assert done.stderr.startswith(f"{page} (")


def test_of_two_schemes_the_one_that_answered_is_meant(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.page("https://c.test/", "connect_error", guess=1)
        map.page("http://c.test/", guess=2)
        map.page("https://d.test/")
        map.page("http://d.test/", "redirect")
    for written, url in (("c.test", "http://c.test/ (fetched)"), ("d.test", "https://d.test/ (fetched)")):
        assert linkmap("links", written, cwd=tmp_path).stderr.startswith(url)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("a.test/about/", "the map has no page https://a.test/about/: did you mean https://a.test/about?"),
        ("http://a.test/about", "the map has no page http://a.test/about: did you mean https://a.test/about?"),
        ("www.a.test", "the map has no page https://www.a.test/: did you mean https://a.test/?"),
        ("https://c.test", "the map has no page https://c.test/: did you mean http://www.c.test/?"),
        ("a.test/bare/?q=1", "the map has no page https://a.test/bare/?q=1: did you mean https://a.test/bare?q=1?"),
        ("a.test/none", "the map has no page https://a.test/none"),
        ("z.test/x", "the map has no page https://z.test/x, and none of the host z.test"),
        ("mailto:you@a.test", "the map has no page mailto:you@a.test"),
    ],
)
def test_an_unknown_page_is_one_sentence_with_a_near_one(map_db: Path, written: str, sentence: str) -> None:
    done = linkmap("links", written, cwd=map_db.parent)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"Error: {sentence}\n")


def test_links_are_right_before_the_indexes_are_built(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db", finished=False) as map:
        map.link(HOME, ABOUT, "About")
    done = linkmap("links", ABOUT, "--format", "ndjson", cwd=tmp_path)
    assert done.stderr == "Built the indexes and degrees that map.db lacked.\n"
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {
            "direction": "in",
            "kind": "a",
            "rel": "",
            "region": "",
            "anchor": "About",
            "url": HOME,
            "outcome": "fetched",
            "written": None,
        }
    ]


def test_what_was_written_is_shown_where_it_says_more_than_the_url(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": '<a href="/a/../b">b</a><a href="c">c</a>', "/b": "b", "/c": "c"}
    assert linkmap("crawl", site("/"), "--delay", "0", "--allow-private", cwd=tmp_path).returncode == 0
    first, *_, both, plain = linkmap("links", site("/"), cwd=tmp_path).stdout.splitlines()
    assert first.split()[-1] == "written"
    assert both.split()[-2:] == ["fetched", "/a/../b"]
    assert plain.split()[-1] == "fetched"

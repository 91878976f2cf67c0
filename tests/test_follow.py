"""--follow and --record: which kinds lead on and which the map holds, at once and added later."""

from pathlib import Path

import pytest
from conftest import Answer, Site
from maps import check_accounting, graph, linkmap, outcomes, rows

from linkmap.kinds import chosen_kinds, kinds_mask
from linkmap.model import FOLLOWED_KINDS, LinkKind
from linkmap.settings import Settings

FAST = ("--delay", "0", "--allow-private")


@pytest.fixture
def gallery(site: Site) -> Site:
    """Pages that images alone lead to, and pages behind those; one is near by an image and far by links."""
    site.pages = {
        "/": '<img src="/pic"><img src="/odd"><a href="/1">1</a><a rel="nofollow" href="/shy">s</a>'
        '<script src="/go.js"></script>',
        "/1": '<a href="/2">2</a><img src="/shy"><img src="/moved">',
        "/2": '<a href="/near">n</a>',
        "/near": '<a href="/4">4</a>',
        "/pic": '<a href="/near">n</a><img src="/pic2">',
        "/pic2": '<a href="/5">5</a>',
        "/moved": Answer("", 302, {"Location": "/end"}),
        **dict.fromkeys(("/4", "/5", "/odd", "/shy", "/end"), "end"),
    }
    return site


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a,img", "a img"),
        (" IMG , a,img,", "a img"),
        (["img", "a"], "a img"),
        ("navigation", "a area frame iframe meta_refresh redirect"),
        (
            "default,img",
            "a alternate_hreflang area canonical frame iframe img meta_refresh next prev redirect sitemap sitemap_file",
        ),
        ("all", " ".join(sorted(kind.word for kind in LinkKind))),
        ("", ""),
    ],
)
def test_kinds_are_named_one_by_one_or_in_groups(written: str | list[str], expected: str) -> None:
    assert chosen_kinds(written, FOLLOWED_KINDS, "--follow") == tuple(expected.split())


def test_a_mask_has_a_bit_for_every_kind() -> None:
    assert kinds_mask(("a", "img")) == 2**1 + 2**13


def test_what_is_followed_is_recorded_and_so_are_redirects() -> None:
    settings = Settings(follow="a,img", record="form")  # type: ignore[arg-type]
    assert (settings.follow, settings.record) == (("a", "img"), ("a", "form", "img", "redirect"))


def test_pages_that_a_named_kind_leads_to_are_fetched(gallery: Site, tmp_path: Path) -> None:
    done = linkmap("crawl", gallery("/"), *FAST, "--follow", "default,img", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    db = tmp_path / "map.db"
    assert {url.removeprefix(gallery.url) for url, outcome in outcomes(db).items() if outcome != "fetched"} == {
        "/go.js",
        "/moved",
    }
    depths = dict(rows(db, "SELECT url, depth FROM page WHERE depth IS NOT NULL AND auxiliary = 0"))
    assert {url.removeprefix(gallery.url): depth for url, depth in depths.items()} == {
        "/": 0, "/1": 1, "/pic": 1, "/odd": 1, "/2": 2, "/near": 2, "/pic2": 2, "/shy": 2, "/moved": 2, "/end": 2,
        "/4": 3, "/5": 3,
    }  # fmt: skip
    check_accounting(db)


def test_kinds_followed_later_give_the_same_graph_as_kinds_followed_at_once(gallery: Site, tmp_path: Path) -> None:
    assert linkmap("crawl", gallery("/"), *FAST, cwd=tmp_path).returncode == 0
    before = outcomes(tmp_path / "map.db")
    assert [before[gallery(path)] for path in ("/pic", "/moved", "/shy", "/4")] == [
        "kind_not_followed", "kind_not_followed", "nofollow", "too_deep",
    ]  # fmt: skip
    done = linkmap("crawl", "--add", "--follow", "default,img", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    once = linkmap("crawl", gallery("/"), *FAST, "--follow", "default,img", "--db", "once.db", cwd=tmp_path)
    assert once.returncode == 0, once.stderr
    assert graph(tmp_path / "map.db") == graph(tmp_path / "once.db")
    check_accounting(tmp_path / "map.db")


def test_a_pattern_that_is_added_with_a_kind_holds_for_the_pages_it_leads_to(gallery: Site, tmp_path: Path) -> None:
    assert linkmap("crawl", gallery("/"), *FAST, cwd=tmp_path).returncode == 0
    done = linkmap("crawl", "--add", "--follow", "default,img", "--exclude", "odd|shy", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = outcomes(tmp_path / "map.db")
    assert [found[gallery(path)] for path in ("/odd", "/shy", "/pic")] == ["excluded", "excluded", "fetched"]
    assert "/odd" not in gallery.paths()
    check_accounting(tmp_path / "map.db")


def test_what_is_not_recorded_does_not_appear(gallery: Site, tmp_path: Path) -> None:
    done = linkmap("crawl", gallery("/"), *FAST, "--follow", "a", "--record", "navigation", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    db = tmp_path / "map.db"
    assert {url.removeprefix(gallery.url) for url in outcomes(db)} == {"/", "/1", "/2", "/near", "/shy", "/4"}
    found = rows(db, "SELECT source_url, ordinal, target_url FROM links ORDER BY 1, 2")
    assert found == [
        (gallery("/"), 0, gallery("/1")),
        (gallery("/"), 1, gallery("/shy")),
        (gallery("/1"), 0, gallery("/2")),
        (gallery("/2"), 0, gallery("/near")),
        (gallery("/near"), 0, gallery("/4")),
    ]
    check_accounting(db)


def test_a_redirect_is_recorded_and_leads_nowhere_where_it_is_not_followed(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": Answer("", 302, {"Location": "/end"}), "/end": "end"}
    done = linkmap("crawl", site("/"), *FAST, "--follow", "a", "--record", "a", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert outcomes(tmp_path / "map.db") == {site("/"): "redirect", site("/end"): "kind_not_followed"}
    assert rows(tmp_path / "map.db", "SELECT kind FROM links") == [("redirect",)]


def test_kinds_recorded_later_hold_for_new_pages_and_a_sentence_says_so(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": '<img src="/i"><a href="/1">1</a>', "/1": '<img src="/j"><a href="/2">2</a>', "/2": "end"}
    done = linkmap("crawl", site("/"), *FAST, "--record", "navigation", "--depth", "0", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    added = linkmap("crawl", "--add", "--record", "all", "--depth", "1", cwd=tmp_path)
    assert added.returncode == 0, added.stderr
    assert "keep the links recorded then" in added.stderr
    found = rows(tmp_path / "map.db", "SELECT target_url FROM links WHERE kind = 'img'")
    assert found == [(site("/j"),)]


@pytest.mark.parametrize(("option", "kinds"), [("--follow", "navigation"), ("--record", "a,form")])
def test_adding_does_not_narrow_the_kinds(gallery: Site, tmp_path: Path, option: str, kinds: str) -> None:
    assert linkmap("crawl", gallery("/"), *FAST, "--depth", "0", cwd=tmp_path).returncode == 0
    done = linkmap("crawl", "--add", option, kinds, cwd=tmp_path)
    assert done.returncode == 2
    assert f"would narrow its {option.removeprefix('--')}" in done.stderr
    resumed = linkmap("crawl", "--resume", option, kinds, cwd=tmp_path)
    assert resumed.returncode == 2
    assert f"another {option.removeprefix('--')}" in resumed.stderr


@pytest.mark.parametrize("option", ["--follow", "--record"])
def test_a_kind_that_is_none_is_refused_in_one_sentence(tmp_path: Path, option: str) -> None:
    done = linkmap("crawl", "http://a.test/", option, "a,images", cwd=tmp_path)
    assert done.returncode == 2
    assert f"'{option}': 'images' is no kind of link: give some of default, navigation, all, a," in done.stderr
    assert list(tmp_path.iterdir()) == []

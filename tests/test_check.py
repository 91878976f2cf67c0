"""--check and --fail-on: what is asked whether it is there, and is never expanded."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web
from conftest import Answer, Site
from maps import check_accounting, linkmap, outcomes, rows

from linkmap import load_graph, query

OPTIONS = ("--allow-private", "--delay", "0", "-q")


@pytest.fixture
def other() -> Iterator[Site]:
    with Site() as server:
        yield server


@pytest.fixture
def elsewhere(other: Site) -> str:
    """The other site under a name of its own, so that it is no part of the first one's domain."""
    return f"http://localhost:{other.port}"


def crawl(site: Site, tmp_path: Path, *options: str) -> int:
    result = linkmap("crawl", site("/"), "--db", "map.db", *OPTIONS, *options, cwd=tmp_path)
    assert "Traceback" not in result.stderr
    check_accounting(tmp_path / "map.db")
    return result.returncode


def methods(site: Site) -> list[tuple[str, str]]:
    return [(hit.method, hit.path) for hit in site.log if hit.path != "/robots.txt"]


def test_links_to_other_sites_are_asked_for_once_with_head_and_lead_no_further(
    site: Site, other: Site, elsewhere: str, tmp_path: Path
) -> None:
    site.pages = {"/": f'<a href="{elsewhere}/page">p</a><a href="{elsewhere}/gone">g</a><img src="/gone.png">'}
    other.pages = {"/page": '<a href="/more">m</a>'}
    assert crawl(site, tmp_path, "--check", "external", "--fail-on", "broken") == 3
    db = tmp_path / "map.db"
    assert outcomes(db) == {
        site("/"): "fetched",
        f"{elsewhere}/page": "fetched",
        f"{elsewhere}/gone": "client_error",
        site("/gone.png"): "kind_not_followed",
    }
    assert sorted(methods(other)) == [("GET", "/gone"), ("HEAD", "/gone"), ("HEAD", "/page")]
    assert query(db, "external_broken").rows == [
        (site("/"), f"{elsewhere}/gone", "g", "", "a", "client_error", 404, None)
    ]
    assert query(db, "dead_ends").rows == [], "a page that was only checked is no dead end"
    assert query(db, "external_hosts").rows == [("localhost", 2, 1, 2)], "a checked page is external still"


def test_resources_are_asked_for_wherever_they_are_and_links_to_others_are_not(
    site: Site, other: Site, elsewhere: str, tmp_path: Path
) -> None:
    site.pages = {
        "/": f'<img src="/gone.png"><script src="{elsewhere}/go.js"></script><a href="{elsewhere}/page">p</a>'
        '<form action="/search"></form><link rel="icon" href="/icon"><img src="/moved.png">',
        "/icon": "icon",
        "/moved.png": Answer("", 301, {"Location": "/gone.png"}),
    }
    assert crawl(site, tmp_path, "--check", "resources", "--fail-on", "broken") == 3
    db = tmp_path / "map.db"
    assert outcomes(db) == {
        site("/"): "fetched",
        site("/gone.png"): "client_error",
        site("/icon"): "fetched",
        site("/moved.png"): "redirect",
        site("/search"): "kind_not_followed",
        f"{elsewhere}/go.js": "client_error",
        f"{elsewhere}/page": "off_scope",
    }
    broken = {row[1] for row in query(db, "broken_links").rows}
    assert broken == {site("/gone.png"), f"{elsewhere}/go.js"}
    assert query(db, "external_broken").rows == [], "a script is a resource, wherever it is"
    # What was checked is no node by itself, but for the ends of a redirect, which is an edge.
    assert set(load_graph(db)) == {site("/"), f"{elsewhere}/page", site("/moved.png"), site("/gone.png")}


def test_an_image_too_deep_to_be_a_page_is_a_resource_and_not_external(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": '<a href="/gone.png"><img src="/gone.png" alt="g"></a><a rel="nofollow" href="/gone.png">n</a>'}
    assert crawl(site, tmp_path, "--depth", "0", "--check", "external,resources", "--fail-on", "broken") == 3
    db = tmp_path / "map.db"
    assert outcomes(db) == {site("/"): "fetched", site("/gone.png"): "client_error"}
    assert len(query(db, "broken_links").rows) == 3
    assert query(db, "external_broken").rows == []
    assert query(db, "external_hosts").rows == []


def test_link_elements_that_load_nothing_are_no_resources(
    site: Site, other: Site, elsewhere: str, tmp_path: Path
) -> None:
    rels = ("preconnect", "dns-prefetch", "pingback", "me", "license", "search", "alternate")
    site.pages = {"/": "".join(f'<link rel="{rel}" href="{elsewhere}/{rel}">' for rel in (*rels, "Icon", "preload"))}
    assert crawl(site, tmp_path, "--check", "resources", "--fail-on", "broken") == 3
    assert {path for _, path in methods(other)} == {"/Icon", "/preload"}


async def _refuses_head(request: web.Request) -> web.Response:
    return web.Response(status=405 if request.method == "HEAD" else 200, text="here", content_type="text/plain")


def test_where_head_is_refused_get_asks(site: Site, other: Site, elsewhere: str, tmp_path: Path) -> None:
    site.pages = {"/": f'<a href="{elsewhere}/file">f</a>'}
    other.pages = {"/file": _refuses_head}
    assert crawl(site, tmp_path, "--check", "external,resources", "--fail-on", "broken") == 0
    assert methods(other) == [("HEAD", "/file"), ("GET", "/file")]
    db = tmp_path / "map.db"
    assert outcomes(db)[f"{elsewhere}/file"] == "not_html"
    assert rows(db, "SELECT status FROM capture JOIN page ON page.id = page WHERE url LIKE '%/file'") == [
        (405,),
        (200,),
    ]


def test_a_check_obeys_robots_txt_and_the_patterns(site: Site, other: Site, elsewhere: str, tmp_path: Path) -> None:
    site.pages = {"/": f'<a href="{elsewhere}/no/1">n</a><a href="{elsewhere}/skip">s</a>'}
    other.pages = {"/robots.txt": Answer("User-agent: *\nDisallow: /no", headers={"Content-Type": "text/plain"})}
    crawl(site, tmp_path, "--check", "external", "--exclude", "skip")
    found = outcomes(tmp_path / "map.db")
    assert (found[f"{elsewhere}/no/1"], found[f"{elsewhere}/skip"]) == ("robots_denied", "off_scope")
    assert methods(other) == []


def test_add_checks_what_an_earlier_run_left_and_then_crawls_what_was_only_checked(
    site: Site, other: Site, elsewhere: str, tmp_path: Path
) -> None:
    site.pages = {"/": f'<a href="{elsewhere}/page">p</a>'}
    other.pages = {"/page": '<a href="/more">m</a>', "/more": ""}
    db = tmp_path / "map.db"
    crawl(site, tmp_path)
    assert outcomes(db)[f"{elsewhere}/page"] == "off_scope"
    linkmap("crawl", "--add", "--check", "external", "--db", "map.db", "-q", cwd=tmp_path)
    assert outcomes(db) == {site("/"): "fetched", f"{elsewhere}/page": "fetched"}
    linkmap("crawl", "--add", "--scope", "any", "--db", "map.db", "-q", cwd=tmp_path)
    check_accounting(db)
    assert outcomes(db)[f"{elsewhere}/more"] == "fetched"
    assert methods(other) == [("HEAD", "/page"), ("GET", "/page"), ("GET", "/more")]


@pytest.mark.parametrize(
    ("pages", "code"),
    [
        ({"/": '<a href="/gone">g</a>'}, 3),
        ({"/": '<a href="/login">l</a>', "/login": Answer("", 401)}, 0),
        ({"/": "fine"}, 0),
        ({}, 3),
    ],
    ids=["a dead link", "refused is not broken", "none", "a dead seed"],
)
def test_fail_on_broken_is_exit_code_3_where_something_is_broken(
    site: Site, tmp_path: Path, pages: dict[str, str | Answer], code: int
) -> None:
    site.pages = dict(pages)
    assert crawl(site, tmp_path, "--fail-on", "broken") == code


def test_a_guessed_address_that_failed_is_no_finding(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": "home"}
    arguments = ("crawl", f"127.0.0.1:{site.port}", "--fail-on", "broken", "--db", "map.db", *OPTIONS)
    assert linkmap(*arguments, cwd=tmp_path).returncode == 0


def test_an_unknown_word_is_refused_by_name(tmp_path: Path) -> None:
    result = linkmap("crawl", "a.test", "--check", "external,images", cwd=tmp_path)
    assert result.returncode == 2
    assert "'images' is none of external, resources." in result.stderr
    assert not list(tmp_path.iterdir())


def test_add_cannot_take_a_check_back(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": "home"}
    crawl(site, tmp_path, "--check", "external")
    result = linkmap("crawl", "--add", "--check", "resources", "--db", "map.db", cwd=tmp_path)
    assert result.returncode == 2
    assert "check" in result.stderr

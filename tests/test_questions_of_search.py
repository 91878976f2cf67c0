"""The questions about what search engines make of pages, with answers worked out by hand.

The map they share is drawn in searchmaps.py. test_questions.py puts every question to an empty map, to a limit and
to the sqlite3 shell.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Answer, Site
from handmade import account, handmade
from maps import linkmap
from pagemaps import answer
from searchmaps import at, write_search

from linkmap.asking import query
from linkmap.model import LinkFlag
from linkmap.questions import find_question, question_folder
from linkmap.store.reader import schema_sql


@pytest.fixture
def server() -> Iterator[Site]:
    """A running server; `site` is a map here."""
    with Site() as server:
        yield server


@pytest.fixture(params=["finished", "in the middle of a crawl"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The map, once with its indexes, once without: the answers must not differ."""
    path = tmp_path / "map.db"
    with handmade(path, finished=request.param == "finished") as map:
        write_search(map)
    return path


# --- images_without_alt


def test_images_without_alt_are_counted_by_page_and_those_with_one_are_left_out(site: Path) -> None:
    found = query(site, "images_without_alt")
    assert found.columns == ("page", "image", "times", "in_title")
    assert found.rows == [(at("/"), at("/logo.png"), 2, "")]


def test_images_without_alt_stand_in_the_order_of_the_page_with_their_titles(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.link(at("/b"), at("/1"), kind="img", flags=LinkFlag.NO_ALT)
        map.link(at("/a"), at("/2"), "A title", kind="img", flags=LinkFlag.NO_ALT)
        map.link(at("/a"), at("/1"), kind="img", flags=LinkFlag.NO_ALT)
        map.link(at("/a"), at("/3"), kind="a", flags=LinkFlag.CREDENTIALS)
    assert query(tmp_path / "map.db", "images_without_alt").rows == [
        (at("/a"), at("/2"), 1, "A title"),
        (at("/a"), at("/1"), 1, ""),
        (at("/b"), at("/1"), 1, ""),
    ]


# --- script_rendered


def test_script_rendered_pages_are_told_with_their_evidence_and_who_links_there(site: Path) -> None:
    found = query(site, "script_rendered")
    assert found.columns == ("in_pages", "evidence", "url")
    assert found.rows == [(2, "1 script, 0 links, 0 characters of text, empty #root", at("/app"))]


# --- indexability

NOT_INDEXABLE = [
    # reason, detail, in_pages, path
    ("blocked by robots.txt", "robots_denied", 0, "/secret"),
    ("canonical elsewhere", at("/gone"), 0, "/dead"),
    ("canonical elsewhere", at("/print"), 0, "/far"),
    ("canonical elsewhere", at("/"), 0, "/fine"),
    ("canonical elsewhere", at("/noindex"), 0, "/hidden"),
    ("canonical elsewhere", at("/loop2"), 0, "/loop1"),
    ("canonical elsewhere", at("/loop1"), 0, "/loop2"),
    ("canonical elsewhere", at("/old"), 0, "/print"),
    ("failed", "client_error 404", 1, "/gone"),
    ("noindex", "nofollow noindex", 1, "/noindex"),
    ("noindex", "noindex", 0, "/paper2"),
    ("redirect", "redirect 301", 2, "/old"),
]
AWAY = ("canonical elsewhere", "https://x.test/", 0, "/away")
INDEXABLE = [
    ("indexable", None, 2, "/app"),
    ("indexable", None, 1, "/new"),  # it names itself, among others
    ("indexable", None, 0, "/"),
    ("indexable", None, 0, "/de"),
    ("indexable", None, 0, "/en"),
    ("indexable", None, 0, "/fr"),
]


def test_indexability_gives_the_first_reason_that_holds_with_its_evidence(site: Path) -> None:
    found = query(site, "indexability")
    assert found.columns == ("indexable", "reason", "detail", "in_pages", "url")
    wanted = [*NOT_INDEXABLE[:1], AWAY, *NOT_INDEXABLE[1:]]
    assert found.rows == [
        *(("no", reason, detail, pages, at(path)) for reason, detail, pages, path in wanted),
        *(("yes", reason, detail, pages, at(path)) for reason, detail, pages, path in INDEXABLE),
        ("unknown", "not HTML", "application/pdf", 0, at("/paper")),
        ("unknown", "not fetched", "too_deep", 0, at("/it")),
        ("unknown", "not fetched", "kind_not_followed", 0, at("/logo.png")),
        ("unknown", "not fetched", "off_scope", 0, "https://x.test/"),
    ]


def test_indexability_is_asked_for_by_answer_and_by_reason(site: Path) -> None:
    assert [row[-1] for row in query(site, "indexability", indexable="yes").rows] == [at(row[-1]) for row in INDEXABLE]
    assert [row[-1] for row in query(site, "indexability", reason="noindex").rows] == [at("/noindex"), at("/paper2")]
    assert query(site, "indexability", indexable="yes", reason="noindex").rows == []


def test_the_reasons_that_may_be_asked_for_are_those_of_the_view() -> None:
    view = schema_sql().partition("CREATE VIEW indexability")[2]
    declared = next(each for each in find_question("indexability").parameters if each.name == "reason")
    assert declared.choices == tuple(re.findall(r"(?:THEN|ELSE) '([\w. ]+)'", view))


def test_what_a_server_says_goes_before_what_the_page_says(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.page(at("/a"), "server_error", status=503)
        map.page(at("/b"), "redirect_loop", status=302)
        map.page(at("/c"), status=200)
        map.link(at("/c"), at("/a"), kind="canonical")
        map.connection.execute("UPDATE capture SET robots_flags = 'noarchive noindex'")
        map.page(at("/d"))
        map.connection.execute(
            "UPDATE capture SET robots_flags = 'unavailable_after:noindex' WHERE robots_flags IS NULL"
        )
    assert [row[:3] for row in query(tmp_path / "map.db", "indexability").rows] == [
        ("no", "failed", "server_error 503"),
        ("no", "noindex", "noarchive noindex"),
        ("no", "redirect", "redirect_loop 302"),
        ("yes", "indexable", None),  # the word within another is none
    ]


def test_of_a_page_that_was_only_checked_the_map_tells_what_its_headers_said(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        for path, outcome, status in (("/a", "fetched", 200), ("/b", "not_html", 200), ("/c", "redirect", 301)):
            map.page(at(path), outcome, status=status, manner=2)
        map.page(at("/d"), status=200, manner=2)
        answer(map, at("/d"), robots_flags="noindex")
        map.page(at("/e"), status=200)
        map.link(at("/e"), at("/a"), kind="canonical")
    assert [(*row[:3], row[-1]) for row in query(tmp_path / "map.db", "indexability").rows] == [
        ("no", "canonical elsewhere", at("/a"), at("/e")),
        ("no", "noindex", "noindex", at("/d")),
        ("no", "redirect", "redirect 301", at("/c")),
        ("unknown", "not HTML", None, at("/b")),
        ("unknown", "only checked", "fetched 200", at("/a")),
    ]
    assert query(tmp_path / "map.db", "canonical_chains").rows == []


# --- canonical_chains


def test_canonical_chains_tell_the_problem_at_the_first_step_and_where_it_ends(site: Path) -> None:
    found = query(site, "canonical_chains")
    assert found.columns == ("page", "canonical", "problem", "hops", "final", "final_reason")
    assert [tuple(str(cell).removeprefix("https://s.test") for cell in row) for row in found.rows] == [
        ("/far", "/print", "canonical elsewhere", "3", "/new", "indexable"),
        ("/loop1", "/loop2", "loop", "2", "/loop1", "canonical elsewhere"),
        ("/loop2", "/loop1", "loop", "2", "/loop2", "canonical elsewhere"),
        ("/print", "/old", "redirect", "2", "/new", "indexable"),
        ("/dead", "/gone", "failed", "1", "/gone", "failed"),
        ("/hidden", "/noindex", "noindex", "1", "/noindex", "noindex"),
    ]


def test_a_chain_of_canonicals_is_followed_for_ten_steps(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        for number in range(30):
            map.link(at(f"/{number:02}"), at(f"/{number + 1:02}"), kind="canonical")
    rows = query(tmp_path / "map.db", "canonical_chains").rows
    # 29 pages name one that names another; /30 was not fetched, so that /29 is not judged.
    assert len(rows) == 29
    assert rows[0] == (at("/00"), at("/01"), "canonical elsewhere", 10, at("/10"), "canonical elsewhere")
    assert rows[-1] == (at("/28"), at("/29"), "canonical elsewhere", 2, at("/30"), "not fetched")


# --- hreflang_returns


def test_hreflang_returns_tell_which_alternates_do_not_name_the_page_and_why(site: Path) -> None:
    found = query(site, "hreflang_returns")
    assert found.columns == ("page", "hreflang", "alternate", "named_by", "problem", "outcome")
    assert found.rows == [
        (at("/en"), "fr", at("/fr"), "page", "no return link", "fetched"),
        (at("/en"), "x-default", at("/fr"), "page", "no return link", "fetched"),
        (at("/en"), "es", at("/old"), "page", "redirect", "redirect"),
        (at("/en"), "it", at("/it"), "page", "not fetched", "too_deep"),
        (at("/en"), "pt", at("/gone"), "page", "failed", "client_error"),
        (at("/fr"), "de", at("/de"), "page", "no return link", "fetched"),
    ]


def test_an_alternate_that_was_only_checked_was_not_read_for_its_return(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.page(at("/en"), status=200)
        map.link(at("/en"), "https://x.test/de", kind="alternate_hreflang", hreflang="de")
        map.page("https://x.test/de", status=200, manner=2)
    assert query(tmp_path / "map.db", "hreflang_returns").rows == [
        (at("/en"), "de", "https://x.test/de", "page", "not read", "fetched")
    ]


SITEMAP = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:x="http://www.w3.org/1999/xhtml"
 xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><x:link rel="alternate" hreflang="de" href="{0}/de"/><loc>{0}/en</loc>
 <image:image><image:loc>{0}/a.png</image:loc></image:image>
 <x:link rel="alternate" hreflang="en" href="{0}/en"/><x:link rel="alternate" hreflang="fr" href="{0}/fr"/>
 <x:link rel="alternate" media="only screen" href="{0}/mobile"/></url>
<url><loc>{0}/de</loc><x:link rel="alternate" hreflang="en" href="{0}/en"/></url>
<url><loc>{0}/fr</loc><x:link rel="alternate" hreflang="de" href="{0}/de"/></url>
<url><loc>{0}/it</loc><x:link rel="alternate" hreflang="fr" href="{0}/fr"/></url>
</urlset>"""


def test_alternates_and_returns_in_sitemaps_count_for_the_page_of_their_entry(server: Site, tmp_path: Path) -> None:
    """de and it are named by pages and answer in sitemaps, or the other way round; fr answers nobody."""
    server.pages = {
        "/robots.txt": Answer(f"Sitemap: {server('/map.xml')}", headers={"Content-Type": "text/plain"}),
        "/map.xml": Answer(SITEMAP.format(server.url), headers={"Content-Type": "application/xml"}),
        "/": '<a href="/nl">Nederlands</a>',
        "/nl": '<link rel="alternate" hreflang="it" href="/it">',
        "/fr": '<link rel="alternate" hreflang="it" href="/it">',
        **{f"/{name}": name for name in ("en", "de", "it", "mobile")},
    }
    done = linkmap("crawl", server("/"), "--allow-private", "--delay", "0", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert query(tmp_path / "map.db", "hreflang_returns").rows == [
        (server("/en"), "fr", server("/fr"), "sitemap", "no return link", "fetched"),
        (server("/fr"), "de", server("/de"), "sitemap", "no return link", "fetched"),
        (server("/nl"), "it", server("/it"), "page", "no return link", "fetched"),
    ]


OF_SEARCH = ("script_rendered", "images_without_alt", "indexability", "canonical_chains", "hreflang_returns")


@pytest.mark.parametrize("name", OF_SEARCH)
def test_a_map_of_auxiliary_pages_alone_answers_nothing(site: Path, name: str) -> None:
    rows = query(site, name).rows
    assert rows
    assert at("/robots.txt") not in {cell for row in rows for cell in row}
    with closing(sqlite3.connect(site)) as connection:
        connection.execute("UPDATE page SET auxiliary = 1")
        account(connection)
        connection.commit()
    assert query(site, name).rows == []


@pytest.mark.parametrize("name", OF_SEARCH)
def test_no_question_of_search_scans_links_or_answers(tmp_path: Path, name: str) -> None:
    """Of answers, those that are flagged are the only ones to be gone through."""
    with handmade(tmp_path / "map.db") as map:
        write_search(map)
    sql = question_folder().joinpath(f"{name}.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(tmp_path / "map.db")) as connection:
        bound = {"limit": None, "indexable": None, "reason": None}
        steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", bound)]
    scanned = {step.split()[1] for step in steps if step.startswith("SCAN ")}
    assert not {"link", "own", "answer"} & scanned
    assert "capture" not in scanned or any("USING INDEX capture_scripted" in step for step in steps)

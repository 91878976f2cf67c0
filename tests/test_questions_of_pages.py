"""The questions about single pages, their answers and their links' manners, with answers worked out by hand.

The map they share is drawn in pagemaps.py. test_questions.py puts every question to an empty map, to a limit and
to the sqlite3 shell.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from handmade import account, handmade
from pagemaps import (
    INDEX,
    LIST_1,
    LIST_2,
    LISTED,
    NEWS,
    NO_ANSWER,
    Q_HTTP,
    ROBOTS,
    A,
    B,
    P,
    Q,
    answer,
    write_listed,
    write_pages,
)  # fmt: skip

from linkmap.asking import query
from linkmap.errors import UsageError
from linkmap.questions import question_folder


@pytest.fixture(params=["finished", "in the middle of a crawl"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The map, once with its indexes, once without: the answers must not differ."""
    path = tmp_path / "map.db"
    with handmade(path, finished=request.param == "finished") as map:
        write_pages(map)
    return path


# --- nofollow


def test_nofollow_links_tell_their_rel_and_what_became_of_the_target(site: Path) -> None:
    found = query(site, "nofollow")
    assert found.columns == ("source", "target", "said_by", "rel", "anchor", "region", "kind", "outcome")
    assert found.rows == [
        (P, Q, "link", "nofollow", "Q", "footer", "a", "fetched"),
        (Q, INDEX, "link", "nofollow ugc", "too", "", "a", "fetched"),
    ]


def test_each_nofollow_link_is_a_row_in_the_order_of_its_page_and_other_rels_are_none(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.link(Q, LIST_1, "1", rel="nofollow")
        map.link(Q, LIST_2, "sponsored", rel="noopener sponsored")
        map.link(Q, LIST_1, "2", rel="nofollow")
        map.link(P, P, "top", rel="nofollow")
        map.page(LIST_1, "nofollow", depth=None)
    assert [(*row[:2], row[4], row[-1]) for row in query(tmp_path / "map.db", "nofollow").rows] == [
        (P, P, "top", "fetched"),
        (Q, LIST_1, "1", "nofollow"),  # no other link leads there
        (Q, LIST_1, "2", "nofollow"),
    ]


# --- duplicates


def test_duplicates_name_the_page_to_keep_and_its_copies(site: Path) -> None:
    found = query(site, "duplicates")
    assert found.columns == ("pages", "bytes", "original", "copy")
    assert found.rows == [(2, 900, P, INDEX)]  # robots.txt has the same body, and so had an earlier answer


SHORT, LATER, LONGER = "https://p.test/b", "https://p.test/c", "https://p.test/aa"
"""By length and then the alphabet: b, c, aa."""


@pytest.mark.parametrize(
    ("ranks", "newer", "original", "copies"),
    [
        ({}, None, SHORT, [LATER, LONGER]),  # the shortest URL, then the alphabet
        ({}, LONGER, LONGER, [SHORT, LATER]),  # the newest run comes before the length
        ({LATER: 0.7, LONGER: 0.3}, LONGER, LATER, [LONGER, SHORT]),  # the rank before both; unranked comes last
        ({SHORT: 0.2, LATER: 0.2, LONGER: 0.6}, None, LONGER, [SHORT, LATER]),
    ],
)
def test_the_original_is_the_best_ranked_then_the_newest_then_the_shortest(
    tmp_path: Path, ranks: dict[str, float], newer: str | None, original: str, copies: list[str]
) -> None:
    with handmade(tmp_path / "map.db") as map:
        for url in (LONGER, LATER, SHORT):
            map.page(url)
            answer(map, url, body=1, bytes=5, run=2 if url == newer else 1)
        map.rank({url: (rank, 0.0, 0.0) for url, rank in ranks.items()})
    assert query(tmp_path / "map.db", "duplicates").rows == [(3, 5, original, copy) for copy in copies]


def test_bodies_of_which_only_the_beginning_is_known_are_no_duplicates(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        for number, flags in enumerate(({"cut": 1}, {"truncated": 1}, {})):
            map.page(f"https://p.test/{number}")
            answer(map, f"https://p.test/{number}", body=1, **flags)
        for number in (4, 5):
            map.page(f"https://p.test/{number}")  # without a digest
    assert query(tmp_path / "map.db", "duplicates").rows == []


def test_the_body_with_the_most_copies_comes_first(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        for url, body in ((P, 1), (INDEX, 1), (A, 2), (B, 2), (Q, 2)):
            map.page(url)
            answer(map, url, body=body)
    assert query(tmp_path / "map.db", "duplicates").rows == [(3, 0, Q, A), (3, 0, Q, B), (2, 0, P, INDEX)]


# --- titles_missing_or_double


def test_titles_are_missing_or_shared_within_a_host(site: Path) -> None:
    found = query(site, "titles_missing_or_double")
    assert found.columns == ("problem", "host", "pages", "title", "url")
    assert found.rows == [
        ("missing", "p.test", 1, "", NEWS),
        ("double", "p.test", 2, "Home", P),
        ("double", "p.test", 2, "Home", INDEX),
    ]  # q.test has a page of this title too, but one alone; pages that failed need no title


def test_a_title_is_double_over_the_schemes_of_a_host_and_by_every_letter(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.page("http://p.test/", title="Home")
        map.page(P, title="Home")
        map.page(INDEX, title="home")
        map.page(NEWS, title="")
        map.page(LIST_1)
        map.page(LIST_2, "not_html")
        for url in (A, B, Q):
            map.page(url, title="Shop")
    assert query(tmp_path / "map.db", "titles_missing_or_double").rows == [
        ("missing", "p.test", 2, "", LIST_1),
        ("missing", "p.test", 2, "", NEWS),
        ("double", "q.test", 3, "Shop", Q),
        ("double", "q.test", 3, "Shop", A),
        ("double", "q.test", 3, "Shop", B),
        ("double", "p.test", 2, "Home", "http://p.test/"),
        ("double", "p.test", 2, "Home", P),
    ]


# --- slowest, largest


def test_the_slowest_come_first_whatever_they_answered(site: Path) -> None:
    found = query(site, "slowest")
    assert found.columns == ("seconds", "status", "bytes", "outcome", "url")
    assert found.rows == [
        (1.5, 200, 900, "fetched", INDEX),
        (0.5, 200, 2000, "fetched", NEWS),
        (0.25, 200, 900, "fetched", P),
        (0.125, 200, 100, "fetched", Q),
        (0.06, 404, 0, "client_error", LIST_2),
        (0.0, 301, 0, "redirect", Q_HTTP),
        (0.0, 301, 0, "redirect_loop", A),
        (0.0, 302, 0, "redirect_loop", B),
    ]  # not the page that never answered


def test_the_slowest_are_told_apart_by_more_digits_than_are_shown(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        for url, seconds in ((P, 0.12341), (Q, 0.12342)):
            map.page(url, status=200)
            answer(map, url, seconds=seconds)
    assert [(row[0], row[-1]) for row in query(tmp_path / "map.db", "slowest").rows] == [(0.123, Q), (0.123, P)]


def test_the_largest_say_where_the_body_went_on(site: Path) -> None:
    found = query(site, "largest")
    assert found.columns == ("bytes", "cut", "truncated", "content_type", "outcome", "url")
    assert found.rows == [
        (2000, 0, 0, "text/html", "fetched", NEWS),
        (900, 0, 0, "text/html", "fetched", P),
        (900, 0, 0, "text/html", "fetched", INDEX),
        (100, 1, 0, "text/html", "fetched", Q),
    ]  # what has no body that was read is no page without size


def test_answers_of_one_size_come_by_url(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        for url in (B, A):
            map.page(url)
            answer(map, url, bytes=5)
    assert [row[-1] for row in query(tmp_path / "map.db", "largest").rows] == [A, B]


@pytest.mark.parametrize("links", ["NULL", "1"])
def test_the_newest_answer_counts_even_if_the_page_shows_no_links_or_those_of_an_older_one(
    tmp_path: Path, links: str
) -> None:
    """Captures 1 and 2 are answers of p.test, 3 of q.test, each without a title."""
    with handmade(tmp_path / "map.db") as map:
        map.page(P, status=200)
        answer(map, P, body=1, bytes=10, seconds=1)
        map.capture(P)
        map.page(P, status=200)
        answer(map, P, body=2, bytes=20, seconds=2, title="New")
        map.page(Q, status=200)
        answer(map, Q, body=2, bytes=20, seconds=3, title="Q")
        map.connection.execute(f"UPDATE page SET links = {links}")  # noqa: S608 (our own)
    path = tmp_path / "map.db"
    assert query(path, "duplicates").rows == [(2, 20, P, Q)]
    assert query(path, "titles_missing_or_double").rows == []
    assert [row[0] for row in query(path, "slowest").rows] == [3.0, 2.0]
    assert [row[0] for row in query(path, "largest").rows] == [20, 20]
    assert query(path, "outcome_reasons").rows == [("done", "fetched", 200, None, 2, 2, P)]


# --- reciprocal, reciprocal_pages


def test_reciprocal_hosts_count_the_links_of_each_direction(site: Path) -> None:
    found = query(site, "reciprocal")
    assert found.columns == ("host", "other_host", "links_there", "links_back")
    assert found.rows == [("p.test", "q.test", 3, 4)]  # Q, old Q, partner; friends twice, too, more


def test_reciprocal_pages_are_pairs_over_a_border(site: Path) -> None:
    found = query(site, "reciprocal_pages")
    assert found.columns == ("page", "other_page", "links_there", "links_back")
    assert found.rows == [(P, Q, 1, 2), (INDEX, Q, 1, 1)]  # P and index.html are on one host


def test_pairs_come_by_their_weaker_side_and_one_way_is_no_pair(tmp_path: Path) -> None:
    """a and b: 3 and 1; a and c: 2 and 2; b and c: 1 and 1; d is linked, and links within itself alone."""
    with handmade(tmp_path / "map.db") as map:
        for ends, times in {"ab": 3, "ba": 1, "ac": 2, "ca": 2, "bc": 1, "cb": 1, "ad": 5, "dd": 5}.items():
            for _ in range(times):
                map.link(f"https://{ends[0]}.test/", f"https://{ends[1]}.test/")
    pairs = [("a", "c", 2, 2), ("a", "b", 3, 1), ("b", "c", 1, 1)]
    hosts = [(f"{one}.test", f"{other}.test", there, back) for one, other, there, back in pairs]
    assert query(tmp_path / "map.db", "reciprocal").rows == hosts
    pages = [(f"https://{one}/", f"https://{other}/", there, back) for one, other, there, back in hosts]
    assert query(tmp_path / "map.db", "reciprocal_pages").rows == pages


def test_hosts_may_link_to_each_other_where_no_two_pages_do(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.link(P, Q)
        map.link(B, INDEX)
    assert query(tmp_path / "map.db", "reciprocal").rows == [("p.test", "q.test", 1, 1)]
    assert query(tmp_path / "map.db", "reciprocal_pages").rows == []


def test_links_of_other_kinds_than_navigation_make_no_pair_and_are_not_sitewide(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.connection.execute("INSERT INTO kind VALUES (99, 'of the future', 0, 1, 0)")
        for number in range(3):
            map.link(f"https://p.test/{number}", Q, "logo")
        map.link(Q, "https://p.test/0")
    for name in ("reciprocal", "reciprocal_pages", "sitewide_links"):
        assert len(query(tmp_path / "map.db", name).rows) == 1
    with closing(sqlite3.connect(tmp_path / "map.db")) as connection:
        connection.execute("UPDATE link SET kind = 99")
        connection.commit()
    for name in ("reciprocal", "reciprocal_pages", "sitewide_links"):
        assert query(tmp_path / "map.db", name).rows == []


# --- sitewide_links


def test_sitewide_links_stand_on_most_pages_of_their_host(site: Path) -> None:
    found = query(site, "sitewide_links")
    assert found.columns == ("host", "percent", "source_pages", "links", "anchor", "target")
    assert found.rows == [
        ("p.test", 100.0, 3, 4, "Home", P),  # twice on the news
        ("p.test", 100.0, 3, 3, "News", NEWS),
    ]


def test_sitewide_links_can_be_asked_for_at_any_share(site: Path) -> None:
    assert query(site, "sitewide_links", pages=1, percent=34).rows == [
        ("p.test", 100.0, 3, 4, "Home", P),
        ("p.test", 100.0, 3, 3, "News", NEWS),
        ("q.test", 100.0, 1, 2, "friends", P),
        ("q.test", 100.0, 1, 1, "more", LIST_2),
        ("q.test", 100.0, 1, 1, "round", B),
        ("q.test", 100.0, 1, 1, "too", INDEX),
    ]
    third = [row[4] for row in query(site, "sitewide_links", pages=1, percent=33).rows if row[0] == "p.test"]
    assert third == ["Home", "News", "All", "Q", "old Q", "partner"]  # one page of three is 33.3 %


def test_other_words_or_another_host_make_another_link(tmp_path: Path) -> None:
    """Each host has four fetched pages; what failed or redirects is none of them."""
    with handmade(tmp_path / "map.db") as map:
        for host in ("p", "q"):
            for number in range(4):
                map.page(f"https://{host}.test/{number}")
                map.link(f"https://{host}.test/{number}", P, f"Start of {host}" if number else "Start")
            map.page(f"https://{host}.test/gone", "client_error")
            map.redirect(f"https://{host}.test/moved", P)
    most = [("p.test", 75.0, 3, 3, "Start of p", P), ("q.test", 75.0, 3, 3, "Start of q", P)]
    assert query(tmp_path / "map.db", "sitewide_links").rows == most
    assert query(tmp_path / "map.db", "sitewide_links", percent=75).rows == most
    assert query(tmp_path / "map.db", "sitewide_links", percent=75.1).rows == []
    assert query(tmp_path / "map.db", "sitewide_links", pages=4).rows == []


def test_an_anchor_that_is_stored_twice_is_one_sitewide_link(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        for number, words in enumerate(("Start", "Start", "other")):
            map.link(f"https://p.test/{number}", Q, words)
        map.connection.execute("UPDATE anchor SET text = 'Start' WHERE text = 'other'")
    assert query(tmp_path / "map.db", "sitewide_links").rows == [("p.test", 100.0, 3, 3, "Start", Q)]


def test_a_share_that_is_no_number_is_a_usage_error(site: Path) -> None:
    with pytest.raises(UsageError, match="percent must be a number, not 'most'"):
        query(site, "sitewide_links", percent="most")


# --- parameters


def test_parameters_count_the_pages_whose_url_has_them(site: Path) -> None:
    found = query(site, "parameters")
    assert found.columns == ("parameter", "pages", "done", "hosts", "distinct_values", "example")
    assert found.rows == [
        ("page", 2, 0, 1, 2, LIST_1),
        ("sort", 2, 0, 1, 1, LIST_1),
        ("id", 1, 1, 1, 1, NEWS),
    ]  # robots.php?id=9 is auxiliary


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("", []),
        ("?", []),
        ("?&&", []),
        ("?a", ["a"]),  # no value
        ("?=v", [""]),  # no name
        ("?a=1&a=2&b=", ["a", "b"]),  # a page counts once for a name
        ("?a=b=c", ["a"]),
        ("?A=1&a=1", ["A", "a"]),
        ("?next=/login?from=x", ["next"]),  # only the first ? begins the query
        ("?a%26b=1&%5B%5D=2", ["%5B%5D", "a%26b"]),  # as written
        ('?a\\=1&"x"=2&]=3&\'=4', ['"x"', "'", "]", "a\\"]),  # nothing of this ends a text
    ],
)
def test_a_query_is_split_as_it_is_written(tmp_path: Path, asked: str, names: list[str]) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.page(f"https://p.test/{asked}")
    rows = query(tmp_path / "map.db", "parameters").rows
    assert [row[:2] for row in rows] == [(name, 1) for name in names]


def test_the_values_of_a_parameter_are_counted_once_each(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        for url in ("https://p.test/?s=1&s=2", "https://q.test/?s=2", "https://p.test/x?s", "https://p.test/x?s="):
            map.page(url)
        map.page("mailto:me@p.test?s=9", "unsupported_scheme")
    assert query(tmp_path / "map.db", "parameters").rows == [
        ("s", 4, 4, 2, 3, "https://p.test/?s=1&s=2")  # 1, 2 and the empty one
    ]


# --- redirect_loops


def test_a_redirect_loop_is_told_from_its_first_url_on(site: Path) -> None:
    found = query(site, "redirect_loops")
    assert found.columns == ("loop", "pages", "step", "status", "links_in", "url")
    assert found.rows == [(A, 2, 1, 301, 0, A), (A, 2, 2, 302, 1, B)]  # one runs in at b


def test_loops_of_every_length_are_found_whichever_page_was_met_first(tmp_path: Path) -> None:
    """3 => 1 => 2 => 3, entered by 4 => 5 => 2 and by a link to 1; 6 => 6; 7 => 8 ends; 9 waits. Met in this order."""
    urls = {number: f"https://p.test/{number}" for number in range(10)}
    with handmade(tmp_path / "map.db") as map:
        for source, target in ((3, 1), (1, 2), (2, 3), (4, 5), (5, 2), (6, 6), (7, 8)):
            map.redirect(urls[source], urls[target], status=300 + source)
        for number in (2, 3, 6):
            map.page(urls[number], "redirect_loop", status=300 + number)
        map.page(urls[1], "too_many_redirects", status=301)
        map.page(urls[8])
        map.link(urls[8], urls[1])
        map.link(urls[8], urls[9])
    assert query(tmp_path / "map.db", "redirect_loops").rows == [
        (urls[1], 3, 1, 301, 1, urls[1]),
        (urls[1], 3, 2, 302, 1, urls[2]),
        (urls[1], 3, 3, 303, 0, urls[3]),
        (urls[6], 1, 1, 306, 0, urls[6]),
    ]


def test_what_runs_into_a_loop_is_not_on_it_though_it_was_met_first(tmp_path: Path) -> None:
    """z => s => x => y => x, met in the order s, x, y, z."""
    s, x, y, z = (f"https://p.test/{name}" for name in "sxyz")
    with handmade(tmp_path / "map.db") as map:
        for source, target in ((s, x), (x, y), (y, x), (z, s)):
            map.redirect(source, target)
    assert query(tmp_path / "map.db", "redirect_loops").rows == [(x, 2, 1, 301, 1, x), (x, 2, 2, 301, 0, y)]


# --- insecure_links


def test_insecure_links_lead_from_https_to_http(site: Path) -> None:
    found = query(site, "insecure_links")
    assert found.columns == ("source", "target", "anchor", "region", "kind", "outcome", "status")
    assert found.rows == [(P, Q_HTTP, "old Q", "", "a", "redirect", 301)]


def test_links_from_http_or_to_other_schemes_are_not_insecure_but_a_redirect_to_http_is(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.link(Q_HTTP, "http://p.test/", "http to http")
        map.link(Q_HTTP, P, "http to https")
        map.link(P, Q, "https to https")
        map.link(P, "mailto:me@p.test", "mail")
        map.redirect(INDEX, "http://p.test:8080/", status=307)
        map.page("http://p.test:8080/", "off_scope")
    assert query(tmp_path / "map.db", "insecure_links").rows == [
        (INDEX, "http://p.test:8080/", "", "", "redirect", "off_scope", None)
    ]


# --- outcome_reasons


def test_outcome_reasons_count_every_outcome_by_its_evidence(site: Path) -> None:
    found = query(site, "outcome_reasons")
    assert found.columns == ("state", "outcome", "status", "detail", "pages", "hosts", "example")
    assert found.rows == [
        ("done", "fetched", 200, None, 4, 2, P),
        ("done", "redirect", 301, None, 1, 1, Q_HTTP),
        ("failed", "redirect_loop", 301, None, 1, 1, A),
        ("failed", "redirect_loop", 302, None, 1, 1, B),
        ("failed", "client_error", 404, None, 1, 1, LIST_2),
        ("failed", "timeout", None, NO_ANSWER, 1, 1, LIST_1),
    ]


def test_reasons_come_by_state_then_by_the_pages_of_the_outcome_then_by_their_own(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.page("mailto:me@p.test", "unsupported_scheme")  # on no host
        for number, pattern in enumerate(("x", "y", "y")):
            map.page(f"https://p.test/{number}", "excluded", detail=f"--exclude {pattern}")
        map.page("https://p.test/3", "robots_denied", detail="robots.txt")
        map.link(P, Q)
    assert query(tmp_path / "map.db", "outcome_reasons").rows == [
        ("pending", "pending", None, None, 1, 1, Q),
        ("done", "fetched", None, None, 1, 1, P),
        ("excluded", "excluded", None, "--exclude y", 2, 1, "https://p.test/1"),
        ("excluded", "excluded", None, "--exclude x", 1, 1, "https://p.test/0"),
        ("excluded", "robots_denied", None, "robots.txt", 1, 1, "https://p.test/3"),
        ("excluded", "unsupported_scheme", None, None, 1, 0, "mailto:me@p.test"),
    ]


def test_the_reasons_of_all_pages_add_up_to_the_discovered(site: Path) -> None:
    discovered = query(site, "coverage").rows[0][2]
    assert sum(row[4] for row in query(site, "outcome_reasons").rows) == discovered == 9


# --- Auxiliary pages, query plans

OF_PAGES = (
    "nofollow",
    "duplicates",
    "titles_missing_or_double",
    "slowest",
    "largest",
    "reciprocal",
    "reciprocal_pages",
    "sitewide_links",
    "parameters",
    "redirect_loops",
    "insecure_links",
    "outcome_reasons",
)


@pytest.mark.parametrize("name", OF_PAGES)
def test_a_map_of_auxiliary_pages_alone_answers_nothing(tmp_path: Path, name: str) -> None:
    """The whole map, with every page made auxiliary: each question has rows before, and none after."""
    path = tmp_path / "map.db"
    with handmade(path) as map:
        write_pages(map)
    assert query(path, name).rows
    assert ROBOTS not in {cell for row in query(path, name, limit=-1).rows for cell in row}
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE page SET auxiliary = 1")
        account(connection)
        connection.commit()
    assert query(path, name).rows == []


@pytest.mark.parametrize("name", OF_PAGES)
def test_no_question_of_pages_scans_links_or_answers(tmp_path: Path, name: str) -> None:
    """Pages may be gone through; links and captures are reached from them, or from their targets by the index."""
    with handmade(tmp_path / "map.db") as map:
        write_pages(map)
    sql = question_folder().joinpath(f"{name}.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(tmp_path / "map.db")) as connection:
        bound = {"limit": None, "pages": None, "percent": None}
        steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", bound)]
    scanned = {step.split()[1] for step in steps if step.startswith("SCAN ")}
    assert not {"link", "capture", "holder", "answer"} & scanned
    by_target = any("INDEX link_target (target=?" in step for step in steps)
    assert by_target == (name in ("insecure_links", "redirect_loops"))


def test_what_only_a_sitemap_lists_is_told_from_what_a_page_links_to(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        write_listed(map)
    answer = query(tmp_path / "map.db", "sitemap_only")
    assert answer.columns == ("url", "outcome", "status", "lastmod", "sitemap")
    assert answer.rows == [(LISTED, "fetched", 200, None, "https://s.test/sitemap.xml")]


def test_dead_links_to_other_sites_leave_out_what_a_browser_loads(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        write_listed(map)
    answer = query(tmp_path / "map.db", "external_broken")
    assert answer.columns == ("source", "target", "anchor", "region", "kind", "outcome", "status", "detail")
    assert answer.rows == [
        (LISTED, "https://dead.test/", "dead", "", "a", "client_error", 404, None),
        (LISTED, "https://dead.test/", "dead too", "footer", "a", "client_error", 404, None),
    ]

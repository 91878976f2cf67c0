"""Every question in queries/, answered over a map whose answers were worked out by hand.

The map, in the order in which it is written below. [n] is the depth, -> a link, => a redirect:

    http://a.test/        [0] seed       => https://a.test/
    https://a.test/       [0]            -> about (nav "About"), about (main "about us"), b.test (main "shop",
                                            nofollow), x.test (footer "X"), gone (main "gone"), itself ("top"),
                                            old (nav "old")
    https://a.test/about  [1]            -> https://a.test/ (nav "Home"), gone (main "gone"), x.test/2 ("two")
    https://a.test/old    [1]            => https://a.test/older  [1]  => https://a.test/about
    https://b.test/       [1]            -> https://a.test/ ("A"), about ("About"), slow ("time"), down ("down"),
                                            about ("About"), gone ("lost")
    https://a.test/gone   [1] 404
    https://b.test/slow   [2] no answer
    https://b.test/down   [2] 403
    https://a.test/lone   [0] seed       -> itself ("top")
    https://x.test/       [1] off scope
    https://x.test/2      [2] off scope

What must count nowhere stands beside it: robots.txt, an auxiliary page, links to six of these pages, and the
first answer of the home page, since replaced, linked to six as well.
"""

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import networkx as nx
import pytest
from handmade import HandmadeMap, handmade
from hypothesis import given, settings
from hypothesis import strategies as st
from pagemaps import write_listed, write_pages
from searchmaps import write_search

from linkmap.asking import query
from linkmap.errors import LinkmapError
from linkmap.questions import Question, question_folder, questions

SEED = "http://a.test/"
HOME = "https://a.test/"
ABOUT = "https://a.test/about"
GONE = "https://a.test/gone"
OLD = "https://a.test/old"
OLDER = "https://a.test/older"
LONE = "https://a.test/lone"
ROBOTS = "https://a.test/robots.txt"
SHOP = "https://b.test/"
SLOW = "https://b.test/slow"
DOWN = "https://b.test/down"
X1 = "https://x.test/"
X2 = "https://x.test/2"

NO_ANSWER = "no answer in 30 s"


def write_site(map: HandmadeMap) -> None:
    """The map that is drawn above."""
    map.redirect(SEED, HOME, seed=True)
    for target in (ABOUT, GONE, OLDER, LONE, SHOP, X1):
        map.link(HOME, target, "news")
        map.link(ROBOTS, target, "rules")
    map.page(ROBOTS, auxiliary=True, depth=None, status=200)
    map.capture(HOME)
    map.page(HOME, status=200, title="Home")
    map.link(HOME, ABOUT, "About", region="nav")
    map.link(HOME, ABOUT, "about us", region="main")
    map.link(HOME, SHOP, "shop", region="main", rel="nofollow")
    map.link(HOME, X1, "X", region="footer")
    map.link(HOME, GONE, "gone", region="main")
    map.link(HOME, HOME, "top")
    map.link(HOME, OLD, "old", region="nav")
    map.page(ABOUT, depth=1, status=200)
    map.link(ABOUT, HOME, "Home", region="nav")
    map.link(ABOUT, GONE, "gone", region="main")
    map.link(ABOUT, X2, "two")
    map.redirect(OLD, OLDER, depth=1)
    map.redirect(OLDER, ABOUT, status=302, depth=1)
    map.page(SHOP, depth=1, status=200)
    map.link(SHOP, HOME, "A")
    map.link(SHOP, ABOUT, "About")
    map.link(SHOP, SLOW, "time")
    map.link(SHOP, DOWN, "down")
    map.link(SHOP, ABOUT, "About")
    map.link(SHOP, GONE, "lost")
    map.page(GONE, "client_error", depth=1, status=404, detail="404 Not Found")
    map.page(SLOW, "timeout", depth=2, detail=NO_ANSWER)
    map.page(DOWN, "blocked", depth=2, status=403, detail="403 Forbidden")
    map.page(LONE, seed=True, status=200)
    map.link(LONE, LONE, "top")
    map.page(X1, "off_scope", depth=1)
    map.page(X2, "off_scope", depth=2)


@pytest.fixture(params=["finished", "in the middle of a crawl"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The map, once with its indexes and degrees, once without: the answers must not differ."""
    path = tmp_path / "map.db"
    with handmade(path, finished=request.param == "finished") as map:
        write_site(map)
    return path


@pytest.fixture
def finished_site(tmp_path: Path) -> Path:
    path = tmp_path / "map.db"
    with handmade(path) as map:
        write_site(map)
    return path


@pytest.fixture
def full_site(tmp_path: Path) -> Path:
    """This map and the others, in one: every question has an answer here."""
    path = tmp_path / "map.db"
    with handmade(path) as map:
        write_site(map)
        write_pages(map)
        write_listed(map)
        write_search(map)
    return path


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    path = tmp_path / "empty.db"
    with handmade(path):
        pass
    return path


IN_DEGREE = [
    # in_degree, in_links, in_hosts, outcome, url: from whom
    (3, 3, 2, "fetched", HOME),  # the seed's redirect, about; b.test's home
    (3, 5, 2, "fetched", ABOUT),  # home twice, older's redirect; b.test's home twice
    (3, 3, 2, "client_error", GONE),  # home, about; b.test's home
    (1, 1, 1, "redirect", OLD),
    (1, 1, 1, "redirect", OLDER),
    (1, 1, 1, "fetched", SHOP),
    (1, 1, 1, "blocked", DOWN),
    (1, 1, 1, "timeout", SLOW),
    (1, 1, 1, "off_scope", X1),
    (1, 1, 1, "off_scope", X2),
    (0, 0, 0, "redirect", SEED),
    (0, 0, 0, "fetched", LONE),  # its own link does not count
]


def test_in_degree_counts_distinct_other_pages(site: Path) -> None:
    answer = query(site, "in_degree")
    assert answer.columns == ("in_degree", "in_links", "in_hosts", "outcome", "url")
    assert answer.rows == IN_DEGREE


def test_out_degree_counts_distinct_other_pages_of_those_that_answered(site: Path) -> None:
    answer = query(site, "out_degree")
    assert answer.columns == ("out_degree", "out_links", "outcome", "url")
    assert answer.rows == [
        (5, 6, "fetched", HOME),  # about twice, b.test, x.test, gone, old; not itself
        (5, 6, "fetched", SHOP),  # home, about twice, slow, down, gone
        (3, 3, "fetched", ABOUT),
        (1, 1, "redirect", SEED),
        (1, 1, "redirect", OLD),
        (1, 1, "redirect", OLDER),
        (0, 0, "fetched", LONE),
    ]


def test_broken_links_name_their_source_and_the_evidence(site: Path) -> None:
    answer = query(site, "broken_links")
    assert answer.columns == ("source", "target", "anchor", "region", "kind", "outcome", "status", "detail")
    assert answer.rows == [
        (HOME, GONE, "gone", "main", "a", "client_error", 404, "404 Not Found"),
        (ABOUT, GONE, "gone", "main", "a", "client_error", 404, "404 Not Found"),
        (SHOP, SLOW, "time", "", "a", "timeout", None, NO_ANSWER),
        (SHOP, GONE, "lost", "", "a", "client_error", 404, "404 Not Found"),
    ]  # the link to the page that answered 403 is blocked, not broken


def test_redirect_chains_start_where_somebody_runs_into_them(site: Path) -> None:
    answer = query(site, "redirect_chains")
    assert answer.columns == ("start", "hops", "final", "outcome", "status")
    assert answer.rows == [(OLD, 2, ABOUT, "fetched", 200), (SEED, 1, HOME, "fetched", 200)]


def test_external_hosts_count_links_and_pages_at_both_ends(site: Path) -> None:
    answer = query(site, "external_hosts")
    assert answer.columns == ("host", "links", "source_pages", "target_pages")
    assert answer.rows == [("x.test", 2, 2, 2)]


def test_external_hosts_come_by_links_and_count_a_page_once(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        for target in ("https://x.test/", "https://x.test/", "https://x.test/2", "https://w.test/"):
            map.link(HOME, target)
            map.page(target, "off_scope")
    assert query(tmp_path / "map.db", "external_hosts").rows == [("x.test", 3, 1, 2), ("w.test", 1, 1, 1)]


def test_host_to_host_weighs_by_occurrences(site: Path) -> None:
    answer = query(site, "host_to_host")
    assert answer.columns == ("source_host", "target_host", "weight", "source_pages", "target_pages")
    assert answer.rows == [
        ("b.test", "a.test", 4, 1, 3),  # its home -> home, about twice, gone
        ("a.test", "x.test", 2, 2, 2),  # home -> x.test, about -> x.test/2
        ("a.test", "b.test", 1, 1, 1),
    ]


def test_links_between_two_hosts(site: Path) -> None:
    answer = query(site, "links_between", source="b.test", target="A.test")
    assert answer.columns == ("source", "target", "kind", "rel", "region", "anchor", "outcome")
    assert answer.rows == [
        (SHOP, HOME, "a", "", "", "A", "fetched"),
        (SHOP, ABOUT, "a", "", "", "About", "fetched"),
        (SHOP, ABOUT, "a", "", "", "About", "fetched"),
        (SHOP, GONE, "a", "", "", "lost", "client_error"),
    ]


def test_links_between_two_pages(site: Path) -> None:
    answer = query(site, "links_between", source="https://a.test", target="a.test/about#team")
    assert answer.rows == [
        (HOME, ABOUT, "a", "", "nav", "About", "fetched"),
        (HOME, ABOUT, "a", "", "main", "about us", "fetched"),
    ]


def test_links_between_a_host_and_a_page_tell_rel_and_redirects(site: Path) -> None:
    assert query(site, "links_between", source="a.test", target="b.test").rows == [
        (HOME, SHOP, "a", "nofollow", "main", "shop", "fetched")
    ]
    assert query(site, "links_between", source="a.test", target=OLDER).rows == [
        (OLD, OLDER, "redirect", "", "", "", "redirect")
    ]


def test_dead_ends_are_fetched_pages_without_a_link_to_another(site: Path) -> None:
    answer = query(site, "dead_ends")
    assert answer.columns == ("depth", "url")
    assert answer.rows == [(0, LONE)]  # failed pages have no links either, but were not fetched


def test_dead_ends_come_by_depth_then_url_and_without_robots_txt(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.page(SHOP, depth=1)
        map.page(HOME, depth=2)
        map.page(ABOUT, depth=1)
        map.page(ROBOTS, auxiliary=True)
    assert query(tmp_path / "map.db", "dead_ends").rows == [(1, ABOUT), (1, SHOP), (2, HOME)]


def test_orphans_are_seeds_that_no_other_page_links_to(site: Path) -> None:
    answer = query(site, "orphans")
    assert answer.columns == ("url", "known_from", "outcome")
    assert answer.rows == [(SEED, "seed", "redirect"), (LONE, "seed", "fetched")]


def test_depth_histogram_adds_up_to_the_pages_of_each_state(site: Path) -> None:
    answer = query(site, "depth_histogram")
    assert answer.columns == ("depth", "pages", "pending", "done", "failed", "excluded")
    assert answer.rows == [
        (0, 3, 0, 3, 0, 0),  # the seed, home, lone
        (1, 6, 0, 4, 1, 1),  # about, old, older, b.test; gone; x.test
        (2, 3, 0, 0, 2, 1),  # slow, down; x.test/2
    ]


def test_anchors_of_a_page_are_the_words_of_other_pages(site: Path) -> None:
    answer = query(site, "anchors_of", page=ABOUT)
    assert answer.columns == ("anchor", "links", "source_pages")
    assert answer.rows == [("About", 3, 2), ("about us", 1, 1)]  # not older's redirect, which has no words
    assert query(site, "anchors_of", page=LONE).rows == []


def test_errors_by_host_begin_with_the_worst_host(site: Path) -> None:
    answer = query(site, "errors_by_host")
    assert answer.columns == ("host", "outcome", "pages", "example", "detail")
    assert answer.rows == [
        ("b.test", "blocked", 1, DOWN, "403 Forbidden"),
        ("b.test", "timeout", 1, SLOW, NO_ANSWER),
        ("a.test", "client_error", 1, GONE, "404 Not Found"),
    ]


def test_errors_of_a_host_come_by_pages_and_name_the_first_url(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.page("https://a.test/2", "timeout", detail="second")
        map.page("https://a.test/1", "timeout", detail="first")
        map.page("https://a.test/3", "blocked")
        for name in ("robots.txt", "sitemap.xml"):
            map.page(f"https://a.test/{name}", "blocked", auxiliary=True)
    assert query(tmp_path / "map.db", "errors_by_host").rows == [
        ("a.test", "timeout", 2, "https://a.test/1", "first"),
        ("a.test", "blocked", 1, "https://a.test/3", None),
    ]


def test_coverage_counts_every_page_by_state_and_outcome(finished_site: Path) -> None:
    answer = query(finished_site, "coverage")
    assert answer.columns == ("state", "outcome", "pages", "percent", "ranks")
    assert answer.rows == [
        ("discovered", None, 12, 100.0, "complete for its scope and depth; not ranked yet"),
        ("pending", None, 0, 0.0, None),
        ("done", None, 7, 58.3, None),
        ("done", "fetched", 4, 33.3, None),
        ("done", "redirect", 3, 25.0, None),
        ("failed", None, 3, 25.0, None),
        ("failed", "blocked", 1, 8.3, None),
        ("failed", "client_error", 1, 8.3, None),
        ("failed", "timeout", 1, 8.3, None),
        ("excluded", None, 2, 16.7, None),
        ("excluded", "off_scope", 2, 16.7, None),
    ]


def coverage_words(path: Path) -> object:
    return query(path, "coverage").rows[0][-1]


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        (["fetched", "pending"], "inconclusive: 1 page waits to be fetched"),
        (["pending", "pending", "over_budget"], "inconclusive: 2 pages wait to be fetched"),
        (["fetched", "over_budget", "trap"], "inconclusive: a budget or a trap rule left out 2 pages"),
        (["fetched", "trap"], "inconclusive: a budget or a trap rule left out 1 page"),
        (["fetched", "too_deep", "off_scope"], "complete for its scope and depth; not ranked yet"),
        ([], "inconclusive: no page is known yet"),
    ],
)
def test_coverage_says_when_ranks_are_inconclusive(tmp_path: Path, outcomes: list[str], words: str) -> None:
    with handmade(tmp_path / "map.db") as map:
        for number, outcome in enumerate(outcomes):
            map.page(f"https://a.test/{number}", outcome)
    assert coverage_words(tmp_path / "map.db") == words


def test_coverage_is_inconclusive_where_the_crawl_was_stopped(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db", finished=False) as map:
        map.page(HOME)
    assert coverage_words(tmp_path / "map.db") == "inconclusive: the crawl did not end by itself"


def test_coverage_knows_ranks_that_are_older_than_the_pages(finished_site: Path) -> None:
    with closing(sqlite3.connect(finished_site, isolation_level=None)) as connection:
        connection.execute("INSERT INTO computed SELECT 'rank', max(id), 0, '{}' FROM capture")
        assert coverage_words(finished_site) == "complete for its scope and depth; the ranks speak for all of it"
        connection.execute("UPDATE computed SET capture = capture - 1 WHERE name = 'rank'")
    assert (
        coverage_words(finished_site) == "complete for its scope and depth; the ranks are older than the newest pages"
    )


@pytest.mark.parametrize(("name", "column"), [("pagerank", 0), ("hubs", 1), ("authorities", 2)])
def test_ranks_come_best_first_and_equal_ones_by_url(tmp_path: Path, name: str, column: int) -> None:
    """The score that is asked for is 0.4 for b.test and about, 0.2 for home; the other two are the reverse."""
    scores = {SHOP: [0.1] * 3, HOME: [0.9] * 3, ABOUT: [0.2] * 3}
    for url, score in ((SHOP, 0.4), (HOME, 0.2), (ABOUT, 0.4)):
        scores[url][column] = score
    with handmade(tmp_path / "map.db") as map:
        for url in (SHOP, HOME, ABOUT):
            map.page(url)
        map.rank({url: (score[0], score[1], score[2]) for url, score in scores.items()})
    answer = query(tmp_path / "map.db", name)
    assert answer.columns == (("pagerank", "hub", "authority")[column], "outcome", "url")
    assert answer.rows == [(0.4, "fetched", ABOUT), (0.4, "fetched", SHOP), (0.2, "fetched", HOME)]
    assert answer.notes == ()


@pytest.mark.parametrize("name", ["pagerank", "hubs", "authorities"])
def test_ranks_that_were_never_computed_are_a_sentence(site: Path, name: str) -> None:
    with pytest.raises(LinkmapError, match=r"nothing in .*map\.db is ranked yet: run `linkmap rank --db .*map\.db`"):
        query(site, name)


def test_old_ranks_come_with_a_note(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.page(HOME)
        map.rank({HOME: (1.0, 1.0, 1.0)})
        map.page(ABOUT)
    answer = query(tmp_path / "map.db", "hubs")
    assert answer.rows == [(1.0, "fetched", HOME)]
    assert len(answer.notes) == 1
    assert answer.notes[0].startswith("The ranks are older than the newest pages")


def test_a_guessed_https_seed_that_failed_is_neither_broken_nor_an_orphan(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.page("https://c.test/", "connect_error", guess=1)
        map.page("http://c.test/", guess=2)
        map.link("http://c.test/", "https://c.test/", "secure")
        map.page("http://d.test/", "dns_error", guess=2)
        map.link("http://c.test/", "http://d.test/", "d")
        map.page("https://d.test/", "connect_error", guess=1)  # nobody links to this one
    assert [row[1] for row in query(tmp_path / "map.db", "broken_links").rows] == ["http://d.test/"]
    assert [row[0] for row in query(tmp_path / "map.db", "orphans").rows] == ["http://c.test/"]


def test_a_seed_that_was_given_in_full_is_broken_even_if_also_guessed(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.page("https://c.test/", "connect_error", guess=1)
        map.page("https://c.test/", "connect_error", seed=True)
        map.link(HOME, "https://c.test/", "c")
    assert [row[1] for row in query(tmp_path / "map.db", "broken_links").rows] == ["https://c.test/"]


def test_redirects_that_go_round_end_where_they_meet_again(tmp_path: Path) -> None:
    """1 => 2 => 3 => 2, entered at 1 and by a link at 3; 5 => 5."""
    one, two, three, five = (f"https://a.test/{number}" for number in (1, 2, 3, 5))
    with handmade(tmp_path / "loop.db") as map:
        map.link(HOME, one)
        map.link(HOME, three)
        map.link(HOME, five)
        map.redirect(one, two)
        map.redirect(two, three)
        map.redirect(three, two)
        map.page(three, "redirect_loop", status=301)
        map.redirect(five, five)
        map.page(five, "redirect_loop", status=301)
    assert query(tmp_path / "loop.db", "redirect_chains").rows == [
        (one, 3, two, "redirect_loop", 301),  # 2, 3, 2
        (three, 2, three, "redirect_loop", 301),  # 2, 3
        (five, 1, five, "redirect_loop", 301),
    ]


def test_a_redirect_to_a_page_that_failed_tells_its_outcome(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.redirect(OLD, SLOW)  # nobody links to old: it is a start all the same
        map.page(SLOW, "timeout")
        map.redirect(ROBOTS, SLOW, auxiliary=True)  # no page of any graph
    assert query(tmp_path / "map.db", "redirect_chains").rows == [(OLD, 1, SLOW, "timeout", None)]
    assert query(tmp_path / "map.db", "broken_links").rows == [(OLD, SLOW, "", "", "redirect", "timeout", None, None)]


def test_pages_without_a_depth_come_last_in_the_histogram(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.page(HOME, depth=0)
        map.page(ABOUT, "nofollow", depth=None)
    assert query(tmp_path / "map.db", "depth_histogram").rows == [(0, 1, 0, 1, 0, 0), (None, 1, 0, 0, 0, 1)]


def test_a_sitemap_s_page_that_nobody_links_to_is_an_orphan(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.page("https://a.test/sitemap.xml", auxiliary=True)
        map.link("https://a.test/sitemap.xml", GONE)
        map.capture("https://a.test/sitemap.xml")  # a newer answer, which lists gone no more
        map.page("https://a.test/sitemap.xml", auxiliary=True)
        map.page("https://a.test/more.xml", auxiliary=True)
        map.link("https://a.test/sitemap.xml", "https://a.test/more.xml")
        map.link("https://a.test/sitemap.xml", ABOUT)
        map.link("https://a.test/sitemap.xml", LONE)
        map.connection.execute("UPDATE link SET kind = (SELECT id FROM kind WHERE name = 'sitemap')")
        map.page(HOME)
        map.link(HOME, ABOUT)
    assert query(tmp_path / "map.db", "orphans").rows == [(LONE, "sitemap", "pending")]


def test_an_anchor_that_is_stored_twice_is_counted_as_one(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.link(HOME, ABOUT, "About")
        map.connection.execute("INSERT INTO anchor (id, text) VALUES (77, 'About')")
        map.link(SHOP, ABOUT, "other")
        map.connection.execute(
            "UPDATE link SET anchor = 77 WHERE anchor = (SELECT id FROM anchor WHERE text = 'other')"
        )
    assert query(tmp_path / "map.db", "anchors_of", page=ABOUT).rows == [("About", 2, 2)]


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_an_empty_map_answers_with_no_rows(empty: Path, question: Question) -> None:
    parameters = {each.name: "a.test" for each in question.parameters if each.required}
    if question.needs == "rank" or parameters:
        with pytest.raises(LinkmapError):
            query(empty, question.name, **parameters)
    elif question.name == "coverage":
        assert [row[2] for row in query(empty, "coverage").rows] == [0, 0, 0, 0, 0]
    else:
        assert query(empty, question.name).rows == []


@pytest.mark.parametrize(
    "question", [each for each in questions() if each.takes("limit")], ids=lambda question: question.name
)
def test_a_limit_cuts_the_answer_and_minus_one_gives_all(full_site: Path, question: Question) -> None:
    with closing(sqlite3.connect(full_site)) as connection:
        connection.execute("INSERT INTO rank SELECT id, 1.0 / id, 1.0 / id, 1.0 / id FROM page")
        connection.execute("INSERT INTO computed SELECT 'rank', max(id), 0, '{}' FROM capture")
        connection.commit()
    given = {"page": ABOUT, "source": "a.test", "target": "a.test"}
    required = {each.name: given[each.name] for each in question.parameters if each.required}
    everything = query(full_site, question.name, limit=-1, **required).rows
    assert everything
    assert query(full_site, question.name, limit=1, **required).rows == everything[:1]
    assert query(full_site, question.name, limit=0, **required).rows == []


@pytest.mark.parametrize("finished", [True, False])
def test_a_failed_page_that_only_links_to_itself_is_no_node(tmp_path: Path, finished: bool) -> None:
    with handmade(tmp_path / "map.db", finished=finished) as map:
        map.page(GONE, "client_error")
        map.link(GONE, GONE)
        map.page(DOWN, "blocked")
        map.link(DOWN, ABOUT)
    assert query(tmp_path / "map.db", "in_degree").rows == [
        (1, 1, 1, "pending", ABOUT),
        (0, 0, 0, "blocked", DOWN),
    ]
    assert query(tmp_path / "map.db", "out_degree").rows == [(1, 1, "blocked", DOWN)]


# --- Stored degrees, and degrees counted anew


def test_in_degree_trusts_the_table_only_while_it_is_as_new_as_the_newest_page(finished_site: Path) -> None:
    """The table is made to lie: what is read from it and what is counted can be told apart."""
    with closing(sqlite3.connect(finished_site, isolation_level=None)) as connection:
        connection.execute("UPDATE degree SET in_pages = 99, out_pages = 99")
        assert {row[0] for row in query(finished_site, "in_degree").rows} == {99}
        assert {row[0] for row in query(finished_site, "out_degree").rows} == {99}
        connection.execute("UPDATE computed SET capture = capture - 1")
    assert query(finished_site, "in_degree").rows == IN_DEGREE
    assert query(finished_site, "out_degree", limit=1).rows == [(5, 6, "fetched", HOME)]


def steps(path: Path, name: str) -> int:
    """The steps that SQLite's virtual machine took to answer."""
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    sql = question_folder().joinpath(f"{name}.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(path)) as connection:
        connection.set_progress_handler(count, 1)
        connection.execute(sql, {"limit": None}).fetchall()
    return taken


@pytest.mark.parametrize("name", ["in_degree", "out_degree"])
def test_fresh_degrees_are_answered_without_reading_a_link(tmp_path: Path, name: str) -> None:
    """Three times the links between the same pages cost not one step more."""
    for path, times in ((tmp_path / "1.db", 1), (tmp_path / "3.db", 3)):
        with handmade(path) as map:
            for number in range(20):
                for _ in range(times):
                    map.link(HOME, f"https://a.test/{number}")
                map.page(f"https://a.test/{number}")
    assert steps(tmp_path / "1.db", name) == steps(tmp_path / "3.db", name)


graphs = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from(["a", "iframe", "redirect"])), max_size=25
)


@settings(max_examples=25, deadline=None)
@given(graphs)
def test_degrees_agree_with_networkx_stored_and_counted_anew(tmp_path_factory: pytest.TempPathFactory, ends) -> None:
    folder = tmp_path_factory.mktemp("graph")
    graph = nx.DiGraph()
    for path, finished in ((folder / "stored.db", True), (folder / "anew.db", False)):
        with handmade(path, finished=finished) as map:
            for source, target, kind in ends:
                map.link(f"https://h{source % 2}.test/{source}", f"https://h{target % 2}.test/{target}", kind=kind)
        for source, target, _ in ends:
            graph.add_node(f"https://h{source % 2}.test/{source}")
            if source != target:
                graph.add_edge(f"https://h{source % 2}.test/{source}", f"https://h{target % 2}.test/{target}")
        assert {row[-1]: row[0] for row in query(path, "in_degree", limit=-1).rows} == dict(graph.in_degree())
        out_degree = {row[-1]: row[0] for row in query(path, "out_degree", limit=-1).rows}
        assert out_degree == {url: degree for url, degree in graph.out_degree() if degree or url in out_degree}
    assert query(folder / "stored.db", "in_degree").rows == query(folder / "anew.db", "in_degree").rows
    assert query(folder / "stored.db", "out_degree").rows == query(folder / "anew.db", "out_degree").rows


# --- Query plans


def plan(path: Path, sql: str, **parameters: object) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters))


@pytest.mark.parametrize(
    ("sql", "wanted"),
    [
        ("SELECT * FROM links WHERE source = 1", "SEARCH link USING PRIMARY KEY (capture=?)"),
        ("SELECT * FROM links WHERE target = 1", "SEARCH link USING INDEX link_target (target=?)"),
        ("SELECT * FROM edges WHERE source = 1", "SEARCH link USING PRIMARY KEY (capture=?)"),
        ("SELECT * FROM edges WHERE target = 1", "SEARCH link USING COVERING INDEX link_target (target=?"),
    ],
)
def test_the_views_search_and_never_scan_from_either_end(finished_site: Path, sql: str, wanted: str) -> None:
    found = plan(finished_site, sql)
    assert wanted in found
    for table in ("link", "page", "source", "target", "capture"):
        assert f"SCAN {table}\n" not in f"{found}\n"
        assert f"SCAN {table} " not in found


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM links", "SELECT * FROM links WHERE source_url = 'x'", "SELECT * FROM edges"]
)
def test_the_views_read_everything_page_first(finished_site: Path, sql: str) -> None:
    found = plan(finished_site, sql)
    assert "SEARCH link USING PRIMARY KEY (capture=?)" in found
    assert "SCAN link" not in found


@pytest.mark.parametrize("name", ["broken_links", "redirect_chains", "anchors_of", "orphans"])
def test_questions_about_links_to_few_pages_use_the_index(finished_site: Path, name: str) -> None:
    sql = question_folder().joinpath(f"{name}.sql").read_text(encoding="utf-8")
    found = plan(finished_site, sql, limit=None, page=None)
    assert "INDEX link_target (target=?" in found


# --- The sqlite3 shell

SHELL = shutil.which("sqlite3")


def shell_rows(path: Path, name: str, **parameters: str) -> list[dict[str, object]]:
    """What the sqlite3 shell answers to the file, which it reads unchanged."""
    commands = [f".parameter set :{key} {value}" for key, value in parameters.items()]
    done = subprocess.run(
        [str(SHELL), "-bail", "-json", str(path)],
        input="\n".join([*commands, f".read '{question_folder().joinpath(name)}.sql'", ""]),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stderr == ""
    return json.loads(done.stdout or "[]")


@pytest.mark.skipif(SHELL is None, reason="the sqlite3 shell is not installed")
@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_the_sqlite3_shell_gives_the_same_answer_to_the_unchanged_file(full_site: Path, question: Question) -> None:
    with closing(sqlite3.connect(full_site)) as connection:
        connection.execute("INSERT INTO rank SELECT id, 1.0 / id, 0.5 / id, 0.25 / id FROM page")
        connection.execute("INSERT INTO computed SELECT 'rank', max(id), 0, '{}' FROM capture")
        connection.commit()
    given = {"page": ABOUT, "source": HOME, "target": "b.test"}
    required = {each.name: given[each.name] for each in question.parameters if each.required}
    quoted = {name: f"\"'{value}'\"" for name, value in required.items()}

    def own(**parameters: object) -> list[dict[str, object]]:
        answer = query(full_site, question.name, **required, **parameters)
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]

    assert own()
    assert shell_rows(full_site, question.name, **quoted) == [
        {name: pytest.approx(value) if isinstance(value, float) else value for name, value in row.items()}
        for row in own()
    ]
    if question.takes("limit"):
        limited = shell_rows(full_site, question.name, limit="1", **quoted)
        assert [list(row.values())[-1] for row in limited] == [list(row.values())[-1] for row in own(limit=1)]
    if required:
        assert shell_rows(full_site, question.name) == []  # an unset parameter is NULL

"""`linkmap path FROM TO`: the fewest links, the same way each time, and the words that were clicked.

home -> a -> b -> goal          three hops, over a and b
home -> x => y -> goal          three hops, x redirects to y
home -> deep -> a               longer
goal -> goal, goal -> home
robots.txt -> goal, and an answer of home since replaced -> goal: no way
lone: nothing leads there
"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import networkx as nx
import pytest
from handmade import handmade
from hypothesis import given, settings
from hypothesis import strategies as st
from maps import linkmap

from linkmap.pages import find_page
from linkmap.paths import PAGES_AT_ONCE, Hop, shortest_path
from linkmap.store.reader import open_reader

HOME = "https://s.test/"
GOAL = "https://s.test/goal"


def url(name: str) -> str:
    return f"https://s.test/{name}"


@pytest.fixture(params=["finished", "in the middle of a crawl"])
def map_db(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "map.db"
    with handmade(path, finished=request.param == "finished") as map:
        map.link(HOME, GOAL, "then")
        map.capture(HOME)
        for name in ("x", "deep", "a"):
            map.link(HOME, url(name), f"to {name}", region="nav")
        map.redirect(url("x"), url("y"))
        map.link(url("y"), GOAL, "goal")
        map.link(url("deep"), url("a"))
        map.link(url("a"), url("b"))
        map.link(url("a"), url("b"), "first words", kind="iframe")
        map.link(url("a"), url("b"), "second words")
        map.link(url("b"), GOAL, "goal", region="main")
        map.link(GOAL, GOAL)
        map.link(GOAL, HOME, "back")
        map.page(url("robots.txt"), auxiliary=True)
        map.link(url("robots.txt"), GOAL)
        map.page(url("lone"), "too_deep")
    return path


def way(path: Path, source: str, target: str) -> list[Hop] | None:
    with closing(open_reader(path)) as connection:
        return shortest_path(connection, find_page(connection, source).id, find_page(connection, target).id)


def test_of_equal_ways_the_alphabet_chooses_and_links_with_words_are_shown(map_db: Path) -> None:
    assert way(map_db, HOME, GOAL) == [
        Hop(HOME, "fetched"),
        Hop(url("a"), "fetched", "a", "nav", "to a"),
        Hop(url("b"), "fetched", "iframe", "", "first words"),
        Hop(GOAL, "fetched", "a", "main", "goal"),  # b, not y: the first in the alphabet that links to the goal
    ]


def test_a_redirect_is_a_hop(map_db: Path) -> None:
    assert way(map_db, HOME, url("y")) == [
        Hop(HOME, "fetched"),
        Hop(url("x"), "redirect", "a", "nav", "to x"),
        Hop(url("y"), "fetched", "redirect", "", ""),
    ]


def test_from_a_page_to_itself_takes_no_hop(map_db: Path) -> None:
    assert way(map_db, GOAL, GOAL) == [Hop(GOAL, "fetched")]


def test_where_no_link_leads_there_is_no_way(map_db: Path) -> None:
    assert way(map_db, HOME, url("lone")) is None
    assert way(map_db, url("lone"), HOME) is None
    assert way(map_db, url("robots.txt"), GOAL) is None


def test_a_level_of_more_pages_than_are_read_at_once_is_searched_whole(tmp_path: Path) -> None:
    wide = PAGES_AT_ONCE + 2
    with handmade(tmp_path / "map.db", finished=False) as map:
        for number in range(wide):
            map.link(HOME, url(f"{number:04}"))
        map.link(url(f"{wide - 1:04}"), GOAL, "the last one")
    found = way(tmp_path / "map.db", HOME, GOAL)
    assert found is not None
    assert [hop.url for hop in found] == [HOME, url(f"{wide - 1:04}"), GOAL]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=20), st.booleans())
def test_ways_are_as_short_as_networkx_finds(
    tmp_path_factory: pytest.TempPathFactory, ends: list[tuple[int, int]], finished: bool
) -> None:
    path = tmp_path_factory.mktemp("graph") / "map.db"
    with handmade(path, finished=finished) as map:
        for source, target in ends:
            map.link(url(str(source)), url(str(target)))
    graph = nx.DiGraph([(url(str(source)), url(str(target))) for source, target in ends])
    shortest = dict(nx.all_pairs_shortest_path_length(graph))
    for source in graph:
        for target in graph:
            found = way(path, source, target)
            assert (found and len(found) - 1) == shortest[source].get(target)
            urls = [hop.url for hop in found or []]
            assert nx.is_simple_path(graph, urls) or urls == []


# --- The command line


def test_the_command_shows_the_way_hop_by_hop(map_db: Path) -> None:
    done = linkmap("path", "s.test", "S.test/goal#end", "--format", "tsv", cwd=map_db.parent)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "hop\tkind\tregion\tanchor\turl\toutcome",
        f"0\t\t\t\t{HOME}\tfetched",
        f"1\ta\tnav\tto a\t{url('a')}\tfetched",
        f"2\tiframe\t\tfirst words\t{url('b')}\tfetched",
        f"3\ta\tmain\tgoal\t{GOAL}\tfetched",
    ]
    again = linkmap("path", HOME, GOAL, "--format", "ndjson", cwd=map_db.parent)
    assert [json.loads(line)["url"] for line in again.stdout.splitlines()] == [HOME, url("a"), url("b"), GOAL]


def test_no_way_is_a_sentence_and_exit_code_1(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.page(HOME)
        map.page(GOAL)
    done = linkmap("path", HOME, GOAL, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Error: no links lead from {HOME} to {GOAL}\n"


def test_no_way_while_pages_wait_says_so(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.page(GOAL)
        map.link(HOME, url("later"))
    done = linkmap("path", HOME, GOAL, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        f"Error: no links lead from {HOME} to {GOAL} so far: pages of this map still wait to be fetched\n"
    )


def test_an_unknown_end_is_a_sentence(map_db: Path) -> None:
    done = linkmap("path", HOME, "s.test/goal/", "--format", "json", cwd=map_db.parent)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith(f"Error: the map has no page {GOAL}/: did you mean {GOAL}?\n")


def test_the_way_is_searched_from_the_links_of_pages_and_never_scans(tmp_path: Path) -> None:
    """The two statements of the search, as SQLite plans them on a finished map without statistics."""
    from linkmap.paths import _FORWARD, _INTO

    with handmade(tmp_path / "map.db"):
        pass
    with closing(sqlite3.connect(tmp_path / "map.db")) as connection:
        forward = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {_FORWARD}", ("[]",))]
        into = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {_INTO}", (1,))]
    assert "SEARCH link USING PRIMARY KEY (capture=?)" in forward
    assert "SEARCH link USING COVERING INDEX link_target (target=? AND kind=?)" in into
    assert not any(step.startswith(("SCAN link", "SCAN page")) for step in forward + into)

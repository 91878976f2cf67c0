"""`linkmap rank`, on the real command line."""

import json
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import networkx
import pytest
from graphmaps import HOME, OLD, Link, Page, example_map, write_map
from maps import linkmap as run_linkmap

from linkmap.graph.networkx_face import load_graph
from linkmap.store.lock import writer_lock


def linkmap(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_linkmap(*arguments, cwd=folder)


def rows(db: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(db)) as connection:
        return connection.execute(sql).fetchall()


def test_ranks_of_every_node_are_stored_with_what_they_are_as_of(tmp_path: Path) -> None:
    db = example_map(tmp_path)
    done = linkmap(tmp_path, "rank")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Ranked 8 pages by 10 edges in ")
    assert done.stdout.endswith("Next: linkmap query pagerank\n")
    graph = load_graph(db)
    expected = networkx.pagerank(graph, max_iter=1000, tol=1e-14, weight=None)
    assert {name: graph.nodes[name]["pagerank"] for name in graph} == pytest.approx(expected, abs=1e-9)
    assert rows(db, "SELECT count(*), abs(sum(hub) - 1) < 1e-9, abs(sum(authority) - 1) < 1e-9 FROM rank") == [
        (8, 1, 1)
    ]
    # The newest capture of the map is that of page 1: 1000 - 1.
    [(name, capture, settings)] = rows(db, "SELECT name, capture, settings FROM computed")
    assert (name, capture) == ("rank", 999)
    assert json.loads(str(settings)) == {
        "damping": 0.85,
        "tolerance": 1e-9,
        "kinds": "navigation",
        "weighted": False,
    }


def test_ranking_again_replaces_the_ranks_before(tmp_path: Path) -> None:
    db = example_map(tmp_path)
    linkmap(tmp_path, "rank")
    before = rows(db, "SELECT * FROM rank")
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("UPDATE rank SET pagerank = 1")
        connection.execute("INSERT INTO rank VALUES (9, 1, 1, 1)")
        connection.commit()
    linkmap(tmp_path, "rank")
    assert rows(db, "SELECT * FROM rank") == before
    assert rows(db, "SELECT count(*) FROM computed") == [(1,)]


def test_a_map_without_a_fetched_page_is_told_in_a_sentence(tmp_path: Path) -> None:
    write_map(tmp_path / "map.db", [Page(HOME, "pending")], [])
    done = linkmap(tmp_path, "rank")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: nothing to rank: no page of map.db is fetched yet\n"


def test_ranks_of_an_unfinished_crawl_say_so(tmp_path: Path) -> None:
    robots = Page("https://www.example.org/robots.txt", auxiliary=True, content_type="text/plain", depth=None)
    pages = [Page(HOME), Page(OLD, "pending"), Page("https://x.org/", "off_scope"), robots]
    write_map(tmp_path / "map.db", pages, [Link(1, 2)])
    done = linkmap(tmp_path, "rank")
    assert done.returncode == 0
    assert done.stderr.startswith("The crawl is unfinished: 2 of 3 pages found so far are decided.")


def test_ranking_refuses_while_the_map_is_written(tmp_path: Path) -> None:
    db = example_map(tmp_path)
    with writer_lock(db):
        done = linkmap(tmp_path, "rank")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: map.db is being written by another linkmap")
    assert rows(db, "SELECT count(*) FROM rank") == [(0,)]


def test_ranking_nothing_is_an_error_without_a_file(tmp_path: Path) -> None:
    done = linkmap(tmp_path, "rank", "--db", "none.db")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: no map at none.db")
    assert list(tmp_path.iterdir()) == []

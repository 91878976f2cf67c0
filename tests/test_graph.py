"""load_graph and the reading behind it, against graphs worked out by hand and against the map's own SQL."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import networkx
import numpy as np
import pytest
from graphmaps import (
    ABOUT,
    DOCS,
    EXAMPLE_EDGES,
    GONE,
    HOME,
    LONELY,
    MAIL,
    OLD,
    OTHER,
    Link,
    Page,
    example_map,
    write_map,
)
from handmade import account
from hypothesis import given, settings
from hypothesis import strategies as st

from linkmap.errors import LinkmapError, UsageError
from linkmap.graph.linkgraph import edge_blocks, from_edges, regrouped
from linkmap.graph.load import load_map
from linkmap.graph.networkx_face import load_graph
from linkmap.store.ranks import store_ranks
from linkmap.store.reader import open_reader


def weights(graph: networkx.DiGraph) -> dict[tuple[str, str], int]:
    return {(source, target): weight for source, target, weight in graph.edges(data="weight")}


def test_pages_are_nodes_in_discovery_order_and_links_between_them_are_counted(tmp_path: Path) -> None:
    graph = load_graph(example_map(tmp_path))
    assert list(graph) == [HOME, ABOUT, DOCS, OTHER, MAIL, GONE, LONELY, OLD]
    assert weights(graph) == EXAMPLE_EDGES


def test_a_page_carries_what_is_known_of_it_and_nothing_else(tmp_path: Path) -> None:
    graph = load_graph(example_map(tmp_path))
    host = {"host": "www.example.org", "domain": "example.org"}
    html = {"outcome": "fetched", "status": 200, "content_type": "text/html", "fetched": True}
    # in_degree: HOME from ABOUT and DOCS; ABOUT from HOME and OLD; OTHER from HOME and DOCS.
    assert dict(graph.nodes(data=True)) == {
        HOME: {"label": "Home", "url": HOME, **host, **html, "depth": 0, "in_degree": 2, "out_degree": 5},
        ABOUT: {"label": "/about", "url": ABOUT, **host, **html, "depth": 1, "in_degree": 2, "out_degree": 2},
        DOCS: {"label": "Docs & <b>more</b> for you", "url": DOCS, "host": "docs.example.org", "domain": "example.org"}
        | html
        | {"depth": 1, "in_degree": 1, "out_degree": 2},
        OTHER: {"label": "other.net", "url": OTHER, "host": "other.net", "domain": "other.net"}
        | {"outcome": "off_scope", "fetched": False, "depth": 1, "in_degree": 2, "out_degree": 0},
        MAIL: {"label": MAIL, "url": MAIL, "outcome": "unsupported_scheme", "fetched": False}
        | {"depth": 1, "in_degree": 1, "out_degree": 0},
        GONE: {"label": "Not found", "url": GONE, **host, "outcome": "client_error", "status": 404}
        | {"content_type": "text/html", "fetched": False, "depth": 2, "in_degree": 1, "out_degree": 0},
        LONELY: {"label": "Lonely", "url": LONELY, **host, **html, "depth": 0, "in_degree": 0, "out_degree": 0},
        OLD: {"label": "/old", "url": OLD, **host, "outcome": "redirect", "status": 301, "fetched": True}
        | {"depth": 1, "in_degree": 1, "out_degree": 1},
    }


def test_stored_ranks_are_told_of_pages_and_a_page_without_one_has_none(tmp_path: Path) -> None:
    db = example_map(tmp_path)
    store_ranks(db, [1, 4], [0.75, 0.25], [1.0, 0.0], [0.5, 0.5], {}, capture=999)
    graph = load_graph(db)
    assert [graph.nodes[HOME][rank] for rank in ("pagerank", "hub", "authority")] == [0.75, 1.0, 0.5]
    assert [graph.nodes[OTHER][rank] for rank in ("pagerank", "hub", "authority")] == [0.25, 0.0, 0.5]
    assert not {"pagerank", "hub", "authority"} & set(graph.nodes[ABOUT])
    assert not {"pagerank", "hub", "authority"} & set(load_graph(db, "host").nodes["www.example.org"])


def test_hosts_sum_the_links_between_their_pages(tmp_path: Path) -> None:
    graph = load_graph(example_map(tmp_path), level="host")
    # www: HOME, ABOUT, GONE, LONELY, OLD. mailto: has no host. Links within www are left out.
    assert dict(graph.nodes(data=True)) == {
        "www.example.org": {"label": "www.example.org", "host": "www.example.org", "domain": "example.org"}
        | {"pages": 5, "fetched": True, "depth": 0, "in_degree": 1, "out_degree": 2},
        "docs.example.org": {"label": "docs.example.org", "host": "docs.example.org", "domain": "example.org"}
        | {"pages": 1, "fetched": True, "depth": 1, "in_degree": 1, "out_degree": 2},
        "other.net": {"label": "other.net", "host": "other.net", "domain": "other.net"}
        | {"pages": 1, "fetched": False, "depth": 1, "in_degree": 2, "out_degree": 0},
    }
    assert weights(graph) == {
        ("www.example.org", "docs.example.org"): 1,
        ("www.example.org", "other.net"): 1,
        ("docs.example.org", "www.example.org"): 1,
        ("docs.example.org", "other.net"): 1,
    }


def test_domains_sum_the_links_between_their_hosts(tmp_path: Path) -> None:
    graph = load_graph(example_map(tmp_path), level="domain")
    assert dict(graph.nodes(data=True)) == {
        "example.org": {"label": "example.org", "domain": "example.org", "pages": 6, "fetched": True}
        | {"depth": 0, "in_degree": 0, "out_degree": 1},
        "other.net": {"label": "other.net", "domain": "other.net", "pages": 1, "fetched": False}
        | {"depth": 1, "in_degree": 1, "out_degree": 0},
    }
    assert weights(graph) == {("example.org", "other.net"): 2}


@pytest.mark.parametrize(
    ("kinds", "edges"),
    [
        (["redirect"], {(OLD, ABOUT): 1}),
        ("area, iframe", {(DOCS, OTHER): 1, (ABOUT, HOME): 1}),
        (("frame",), {}),
    ],
)
def test_only_the_kinds_that_are_named_make_edges(
    tmp_path: Path, kinds: list[str] | str, edges: dict[tuple[str, str], int]
) -> None:
    graph = load_graph(example_map(tmp_path), kinds=kinds)
    assert weights(graph) == edges
    # Fetched pages stay; OTHER, MAIL and GONE are nodes only where an edge leads to them.
    assert set(graph) == {HOME, ABOUT, DOCS, LONELY, OLD} | {end for edge in edges for end in edge}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"level": "site"}, "no level 'site': choose page, host or domain"),
        ({"kinds": ["a", "hyperlink"]}, "no kind of link 'hyperlink': choose among a, area, iframe, frame, redirect, "),
        ({"kinds": []}, "no kind of link is named: choose among a, area, iframe, frame, redirect, "),
    ],
)
def test_a_wrong_level_or_kind_is_told_in_one_sentence(
    tmp_path: Path, arguments: dict[str, object], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        load_graph(example_map(tmp_path), **arguments)


def test_no_map_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LinkmapError, match="no map at"):
        load_graph(tmp_path / "none.db")


@pytest.mark.parametrize("level", ["page", "host", "domain"])
def test_a_map_without_pages_is_an_empty_graph(tmp_path: Path, level: str) -> None:
    assert len(load_graph(write_map(tmp_path / "map.db", [], []), level)) == 0


def test_a_map_without_links_is_a_graph_of_its_fetched_pages(tmp_path: Path) -> None:
    db = write_map(tmp_path / "map.db", [Page(HOME), Page(OTHER, "pending")], [])
    assert (list(load_graph(db)), load_graph(db).size()) == ([HOME], 0)


def test_links_to_an_auxiliary_page_are_left_out(tmp_path: Path) -> None:
    pages = [Page(HOME), Page("https://www.example.org/robots.txt", auxiliary=True), Page(ABOUT)]
    graph = load_graph(write_map(tmp_path / "map.db", pages, [Link(1, 2), Link(1, 3), Link(3, 2)]))
    assert weights(graph) == {(HOME, ABOUT): 1}


def test_an_answer_without_a_title_leaves_the_one_before(tmp_path: Path) -> None:
    # Home was asked again and had not changed (304): its title is that of the capture whose links it shows.
    # About has links equal to Home's, so it shows Home's capture; the title there is not its own.
    db = write_map(tmp_path / "map.db", [Page(HOME, title="Home"), Page(ABOUT)], [Link(1, 2)])
    with closing(sqlite3.connect(db)) as connection:
        connection.execute(
            "INSERT INTO capture (id, page, run, fetched_at, outcome, status, bytes, cut, truncated, seconds, links,"
            " inert_links) VALUES (2000, 1, 1, 5, 4, 304, 0, 0, 0, 0, 999, 0)"
        )
        connection.execute("UPDATE page SET capture = 2000, outcome = 4 WHERE id = 1")
        connection.execute("UPDATE page SET links = 999 WHERE id = 2")
        account(connection)
        connection.commit()
    graph = load_graph(db)
    home, about = graph.nodes[HOME], graph.nodes[ABOUT]
    assert (home["label"], home["outcome"], home["status"]) == ("Home", "not_modified", 304)
    assert (home["content_type"], about["label"]) == ("text/html", "/about")


def agrees_with_sql(db: Path) -> None:
    """The page graph is the view `edges`, and networkx counts degrees as SQL does."""
    graph = load_graph(db)
    with closing(sqlite3.connect(db)) as connection:
        url = dict(connection.execute("SELECT id, url FROM page"))
        edges = {(url[row[0]], url[row[1]]): row[2] for row in connection.execute("SELECT * FROM edges")}
    assert weights(graph) == edges
    for name, attributes in graph.nodes(data=True):
        assert attributes["in_degree"] == graph.in_degree(name) == sum(target == name for _, target in edges)
        assert attributes["out_degree"] == graph.out_degree(name) == sum(source == name for source, _ in edges)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 9), st.sampled_from(["a", "frame", "redirect"]))))
def test_the_graph_is_the_view_edges(
    tmp_path_factory: pytest.TempPathFactory, links: list[tuple[int, int, str]]
) -> None:
    pages = [Page(f"https://h{number % 3}.example.org/{number}") for number in range(1, 7)]
    unfetched = [Page(f"https://example.net/{number}", "too_deep") for number in range(7, 10)]
    agrees_with_sql(
        write_map(tmp_path_factory.mktemp("law") / "map.db", pages + unfetched, [Link(*link) for link in links])
    )


def test_links_are_read_whole_across_many_ranges_of_pages(tmp_path: Path) -> None:
    # 4,500 pages make three ranges of 2,000 ids; each page i links to i + 1 twice and to 7 i.
    n = 4500
    pages = [Page(f"https://example.org/{number}") for number in range(n)]
    links = [Link(i, target % n + 1) for i in range(1, n - 500) for target in (i, i, 7 * i)]
    db = tmp_path / "map.db"
    wide = [Link(n, target) for target in range(1, n)] * 60  # one page with 270,000 links: more than a range holds
    write_renumbered(db, pages, links + wide)
    with closing(open_reader(db)) as connection:
        graph = load_map(connection).graph
        rows = connection.execute("SELECT source, target, weight FROM edges ORDER BY source, target").fetchall()
    found = [np.concatenate(column) for column in zip(*edge_blocks(graph), strict=True)]
    assert [graph.ids[found[0]].tolist(), graph.ids[found[1]].tolist(), found[2].tolist()] == [
        list(column) for column in zip(*map(tuple, rows), strict=True)
    ]


def write_renumbered(db: Path, pages: list[Page], links: list[Link]) -> None:
    """A map with more pages than write_map has numbers for: captures are lifted above zero."""
    write_map(db, pages, links)
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("UPDATE capture SET id = id + 10000")
        connection.execute("UPDATE link SET capture = capture + 10000")
        connection.execute("UPDATE page SET capture = capture + 10000, links = links + 10000")
        connection.commit()


def test_groups_sum_their_edges_and_those_without_a_group_are_left_out() -> None:
    # 0,1 -> group 0; 2 -> group 1; 3 -> none. 0->2 (2) and 1->2 (3) add up; 0->1 is within; 2->3 has no end.
    columns = ([0, 0, 1, 2, 2], [1, 2, 2, 0, 3], [9, 2, 3, 4, 5])
    sources, targets, counts = (np.array(column, dtype=np.int32) for column in columns)
    graph = from_edges(np.array([10, 20, 30, 40]), sources, targets, counts)
    groups = regrouped(graph, np.array([7, 8]), np.array([0, 0, 1, -1], dtype=np.int32))
    blocks = [[column.tolist() for column in block] for block in edge_blocks(groups)]
    assert (groups.ids.tolist(), blocks) == ([7, 8], [[[0, 1], [1, 0], [5, 4]]])
    assert (groups.in_links().tolist(), groups.out_links().tolist()) == ([4, 5], [5, 4])


def test_networkx_is_not_imported_before_a_graph_is_asked_for() -> None:
    code = "import sys, linkmap.export.write, linkmap.graph.networkx_face; sys.exit('networkx' in sys.modules)"
    root = Path(__file__).parent.parent
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0

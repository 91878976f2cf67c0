"""Exported files, read back by other programs' readers: what is written arrives, whole, or not at all."""

import csv
import gzip
import io
import os
import re
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.parsers import expat

import networkx
import numpy as np
import pytest
from graphmaps import (
    ABOUT,
    DOCS,
    EXAMPLE_EDGES,
    EXAMPLE_LINKS,
    EXAMPLE_PAGES,
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
from lxml import etree
from maps import linkmap as run_linkmap

from linkmap.errors import LinkmapError, UsageError
from linkmap.export.atomic import whole_file
from linkmap.export.elements import Elements
from linkmap.export.graphml import count_graphml
from linkmap.export.selection import Cut, select
from linkmap.export.write import export_graph
from linkmap.graph.load import load_map
from linkmap.graph.networkx_face import load_graph
from linkmap.store.ranks import store_ranks
from linkmap.store.reader import open_reader

NAMESPACE = "{http://graphml.graphdrawing.org/xmlns}"


def linkmap(folder: Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return run_linkmap(*arguments, cwd=folder, **options)


def ranked_map(folder: Path) -> Path:
    """The example with ranks of all nodes but LONELY: page 10 has the highest pagerank, 2 the highest hub."""
    db = example_map(folder)
    pages = [1, 2, 3, 4, 5, 6, 10]
    store_ranks(db, pages, [0.1, 0.2, 0.1, 1 / 3, 0.0, 1e-300, 0.5], [0, 1, 0, 0, 0, 0, 0], [0] * 7, {}, capture=999)
    return db


def by_name(path: Path) -> networkx.DiGraph:
    """A GraphML file as networkx reads it, keyed by URL or name instead of by number."""
    graph = networkx.read_graphml(path)
    key = "url" if any("url" in attributes for _, attributes in graph.nodes(data=True)) else "label"
    named = networkx.relabel_nodes(graph, {node: graph.nodes[node][key] for node in graph})
    for _, _, attributes in named.edges(data=True):
        attributes.pop("id")  # networkx keeps the edge's own id, which load_graph has no use for
    return named


def same(found: networkx.DiGraph, expected: networkx.DiGraph) -> bool:
    return dict(found.nodes(data=True)) == dict(expected.nodes(data=True)) and {
        edge[:2]: edge[2] for edge in found.edges(data=True)
    } == {edge[:2]: edge[2] for edge in expected.edges(data=True)}


@pytest.mark.parametrize("level", ["page", "host", "domain"])
@pytest.mark.parametrize("name", ["map.graphml", "map.graphml.gz", "MAP.GraphML"])
def test_graphml_read_by_networkx_is_the_graph_that_load_graph_gives(tmp_path: Path, level: str, name: str) -> None:
    db = ranked_map(tmp_path)
    written = export_graph(db, tmp_path / name, level=level)
    expected = load_graph(db, level)
    assert same(by_name(tmp_path / name), expected)
    assert (written.nodes, written.edges) == (len(expected), expected.size())
    assert written.bytes == (tmp_path / name).stat().st_size


def test_graphml_has_only_what_gephi_takes(tmp_path: Path) -> None:
    db = ranked_map(tmp_path)
    export_graph(db, tmp_path / "map.graphml")
    root = etree.parse(tmp_path / "map.graphml").getroot()
    keys = root.findall(f"{NAMESPACE}key")
    # attr.name is what Gephi shows and is compared with case: label and weight must be lower case.
    assert {(key.get("for"), key.get("attr.name"), key.get("attr.type")) for key in keys} == {
        *(("node", name, "string") for name in ("label", "url", "host", "domain", "outcome", "content_type")),
        *(("node", name, "int") for name in ("status", "depth", "in_degree", "out_degree")),
        *(("node", name, "double") for name in ("pagerank", "hub", "authority")),
        ("node", "fetched", "boolean"),
        ("edge", "weight", "int"),
    }
    assert len({key.get("id") for key in keys}) == len(keys)
    graph = root.find(f"{NAMESPACE}graph")
    assert graph.get("edgedefault") == "directed"
    nodes, edges = graph.findall(f"{NAMESPACE}node"), graph.findall(f"{NAMESPACE}edge")
    assert [node.get("id") for node in nodes] == ["1", "2", "3", "4", "5", "6", "7", "10"]
    assert len({edge.get("id") for edge in edges}) == len(edges) == 10
    assert all(edge.get("id").isdecimal() for edge in edges)
    assert all(int(edge.findtext(f"{NAMESPACE}data")) > 0 for edge in edges)
    values = [data.text for data in root.iter(f"{NAMESPACE}data")]
    assert all(values)
    assert not {"None", "nan", "inf", "True", "False"} & set(values)
    # LONELY, page 7, has no rank: the data are left out, not empty.
    assert "pagerank" not in {data.get("key") for data in nodes[6]}


HOSTILE = [
    ("a control \x01 and \x0b, \x1f", "a control \N{REPLACEMENT CHARACTER} and ,"),
    ("no characters \ufffe \uffff", "no characters \N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER}"),
    ("a ]]> b ]]]]>> c", "a ]]> b ]]]]>> c"),
    ("]]>", "]]>"),
    ("<![CDATA[ & ]]> &amp; &#38;", "<![CDATA[ & ]]> &amp; &#38;"),
    ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ("Q & & A", "Q & & A"),
    ("<p> <b>", "<p> <b>"),
    ("if a > b", "if a > b"),
    ("\U0001f577\ufe0f web", "\U0001f577\ufe0f web"),
    ("\u202eabc \u05d0\u05d1", "\u202eabc \u05d0\u05d1"),
    ("\U0001ffff is allowed", "\U0001ffff is allowed"),
    ("  two\r\nlines\tand\xa0more ", "two lines and more"),
]
"""Title as stored, label as it must arrive. \\x0b and \\x1f are white space to Python and are folded with it."""


def hostile_map(folder: Path) -> Path:
    pages = [Page(f"https://example.org/{n}?a=1&b=2", title=title) for n, (title, _) in enumerate(HOSTILE)]
    return write_map(folder / "map.db", pages, [Link(n, n + 1) for n in range(1, len(pages))])


def test_hostile_titles_arrive_as_they_are_but_for_what_xml_cannot_hold(tmp_path: Path) -> None:
    db = hostile_map(tmp_path)
    written = export_graph(db, tmp_path / "map.graphml")
    graph = networkx.read_graphml(tmp_path / "map.graphml")
    assert [label for _, label in graph.nodes(data="label")] == [label for _, label in HOSTILE]
    assert written.replaced == 1 + 2


def test_a_reader_that_skips_white_space_as_gephi_does_still_gets_every_text(tmp_path: Path) -> None:
    # Gephi's importer drops a piece of text that is only white space; expat, like Java's reader, begins a new
    # piece at every reference and every CDATA section.
    export_graph(hostile_map(tmp_path), tmp_path / "map.graphml")
    texts: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        texts.append("")

    def characters(piece: str) -> None:
        if piece.strip():
            texts[-1] += piece

    parser = expat.ParserCreate()
    parser.buffer_text = False
    parser.StartElementHandler = start
    parser.CharacterDataHandler = characters
    parser.Parse((tmp_path / "map.graphml").read_bytes(), True)
    assert {label for _, label in HOSTILE} <= set(texts)


def test_graphml_holds_no_reference_for_java_to_count(tmp_path: Path) -> None:
    export_graph(hostile_map(tmp_path), tmp_path / "map.graphml")
    text = (tmp_path / "map.graphml").read_text(encoding="utf-8")
    assert "&" in text
    assert "&" not in re.sub(r"<!\[CDATA\[.*?\]\]>", "", text, flags=re.DOTALL)


def test_text_that_is_no_utf8_is_replaced_and_counted(tmp_path: Path) -> None:
    db = write_map(tmp_path / "map.db", [Page(HOME)], [])
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("UPDATE capture SET title = CAST(X'41FF42' AS TEXT)")
        connection.commit()
    assert export_graph(db, tmp_path / "map.graphml").replaced == 1
    assert by_name(tmp_path / "map.graphml").nodes[HOME]["label"] == "A\N{REPLACEMENT CHARACTER}B"
    assert load_graph(db).nodes[HOME]["label"] == "A\N{REPLACEMENT CHARACTER}B"


@pytest.mark.parametrize(("name", "delimiter"), [("edges.csv", ","), ("edges.tsv", "\t")])
def test_an_edge_list_names_source_target_and_weight(tmp_path: Path, name: str, delimiter: str) -> None:
    written = export_graph(example_map(tmp_path), tmp_path / name)
    with open(tmp_path / name, encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, delimiter=delimiter)
    assert header == ["source", "target", "weight"]
    assert {(source, target): int(weight) for source, target, weight in rows} == EXAMPLE_EDGES
    assert len(rows) == len(EXAMPLE_EDGES) == written.edges
    assert (written.nodes, written.unlisted) == (8, 1)  # LONELY


def test_an_edge_list_of_domains_names_domains(tmp_path: Path) -> None:
    export_graph(example_map(tmp_path), tmp_path / "edges.tsv", level="domain")
    assert (tmp_path / "edges.tsv").read_text() == "source\ttarget\tweight\nexample.org\tother.net\t2\n"


def test_an_edge_list_holds_no_formula_and_no_stray_separator(tmp_path: Path) -> None:
    # What is no URL is recorded as it was written.
    targets = ['=HYPERLINK("http://x")', "+1", "-1", "@a", "a,b", "c\td", "e\\f"]
    pages = [Page(HOME), *(Page(target, "invalid") for target in targets)]
    db = write_map(tmp_path / "map.db", pages, [Link(1, n) for n in range(2, len(pages) + 1)])
    export_graph(db, tmp_path / "e.csv")
    export_graph(db, tmp_path / "e.tsv")
    with open(tmp_path / "e.csv", encoding="utf-8", newline="") as file:
        cells = [row[1] for row in csv.reader(file)][1:]
    assert cells == ['\'=HYPERLINK("http://x")', "'+1", "'-1", "'@a", "a,b", "c\td", "e\\f"]
    lines = (tmp_path / "e.tsv").read_text().splitlines()[1:]
    assert [line.split("\t")[1] for line in lines] == [*targets[:5], "c\\td", "e\\\\f"]


INTERNAL = {edge: weight for edge, weight in EXAMPLE_EDGES.items() if not {OTHER, MAIL} & set(edge)}

CUTS: list[tuple[Cut, set[str], set[tuple[str, str]]]] = [
    # in_degree: HOME 2, ABOUT 2, OTHER 2, LONELY 0, all others 1.
    (Cut(min_in_degree=2), {HOME, ABOUT, OTHER}, {(HOME, ABOUT), (HOME, OTHER), (ABOUT, HOME)}),
    (Cut(min_in_degree=1, top=2), {HOME, ABOUT}, {(HOME, ABOUT), (ABOUT, HOME)}),
    (Cut(top=100), {HOME, ABOUT, DOCS, OTHER, MAIL, GONE, LONELY, OLD}, set(EXAMPLE_EDGES)),
    # in_links: HOME 3 (two from ABOUT), ABOUT 3 (two from HOME), OTHER 2.
    (Cut(top=3, by="in_links"), {HOME, ABOUT, OTHER}, {(HOME, ABOUT), (HOME, OTHER), (ABOUT, HOME)}),
    # out_degree: HOME 5, ABOUT 2, DOCS 2: of equal ones the first found stays.
    (Cut(top=2, by="out_degree"), {HOME, ABOUT}, {(HOME, ABOUT), (ABOUT, HOME)}),
    # out_links: HOME 6, ABOUT 3, DOCS 2.
    (Cut(top=1, by="out_links"), {HOME}, set()),
    # pagerank: OLD 1/2, OTHER 1/3, ABOUT 0.2.
    (Cut(top=3, by="pagerank"), {OLD, OTHER, ABOUT}, {(OLD, ABOUT)}),
    (Cut(top=1, by="hub"), {ABOUT}, set()),
    # authority: 0 for all that are ranked; LONELY, not ranked, stands last.
    (Cut(top=7, by="authority"), {HOME, ABOUT, DOCS, OTHER, MAIL, GONE, OLD}, set(EXAMPLE_EDGES)),
    # OTHER and MAIL were not fetched and no internal edge leads there; docs and www are one domain.
    (Cut(internal_only=True), {HOME, ABOUT, DOCS, GONE, LONELY, OLD}, set(INTERNAL)),
    (Cut(internal_only=True, top=3), {HOME, ABOUT, DOCS}, {(HOME, ABOUT), (ABOUT, HOME), (HOME, DOCS), (DOCS, HOME)}),
]


@pytest.mark.parametrize(("cut", "nodes", "edges"), CUTS)
def test_a_cut_keeps_these_nodes_and_edges(
    tmp_path: Path, cut: Cut, nodes: set[str], edges: set[tuple[str, str]]
) -> None:
    db = ranked_map(tmp_path)
    written = export_graph(db, tmp_path / "map.graphml", cut=cut)
    graph = by_name(tmp_path / "map.graphml")
    assert (set(graph), set(graph.edges)) == (nodes, edges)
    assert (written.nodes, written.edges, written.map_nodes, written.map_edges) == (len(nodes), len(edges), 8, 10)
    # Every number that is told of a node is that of the whole graph.
    whole = load_graph(db)
    assert all(graph.nodes[name] == whole.nodes[name] for name in nodes)


def test_of_equal_nodes_the_first_found_are_kept(tmp_path: Path) -> None:
    # Page 1 links to all others: 99 pages of in_degree 1. Pages 2 to 60 are kept, and page 1, of in_degree 0, is not.
    export_graph(wide_map(tmp_path), tmp_path / "m.graphml", cut=Cut(top=59))
    assert set(by_name(tmp_path / "m.graphml")) == {f"https://example.org/{n}" for n in range(1, 60)}


def test_internal_edges_between_hosts_stay_within_a_domain(tmp_path: Path) -> None:
    export_graph(example_map(tmp_path), tmp_path / "map.graphml", level="host", cut=Cut(internal_only=True))
    www, docs = "www.example.org", "docs.example.org"
    assert set(by_name(tmp_path / "map.graphml").edges) == {(www, docs), (docs, www)}


def test_kinds_choose_the_edges(tmp_path: Path) -> None:
    export_graph(example_map(tmp_path), tmp_path / "map.graphml", kinds=["redirect", "area"])
    assert set(by_name(tmp_path / "map.graphml").edges) == {(OLD, ABOUT), (DOCS, OTHER)}


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["map.txt"], 2, "cannot tell a format from 'map.txt': end the name in .graphml, .graphml.gz, .csv, .tsv"),
        (["map.gz"], 2, "cannot tell a format from 'map.gz'"),
        (["map.csv/"], 2, "Invalid value for 'FILE': map.csv/ names a folder: name a file, as in map.csv/map.graphml"),
        (["map.csv", "--db", "map.csv"], 2, "map.csv is the map itself: name another file to write"),
        (["m.csv", "--kinds", "a,hyperlink"], 2, "no kind of link 'hyperlink': choose among a, area, iframe"),
        (["m.csv", "--level", "site"], 2, "Invalid value for '--level': 'site' is not one of"),
        (["m.csv", "--top", "0"], 2, "Invalid value for '--top': 0 is not in the range x>=1"),
        (["m.csv", "--top", "3", "--by", "rank"], 2, "Invalid value for '--by': 'rank' is not one of"),
        (["m.csv", "--by", "hub"], 2, "--by says what --top counts: add --top N"),
        (
            ["m.csv", "--level", "host", "--top", "3", "--by", "hub"],
            2,
            "hub is stored for pages: at --level host choose",
        ),
        (["m.csv", "--level", "domain", "--internal-only"], 2, "no edge between domains is internal"),
        (["m.csv", "--top", "3", "--by", "hub"], 1, "nothing is ranked yet: run `linkmap rank` first"),
        (["m.csv", "--min-in-degree", "3"], 1, "nothing to export: the options leave no node"),
        (["none/m.csv"], 1, "cannot write none/m.csv: No such file or directory"),
        (["folder.csv"], 1, "folder.csv is a folder: name a file"),
        (["pipe.csv"], 1, "pipe.csv is no regular file, which a new one would replace: name another"),
        (["m.csv", "--db", "none.db"], 1, "no map at none.db"),
    ],
)
def test_a_wrong_option_is_told_in_one_sentence_and_leaves_nothing(
    tmp_path: Path, arguments: list[str], code: int, sentence: str
) -> None:
    example_map(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    done = linkmap(tmp_path, "export", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert f"Error: {sentence}" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.csv", "map.db", "pipe.csv"]


def test_a_map_without_a_fetched_page_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LinkmapError, match=r"nothing to export: no page of .* is fetched yet"):
        export_graph(write_map(tmp_path / "map.db", [Page(HOME, "pending")], []), tmp_path / "m.graphml")


def test_the_command_says_what_it_wrote(tmp_path: Path) -> None:
    db = example_map(tmp_path)
    done = linkmap(tmp_path, "export", "map.csv", "--min-in-degree", "1", "--internal-only")
    size = (tmp_path / "map.csv").stat().st_size
    # Without LONELY, OTHER and MAIL: HOME ABOUT DOCS GONE OLD and the seven edges between them.
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Wrote map.csv: 5 pages, 7 edges, {size} bytes.\nCut from 8 pages and 10 edges.\n"
    done = linkmap(tmp_path, "export", "hosts.tsv", "--level", "domain", "--db", str(db))
    assert done.stdout.startswith("Wrote hosts.tsv: 2 domains, 1 edge, ")


def test_stale_ranks_and_replaced_characters_are_said(tmp_path: Path) -> None:
    db = hostile_map(tmp_path)
    store_ranks(db, [1], [1], [1], [1], {}, capture=998)  # the newest capture is 999
    done = linkmap(tmp_path, "export", "map.graphml")
    assert "Replaced 3 characters that XML cannot hold by U+FFFD." in done.stdout
    assert done.stderr == "The ranks in it are older than the newest pages: run `linkmap rank` and export again.\n"


def wide_map(folder: Path) -> Path:
    """A map whose GraphML is larger than 20,000 bytes."""
    pages = [Page(f"https://example.org/{n}", title="x" * 100) for n in range(100)]
    return write_map(folder / "map.db", pages, [Link(1, n) for n in range(2, 101)])


@pytest.mark.parametrize("name", ["m.graphml", "m.csv"])
def test_a_disk_that_fills_up_leaves_the_file_that_stood_there(tmp_path: Path, name: str) -> None:
    resource = pytest.importorskip("resource", reason="needs a limit on file sizes, which POSIX has")
    wide_map(tmp_path)
    (tmp_path / name).write_text("former")

    def allow_4000_bytes_a_file() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))

    done = linkmap(tmp_path, "export", name, preexec_fn=allow_4000_bytes_a_file)
    assert (done.returncode, done.stderr) == (1, f"Error: cannot write {name}: File too large\n")
    assert (tmp_path / name).read_text() == "former"
    assert sorted(path.name for path in tmp_path.iterdir()) == [name, "map.db"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError])
def test_a_file_that_is_interrupted_leaves_nothing(tmp_path: Path, stop: type[BaseException]) -> None:
    target = tmp_path / "m.csv"
    target.write_text("former")

    def write_and_stop() -> None:
        with whole_file(target) as file:
            file.write(b"half")
            assert target.read_text() == "former"
            raise stop

    with pytest.raises(stop):
        write_and_stop()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("m.csv", "former")]


def test_a_new_file_replaces_the_old_one_and_a_link_to_it_stays_a_link(tmp_path: Path) -> None:
    example_map(tmp_path)
    (tmp_path / "old.csv").write_text("former")
    (tmp_path / "link.csv").symlink_to("old.csv")
    export_graph(tmp_path / "map.db", tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "old.csv").read_text().startswith("source,target,weight\n")


@pytest.mark.parametrize("damage", [lambda text: text[:-20], lambda text: text.replace(b"Home", b"\x01")])
def test_a_damaged_file_does_not_read_back(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    export_graph(example_map(tmp_path), tmp_path / "m.graphml")
    text = (tmp_path / "m.graphml").read_bytes()
    assert count_graphml(io.BytesIO(text)) == (8, 10)
    with pytest.raises(LinkmapError, match="cannot be read back"):
        count_graphml(io.BytesIO(damage(text)))


def test_two_exports_of_one_map_are_the_same_bytes(tmp_path: Path) -> None:
    db = example_map(tmp_path)
    for name in ("a.graphml.gz", "b.graphml.gz"):
        export_graph(db, tmp_path / name)
    assert (tmp_path / "a.graphml.gz").read_bytes() == (tmp_path / "b.graphml.gz").read_bytes()
    export_graph(db, tmp_path / "c.graphml")
    assert gzip.decompress((tmp_path / "a.graphml.gz").read_bytes()) == (tmp_path / "c.graphml").read_bytes()


def test_a_crawl_can_write_while_an_export_reads(tmp_path: Path) -> None:
    db = write_map(tmp_path / "map.db", EXAMPLE_PAGES, EXAMPLE_LINKS)
    with closing(open_reader(db)) as reader, closing(sqlite3.connect(db, timeout=0)) as writer:
        elements = Elements(reader, select(reader, load_map(reader), Cut()))
        for each in (elements.nodes(), elements.edges(), elements.named_edges()):
            next(each)
            writer.execute("UPDATE page SET tries = tries + 1")
            writer.commit()


def test_unknown_measures_are_told_by_the_library_too(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no measure 'fame': choose among in_degree"):
        export_graph(example_map(tmp_path), tmp_path / "m.csv", cut=Cut(top=1, by="fame"))


def test_numbers_arrive_to_the_last_digit(tmp_path: Path) -> None:
    export_graph(ranked_map(tmp_path), tmp_path / "m.graphml")
    ranks = dict(by_name(tmp_path / "m.graphml").nodes(data="pagerank"))
    assert ranks == {HOME: 0.1, ABOUT: 0.2, DOCS: 0.1, OTHER: 1 / 3, MAIL: 0.0, GONE: 1e-300, LONELY: None, OLD: 0.5}
    assert np.isfinite([rank for rank in ranks.values() if rank is not None]).all()

"""From the store to a graph in memory, at the level of pages, hosts or registrable domains.

Links are read page first in ranges of page ids, each range one statement that makes two JSON arrays: 3.3 million
links a second, where rows gave 1.8 (10 M links), and 4.3 against 1.3 (1 M; SQLite 3.40, 2026-11). No transaction
outlives its range, so a crawl goes on meanwhile; what it adds may be seen in part.
"""

import sqlite3
from array import array
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import sparse

from linkmap.errors import UsageError
from linkmap.graph.linkgraph import Ints, LinkGraph, Mask, regrouped

_MAX_PAGES = 2_000
_LINKS_A_RANGE = 200_000
"""About 50 ms; a range of pages shrinks to hold so many."""

_BLOCK = 1 << 20

_LINKS = """
SELECT json_group_array(page.id), json_group_array(link.target)
FROM page
CROSS JOIN link ON link.capture = page.links
WHERE page.id > :after AND page.id <= :last
  AND page.auxiliary = 0
  AND link.target <> page.id
  AND (:kinds >> link.kind) & 1
"""

_PAGES = """
SELECT json_group_array(page.id), json_group_array(page.auxiliary),
       json_group_array(outcome.state = 'done' AND page.manner <> 2),
       json_group_array(coalesce(origin.host, 0)), json_group_array(coalesce(page.depth, -1))
FROM page
CROSS JOIN outcome ON outcome.id = page.outcome
LEFT JOIN origin ON origin.id = page.origin
WHERE page.id > :after AND page.id <= :last
"""


class Level(StrEnum):
    """What one node stands for."""

    PAGE = "page"
    HOST = "host"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True, eq=False)
class MapGraph:
    """A graph of a map, with what its nodes stand for; the arrays are (n_nodes,)."""

    level: Level
    graph: LinkGraph
    """`ids` are of `page`, of `host`, or, for a domain, of the first of its hosts."""
    capture: int
    """The newest capture when reading began; 0 in a map without one."""
    pages: Ints
    """Pages of the page graph that the node holds."""
    depth: Ints
    """The least depth of these, -1 where none has one."""
    done: Mask
    """Whether an answer came for any of these."""
    domain: Ints
    """The first host of the node's registrable domain, 0 where it has none."""


@dataclass(frozen=True, slots=True, eq=False)
class _PageTable:
    """What is known of every page, by page id; each array is (newest id + 1,)."""

    auxiliary: Mask
    done: Mask
    host: Ints
    depth: Ints


def level_of(word: str) -> Level:
    """The level of this name. Raises UsageError where there is none."""
    try:
        return Level(word)
    except ValueError:
        raise UsageError(f"no level {word!r}: choose page, host or domain") from None


def kinds_mask(connection: sqlite3.Connection, kinds: Collection[str] | None) -> int:
    """A bit 2^id for every kind that is wanted, by name; None: the navigation kinds. Raises UsageError."""
    known = {row["name"]: row for row in connection.execute("SELECT id, name, navigation FROM kind")}
    wanted = kinds.split(",") if isinstance(kinds, str) else kinds
    if wanted is None:
        wanted = [name for name, row in known.items() if row["navigation"]]
    names = {name.strip() for name in wanted}
    if unknown := sorted(names - set(known)):
        raise UsageError(f"no kind of link {unknown[0]!r}: choose among {', '.join(known)}")
    if not names:
        raise UsageError(f"no kind of link is named: choose among {', '.join(known)}")
    return sum(1 << known[name]["id"] for name in names)


def load_map(
    connection: sqlite3.Connection, level: Level = Level.PAGE, kinds: Collection[str] | None = None
) -> MapGraph:
    """The graph of a map at a level, with links of the kinds named (None: the navigation kinds).

    Nodes are pages for which an answer came and the ends of edges; at the other levels the hosts or domains
    of these. Auxiliary pages and self-links are left out, and so are links that stay within a node.
    """
    mask = kinds_mask(connection, kinds)
    capture = connection.execute("SELECT coalesce(max(id), 0) FROM capture").fetchone()[0]
    edges = _read_edges(connection, mask)
    pages = _read_pages(connection)
    domain_of_host = _domains(connection)
    graph = _page_graph(edges, pages)
    host = pages.host[graph.ids]
    if level is Level.PAGE:
        alone = np.ones(graph.n_nodes, dtype=np.int32)
        return MapGraph(
            level, graph, capture, alone, pages.depth[graph.ids], pages.done[graph.ids], domain_of_host[host]
        )
    group = host if level is Level.HOST else domain_of_host[host]
    return _grouped(level, capture, graph, group, pages, domain_of_host)


def _grouped(
    level: Level, capture: int, graph: LinkGraph, group: Ints, pages: _PageTable, domain_of_host: Ints
) -> MapGraph:
    """`group`: for each page node the id of its host or domain, 0 for none."""
    ids = np.unique(group[group > 0]).astype(np.int64)
    place = np.full(int(ids[-1]) + 1 if len(ids) else 1, -1, dtype=np.int32)
    place[ids] = np.arange(len(ids), dtype=np.int32)
    where = place[group]
    held = where >= 0
    members, where = graph.ids[held], where[held]
    deepest = np.iinfo(np.int32).max
    depth = np.full(len(ids), deepest, dtype=np.int32)
    known = pages.depth[members] >= 0
    np.minimum.at(depth, where[known], pages.depth[members[known]])
    return MapGraph(
        level,
        regrouped(graph, ids, place[group]),
        capture,
        np.bincount(where, minlength=len(ids)).astype(np.int32),
        np.where(depth == deepest, np.int32(-1), depth),
        np.bincount(where[pages.done[members]], minlength=len(ids)) > 0,
        domain_of_host[ids],
    )


def _page_graph(edges: "_Edges", pages: _PageTable) -> LinkGraph:
    """The edges on the nodes of the page graph. Takes the arrays of `edges` over."""
    targets, weights = _taken(edges.targets), _taken(edges.weights)
    source, degree = _taken(edges.pages), _taken(edges.degrees)
    stray = pages.auxiliary[targets]
    if stray.any():
        degree = degree - np.add.reduceat(stray, np.cumsum(degree) - degree, dtype=np.int32)
        targets, weights = targets[~stray], weights[~stray]
    node = pages.done & ~pages.auxiliary
    node[source[degree > 0]] = True
    node[targets] = True
    ids = np.flatnonzero(node)
    place = (np.cumsum(node, dtype=np.int32) - 1).astype(np.int32, copy=False)
    for start in range(0, len(targets), _BLOCK):
        block = targets[start : start + _BLOCK]
        block[:] = place[block]
    offsets = np.zeros(len(ids) + 1, dtype=np.int64)
    offsets[place[source] + 1] = degree
    return LinkGraph(ids, np.cumsum(offsets), targets, weights)


class _Edges:
    """Distinct edges as they are read, by page id: pages with targets, how many each has, and these in order.

    `array` grows in place, so an edge takes 8 bytes from the start to the end, where a list of chunks
    would be there twice when they are joined.
    """

    def __init__(self) -> None:
        self.pages, self.degrees = array("i"), array("i")
        self.targets, self.weights = array("i"), array("i")

    def add(self, source: Ints, target: Ints, after: int) -> None:
        """Sum these links, whose sources are pages above `after`, and append them."""
        shape = (int(source.max()) - after, int(target.max()) + 1)
        ones = np.ones(len(source), dtype=np.int32)
        rows = sparse.coo_array((ones, (source - after - 1, target)), shape=shape).tocsr()
        rows.sort_indices()
        degrees = np.diff(rows.indptr).astype(np.int32, copy=False)
        has_links = np.flatnonzero(degrees)
        for column, values in (
            (self.pages, has_links + after + 1),
            (self.degrees, degrees[has_links]),
            (self.targets, rows.indices),
            (self.weights, rows.data),
        ):
            column.frombytes(values.astype(np.int32, copy=False).tobytes())


def _taken(column: "array[int]") -> Ints:
    return np.frombuffer(column, dtype=np.int32)


def _read_edges(connection: sqlite3.Connection, kinds: int) -> _Edges:
    edges = _Edges()
    newest = _newest_page(connection)
    after, step = 0, _MAX_PAGES
    while after < newest:
        source, target = _arrays(connection, _LINKS, after, after + step, kinds)
        if len(source):
            edges.add(source, target, after)
        after += step
        step = max(1, min(_MAX_PAGES, step * _LINKS_A_RANGE // max(len(source), 1)))
    return edges


def _read_pages(connection: sqlite3.Connection) -> _PageTable:
    newest = _newest_page(connection)
    table = _PageTable(
        np.zeros(newest + 1, dtype=np.bool_),
        np.zeros(newest + 1, dtype=np.bool_),
        np.zeros(newest + 1, dtype=np.int32),
        np.full(newest + 1, -1, dtype=np.int32),
    )
    for after in range(0, newest, 10 * _MAX_PAGES):
        last = min(after + 10 * _MAX_PAGES, newest)
        ids, auxiliary, done, host, depth = _arrays(connection, _PAGES, after, last)
        table.auxiliary[ids], table.done[ids], table.host[ids], table.depth[ids] = auxiliary, done, host, depth
    return table


def _domains(connection: sqlite3.Connection) -> Ints:
    """By host id: the first host of the same registrable domain; 0 stays 0."""
    newest = connection.execute("SELECT coalesce(max(id), 0) FROM host").fetchone()[0]
    domains = np.zeros(newest + 1, dtype=np.int32)
    first: dict[str, int] = {}
    for host, domain in _rows(connection, "SELECT id, domain FROM host WHERE id > ? ORDER BY id LIMIT 10000"):
        domains[host] = first.setdefault(domain, host)
    return domains


def _rows(connection: sqlite3.Connection, page_of_rows: str) -> Iterator[tuple[int, str]]:
    """The rows of a statement that takes the last id seen; no cursor stays open between its pages."""
    last = 0
    while rows := connection.execute(page_of_rows, (last,)).fetchall():
        yield from map(tuple, rows)
        last = rows[-1][0]


def _newest_page(connection: sqlite3.Connection) -> int:
    newest: int = connection.execute("SELECT coalesce(max(id), 0) FROM page").fetchone()[0]
    return newest


def _arrays(connection: sqlite3.Connection, sql: str, after: int, last: int, kinds: int = 0) -> list[Ints]:
    """The statement's one row, each cell a JSON array of integers. NULL has no place in them."""
    row = connection.execute(sql, {"after": after, "last": last, "kinds": kinds}).fetchone()
    return [np.fromstring(text[1:-1], dtype=np.int32, sep=",") for text in row]

"""Which nodes and edges of a graph go into a file: a cut keeps every number that is told of the whole graph."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from linkmap.errors import LinkmapError, UsageError
from linkmap.graph.linkgraph import Floats, Ints, Longs, Mask, edge_blocks
from linkmap.graph.load import Level, MapGraph

RANKS = ("pagerank", "hub", "authority")
MEASURES = ("in_degree", "in_links", "out_degree", "out_links", *RANKS)


@dataclass(frozen=True, slots=True)
class Cut:
    """What to leave out. The measures are those of the whole graph, before anything is left out."""

    internal_only: bool = False
    """Keep the edges with both ends in one registrable domain, and the nodes that were fetched or are their ends."""
    min_in_degree: int = 0
    top: int | None = None
    """Keep so many nodes, the highest by `by`; of equal ones those found first."""
    by: str = "in_degree"


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """The nodes that are kept, as places in the graph in ascending order, and the edges between them."""

    map_graph: MapGraph
    nodes: Longs
    kept: Mask
    """(n_nodes,)"""
    internal_only: bool

    def edge_blocks(self) -> Iterator[tuple[Ints, Ints, Ints]]:
        """Sources, targets and weights by place in the graph, in order, a block at a time."""
        for sources, targets, weights in edge_blocks(self.map_graph.graph):
            chosen = self.kept[sources] & self.kept[targets]
            if self.internal_only:
                chosen &= _internal(self.map_graph, sources, targets)
            yield sources[chosen], targets[chosen], weights[chosen]

    def count(self) -> tuple[int, int]:
        """How many edges are kept, and how many nodes are an end of one."""
        edges, ends = 0, np.zeros_like(self.kept)
        for sources, targets, _ in self.edge_blocks():
            edges += len(sources)
            ends[sources] = True
            ends[targets] = True
        return edges, int(ends.sum())


def select(connection: sqlite3.Connection, map_graph: MapGraph, cut: Cut) -> Selection:
    """The part of the graph that the cut keeps: edges first, then the least in-degree, then the top.

    Raises UsageError where a measure or cut has no meaning at this level, LinkmapError where ranks are not stored.
    """
    _check(map_graph.level, cut)
    kept = np.ones(map_graph.graph.n_nodes, dtype=np.bool_)
    if cut.internal_only:
        kept = _ends_of_internal(map_graph) | map_graph.done
    if cut.min_in_degree:
        kept &= map_graph.graph.in_degree() >= cut.min_in_degree
    if cut.top is not None:
        candidates = np.flatnonzero(kept)
        order = np.argsort(-_measure(connection, map_graph, cut.by)[candidates], kind="stable")
        kept = np.zeros_like(kept)
        kept[candidates[order[: cut.top]]] = True
    return Selection(map_graph, np.flatnonzero(kept), kept, cut.internal_only)


def _check(level: Level, cut: Cut) -> None:
    if cut.by not in MEASURES:
        raise UsageError(f"no measure {cut.by!r}: choose among {', '.join(MEASURES)}")
    if level is Level.DOMAIN and cut.internal_only:
        raise UsageError("no edge between domains is internal: use --internal-only with --level page or host")
    if level is not Level.PAGE and cut.by in RANKS:
        raise UsageError(f"{cut.by} is stored for pages: at --level {level} choose {', '.join(MEASURES[:4])}")


def _internal(map_graph: MapGraph, sources: Ints, targets: Ints) -> Mask:
    """An end without a domain, 0, is never a source: what has no host is not fetched."""
    same: Mask = map_graph.domain[sources] == map_graph.domain[targets]
    return same


def _ends_of_internal(map_graph: MapGraph) -> Mask:
    ends = np.zeros(map_graph.graph.n_nodes, dtype=np.bool_)
    for sources, targets, _ in edge_blocks(map_graph.graph):
        internal = _internal(map_graph, sources, targets)
        ends[sources[internal]] = True
        ends[targets[internal]] = True
    return ends


def _measure(connection: sqlite3.Connection, map_graph: MapGraph, by: str) -> Floats | Longs:
    graph = map_graph.graph
    if by in RANKS:
        return _stored_rank(connection, graph.ids, RANKS.index(by))
    return {
        "in_degree": graph.in_degree,
        "in_links": graph.in_links,
        "out_degree": graph.out_degree,
        "out_links": graph.out_links,
    }[by]()


def _stored_rank(connection: sqlite3.Connection, ids: Longs, column: int) -> Floats:
    """The scores of these pages; pages found since the ranks were computed stand last, with -1."""
    scores = np.full(int(ids[-1]) + 1 if len(ids) else 1, -1.0)
    last, found = 0, False
    while rows := connection.execute(
        "SELECT page, pagerank, hub, authority FROM rank WHERE page > ? ORDER BY page LIMIT 20000", (last,)
    ).fetchall():
        found = True
        for row in rows:
            if row[0] < len(scores):
                scores[row[0]] = row[1 + column]
        last = rows[-1][0]
    if not found:
        raise LinkmapError("nothing is ranked yet: run `linkmap rank` first")
    return scores[ids]

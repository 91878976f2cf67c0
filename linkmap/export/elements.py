"""What an exported node and edge are: the one place that decides, whatever the format.

A node has an integer id, the store's own, and the attributes of `linkmap.graph.facts`; what is not known is
left out. An edge has two node ids and its weight; there is one edge for a pair, since Gephi adds parallel
ones up (gephi #2765) and drops an edge of weight 0. Text is made safe for every format alike.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from linkmap.export.selection import Selection
from linkmap.graph.facts import Attribute, Fact, attributes, node_facts, node_names

_BLOCK = 10_000

_UNSAFE = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 (2.2) cannot hold, and the carriage return, which no XML reader gives back (2.11)."""


class Node(NamedTuple):
    """A node as it is written; `facts` stand in the order of `Elements.attributes`."""

    id: int
    facts: tuple[Fact, ...]


class Edge(NamedTuple):
    """An edge as it is written: node ids, and the number of links it stands for."""

    source: int
    target: int
    weight: int


class NamedEdge(NamedTuple):
    """An edge whose ends are URLs, host names or domains."""

    source: str
    target: str
    weight: int


class Elements:
    """The nodes and edges of a selection, in order, and how many characters had to be replaced so far."""

    def __init__(self, connection: sqlite3.Connection, selection: Selection) -> None:
        self._connection = connection
        self._selection = selection
        self.attributes: Sequence[Attribute] = attributes(selection.map_graph.level)
        self.replaced = 0

    def nodes(self) -> Iterator[Node]:
        """Every node, in discovery order."""
        nodes = self._selection.nodes
        ids = self._selection.map_graph.graph.ids
        rows = node_facts(self._connection, self._selection.map_graph, nodes)
        for place, facts in zip(nodes, rows, strict=True):
            yield Node(int(ids[place]), tuple(self._safe(fact) if isinstance(fact, str) else fact for fact in facts))

    def edges(self) -> Iterator[Edge]:
        """Every edge, by source and target in discovery order."""
        ids = self._selection.map_graph.graph.ids
        for sources, targets, weights in self._selection.edge_blocks():
            for start in range(0, len(sources), _BLOCK):
                part = slice(start, start + _BLOCK)
                columns = (ids[sources[part]], ids[targets[part]], weights[part])
                yield from map(Edge, *(column.tolist() for column in columns))

    def named_edges(self) -> Iterator[NamedEdge]:
        """Every edge by the names of its ends, which are read a block at a time: memory stays flat."""
        map_graph = self._selection.map_graph
        for sources, targets, weights in self._selection.edge_blocks():
            for start in range(0, len(sources), _BLOCK):
                part = slice(start, start + _BLOCK)
                ends, where = np.unique(np.concatenate((sources[part], targets[part])), return_inverse=True)
                names = [self._safe(name) for name in node_names(self._connection, map_graph, ends)]
                source, target = np.split(where, 2)
                yield from map(
                    NamedEdge,
                    [names[place] for place in source.tolist()],
                    [names[place] for place in target.tolist()],
                    weights[part].tolist(),
                )

    def _safe(self, text: str) -> str:
        safe, replaced = _UNSAFE.subn("\N{REPLACEMENT CHARACTER}", text)
        self.replaced += replaced
        return safe

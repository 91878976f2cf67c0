"""A map as a networkx graph: the only module that knows networkx, which is imported when it is called."""

import functools
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from linkmap.graph.facts import attributes, key_place, node_facts
from linkmap.graph.linkgraph import edge_blocks
from linkmap.graph.load import level_of, load_map
from linkmap.store.reader import open_reader

if TYPE_CHECKING:
    import networkx

_BLOCK = 10_000


def load_graph(db: Path | str, level: str = "page", kinds: Collection[str] | None = None) -> "networkx.DiGraph[str]":
    """The map as a directed graph, keyed by URL, host name or registrable domain (level: page, host, domain).

    Nodes carry the attributes of `linkmap.graph.facts`, those that are known; docs/gephi.md explains each. Edges carry
    `weight`, the number of links that they stand for, of the kinds named (None: navigation). Costs about
    1 KB a node and 0.25 KB an edge.

    `nx.pagerank(graph)` follows the weights; the stored `pagerank` does not: `nx.pagerank(graph, weight=None)`.
    Raises LinkmapError where there is no map and UsageError for an unknown level or kind.
    """
    import networkx

    at = level_of(level)
    columns = [attribute.name for attribute in attributes(at)]
    key = key_place(at)
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    with closing(open_reader(db)) as connection:
        connection.text_factory = functools.partial(str, encoding="utf-8", errors="replace")
        map_graph = load_map(connection, at, kinds)
        names: list[str] = []
        for facts in node_facts(connection, map_graph, np.arange(map_graph.graph.n_nodes)):
            name = str(facts[key])
            names.append(name)
            graph.add_node(
                name, **{column: fact for column, fact in zip(columns, facts, strict=True) if fact is not None}
            )
    for sources, targets, weights in edge_blocks(map_graph.graph):
        for start in range(0, len(sources), _BLOCK):
            part = slice(start, start + _BLOCK)
            edges = zip(sources[part].tolist(), targets[part].tolist(), weights[part].tolist(), strict=True)
            graph.add_edges_from((names[source], names[target], {"weight": weight}) for source, target, weight in edges)
    return graph

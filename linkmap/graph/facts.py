"""What is told of a node: the one list of attributes, the same in networkx and in every exported file."""

import json
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from linkmap import url
from linkmap.graph.linkgraph import Ints, Longs
from linkmap.graph.load import Level, MapGraph

_CHUNK = 2_000

Fact = str | int | float | bool | None


class Attribute(NamedTuple):
    """The name of an attribute and the type of its values."""

    name: str
    type: type[str] | type[int] | type[float] | type[bool]


PAGE_ATTRIBUTES = (
    Attribute("label", str),
    Attribute("url", str),
    Attribute("host", str),
    Attribute("domain", str),
    Attribute("outcome", str),
    Attribute("status", int),
    Attribute("content_type", str),
    Attribute("fetched", bool),
    Attribute("depth", int),
    Attribute("in_degree", int),
    Attribute("out_degree", int),
    Attribute("pagerank", float),
    Attribute("hub", float),
    Attribute("authority", float),
)
HOST_ATTRIBUTES = (
    Attribute("label", str),
    Attribute("host", str),
    Attribute("domain", str),
    Attribute("pages", int),
    Attribute("fetched", bool),
    Attribute("depth", int),
    Attribute("in_degree", int),
    Attribute("out_degree", int),
)
DOMAIN_ATTRIBUTES = tuple(attribute for attribute in HOST_ATTRIBUTES if attribute.name != "host")

_PAGE_FACTS = """
SELECT page.url, host.name, host.domain, outcome.name, answer.status,
       coalesce(answer.content_type, shown.content_type), outcome.state = 'done' AND page.manner <> 2, page.depth,
       coalesce(answer.title, shown.title), rank.pagerank, rank.hub, rank.authority
FROM json_each(?) AS wanted
CROSS JOIN page ON page.id = wanted.value
CROSS JOIN outcome ON outcome.id = page.outcome
LEFT JOIN origin ON origin.id = page.origin
LEFT JOIN host ON host.id = origin.host
LEFT JOIN capture AS answer ON answer.id = page.capture
LEFT JOIN capture AS shown ON shown.id = page.links AND shown.id <> page.capture AND shown.page = page.id
LEFT JOIN rank ON rank.page = page.id
"""

_HOST_FACTS = """
SELECT host.name, host.domain FROM json_each(?) AS wanted CROSS JOIN host ON host.id = wanted.value
"""


def attributes(level: Level) -> tuple[Attribute, ...]:
    """What a node of this level may carry. Stored ranks are of pages, so hosts and domains have none."""
    return {Level.PAGE: PAGE_ATTRIBUTES, Level.HOST: HOST_ATTRIBUTES, Level.DOMAIN: DOMAIN_ATTRIBUTES}[level]


def key_place(level: Level) -> int:
    """Where the unique name of a node stands among its attributes."""
    return 1 if level is Level.PAGE else 0


def node_facts(connection: sqlite3.Connection, map_graph: MapGraph, nodes: Ints | Longs) -> Iterator[tuple[Fact, ...]]:
    """A row of values for each of `nodes`, places in the graph in ascending order; None where nothing is known.

    The columns are `attributes(level)`. Degrees are of the whole of `map_graph`.
    """
    graph = map_graph.graph
    in_degree, out_degree = graph.in_degree(), graph.out_degree()
    for start in range(0, len(nodes), _CHUNK):
        part = nodes[start : start + _CHUNK]
        ids = json.dumps(graph.ids[part].tolist())
        degrees = zip(in_degree[part].tolist(), out_degree[part].tolist(), strict=True)
        if map_graph.level is Level.PAGE:
            rows = connection.execute(_PAGE_FACTS, (ids,)).fetchall()
            yield from map(_page_row, rows, degrees)
        else:
            rows = connection.execute(_HOST_FACTS, (ids,)).fetchall()
            held = (map_graph.pages, map_graph.done, map_graph.depth)
            counts = zip(*(array[part].tolist() for array in held), strict=True)
            group_row = _host_row if map_graph.level is Level.HOST else _domain_row
            yield from map(group_row, rows, counts, degrees)


def node_names(connection: sqlite3.Connection, map_graph: MapGraph, nodes: Ints | Longs) -> Iterator[str]:
    """The unique name of each of `nodes`, places in the graph in ascending order."""
    sql = {
        Level.PAGE: "SELECT page.url FROM json_each(?) AS wanted CROSS JOIN page ON page.id = wanted.value",
        Level.HOST: "SELECT host.name FROM json_each(?) AS wanted CROSS JOIN host ON host.id = wanted.value",
        Level.DOMAIN: "SELECT host.domain FROM json_each(?) AS wanted CROSS JOIN host ON host.id = wanted.value",
    }[map_graph.level]
    for start in range(0, len(nodes), _CHUNK):
        ids = map_graph.graph.ids[nodes[start : start + _CHUNK]]
        yield from (row[0] for row in connection.execute(sql, (json.dumps(ids.tolist()),)).fetchall())


def _page_row(row: sqlite3.Row, degrees: tuple[int, int]) -> tuple[Fact, ...]:
    address, host, domain, outcome, status, content_type, fetched, depth, title, *ranks = row
    label = _label(title, address, host)
    return (label, address, host, domain, outcome, status, content_type, bool(fetched), depth, *degrees, *ranks)


def _host_row(row: sqlite3.Row, counts: tuple[int, bool, int], degrees: tuple[int, int]) -> tuple[Fact, ...]:
    name, domain = row
    return name, name, domain, *_counts(*counts), *degrees


def _domain_row(row: sqlite3.Row, counts: tuple[int, bool, int], degrees: tuple[int, int]) -> tuple[Fact, ...]:
    domain = row["domain"]
    return domain, domain, *_counts(*counts), *degrees


def _counts(pages: int, fetched: bool, depth: int) -> tuple[int, bool, int | None]:
    return pages, fetched, depth if depth >= 0 else None


def _label(title: str | None, address: str, host: str | None) -> str:
    """The title on one line; else the path, which for a home page is told as its host; else the URL."""
    if title and (line := " ".join(title.split())):
        return line
    if host is None:
        return address
    path = url.path(address)
    return host if path == "/" else path

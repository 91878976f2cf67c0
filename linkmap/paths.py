"""The shortest way from one page to another, over links as the store holds them.

Breadth first on page numbers: the store gives the links of a few hundred pages at a time, and all that is
kept is one small number for each page id, so that memory stays at 2 bytes a page however many links there are.
"""

import json
import sqlite3
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from linkmap.errors import LinkmapError

PAGES_AT_ONCE = 500
_MOST_HOPS = 0xFFFF

_FORWARD = """
SELECT link.target
FROM json_each(?) AS asked
CROSS JOIN page ON page.id = asked.value
CROSS JOIN link ON link.capture = page.links
WHERE NOT page.auxiliary AND link.kind IN (SELECT id FROM kind WHERE navigation)
"""

_INTO = """
SELECT page.id, page.url
FROM link
CROSS JOIN capture ON capture.id = link.capture
CROSS JOIN page ON page.id = capture.page AND page.links = link.capture
WHERE link.target = ? AND NOT page.auxiliary AND link.kind IN (SELECT id FROM kind WHERE navigation)
"""

_FIRST_LINK = """
SELECT kind, region, anchor
FROM links
WHERE source = ? AND target = ? AND kind IN (SELECT name FROM kind WHERE navigation)
ORDER BY anchor = '', ordinal
LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Hop:
    """A page on the way, and the link that leads to it; the first page has none."""

    url: str
    outcome: str
    kind: str = ""
    region: str = ""
    anchor: str = ""


def shortest_path(connection: sqlite3.Connection, source: int, target: int) -> list[Hop] | None:
    """The pages from source to target by the fewest navigation links, or None where no links lead there.

    Of several shortest ways it is the one whose last page but one has the first URL in the alphabet, and so on
    backwards: the same way on every map of the same graph. Of several links the first with an anchor is shown.
    """
    levels = _levels(connection, source, target)
    if not levels[target]:
        return None
    way = [target]
    while way[-1] != source:
        way.append(_before(connection, way[-1], levels))
    way.reverse()
    return [_hop(connection, *pair) for pair in zip([None, *way], way, strict=False)]


def _levels(connection: sqlite3.Connection, source: int, target: int) -> "array[int]":
    """By page id, 1 plus the links from the source; 0 where it was not reached before the target was."""
    newest = connection.execute("SELECT max(id) FROM page").fetchone()[0]
    levels = array("H", bytes(2 * (newest + 1)))
    levels[source] = 1
    frontier = array("q", [source])
    level = 1
    while frontier and not levels[target] and level < _MOST_HOPS:
        level += 1
        found = array("q")
        for page in _linked_from(connection, frontier):
            if page <= newest and not levels[page]:
                levels[page] = level
                found.append(page)
        frontier = found
    return levels


def _linked_from(connection: sqlite3.Connection, pages: "array[int]") -> Iterator[int]:
    """The targets of these pages' links. Each batch is a transaction of its own, so that a crawl goes on."""
    for start in range(0, len(pages), PAGES_AT_ONCE):
        batch = json.dumps(pages[start : start + PAGES_AT_ONCE].tolist())
        for row in connection.execute(_FORWARD, (batch,)).fetchall():
            yield row[0]


def _before(connection: sqlite3.Connection, page: int, levels: "array[int]") -> int:
    """The page one level nearer to the source that links to this one."""
    nearer = [
        (str(url), int(id))
        for id, url in connection.execute(_INTO, (page,))
        if id < len(levels) and levels[id] == levels[page] - 1
    ]
    if not nearer:
        raise LinkmapError("the map changed while the way was looked for: ask again")
    return min(nearer)[1]


def _hop(connection: sqlite3.Connection, before: int | None, page: int) -> Hop:
    url, outcome = connection.execute(
        "SELECT url, name FROM page JOIN outcome ON outcome.id = page.outcome WHERE page.id = ?", (page,)
    ).fetchone()
    if before is None:
        return Hop(url, outcome)
    kind, region, anchor = connection.execute(_FIRST_LINK, (before, page)).fetchone()
    return Hop(url, outcome, kind, region, anchor)

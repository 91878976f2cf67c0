"""Small maps made by hand in a real SQLite file, for tests that work out by hand what must come of them.

Ids are chosen so that a mix-up shows: captures count down from 1000, and hosts are numbered as they are met.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from handmade import account

from linkmap.model import LinkKind, Outcome
from linkmap.store.reader import schema_sql
from linkmap.url import origin, registrable_domain, reversed_host, url_key


class Page(NamedTuple):
    """A page with id = its place in the list + 1."""

    url: str
    outcome: str = "fetched"
    depth: int | None = 0
    status: int | None = 200
    title: str | None = None
    content_type: str | None = "text/html"
    auxiliary: bool = False


class Link(NamedTuple):
    """A link by page ids."""

    source: int
    target: int
    kind: str = "a"


def write_map(path: Path, pages: Sequence[Page], links: Iterable[Link], former: Iterable[Link] = ()) -> Path:
    """A map of these pages and links. `former` links stand in an older capture, which is no longer shown."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA synchronous = OFF")  # no power cut is tested here
        db.executescript(schema_sql())
        db.execute("INSERT INTO run VALUES (1, 0, 1, 'finished', '0', 'test', '{}', '{}', '[]')")
        origins = _write_origins(db, pages)
        for number, page in enumerate(pages, 1):
            outcome = Outcome[page.outcome.upper()]
            answered = outcome.state in ("done", "failed")
            capture = 1000 - number if answered else None
            db.execute(
                "INSERT INTO page (id, url, url_key, origin, auxiliary, depth, hops, reach, outcome, tries, run,"
                " capture, links) VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?, 1, 1, ?, ?)",
                (number, page.url, url_key(page.url), origins[number - 1], page.auxiliary, page.depth, outcome.value)
                + 2 * (capture,),
            )
            if answered:
                _write_capture(db, 1000 - number, number, page, outcome)
        _write_links(db, 1000, links)
        for source in {link.source for link in former}:
            _write_capture(db, 500 - source, source, pages[source - 1], Outcome.FETCHED)
        _write_links(db, 500, former)
        account(db)
        db.commit()
    return path


def _write_origins(db: sqlite3.Connection, pages: Sequence[Page]) -> list[int | None]:
    hosts: dict[str, int] = {}
    origins: dict[tuple[str, str, int], int] = {}
    found: list[int | None] = []
    for page in pages:
        where = origin(page.url)
        if where is None:
            found.append(None)
            continue
        if where.host not in hosts:
            hosts[where.host] = len(hosts) + 1
            db.execute(
                "INSERT INTO host (id, name, reversed, domain) VALUES (?, ?, ?, ?)",
                (hosts[where.host], where.host, reversed_host(where.host), registrable_domain(where.host)),
            )
        if where not in origins:
            origins[where] = len(origins) + 51
            db.execute(
                "INSERT INTO origin (id, scheme, host, port) VALUES (?, ?, ?, ?)",
                (origins[where], where.scheme, hosts[where.host], where.port),
            )
        found.append(origins[where])
    return found


def _write_capture(db: sqlite3.Connection, number: int, page_id: int, page: Page, outcome: Outcome) -> None:
    db.execute(
        "INSERT INTO capture (id, page, run, fetched_at, outcome, status, content_type, bytes, cut, truncated, seconds,"
        " title, links, inert_links) VALUES (?, ?, 1, 0, ?, ?, ?, 0, 0, 0, 0, ?, ?, 0)",
        (number, page_id, outcome, page.status, page.content_type, page.title, number),
    )


def _write_links(db: sqlite3.Connection, base: int, links: Iterable[Link]) -> None:
    """A link's capture is `base` minus its source."""
    db.executemany(
        "INSERT INTO link (capture, ordinal, target, kind, rel, region, anchor, flags) VALUES (?, ?, ?, ?, 0, 0, 0, 0)",
        ((base - link.source, ordinal, link.target, LinkKind[link.kind.upper()]) for ordinal, link in enumerate(links)),
    )


HOME, ABOUT, DOCS = "https://www.example.org/", "https://www.example.org/about", "https://docs.example.org/"
OTHER, MAIL, GONE = "https://other.net/", "mailto:me@example.org", "https://www.example.org/gone"
LONELY, OLD = "https://www.example.org/lonely", "https://www.example.org/old"

EXAMPLE_PAGES = [
    Page(HOME, title="Home"),
    Page(ABOUT, depth=1),
    Page(DOCS, depth=1, title="Docs & <b>more</b>\n for   you"),
    Page(OTHER, "off_scope", depth=1),
    Page(MAIL, "unsupported_scheme", depth=1),
    Page(GONE, "client_error", depth=2, status=404, title="Not found"),
    Page(LONELY, title="Lonely"),
    Page("https://www.example.org/robots.txt", auxiliary=True, content_type="text/plain", depth=None),
    Page("https://www.example.org/secret", "robots_denied"),
    Page(OLD, "redirect", depth=1, status=301, content_type=None),
]
"""Nodes: all but robots.txt (auxiliary) and /secret (not fetched, and no link leads there)."""

EXAMPLE_LINKS = [
    Link(1, 2), Link(1, 2), Link(1, 3), Link(1, 4), Link(1, 5), Link(1, 1), Link(1, 10),
    Link(2, 1), Link(2, 6), Link(2, 1, "iframe"),
    Link(3, 1), Link(3, 4, "area"),
    Link(8, 3),
    Link(10, 2, "redirect"),
]  # fmt: skip

EXAMPLE_EDGES = {
    (HOME, ABOUT): 2, (HOME, DOCS): 1, (HOME, OTHER): 1, (HOME, MAIL): 1, (HOME, OLD): 1,
    (ABOUT, HOME): 2, (ABOUT, GONE): 1,
    (DOCS, HOME): 1, (DOCS, OTHER): 1,
    (OLD, ABOUT): 1,
}  # fmt: skip
"""The links above without the self-link and robots.txt's, counted."""


def example_map(folder: Path) -> Path:
    """The map of EXAMPLE_PAGES and EXAMPLE_LINKS; an older capture of the docs still links to /lonely."""
    return write_map(folder / "map.db", EXAMPLE_PAGES, EXAMPLE_LINKS, former=[Link(3, 7)])

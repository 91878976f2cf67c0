"""Two accounts of one site, compared page by page and link by link."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from .oracle import Page, Walk


def read_map(path: Path) -> Walk:
    """What a finished map says of its site, by the tables and the view `links` of its schema."""
    connection = sqlite3.connect(path)
    try:
        pages = connection.execute(
            "SELECT url, outcome.name, capture.status, depth FROM page "
            "JOIN outcome ON outcome.id = page.outcome "
            "LEFT JOIN capture ON capture.id = page.capture WHERE NOT auxiliary"
        )
        walk = Walk({url: Page(*rest) for url, *rest in pages})
        links = "SELECT source_url, target_url, kind, count(*) FROM links GROUP BY 1, 2, 3"
        for source, target, kind, occurrences in connection.execute(links):
            walk.links[source, target, kind] = occurrences
    finally:
        connection.close()
    return walk


def differences(expected: Walk, found: Walk) -> list[str]:
    """One line for each page and link in which the two differ, ready to be read."""
    return [*_pages(expected, found), *_links(expected, found)]


def _pages(expected: Walk, found: Walk) -> Iterator[str]:
    for url in sorted(expected.pages.keys() | found.pages.keys()):
        wanted, got = expected.pages.get(url), found.pages.get(url)
        if wanted != got:
            yield f"{url}: expected {_in_words(wanted)}, found {_in_words(got)}"


def _links(expected: Walk, found: Walk) -> Iterator[str]:
    for link in sorted(expected.links.keys() | found.links.keys()):
        wanted, got = expected.links[link], found.links[link]
        if wanted != got:
            source, target, kind = link
            yield f"{source} -> {target} ({kind}): expected {wanted} occurrences, found {got}"


def _in_words(page: Page | None) -> str:
    return "no such page" if page is None else f"{page.outcome}, status {page.status}, depth {page.depth}"

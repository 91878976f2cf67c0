"""Pages of a map, found by what a person writes: with or without scheme, in any case, with a fragment."""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from linkmap.errors import LinkmapError
from linkmap.url import as_written, host, page_url, resolve, url_key

_GUESSED_SCHEMES = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class KnownPage:
    """A page as the store knows it."""

    id: int
    url: str
    outcome: str


@dataclass(frozen=True, slots=True)
class LinkEnd:
    """One occurrence of a link, seen from the page at one end: the evidence, and the page at the other end."""

    kind: str
    rel: str
    region: str
    anchor: str
    url: str
    outcome: str
    written: str | None = None


def find_page(connection: sqlite3.Connection, written: str) -> KnownPage:
    """The page that a person means. Of several, the one that answered; then https before http.

    Raises LinkmapError, naming a near page where there is one, if the map does not know the page.
    """
    spellings = list(_spellings(written))
    found = _known(connection, spellings)
    if found:
        return found
    for spelling in spellings:
        near = _known(connection, list(_near(spelling)))  # an empty list where it is no http(s) URL
        if near:
            raise LinkmapError(f"the map has no page {spelling}: did you mean {near.url}?")
    wanted = spellings[0] if spellings else written
    name = host(wanted)
    if name and not connection.execute("SELECT 1 FROM host WHERE name = ?", (name,)).fetchone():
        raise LinkmapError(f"the map has no page {wanted}, and none of the host {name}")
    raise LinkmapError(f"the map has no page {wanted}")


def links_from(connection: sqlite3.Connection, page: int, at_most: int = -1) -> list[LinkEnd]:
    """The links of a page in the order in which they stand there; -1 gives all."""
    rows = connection.execute(
        "SELECT links.kind, rel, region, anchor, url, name, written FROM links "
        "JOIN page ON page.id = target JOIN outcome ON outcome.id = outcome "
        "WHERE source = ? ORDER BY ordinal LIMIT ?",
        (page, at_most),
    )
    return [LinkEnd(*row) for row in rows]


def links_to(connection: sqlite3.Connection, page: int, at_most: int = -1) -> list[LinkEnd]:
    """The links into a page by the URL of the page that holds them; -1 gives all."""
    rows = connection.execute(
        "SELECT links.kind, rel, region, anchor, url, name, written FROM links "
        "JOIN page ON page.id = source JOIN outcome ON outcome.id = outcome "
        "WHERE target = ? ORDER BY url, ordinal LIMIT ?",
        (page, at_most),
    )
    return [LinkEnd(*row) for row in rows]


def _known(connection: sqlite3.Connection, urls: list[str]) -> KnownPage | None:
    """The best of those that the map knows. url_key is searched by its index, or read through while there is none."""
    any_key = ", ".join("?" * len(urls))
    rows = connection.execute(
        f"SELECT page.id, url, name, state FROM page JOIN outcome ON outcome.id = outcome WHERE url_key IN ({any_key})",  # noqa: S608
        [url_key(url) for url in urls],
    ).fetchall()
    if not rows:
        return None
    page, url, outcome, _ = min(rows, key=lambda row: (row[3] != "done", urls.index(row[1])))
    return KnownPage(page, url, outcome)


def _spellings(written: str) -> Iterator[str]:
    """The URLs that the words may mean, the likeliest first."""
    trimmed = written.strip()
    bare = trimmed.removeprefix("//")
    if "://" not in trimmed and "@" not in re.split("[/?#]", bare)[0]:  # mailto:me@a.test is no host and port
        for scheme in _GUESSED_SCHEMES:
            guess = resolve(scheme + bare)
            if guess:
                yield page_url(guess)[0]
    whole = resolve(trimmed)
    if whole:
        yield page_url(whole)[0]
    yield as_written(written)


def _near(url: str) -> Iterator[str]:
    """Other ways to write nearly the same: with and without slash, www, and s of https."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in ("http", "https"):
        return
    authority, _, path = rest.partition("/")
    body, question, query = path.partition("?")
    bare = authority.removeprefix("www.")
    slashed = body.removesuffix("/") if body.endswith("/") else f"{body}/"
    for name in (authority, bare if bare != authority else f"www.{authority}"):
        for tail in (body, slashed) if body else (body,):
            for each in (scheme, "http" if scheme == "https" else "https"):
                yield f"{each}://{name}/{tail}{question}{query}"

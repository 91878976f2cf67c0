"""What one transaction brings to the map: rows for each table, gathered before the writer is asked."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from typing import NamedTuple, TypeAlias

from linkmap.model import Document, Links, Report

Blob: TypeAlias = bytes | bytearray

_ROWS_AT_ONCE = 64
_ROWS_FLATTENED = 16 * _ROWS_AT_ONCE
"""Rows whose values are held in one list: Python's lock is not given away while that is made or dropped."""
_NONE = -1
"""Stands for None among values; no column holds it."""


class PageRow(NamedTuple):
    """A page that was not known; the columns of `page` that are set when it is discovered."""

    id: int
    url: str
    url_key: Blob
    origin: int | None
    auxiliary: int
    depth: int | None
    hops: int
    reach: int
    outcome: int
    detail: str | None
    manner: int
    sitemap: int
    resource: int
    run: int
    referrer: int | None


class VisitRow(NamedTuple):
    """What a visit changed of a page."""

    outcome: int
    detail: str | None
    tries: int
    due_at: float | None
    capture: int | None
    links: int | None
    id: int


class ReachRow(NamedTuple):
    """What later links changed of how a page is reached."""

    depth: int | None
    hops: int
    reach: int
    auxiliary: bool
    sitemap: int
    resource: bool
    manner: int
    id: int


class JudgedRow(NamedTuple):
    """What linkmap decided of a page without a request, or anew."""

    outcome: int
    detail: str | None
    manner: int
    id: int


class CaptureRow(NamedTuple):
    """One answer; the columns of `capture`."""

    id: int
    page: int
    run: int
    fetched_at: float
    outcome: int
    status: int | None
    content_type: str | None
    charset: str | None
    bytes: int
    cut: int
    truncated: int
    seconds: float
    title: str | None
    description: str | None
    h1: str | None
    language: str | None
    base: str | None
    script_evidence: str | None
    robots_flags: str | None
    etag: str | None
    last_modified: str | None
    digest: Blob | None
    links_digest: Blob | None
    links: int | None
    inert_links: int


def capture_row(id: int, page: int, run: int, report: Report, links_digest: Blob | None) -> CaptureRow:
    """The row of an answer; `links_digest` where the answer holds the links of its page."""
    visit, document = report.visit, report.document or Document()
    return CaptureRow(
        id=id,
        page=page,
        run=run,
        fetched_at=visit.fetched_at,
        outcome=int(visit.outcome),
        status=visit.status,
        content_type=visit.content_type,
        charset=visit.charset,
        bytes=visit.body_bytes,
        cut=int(visit.cut),
        truncated=int(visit.truncated),
        seconds=visit.seconds,
        title=document.title,
        description=document.description,
        h1=document.h1,
        language=document.language,
        base=document.base,
        script_evidence=document.script_evidence,
        robots_flags=visit.robots_flags,
        etag=visit.etag,
        last_modified=visit.last_modified,
        digest=visit.digest and bytearray(visit.digest),
        links_digest=links_digest and bytearray(links_digest),
        links=None if links_digest is None else id,
        inert_links=document.inert_links,
    )


class Table:
    """Appends rows to a table."""

    def __init__(self, name: str, columns: Sequence[str], nullable: str = "") -> None:
        self.name = name
        self.columns = tuple(columns)
        self.nullable = frozenset(nullable.split())

    def append_rows(self, connection: sqlite3.Connection, rows: Sequence[Sequence[object]]) -> None:
        """Append rows."""
        for start in range(0, len(rows), _ROWS_FLATTENED):
            values = chain.from_iterable(rows[start : start + _ROWS_FLATTENED])
            self.append(connection, list(map(_bindable, values) if self.nullable else values))

    def append(self, connection: sqlite3.Connection, values: list[object]) -> None:
        """Append the rows whose values stand in a list one after the other, None as `_NONE`."""
        width, start, rows = len(self.columns), 0, _ROWS_AT_ONCE
        while start < len(values):
            if len(values) - start < rows * width:
                rows //= 2
                continue
            connection.execute(self._statement(rows), values[start : start + rows * width])
            start += rows * width

    @cache  # noqa: B019 the tables are as few as those of the schema
    def _statement(self, rows: int) -> str:
        places = (f"nullif(?, {_NONE})" if column in self.nullable else "?" for column in self.columns)
        row = f"({', '.join(places)})"
        return f"INSERT INTO {self.name} ({', '.join(self.columns)}) VALUES {', '.join([row] * rows)}"  # noqa: S608


class Run(NamedTuple):
    """Rows for one table, their values one after the other."""

    table: Table
    values: list[object]


def _bindable(value: object) -> object:
    return _NONE if value is None else value


@dataclass(slots=True)
class Batch:
    """Rows in the order in which they are written: names first, then facts, then what they change."""

    hosts: list[tuple[int, str, str, str]] = field(default_factory=list)
    """id, name, reversed, domain"""
    origins: list[tuple[int, str, int, int]] = field(default_factory=list)
    """id, scheme, host, port"""
    rels: list[tuple[int, str, bool]] = field(default_factory=list)
    anchors: list[tuple[int, str]] = field(default_factory=list)
    pages: list[PageRow] = field(default_factory=list)
    seeds: list[tuple[int, int, str, int]] = field(default_factory=list)
    """run, page, as written, guess"""
    captures: list[CaptureRow] = field(default_factory=list)
    links: list[Run] = field(default_factory=list)
    visits: list[VisitRow] = field(default_factory=list)
    reaches: list[ReachRow] = field(default_factory=list)
    judged: list[JudgedRow] = field(default_factory=list)
    robots: list[tuple[str, int | None, str | None, int]] = field(default_factory=list)
    """state, capture, text, origin"""
    host_counts: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    """pages by state to add: pending, done, failed, excluded, host"""
    host_delays: list[tuple[float, int]] = field(default_factory=list)
    """delay_s, host"""
    host_dues: list[tuple[float, int]] = field(default_factory=list)
    """due_at, host"""
    given_up: list[tuple[int, str, int, int]] = field(default_factory=list)
    """outcome, detail, first and last page: of those that are pending in between"""
    accounts: list[tuple[str, int]] = field(default_factory=list)
    """The accounting with all of this batch, JSON, and its run"""
    traps: list[tuple[int, str, str, str]] = field(default_factory=list)
    """run, rule, pattern, evidence"""

    def add_links(
        self, capture: int, links: Links, targets: Sequence[int], rels: Sequence[int], anchors: Sequence[int]
    ) -> None:
        """Append the links of a capture, with the ids of what they name."""
        count, table = len(links), RARE_LINKS if links.rare else LINKS
        width = len(table.columns)
        values: list[object] = [capture] * (width * count)
        columns = (range(count), targets, links.kinds, rels, links.regions, anchors, links.flags)
        for place, column in enumerate(columns, 1):
            values[place::width] = column
        if links.rare:
            for place, rare in enumerate(links.rare_columns(), len(LINKS.columns)):
                values[place::width] = [_bindable(value) for value in rare]
        if self.links and self.links[-1].table is table:
            self.links[-1].values.extend(values)
        else:
            self.links.append(Run(table, values))

    def write(self, connection: sqlite3.Connection) -> None:
        """Write all rows on a connection, within its open transaction.

        Rows are appended up to 64 by one statement, because each step of a statement gives Python's lock away
        and waits for it, and None as a number, because sqlite3 looks for an adapter for each None.
        """
        for name, table in _TABLES.items():
            if rows := getattr(self, name):
                table.append_rows(connection, rows)
        for run in self.links:
            run.table.append(connection, run.values)
        for name, statement in _UPDATES.items():
            if rows := getattr(self, name):
                connection.executemany(statement, rows)


def _update(table: str, columns: tuple[str, ...]) -> str:
    """The statement that sets all columns but the last, which is the id."""
    places = " = ?, ".join(columns[:-1])
    return f"UPDATE {table} SET {places} = ? WHERE id = ?"  # noqa: S608 names of our own


_TABLES = {
    "hosts": Table("host", ("id", "name", "reversed", "domain")),
    "origins": Table("origin", ("id", "scheme", "host", "port")),
    "rels": Table("rel", ("id", "tokens", "nofollow")),
    "anchors": Table("anchor", ("id", "text")),
    "pages": Table("page", PageRow._fields, "origin depth detail referrer"),
    "seeds": Table("seed", ("run", "page", "written", "guess")),
    "captures": Table(
        "capture",
        CaptureRow._fields,
        "status content_type charset title description h1 language base script_evidence robots_flags etag "
        "last_modified digest links_digest links",
    ),
    "traps": Table("trap", ("run", "rule", "pattern", "evidence")),
}
LINKS = Table("link", ("capture", "ordinal", "target", "kind", "rel", "region", "anchor", "flags"))
RARE_LINKS = Table("link", (*LINKS.columns, "hreflang", "lastmod", "written"), "hreflang lastmod written")
_UPDATES = {
    "visits": _update("page", VisitRow._fields),
    "reaches": _update("page", ReachRow._fields),
    "judged": "UPDATE page SET outcome = ?, detail = ?, manner = ?, due_at = NULL WHERE id = ?",
    "robots": "UPDATE origin SET robots = ?, robots_capture = ?, robots_text = ? WHERE id = ?",
    "host_counts": "UPDATE host SET pending = pending + ?, done = done + ?, failed = failed + ?, "
    "excluded = excluded + ? WHERE id = ?",
    "host_delays": "UPDATE host SET delay_s = max(coalesce(delay_s, 0), ?) WHERE id = ?",
    "host_dues": "UPDATE host SET due_at = ? WHERE id = ?",
    "given_up": "UPDATE page NOT INDEXED SET outcome = ?, detail = ?, due_at = NULL "
    "WHERE id BETWEEN ? AND ? AND outcome = 0",
    "accounts": "UPDATE run SET counts = ? WHERE id = ?",
}

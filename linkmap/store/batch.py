"""What one transaction brings to the map: rows for each table, gathered before the writer is asked."""

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from linkmap.model import Document, Report

Blob: TypeAlias = bytes


class PageRow(NamedTuple):
    """A page that was not known; the columns of `page` that are set when it is discovered."""

    id: int
    url: str
    url_key: bytes
    origin: int | None
    auxiliary: bool
    depth: int | None
    hops: int
    reach: int
    outcome: int
    detail: str | None
    manner: int
    sitemap: int
    resource: bool
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
    cut: bool
    truncated: bool
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
        outcome=visit.outcome,
        status=visit.status,
        content_type=visit.content_type,
        charset=visit.charset,
        bytes=visit.body_bytes,
        cut=visit.cut,
        truncated=visit.truncated,
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
        digest=visit.digest,
        links_digest=links_digest,
        links=None if links_digest is None else id,
        inert_links=document.inert_links,
    )


class LinkRow(NamedTuple):
    """One occurrence of a link; the columns of `link`."""

    capture: int
    ordinal: int
    target: int
    kind: int
    rel: int
    region: int
    anchor: int
    flags: int
    hreflang: str | None = None
    lastmod: str | None = None
    written: str | None = None


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
    links: list[tuple[object, ...]] = field(default_factory=list)
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
    traps: list[tuple[int, str, str, str]] = field(default_factory=list)
    """run, rule, pattern, evidence"""

    def statements(self) -> list[tuple[str, list[tuple[object, ...]]]]:
        """Each statement with its rows, in writing order; those without rows left out."""
        written = ((sql, getattr(self, name)) for name, sql in _STATEMENTS.items())
        return [(sql, rows) for sql, rows in written if rows]


def _insert(table: str, columns: str) -> str:
    places = ", ".join("?" * len(columns.split(",")))
    return f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608 names of our own


def _update(table: str, columns: tuple[str, ...]) -> str:
    """The statement that sets all columns but the last, which is the id."""
    places = " = ?, ".join(columns[:-1])
    return f"UPDATE {table} SET {places} = ? WHERE id = ?"  # noqa: S608 names of our own


_STATEMENTS = {
    "hosts": _insert("host", "id, name, reversed, domain"),
    "origins": _insert("origin", "id, scheme, host, port"),
    "rels": _insert("rel", "id, tokens, nofollow"),
    "anchors": _insert("anchor", "id, text"),
    "pages": _insert("page", ", ".join(PageRow._fields)),
    "seeds": _insert("seed", "run, page, written, guess"),
    "captures": _insert("capture", ", ".join(CaptureRow._fields)),
    "links": _insert("link", ", ".join(LinkRow._fields)),
    "visits": _update("page", VisitRow._fields),
    "reaches": _update("page", ReachRow._fields),
    "judged": "UPDATE page SET outcome = ?, detail = ?, manner = ?, due_at = NULL WHERE id = ?",
    "robots": "UPDATE origin SET robots = ?, robots_capture = ?, robots_text = ? WHERE id = ?",
    "host_counts": "UPDATE host SET pending = pending + ?, done = done + ?, failed = failed + ?, "
    "excluded = excluded + ? WHERE id = ?",
    "host_delays": "UPDATE host SET delay_s = max(coalesce(delay_s, 0), ?) WHERE id = ?",
    "host_dues": "UPDATE host SET due_at = ? WHERE id = ?",
    "traps": _insert("trap", "run, rule, pattern, evidence"),
}

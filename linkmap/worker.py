"""Fetch and parse as one unit: a job in, a report out. Knows nothing of the map, the frontier or other jobs."""

import asyncio
import time
from dataclasses import replace

from linkmap.fetch import Answer, Client, OutOfFilesError
from linkmap.model import Job, Outcome, Parser, Report, Visit
from linkmap.parse import lexbor
from linkmap.parse.charset import charset_source, decode
from linkmap.parse.link_header import header_links
from linkmap.parse.links import Found, Page, links_of, redirect_link
from linkmap.robots import MAX_BYTES as ROBOTS_BYTES

_LARGE_BODY = 256 * 1024
"""Bytes above which a body is parsed beside the event loop: about 5 ms of work."""


async def visit(job: Job, client: Client) -> Report:
    """What came of a job. What the web does wrong is an outcome; a fault of our own is `internal_error`.

    Raises OutOfFilesError, because then nothing came of it.
    """
    answer = None
    try:
        if job.robots:
            return _robots_report(job, await client.get(job.url, ROBOTS_BYTES, any_type=True))
        answer = await client.get(job.url)
        report = await _page_report(job, answer)
        return _with_evidence(report, answer) if job.evidence else report
    except OutOfFilesError:
        raise
    except Exception as error:  # noqa: BLE001 one page must not end a crawl; the fault stands on its row
        visit = answer.visit if answer else Visit(Outcome.INTERNAL_ERROR, time.time())
        detail = f"{type(error).__name__}: {error}"[:300]
        return Report(job.page, replace(visit, outcome=Outcome.INTERNAL_ERROR, detail=detail))


async def _page_report(job: Job, answer: Answer) -> Report:
    if answer.location is not None:
        return _redirect_report(job, answer.visit, answer.location)
    if answer.visit.outcome is Outcome.NOT_HTML and (links := answer.header("Link")):
        found = links_of(Page((), tuple(header_links(links, job.url))), job.url)
        return Report(job.page, answer.visit, found.document, found.targets, found.links)
    if answer.visit.outcome is not Outcome.FETCHED:
        return Report(job.page, answer.visit)
    if len(answer.body) > _LARGE_BODY:
        found, charset = await asyncio.to_thread(_read, answer, job)
    else:
        found, charset = _read(answer, job)
    return Report(job.page, replace(answer.visit, charset=charset), found.document, found.targets, found.links)


def _with_evidence(report: Report, answer: Answer) -> Report:
    source = charset_source(answer.body, answer.header("Content-Type")) if report.visit.charset else None
    return replace(report, headers=answer.headers, charset_source=source)


def _read(answer: Answer, job: Job) -> tuple[Found, str]:
    text, charset = decode(answer.body, answer.header("Content-Type"))
    page = _read_html(text, job.parser)
    if links := answer.header("Link"):
        page = replace(page, headers=tuple(header_links(links, job.url)))
    return links_of(page, job.url), charset


def _read_html(text: str, parser: Parser) -> Page:
    if parser is Parser.LEXBOR:
        return lexbor.read_html(text)
    from linkmap.parse import soup  # a tenth of a second to import, and seldom wanted

    return soup.read_html(text)


def _redirect_report(job: Job, visit: Visit, location: str) -> Report:
    found = redirect_link(location, job.url)
    if not found.links:
        scheme = location.partition(":")[0].strip()[:20]
        return Report(job.page, replace(visit, outcome=Outcome.PROTOCOL_ERROR, detail=f"redirect to a {scheme}: URL"))
    return Report(job.page, visit, None, found.targets, found.links)


def _robots_report(job: Job, answer: Answer) -> Report:
    if answer.location is not None:
        return _redirect_report(job, answer.visit, answer.location)
    has_text = answer.visit.outcome in (Outcome.FETCHED, Outcome.NOT_HTML)
    return Report(job.page, answer.visit, text=answer.body.decode("utf-8", "replace") if has_text else None)

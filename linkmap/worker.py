"""Fetch and parse as one unit: a job in, a report out. Knows nothing of the map, the frontier or other jobs."""

import asyncio
import time
from dataclasses import replace

from linkmap.fetch import HTML_TYPES, Answer, Client, OutOfFilesError
from linkmap.model import Job, LinkKind, Manner, Outcome, Parser, Region, Report, Visit
from linkmap.parse import lexbor, sitemap
from linkmap.parse.charset import declared, decode
from linkmap.parse.directives import robots_flags
from linkmap.parse.link_header import header_links
from linkmap.parse.links import Element, Page, links_of, redirect_link
from linkmap.parse.xml import MAX_ENTRIES, read_xml
from linkmap.robots import MAX_BYTES as ROBOTS_BYTES
from linkmap.robots import product_token, sitemap_lines

NO_SITEMAP = "no sitemap"

_LARGE_BODY = 256 * 1024
"""Bytes above which a body is parsed beside the event loop: about 5 ms of work."""


async def visit(job: Job, client: Client) -> Report:
    """What came of a job. What the web does wrong is an outcome; a fault of our own is `internal_error`.

    Raises OutOfFilesError, because then nothing came of it.
    """
    answer = None
    try:
        answer = await _request(job, client)
        if flags := _robots_flags(answer, job):
            answer = replace(answer, visit=replace(answer.visit, robots_flags=flags))
        if answer.location is not None:
            return _redirect_report(job, answer.visit, answer.location)
        if job.manner is Manner.CHECK:
            return Report(job.page, answer.visit)
        if job.manner is Manner.ROBOTS:
            return _robots_report(job, answer)
        if len(answer.body) > _LARGE_BODY:
            return await asyncio.to_thread(_report, job, answer)
        return _report(job, answer)
    except OutOfFilesError:
        raise
    except Exception as error:  # noqa: BLE001 one page must not end a crawl; the fault stands on its row
        visit = answer.visit if answer else Visit(Outcome.INTERNAL_ERROR, time.time())
        detail = f"{type(error).__name__}: {error}"[:300]
        return Report(job.page, replace(visit, outcome=Outcome.INTERNAL_ERROR, detail=detail))


async def _request(job: Job, client: Client) -> Answer:
    match job.manner:
        case Manner.ROBOTS:
            return await client.get(job.url, ROBOTS_BYTES, _always)
        case Manner.SITEMAP:
            return await client.get(job.url, sitemap.MAX_BYTES, _always)
        case Manner.CHECK:
            return await client.get(job.url, reads=_never, method="HEAD" if job.head else "GET")
        case Manner.PAGE:
            return await client.get(job.url, reads=_is_read)


def _always(_: str | None) -> bool:
    return True


def _never(_: str | None) -> bool:
    return False


def _is_read(content_type: str | None) -> bool:
    """Whether a page of this type may hold links: HTML, and XML that may be a sitemap or feed."""
    return content_type in HTML_TYPES or _is_xml(content_type)


def _is_xml(content_type: str | None) -> bool:
    return content_type is not None and content_type.endswith(("/xml", "+xml")) and content_type != "image/svg+xml"


def _report(job: Job, answer: Answer) -> Report:
    """The report of an answer that is no redirect, with all links that it holds."""
    outcome = answer.visit.outcome
    if outcome not in (Outcome.FETCHED, Outcome.NOT_HTML):
        return Report(job.page, answer.visit)
    if outcome is Outcome.FETCHED:
        text, charset = decode(answer.body, answer.header("Content-Type"))
        detail = NO_SITEMAP if job.manner is Manner.SITEMAP else None
        page = _read_html(text, job.parser)
        flags = _robots_flags(answer, job, page)
        visit = replace(answer.visit, charset=charset, detail=detail, robots_flags=flags)
    else:
        visit, page = _read_file(job, answer)
    if links := answer.header("Link"):
        page = replace(page, headers=tuple(header_links(links, job.url)))
    if outcome is Outcome.NOT_HTML and not page.elements and not page.headers:
        return Report(job.page, visit)
    found = links_of(page, job.url)
    return Report(job.page, visit, found.document, found.targets, found.links)


def _robots_flags(answer: Answer, job: Job, page: Page | None = None) -> str | None:
    # Header by header: `agent:` reaches to the end of its own and not into the next.
    headers = [value for name, value in answer.headers if name.lower() == "x-robots-tag"]
    metas = page.metas if page else ()
    return robots_flags(metas, headers, product_token(job.agent)) if metas or headers else None


def _read_html(text: str, parser: Parser) -> Page:
    if parser is Parser.LEXBOR:
        return lexbor.read_html(text)
    from linkmap.parse import soup  # a tenth of a second to import, and seldom wanted

    return soup.read_html(text)


def _read_file(job: Job, answer: Answer) -> tuple[Visit, Page]:
    """The links of an answer that is no HTML: those of a sitemap or a feed, else none."""
    visit, body = answer.visit, answer.body
    if job.manner is Manner.SITEMAP:
        body, cut, truncated = sitemap.unpacked(body)
        visit = replace(
            visit,
            body_bytes=len(body),
            cut=visit.cut or cut,
            truncated=visit.truncated or (truncated and not visit.cut),
        )
    elif not _is_xml(visit.content_type):
        return visit, Page(())
    found = read_xml(body, job.url, declared(answer.header("Content-Type")))
    if found is None and job.manner is Manner.SITEMAP:
        found = sitemap.read_text_sitemap(body)
    if found is None:
        return (replace(visit, detail=NO_SITEMAP) if job.manner is Manner.SITEMAP else visit), Page(())
    page, full = found
    return (replace(visit, detail=f"more than {MAX_ENTRIES:,} entries; the rest was left out") if full else visit), page


def _redirect_report(job: Job, visit: Visit, location: str) -> Report:
    found = redirect_link(location, job.url)
    if not found.links:
        scheme = location.partition(":")[0].strip()[:20]
        return Report(job.page, replace(visit, outcome=Outcome.PROTOCOL_ERROR, detail=f"redirect to a {scheme}: URL"))
    return Report(job.page, visit, None, found.targets, found.links)


def _robots_report(job: Job, answer: Answer) -> Report:
    """The text of a robots.txt, and the sitemaps that it names as links."""
    if answer.visit.outcome not in (Outcome.FETCHED, Outcome.NOT_HTML):
        return Report(job.page, answer.visit)
    text = answer.body.decode("utf-8", "replace")
    named = [Element(LinkKind.SITEMAP_FILE, written, "", Region.NONE, "") for written in sitemap_lines(text)]
    found = links_of(Page(named), job.url)
    return Report(job.page, answer.visit, None, found.targets, found.links, text)

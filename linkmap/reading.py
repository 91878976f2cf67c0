"""What an answer says: its body and headers read by the reader for its type, as a report. Pure."""

from linkmap.fetch import CSS_TYPE, HTML_TYPES, Answer
from linkmap.model import Document, Job, LinkKind, Manner, Outcome, Parser, Region, Report, Visit
from linkmap.parse import lexbor, sitemap
from linkmap.parse.charset import declared, decode
from linkmap.parse.css import css_references, decode_css
from linkmap.parse.directives import is_nofollow, robots_flags
from linkmap.parse.heap import keep_freed_memory
from linkmap.parse.link_header import header_links
from linkmap.parse.links import Element, Found, Page, links_digest, links_of, redirect_link
from linkmap.parse.microsyntax import refresh_target
from linkmap.parse.nesting import shallow
from linkmap.parse.xml import MAX_ENTRIES, read_xml
from linkmap.robots import kept_text, product_token, sitemap_lines

NO_SITEMAP = "no sitemap"

_LARGE_BODY = 256 * 1024
"""Bytes above which a body is read beside the event loop: about 5 ms of work."""


def is_read(content_type: str | None, job: Job) -> bool:
    """Whether a page of this type may hold links: HTML, XML that may be a feed, CSS where it is asked for."""
    return content_type in HTML_TYPES or _is_xml(content_type) or (content_type == CSS_TYPE and _wants_css(job))


def is_slow(job: Job, answer: Answer) -> bool:
    """Whether to read the answer would hold others up."""
    return len(answer.body) > _LARGE_BODY or (answer.visit.content_type == CSS_TYPE and _wants_css(job))


def report_of(job: Job, answer: Answer) -> Report:
    """The report of an answer, with all links that it holds and the job wants."""
    visit = answer.visit
    if flags := _robots_flags(answer, job):
        visit = visit._replace(robots_flags=flags)
    if answer.location is not None:
        return _redirect_report(job, visit, answer.location)
    if visit.outcome not in (Outcome.FETCHED, Outcome.NOT_HTML) or job.manner is Manner.CHECK:
        return Report(job.page, visit)
    if job.manner is Manner.ROBOTS:
        return _robots_report(job, answer)
    visit, page = (_read_html if visit.outcome is Outcome.FETCHED else _read_file)(job, answer, visit)
    page = page._replace(headers=_header_elements(answer, job.url))
    if visit.outcome is Outcome.NOT_HTML and not page.elements and not page.headers:
        return Report(job.page, visit)
    found = links_of(page, job.url, job.record)
    return _linked(job, visit, found, found.document)


def _linked(job: Job, visit: Visit, found: Found, document: Document | None = None, text: str | None = None) -> Report:
    digest = links_digest(found.targets, found.links, nofollow=is_nofollow(visit.robots_flags))
    return Report(job.page, visit, document, found.targets, found.links, digest, text)


def _read_html(job: Job, answer: Answer, visit: Visit) -> tuple[Visit, Page]:
    text, charset = decode(answer.body, answer.header("Content-Type"))
    page = _parsed(shallow(text), job)
    flags = _robots_flags(answer, job, page)
    detail = NO_SITEMAP if job.manner is Manner.SITEMAP else visit.detail
    return visit._replace(charset=charset, detail=detail, robots_flags=flags), page


def _parsed(text: str, job: Job) -> Page:
    keep_freed_memory()
    if job.parser is Parser.LEXBOR:
        return lexbor.read_html(text, _wants_css(job))
    from linkmap.parse import soup  # a tenth of a second to import, and seldom wanted

    return soup.read_html(text, _wants_css(job))


def _read_file(job: Job, answer: Answer, visit: Visit) -> tuple[Visit, Page]:
    """The links of an answer that is no HTML: those of a sitemap, a feed or a style sheet, else none."""
    if job.manner is Manner.SITEMAP:
        return _read_sitemap(job, answer, visit)
    if visit.content_type == CSS_TYPE and _wants_css(job):
        text, charset = decode_css(answer.body, answer.header("Content-Type"))
        elements = [Element(LinkKind.CSS, each, "", Region.NONE, "") for each in css_references(text)]
        return visit._replace(charset=charset), Page(elements)
    found = None
    if _is_xml(visit.content_type):
        found = read_xml(answer.body, job.url, declared(answer.header("Content-Type")))
    return _with_entries(visit, found) if found else (visit, Page(()))


def _read_sitemap(job: Job, answer: Answer, visit: Visit) -> tuple[Visit, Page]:
    body, cut, truncated = sitemap.unpacked(answer.body)
    truncated = visit.truncated or (truncated and not visit.cut)
    visit = visit._replace(body_bytes=len(body), cut=visit.cut or cut, truncated=truncated)
    found = read_xml(body, job.url, declared(answer.header("Content-Type"))) or sitemap.read_text_sitemap(body)
    return _with_entries(visit, found) if found else (visit._replace(detail=NO_SITEMAP), Page(()))


def _with_entries(visit: Visit, found: tuple[Page, bool]) -> tuple[Visit, Page]:
    page, full = found
    return (visit._replace(detail=f"more than {MAX_ENTRIES:,} entries; the rest was left out") if full else visit), page


def _is_xml(content_type: str | None) -> bool:
    return content_type is not None and content_type.endswith(("/xml", "+xml")) and content_type != "image/svg+xml"


def _wants_css(job: Job) -> bool:
    return job.record >> LinkKind.CSS & 1 == 1


def _robots_flags(answer: Answer, job: Job, page: Page | None = None) -> str | None:
    # Header by header: `agent:` reaches to the end of its own and not into the next.
    headers = answer.headers.getall("X-Robots-Tag", ())
    metas = page.metas if page else ()
    return robots_flags(metas, headers, product_token(job.agent)) if metas or headers else None


def _header_elements(answer: Answer, url: str) -> tuple[Element, ...]:
    """The links that an answer's headers hold: those of Link, then where Refresh leads."""
    links = tuple(header_links(written, url)) if (written := answer.header("Link")) else ()
    target = refresh_target(written) if (written := answer.header("Refresh")) else None
    return links if target is None else (*links, Element(LinkKind.META_REFRESH, target or url, "", Region.NONE, ""))


def _redirect_report(job: Job, visit: Visit, location: str) -> Report:
    found = redirect_link(location, job.url)
    if not found.links:
        scheme = location.partition(":")[0].strip()[:20]
        return Report(job.page, visit._replace(outcome=Outcome.PROTOCOL_ERROR, detail=f"redirect to a {scheme}: URL"))
    return _linked(job, visit, found)


def _robots_report(job: Job, answer: Answer) -> Report:
    """The text of a robots.txt, and the sitemaps that it names as links."""
    text = answer.body.decode("utf-8", "replace")
    named = [Element(LinkKind.SITEMAP_FILE, written, "", Region.NONE, "") for written in sitemap_lines(text)]
    found = links_of(Page(named), job.url)
    return _linked(job, answer.visit, found, text=kept_text(text))

"""Fetch and read as one unit: a job in, a report out. Knows nothing of the map, the frontier or other jobs."""

import asyncio
import time

from linkmap.exchange import NothingCameError
from linkmap.fetch import Answer, Client
from linkmap.model import Job, Manner, Outcome, Report, Visit
from linkmap.parse import sitemap
from linkmap.parse.charset import charset_source
from linkmap.reading import is_read, is_slow, report_of
from linkmap.robots import MAX_BYTES as ROBOTS_BYTES
from linkmap.settings import Settings
from linkmap.threads import Threads
from linkmap.url import without_credentials

_READINGS = Threads("reading", most=4)
"""Each takes about seven times the size of a page in memory."""


def job_for(
    settings: Settings, page: int, url: str, manner: Manner = Manner.PAGE, *, head: bool = False, evidence: bool = False
) -> Job:
    """The job of a page under the settings of a crawl."""
    return Job(page, url, manner, head, settings.parser, settings.agent, settings.recorded, evidence)


async def visit(job: Job, client: Client) -> Report:
    """What came of a job. What the web does wrong is an outcome; a fault of our own is `internal_error`.

    Raises NothingCameError.
    """
    answer = None
    try:
        answer = await _request(job, client)
        await asyncio.sleep(0)  # answers that came together are read one after the other, which is 4 % faster
        report = await _read_beside(job, answer) if is_slow(job, answer) else report_of(job, answer)
        return _with_evidence(report, answer) if job.evidence else report
    except NothingCameError:
        raise
    except Exception as error:  # noqa: BLE001 one page must not end a crawl; the fault stands on its row
        visit = answer.visit if answer else Visit(Outcome.INTERNAL_ERROR, time.time())
        detail = f"{type(error).__name__}: {error}"[:300]
        return Report(job.page, visit._replace(outcome=Outcome.INTERNAL_ERROR, detail=detail))


async def _read_beside(job: Job, answer: Answer) -> Report:
    """What an answer says that takes long to read; others have the event loop meanwhile."""
    try:
        reading = _READINGS.submit(report_of, job, answer)
    except RuntimeError:  # no thread can be started
        return report_of(job, answer)
    return await asyncio.wrap_future(reading)


async def _request(job: Job, client: Client) -> Answer:
    match job.manner:
        case Manner.ROBOTS:
            return await client.get(job.url, ROBOTS_BYTES, lambda _: True)
        case Manner.SITEMAP:
            return await client.get(job.url, sitemap.MAX_BYTES, lambda _: True)
        case Manner.CHECK:
            return await client.get(job.url, reads=lambda _: False, method="HEAD" if job.head else "GET")
        case Manner.PAGE:
            return await client.get(job.url, reads=lambda content_type: is_read(content_type, job))


def _with_evidence(report: Report, answer: Answer) -> Report:
    source = charset_source(answer.body, answer.header("Content-Type")) if report.visit.charset else None
    headers = tuple((name, without_credentials(value)) for name, value in answer.headers.items())
    return report._replace(headers=headers, charset_source=source)

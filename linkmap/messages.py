"""Jobs and reports as bytes: how they cross a process border.

A message is a frame: its length (4 bytes, little-endian), then a list in Python's `marshal` format, which knows
nothing but plain values, so that reading one can make no object of a class. Both ends are the same program, started
by the same interpreter. A report of 54 links is packed and read in a tenth of the time that pickle takes.
"""

import marshal
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from linkmap.columns import Links, Rare, Targets
from linkmap.credentials import Credentials, HostHeader
from linkmap.exchange import NothingCameError, StaleConnectionError
from linkmap.fetch import ClientSettings, OutOfFilesError
from linkmap.model import CharsetSource, Document, Job, Manner, Outcome, Parser, Report, Visit
from linkmap.proxy import Proxy

LENGTH_BYTES = 4
_VERSION = 4
_NOTHING = (OutOfFilesError, StaleConnectionError)


def frame(values: Sequence[Any]) -> bytes:
    """Plain values as one message."""
    data = marshal.dumps(list(values), _VERSION)
    return len(data).to_bytes(LENGTH_BYTES, "little") + data


def values_of(data: bytes) -> list[Any]:
    """The values of a message whose length has been read."""
    found: list[Any] = marshal.loads(data)
    return found


def pack_job(job: Job) -> tuple[Any, ...]:
    """A job as plain values."""
    return (job.page, job.url, int(job.manner), job.head, str(job.parser), job.agent, job.record, job.evidence)


def unpack_job(values: Sequence[Any]) -> Job:
    """The job of plain values."""
    page, url, manner, head, parser, agent, record, evidence = values
    return Job(page, url, Manner(manner), head, Parser(parser), agent, record, evidence)


def pack_report(report: Report) -> tuple[Any, ...]:
    """A report as plain values."""
    visit, targets, links = report.visit, report.targets, report.links
    return (
        report.page,
        (int(visit.outcome), *visit[1:]),
        tuple(report.document) if report.document else None,
        (targets.urls, targets.keys, targets.invalid),
        (
            links.targets, links.kinds, links.rels, links.regions, links.anchors, links.flags,
            tuple(map(tuple, links.rare)),
        ),
        report.links_digest,
        report.text,
        report.headers,
        None if report.charset_source is None else str(report.charset_source),
    )  # fmt: skip


def unpack_report(values: Sequence[Any]) -> Report:
    """The report of plain values."""
    page, (outcome, *visit), document, targets, columns, digest, text, headers, source = values
    places, kinds, rels, regions, anchors, flags, rare = columns
    return Report(
        page,
        Visit(Outcome(outcome), *visit),
        Document(*document) if document else None,
        Targets(*targets),
        Links(places, kinds, rels, regions, anchors, flags, tuple(Rare(*row) for row in rare)),
        digest,
        text,
        headers,
        None if source is None else CharsetSource(source),
    )


def pack_nothing(error: NothingCameError) -> int:
    """Why nothing came of a job, in place of a report."""
    return _NOTHING.index(type(error))


def unpack_nothing(number: int) -> NothingCameError:
    """The error of a number."""
    return _NOTHING[number]()


def pack_client(settings: ClientSettings, secrets: Sequence[HostHeader]) -> tuple[Any, ...]:
    """What a worker's client needs; it goes through the worker's standard input, where no other user can read it."""
    proxy = settings.proxy
    plain = {field.name: getattr(settings, field.name) for field in fields(settings) if field.name != "proxy"}
    return (
        plain,
        None if proxy is None else (proxy.url, proxy.authorization),
        [(each.host, each.name, each.value) for each in secrets],
    )


def unpack_client(values: Sequence[Any]) -> tuple[ClientSettings, Credentials]:
    """The settings and credentials of a worker's client."""
    plain, proxy, secrets = values
    settings = ClientSettings(**plain, proxy=None if proxy is None else Proxy(*proxy))
    return settings, Credentials([HostHeader(*each) for each in secrets])

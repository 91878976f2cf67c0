"""One URL, one request, one answer: the only HTTP client of linkmap.

Redirects are never followed here, no cookie is kept, and no socket is opened to an address that the rules forbid
(`linkmap.dialling`).
"""

import asyncio
import errno
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Self

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict, MultiMapping

from linkmap import url as urls
from linkmap.body import Body, read_body, read_leftover
from linkmap.credentials import Credentials
from linkmap.dialling import CheckedResolver, PrivateAddressError, checked_socket
from linkmap.exchange import Exchanges, NothingCameError, Response
from linkmap.model import Outcome, Visit
from linkmap.proxy import AUTHENTICATION_REQUIRED, Proxy, is_private_target
from linkmap.sniffing import names_no_type, sniffed_type
from linkmap.tls import describe_fault, find_fault, tls_context

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
CSS_TYPE = "text/css"
MAX_RETRY_AFTER_S = 86_400.0
MAX_DETAIL = 300
_TYPES_KEPT = 256

_KEEP_S = 15.0
"""How long an idle connection is kept."""

_ACCEPT = "text/html,application/xhtml+xml,*/*;q=0.8"
_REDIRECTS = frozenset({300, 301, 302, 303, 307, 308})
_EMPTY = frozenset({204, 205})
"""Answers without content, whatever type they name (RFC 9110, 15.3.5 and 15.3.6)."""
_BLOCKED = frozenset({401, 403, 407, 429})


class OutOfFilesError(NothingCameError):
    """The system lets this process open no more files, or start no thread: our fault, and none of the page's."""

    ADVICE = (
        "the system lets linkmap open too few files or threads: raise the limit with `ulimit -n 1024` or `ulimit -u`"
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request brought."""

    visit: Visit
    body: bytes = b""
    headers: MultiMapping[str] = field(default_factory=CIMultiDict)
    """Names, whatever their case, and values as sent, in their order."""

    def header(self, name: str) -> str | None:
        """The value of a header, those of several as one (RFC 9110, 5.3), or None."""
        return ", ".join(self.headers.getall(name, ())) or None

    @property
    def location(self) -> str | None:
        """Where the answer redirects to, as written; None where it does not."""
        return self.headers.get("Location") if self.visit.outcome is Outcome.REDIRECT else None


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What every request of a crawl has in common."""

    user_agent: str
    timeout_s: float = 30.0
    max_bytes: int = 10 * 1024 * 1024
    allow_private: bool = False
    idle_hosts: int = 256
    """Hosts whose connections are kept open between requests; others are closed after each."""
    lookups: int = 64
    """Names that are looked up at a time: each takes a thread and an open file."""
    resolve: tuple[tuple[str, int, str], ...] = ()
    """(host, port, address): answers that stand in for the resolver's."""
    ca_file: str | None = None
    """A PEM file of certificates to trust besides the system's."""
    insecure: bool = False
    proxy: Proxy | None = None


class Client:
    """An HTTP client for one crawl; use it as an async context manager. Raises UsageError for a bad ca_file."""

    def __init__(self, settings: ClientSettings, credentials: Credentials | None = None) -> None:
        self.settings = settings
        self._credentials = credentials or Credentials()
        self._tls = tls_context(settings.ca_file, settings.insecure)
        self._exchanges: Exchanges | None = None
        self._idle_hosts = settings.idle_hosts
        self._kept: dict[str, tuple[urls.Origin, float]] = {}
        """Host -> origin, and when its kept connections are closed at the latest; the soonest first."""

    async def __aenter__(self) -> Self:
        # All connections of a client with a proxy are to that, wherever it may be.
        allow_private = self.settings.allow_private or self.settings.proxy is not None
        fixed = {(host, port): address for host, port, address in self.settings.resolve}
        connector = aiohttp.TCPConnector(
            limit=0,
            keepalive_timeout=_KEEP_S,
            resolver=CheckedResolver(fixed, allow_private, self.settings.lookups),
            socket_factory=None if allow_private else checked_socket,
            ssl=self._tls,
        )
        headers = {"User-Agent": self.settings.user_agent, "Accept": _ACCEPT}
        self._exchanges = Exchanges(connector, headers, self.settings.proxy)
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._exchanges is not None:
            await self._exchanges.close()

    async def get(
        self,
        url: str,
        max_bytes: int | None = None,
        reads: Callable[[str | None], bool] = lambda content_type: content_type in HTML_TYPES,
        method: str = "GET",
    ) -> Answer:
        """One request under one deadline. Never raises for what the network or the server does wrong.

        The body comes back where the status is 2xx and `reads` says so of its content type. Raises NothingCameError.
        """
        started, started_at = time.perf_counter(), time.time()

        def failed(outcome: Outcome, detail: str) -> Answer:
            return Answer(Visit(outcome, started_at, time.perf_counter() - started, detail=_clean(detail)))

        proxy = self.settings.proxy
        if proxy is not None and not self.settings.allow_private and is_private_target(url):
            return failed(Outcome.PRIVATE_ADDRESS, "not a public address; --allow-private permits it")
        try:
            async with asyncio.timeout(self.settings.timeout_s) as deadline:
                with await self._request(method, url) as response:
                    if proxy is not None and response.status == AUTHENTICATION_REQUIRED and url.startswith("http:"):
                        return failed(Outcome.CONNECT_ERROR, proxy.refusal(response.status))
                    return await self._read(
                        response, deadline, started, started_at, max_bytes or self.settings.max_bytes, reads
                    )
        except TimeoutError:
            return failed(Outcome.TIMEOUT, f"no complete answer within {self.settings.timeout_s:g} s")
        except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError) as error:
            if _is_out_of_files(error):
                raise OutOfFilesError from error
            if proxy is not None and (reason := proxy.failure(error, url)):
                return failed(Outcome.CONNECT_ERROR, reason)
            return failed(_failure(error), _reason(error))

    async def _request(self, method: str, url: str) -> Response:
        """The request for a URL. What is for one host goes there alone."""
        assert self._exchanges is not None, "use the client inside `async with`"
        # Chosen by this URL's host, hop by hop, so that nothing crosses a redirect.
        headers = self._credentials.headers_for(url)
        origin = urls.origin(url)
        if origin is None or not self._keep(origin):
            headers["Connection"] = "close"
        return await self._exchanges.request(method, url, headers, lambda: origin is not None and self._keeps(origin))

    def let_go(self, host: str) -> None:
        """Close the connections to a host that are kept for further requests, and those under way after theirs."""
        self._kept.pop(host, None)
        if self._exchanges is not None:
            self._exchanges.let_go(host)

    def let_go_of_all(self) -> None:
        """Keep no connection open any more after its request."""
        self._idle_hosts = 0
        for host in list(self._kept):
            self.let_go(host)

    def _keep(self, origin: urls.Origin) -> bool:
        """Note that connections to an origin are kept, as far as open files go; those to others of its host are not."""
        now = time.monotonic()
        while self._kept and next(iter(self._kept.values()))[1] <= now:
            del self._kept[next(iter(self._kept))]
        kept = self._kept.pop(origin.host, None)
        if kept is not None and kept[0] != origin:
            self.let_go(origin.host)
        if kept is None and len(self._kept) >= self._idle_hosts:
            return False
        self._kept[origin.host] = (origin, now + self.settings.timeout_s + _KEEP_S)
        return True

    def _keeps(self, origin: urls.Origin) -> bool:
        kept = self._kept.get(origin.host)
        return kept is not None and kept[0] == origin

    async def _read(
        self,
        response: Response,
        deadline: asyncio.Timeout,
        started: float,
        started_at: float,
        max_bytes: int,
        reads: Callable[[str | None], bool],
    ) -> Answer:
        """The answer whose headers have arrived; its body too, where it is wanted."""
        headers = _readable(response.headers)
        content_type = _media_type(headers.get("Content-Type"))
        outcome, detail = _judge(response.status, content_type, headers.get("Location"))
        body = None
        if outcome in (Outcome.FETCHED, Outcome.NOT_HTML) and reads(content_type):
            body = await read_body(response, max_bytes)
        elif outcome is Outcome.NOT_HTML and _is_sniffed(response, content_type):
            body = await read_body(response, max_bytes, lambda beginning: reads(sniffed_type(beginning)))
            if body is not None:
                content_type = sniffed_type(body.content)
                outcome, _ = _judge(response.status, content_type, None)
                detail = f"no Content-Type that says anything: {content_type} by its first bytes"
        if body is None:
            deadline.reschedule(None)
            await read_leftover(response)
        content, cut, truncated, fault = body or Body()
        visit = Visit(
            outcome=outcome,
            fetched_at=started_at,
            seconds=time.perf_counter() - started,
            status=response.status,
            detail=detail or fault,
            content_type=content_type,
            body_bytes=len(content),
            cut=cut,
            truncated=truncated,
            etag=headers.get("ETag"),
            last_modified=headers.get("Last-Modified"),
            digest=blake2b(content, digest_size=16).digest() if body is not None else None,
            retry_after_s=retry_after_s(response.headers.get("Retry-After"), time.time()),
        )
        return Answer(visit, content, headers)


def retry_after_s(header: str | None, now: float) -> float | None:
    """Seconds to wait, or None if absent or malformed. Both forms of RFC 9110, 10.2.3; capped at one day."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MAX_RETRY_AFTER_S)
    try:
        moment = parsedate_to_datetime(text)
        at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return min(max(at - now, 0.0), MAX_RETRY_AFTER_S)


def _judge(status: int, content_type: str | None, location: str | None) -> tuple[Outcome, str | None]:
    """What a status means for the page, and the evidence where the status alone is not enough."""
    if status < 200:
        return Outcome.PROTOCOL_ERROR, f"{status}, which was not asked for"
    if status < 300:
        return (Outcome.FETCHED if content_type in HTML_TYPES and status not in _EMPTY else Outcome.NOT_HTML), None
    if status in _REDIRECTS and location is not None:
        return Outcome.REDIRECT, None
    if status == 304:
        return Outcome.PROTOCOL_ERROR, "304 to a request without a condition"
    if 300 <= status < 400:
        return Outcome.PROTOCOL_ERROR, f"{status} without a Location"
    if status in _BLOCKED:
        return Outcome.BLOCKED, None
    return (Outcome.CLIENT_ERROR if status < 500 else Outcome.SERVER_ERROR), None


def _is_sniffed(response: Response, content_type: str | None) -> bool:
    """Whether the first bytes of a body say what it is, because nothing else does and nothing forbids it."""
    if response.status in _EMPTY or not names_no_type(content_type):
        return False
    return response.headers.get("X-Content-Type-Options", "").partition(",")[0].strip().lower() != "nosniff"


def _failure(error: Exception) -> Outcome:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, PrivateAddressError):
        return Outcome.PRIVATE_ADDRESS
    if find_fault(error) is not None:
        return Outcome.TLS_ERROR
    match error:
        case aiohttp.ClientConnectorDNSError():
            return Outcome.DNS_ERROR
        case aiohttp.ClientConnectionError() | OSError():
            return Outcome.CONNECT_ERROR
        case _:
            return Outcome.PROTOCOL_ERROR


def _is_out_of_files(error: Exception) -> bool:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return isinstance(cause, OSError) and cause.errno in (errno.EMFILE, errno.ENFILE, errno.EAGAIN)


def _reason(error: Exception) -> str:
    fault = find_fault(error)
    if fault is not None:
        return describe_fault(fault)
    match error:
        case aiohttp.ClientConnectorError():
            return error.os_error.strerror or str(error.os_error)
        case aiohttp.ServerDisconnectedError():
            return "the server closed the connection without an answer"
        case aiohttp.ClientResponseError() | HttpProcessingError():
            return error.message
        case _:
            return str(error) or type(error).__name__


def _clean(text: str) -> str:
    """One line of printable text, capped: it came from the network."""
    line = " ".join(text.split())
    return "".join(character if character.isprintable() else "\ufffd" for character in line)[:MAX_DETAIL]


@lru_cache(_TYPES_KEPT)
def _media_type(header: str | None) -> str | None:
    return _clean(header.partition(";")[0].strip().lower()) or None if header else None


def _readable(headers: MultiMapping[str]) -> MultiMapping[str]:
    """Headers whose values UTF-8 can hold."""
    if all(map(str.isascii, headers.values())):
        return headers
    return CIMultiDict((name, _header_text(value)) for name, value in headers.items())


def _header_text(value: str) -> str:
    """A header's value without lone surrogates: bytes that were no UTF-8 become their percent-encoding."""
    if value.isascii():
        return value
    return "".join(
        f"%{ord(character) - 0xDC00:02X}" if 0xDC80 <= ord(character) <= 0xDCFF else character for character in value
    )

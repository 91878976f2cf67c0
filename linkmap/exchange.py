"""One request and the head of its answer, over connections that aiohttp opens, keeps and parses.

aiohttp's ClientSession makes some thirty objects for a request, for cookies, redirects, uploads and traces, of which a
crawler wants none. Its connector, protocol and parser do the work here without them, at 0.08 ms of CPU a page of 23 KB
and not 0.13 (2026-11; docs/decisions/0015). What the requests to an origin have in common is made once.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from linkmap.proxy import Proxy

MAX_HEADER_BYTES = 64 * 1024
"""Of one header line; real Content-Security-Policy lines pass aiohttp's default of 8,190 bytes."""
MAX_HEADERS = 256
_ACCEPT_ENCODING = "gzip, deflate, br, zstd"
_ORIGINS_KEPT = 1_024
_SHORTEST_ORIGIN = len("http://a")
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)
"""Who makes a request has a deadline for the whole."""

_END_OF_HEAD = re.compile(rb"\n\r?\n")
_MOST_HEADS = 20
"""Interim answers (1xx) and empty lines before an answer; to parse them without end would hold everybody up."""


class NothingCameError(Exception):
    """Neither an answer came nor a failure that is the page's: the request is to be made again."""


class StaleConnectionError(NothingCameError):
    """A connection that was kept open proved to be closed by its server, which may have seen the request."""


class HeadFirst(ResponseHandler):
    """A connection that hands an answer's head on before it looks at the bytes behind it.

    aiohttp parses all that came at once, and where bytes follow that belong to no answer (a body longer than its
    Content-Length, a 204 with a body), it drops the answer before them too. Browsers take it (RFC 9112, 6.3).
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._awaits_head = False
        self._last = b""
        self._heads = 0
        self.requests = 0
        """Made over this connection."""

    def set_response_params(self, **params: Any) -> None:
        """Make ready for the answer to another request."""
        self._awaits_head, self._last, self._heads = True, b"", 0
        self.requests += 1
        super().set_response_params(**params)

    def feed_data(self, data: Any, size: int = 0) -> None:
        """Queue a head; the last unless it is that of an interim answer."""
        self._awaits_head = 100 <= data[0].code < 200 and data[0].code != 101
        super().feed_data(data, size)

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """End what is being read, its body included: aiohttp leaves that waiting after a fault in its framing."""
        super().set_exception(exc, *cause)
        body = self._payload
        if body is not None and not body.is_eof() and body.exception() is None:
            body.set_exception(aiohttp.ClientPayloadError(str(exc)), exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came, each head by itself."""
        while self._awaits_head:
            known = self._last + data
            end = _END_OF_HEAD.search(known)
            if end is None or end.end() == len(known):
                self._last = known[-2:] if end is None else b""
                break
            place = end.end() - len(self._last)
            self._last = b""
            super().data_received(data[:place])
            data = data[place:]
            self._heads += 1
            if self._heads > _MOST_HEADS:
                self._give_up()
                return
        super().data_received(data)

    def _give_up(self) -> None:
        if self.transport is not None:
            self.transport.close()
        message = f"more than {_MOST_HEADS} interim answers or empty lines, and no answer"
        self.set_exception(HttpProcessingError(code=400, message=message))


def _new_connection(loop: asyncio.AbstractEventLoop) -> ResponseHandler:
    return HeadFirst(loop)


@dataclass(slots=True)
class Response:
    """An answer whose head has come. As a context manager it gives its connection back, or closes it after a fault."""

    status: int
    headers: CIMultiDictProxy[str]
    content: StreamReader
    _connection: Connection
    _keeps: Callable[[], bool]
    """Whether its connection may stay open; a server that was asked to close it may yet leave it so."""

    def close(self) -> None:
        """Close the connection, whatever of the body is still to come."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is None and self._keeps():
            self._connection.release()  # which closes it where the body has not come to its end
        else:
            self._connection.close()


class Exchanges:
    """What makes requests over the connections of one connector, each with the same headers besides its own."""

    def __init__(self, connector: aiohttp.TCPConnector, headers: Mapping[str, str], proxy: Proxy | None) -> None:
        connector._factory = partial(_new_connection, asyncio.get_running_loop())
        self._connector = connector
        self._usual = {**headers, "Accept-Encoding": _ACCEPT_ENCODING}
        self._usual_lines = _lines(self._usual)
        self._proxy = proxy
        self._destination = lru_cache(_ORIGINS_KEPT)(self._make_destination)

    async def close(self) -> None:
        """Close all connections."""
        await self._connector.close()

    def let_go(self, host: str) -> None:
        """Close the connections to a host that are kept for further requests."""
        kept = self._connector._conns
        for key in [key for key in kept if key.host == host.strip("[]")]:
            for protocol, _ in kept.pop(key):
                protocol.close()

    async def request(self, method: str, url: str, headers: Mapping[str, str], keeps: Callable[[], bool]) -> Response:
        """The answer to a request for a serialised URL; `keeps` says at its end whether its connection may stay open.

        Raises aiohttp.ClientError, aiohttp.http_exceptions.HttpProcessingError, and StaleConnectionError.
        """
        place = url.find("/", _SHORTEST_ORIGIN)
        origin, target = url[:place], url[place:]
        destination = self._destination(origin)
        if self._proxy is not None and origin.startswith("http:"):
            target, headers = url, {**headers, **self._proxy.headers()}
        host = destination.headers["Host"]
        head = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{self._all_lines(headers)}\r\n".encode()
        connection = await self._connector.connect(destination, [], _NO_TIMEOUT)
        protocol = connection.protocol
        assert isinstance(protocol, HeadFirst)
        is_first = not protocol.requests
        try:
            return await _answer(connection, protocol, method, head, keeps)
        except BaseException as error:
            connection.close()
            if not is_first and isinstance(error, aiohttp.ClientOSError | aiohttp.ServerDisconnectedError):
                raise StaleConnectionError from error
            raise

    def _all_lines(self, headers: Mapping[str, str]) -> str:
        """A request's own headers behind the usual ones, whose place they take where they have their names."""
        if not headers:
            return self._usual_lines
        own = {name.lower() for name in headers}
        return _lines({name: value for name, value in self._usual.items() if name.lower() not in own}) + _lines(headers)

    def _make_destination(self, origin: str) -> ClientRequest:
        """What aiohttp's connector wants to know of where a request goes."""
        proxy = self._proxy
        request = ClientRequest(
            "GET",
            URL(f"{origin}/", encoded=True),
            loop=asyncio.get_running_loop(),
            proxy=URL(proxy.url) if proxy else None,
            proxy_headers=proxy.headers() if proxy else None,
        )
        if isinstance(request.proxy_headers, CIMultiDict):
            # The connector adds this when it connects, by which the key of the connections it keeps would change.
            request.proxy_headers["Host"] = request.headers["Host"]
        return request


async def _answer(
    connection: Connection, protocol: HeadFirst, method: str, head: bytes, keeps: Callable[[], bool]
) -> Response:
    """Send a request and read the head of its answer, those of interim answers left out."""
    protocol.set_response_params(
        skip_payload=method == "HEAD",
        read_until_eof=True,
        auto_decompress=False,
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
        max_headers=MAX_HEADERS,
    )
    transport = protocol.transport
    if transport is None or transport.is_closing():
        raise aiohttp.ServerDisconnectedError
    transport.write(head)
    while True:
        message, content = await protocol.read()
        if not 100 <= message.code < 200 or message.code == 101:
            return Response(message.code, message.headers, content, connection, keeps)


def _lines(headers: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())

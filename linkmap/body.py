"""The connection that an answer comes over, and its body: up to a limit, flagged where it ended too early."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError

from linkmap.coding import CodingError, Decoding
from linkmap.sniffing import SNIFFED_BYTES

_LEFTOVER_BYTES = 16 * 1024
"""How much of an unwanted body is read so that its connection can serve again."""
_LEFTOVER_S = 1.0
"""How long: a radio stream or a 404 page that drips is settled by its headers, and is no timeout."""

_END_OF_HEAD = re.compile(rb"\n\r?\n")
_MOST_HEADS = 20
"""Interim answers (1xx) and empty lines before an answer; to parse them without end would hold everybody up."""


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

    def set_response_params(self, **params: Any) -> None:
        """Make ready for the answer to another request."""
        self._awaits_head, self._last, self._heads = True, b"", 0
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


def new_connection(loop: asyncio.AbstractEventLoop) -> ResponseHandler:
    """What aiohttp's connector makes a connection of."""
    return HeadFirst(loop)


class Body(NamedTuple):
    """What came of a body, decoded."""

    content: bytes = b""
    cut: bool = False
    """It was longer than the limit."""
    truncated: bool = False
    """It ended too early."""
    fault: str | None = None
    """What was wrong with how it was packed, in words."""


async def read_body(
    response: aiohttp.ClientResponse, max_bytes: int, is_wanted: Callable[[bytes], bool] = lambda beginning: True
) -> Body | None:
    """The decoded body up to a limit; None, and the rest left unread, where its beginning is not wanted."""
    decoding = Decoding(", ".join(response.headers.getall("Content-Encoding", ())))
    parts: list[bytes] = []
    size, asked, truncated = 0, False, False
    fault = f"the content coding {decoding.unknown[0][:40]!r} is not known" if decoding.unknown else None
    try:
        async for part in _unpacked(response, decoding, max_bytes):
            parts.append(part[: max_bytes - size])  # no copy of the whole, as a cut behind the join would make
            size += len(part)
            if not asked and size >= SNIFFED_BYTES:
                asked, parts = True, [b"".join(parts)]
                if not is_wanted(parts[0]):
                    return None
            if size > max_bytes:
                response.close()
                return Body(b"".join(parts), cut=True, fault=fault)
    except (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError, ConnectionError):
        truncated = True
    except CodingError as error:
        response.close()
        truncated, fault = True, f"the body is not packed as it says: {error}"
    content = b"".join(parts)
    if not (asked or is_wanted(content)):
        return None
    return Body(content, truncated=truncated or decoding.is_broken_off, fault=fault)


async def _unpacked(response: aiohttp.ClientResponse, decoding: Decoding, max_bytes: int) -> AsyncIterator[bytes]:
    """The body's parts, decoded, up to a little more than the limit."""
    room = max_bytes + 1
    async for chunk in response.content.iter_any():
        part = chunk if decoding.is_plain else decoding.decode(chunk, room)
        room -= len(part)
        yield part
        if room <= 0:
            return
    while not decoding.is_plain and room > 0 and (part := decoding.decode(b"", room)):
        room -= len(part)
        yield part


async def read_leftover(response: aiohttp.ClientResponse) -> None:
    """Take in the rest of an answer that is settled, where that is short and quick, to keep the connection."""
    try:
        async with asyncio.timeout(_LEFTOVER_S):
            await read_body(response, _LEFTOVER_BYTES)
    except TimeoutError:
        response.close()

"""The body of an answer: up to a limit, flagged where it ended too early."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import aiohttp
from aiohttp.streams import StreamReader

from linkmap.coding import CodingError, Decoding
from linkmap.exchange import Response
from linkmap.sniffing import SNIFFED_BYTES

_LEFTOVER_BYTES = 16 * 1024
"""How much of an unwanted body is read so that its connection can serve again."""
_LEFTOVER_S = 1.0
"""How long: a radio stream or a 404 page that drips is settled by its headers, and is no timeout."""


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
    response: Response, max_bytes: int, is_wanted: Callable[[bytes], bool] = lambda beginning: True
) -> Body | None:
    """The decoded body up to a limit; None, and the rest left unread, where its beginning is not wanted."""
    decoding = Decoding(", ".join(response.headers.getall("Content-Encoding", ())))
    parts: list[bytes] = []
    size, asked, truncated = 0, False, False
    fault = f"the content coding {decoding.unknown[0][:40]!r} is not known" if decoding.unknown else None
    try:
        async for part in _unpacked(response.content, decoding, max_bytes):
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


async def _unpacked(content: StreamReader, decoding: Decoding, max_bytes: int) -> AsyncIterator[bytes]:
    """The body's parts, decoded, up to a little more than the limit."""
    room = max_bytes + 1
    while room > 0 and (chunk := await content.readany()):
        part = chunk if decoding.is_plain else decoding.decode(chunk, room)
        room -= len(part)
        yield part
    while not decoding.is_plain and room > 0 and (part := decoding.decode(b"", room)):
        room -= len(part)
        yield part


async def read_leftover(response: Response) -> None:
    """Take in the rest of an answer that is settled, where that is short and quick, to keep the connection."""
    try:
        async with asyncio.timeout(_LEFTOVER_S):
            await read_body(response, _LEFTOVER_BYTES)
    except TimeoutError:
        response.close()

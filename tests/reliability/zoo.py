"""Servers that do everything wrong, on one loopback port: a behaviour is a host name, and says its bytes itself."""

import asyncio
import gzip
import socket
import struct
import sys
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import repeat
from typing import NamedTuple, Self

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

RESET = b""
"""Instead of bytes: end the connection with a reset."""
Part = bytes | float
"""What is said, or a pause, seconds."""
Says = Iterable[Part] | Callable[[], Iterator[Part]]

OK = b"HTTP/1.1 200 OK\r\n"
HTML = OK + b"Content-Type: text/html\r\n"
PAGE = b'<!DOCTYPE html><title>zoo</title><a href="http://found.invalid/">found</a>'
BOMB_BYTES = 200_000_000
CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, 1),
    "deflate": zlib.compress,
    "br": lambda body: brotli.compress(body, quality=5),
    "zstd": zstd.compress,
}


class Behaviour(NamedTuple):
    """What one server does wrong, and what must become of its front page."""

    says: Says | dict[str, Says]
    """To a request for its front page, or by path."""
    outcome: str
    why: str
    detail: str = ""
    """A part of the evidence."""
    flags: str = ""
    """`cut` or `truncated`."""
    links: int = 0
    """Links that are found on it all the same."""


def answer(body: bytes = PAGE, *headers: bytes, status: bytes = b"200 OK", content_type: bytes = b"text/html") -> bytes:
    """A whole answer, in good order but for what the headers say."""
    lines = [b"HTTP/1.1 " + status, b"Content-Type: " + content_type, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def moved(location: bytes, status: bytes = b"302 Found") -> bytes:
    """A redirect."""
    return b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"


def drip(*beginning: bytes, each: bytes = b"y", pause_s: float = 0.05) -> Callable[[], Iterator[Part]]:
    """A beginning, then a little at a time, without end."""

    def parts() -> Iterator[Part]:
        yield from beginning
        for piece in repeat(each):
            yield piece
            yield pause_s

    return parts


def endless(*beginning: bytes, each: bytes = b"y" * 65_536) -> Callable[[], Iterator[Part]]:
    """A beginning, then as much as the reader takes, without end."""

    def parts() -> Iterator[Part]:
        yield from beginning
        for piece in repeat(each):
            yield piece
            yield 0.001

    return parts


@cache
def packed(coding: str) -> bytes:
    """A page and 200 MB of white space, packed."""
    return CODINGS[coding](PAGE + b" " * BOMB_BYTES)


def coded(coding: str, body: bytes) -> bytes:
    """An answer that names a coding for a body that is given as sent."""
    return answer(body, b"Content-Encoding: " + coding.encode())


def bomb(coding: str) -> Callable[[], Iterator[Part]]:
    """An answer of 200 MB in little."""
    return lambda: iter([coded(coding, packed(coding))])


class Zoo:
    """Serves behaviours by host name, `NAME.test`, in a thread of its own, and counts what is asked."""

    def __init__(self, behaviours: dict[str, Behaviour]) -> None:
        self.behaviours = behaviours
        self.requests: Counter[tuple[str, str]] = Counter()
        """(name, path) -> how often it was asked for."""
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        for coding in CODINGS:
            packed(coding)
        self._thread.start()
        assert self._ready.wait(10), "the zoo did not open"
        return self

    def __exit__(self, *exception: object) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)

    def url(self, name: str, path: str = "/") -> str:
        """The URL of a behaviour."""
        return f"http://{name}.test:{self.port}{path}"

    def options(self) -> list[str]:
        """What the command line needs to find all of them."""
        return [word for name in self.behaviours for word in ("--resolve", f"{name}.test:{self.port}:127.0.0.1")]

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._open())

    async def _open(self) -> None:
        self._stopped = asyncio.Event()
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopped.wait()
        server.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            path = head.split(" ", 2)[1]
            name = head.lower().partition("\r\nhost: ")[2].partition(".test")[0]
            self.requests[name, path] += 1
            for part in self._says(name, path):
                if isinstance(part, float):
                    await asyncio.sleep(part)
                elif part == RESET:
                    await asyncio.sleep(0.05)
                    reset = struct.pack("ii", 1, 0)
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
                    writer.transport.abort()
                    return
                else:
                    writer.write(part)
                    await writer.drain()
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 0.2)
        except (OSError, asyncio.IncompleteReadError, TimeoutError, asyncio.CancelledError):
            pass  # the client left first, as it may, or the zoo closes
        finally:
            writer.close()

    def _says(self, name: str, path: str) -> Iterable[Part]:
        behaviour = self.behaviours.get(name)
        says = behaviour.says if behaviour else {}
        said = (says if isinstance(says, dict) else {"/": says}).get(path, (answer(b"", status=b"404 Not Found"),))
        return said() if callable(said) else said

"""A server that makes its answers up, in a process of its own: as slow as asked, and endless where asked.

`python -m benchmarks.answering '{"kind": "polite", ...}'` prints `ready` when it listens; SIGTERM ends it. It speaks
just enough HTTP/1.1 for a client that waits for each answer, which costs it little of the machine it shares.
"""

import asyncio
import json
import signal
import socket
import ssl
import subprocess
import sys
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import cast

from benchmarks.measuring import BenchmarkError, surroundings
from benchmarks.servers import end

_FILLER = "<p>" + "amber basin cedar delta ember fjord glade harbor island juniper " * 8 + "</p>\n"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a server answers."""

    kind: str
    """`polite`: hosts with a few pages each, robots.txt missing. `endless`: new pages without end."""
    port: int
    hosts: int
    links: int = 54
    page_bytes: int = 23_000
    pages_a_host: int = 5
    answer_s: float = 0.0
    certificate: str | None = None
    log: str | None = None
    """A file for one line a request: host, when it came, when the last byte of its answer was handed on."""

    def host(self, number: int) -> str:
        """The name of a host (`polite`), or its address on this machine (`endless`)."""
        return f"h{number}.bench.test" if self.kind == "polite" else f"127.0.0.{number % self.hosts + 1}"

    @property
    def scheme(self) -> str:
        """http or https."""
        return "https" if self.certificate else "http"


@contextmanager
def answering(plan: Plan, place: Path) -> Iterator[None]:
    """The server of this plan, for as long as the context lasts. Its log is whole when the context is left."""
    command = [sys.executable, "-m", "benchmarks.answering", json.dumps(asdict(plan))]
    with (place / "server.txt").open("wb") as errors:
        process = subprocess.Popen(command, cwd=place, env=surroundings(), stdout=subprocess.PIPE, stderr=errors)
    assert process.stdout is not None
    try:
        if process.stdout.readline() != b"ready\n":
            raise BenchmarkError(f"the server did not start: {(place / 'server.txt').read_text()[-1000:]}")
        yield
    finally:
        end(process)
        process.stdout.close()


class _Connection(asyncio.Protocol):
    """One client: each request is answered after the plan's time."""

    def __init__(self, page: Callable[[str, str], bytes | None], answer_s: float, log: "_Log") -> None:
        self._page = page
        self._answer_s = answer_s
        self._log = log
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end_of_head := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end_of_head].decode("latin-1")
            self._received = self._received[end_of_head + 4 :]
            self._asked(head)

    def _asked(self, head: str) -> None:
        came = time.monotonic()
        lower = head.lower()
        host = lower.partition("\r\nhost:")[2].partition("\r\n")[0].strip().partition(":")[0]
        path, closes = head.split(" ", 2)[1], "\r\nconnection: close" in lower
        if self._answer_s:
            asyncio.get_running_loop().call_later(self._answer_s, self._answer, host, path, closes, came)
        else:
            self._answer(host, path, closes, came)

    def _answer(self, host: str, path: str, closes: bool, came: float) -> None:
        body = self._page(host, path)
        status = b"404 Not Found" if body is None else b"200 OK"
        body = body or b""
        self._transport.write(
            b"HTTP/1.1 %b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n%b\r\n%b"
            % (status, len(body), b"Connection: close\r\n" if closes else b"", body)
        )
        self._log.add(host, came, time.monotonic())
        if closes:
            self._transport.close()


class _Log:
    """The requests, kept in memory until the end."""

    def __init__(self) -> None:
        self._hosts: list[str] = []
        self._times = array("d")

    def add(self, host: str, came: float, went: float) -> None:
        self._hosts.append(host)
        self._times.extend((came, went))

    def write(self, file: Path) -> None:
        times = self._times
        with file.open("w", encoding="ascii") as output:
            for number, host in enumerate(self._hosts):
                output.write(f"{host} {times[2 * number]!r} {times[2 * number + 1]!r}\n")


def polite_page(plan: Plan) -> Callable[[str, str], bytes | None]:
    """Every host's pages link to the host's own and to those of other hosts, in turn."""

    def page(host: str, path: str) -> bytes | None:
        if not path[1:].isdigit() or int(path[1:]) >= plan.pages_a_host:
            return None
        own, number = int(host[1:].partition(".")[0]), int(path[1:])
        random = Random(own * plan.pages_a_host + number)
        anchors = [f'<a href="/{each}">page {each}</a>' for each in range(plan.pages_a_host)]
        for link in range(plan.links - len(anchors)):
            other = plan.host(int(random.random() * plan.hosts))
            anchors.append(f'<a href="{plan.scheme}://{other}:{plan.port}/{link % plan.pages_a_host}">{other}</a>')
        return _html(number, anchors, plan.page_bytes)

    return page


def endless_page(plan: Plan) -> Callable[[str, str], bytes | None]:
    """Page n links to as many pages that no page before it linked to, and as many drawn from those before."""
    new = plan.links // 2

    def page(host: str, path: str) -> bytes | None:
        if not path[1:].isdigit():
            return None
        number = int(path[1:])
        random = Random(number)
        first = number * new + 1
        targets = list(range(first, first + new))
        targets += [int(random.random() * first) for _ in range(plan.links - new)]
        anchors = [f'<a href="http://{plan.host(each)}:{plan.port}/{each}">page {each}</a>' for each in targets]
        return _html(number, anchors, plan.page_bytes)

    return page


def _html(number: int, anchors: list[str], page_bytes: int) -> bytes:
    head = f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Page {number}</title></head><body><main>'
    text = head + "\n".join(anchors)
    return (text + _FILLER * ((page_bytes - len(text)) // len(_FILLER)) + "</main></body></html>").encode()


async def _serve(plan: Plan) -> None:
    pages = {"polite": polite_page, "endless": endless_page}
    page, log = pages[plan.kind](plan), _Log()
    loop = asyncio.get_running_loop()
    context = None
    if plan.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(plan.certificate)

    def connection() -> _Connection:
        return _Connection(page, plan.answer_s, log)

    addresses = ["0.0.0.0"] if plan.kind == "polite" else [plan.host(number) for number in range(plan.hosts)]
    for address in addresses:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, plan.port))
        await loop.create_server(connection, sock=listener, backlog=4096, ssl=context)
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    print("ready", flush=True)
    await stopped.wait()
    if plan.log:
        log.write(Path(plan.log))


def _raise_file_limit() -> None:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    import uvloop

    _raise_file_limit()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(Plan(**json.loads(sys.argv[1]))))

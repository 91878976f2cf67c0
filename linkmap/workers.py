"""A worker process: jobs come in on standard input, reports go out on standard output, until the input ends.

It holds a client and nothing else: no map, no frontier. What it has not sent when it dies, the coordinator asks for
again. Ctrl-C is the coordinator's to hear; when that is gone, the input ends, and so does the worker.
"""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from linkmap.exchange import NothingCameError
from linkmap.fetch import Client
from linkmap.messages import LENGTH_BYTES, frame, pack_nothing, pack_report, unpack_client, unpack_job, values_of
from linkmap.worker import visit

_WAIT_S = 0.000_1
"""For each that may come too."""
_LONGEST_WAIT_S = 0.001
_NICENESS = 5


def event_loops() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes event loops: uvloop where there is one."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


def main() -> None:
    """Serve until the standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Whatever a library prints must not come between two messages.
    output = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    with asyncio.Runner(loop_factory=event_loops()) as runner:
        runner.run(_serve(output))
    # Threads that wait for a name server would keep the process for up to half a minute.
    os._exit(0)


async def _give_way() -> None:
    """Leave the processor to the coordinator, for which all workers wait, and to whoever asks the map meanwhile.

    Where Linux groups processes by session, it compares sessions by a niceness of their own (sched(7), "The autogroup
    feature"), which one process of the whole system may set every 0.1 s.
    """
    if sys.platform == "win32":
        return
    with suppress(OSError):
        os.nice(_NICENESS)
        while not _is_session_nicer():  # noqa: ASYNC110 whose turn it is nobody tells
            await asyncio.sleep(random.uniform(0.1, 0.4))


def _is_session_nicer() -> bool:
    """Whether the niceness of the own session was set; False where it is another's turn. Raises OSError."""
    try:
        Path("/proc/self/autogroup").write_text(str(_NICENESS))
    except BlockingIOError:
        return False
    return True


async def _serve(output: BinaryIO) -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_write_pipe(asyncio.Protocol, output)
    outbox = Outbox(transport)
    inbox = Inbox()
    await loop.connect_read_pipe(lambda: _Input(inbox), sys.stdin.buffer)
    first = await inbox.next()
    if first is None:
        return
    settings, credentials = unpack_client(first)
    async with Client(settings, credentials) as client, asyncio.TaskGroup() as group:
        transport.write(frame([]))  # ready
        group.create_task(_give_way())
        while (jobs := await inbox.next()) is not None:
            for ticket, job in jobs:
                # In the order in which they came: a host is let go after the jobs for it have begun.
                if isinstance(job, str):
                    group.create_task(_let_go(ticket, job, client, outbox))
                    continue
                group.create_task(_work(ticket, job, client, outbox))
                outbox.others += 1
        os._exit(0)


class _Input(asyncio.Protocol):
    """The standard input of a worker."""

    def __init__(self, inbox: "Inbox") -> None:
        self._inbox = inbox

    def data_received(self, data: bytes) -> None:
        self._inbox.receive(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._inbox.end()


async def _work(ticket: int, job: Any, client: Client, outbox: "Outbox") -> None:
    report: Any
    try:
        report = pack_report(await visit(unpack_job(job), client))
    except NothingCameError as error:
        report = pack_nothing(error)
    outbox.others -= 1
    outbox.send((ticket, report))


async def _let_go(ticket: int, host: str, client: Client, outbox: "Outbox") -> None:
    """Close what is kept open to a host that another worker serves from here on."""
    client.let_go(host)
    outbox.send((ticket, None))


class Outbox:
    """Jobs or reports on their way out. Each message wakes a process, so the more is under way the longer one waits."""

    def __init__(self, stream: asyncio.WriteTransport) -> None:
        self.others = 0
        """How many are under way and may come soon."""
        self._stream = stream
        self._waiting: list[Any] = []

    def send(self, values: Any) -> None:
        """Send soon, together with what comes until then."""
        if not self._waiting:
            wait_s = min(_WAIT_S * self.others, _LONGEST_WAIT_S)
            asyncio.get_running_loop().call_later(wait_s, self._flush)
        self._waiting.append(values)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not self._stream.is_closing():
            self._stream.write(frame(waiting))


class Inbox:
    """What comes over a pipe, cut into the messages that were sent."""

    def __init__(self) -> None:
        self._messages: asyncio.Queue[list[Any] | None] = asyncio.Queue()
        self._waiting = bytearray()

    def receive(self, data: bytes) -> None:
        """Take in what came."""
        waiting = self._waiting
        waiting += data
        start = 0
        while len(waiting) - start >= LENGTH_BYTES:
            body = start + LENGTH_BYTES
            end = body + int.from_bytes(waiting[start:body], "little")
            if len(waiting) < end:
                break
            self._messages.put_nowait(values_of(bytes(waiting[body:end])))
            start = end
        del waiting[:start]

    def end(self) -> None:
        """Nothing more comes."""
        self._messages.put_nowait(None)

    async def next(self) -> list[Any] | None:
        """The next message, None at the end."""
        return await self._messages.get()


if __name__ == "__main__":
    main()

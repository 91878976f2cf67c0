"""A worker process: jobs come in on standard input, reports go out on standard output, until the input ends.

It holds a client and nothing else: no map, no frontier. What it has not sent when it dies, the coordinator asks for
again. Ctrl-C is the coordinator's to hear; when that is gone, the input ends, and so does the worker.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from linkmap.fetch import Client, OutOfFilesError
from linkmap.messages import LENGTH_BYTES, frame, pack_report, unpack_client, unpack_job, values_of
from linkmap.worker import visit


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


async def _serve(output: BinaryIO) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2**20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    transport, _ = await loop.connect_write_pipe(asyncio.Protocol, output)
    first = await read_values(reader)
    if first is None:
        return
    outbox = Outbox(transport)
    settings, credentials = unpack_client(first)
    async with Client(settings, credentials) as client, asyncio.TaskGroup() as group:
        while (jobs := await read_values(reader)) is not None:
            for ticket, job in jobs:
                group.create_task(_work(ticket, job, client, outbox))
        os._exit(0)


async def _work(ticket: int, job: Any, client: Client, outbox: "Outbox") -> None:
    try:
        report = pack_report(await visit(unpack_job(job), client))
    except OutOfFilesError:
        report = None
    outbox.send((ticket, report))


class Outbox:
    """Jobs or reports on their way out; those that come in one turn of the loop leave as one message."""

    def __init__(self, stream: asyncio.WriteTransport | asyncio.StreamWriter) -> None:
        self._stream = stream
        self._waiting: list[Any] = []

    def send(self, values: Any) -> None:
        """Send soon."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        self._waiting.append(values)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._stream.write(frame(waiting))


async def read_values(reader: asyncio.StreamReader) -> list[Any] | None:
    """The next message, None at the end of the stream."""
    try:
        size = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "little")
        return values_of(await reader.readexactly(size))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


if __name__ == "__main__":
    main()

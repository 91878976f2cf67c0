"""A network of one's own: an event loop that answers names and routes connections as a test says, and counts both.

linkmap opens its sockets through the loop that runs it. So this is the socket hook: what is not in `dialled` was
not dialled, which an audit hook of the interpreter confirms (`connections`).
"""

import asyncio
import socket
import sys
from typing import Any

NUMERIC = socket.AI_NUMERICHOST
_connected: list[Any] = []


def _note_connection(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        _connected.append(arguments[1])


sys.addaudithook(_note_connection)


class Network(asyncio.SelectorEventLoop):
    """Every address leads to one port on loopback. A name gives its answers one after the other, then its last."""

    def __init__(self, port: int, names: dict[str, list[list[str]]]) -> None:
        super().__init__()
        self.port = port
        self.names = {name: list(answers) for name, answers in names.items()}
        self.dialled: list[str] = []
        """The addresses to which a connection was tried."""
        self._before = len(_connected)

    @property
    def connections(self) -> int:
        """The connections that this process has tried since the loop was made, by whatever way."""
        return len(_connected) - self._before

    def run_in_executor(self, executor: Any, call: Any, *arguments: Any) -> Any:  # type: ignore[override]
        if call is socket.getaddrinfo:
            call = self._look_up
        return super().run_in_executor(executor, call, *arguments)

    def _look_up(self, host: str, *options: Any) -> list[Any]:
        answers = self.names.get(host, [[host]])
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [found for each in addresses for found in socket.getaddrinfo(each, *options, flags=NUMERIC)]

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        self.dialled.append(address[0])
        host = "127.0.0.1" if sock.family == socket.AF_INET else "::ffff:127.0.0.1"
        await super().sock_connect(sock, (host, self.port))

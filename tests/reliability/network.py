"""A network of one's own: an event loop that answers names and routes connections as a test says, and counts both.

linkmap opens its sockets through the loop that runs it. So this is the socket hook: what is not in `dialled` was
not dialled, which an audit hook of the interpreter confirms (`connections`).
"""

import asyncio
import socket
import sys
from typing import Any

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

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> list[Any]:  # type: ignore[override]
        answers = self.names.get(host)
        if answers is None:
            return await super().getaddrinfo(host, port, **options | {"flags": socket.AI_NUMERICHOST})
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        found = []
        for address in addresses:
            found += await super().getaddrinfo(address, port, **options)
        return found

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        self.dialled.append(address[0])
        host = "127.0.0.1" if sock.family == socket.AF_INET else "::ffff:127.0.0.1"
        await super().sock_connect(sock, (host, self.port))

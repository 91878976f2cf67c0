"""A server that says exactly what a test gives it, byte by byte, for answers that no HTTP library would send."""

import socket
import threading
import time
from collections.abc import Iterable
from typing import Self

RESET = b""
"""Instead of bytes: end the connection with a reset."""


class RawServer:
    """Sends the same parts to each client on loopback, and counts the connections. A float is a pause, seconds."""

    def __init__(self, parts: Iterable[bytes | float], *, read_request: bool = True) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self._parts = list(parts)
        self._read_request = read_request
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def __enter__(self) -> Self:
        self._socket.settimeout(0.05)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopped.set()
        self._thread.join(10)
        self._socket.close()

    def _serve(self) -> None:
        clients = []
        while not self._stopped.is_set():
            try:
                client, _ = self._socket.accept()
            except TimeoutError:
                continue
            self.connections += 1
            clients.append(threading.Thread(target=self._answer, args=(client,), daemon=True))
            clients[-1].start()
        for thread in clients:
            thread.join(10)

    def _answer(self, client: socket.socket) -> None:
        with client:
            client.settimeout(5)
            try:
                if self._read_request:
                    self.requests.append(client.recv(65_536))
                for part in self._parts:
                    self._say(client, part)
            except OSError:
                return  # the client left first, as some tests want it to

    def _say(self, client: socket.socket, part: bytes | float) -> None:
        if isinstance(part, float):
            ends = time.monotonic() + part
            while time.monotonic() < ends and not self._stopped.is_set():
                time.sleep(0.01)
        elif part == RESET:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            client.close()
        else:
            client.sendall(part)

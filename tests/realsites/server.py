"""A plain web server for a folder of files: the standard library's, without its lists of folders."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias

Log: TypeAlias = list[tuple[str, int]]
"""The path and query of each request, and the status of its answer."""


class _Files(SimpleHTTPRequestHandler):
    """`index.html` for a folder, 301 to the slash where it is missing, 404 for what is not there."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, *arguments: Any, log: Log | None, **options: Any) -> None:
        self.log = log
        super().__init__(*arguments, **options)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if self.log is not None:
            self.log.append((self.path, int(code)))

    def end_headers(self) -> None:
        self.send_header("LinkChecker", "welcome")  # which it takes for leave to ask without pauses
        super().end_headers()

    def list_directory(self, path: object) -> None:
        self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # clients may leave before a body ends
            raise


@contextmanager
def served(root: Path, log: Log | None = None) -> Iterator[str]:
    """The base URL at which the folder is served, on loopback, for as long as the context lasts."""
    with _Server(("127.0.0.1", 0), partial(_Files, directory=str(root), log=log)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()

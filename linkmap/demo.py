"""A real site for a first run without a network: the standard library's documentation, as pydoc writes it.

A child process renders the pages and serves them on loopback. So some 200 imports, and whatever they print
or start, stay out of the caller; and the child ends when its standard input closes, which happens however
the caller ends. This file is also the child's program, run by its path: it imports the standard library only.
"""

import os
import pydoc
import signal
import socketserver
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import TextIO

INDEX_TITLE = "Python's standard library, served by linkmap demo"

LEFT_OUT = frozenset(
    {
        "antigravity",  # its import opens a browser
        "this",  # its import prints
        "idlelib", "tkinter", "turtle", "turtledemo",  # need a window toolkit, which may be missing
        "lib2to3", "test",  # hundreds of modules for their own use
        "distutils",  # its import warns, or gives setuptools
        "encodings",  # links to 120 codecs that are only loaded on demand: dead links, and nothing else
    }
)  # fmt: skip

_LOADER_VARIABLES = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FRAMEWORK_PATH")
"""All that the child gets of the environment: the pages of os and posix show the variables they find."""


@contextmanager
def pydoc_site() -> Iterator[str]:
    """The base URL of the site, which is there for as long as the context lasts.

    Raises ChildProcessError where the site cannot be served.
    """
    # -I: a random.py in the caller's folder must not stand in for the standard library's.
    command = [sys.executable, "-I", "-X", "utf8", str(Path(__file__).absolute())]
    environment = {name: os.environ[name] for name in _LOADER_VARIABLES if name in os.environ}
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            port = child.stdout.readline().strip()
            if not port.isdecimal():
                raise ChildProcessError(f"{sys.executable} could not serve pydoc's pages on 127.0.0.1")
            yield f"http://127.0.0.1:{port}/"
        finally:
            child.stdin.close()


def serve() -> None:
    """Serve the site until standard input closes; the port is the one line on standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the caller's, who may still want pages
    stdin, stdout = _take_standard_streams()
    threading.Thread(target=_exit_at_end_of, args=(stdin,), daemon=True).start()
    warnings.simplefilter("ignore")
    public, others = _module_names()
    # One after the other and always in this order, so that every run serves the same pages: what pydoc
    # writes depends a little on what it wrote before. A request waits for its page.
    renderer = ThreadPoolExecutor(max_workers=1)
    pages = {f"/{name}.html": renderer.submit(_rendered, name) for name in public + others}
    pages["/"] = Future()
    pages["/"].set_result(_index(public))

    class Pages(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else every answer waits 40 ms for an acknowledgement

        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0])
            body = page.result() if page else None
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            body = body or b"<!DOCTYPE html><title>No such module</title><p>No such module."
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with _Server(("127.0.0.1", 0), Pages) as server:
        print(server.server_address[1], file=stdout, flush=True)
        server.serve_forever()


class _Server(ThreadingHTTPServer):
    request_queue_size = 256

    def server_bind(self) -> None:
        """Without http.server's look-up of the host's name, which may wait for a network."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]


def _take_standard_streams() -> tuple[int, TextIO]:
    """Standard input and output for our own use; modules that print or read meet the null device."""
    stdin, stdout = os.dup(0), os.fdopen(os.dup(1), "w")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    return stdin, stdout


def _exit_at_end_of(descriptor: int) -> None:
    while os.read(descriptor, 4096):
        pass
    os._exit(0)


def _module_names() -> tuple[list[str], list[str]]:
    """The public modules, and the submodules and private ones that are loaded with them.

    All are imported before the first is rendered: a package's page depends on what is loaded.
    """
    public = [name for name in sorted(sys.stdlib_module_names) if not name.startswith("_") and _imported(name)]
    return public, sorted(name for name in list(sys.modules) if _is_loaded(name) and name not in public)


def _imported(name: str) -> bool:
    if name in LEFT_OUT:
        return False
    try:
        return pydoc.safeimport(name) is not None
    except pydoc.ErrorDuringImport:
        return False


def _is_loaded(name: str) -> bool:
    root = name.partition(".")[0]
    known = root in sys.stdlib_module_names and root not in LEFT_OUT
    return known and isinstance(sys.modules[name], ModuleType)


def _rendered(name: str) -> bytes | None:
    """The module's page, or None where pydoc cannot write it; then it is a dead link."""
    module = sys.modules[name]
    try:
        page = pydoc.html.page(pydoc.describe(module), pydoc.html.document(module, name))
    except Exception:  # noqa: BLE001 (pydoc calls what it finds in a module, which may raise anything)
        return None
    return page.encode("utf-8", "replace")


def _index(names: list[str]) -> bytes:
    items = "\n".join(f'<li><a href="{name}.html">{name}</a></li>' for name in names)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{INDEX_TITLE}</title></head>\n'
        f"<body><h1>{INDEX_TITLE}</h1>\n<ul>\n{items}\n</ul></body></html>\n"
    ).encode()


if __name__ == "__main__":
    serve()

"""Servers in processes of their own: nginx for files where there is one, else a small aiohttp server that says so."""

import asyncio
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.measuring import BenchmarkError, surroundings

_READY_S = 10.0
_NGINX = """
daemon off; worker_processes 1; pid {work}/nginx.pid; error_log {work}/error.log; {user}
events {{ worker_connections 2048; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_timeout 60; keepalive_requests 1000000;
    open_file_cache max={files} inactive=600s; open_file_cache_valid 600s;
    client_body_temp_path {work}/body; proxy_temp_path {work}/proxy; fastcgi_temp_path {work}/fastcgi;
    uwsgi_temp_path {work}/uwsgi; scgi_temp_path {work}/scgi;
    types {{ text/html html htm; text/css css; application/javascript js; text/plain txt; image/png png;
             image/gif gif; image/jpeg jpg jpeg; image/svg+xml svg; application/pdf pdf; application/xml xml; }}
    default_type application/octet-stream;
    server {{ {listen} root {root}; index index.html; }}
}}
"""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serve_files(folder: Path, work: Path, hosts: Sequence[str], port: int, *, by_host: bool) -> Iterator[str]:
    """Which server serves the folder at these addresses, for as long as the context lasts.

    With `by_host` each host has a folder of its own below it.
    """
    nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if nginx is None:
        layout = "by-host" if by_host else "one"
        command = [sys.executable, "-m", "benchmarks.servers", str(folder), layout, str(port), *hosts]
        with _started(command, work, hosts[0], port):
            yield "a small aiohttp server, as there is no nginx"
        return
    user = "user root;" if os.geteuid() == 0 else ""
    listen = " ".join(f"listen {host}:{port} backlog=4096;" for host in hosts)
    root = f'"{folder}/$host"' if by_host else f'"{folder}"'
    config = work / "nginx.conf"
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2  # each that is kept is an open file
    config.write_text(_NGINX.format(files=files, work=work, user=user, listen=listen, root=root))
    found = re.search(r"nginx/([\d.]+)", subprocess.run([nginx, "-v"], capture_output=True, text=True).stderr)
    with _started([nginx, "-e", f"{work}/error.log", "-p", str(work), "-c", str(config)], work, hosts[0], port):
        yield f"nginx {found[1] if found else ''} on the same machine"


@contextmanager
def _started(command: list[str], work: Path, host: str, port: int) -> Iterator[None]:
    with (work / "server.txt").open("wb") as output:
        process = subprocess.Popen(command, cwd=work, env=surroundings(), stdout=output, stderr=output)
    try:
        _await_port(process, host, port, work / "server.txt")
        yield
    finally:
        end(process)


def _await_port(process: "subprocess.Popen[bytes]", host: str, port: int, output: Path) -> None:
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection((host, port), 1):
            return
        time.sleep(0.02)
    raise BenchmarkError(f"the server did not start: {output.read_text(errors='replace')[-1000:]}")


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a server in good order."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def _serve(folder: Path, by_host: bool, port: int, hosts: list[str]) -> None:
    from aiohttp import web

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        root = folder / request.host.partition(":")[0] if by_host else folder
        file = root / request.path.lstrip("/")
        if file.is_dir():
            if not request.path.endswith("/"):
                return web.Response(status=301, headers={"Location": f"{request.path}/"})
            file /= "index.html"
        if ".." in file.parts or not file.is_file():
            return web.Response(status=404)
        kind = "text/html" if file.suffix in (".html", ".htm") else "application/octet-stream"
        return web.Response(body=file.read_bytes(), content_type=kind)

    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    for host in hosts:
        await web.TCPSite(runner, host, port, backlog=4096).start()
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), sys.argv[2] == "by-host", int(sys.argv[3]), sys.argv[4:]))

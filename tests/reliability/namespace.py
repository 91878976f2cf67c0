"""A machine of its own for one command line: `unshare -rnm python -m reliability.namespace PRESSES WORD...`

In a network namespace (Linux), loopback carries a public address and private ones, a name server answers on UDP,
and one server accepts every connection to any of these addresses and notes to which. Workers and uvloop are as ever,
nothing of linkmap's is replaced. Ctrl-C is pressed so often once a name has been asked for about which the name server
is silent. Prints what was seen as JSON.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from maps import command, environment

from reliability.addresses import NAMES, PLACES, PUBLIC

PRIVATE = ("10.0.0.1", "100.64.0.1", "169.254.169.254", "172.16.0.1", "192.168.1.1")
PRIVATE_V6 = ("fd00:ec2::254", "fe80::1", "64:ff9b::7f00:1", "2002:7f00:1::")
TURNING = "turns.test"
"""A name that is public for the first question and private for every further one."""
SILENT, GOOD = ".silent.test", ".good.test"
"""Ends of names: those to which no answer comes, and those of the public address."""
FAILING = ".failing.test"
"""The end of names such as `f3`, of which the first three questions fail (SERVFAIL), the further ones do not."""

PAGES = {
    "/": "".join(f'<a href="http://{place}/link">p</a><a href="/hop/{n}">h</a>' for n, place in enumerate(PLACES))
    + f'<a href="http://{TURNING}/first">1</a>',
    "/first": f'<a href="http://{TURNING}:81/second">2</a>',
    "/link": "secret",
    "/landed": "secret",
    "/second": "secret",
    "/robots.txt": "",
}


class Everywhere(ThreadingHTTPServer):
    """Accepts on all addresses and notes to which each connection was made."""

    address_family = socket.AF_INET6
    request_queue_size = 256
    seen: ClassVar[Counter[str]] = Counter()

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def get_request(self) -> tuple[socket.socket, object]:
        connection, client = super().get_request()
        self.seen[connection.getsockname()[0].removeprefix("::ffff:")] += 1
        return connection, client


class Pages(BaseHTTPRequestHandler):
    """The pages above; /hop/N redirects to the N-th place."""

    def do_GET(self) -> None:
        hop = self.path.removeprefix("/hop/")
        body = PAGES.get(self.path, "").encode()
        self.send_response(302 if hop != self.path else 200)
        if hop != self.path:
            self.send_header("Location", f"http://{PLACES[int(hop)]}/landed".encode().decode("latin-1"))
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def answer_names(server: socket.socket, is_silent: threading.Event) -> None:
    """Answer A and AAAA questions (RFC 1035, 4.1) from the table of the tests; note where no answer was given."""
    asked: Counter[str] = Counter()
    turned = 0
    while True:
        question, client = server.recvfrom(512)
        labels, place = [], 12
        while length := question[place]:
            labels.append(question[place + 1 : place + 1 + length].decode("ascii", "replace"))
            place += 1 + length
        name, kind = ".".join(labels).lower(), int.from_bytes(question[place + 1 : place + 3], "big")
        if name.endswith(SILENT):
            is_silent.set()
            continue
        asked[name] += 1
        if name.endswith(FAILING) and asked[name] <= int(name[1:].partition(".")[0]):
            server.sendto(question[:2] + b"\x81\x82\0\1\0\0\0\0\0\0" + question[12 : place + 5], client)
            continue
        is_public = name == "public.test" or name.endswith((GOOD, FAILING))
        addresses = NAMES.get(name, [PUBLIC] if is_public else [])
        if name == TURNING and kind == 1:
            turned += 1
            addresses = [PUBLIC] if turned == 1 else ["127.0.0.1"]
        family = socket.AF_INET if kind == 1 else socket.AF_INET6
        fitting = [each for each in addresses if (":" in each) == (family == socket.AF_INET6)]
        data = [socket.inet_pton(family, each) for each in fitting if kind in (1, 28)]
        start = b"\xc0\x0c" + kind.to_bytes(2, "big") + b"\0\1\0\0\0\0"
        records = b"".join(start + len(each).to_bytes(2, "big") + each for each in data)
        head = question[:2] + b"\x81\x80\0\1" + len(data).to_bytes(2, "big") + b"\0\0\0\0"
        server.sendto(head + question[12 : place + 5] + records, client)


def set_up() -> None:
    """Addresses and the name server of this namespace."""

    def run(*words: str) -> None:
        subprocess.run(words, check=True)

    run("ip", "link", "set", "lo", "up")
    for address in (PUBLIC, *PRIVATE):
        run("ip", "address", "add", f"{address}/32", "dev", "lo")
    for address in PRIVATE_V6:
        run("ip", "-6", "address", "add", f"{address}/128", "dev", "lo", "nodad")
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write("nameserver 127.0.0.1\n")
    run("mount", "--bind", file.name, "/etc/resolv.conf")
    os.unlink(file.name)


def main() -> None:
    set_up()
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind(("127.0.0.1", 53))
    is_silent = threading.Event()
    threading.Thread(target=answer_names, args=(names, is_silent), daemon=True).start()
    for port in (80, 81):
        threading.Thread(target=Everywhere(("::", port), Pages).serve_forever, daemon=True).start()
    presses, pipe = int(sys.argv[1]), subprocess.PIPE
    process = subprocess.Popen(command(*sys.argv[2:]), env=environment(), stdout=pipe, stderr=pipe, text=True)
    pressed = time.monotonic()
    for press in range(presses):
        assert is_silent.wait(30), "no name was asked for that gets no answer"
        time.sleep(0.2 * (press + 1))
        process.send_signal(signal.SIGINT)
        pressed = time.monotonic()
    said = "".join(process.communicate(timeout=120))
    took_s = time.monotonic() - pressed
    print(json.dumps({"seen": Everywhere.seen, "code": process.returncode, "said": said, "took_s": took_s}))


if __name__ == "__main__":
    main()

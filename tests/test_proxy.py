"""Crawls through a real proxy on loopback: what it sees, what it never sees, and what is said when it fails."""

import base64
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Self

import pytest
from conftest import Site
from maps import environment, linkmap, outcomes, rows
from rawserver import RawServer
from tls import Authority, TlsSite

from linkmap.errors import UsageError
from linkmap.proxy import is_private_target, parse_proxy

SECRET = "s3cret-value"


class TestProxy:
    """An HTTP proxy (RFC 9112, 3.2.2 and 3.2.3) that takes every name for 127.0.0.1 and logs each request's head."""

    __test__ = False

    def __init__(self, authorization: str | None = None, certificate: Path | None = None) -> None:
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        """Method, target and headers, in lower case, of each request."""
        proxy = self

        class Handler(StreamRequestHandler):
            timeout = 10

            def handle(self) -> None:
                method, target, _ = self.rfile.readline().decode().split(" ")
                lines = iter(lambda: self.rfile.readline().decode().rstrip(), "")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                proxy.seen.append((method, target, headers))
                if headers.get("proxy-authorization") != authorization:
                    self.wfile.write(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                elif method == "CONNECT":
                    self.tunnel(target)
                else:
                    self.forward(target, headers)

            def tunnel(self, target: str) -> None:
                try:
                    far = socket.create_connection(("127.0.0.1", int(target.rpartition(":")[2])), 10)
                except OSError:
                    self.wfile.write(b"HTTP/1.1 502 Nobody there\r\nContent-Length: 0\r\n\r\n")
                    return
                self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
                with far:
                    join(self.connection, far)

            def forward(self, target: str, headers: dict[str, str]) -> None:
                authority, _, path = target.removeprefix("http://").partition("/")
                kept = "".join(f"{name}: {headers[name]}\r\n" for name in ("host", "user-agent"))
                with socket.create_connection(("127.0.0.1", int(authority.rpartition(":")[2])), 10) as far:
                    far.sendall(f"GET /{path} HTTP/1.1\r\n{kept}Connection: close\r\n\r\n".encode())
                    pour(far, self.connection)

        class Server(ThreadingTCPServer):
            daemon_threads = True

            def get_request(self):  # type: ignore[no-untyped-def]
                client, address = super().get_request()
                client.settimeout(10)
                if certificate is None:
                    return client, address
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(certificate)
                return context.wrap_socket(client, server_side=True, do_handshake_on_connect=False), address

            def handle_error(self, *_: object) -> None:
                """A client that does not trust the certificate hangs up: that is what is tested."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()


def pour(source: socket.socket, target: socket.socket) -> None:
    """Send on all that comes, to the end."""
    try:
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return  # one of the two has left


def join(one: socket.socket, other: socket.socket) -> None:
    """Send on all that comes from either, in one thread: OpenSSL's connections may not be used by two at a time."""
    targets = {one: other, other: one}
    while targets:
        held = [each for each in targets if isinstance(each, ssl.SSLSocket) and each.pending()]
        ready = held or select.select(targets, (), (), 10)[0]
        if not ready:
            return
        for source in ready:
            try:
                if data := source.recv(65_536):
                    targets[source].sendall(data)
                    continue
                targets.pop(source).shutdown(socket.SHUT_WR)
            except OSError:
                return  # one of the two has left


@pytest.fixture
def proxy() -> Iterator[TestProxy]:
    with TestProxy() as running:
        yield running


def test_all_requests_go_through_the_proxy_which_resolves_the_names(
    site: Site, proxy: TestProxy, tmp_path: Path
) -> None:
    a, b = (f"http://{host}.example:{site.port}" for host in ("a", "b"))
    site.pages = {"//a.example/": f'<a href="{b}/in">b</a>', "//b.example/in": "in"}
    done = linkmap("crawl", f"{a}/", "--scope", "any", "--delay", "0", "--proxy", f"http://127.0.0.1:{proxy.port}",
                   cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert outcomes(tmp_path / "map.db") == {f"{a}/": "fetched", f"{b}/in": "fetched"}
    assert [(method, target) for method, target, _ in proxy.seen] == [
        ("GET", f"{a}/robots.txt"), ("GET", f"{a}/"), ("GET", f"{b}/robots.txt"), ("GET", f"{b}/in"),
    ]  # fmt: skip


def test_https_goes_through_a_tunnel_and_what_is_for_the_proxy_stays_out_of_it(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    basic = "Basic " + base64.b64encode(f"me:{SECRET}@".encode()).decode()
    with (
        TestProxy(basic) as proxy,
        TlsSite(authority.certificate("DNS:a.example"), {"/": '<a href="/in">in</a>', "/in": "in"}) as tls,
    ):
        done = linkmap("crawl", tls("/", "a.example"), "--delay", "0", "--ca-file", authority.file, "--verbose",
                       "--proxy", f"http://me:{SECRET}%40@127.0.0.1:{proxy.port}", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert set(outcomes(tmp_path / "map.db").values()) == {"fetched"}
    assert {(method, target) for method, target, _ in proxy.seen} == {("CONNECT", f"a.example:{tls.port}")}
    assert [path for path, _ in tls.headers] == ["/robots.txt", "/", "/in"]
    assert not any("Proxy-Authorization" in headers for _, headers in tls.headers)
    for file in tmp_path.glob("map.db*"):
        assert SECRET.encode() not in file.read_bytes()
        assert basic.encode() not in file.read_bytes()
    assert SECRET not in done.stdout + done.stderr


def test_the_proxy_never_sees_a_private_address_and_may_have_one_itself(
    site: Site, proxy: TestProxy, tmp_path: Path
) -> None:
    private = ["http://10.0.0.1/", "http://[::1]/", "http://localhost:1/", "http://a.localhost/", "http://127.1/"]
    seed = f"http://a.example:{site.port}/"
    site.pages = {"//a.example/": "".join(f'<a href="{url}">x</a>' for url in private)}
    linkmap("crawl", seed, "--scope", "any", "--delay", "0", "--proxy", f"http://127.0.0.1:{proxy.port}", cwd=tmp_path)
    found = outcomes(tmp_path / "map.db")
    assert found.pop(seed) == "fetched"
    assert found == dict.fromkeys([*private[:-1], "http://127.0.0.1/"], "private_address")
    assert {target for _, target, _ in proxy.seen} == {seed, f"{seed}robots.txt"}


def test_a_robots_txt_that_redirects_to_a_private_address_does_not_reach_it_through_the_proxy(
    proxy: TestProxy, tmp_path: Path
) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/robots.txt\r\nContent-Length: 0\r\n\r\n"
    with RawServer([moved]) as raw:
        seed = f"http://a.example:{raw.port}/"
        linkmap("crawl", seed, "--delay", "0", "--proxy", f"http://127.0.0.1:{proxy.port}", cwd=tmp_path)
    assert outcomes(tmp_path / "map.db") == {seed: "private_address"}
    assert {target for _, target, _ in proxy.seen} == {f"{seed}robots.txt"}


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_fails_is_named_and_its_password_is_not(tmp_path: Path, scheme: str) -> None:
    port = closed_port()
    seed = f"{scheme}://a.example:{port}/"
    with TestProxy("Basic other") as asking:
        given = f"http://me:{SECRET}@127.0.0.1:{asking.port}"
        refused = linkmap(
            "crawl", seed, "--no-robots", "--delay", "0", "--proxy", given, "--db", "407.db", cwd=tmp_path
        )
    gone = linkmap("crawl", seed, "--no-robots", "--delay", "0", "--proxy", f"http://me:{SECRET}@127.0.0.1:{port}",
                   "--db", "gone.db", cwd=tmp_path)  # fmt: skip
    nameless = linkmap("crawl", seed, "--no-robots", "--delay", "0", "--proxy", f"http://proxy.invalid:{port}",
                       "--db", "nameless.db", cwd=tmp_path)  # fmt: skip
    for done, name, said in (
        (refused, "407.db", f"the proxy http://127.0.0.1:{asking.port} wants another user and password"),
        (gone, "gone.db", f"the proxy http://127.0.0.1:{port} cannot be reached: "),
        (nameless, "nameless.db", f"the proxy http://proxy.invalid:{port} cannot be reached: "),
    ):
        assert done.returncode == 1
        assert outcomes(tmp_path / name) == {seed: "connect_error"}
        ((detail,),) = rows(tmp_path / name, "SELECT detail FROM page WHERE auxiliary = 0")
        assert detail.startswith(said)
        assert "Traceback" not in done.stderr
        assert SECRET not in done.stdout + done.stderr + detail


def test_a_proxy_may_be_spoken_to_over_tls(site: Site, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    plain = f"http://a.example:{site.port}/"
    site.pages = {"//a.example/": "home"}
    with (
        TestProxy(certificate=authority.certificate("IP:127.0.0.1")) as proxy,
        TlsSite(authority.certificate("DNS:b.example"), {"/": "home"}) as tls,
    ):
        secure, through = tls("/", "b.example"), f"https://127.0.0.1:{proxy.port}"
        done = linkmap(
            "crawl", plain, secure, "--delay", "0", "--ca-file", authority.file, "--proxy", through, cwd=tmp_path
        )
        linkmap("crawl", plain, "--no-robots", "--delay", "0", "--proxy", through, "--db", "no.db", cwd=tmp_path)
    assert done.stderr == ""
    assert outcomes(tmp_path / "map.db") == {plain: "fetched", secure: "fetched"}
    ((outcome, detail),) = rows(
        tmp_path / "no.db", "SELECT outcome.name, detail FROM page JOIN outcome ON outcome.id = outcome"
    )
    assert (outcome, detail.partition(": ")[0]) == ("connect_error", f"the proxy {through} cannot be trusted")


def test_a_tunnel_that_the_proxy_cannot_make_is_no_fault_of_tls(proxy: TestProxy, tmp_path: Path) -> None:
    seed = f"https://a.example:{closed_port()}/"
    linkmap("crawl", seed, "--no-robots", "--delay", "0", "--proxy", f"http://127.0.0.1:{proxy.port}", cwd=tmp_path)
    ((detail,),) = rows(tmp_path / "map.db", "SELECT detail FROM page")
    assert detail == f"the proxy http://127.0.0.1:{proxy.port} made no connection (502)"


def test_a_resumed_crawl_uses_the_proxy_only_where_it_is_given_again(
    site: Site, proxy: TestProxy, tmp_path: Path
) -> None:
    site.pages = {"/": '<a href="/in">in</a>', "/in": "in"}
    through = ("--proxy", f"http://127.0.0.1:{proxy.port}")
    assert (
        linkmap(
            "crawl", site("/"), "--allow-private", "--delay", "0", "--depth", "0", *through, cwd=tmp_path
        ).returncode
        == 0
    )
    assert linkmap("crawl", "--resume", *through, cwd=tmp_path).returncode == 0
    before = len(proxy.seen)
    assert linkmap("crawl", "--add", "--depth", "1", cwd=tmp_path).returncode == 0
    assert site.paths() == ["/", "/in"]
    assert len(proxy.seen) == before


def test_the_proxies_of_the_environment_are_left_alone(site: Site, proxy: TestProxy, tmp_path: Path) -> None:
    import subprocess
    import sys

    site.pages = {"/": "home"}
    url = f"http://127.0.0.1:{proxy.port}"
    done = subprocess.run(
        [sys.executable, "-m", "linkmap", "crawl", site("/"), "--allow-private"], cwd=tmp_path, capture_output=True,
        env=environment() | {"HTTP_PROXY": url, "http_proxy": url, "ALL_PROXY": url},
    )  # fmt: skip
    assert done.returncode == 0
    assert proxy.seen == []


def test_config_shows_the_proxy_without_its_password(tmp_path: Path) -> None:
    (tmp_path / "linkmap.toml").write_text(f'[crawl]\nproxy = "http://me:{SECRET}@proxy.test:3128/"\n')
    shown = linkmap("config", cwd=tmp_path).stdout
    assert "# proxy is set to http://proxy.test:3128, user and password not shown  # linkmap.toml\n" in shown
    assert SECRET not in shown


@pytest.mark.parametrize(
    "written",
    [
        f"socks5://me:{SECRET}@proxy.test",
        f"me:{SECRET}@proxy.test:3128",
        f"http://me:{SECRET}@",
        f"http://me:{SECRET}@proxy.test:port",
        f"http://me:{SECRET}@proxy.test:70000",
        f"http://me:{SECRET}@proxy.test/path",
        f"http://me:{SECRET}@pro xy.test",
        f"http://[{SECRET}",
    ],
)
def test_a_wrong_proxy_is_refused_without_being_repeated(tmp_path: Path, written: str) -> None:
    done = linkmap("crawl", "http://a.test/", "--proxy", written, cwd=tmp_path)
    assert done.returncode == 2
    assert SECRET not in done.stderr
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError):
        parse_proxy(written)


def test_a_proxy_does_not_show_its_password() -> None:
    given = parse_proxy(f"https://me:{SECRET}@[::1]:3128")
    assert (given.url, given.authorization is not None) == ("https://[::1]:3128", True)
    assert SECRET not in repr(given)
    assert str(given.authorization) not in repr(given)


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://10.0.0.1/", True),
        ("https://[fe80::1]:8443/", True),
        ("http://localhost./", True),
        ("http://8.8.8.8/", False),
        ("http://localhost.example/", False),
        ("http://intranet/", False),
    ],
)
def test_which_targets_are_private_without_resolving_them(url: str, private: bool) -> None:
    assert is_private_target(url) is private

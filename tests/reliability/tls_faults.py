"""HTTPS servers that nobody should believe, each under a name of its own, and the class of its fault."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from rawserver import RawServer
from tls import Authority, TlsSite, self_signed


class Untrusted(NamedTuple):
    """Servers at work."""

    faults: dict[str, str]
    """URL -> how the detail of its tls_error begins."""
    options: list[str]
    """What the command line needs to find them, and to know the one authority that may be believed."""
    sites: list[TlsSite]


@contextmanager
def untrusted(folder: Path) -> Iterator[Untrusted]:
    """A server for each fault, on ports of their own."""
    known, stranger = Authority(folder), Authority(folder, "stranger")
    sites = {
        "expired": (TlsSite(known.certificate("DNS:expired.test", -1), {}), "expired: "),
        "wrong-host": (TlsSite(known.certificate("DNS:another.test"), {}), "wrong host: "),
        "self-signed": (TlsSite(self_signed(folder, "DNS:self-signed.test"), {}), "self-signed: "),
        "unknown-root": (TlsSite(stranger.certificate("DNS:unknown-root.test"), {}), "unknown authority: "),
        "old": (TlsSite(known.certificate("DNS:old.test"), {}, old=True), "protocol: "),
        "asks-back": (TlsSite(known.certificate("DNS:asks-back.test"), {}, known.file), "protocol: "),
    }
    with ExitStack() as stack:
        plain = stack.enter_context(RawServer([b"HTTP/1.1 400 Bad Request\r\n\r\n"]))
        places = {"no-tls": (plain.port, "protocol: ")}
        for name, (site, fault) in sites.items():
            places[name] = (stack.enter_context(site).port, fault)
        options = ["--ca-file", str(known.file)]
        for name, (port, _) in places.items():
            options += ["--resolve", f"{name}.test:{port}:127.0.0.1"]
        faults = {f"https://{name}.test:{port}/": fault for name, (port, fault) in places.items()}
        yield Untrusted(faults, options, [site for site, _ in sites.values()])

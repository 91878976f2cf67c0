"""Certificates made with the openssl command line, and a real HTTPS server on loopback that shows them."""

import shutil
import ssl
import subprocess
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import pytest


class Authority:
    """A certificate authority of a test's own; its files lie in one folder."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        if shutil.which("openssl") is None:
            pytest.skip("needs the openssl command line to make certificates")
        self._folder = folder
        self._name = name
        self.file = folder / f"{name}.pem"
        self._key = folder / f"{name}.key"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self._key,
                 "-out", self.file, "-days", "30", "-subj", f"/CN={name}",
                 "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip

    def certificate(self, names: str, days: int = 10) -> Path:
        """One file with a key and a certificate for names such as `DNS:a.test,IP:127.0.0.1`; negative days: expired."""
        place = self._folder / f"{self._name}-{names.replace(':', '-').replace(',', '-')}{days}"
        request, extensions, signed = (place.with_suffix(f".{end}") for end in ("csr", "ext", "crt"))
        key = place.with_suffix(".key")
        extensions.write_text(f"subjectAltName={names}\n")
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                 "-out", request, "-subj", "/CN=test")  # fmt: skip
        _openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self._key, "-CAcreateserial",
                 "-out", signed, "-days", str(days), "-extfile", extensions)  # fmt: skip
        whole = place.with_suffix(".pem")
        whole.write_text(key.read_text() + signed.read_text())
        return whole


def self_signed(folder: Path, names: str) -> Path:
    """One file with a key and a certificate that nobody else signed."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command line to make certificates")
    whole = folder / "self-signed.pem"
    _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", whole,
             "-out", folder / "self-signed.crt", "-days", "30", "-subj", "/CN=test",
             "-addext", f"subjectAltName={names}")  # fmt: skip
    whole.write_text(whole.read_text() + (folder / "self-signed.crt").read_text())
    return whole


class TlsSite:
    """A site of pages by path over HTTPS on loopback. With `client_authority`, clients must show a certificate.

    An `old` one knows TLS 1.1 at best, which RFC 8996 has forbidden since 2021.
    """

    def __init__(
        self, certificate: Path, pages: dict[str, str], client_authority: Path | None = None, *, old: bool = False
    ) -> None:
        self.headers: list[tuple[str, dict[str, str]]] = []
        """Path and headers of each request."""
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.headers.append((self.path, dict(self.headers)))
                body = pages.get(self.path, "").encode()
                self.send_response(200 if self.path in pages else 404)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self):  # type: ignore[no-untyped-def]
                client, address = super().get_request()
                client.settimeout(10)
                return context.wrap_socket(client, server_side=True, do_handshake_on_connect=False), address

            def handle_error(self, *_: object) -> None:
                """A client that does not trust the certificate hangs up: that is what is tested."""

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if old:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
            context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(certificate)
        if client_authority is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(client_authority)
        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.port: int = self._server.server_address[1]

    def __call__(self, path: str, host: str = "127.0.0.1") -> str:
        return f"https://{host}:{self.port}{path}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()


def _openssl(*arguments: object) -> None:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

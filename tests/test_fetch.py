"""One request, one answer, over real sockets: what comes of everything that a server may do."""

import asyncio
import gzip
import os
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import brotli
import pytest
from aiohttp import web
from conftest import Answer as Page
from conftest import Site
from hypothesis import given
from hypothesis import strategies as st
from rawserver import RESET, RawServer

from linkmap.credentials import Credentials, HostHeader
from linkmap.fetch import MAX_RETRY_AFTER_S, Answer, Client, ClientSettings, retry_after_s
from linkmap.model import Job, LinkKind, Outcome, Report
from linkmap.parse.links import redirect_link
from linkmap.sniffing import sniffed_type
from linkmap.worker import visit

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}


def get(*urls: str, any_type: bool = False, **settings: Any) -> list[Answer]:
    """The answers to the URLs, asked for one after the other by one client."""

    async def ask() -> list[Answer]:
        chosen = {"allow_private": True, "timeout_s": 10.0} | settings
        async with Client(ClientSettings(user_agent="linkmap-test/1", **chosen)) as client:
            asked: dict[str, Any] = {"reads": lambda _: True} if any_type else {}
            return [await client.get(url, **asked) for url in urls]

    return asyncio.run(ask())


def get_raw(*parts: bytes | float, **settings: Any) -> Answer:
    """The answer of a server that says exactly these bytes."""
    with RawServer(parts) as server:
        return get(server.url, **settings)[0]


def report_of(url: str) -> Report:
    """What a worker makes of a page."""

    async def ask() -> Report:
        async with Client(ClientSettings(user_agent="linkmap-test/1", allow_private=True)) as client:
            return await visit(Job(1, url), client)

    return asyncio.run(ask())


def with_body(body: bytes, *headers: bytes) -> bytes:
    length = b"Content-Length: %d" % len(body)
    return HTML + b"\r\n".join([length, *headers]) + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    ("status", "headers", "outcome", "reason"),
    [
        (200, {}, Outcome.FETCHED, "a page"),
        (200, {"Content-Type": "application/xhtml+xml"}, Outcome.FETCHED, "of either kind"),
        (200, {"Content-Type": "TEXT/HTML;charset=x"}, Outcome.FETCHED, "types are free of case"),
        (200, {"Content-Type": "application/pdf"}, Outcome.NOT_HTML, "a file"),
        (200, {"Content-Type": "text/htmlx"}, Outcome.NOT_HTML, "another type"),
        (201, {}, Outcome.FETCHED, "any 2xx is an answer"),
        (204, {}, Outcome.NOT_HTML, "no page without content, whatever type it names"),
        (300, {"Location": "/x"}, Outcome.REDIRECT, "a choice with a default"),
        (301, {"Location": "/x"}, Outcome.REDIRECT, "moved"),
        (302, {"Location": "/x"}, Outcome.REDIRECT, "found"),
        (303, {"Location": "/x"}, Outcome.REDIRECT, "see other"),
        (307, {"Location": "/x"}, Outcome.REDIRECT, "temporary"),
        (308, {"Location": "/x"}, Outcome.REDIRECT, "permanent"),
        (301, {}, Outcome.PROTOCOL_ERROR, "to nowhere"),
        (304, {}, Outcome.PROTOCOL_ERROR, "nothing was asked about"),
        (305, {"Location": "/x"}, Outcome.PROTOCOL_ERROR, "use a proxy: long withdrawn"),
        (200, {"Location": "/x"}, Outcome.FETCHED, "a Location that means nothing"),
        (400, {}, Outcome.CLIENT_ERROR, "a broken link"),
        (401, {}, Outcome.BLOCKED, "a door"),
        (402, {}, Outcome.CLIENT_ERROR, "another 4xx"),
        (403, {}, Outcome.BLOCKED, "a door"),
        (404, {}, Outcome.CLIENT_ERROR, "a broken link"),
        (407, {}, Outcome.BLOCKED, "a door"),
        (410, {}, Outcome.CLIENT_ERROR, "gone"),
        (429, {}, Outcome.BLOCKED, "too many requests"),
        (500, {}, Outcome.SERVER_ERROR, "the server's fault"),
        (503, {}, Outcome.SERVER_ERROR, "and for a while"),
        (599, {}, Outcome.SERVER_ERROR, "the last of its class"),
        (999, {}, Outcome.SERVER_ERROR, "a number that some sites invent"),
    ],
)
def test_what_a_status_means(site: Site, status: int, headers: dict[str, str], outcome: Outcome, reason: str) -> None:
    site.pages["/"] = Page("text", status, headers)
    (answer,) = get(site("/"))
    assert answer.visit.outcome is outcome, reason
    assert answer.visit.status == status
    assert answer.location == ("/x" if outcome is Outcome.REDIRECT else None)
    assert site.paths() == ["/"], "one request, and no redirect followed"


def test_a_page_brings_its_body_and_evidence(site: Site) -> None:
    day = "Wed, 01 Jan 2025 00:00:00 GMT"
    headers = {"Content-Type": "text/html; charset=latin1", "ETag": '"1"', "Last-Modified": day}
    site.pages["/"] = Page(b"caf\xe9", headers=headers)
    (answer,) = get(site("/"))
    assert answer.body == b"caf\xe9"
    assert answer.header("content-type") == "text/html; charset=latin1"
    found = answer.visit
    assert (found.content_type, found.body_bytes, found.cut, found.truncated) == ("text/html", 4, False, False)
    assert (found.etag, found.last_modified) == ('"1"', day)
    assert found.digest == blake2b(b"caf\xe9", digest_size=16).digest()
    assert found.fetched_at > 1_700_000_000
    assert 0 < found.seconds < 10


def test_a_body_that_is_not_html_comes_only_where_it_is_wanted(site: Site) -> None:
    site.pages["/"] = Page("User-agent: *", headers={"Content-Type": "text/plain"})
    (unwanted,), (wanted,) = get(site("/")), get(site("/"), any_type=True)
    assert (unwanted.body, unwanted.visit.digest) == (b"", None)
    assert wanted.body == b"User-agent: *"


def test_the_request_says_who_asks_and_what_is_understood(site: Site) -> None:
    site.pages["/"] = "page"
    get(site("/"))
    headers = site.log[0].headers
    assert headers["User-Agent"] == "linkmap-test/1"
    assert headers["Accept"].startswith("text/html")
    assert {word.strip() for word in headers["Accept-Encoding"].split(",")} == set(COMPRESSORS)
    assert "Referer" not in headers


def test_a_header_given_for_a_host_takes_the_place_of_the_usual_one() -> None:
    async def ask(url: str) -> None:
        credentials = Credentials([HostHeader(url.rstrip("/"), "accept", "text/plain")])
        async with Client(ClientSettings("bot", allow_private=True), credentials) as client:
            await client.get(url)

    with RawServer([with_body(b"hello")]) as server:
        asyncio.run(ask(server.url))
    sent = [line for line in server.requests[0].split(b"\r\n") if line.lower().startswith(b"accept:")]
    assert sent == [b"accept: text/plain"]


def test_a_connection_that_is_not_to_be_kept_is_closed_where_the_server_would_keep_it() -> None:
    async def ask(url: str, other: str) -> None:
        async with Client(ClientSettings("bot", allow_private=True, idle_hosts=1)) as client:
            await client.get(other)
            await client.get(url)
            await asyncio.to_thread(closed.wait, 3)

    closed = threading.Event()

    def keep(server: socket.socket) -> None:
        client, _ = server.accept()
        with client:
            client.recv(65_536)
            client.sendall(with_body(b"hello"))
            if client.recv(1) == b"":
                closed.set()

    with socket.create_server(("127.0.0.1", 0)) as server, RawServer([with_body(b"hello"), 1.0]) as other:
        thread = threading.Thread(target=keep, args=(server,))
        thread.start()
        began = time.monotonic()
        asyncio.run(ask(f"http://127.0.0.1:{server.getsockname()[1]}/", other.url.replace("127.0.0.1", "localhost")))
        took_s = time.monotonic() - began
        thread.join()
    assert closed.is_set()
    assert took_s < 2, "closed by this request, not with the client"


def test_cookies_are_not_sent_back(site: Site) -> None:
    site.pages["/"] = Page("page", headers={"Set-Cookie": "id=1; Path=/"})
    get(site("/"), site("/"))
    assert [hit.headers.get("Cookie") for hit in site.log] == [None, None]


def test_a_url_is_requested_as_it_is_written(site: Site) -> None:
    written = "/a%2fb//c/%7E?q=%e4+%20&&=;"
    get(site(written))
    with RawServer([with_body(b"")]) as server:
        get(server.url + "a%2fb//c/%7E?q=%e4+%20&&=;")
        assert server.requests[0].startswith(b"GET " + written.encode() + b" HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("sent", "location", "target"),
    [
        (b"/caf\xc3\xa9", "/café", "http://a.test/caf%C3%A9"),
        (b"/caf\xe9", "/caf%E9", "http://a.test/caf%E9"),
        (b"/\xff\xfe?\xe9", "/%FF%FE?%E9", "http://a.test/%FF%FE?%E9"),
        (b"  /x  ", "/x", "http://a.test/x"),
    ],
)
def test_a_location_keeps_its_bytes(sent: bytes, location: str, target: str) -> None:
    answer = get_raw(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + sent + b"\r\n\r\n")
    assert answer.location == location
    assert [each.url for each in redirect_link(location, "http://a.test/").targets] == [target]


@pytest.mark.parametrize(
    ("parts", "outcome", "detail", "reason"),
    [
        ([], Outcome.CONNECT_ERROR, "closed the connection", "an end without a word"),
        ([RESET], Outcome.CONNECT_ERROR, "reset", "a reset"),
        ([b"HTTP/1.1 200 OK\r\nContent-Ty"], Outcome.CONNECT_ERROR, "closed the connection", "an end in the headers"),
        ([b"SSH-2.0-OpenSSH_9.6\r\n"], Outcome.PROTOCOL_ERROR, "status line", "another protocol"),
        ([b"<html>hello"], Outcome.PROTOCOL_ERROR, "status line", "HTTP/0.9"),
        ([b"HTTP/1.1 abc OK\r\n\r\n"], Outcome.PROTOCOL_ERROR, "status", "no number"),
        (
            [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"],
            Outcome.PROTOCOL_ERROR,
            "not asked for",
            "an unwanted upgrade",
        ),
        ([HTML, b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc"], Outcome.PROTOCOL_ERROR, "", "two lengths"),
        ([HTML, b"Content-Length: -1\r\n\r\nabc"], Outcome.PROTOCOL_ERROR, "", "a length below nothing"),
        ([HTML, b"X: a\0b\r\n\r\n"], Outcome.PROTOCOL_ERROR, "", "a NUL in a header"),
        ([HTML, b"X: " + b"y" * 70_000 + b"\r\n\r\n"], Outcome.PROTOCOL_ERROR, "65536", "a header over 64 KiB"),
        ([HTML, *[b"y" * 65_536] * 100], Outcome.PROTOCOL_ERROR, "", "a header without end"),
        ([HTML, b"X: y\r\n" * 300, b"\r\n"], Outcome.PROTOCOL_ERROR, "headers", "more than 256 headers"),
    ],
)
def test_answers_that_make_no_sense(parts: list[bytes], outcome: Outcome, detail: str, reason: str) -> None:
    answer = get_raw(*parts)
    assert answer.visit.outcome is outcome, reason
    assert detail in (answer.visit.detail or "")
    assert (answer.visit.detail or "").isprintable()
    assert len(answer.visit.detail or "") <= 300


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([HTML, b"\r\nhello"], "a body that ends with the connection"),
        ([b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\nhello"], "HTTP/1.0"),
        ([b"HTTP/1.1 200\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello"], "no reason phrase"),
        ([b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", with_body(b"hello")], "an early hint before it"),
        (
            [HTML, b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nX: y\r\n\r\n"],
            "chunks, a trailer",
        ),
        ([with_body(b"hello", b"Content-Security-Policy: " + b"y" * 60_000)], "a header of 60 KB"),
        ([with_body(b"hello", *[b"X: y"] * 200)], "200 headers"),
        ([with_body(b"hello"), b"and more"], "a body longer than its length: the first bytes count, as in browsers"),
        ([with_body(b"hello") + b"and more"], "the same in one piece"),
        ([with_body(b"hello") + with_body(b"other")], "a second answer to one request"),
        ([*(bytes([byte]) for byte in with_body(b"hello")[:-5]), b"hello and more"], "the same, its head byte by byte"),
        ([b"HTTP/1.1 103 Early Hints\r\n\r\n" * 2 + with_body(b"hello") + b"more"], "and behind early hints"),
        ([HTML, b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nmore"], "bytes behind the last chunk"),
        ([b"HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 5\n\nhello"], "bare line feeds, RFC 9112, 2.2"),
    ],
)
def test_unusual_answers_are_read(parts: list[bytes], reason: str) -> None:
    answer = get_raw(*parts)
    assert (answer.visit.outcome, answer.body) == (Outcome.FETCHED, b"hello"), reason
    assert not answer.visit.truncated


def test_a_204_with_a_body_is_a_204() -> None:
    answer = get_raw(b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello")
    assert (answer.visit.outcome, answer.visit.status, answer.body) == (Outcome.NOT_HTML, 204, b"")


def test_what_follows_a_body_is_never_the_answer_to_another_request() -> None:
    with RawServer([with_body(b"hello") + with_body(b"smuggled"), 0.5]) as server:
        first, second = get(server.url, server.url)
        assert (first.body, second.body) == (b"hello", b"hello")
        assert server.connections == 2


UNTYPED = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("parts", "outcome", "content_type", "reason"),
    [
        ([UNTYPED, b"\r\n<!DOCTYPE html><p>x"], Outcome.FETCHED, "text/html", "no Content-Type"),
        ([UNTYPED, b"Content-Type:\r\n\r\n<html>"], Outcome.FETCHED, "text/html", "an empty one"),
        ([UNTYPED, b"Content-Type: html\r\n\r\n<html>"], Outcome.FETCHED, "text/html", "one that is no type"),
        ([UNTYPED, b"Content-Type: */*\r\n\r\n<html>"], Outcome.FETCHED, "text/html", "one that says nothing"),
        ([UNTYPED, b"\r\n<!DOC", 0.1, b"TYPE html>"], Outcome.FETCHED, "text/html", "a beginning in two pieces"),
        ([UNTYPED, b"\r\n<html>", b"x" * 5_000], Outcome.FETCHED, "text/html", "a long one"),
        ([UNTYPED, b"\r\nhello"], Outcome.NOT_HTML, None, "text"),
        ([UNTYPED, b"\r\n"], Outcome.NOT_HTML, None, "nothing"),
        ([UNTYPED, b"\r\n", *[b"\0" * 5_000, 0.05] * 500], Outcome.NOT_HTML, None, "an endless file, left early"),
        ([UNTYPED, b"Content-Type: text/plain\r\n\r\n<html>"], Outcome.NOT_HTML, "text/plain", "a type is believed"),
        ([UNTYPED, b"X-Content-Type-Options: nosniff\r\n\r\n<html>"], Outcome.NOT_HTML, None, "nosniff forbids it"),
        ([UNTYPED, b"\r\n<?xml version='1.0'?><rss/>"], Outcome.NOT_HTML, None, "XML, where it is not asked for"),
        ([b"HTTP/1.1 404 Not Found\r\n\r\n<html>"], Outcome.CLIENT_ERROR, None, "of errors no body is read"),
    ],
)
def test_an_answer_without_a_type_is_what_it_begins_like(
    parts: list[bytes | float], outcome: Outcome, content_type: str | None, reason: str
) -> None:
    answer = get_raw(*parts)
    assert (answer.visit.outcome, answer.visit.content_type) == (outcome, content_type), reason
    assert bool(answer.body) == (outcome is Outcome.FETCHED)
    if outcome is Outcome.FETCHED:
        assert answer.visit.detail == "no Content-Type that says anything: text/html by its first bytes"
        assert answer.body == b"".join(part for part in parts if isinstance(part, bytes)).partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize(
    ("beginning", "found", "reason"),
    [
        (b" \t\r\n\f<!doctype HTML>", "text/html", "white space and case do not count"),
        (b"<a href=x>", "text/html", "a link"),
        (b"<b>", "text/html", "one letter"),
        (b"<!-- x", "text/html", "a comment"),
        (b"<br>", "text/html", "a tag of two letters"),
        (b"<ab>", None, "no tag of that name there"),
        (b"<p\n>", None, "the byte behind a name is a space or >"),
        (b"\xef\xbb\xbf<html>", None, "a byte order mark makes it plain text"),
        (b"x<html>", None, "not at the beginning"),
        (b" " * 1_441 + b"<b>", "text/html", "within 1,445 bytes"),
        (b" " * 1_443 + b"<b>", None, "beyond them"),
        (b" <?xml version='1.0'?>", "text/xml", "XML"),
        (b"<?XML?>", None, "which has a case"),
    ],
)
def test_what_a_beginning_looks_like(beginning: bytes, found: str | None, reason: str) -> None:
    assert sniffed_type(beginning) == found, reason


def test_a_feed_without_a_type_is_read() -> None:
    feed = b"<?xml version='1.0'?><rss><channel><item><link>/x</link></item></channel></rss>"
    with RawServer([UNTYPED, b"\r\n", feed]) as server:
        report = report_of(server.url)
    assert (report.visit.outcome, report.visit.content_type) == (Outcome.NOT_HTML, "text/xml")
    assert [target.url for target in report.targets] == [f"{server.url}x"]


@pytest.mark.parametrize(
    ("parts", "body", "reason"),
    [
        ([HTML, b"Content-Length: 100\r\n\r\n<a href=x>"], b"<a href=x>", "a body shorter than its length"),
        ([HTML, b"Transfer-Encoding: chunked\r\n\r\na\r\n<a href=x>\r\n5\r\nab"], b"<a href=x>ab", "no last chunk"),
        ([HTML, b"Content-Length: 100\r\n\r\n<a href=x>", 0.2, RESET], b"<a href=x>", "a reset within the body"),
        ([with_body(b"hello", b"Content-Encoding: gzip")], b"", "bytes that are not gzip"),
        ([with_body(gzip.compress(b"hello" * 1_000)[:-30], b"Content-Encoding: gzip")[:-1]], None, "half a gzip"),
    ],
)
def test_a_body_that_ends_early_is_kept_and_flagged(parts: list[bytes], body: bytes | None, reason: str) -> None:
    answer = get_raw(*parts)
    assert answer.visit.outcome is Outcome.FETCHED, reason
    assert answer.visit.truncated
    assert not answer.visit.cut
    if body is not None:
        assert answer.body == body
    assert answer.visit.body_bytes == len(answer.body)


@pytest.mark.parametrize("coding", [None, *COMPRESSORS])
@pytest.mark.parametrize(("limit", "cut"), [(4_999, True), (5_000, False), (5_001, False)])
def test_the_limit_counts_decoded_bytes(coding: str | None, limit: int, cut: bool) -> None:
    text = bytes(range(250)) * 20
    sent = with_body(COMPRESSORS[coding](text), b"Content-Encoding: " + coding.encode()) if coding else with_body(text)
    answer = get_raw(sent, max_bytes=limit)
    assert answer.visit.outcome is Outcome.FETCHED
    assert answer.body == text[:limit]
    assert (answer.visit.cut, answer.visit.truncated) == (cut, False)


@pytest.mark.parametrize("coding", COMPRESSORS)
def test_a_bomb_of_100_megabytes_stays_small(coding: str) -> None:
    bomb = with_body(COMPRESSORS[coding](bytes(100_000_000)), b"Content-Encoding: " + coding.encode())
    assert len(bomb) < 200_000
    tracemalloc.start()
    try:
        answer = get_raw(bomb, max_bytes=1_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (len(answer.body), answer.visit.cut) == (1_000_000, True)
    assert peak < 25_000_000, "what is decoded at a time must not be the whole"


def test_a_body_without_end_is_cut() -> None:
    answer = get_raw(HTML, b"\r\n", *[b"x" * 50_000] * 2_000, max_bytes=100_000)
    assert (len(answer.body), answer.visit.cut) == (100_000, True)


DRIP = [part for _ in range(500) for part in (b"y", 0.05)]


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([30.0], "silence"),
        ([b"HTTP/1.1 200 OK\r\nX: ", *DRIP], "headers that drip"),
        ([HTML, b"Content-Length: 10000\r\n\r\n", *DRIP], "a body that drips"),
    ],
)
def test_a_slow_answer_ends_at_the_deadline(parts: list[bytes | float], reason: str) -> None:
    answer = get_raw(*parts, timeout_s=0.5)
    assert answer.visit.outcome is Outcome.TIMEOUT, reason
    assert answer.visit.detail == "no complete answer within 0.5 s"


@pytest.mark.parametrize(
    ("head", "outcome", "reason"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 9999\r\n\r\n", Outcome.CLIENT_ERROR, "a page that is missing"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n", Outcome.NOT_HTML, "a radio station"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", Outcome.NOT_HTML, "events to come"),
        (b"HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 9999\r\n\r\n", Outcome.REDIRECT, "a redirect"),
    ],
)
def test_headers_that_settle_an_answer_need_no_body(head: bytes, outcome: Outcome, reason: str) -> None:
    answer = get_raw(head, *DRIP, timeout_s=0.5)
    assert answer.visit.outcome is outcome, reason
    assert (answer.body, answer.visit.truncated) == (b"", False)


def test_the_rest_of_an_unwanted_answer_keeps_its_connection(site: Site) -> None:
    ports: list[int] = []

    async def remember(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        ports.append(request.transport.get_extra_info("peername")[1])
        return web.Response(status=404, text="x" * 10_000)

    site.pages["/a"] = site.pages["/b"] = remember
    get(site("/a"), site("/b"))
    assert len(set(ports)) == 1, "both requests came over one connection"


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("127.0.0.1", "an address, which never sees the resolver"),
        ("[::ffff:7f00:1]", "the same in IPv6"),
        ("0.0.0.0", "this host, by its other name"),
        ("localhost", "a name"),
        ("named.test", "a name that --resolve leads there"),
    ],
)
def test_private_addresses_are_not_dialled(host: str, reason: str) -> None:
    with RawServer([with_body(b"secret")]) as server:
        resolve = (("named.test", server.port, "127.0.0.1"),)
        (answer,) = get(f"http://{host}:{server.port}/", allow_private=False, resolve=resolve)
        assert server.connections == 0, reason
    assert answer.visit.outcome is Outcome.PRIVATE_ADDRESS, reason
    assert "not a public address" in (answer.visit.detail or "")
    assert (answer.visit.status, answer.body) == (None, b"")


def test_resolve_stands_in_for_the_resolver_at_its_host_and_port_alone(site: Site) -> None:
    site.pages["//named.test/x"] = "found by its name"
    settings = {"resolve": (("named.test", site.port, "127.0.0.1"),)}
    found, elsewhere = get(f"http://named.test:{site.port}/x", "http://named.test:1/", **settings)
    assert found.body == b"found by its name"
    assert site.log[0].host == f"named.test:{site.port}"
    assert elsewhere.visit.outcome is Outcome.DNS_ERROR


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://nothing.invalid/", "a name that cannot be (RFC 6761)"),
        (f"http://{'a' * 64}.test/", "a label over 63 characters"),
        ("http://a..test/", "an empty label"),
    ],
)
def test_names_without_an_address_are_dns_errors(url: str, reason: str) -> None:
    (answer,) = get(url)
    assert answer.visit.outcome is Outcome.DNS_ERROR, reason
    assert answer.visit.detail


def test_a_port_where_nobody_listens_is_a_connect_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (answer,) = get(f"http://127.0.0.1:{port}/")
    assert answer.visit.outcome is Outcome.CONNECT_ERROR


def test_tls_to_a_plain_port_is_a_tls_error() -> None:
    with RawServer([b"HTTP/1.1 400 Bad Request\r\n\r\n"]) as server:
        (answer,) = get(server.url.replace("http:", "https:"))
    assert answer.visit.outcome is Outcome.TLS_ERROR
    assert answer.visit.detail


NOW = 1_445_412_400.0
"""80 seconds before Wed, 21 Oct 2015 07:28:00 GMT, by `date -u -d @1445412400`."""


@pytest.mark.parametrize(
    ("header", "wait_s", "reason"),
    [
        ("120", 120.0, "seconds"),
        (" 7 ", 7.0, "with blanks around"),
        ("0", 0.0, "at once"),
        ("9" * 400, MAX_RETRY_AFTER_S, "absurd: a day at most"),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 80.0, "a date"),
        ("Wednesday, 21-Oct-15 07:28:00 GMT", 80.0, "in the form of RFC 850"),
        ("Wed Oct 21 07:28:00 2015", 80.0, "or of asctime, which is in UTC"),
        ("Wed, 21 Oct 2015 07:26:00 GMT", 0.0, "a date in the past"),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_RETRY_AFTER_S, "one far away"),
        ("-5", None, "a negative number"),
        ("1.5", None, "a fraction"),
        ("٣", None, "other digits"),
        ("soon", None, "a word"),
        ("", None, "nothing"),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None, "no day"),
        ("Wed, 21 Oct 99999 07:28:00 GMT", None, "no year"),
        (None, None, "no header"),
    ],
)
def test_retry_after(header: str | None, wait_s: float | None, reason: str) -> None:
    assert retry_after_s(header, NOW) == wait_s, reason


@pytest.mark.skipif(sys.platform == "win32", reason="no time zone by environment")
def test_retry_after_does_not_depend_on_the_local_time_zone() -> None:
    script = f"from linkmap.fetch import *; print(retry_after_s('Wed Oct 21 07:28:00 2015', {NOW}))"
    environment = os.environ | {"TZ": "America/New_York"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert float(done.stdout) == 80.0


@given(st.one_of(st.text(), st.text(alphabet="Wed, 21Oct20:5GMT+-", max_size=40)))
def test_no_retry_after_is_too_strange(header: str) -> None:
    wait_s = retry_after_s(header, NOW)
    assert wait_s is None or 0 <= wait_s <= MAX_RETRY_AFTER_S


def test_retry_after_stands_on_the_visit(site: Site) -> None:
    site.pages["/"] = Page("later", 503, {"Retry-After": "90"})
    assert get(site("/"))[0].visit.retry_after_s == 90.0


def test_a_worker_reports_links_of_what_came_of_a_truncated_page() -> None:
    with RawServer([HTML, b"Content-Length: 999\r\n\r\n<a href=/x>t</a><a hre"]) as server:
        report = report_of(server.url)
    assert (report.visit.outcome, report.visit.truncated) == (Outcome.FETCHED, True)
    assert [target.url for target in report.targets] == [f"{server.url}x"]


def test_a_worker_reads_a_page_whose_charset_is_no_text() -> None:
    page = b'HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=\xff\r\nETag: "\xff"\r\n\r\n<a href=/x>t</a>'
    with RawServer([page]) as server:
        report = report_of(server.url)
    assert (report.visit.outcome, report.visit.charset) == (Outcome.FETCHED, "utf-8")
    assert report.visit.etag == '"%FF"'
    assert len(report.links) == 1


def test_a_worker_reports_one_link_for_a_redirect(site: Site) -> None:
    site.pages["/a"] = Page("", 301, {"Location": "b#c"})
    report = report_of(site("/a"))
    assert [target.url for target in report.targets] == [site("/b")]
    assert [link.kind for link in report.links] == [LinkKind.REDIRECT]
    assert report.document is None


@pytest.mark.parametrize("location", ["javascript:go()", "data:text/html,<a href=x>"])
def test_a_redirect_to_no_page_is_a_protocol_error(site: Site, location: str) -> None:
    site.pages["/a"] = Page("", 301, {"Location": location})
    report = report_of(site("/a"))
    assert report.visit.outcome is Outcome.PROTOCOL_ERROR
    assert report.visit.detail == f"redirect to a {location.partition(':')[0]}: URL"
    assert not report.links


def test_a_worker_reads_a_large_page_beside_the_loop(site: Site) -> None:
    site.pages["/"] = "".join(f"<a href=/{number}>{number}</a>" for number in range(20_000))
    report = report_of(site("/"))
    assert len(report.links) == 20_000

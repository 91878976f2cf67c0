"""What servers do wrong, and what must become of their pages: one row a behaviour, worked out by hand."""

import gzip

from reliability.zoo import (
    CODINGS,
    HTML,
    OK,
    PAGE,
    RESET,
    Behaviour,
    Part,
    answer,
    bomb,
    coded,
    drip,
    endless,
    moved,
)

TIMEOUT_S = 2.0
LATE = f"no complete answer within {TIMEOUT_S:g} s"


def raw(*parts: Part) -> tuple[Part, ...]:
    """Exactly these bytes."""
    return parts


def header(line: bytes) -> tuple[bytes, ...]:
    """A page with one more line in its head."""
    return (answer(PAGE, line),)


def sized(*lengths: bytes) -> tuple[bytes, ...]:
    """A page with these lines for its Content-Length."""
    return (HTML + b"".join(line + b"\r\n" for line in lengths) + b"\r\n" + PAGE,)


def chunked(body: bytes) -> tuple[bytes, ...]:
    """A page whose chunks are given as sent."""
    return (HTML + b"Transfer-Encoding: chunked\r\n\r\n" + body,)


def half(coding: str) -> tuple[bytes, ...]:
    """A packed page whose stream breaks off."""
    packed = CODINGS[coding](PAGE + bytes(range(256)) * 200)
    return (coded(coding, packed[: len(packed) // 2]),)


SLOW = {
    "silence": Behaviour((30.0,), "timeout", "not a byte", LATE),
    "drip-head": Behaviour(drip(OK, b"X: "), "timeout", "a head that drips", LATE),
    "drip-headers": Behaviour(drip(OK, each=b"X: y\r\n"), "timeout", "one header after the other", LATE),
    "drip-body": Behaviour(drip(HTML, b"Content-Length: 9999\r\n\r\n"), "timeout", "a body that drips", LATE),
    "drip-chunks": Behaviour(
        drip(HTML, b"Transfer-Encoding: chunked\r\n\r\n", each=b"1\r\ny\r\n"), "timeout", "chunks that drip", LATE
    ),
    "drip-untyped": Behaviour(drip(OK, b"\r\n"), "timeout", "a body that drips and may be HTML", LATE),
    "drip-hints": Behaviour(drip(each=b"HTTP/1.1 103 Early Hints\r\n\r\n", pause_s=0.5), "timeout", "hints", LATE),
    "drip-gzip": Behaviour(
        drip(HTML, b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"")[:10], each=b"\0"), "fetched",
        "packed nothing, which ends as a fault of the packing", flags="truncated",
    ),
    "stops-in-body": Behaviour((HTML, b"Content-Length: 9999\r\n\r\n", PAGE, 30.0), "timeout", "half a body", LATE),
    "drip-404": Behaviour(
        drip(b"HTTP/1.1 404 Not Found\r\n\r\n"), "client_error", "the status settles it, however the body drips"
    ),
    "radio": Behaviour(drip(OK, b"Content-Type: audio/mpeg\r\n\r\n"), "not_html", "the type settles it"),
}  # fmt: skip

ENDLESS = {
    "endless-body": Behaviour(endless(HTML, b"\r\n", PAGE), "fetched", "a body without end", "", "cut", 1),
    "endless-chunks": Behaviour(
        endless(HTML, b"Transfer-Encoding: chunked\r\n\r\n", each=b"10000\r\n" + b"y" * 65_536 + b"\r\n"), "fetched",
        "chunks without end", "", "cut",
    ),
    "endless-header": Behaviour(endless(OK, b"X: "), "protocol_error", "a header without end", "65536"),
    "endless-headers": Behaviour(endless(OK, each=b"X: y\r\n" * 1000), "protocol_error", "headers without end"),
    "endless-status": Behaviour(endless(b"HTTP/1.1 200 "), "protocol_error", "a reason without end", "65536"),
    "endless-lines": Behaviour(endless(each=b"\r\n" * 10_000), "protocol_error", "empty lines, no answer", "lines"),
    "endless-hints": Behaviour(
        endless(each=b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100), "protocol_error", "hints without end", "interim"
    ),
    "endless-extension": Behaviour(
        endless(HTML, b"Transfer-Encoding: chunked\r\n\r\n1;"), "timeout", "a chunk extension without end", LATE
    ),
    "endless-trailers": Behaviour(
        endless(HTML, b"Transfer-Encoding: chunked\r\n\r\n0\r\n", each=b"X: y\r\n" * 1000), "fetched",
        "trailers without end", "", "truncated",
    ),
}  # fmt: skip

LENGTHS = {
    "short": Behaviour(sized(b"Content-Length: 999"), "fetched", "shorter than it says", "", "truncated", 1),
    "long": Behaviour((answer() + b"and more",), "fetched", "longer than it says", links=1),
    "unsized": Behaviour(sized(), "fetched", "a body that ends with the connection", links=1),
    "same-lengths": Behaviour(
        sized(*[b"Content-Length: %d" % len(PAGE)] * 2), "protocol_error", "two lengths, though the same"
    ),
    "two-lengths": Behaviour(sized(b"Content-Length: 1", b"Content-Length: 2"), "protocol_error", "two lengths"),
    "minus": Behaviour(sized(b"Content-Length: -1"), "protocol_error", "less than nothing"),
    "no-number": Behaviour(sized(b"Content-Length: many"), "protocol_error", "no number"),
    "overflow": Behaviour(sized(b"Content-Length: " + b"9" * 30), "protocol_error", "more than can be counted"),
    "petabyte": Behaviour(sized(b"Content-Length: 1" + b"0" * 15), "fetched", "a petabyte to come", "", "truncated", 1),
    "chunked-too": Behaviour(
        (HTML + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",), "protocol_error",
        "both kinds of length, which is how answers are smuggled (RFC 9112, 6.3)",
    ),
    "bad-chunk": Behaviour(chunked(b"zz\r\nhello\r\n0\r\n\r\n"), "fetched", "no chunk size", "", "truncated"),
    "huge-chunk": Behaviour(chunked(b"f" * 40 + b"\r\nhello"), "fetched", "a size beyond all", "", "truncated"),
    "no-last-chunk": Behaviour(
        chunked(b"%x\r\n%s\r\n" % (len(PAGE), PAGE)), "fetched", "an end without the last chunk", "", "truncated", 1
    ),
    "early-close": Behaviour(raw(), "connect_error", "no answer", "closed the connection"),
    "close-in-head": Behaviour(raw(HTML[:-5]), "connect_error", "half a head", "closed the connection"),
    "reset": Behaviour(raw(RESET), "connect_error", "a reset", "reset"),
    "reset-in-body": Behaviour(
        (HTML + b"Content-Length: 999\r\n\r\n" + PAGE, RESET), "fetched", "a reset within the body", "", "truncated", 1
    ),
}  # fmt: skip

HEADS = {
    "http09": Behaviour(raw(PAGE), "protocol_error", "HTTP/0.9", "status line"),
    "http10": Behaviour(raw(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE), "fetched", "old", links=1),
    "http2": Behaviour(raw(b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64"), "protocol_error", "frames", "status line"),
    "ssh": Behaviour(raw(b"SSH-2.0-OpenSSH_9.6\r\n"), "protocol_error", "another protocol", "status line"),
    "bad-status": Behaviour(raw(b"HTTP/1.1 abc OK\r\n\r\n"), "protocol_error", "a status of letters"),
    "long-status": Behaviour(raw(b"HTTP/1.1 2000 OK\r\n\r\n"), "protocol_error", "a status of four figures"),
    "no-reason": Behaviour((answer(status=b"200"),), "fetched", "no reason phrase", links=1),
    "status-999": Behaviour((answer(status=b"999 No"),), "server_error", "a status that some sites invent"),
    "continue": Behaviour(raw(b"HTTP/1.1 100 Continue\r\n\r\n" + answer()), "fetched", "unasked, at once", links=1),
    "continues": Behaviour(raw(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 9, answer()), "fetched", "nine times", links=1),
    "upgrade": Behaviour(
        raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), "protocol_error",
        "another protocol from here on", "101",
    ),
    "1000-headers": Behaviour((answer(PAGE, *[b"X: y"] * 1000),), "protocol_error", "1,000 headers", "headers"),
    "200-kb-header": Behaviour(header(b"X: " + b"y" * 200_000), "protocol_error", "a header of 200 KB", "65536"),
    "nul": Behaviour(header(b"X: a\0b"), "protocol_error", "NUL in a header"),
    "cr": Behaviour(header(b"X: a\rb"), "protocol_error", "CR in a header"),
    "no-colon": Behaviour(header(b"nonsense"), "protocol_error", "a line without a colon"),
    "no-name": Behaviour(header(b": x"), "protocol_error", "a header without a name"),
    "blank-name": Behaviour(header(b"X : y"), "protocol_error", "a blank before the colon", "token"),
    "folded": Behaviour(header(b"X: y\r\n z"), "fetched", "a line that goes on, long withdrawn", links=1),
    "latin1": Behaviour(header(b"X-\xe9: \xe9"), "protocol_error", "a name that is not ASCII"),
    "latin1-value": Behaviour(header(b"X: \xe9\xff"), "fetched", "a value that is not ASCII", links=1),
    "bare-lf": Behaviour(raw(answer().replace(b"\r\n", b"\n")), "fetched", "line feeds alone (RFC 9112, 2.2)", links=1),
    "untyped": Behaviour(raw(OK + b"\r\n" + PAGE), "fetched", "no type", "by its first bytes", links=1),
    "mistyped": Behaviour((answer(content_type=b"html"),), "fetched", "a type that is none", "first bytes", links=1),
    "long-type": Behaviour((answer(content_type=b"text/" + b"x" * 9_000),), "not_html", "a type of 9 KB"),
    "smuggler": Behaviour(raw(answer() + answer(b"")), "fetched", "a second answer, to nobody's request", links=1),
}  # fmt: skip

PACKED = {
    **{
        f"bomb-{coding}": Behaviour(bomb(coding), "fetched", "200 MB in little", "", "cut", 1) for coding in CODINGS
    },
    **{
        f"half-{coding}": Behaviour(half(coding), "fetched", "a stream that breaks off", flags="truncated", links=1)
        for coding in ("gzip", "deflate", "br")
    },
    "half-zstd": Behaviour(half("zstd"), "fetched", "a stream that breaks off in its only block", flags="truncated"),
    "not-gzip": Behaviour(
        (coded("gzip", PAGE),), "fetched", "plain text that says it is packed", "is not packed as it says", "truncated"
    ),
    "rot13": Behaviour(
        (coded("rot13", PAGE),), "fetched", "a coding that there is not: read as it is", "rot13", links=1
    ),
    "gzip-twice": Behaviour(
        (coded("gzip, gzip", gzip.compress(gzip.compress(PAGE))),), "fetched", "two codings", links=1
    ),
    "members": Behaviour(
        (coded("gzip", gzip.compress(PAGE) + gzip.compress(b" ") * 20_000),), "fetched", "20,001",
        "more than 1,000 packed parts", "truncated", 1
    ),
    "empty-members": Behaviour(
        (coded("gzip", gzip.compress(PAGE) + gzip.compress(b"") * 20_000),), "fetched", "of nothing",
        "more than 1,000 packed parts", "truncated", 1
    ),
    "gzip-and": Behaviour(
        (coded("gzip", gzip.compress(PAGE) + b"garbage"),), "fetched", "garbage behind the page is left", links=1
    ),
    "packed-nothing": Behaviour((coded("gzip", b""),), "fetched", "an empty body, not even packed"),
}  # fmt: skip

REDIRECTS = {
    "self": Behaviour((moved(b"/"),), "redirect_loop", "to itself", links=1),
    "loop": Behaviour({"/": (moved(b"/b"),), "/b": (moved(b"/"),)}, "redirect_loop", "and back", links=1),
    "chain": Behaviour(
        {f"/{n or ''}": (moved(b"/%d" % (n + 1)),) for n in range(40)}, "redirect", "without end: ten are followed",
        links=1,
    ),
    "to-file": Behaviour((moved(b"file:///etc/passwd"),), "redirect", "to a file: recorded, never read", links=1),
    "to-ftp": Behaviour((moved(b"ftp://found.invalid/"),), "redirect", "to ftp: recorded", links=1),
    "to-data": Behaviour((moved(b"data:text/html,x"),), "protocol_error", "to data:", "redirect to a data: URL"),
    "to-script": Behaviour((moved(b"javascript:x()"),), "protocol_error", "to script", "redirect to a javascript: URL"),
    "to-port": Behaviour((moved(b"//to-port.test:1/"),), "redirect", "to a port where nobody listens", links=1),
    "to-nowhere": Behaviour((moved(b"http://[::"),), "redirect", "to what is no URL: recorded as written", links=1),
    "no-location": Behaviour((answer(status=b"302 Found"),), "protocol_error", "to nothing", "302 without a Location"),
    "empty-location": Behaviour((moved(b""),), "redirect_loop", "to an empty reference: itself", links=1),
    "relative": Behaviour({"/": (moved(b"b"),), "/b": (answer(),)}, "redirect", "to a relative reference", links=1),
    "two-locations": Behaviour(
        {"/": (moved(b"/b\r\nLocation: /c"),), "/b": (answer(),)}, "redirect", "to two: the first counts", links=1
    ),
}  # fmt: skip

STATUSES = {
    "429": Behaviour((answer(b"", b"Retry-After: 0", status=b"429 Slow"),), "blocked", "after all tries"),
    "503-date": Behaviour(
        (answer(b"", b"Retry-After: Wed, 21 Oct 2015 07:28:00 GMT", status=b"503 No"),), "server_error", "a date"
    ),
    "503-word": Behaviour((answer(b"", b"Retry-After: soon", status=b"503 No"),), "server_error", "a word"),
    "401": Behaviour((answer(status=b"401 No"),), "blocked", "a door without a challenge"),
    "407": Behaviour((answer(status=b"407 No"),), "blocked", "a proxy's door where there is no proxy"),
    "204": Behaviour((answer(status=b"204 No Content"),), "not_html", "no content, and a body"),
    "205": Behaviour((answer(status=b"205 Reset"),), "not_html", "no content, and a body"),
    "206": Behaviour((answer(status=b"206 Partial"),), "fetched", "a part that nobody asked for", links=1),
    "304": Behaviour((answer(b"", status=b"304 Same"),), "protocol_error", "unasked", "304 to a request without"),
}

PAGES = {
    "wrong-charset": Behaviour((answer(content_type=b"text/html; charset=utf-99"),), "fetched", "no charset", links=1),
    "not-utf8": Behaviour(
        (answer(PAGE + b"\xff\xfe\xe9", content_type=b"text/html; charset=utf-8"),), "fetched", "bytes of another",
        links=1,
    ),
    "utf16": Behaviour((answer(PAGE.decode().encode("utf-16")),), "fetched", "UTF-16 with its mark", links=1),
    "utf16-label": Behaviour(
        (answer(PAGE.decode().encode("utf-16-be"), content_type=b"text/html; charset=utf-16be"),), "fetched",
        "UTF-16 by its header", links=1,
    ),
    "utf7": Behaviour(
        (answer(b"+ADw-a href=x+AD4-" + PAGE, content_type=b"text/html; charset=utf-7"),), "fetched",
        "UTF-7, which no browser reads", links=1,
    ),
    "bom-conflict": Behaviour(
        (answer(b"\xef\xbb\xbf" + PAGE, content_type=b"text/html; charset=utf-16le"),), "fetched",
        "the mark goes before the header", links=1,
    ),
    "nul-bytes": Behaviour((answer(b"\0" * 500 + PAGE + b"\0"),), "fetched", "NUL bytes", links=1),
    "attribute": Behaviour((answer(b'<p title="' + b"x" * 10_000_000 + b'">' + PAGE),), "fetched", "10 MB", links=1),
    "title": Behaviour((answer(b"<title>" + b"x" * 10_000_000 + b"</title>" + PAGE),), "fetched", "10 MB", links=1),
    "nested": Behaviour((answer(b"<div>" * 20_000 + PAGE),), "fetched", "20,000 deep", links=1),
    "100000-links": Behaviour(
        (answer(b"".join(b"<a href=http://found.invalid/%d>%d</a>" % (n, n) for n in range(100_000))),), "fetched",
        "100,000 links", links=100_000,
    ),
    "comment": Behaviour((answer(PAGE + b"<!--" * 100_000 + b"<a href=/x>x</a>"),), "fetched", "never closed", links=1),
    "base-script": Behaviour((answer(b"<base href=javascript:x()>" + PAGE),), "fetched", "a base of script", links=1),
    "base-twice": Behaviour(
        (answer(b"<base href=http://found.invalid/><base href=//two.invalid/><a href=x>x</a>"),), "fetched",
        "two bases", links=1,
    ),
    "base-data": Behaviour((answer(b"<base href=data:,x>" + PAGE),), "fetched", "a base of data", links=1),
}  # fmt: skip


def _bomb_sitemap(*body: bytes) -> dict[str, tuple[bytes, ...]]:
    return {
        "/": (answer(),),
        "/robots.txt": (answer(b"Sitemap: /s.xml\n", content_type=b"text/plain"),),
        "/s.xml": (answer(b"".join(body), content_type=b"application/xml"),),
    }


_ENTITIES = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
SITEMAPS = {
    "laughs": Behaviour(
        _bomb_sitemap(b'<?xml version="1.0"?><!DOCTYPE urlset [<!ENTITY l0 "lol">', _ENTITIES,
                      b"]><urlset><url><loc>&l9;</loc></url></urlset>"), "fetched", "a billion laughs", links=1,
    ),
    "quadratic": Behaviour(
        _bomb_sitemap(b'<!DOCTYPE urlset [<!ENTITY a "', b"a" * 100_000, b'">]><urlset><url><loc>', b"&a;" * 50_000,
                      b"</loc></url></urlset>"), "fetched", "5 GB of one entity", links=1,
    ),
    "outside": Behaviour(
        _bomb_sitemap(b'<!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
                      b"<urlset><url><loc>&x;</loc></url></urlset>"), "fetched", "a file of ours", links=1,
    ),
    "deep-xml": Behaviour(_bomb_sitemap(b"<urlset>" + b"<url>" * 200_000), "fetched", "XML 200,000 deep", links=1),
    "index-loop": Behaviour(
        _bomb_sitemap(b"<sitemapindex><sitemap><loc>/s.xml</loc></sitemap></sitemapindex>"), "fetched",
        "an index of itself", links=1,
    ),
    "packed-map": Behaviour(
        _bomb_sitemap(gzip.compress(b"<urlset>" + b" " * 100_000_000, 1)), "fetched", "100 MB packed", links=1
    ),
}  # fmt: skip

NEVER_READ = {
    "file:///etc/passwd": "unsupported_scheme",
    "ftp://found.invalid/": "unsupported_scheme",
    "http://to-port.test:1/": "connect_error",
}
"""What becomes of pages that redirects lead to."""

ALL = {**SLOW, **ENDLESS, **LENGTHS, **HEADS, **PACKED, **REDIRECTS, **STATUSES, **PAGES, **SITEMAPS}

"""A small web that uses every kind of link and every manner once, as pages on loopback.

Five names stand for five hosts; ports are added when the pages are served and taken away when a map is read,
so that the pages here and the rows that are expected of them hold the same URLs.
"""

import asyncio
import gzip
import re
import sys
import zlib

import brotli
from aiohttp import web
from conftest import Answer, Page

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAIN, OTHER, DOWN, SMALL = "site.test", "other.test", "down.site.test", "small.site.test"
UNRESOLVED = f"{'a' * 64}.site.test"
"""No label of a host name may have more than 63 characters (RFC 1035, 2.3.4), and a resolver refuses it at once."""
CUT_AT = 8_000
CLOSED_PORT = 1
_NAME = re.compile(r"(https?)://((?:[^/@\s\"<>]*@)?(?:[a-z]+\.)?(?:site|other)\.test)(?![:.\w])")

HOME = """<!DOCTYPE html><html lang="en"><head><title> Every
manner </title><meta name="Description" content="One of each">
<link rel="alternate" hreflang="de" href="/de/"></head><body>
<header><a href="/"><img src="/logo.png" alt="Home"></a></header>
<nav><a href="/kinds">Kinds</a> <a href="/words">Words</a> <a href="/ways">Ways</a>
<a href="/answers">Answers</a> <a href="/bodies">Bodies</a> <a href="/hosts">Hosts</a></nav>
<h1>One of <em>each</em></h1></body></html>"""

KINDS = """<!DOCTYPE html><html lang="en-GB"><head><title>Kinds</title>
<link rel="canonical" href="/kinds"><link rel="alternate" hreflang="fr" href="/fr/">
<link rel="next" href="/kinds/2"><link rel="prev" href="/"><link rel="stylesheet" href="/style.css">
<link rel="Shortcut ICON" href="/icon.png">
<link rel="preload" as="image" imagesrcset="/hero.png 1x, /hero-2.png 2x">
<style>@import "/imported.css"; p { background: url(/paper.png) }</style></head>
<body background="/wall.png">
<nav><a href="/leaf#part">The   leaf</a> <a href="#top">Top</a></nav>
<main><map name="m"><area href="/area" alt="An area"></map>
<article><iframe src="/framed" title="A frame"></iframe></article>
<a href="/frames">Frames</a> <a href="/feed.rss">RSS</a> <a href="/feed.atom">Atom</a> <a href="/sheet.css">Sheet</a>
<img src="/small.png" srcset="/small.png 1x, /large.png 2x" alt="A picture"><img src="/bare.png">
<picture><source srcset="/wide.webp 800w, /faulty.webp 10q"><img src="/only-get.png" alt=""></picture>
<p style="background: url('/spot.png')">text</p></main>
<aside><form action="/search" title="Search"><input name="q"><input type="image" src="/go.png" alt="Go">
<button formaction="/search/exact">Exactly</button></form>
<form action="http://other.test/search"></form><form method="post" action="/order"><button>Order</button></form></aside>
<script src="/go.js"></script><embed src="/film.swf"><object data="/drawing.svg" title="A drawing"></object>
<video src="/film.mp4" poster="/poster.png" title="A film"><track src="/words.vtt"></video>
<audio src="/song.ogg"></audio>
<footer><a href="mailto:ann@site.test">Write</a><a href="javascript:void(0)">j</a><a href="data:,x">d</a></footer>
<template><a href="/inert">inert</a><img src="/inert.png"></template></body></html>"""

WORDS = """<!DOCTYPE html><title>Words</title>
<a rel="nofollow" href="/unfollowed">Left alone</a> <a rel="nofollow" href="/leaf">Followed elsewhere</a>
<a rel="UGC nofollow ugc" href="/comment">By a visitor</a> <a rel="sponsored noopener" href="/advert">Paid for</a>
<a href="/marked">Marked</a> <a href="/hidden">Hidden</a> <a href="/denied/page">Denied</a>
<a href="/private/page">Private</a> <a href="http://ann:secret@site.test/leaf">With a password</a>
<a href="/x/../leaf">Written otherwise</a> <a href="http://[bad">No URL</a> <a href="/chain/1">Chain</a>"""

WAYS = """<!DOCTYPE html><title>Ways</title>
<a href="/moved">Moved</a> <a href="/loop/a">Loop</a> <a href="/hop/1">Hops</a> <a href="/refresh">Refresh</a>
<a href="/refresh/header">Refresh by header</a> <a href="/base/">Base</a> <a href="/nowhere">Nowhere</a>
<a href="/out">Out</a>"""

ANSWERS = """<!DOCTYPE html><title>Answers</title>
<a href="/missing">404</a> <a href="/gone">410</a> <a href="/members">401</a> <a href="/forbidden">403</a>
<a href="/busy">429</a> <a href="/overloaded">503</a> <a href="/nothing">204</a> <a href="/paper.pdf">PDF</a>"""

BODIES = """<!DOCTYPE html><title>Bodies</title>
<a href="/gzip">gzip</a> <a href="/deflate">deflate</a> <a href="/br">br</a> <a href="/zstd">zstd</a>
<a href="/charset/header">header</a> <a href="/charset/meta">meta</a> <a href="/charset/mark">mark</a>
<a href="/charset/none">none</a> <a href="/cut">cut</a> <a href="/broken-off">broken off</a> <a href="/app">app</a>"""

HOSTS = f"""<!DOCTYPE html><title>Hosts</title>
<a href="https://site.test/">By TLS</a> <a href="https://other.test/">Another's certificate</a>
<a href="http://down.site.test/">Down</a> <a href="http://small.site.test/1">Small</a>
<a href="http://site.test:{CLOSED_PORT}/">Closed</a> <a href="http://{UNRESOLVED}/">No such name</a>
<a href="http://other.test/">Another site</a> <a href="http://other.test/gone">Gone there</a>
<a href="http://other.test/no">Denied there</a>"""

ROBOTS = """User-agent: *
Disallow: /denied
Sitemap: http://site.test/index.xml
Sitemap: http://other.test/sitemap.xml
"""
INDEX = """<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<sitemap><loc>http://site.test/plain.xml</loc><lastmod>2026-03-01</lastmod></sitemap>
<sitemap><loc>http://site.test/packed.xml.gz</loc></sitemap><sitemap><loc>http://site.test/list.txt</loc></sitemap>
</sitemapindex>"""
PLAIN = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:x="http://www.w3.org/1999/xhtml"
xmlns:i="http://www.google.com/schemas/sitemap-image/1.1"><url><loc> http://site.test/lone </loc>
<lastmod>2026-01-02</lastmod><x:link rel="alternate" hreflang="de" href="http://site.test/de/"/>
<i:image><i:loc>http://site.test/lone.png</i:loc></i:image></url></urlset>"""
PACKED = "<urlset><url><loc>http://site.test/packed</loc></url></urlset>"
LIST = "http://site.test/listed\nnot a URL\nhttp://site.test/lost\n"

RSS = """<rss version="2.0"><channel><title>News</title><link>http://site.test/</link><item><title>First</title>
<link>http://site.test/news</link><enclosure url="http://other.test/talk.mp3"/>
<comments>http://site.test/leaf</comments></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Notes</title><link rel="self" href="/feed.atom"/>
<link href="/"/><entry><title>Leaf</title><link rel="alternate" hreflang="en" href="/leaf"/></entry></feed>"""

APP = """<!DOCTYPE html><title>App</title><div id="root"></div>
<noscript>Please turn on JavaScript.</noscript><script src="/go.js"></script>"""


def _encoded(name: str, body: bytes) -> Answer:
    return Answer(body, headers={"Content-Encoding": name})


def _file(content_type: str, body: str = "", **headers: str) -> Answer:
    return Answer(
        body, headers={"Content-Type": content_type} | {key.replace("_", "-"): headers[key] for key in headers}
    )


def _redirect(target: str, status: int = 302) -> Answer:
    return Answer("", status, {"Location": target})


async def _only_get(request: web.Request) -> web.StreamResponse:
    return web.Response(status=405 if request.method == "HEAD" else 200, body=b"", content_type="image/png")


async def _broken_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/html", "Content-Length": "9000"})
    await response.prepare(request)
    await response.write(b'<title>Broken off</title><a href="/leaf">before</a>')
    await asyncio.sleep(0.05)
    assert request.transport is not None
    request.transport.close()
    return response


_IMAGES = ("logo", "icon", "hero", "hero-2", "paper", "wall", "small", "large", "spot", "go", "poster", "lone", "dot")
_ENDS = ("/leaf", "/kinds/2", "/area", "/framed", "/left", "/advert", "/beyond", "/moved/there", "/refreshed")
_MORE_ENDS = ("/refreshed/header", "/elsewhere/x", "/lone", "/packed", "/listed", "/chain/3")

_MAIN: dict[str, Page] = {
    "/": HOME,
    "/robots.txt": _file("text/plain", ROBOTS),
    "/kinds": Answer(KINDS, headers={"Link": '</terms>; rel="license", </print.css>; rel=preload; as=style'}),
    "/words": WORDS,
    "/ways": WAYS,
    "/answers": ANSWERS,
    "/bodies": BODIES,
    "/hosts": HOSTS,
    "/de/": '<html lang="de"><link rel="alternate" hreflang="en" href="/"><title>Jede Art</title>',
    **dict.fromkeys((*_ENDS, *_MORE_ENDS), "<!DOCTYPE html><title>End</title><p>An end."),
    **dict.fromkeys([f"/{name}.png" for name in _IMAGES], _file("image/png")),
    **dict.fromkeys(("/style.css", "/imported.css", "/print.css"), _file("text/css", "a { background: url(/no.png) }")),
    "/sheet.css": _file("text/css", "p { background: url(dot.png) }"),
    "/wide.webp": _file("image/webp"),
    "/drawing.svg": _file("image/svg+xml"),
    "/go.js": _file("text/javascript"),
    "/film.swf": _file("application/x-shockwave-flash"),
    "/film.mp4": _file("video/mp4"),
    "/words.vtt": _file("text/vtt"),
    "/song.ogg": _file("audio/ogg"),
    "/terms": "<p>Terms",
    "/only-get.png": _only_get,
    "/frames": '<frameset><frame src="/left" name="left"></frameset>',
    "/feed.rss": _file("application/rss+xml", RSS),
    "/feed.atom": _file("application/atom+xml", ATOM),
    "/index.xml": _file("application/xml", INDEX),
    "/plain.xml": _file("text/xml", PLAIN),
    "/list.txt": _file("text/plain", LIST),
    "/marked": '<meta name="robots" content="none"><a href="/beyond">B</a><link rel="canonical" href="/leaf">',
    "/hidden": Answer("<p>Hidden", headers={"X-Robots-Tag": "NOINDEX, noarchive, otherbot: nofollow"}),
    "/chain/1": '<link rel="canonical" href="/chain/2">',
    "/chain/2": '<link rel="canonical" href="/chain/3">',
    "/moved": _redirect("/moved/there", 301),
    "/loop/a": _redirect("/loop/b"),
    "/loop/b": _redirect("/loop/a"),
    **{f"/hop/{number}": _redirect(f"/hop/{number + 1}") for number in range(1, 13)},
    "/refresh": '<meta http-equiv="Refresh" content="0; URL=\'/refreshed\'">',
    "/refresh/header": Answer("<p>Wait", headers={"Refresh": "5; url=/refreshed/header"}),
    "/base/": '<base href="/elsewhere/"><a href="x">X</a><base href="/never/">',
    "/nowhere": Answer("", 302),
    "/out": _redirect("http://other.test/landing"),
    "/gone": Answer("", 410),
    "/members": Answer("", 401),
    "/forbidden": Answer("", 403),
    "/busy": Answer("", 429, {"Retry-After": "1"}),
    "/overloaded": Answer("", 503, {"Retry-After": "0"}),
    "/nothing": Answer("", 204),
    "/paper.pdf": _file("application/pdf", "%PDF", Link='</leaf>; rel="canonical"'),
    "/gzip": _encoded("gzip", gzip.compress(b'<title>gzip</title><a href="/leaf">in gzip</a>')),
    "/deflate": _encoded("deflate", zlib.compress(b'<title>deflate</title><a href="/leaf">in deflate</a>')),
    "/br": _encoded("br", brotli.compress(b'<title>br</title><a href="/leaf">in br</a>')),
    "/zstd": _encoded("zstd", zstd.compress(b'<title>zstd</title><a href="/leaf">in zstd</a>')),
    "/charset/header": Answer(
        "<meta charset=utf-8><title>Grüße</title>".encode("latin-1"),
        headers={"Content-Type": "text/html; charset=iso-8859-1"},
    ),
    "/charset/meta": Answer(
        "<meta charset=koi8-r><title>Привет</title>".encode("koi8-r"), headers={"Content-Type": "text/html"}
    ),
    "/charset/mark": Answer("\ufeff<title>Χαίρε</title>".encode("utf-16-le")),
    "/charset/none": Answer("<title>Café</title>".encode("cp1252"), headers={"Content-Type": "text/html"}),
    "/cut": f'<title>Cut</title><a href="/leaf">before</a>{" " * CUT_AT}<a href="/after">after</a>',
    "/broken-off": _broken_off,
    "/app": APP,
}

_ELSEWHERE: dict[str, dict[str, Page]] = {
    OTHER: {
        "/robots.txt": _file("text/plain", "User-agent: linkmap\nDisallow: /no\n"),
        "/": '<a href="/more">More</a>',
        "/landing": "<p>Landed",
    },
    DOWN: {"/robots.txt": Answer("", 503, {"Retry-After": "0"})},
    SMALL: {"/1": '<a href="/2">2</a>', "/2": "<p>The end"},
}

TLS_PAGES = {"/": '<title>By TLS</title><a href="http://site.test/leaf">Out of TLS</a>'}


def with_ports(text: str, port: int, tls_port: int) -> str:
    """A text whose URLs name the ports at which the pages are served."""
    return _NAME.sub(lambda found: f"{found.group()}:{tls_port if found.group(1) == 'https' else port}", text)


def without_ports(text: str, port: int, tls_port: int) -> str:
    """A text as it stands here: free of these ports, and of the main site's own name."""
    return re.sub(rf"^http://{MAIN}(?=/)", "", re.sub(rf":({port}|{tls_port})(?!\d)", "", text))


def pages(port: int, tls_port: int) -> dict[str, Page]:
    """All pages of the plain hosts, by host and path."""

    def ready(page: Page) -> Page:
        if isinstance(page, str):
            return with_ports(page, port, tls_port)
        if not isinstance(page, Answer):
            return page
        body = with_ports(page.body, port, tls_port) if isinstance(page.body, str) else page.body
        headers = {name: with_ports(value, port, tls_port) for name, value in page.headers.items()}
        return Answer(body, page.status, headers)

    packed = Answer(gzip.compress(with_ports(PACKED, port, tls_port).encode()))
    packed.headers["Content-Type"] = "application/gzip"
    hosts = {MAIN: _MAIN | {"/packed.xml.gz": packed}, **_ELSEWHERE}
    return {f"//{host}{path}": ready(page) for host, found in hosts.items() for path, page in found.items()}

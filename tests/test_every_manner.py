"""One crawl, by the real command line, of a web that uses every kind of link and every manner once (everysite.py).

What must come of each page and each link stands below, worked out by hand from docs/crawling.md, with its reason.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import Site
from everysite import (
    CLOSED_PORT,
    CUT_AT,
    DOWN,
    MAIN,
    OTHER,
    SMALL,
    TLS_PAGES,
    UNRESOLVED,
    pages,
    with_ports,
    without_ports,
)
from maps import check_accounting, linkmap
from tls import Authority, TlsSite

from linkmap.model import LinkFlag, LinkKind, Manner, Outcome, Parser, Region


class Row(NamedTuple):
    """What must become of a page."""

    url: str
    outcome: str
    status: int | None
    depth: int | None
    manner: str
    why: str


class Edge(NamedTuple):
    """One link that must be found, in the order of its page."""

    source: str
    kind: str
    target: str
    why: str
    anchor: str = ""
    rel: str = ""
    region: str = ""
    hreflang: str | None = None
    lastmod: str | None = None
    written: str | None = None
    flags: int = 0
    nofollow_by: str = ""


def seen(url: str, depth: int, why: str) -> Row:
    """A page that was fetched and read."""
    return Row(url, "fetched", 200, depth, "page", why)


def there(url: str, why: str) -> Row:
    """A resource that --check found to be there."""
    return Row(url, "not_html", 200, None, "check", why)


def left(url: str, outcome: str, depth: int | None, why: str) -> Row:
    """A page that was not asked for."""
    return Row(url, outcome, None, depth, "page", why)


PAGES = [
    seen("/", 0, "the seed"),
    seen("/kinds", 1, "the menu"),
    seen("/words", 1, "the menu"),
    seen("/ways", 1, "the menu"),
    seen("/answers", 1, "the menu"),
    seen("/bodies", 1, "the menu"),
    seen("/hosts", 1, "the menu"),
    seen("/de/", 1, "alternate languages are followed"),
    there("/logo.png", "an img"),
    # --- /kinds
    seen("/leaf", 2, "linked from several pages, all at depth 1 or deeper"),
    seen("/kinds/2", 2, "next is followed"),
    Row("/fr/", "client_error", 404, 2, "page", "an alternate language that is not there"),
    seen("/area", 2, "an area is followed"),
    seen("/framed", 2, "an iframe is followed"),
    seen("/frames", 2, "a link"),
    seen("/left", 3, "a frame is followed"),
    Row("/feed.rss", "not_html", 200, 2, "page", "a feed is read where a link leads to it, and is no HTML"),
    Row("/feed.atom", "not_html", 200, 2, "page", "the same of Atom"),
    Row("/sheet.css", "not_html", 200, 2, "page", "an a leads to it: a page, not a resource, whose CSS is read"),
    Row("/terms", "kind_not_followed", None, None, "page", "rel=license: no browser loads it to show a page"),
    there("/print.css", "preloaded by a Link header"),
    there("/style.css", "a style sheet is only checked: its url() is not read"),
    there("/icon.png", "a link element of no other kind"),
    there("/hero.png", "a candidate of an imagesrcset"),
    there("/hero-2.png", "the other candidate"),
    there("/imported.css", "@import of a style element"),
    there("/paper.png", "url() of a style element"),
    there("/spot.png", "url() of a style attribute"),
    there("/dot.png", "url() of a sheet that was read"),
    there("/wall.png", "the body's background"),
    there("/small.png", "src, and srcset"),
    there("/large.png", "srcset"),
    Row("/bare.png", "client_error", 404, None, "check", "an image that is not there"),
    there("/wide.webp", "srcset of a source"),
    there("/only-get.png", "HEAD is refused with 405, GET is not"),
    there("/go.png", "an input of the type image"),
    there("/go.js", "a script"),
    there("/film.swf", "an embed"),
    there("/drawing.svg", "an object"),
    there("/film.mp4", "a video"),
    there("/poster.png", "its poster"),
    there("/words.vtt", "its track"),
    there("/song.ogg", "an audio"),
    left("/search", "kind_not_followed", None, "forms are never sent"),
    left("/search/exact", "kind_not_followed", None, "nor by their buttons"),
    left("http://other.test/search", "off_scope", None, "scope is judged before kind, and no check sends forms"),
    left("mailto:ann@site.test", "unsupported_scheme", 2, "a page without an origin"),
    left("/news", "kind_not_followed", None, "an entry of a feed is recorded and not followed"),
    left("http://other.test/talk.mp3", "off_scope", None, "of the kind feed: neither followed nor a resource"),
    # --- /words
    left("/unfollowed", "nofollow", None, "no other link leads to it"),
    left("/comment", "nofollow", None, "ugc and nofollow"),
    seen("/advert", 2, "sponsored without nofollow is followed"),
    seen("/marked", 2, "what it says bears on its links"),
    left("/beyond", "nofollow", None, "its page says nofollow"),
    seen("/hidden", 2, "noindex does not bear on what is fetched"),
    left("/denied/page", "robots_denied", 2, "Disallow: /denied"),
    left("/private/page", "excluded", 2, "--exclude /private/"),
    left("http://[bad", "invalid", 2, "no URL, recorded as written"),
    seen("/chain/1", 2, "a link"),
    seen("/chain/2", 3, "canonical is followed, and costs a link"),
    left("/chain/3", "too_deep", 4, "--depth 3"),
    # --- /ways
    Row("/moved", "redirect", 301, 2, "page", "a page of its own, as is its target"),
    seen("/moved/there", 2, "a redirect costs no depth"),
    Row("/loop/a", "redirect_loop", 302, 2, "page", "it leads to /loop/b"),
    Row("/loop/b", "redirect_loop", 302, 2, "page", "and that back"),
    *(Row(f"/hop/{hop}", "redirect", 302, 2, "page", f"{hop - 1} redirects before it") for hop in range(1, 11)),
    Row("/hop/11", "too_many_redirects", 302, 2, "page", "ten redirects before it, and it is one more"),
    left("/hop/12", "too_deep", 2, "after ten redirects in a row nothing is fetched"),
    seen("/refresh", 2, "a meta refresh"),
    seen("/refreshed", 2, "a refresh costs no depth"),
    seen("/refresh/header", 2, "a Refresh header"),
    seen("/refreshed/header", 2, "nor does that"),
    seen("/base/", 2, "a link"),
    seen("/elsewhere/x", 3, "resolved against the first base"),
    Row("/nowhere", "protocol_error", 302, 2, "page", "302 without a Location"),
    Row("/out", "redirect", 302, 2, "page", "in scope, its target is not"),
    Row("http://other.test/landing", "fetched", 200, 2, "check", "a redirect of a page that is no seed widens nothing"),
    # --- /answers
    Row("/missing", "client_error", 404, 2, "page", "404"),
    Row("/gone", "client_error", 410, 2, "page", "410"),
    Row("/members", "blocked", 401, 2, "page", "401 refuses us"),
    Row("/forbidden", "blocked", 403, 2, "page", "403 too"),
    Row("/busy", "blocked", 429, 2, "page", "429 after all tries"),
    Row("/overloaded", "server_error", 503, 2, "page", "503 after all tries"),
    Row("/nothing", "not_html", 204, 2, "page", "2xx with nothing"),
    Row("/paper.pdf", "not_html", 200, 2, "page", "2xx with something else"),
    # --- /bodies
    *(seen(f"/{coding}", 2, f"a body in {coding}") for coding in ("gzip", "deflate", "br", "zstd")),
    *(seen(f"/charset/{who}", 2, f"charset said by {who}") for who in ("header", "meta", "mark", "none")),
    seen("/cut", 2, "longer than --max-bytes, read as far as that"),
    seen("/broken-off", 2, "the connection ended early, read as far as it came"),
    seen("/app", 2, "written by script"),
    # --- /hosts
    seen("https://site.test/", 2, "the same domain, by another scheme and port; its authority is in --ca-file"),
    Row("https://other.test/", "tls_error", None, 2, "check", "the certificate is for site.test"),
    left("http://down.site.test/", "robots_unreachable", 2, "its robots.txt answers 503"),
    seen("http://small.site.test/1", 2, "a subdomain is of the domain"),
    left("http://small.site.test/2", "over_budget", 3, "linkmap.toml grants that host one page"),
    left("http://site.test:1/", "connect_error", 2, "nobody listens there"),
    left(f"http://{UNRESOLVED}/", "dns_error", 2, "no name can be so long"),
    Row("http://other.test/", "fetched", 200, 2, "check", "--check external asks, and reads nothing"),
    Row("http://other.test/gone", "client_error", 404, 2, "check", "a broken link to another site"),
    Row("http://other.test/no", "robots_denied", None, 2, "check", "a check obeys robots.txt"),
    # --- sitemaps
    seen("/lone", 1, "what a sitemap lists is at depth 1"),
    there("/lone.png", "an image that a sitemap names"),
    seen("/packed", 1, "from a sitemap in gzip"),
    seen("/listed", 1, "from a sitemap of text"),
    Row("/lost", "client_error", 404, 1, "page", "a sitemap may be out of date"),
]  # fmt: skip

AUXILIARY = [
    Row("/robots.txt", "not_html", 200, None, "robots", "asked for before the first page"),
    Row("https://site.test/robots.txt", "client_error", 404, None, "robots", "another origin: 404 allows all"),
    Row("https://other.test/robots.txt", "tls_error", None, None, "robots", "the fault of all its pages"),
    Row("http://down.site.test/robots.txt", "server_error", 503, None, "robots", "nothing may be asked there"),
    Row("http://small.site.test/robots.txt", "client_error", 404, None, "robots", "allows all"),
    Row("http://site.test:1/robots.txt", "connect_error", None, None, "robots", "a port is an origin of its own"),
    Row(f"http://{UNRESOLVED}/robots.txt", "dns_error", None, None, "robots", "the fault of all its pages"),
    Row("http://other.test/robots.txt", "not_html", 200, None, "robots", "read for a check too"),
    Row("/index.xml", "not_html", 200, None, "sitemap", "named by robots.txt"),
    Row("/plain.xml", "not_html", 200, None, "sitemap", "named by the index"),
    Row("/packed.xml.gz", "not_html", 200, None, "sitemap", "in gzip"),
    Row("/list.txt", "not_html", 200, None, "sitemap", "a text of one URL a line"),
    left("http://other.test/sitemap.xml", "off_scope", None, "another site's sitemap is not asked for"),
]  # fmt: skip

CREDENTIALS, NO_ALT = int(LinkFlag.CREDENTIALS), int(LinkFlag.NO_ALT)
MENU = ("Kinds", "Words", "Ways", "Answers", "Bodies", "Hosts")

LINKS = [
    Edge("/", "alternate_hreflang", "/de/", "rel=alternate with a language", "", "alternate", hreflang="de"),
    Edge("/", "a", "/", "to itself; the image's alt stands in for text", "Home", region="header"),
    Edge("/", "img", "/logo.png", "within that link", "Home", region="header"),
    *(Edge("/", "a", f"/{name.lower()}", "the menu", name, region="nav") for name in MENU),
    Edge("/kinds", "link", "/terms", "Link headers come first", rel="license"),
    Edge("/kinds", "link", "/print.css", "the second of that header", rel="preload"),
    Edge("/kinds", "canonical", "/kinds", "itself", rel="canonical"),
    Edge("/kinds", "alternate_hreflang", "/fr/", "a language", rel="alternate", hreflang="fr"),
    Edge("/kinds", "next", "/kinds/2", "rel=next", rel="next"),
    Edge("/kinds", "prev", "/", "rel=prev", rel="prev"),
    Edge("/kinds", "stylesheet", "/style.css", "rel=stylesheet", rel="stylesheet"),
    Edge("/kinds", "link", "/icon.png", "rel tokens are sorted, in lower case", rel="icon shortcut"),
    Edge("/kinds", "link", "/hero.png", "imagesrcset of a preloaded image", rel="preload"),
    Edge("/kinds", "link", "/hero-2.png", "imagesrcset, second", rel="preload"),
    Edge("/kinds", "css", "/imported.css", "@import"),
    Edge("/kinds", "css", "/paper.png", "url()"),
    Edge("/kinds", "img", "/wall.png", "the body's background"),
    Edge("/kinds", "a", "/leaf", "without the fragment; white space folded", "The leaf", region="nav"),
    Edge("/kinds", "a", "/kinds", "a fragment of the page itself", "Top", region="nav"),
    Edge("/kinds", "area", "/area", "its alt is its anchor", "An area", region="main"),
    Edge("/kinds", "iframe", "/framed", "by its title; article is innermost", "A frame", region="article"),
    Edge("/kinds", "a", "/frames", "a link", "Frames", region="main"),
    Edge("/kinds", "a", "/feed.rss", "a link", "RSS", region="main"),
    Edge("/kinds", "a", "/feed.atom", "a link", "Atom", region="main"),
    Edge("/kinds", "a", "/sheet.css", "a link", "Sheet", region="main"),
    Edge("/kinds", "img", "/small.png", "src", "A picture", region="main"),
    Edge("/kinds", "img", "/small.png", "srcset, first", "A picture", region="main"),
    Edge("/kinds", "img", "/large.png", "srcset, second", "A picture", region="main"),
    Edge("/kinds", "img", "/bare.png", "no alt at all", region="main", flags=NO_ALT),
    Edge("/kinds", "source", "/wide.webp", "the other candidate has a faulty descriptor", region="main"),
    Edge("/kinds", "img", "/only-get.png", "an empty alt is an alt", region="main"),
    Edge("/kinds", "css", "/spot.png", "a style attribute", region="main"),
    Edge("/kinds", "form", "/search", "sends by GET", "Search", region="aside"),
    Edge("/kinds", "img", "/go.png", "a button that is an image", "Go", region="aside"),
    Edge("/kinds", "form", "/search/exact", "the formaction of a button", "Exactly", region="aside"),
    Edge("/kinds", "form", "http://other.test/search", "GET where no method is named", region="aside"),
    Edge("/kinds", "script", "/go.js", "src"),
    Edge("/kinds", "embed", "/film.swf", "src"),
    Edge("/kinds", "object", "/drawing.svg", "data; its title is its anchor", "A drawing"),
    Edge("/kinds", "video", "/film.mp4", "src", "A film"),
    Edge("/kinds", "video", "/poster.png", "poster", "A film"),
    Edge("/kinds", "track", "/words.vtt", "tracks have no anchor"),
    Edge("/kinds", "audio", "/song.ogg", "src"),
    Edge("/kinds", "a", "mailto:ann@site.test", "javascript: and data: are only counted", "Write", region="footer"),
    Edge("/words", "a", "/unfollowed", "rel", "Left alone", "nofollow", nofollow_by="link"),
    Edge("/words", "a", "/leaf", "others lead there too", "Followed elsewhere", "nofollow", nofollow_by="link"),
    Edge("/words", "a", "/comment", "each token once", "By a visitor", "nofollow ugc", nofollow_by="link"),
    Edge("/words", "a", "/advert", "sponsored alone is no nofollow", "Paid for", "noopener sponsored"),
    Edge("/words", "a", "/marked", "a link", "Marked"),
    Edge("/words", "a", "/hidden", "a link", "Hidden"),
    Edge("/words", "a", "/denied/page", "recorded, whatever robots.txt says", "Denied"),
    Edge("/words", "a", "/private/page", "recorded, whatever --exclude says", "Private"),
    Edge("/words", "a", "/leaf", "the password is dropped, and that is said", "With a password", flags=CREDENTIALS),
    Edge("/words", "a", "/leaf", "differs in more than the base", "Written otherwise", written="/x/../leaf"),
    Edge("/words", "a", "http://[bad", "as written", "No URL"),
    Edge("/words", "a", "/chain/1", "a link", "Chain"),
    Edge("/ways", "a", "/moved", "a link", "Moved"),
    Edge("/ways", "a", "/loop/a", "a link", "Loop"),
    Edge("/ways", "a", "/hop/1", "a link", "Hops"),
    Edge("/ways", "a", "/refresh", "a link", "Refresh"),
    Edge("/ways", "a", "/refresh/header", "a link", "Refresh by header"),
    Edge("/ways", "a", "/base/", "a link", "Base"),
    Edge("/ways", "a", "/nowhere", "a link", "Nowhere"),
    Edge("/ways", "a", "/out", "a link", "Out"),
    Edge("/answers", "a", "/missing", "a link", "404"),
    Edge("/answers", "a", "/gone", "a link", "410"),
    Edge("/answers", "a", "/members", "a link", "401"),
    Edge("/answers", "a", "/forbidden", "a link", "403"),
    Edge("/answers", "a", "/busy", "a link", "429"),
    Edge("/answers", "a", "/overloaded", "a link", "503"),
    Edge("/answers", "a", "/nothing", "a link", "204"),
    Edge("/answers", "a", "/paper.pdf", "a link", "PDF"),
    *(Edge("/bodies", "a", f"/{coding}", "a link", coding) for coding in ("gzip", "deflate", "br", "zstd")),
    *(Edge("/bodies", "a", f"/charset/{who}", "a link", who) for who in ("header", "meta", "mark", "none")),
    Edge("/bodies", "a", "/cut", "a link", "cut"),
    Edge("/bodies", "a", "/broken-off", "a link", "broken off"),
    Edge("/bodies", "a", "/app", "a link", "app"),
    Edge("/hosts", "a", "https://site.test/", "a link", "By TLS"),
    Edge("/hosts", "a", "https://other.test/", "a link", "Another's certificate"),
    Edge("/hosts", "a", "http://down.site.test/", "a link", "Down"),
    Edge("/hosts", "a", "http://small.site.test/1", "a link", "Small"),
    Edge("/hosts", "a", "http://site.test:1/", "a link", "Closed"),
    Edge("/hosts", "a", f"http://{UNRESOLVED}/", "a link", "No such name"),
    Edge("/hosts", "a", "http://other.test/", "a link", "Another site"),
    Edge("/hosts", "a", "http://other.test/gone", "a link", "Gone there"),
    Edge("/hosts", "a", "http://other.test/no", "a link", "Denied there"),
    Edge("/de/", "alternate_hreflang", "/", "and back", rel="alternate", hreflang="en"),
    Edge("/frames", "frame", "/left", "its name is its anchor", "left"),
    Edge("/sheet.css", "css", "/dot.png", "resolved against the sheet"),
    Edge("/feed.rss", "feed", "/", "the channel's site"),
    Edge("/feed.rss", "feed", "/news", "an item, by its title", "First"),
    Edge("/feed.rss", "feed", "http://other.test/talk.mp3", "its enclosure", "First", "enclosure"),
    Edge("/feed.rss", "feed", "/leaf", "its comments", "First", "comments"),
    Edge("/feed.atom", "link", "/feed.atom", "the feed's own link", rel="self"),
    Edge("/feed.atom", "feed", "/", "the feed's site"),
    Edge("/feed.atom", "feed", "/leaf", "an entry", "Leaf", "alternate", hreflang="en"),
    Edge("/marked", "a", "/beyond", "the page says nofollow", "B", nofollow_by="page"),
    Edge("/marked", "canonical", "/leaf", "which does not bear on canonicals", rel="canonical"),
    Edge("/chain/1", "canonical", "/chain/2", "a chain", rel="canonical"),
    Edge("/chain/2", "canonical", "/chain/3", "its end is too deep, and recorded", rel="canonical"),
    Edge("/moved", "redirect", "/moved/there", "one hop"),
    Edge("/loop/a", "redirect", "/loop/b", "one hop"),
    Edge("/loop/b", "redirect", "/loop/a", "and back"),
    *(Edge(f"/hop/{hop}", "redirect", f"/hop/{hop + 1}", "one hop") for hop in range(1, 12)),
    Edge("/refresh", "meta_refresh", "/refreshed", "the element"),
    Edge("/refresh/header", "meta_refresh", "/refreshed/header", "the header"),
    Edge("/base/", "a", "/elsewhere/x", "its first base, not its second", "X"),
    Edge("/out", "redirect", "http://other.test/landing", "one hop"),
    Edge("/paper.pdf", "canonical", "/leaf", "a Link header on any 2xx answer", rel="canonical"),
    *(Edge(f"/{coding}", "a", "/leaf", "decoded", f"in {coding}") for coding in ("gzip", "deflate", "br", "zstd")),
    Edge("/cut", "a", "/leaf", "before the cut; what comes after it is not known", "before"),
    Edge("/broken-off", "a", "/leaf", "what came", "before"),
    Edge("/app", "script", "/go.js", "no other link"),
    Edge("https://site.test/", "a", "/leaf", "from https to http", "Out of TLS"),
    Edge("http://small.site.test/1", "a", "http://small.site.test/2", "a link", "2"),
    Edge("/robots.txt", "sitemap_file", "/index.xml", "a Sitemap line"),
    Edge("/robots.txt", "sitemap_file", "http://other.test/sitemap.xml", "a Sitemap line"),
    Edge("/index.xml", "sitemap_file", "/plain.xml", "an index's entry", lastmod="2026-03-01"),
    Edge("/index.xml", "sitemap_file", "/packed.xml.gz", "an index's entry"),
    Edge("/index.xml", "sitemap_file", "/list.txt", "an index's entry"),
    Edge("/plain.xml", "sitemap", "/lone", "an entry", lastmod="2026-01-02"),
    Edge("/plain.xml", "sitemap", "/de/", "its translation", rel="alternate", hreflang="de"),
    Edge("/plain.xml", "img", "/lone.png", "its image"),
    Edge("/packed.xml.gz", "sitemap", "/packed", "an entry"),
    Edge("/list.txt", "sitemap", "/listed", "a line"),
    Edge("/list.txt", "sitemap", "/lost", "another; the line between is no URL"),
]  # fmt: skip

CAPTURES = {
    "/": ("Every manner", None, 0, 0, 0),  # white space folded
    "/kinds": ("Kinds", None, 0, 0, 2),  # javascript: and data:
    "/marked": (None, "nofollow noindex", 0, 0, 0),  # the meta element
    "/hidden": (None, "noarchive noindex", 0, 0, 0),  # the header, less what it says to otherbot
    "/charset/header": ("Grüße", None, 0, 0, 0),  # the header goes before the meta element
    "/charset/meta": ("Привет", None, 0, 0, 0),  # the page itself
    "/charset/mark": ("Χαίρε", None, 0, 0, 0),  # the byte order mark goes before the header
    "/charset/none": ("Café", None, 0, 0, 0),  # no UTF-8, hence windows-1252
    "/cut": ("Cut", None, 1, 0, 0),  # longer than --max-bytes
    "/broken-off": ("Broken off", None, 0, 1, 0),  # shorter than its Content-Length
    "/feed.rss": ("News", None, 0, 0, 0),  # the channel's title
}
"""Title, robots_flags, cut, truncated, inert_links of the pages in which one of them matters."""

NOT_SHOWN = {
    "pending": "the crawl ends",
    "not_modified": "no page is fetched again",
    "timeout": "test_fetch.py: a test that waits takes its time",
    "internal_error": "no fault of linkmap's own is known",
    "private_address": "this web is private, and --allow-private given",
    "trap": "no rule gives it yet",
}
"""The outcomes that no page of this web has, and why."""


class Map(NamedTuple):
    """What the crawl of this web left."""

    db: Path
    port: int
    tls_port: int
    site: Site
    stderr: str

    def rows(self, sql: str, *parameters: object) -> list[tuple[object, ...]]:
        """The rows of a question, free of the servers' ports."""
        with closing(sqlite3.connect(self.db)) as connection:
            return [
                tuple(without_ports(cell, self.port, self.tls_port) if isinstance(cell, str) else cell for cell in row)
                for row in connection.execute(sql, parameters)
            ]


@pytest.fixture(scope="module", params=list(Parser))
def crawled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Map]:
    folder = tmp_path_factory.mktemp("manners")
    authority = Authority(folder)
    tls_pages: dict[str, str] = {}
    with Site() as site, TlsSite(authority.certificate(f"DNS:{MAIN}"), tls_pages) as tls:
        site.pages = pages(site.port, tls.port)
        tls_pages |= {path: with_ports(text, site.port, tls.port) for path, text in TLS_PAGES.items()}
        names = [(name, site.port) for name in (MAIN, OTHER, DOWN, SMALL)]
        names += [(MAIN, tls.port), (OTHER, tls.port), (MAIN, CLOSED_PORT)]
        resolve = [word for name, port in names for word in ("--resolve", f"{name}:{port}:127.0.0.1")]
        (folder / "linkmap.toml").write_text(f'[host."{SMALL}"]\nmax-pages = 1\n')
        done = linkmap(
            "crawl", f"http://{MAIN}:{site.port}/", *resolve, "--allow-private", "--delay", "0", "--per-host", "1",
            "--depth", "3", "--record", "all", "--check", "external,resources", "--exclude", "/private/",
            "--max-bytes", CUT_AT, "--ca-file", authority.file, "--fail-on", "broken", "--parser", request.param,
            cwd=folder,
        )  # fmt: skip
        assert done.returncode == 3, done.stderr
        check_accounting(folder / "map.db")
        yield Map(folder / "map.db", site.port, tls.port, site, done.stderr)


@pytest.mark.parametrize(("auxiliary", "expected"), [(0, PAGES), (1, AUXILIARY)], ids=["pages", "auxiliary"])
def test_each_page_becomes_what_its_reason_says(crawled: Map, auxiliary: int, expected: list[Row]) -> None:
    found = crawled.rows(
        "SELECT url, outcome.name, capture.status, depth, CASE manner WHEN 0 THEN 'page' WHEN 1 THEN 'sitemap' "
        "WHEN 2 THEN 'check' ELSE 'robots' END FROM page JOIN outcome ON outcome.id = page.outcome "
        "LEFT JOIN capture ON capture.id = page.capture WHERE auxiliary = ?",
        auxiliary,
    )
    assert sorted(found, key=repr) == sorted((row[:-1] for row in expected), key=repr)


def test_each_link_is_found_in_its_place_with_all_its_evidence(crawled: Map) -> None:
    found = crawled.rows(
        "SELECT source.url, kind.name, target.url, '', anchor.text, rel.tokens, region.name, link.hreflang, "
        "link.lastmod, link.written, link.flags, coalesce(links.nofollow_by, '') "
        "FROM page AS source JOIN link ON link.capture = source.links "
        "JOIN page AS target ON target.id = link.target JOIN kind ON kind.id = link.kind "
        "JOIN rel ON rel.id = link.rel JOIN region ON region.id = link.region "
        "JOIN anchor ON anchor.id = link.anchor "
        "LEFT JOIN links ON links.source = source.id AND links.ordinal = link.ordinal "
        "ORDER BY source.url, link.ordinal"
    )
    by_source: dict[object, list[tuple[object, ...]]] = {}
    for row in found:
        by_source.setdefault(row[0], []).append(row)
    expected: dict[object, list[tuple[object, ...]]] = {}
    for edge in LINKS:
        expected.setdefault(edge.source, []).append(edge._replace(why=""))
    assert by_source == expected


def test_each_page_says_of_itself_what_stands_in_it(crawled: Map) -> None:
    found = crawled.rows(
        "SELECT url, title, robots_flags, cut, truncated, inert_links FROM page JOIN capture ON capture.id = capture"
    )
    told = {url: tuple(rest) for url, *rest in found}
    assert {url: told[url] for url in CAPTURES} == CAPTURES
    scripted = crawled.rows("SELECT url, script_evidence FROM page JOIN capture ON capture.id = capture "
                            "WHERE script_evidence IS NOT NULL")  # fmt: skip
    assert scripted == [("/app", "1 script, 0 links, 23 characters of text, empty #root, noscript asks for JavaScript")]


def test_each_request_is_made_as_often_as_its_manner_wants(crawled: Map) -> None:
    asked = [(hit.method, hit.path) for hit in crawled.site.log if hit.host.partition(":")[0] == MAIN]
    assert asked.count(("GET", "/robots.txt")) == 1, "once for each origin"
    assert asked.count(("GET", "/busy")) == 3, "429 is tried twice more"
    assert asked.count(("GET", "/overloaded")) == 3, "so is 503"
    assert asked.count(("GET", "/missing")) == 1, "404 is an answer"
    assert [method for method, path in asked if path == "/only-get.png"] == ["HEAD", "GET"]
    assert [method for method, path in asked if path == "/style.css"] == ["HEAD"]
    assert {path for _, path in asked} & {
        "/no.png",
        "/inert",
        "/inert.png",
        "/after",
        "/order",
        "/faulty.webp",
    } == set()


def test_this_web_shows_every_word_that_a_map_has() -> None:
    shown = {row.outcome for row in PAGES}
    assert {outcome.word for outcome in Outcome} - shown == NOT_SHOWN.keys()
    assert {edge.kind for edge in LINKS} == {kind.word for kind in LinkKind}
    assert {edge.region for edge in LINKS} == {region.name.lower() if region else "" for region in Region}
    assert {edge.flags for edge in LINKS} == {0, *LinkFlag}
    assert {row.manner for row in PAGES + AUXILIARY} == {manner.name.lower() for manner in Manner}
    assert all(row.why for row in [*PAGES, *AUXILIARY, *LINKS])

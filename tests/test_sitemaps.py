"""Sitemaps and feeds: what is read of them, when they are asked for, and how little a hostile one can do."""

import asyncio
import gzip
from pathlib import Path

import pytest
from conftest import Answer, Site
from maps import check_accounting, graph, outcomes, rows

from linkmap import query
from linkmap.model import LinkKind
from linkmap.parse import sitemap
from linkmap.parse.links import Page
from linkmap.parse.xml import MAX_ENTRIES, read_xml
from linkmap.runs import CrawlResult, crawl
from linkmap.settings import Settings

XML = {"Content-Type": "application/xml"}
TEXT = {"Content-Type": "text/plain"}


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "map.db"


def crawl_site(
    site: Site, db: Path, *seeds: str, resume: bool = False, add: bool = False, **options: object
) -> CrawlResult:
    chosen = Settings(**{"delay_s": 0, "allow_private": True, **options})  # type: ignore[arg-type]
    urls = [] if resume or add else [site(seed) for seed in seeds or ("/",)]
    result = asyncio.run(crawl(urls, db, chosen, resume=resume, add=add))
    check_accounting(db)
    return result


def urlset(*entries: str, tail: str = "</urlset>") -> Answer:
    written = "".join(f"<url>{entry}</url>" for entry in entries)
    head = '<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    return Answer(head + written + tail, headers=XML)


def index(*urls: str) -> Answer:
    return Answer(
        "<sitemapindex>" + "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls) + "</sitemapindex>",
        headers=XML,
    )


def robots(site: Site, *paths: str) -> Answer:
    lines = "".join(f"Sitemap: {site(path)}\n" for path in paths)
    return Answer(f"User-agent: *\nDisallow: /no\n{lines}", headers=TEXT)


def auxiliary(db: Path) -> dict[str, str]:
    found = rows(db, "SELECT url, outcome.name FROM page JOIN outcome ON outcome.id = outcome WHERE auxiliary = 1")
    return dict(found)


def entries(db: Path) -> list[tuple[str, str, str, str | None]]:
    """Sitemap, kind, target, lastmod."""
    return rows(
        db,
        "SELECT source.url, kind.name, target.url, lastmod FROM link JOIN capture ON capture.id = link.capture "
        "JOIN page AS source ON source.id = capture.page AND source.links = capture.id "
        "JOIN page AS target ON target.id = target JOIN kind ON kind.id = kind "
        "WHERE kind.name LIKE 'sitemap%' ORDER BY capture.id, ordinal",
    )


def test_an_index_leads_to_sitemaps_plain_packed_and_in_text_and_they_to_pages(site: Site, db: Path) -> None:
    packed = gzip.compress(urlset(f"<loc>{site('/packed')}</loc>").body.encode())
    site.pages = {
        "/": '<a href="/linked">l</a>',
        "/linked": "",
        "/robots.txt": robots(site, "/index.xml"),
        "/index.xml": index(site("/plain.xml"), site("/packed.xml.gz"), site("/list.txt")),
        "/plain.xml": urlset(
            f"<lastmod>2026-01-02</lastmod><loc> {site('/lone')} </loc>", f"<loc>{site('/linked')}</loc>"
        ),
        "/packed.xml.gz": Answer(packed, headers={"Content-Type": "application/gzip"}),
        "/list.txt": Answer(f"{site('/listed')}\r\n\r\nnot a url\n", headers=TEXT),
        **dict.fromkeys(("/lone", "/packed", "/listed"), "end"),
    }
    crawl_site(site, db, depth=1)
    assert outcomes(db) == dict.fromkeys(map(site, ("/", "/linked", "/lone", "/packed", "/listed")), "fetched")
    assert auxiliary(db) == {
        site("/robots.txt"): "not_html",
        **dict.fromkeys(map(site, ("/index.xml", "/plain.xml", "/packed.xml.gz", "/list.txt")), "not_html"),
    }
    assert sorted(entries(db)) == sorted([
        (site("/robots.txt"), "sitemap_file", site("/index.xml"), None),
        (site("/index.xml"), "sitemap_file", site("/plain.xml"), None),
        (site("/index.xml"), "sitemap_file", site("/packed.xml.gz"), None),
        (site("/index.xml"), "sitemap_file", site("/list.txt"), None),
        (site("/plain.xml"), "sitemap", site("/lone"), "2026-01-02"),
        (site("/plain.xml"), "sitemap", site("/linked"), None),
        (site("/packed.xml.gz"), "sitemap", site("/packed"), None),
        (site("/list.txt"), "sitemap", site("/listed"), None),
    ])  # fmt: skip
    assert sorted(query(db, "orphans").rows) == [
        (site("/"), "seed", "fetched"),
        (site("/listed"), "sitemap", "fetched"),
        (site("/lone"), "sitemap", "fetched"),
        (site("/packed"), "sitemap", "fetched"),
    ]
    assert query(db, "sitemap_only").rows == [
        (site("/listed"), "fetched", 200, None, site("/list.txt")),
        (site("/lone"), "fetched", 200, "2026-01-02", site("/plain.xml")),
        (site("/packed"), "fetched", 200, None, site("/packed.xml.gz")),
    ]


def test_a_sitemap_entry_counts_one_link(site: Site, db: Path) -> None:
    site.pages = {
        "/": "home",
        "/robots.txt": robots(site, "/sitemap.xml"),
        "/sitemap.xml": urlset(f"<loc>{site('/one')}</loc>"),
        "/one": '<a href="/two">2</a>',
        "/two": "",
    }
    crawl_site(site, db, depth=1)
    assert outcomes(db)[site("/two")] == "too_deep"
    assert rows(db, "SELECT depth FROM page WHERE url = ?", site("/one")) == [(1,)]


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({"sitemaps": False}, False),
        ({"robots": False}, False),
        ({"depth": 0}, False),
        ({"scope": "page"}, False),
        ({"scope": "prefix"}, True),
        ({"scope": "host"}, True),
        ({"scope": "any"}, True),
        ({}, True),
    ],
)
def test_sitemaps_are_read_where_the_crawl_goes_beyond_its_seeds(
    site: Site, db: Path, options: dict[str, object], asked: bool
) -> None:
    site.pages = {
        "/": "home",
        "/robots.txt": robots(site, "/sitemap.xml"),
        "/sitemap.xml": urlset(f"<loc>{site('/one')}</loc>"),
        "/one": "",
    }
    crawl_site(site, db, **options)
    assert ("/sitemap.xml" in site.paths()) is asked
    assert outcomes(db).get(site("/one")) == ("fetched" if asked else None)


def test_a_map_without_sitemaps_has_them_added(site: Site, db: Path) -> None:
    site.pages = {
        "/": "home",
        "/robots.txt": robots(site, "/sitemap.xml"),
        "/sitemap.xml": urlset(f"<loc>{site('/one')}</loc>"),
        "/one": "",
    }
    crawl_site(site, db, sitemaps=False)
    assert auxiliary(db)[site("/sitemap.xml")] == "kind_not_followed"
    crawl_site(site, db, add=True, sitemaps=True)
    assert outcomes(db) == {site("/"): "fetched", site("/one"): "fetched"}


def test_a_sitemap_that_robots_txt_forbids_is_not_asked_for(site: Site, db: Path) -> None:
    site.pages = {"/": "home", "/robots.txt": robots(site, "/no/sitemap.xml"), "/no/sitemap.xml": urlset()}
    crawl_site(site, db)
    assert auxiliary(db)[site("/no/sitemap.xml")] == "robots_denied"
    assert "/no/sitemap.xml" not in site.paths()


def test_sitemaps_of_other_sites_are_recorded_and_not_asked_for(site: Site, db: Path) -> None:
    elsewhere = f"http://localhost:{site.port}/sitemap.xml"
    site.pages = {"/": "home", "/robots.txt": Answer(f"Sitemap: {elsewhere}", headers=TEXT)}
    crawl_site(site, db)
    assert auxiliary(db)[elsewhere] == "off_scope"
    assert "/sitemap.xml" not in site.paths()


def test_indexes_that_name_one_another_are_each_asked_once(site: Site, db: Path) -> None:
    site.pages = {
        "/": "home",
        "/robots.txt": robots(site, "/a.xml", "/robots.txt"),
        "/a.xml": index(site("/b.xml"), site("/a.xml")),
        "/b.xml": index(site("/a.xml"), site("/c.xml")),
        "/c.xml": Answer("", 301, {"Location": "/a.xml"}),
    }
    crawl_site(site, db)
    assert sorted(site.paths()) == ["/", "/a.xml", "/b.xml", "/c.xml"]


def test_an_endless_chain_of_indexes_ends_after_ten(site: Site, db: Path) -> None:
    site.pages = {"/": "home", "/robots.txt": robots(site, "/0.xml")}
    site.pages |= {f"/{n}.xml": index(site(f"/{n + 1}.xml")) for n in range(30)}
    crawl_site(site, db)
    assert [path for path in site.paths() if path != "/"] == [f"/{n}.xml" for n in range(10)]
    found = rows(db, "SELECT detail FROM page WHERE url = ?", site("/10.xml"))
    assert found == [("after 10 sitemap indexes or redirects in a row",)]


def test_a_sitemap_that_pages_link_to_is_a_page_and_a_sitemap_whichever_is_found_first(tmp_path: Path) -> None:
    """The entries' depth is 1 by robots.txt, and not what the link to the sitemap would make it."""
    graphs = []
    for slow in ("/robots", "/deep"):
        with Site() as site:
            site.pages = {
                "/": '<a href="/deep">d</a>',
                "/deep": Answer('<a href="/list.txt">map</a>', delay_s=0.2 * (slow == "/deep")),
                "/robots.txt": robots(site, "/index.xml"),
                "/index.xml": Answer(index(site("/list.txt")).body, headers=XML, delay_s=0.4 * (slow == "/robots")),
                "/list.txt": Answer(site("/one"), headers=TEXT),
                "/one": '<a href="/two">2</a>',
                "/two": "",
            }
            db = tmp_path / f"{slow[1:]}.db"
            crawl_site(site, db, depth=2, per_host=3)
            pages, links = graph(db)
            graphs.append((
                {(page[0].replace(site.url, ""), *page[1:]) for page in pages},
                [tuple(str(cell).replace(site.url, "") for cell in link) for link in links],
            ))  # fmt: skip
    assert graphs[0] == graphs[1]
    assert ("/two", "fetched", 200, 2) in {page[:4] for page in graphs[0][0]}
    assert ("/list.txt", "not_html", 200, 2, 0, 0, 0, 1, 2, None, None) in graphs[0][0], (
        "a page, because a page links to it"
    )


def test_a_crawl_that_stopped_before_its_sitemaps_reads_them_when_resumed(site: Site, db: Path) -> None:
    site.pages = {
        "/": '<a href="/a">a</a>',
        "/a": "",
        "/robots.txt": robots(site, "/sitemap.xml"),
        "/sitemap.xml": urlset(f"<loc>{site('/one')}</loc>"),
        "/one": "",
    }
    stop = asyncio.Event()
    chosen = Settings(delay_s=0, allow_private=True)

    async def interrupted() -> CrawlResult:
        return await crawl([site("/")], db, chosen, stop=stop, on_answer=lambda url, visit: stop.set())

    assert asyncio.run(interrupted()).state == "stopped"
    assert "/sitemap.xml" not in site.paths()
    check_accounting(db)
    assert crawl_site(site, db, resume=True).state == "finished"
    assert outcomes(db) == dict.fromkeys(map(site, ("/", "/a", "/one")), "fetched")


def test_sitemaps_count_as_answers_and_what_a_budget_leaves_is_taken_up_by_add(site: Site, db: Path) -> None:
    site.pages = {
        "/": "home",
        "/robots.txt": robots(site, "/1.xml", "/2.xml"),
        "/1.xml": urlset(f"<loc>{site('/one')}</loc>"),
        "/2.xml": urlset(f"<loc>{site('/two')}</loc>"),
        "/one": "",
        "/two": "",
    }
    crawl_site(site, db, max_pages=2)
    assert auxiliary(db)[site("/2.xml")] == "over_budget"
    assert outcomes(db) == {site("/"): "fetched", site("/one"): "over_budget"}
    crawl_site(site, db, add=True, max_pages=0)
    assert outcomes(db) == dict.fromkeys(map(site, ("/", "/one", "/two")), "fetched")


@pytest.mark.parametrize(
    ("answer", "outcome", "detail"),
    [
        (Answer("", 404), "client_error", None),
        (Answer("<html><a href='/a'>soft 404</a>"), "fetched", "no sitemap"),
        (Answer("<?xml version='1.0'?><other/>", headers=XML), "not_html", "no sitemap"),
        (Answer("", headers=XML), "not_html", "no sitemap"),
        (Answer(b"\x1f\x8bnot packed", headers=XML), "not_html", "no sitemap"),
    ],
)
def test_what_is_no_sitemap_leads_nowhere_and_says_so(
    site: Site, db: Path, answer: Answer, outcome: str, detail: str | None
) -> None:
    site.pages = {"/": "home", "/robots.txt": robots(site, "/sitemap.xml"), "/sitemap.xml": answer}
    crawl_site(site, db)
    found = rows(
        db,
        "SELECT outcome.name, detail FROM page JOIN outcome ON outcome.id = outcome WHERE url = ?",
        site("/sitemap.xml"),
    )
    assert found == [(outcome, detail)]
    assert "/a" not in site.paths()


# --- The readers alone


def references(found: tuple[Page, bool] | None) -> list[str]:
    assert found is not None
    return [element.reference for element in found[0].elements]


def test_a_sitemap_that_breaks_off_gives_what_came_before() -> None:
    body = urlset("<loc>http://a.test/1</loc>", "<loc>http://a.test/2</loc>", tail="<url><loc>http://a.te").body
    assert isinstance(body, str)
    assert references(read_xml(body.encode(), "http://a.test/"))[:2] == ["http://a.test/1", "http://a.test/2"]


def test_translations_and_images_of_an_entry_are_links_too() -> None:
    body = b"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:x="http://www.w3.org/1999/xhtml"
      xmlns:i="http://www.google.com/schemas/sitemap-image/1.1" xmlns:v="http://www.google.com/schemas/sitemap-video/1.1">
      <url><loc>/en</loc><x:link rel="alternate" hreflang="de" href="/de"/><i:image><i:loc>/1.png</i:loc></i:image>
      <v:video><v:thumbnail_loc>/t.jpg</v:thumbnail_loc><v:content_loc>/f.mp4</v:content_loc></v:video></url></urlset>"""
    found = read_xml(body, "http://a.test/")
    assert found is not None
    assert [(each.kind, each.reference, each.hreflang) for each in found[0].elements] == [
        (LinkKind.SITEMAP, "/en", None),
        (LinkKind.SITEMAP, "/de", "de"),
        (LinkKind.IMG, "/1.png", None),
        (LinkKind.IMG, "/t.jpg", None),
        (LinkKind.VIDEO, "/f.mp4", None),
    ]


@pytest.mark.parametrize(
    ("label", "byte", "title"), [("iso-8859-8-i", b"\xe0", "א"), ("x-mac-cyrillic", b"\x80", "А"), ("utf-8", b"a", "a")]
)
def test_a_feed_is_read_in_encodings_that_lxml_does_not_know(label: str, byte: bytes, title: str) -> None:
    found = read_xml(b"<rss><channel><title>" + byte + b"</title></channel></rss>", "http://a.test/", label)
    assert found is not None
    assert found[0].title == title


def test_entries_past_fifty_thousand_are_left_out_and_that_is_said() -> None:
    body = "<urlset>" + "<url><loc>http://a.test/</loc></url>" * (MAX_ENTRIES + 1) + "</urlset>"
    found = read_xml(body.encode(), "http://a.test/")
    assert found is not None
    assert (len(found[0].elements), found[1]) == (MAX_ENTRIES, True)


def test_entities_are_not_expanded_and_no_file_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("http://a.test/secret")
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    body = (
        f'<!DOCTYPE urlset [<!ENTITY l0 "http://a.test/ha">{laughs}<!ENTITY x SYSTEM "file://{secret}">]>'
        "<urlset><url><loc>&l9;</loc></url><url><loc>&x;</loc></url><url><loc>http://a.test/ok</loc></url></urlset>"
    )
    found = read_xml(body.encode(), "http://a.test/")
    written = "".join(references(found)) if found else ""
    assert "secret" not in written
    assert len(written) < 1_000


def test_a_packed_sitemap_is_unpacked_up_to_its_limit() -> None:
    bomb = gzip.compress(bytes(sitemap.MAX_BYTES + 10))
    body, cut, truncated = sitemap.unpacked(bomb)
    assert (len(body), cut, truncated) == (sitemap.MAX_BYTES, True, False)
    assert sitemap.unpacked(gzip.compress(b"one") + gzip.compress(b"two")) == (b"onetwo", False, False)
    whole = gzip.compress(b"x" * 100)
    assert sitemap.unpacked(whole[:-9])[2], "it ended too early"
    assert sitemap.unpacked(gzip.compress(b"") * 5_000)[2], "nobody packs a file in five thousand parts"
    assert sitemap.unpacked(b"plain") == (b"plain", False, False)


RSS = b"""<?xml version="1.0"?><rss xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>News</title>
<link>http://a.test/</link><atom:link rel="self" href="http://a.test/feed"/><language>en</language>
<image><link>http://a.test/logo</link></image>
<item><title>One</title><link>http://a.test/1</link><comments>http://a.test/1#c</comments>
<enclosure url="/1.mp3" type="audio/mpeg"/><guid>http://a.test/?p=1</guid></item>
<item><title>Two</title><guid isPermaLink="true">http://a.test/2</guid></item>
<item><title>Three</title><guid isPermaLink="false">3</guid></item></channel></rss>"""

ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://a.test/blog/"><title>Blog</title>
<link href="/"/><link rel="next" href="?page=2"/>
<entry><title>One</title><link href="1"/><link rel="related" hreflang="de" href="http://b.test/"/></entry></feed>"""

RDF = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
<channel rdf:about="http://a.test/"><title>Old</title><link>http://a.test/</link></channel>
<item><title>One</title><link>http://a.test/1</link></item></rdf:RDF>"""


@pytest.mark.parametrize(
    ("body", "title", "found"),
    [
        (
            RSS, "News",
            [("feed", "http://a.test/", "", ""), ("link", "http://a.test/feed", "self", ""),
             ("feed", "http://a.test/1", "", "One"), ("feed", "http://a.test/1#c", "comments", "One"),
             ("feed", "/1.mp3", "enclosure", "One"), ("feed", "http://a.test/2", "", "Two")],
        ),
        (
            ATOM, "Blog",
            [("feed", "http://a.test/", "", ""), ("next", "http://a.test/blog/?page=2", "next", ""),
             ("feed", "http://a.test/blog/1", "", "One"), ("feed", "http://b.test/", "related", "One")],
        ),
        (RDF, "Old", [("feed", "http://a.test/", "", ""), ("feed", "http://a.test/1", "", "One")]),
    ],
    ids=["rss", "atom", "rdf"],
)  # fmt: skip
def test_the_entries_of_a_feed_are_links(body: bytes, title: str, found: list[tuple[str, str, str, str]]) -> None:
    read = read_xml(body, "http://a.test/feed")
    assert read is not None
    page, _ = read
    assert page.title == title
    assert [(each.kind.word, each.reference, each.rel, each.anchor) for each in page.elements] == found


def test_a_feed_that_a_page_links_to_is_read_and_its_entries_are_recorded_and_not_followed(
    site: Site, db: Path
) -> None:
    site.pages = {
        "/": '<a href="/feed">news</a>',
        "/feed": Answer(
            RSS.replace(b"http://a.test", site.url.encode()), headers={"Content-Type": "application/rss+xml"}
        ),
    }
    crawl_site(site, db)
    found = outcomes(db)
    assert found[site("/feed")] == "not_html"
    assert found[site("/1")] == found[site("/2")] == found[site("/1.mp3")] == "kind_not_followed"
    assert rows(
        db, "SELECT title FROM capture JOIN page ON page.capture = capture.id WHERE url = ?", site("/feed")
    ) == [("News",)]

"""A site that uses every kind of link once, with its rows and pages by hand; and what follows from a kind."""

import asyncio
import csv
import io
from pathlib import Path

import pytest
from conftest import Answer, Page, Site
from maps import check_accounting, linkmap, outcomes, rows

from linkmap import load_graph
from linkmap.kinds import RECORDED_KINDS
from linkmap.runs import crawl
from linkmap.settings import Settings

HOME = """<!doctype html>
<link rel="canonical" href="/canon"> <link rel="alternate" hreflang="de" href="/de"> <link rel="Next" href="/two">
<link rel="previous" href="/zero"> <link rel="stylesheet preload" href="/style.css"> <script src="/go.js"></script>
<meta http-equiv="Refresh" content="300; url='/later'">
<body><header><img src="/logo.png" alt="The logo" srcset="/logo2.png 2x, /logo3.png 3x"></header>
<nav><a href="/text" rel="nofollow">Text</a></nav>
<map><area href="/area" alt="Area"></map>
<main><iframe src="/inner" title="Inner"></iframe>
<form action="/search" title="Search"><input name="q"></form> <form method="post" action="/post"></form>
<picture><source srcset="/wide.webp 800w, /narrow.webp 400w"><img src="/wide.jpg" title="Wide"></picture>
<video src="/film.webm" poster="/still.jpg" title="Film"><source src="/film.mp4"><track src="/film.vtt"></video>
<audio src="/song.ogg"></audio> <embed src="/plug.svg"> <object data="/doc.pdf" title="Doc"></object></main>
<template><img src="/inert.png"></template>
"""

EXPECTED = """
/list | link | describedby | | | the Link header comes first; its rel has no kind of its own
/canon | canonical | canonical | | | rel=canonical
/de | alternate_hreflang | alternate | | | alternate with a language
/two | next | next | | | rel is free of case
/zero | prev | previous | | | the standard's old word for prev
/style.css | stylesheet | preload stylesheet | | | a style sheet
/go.js | script | | | | a script with a source
/later | meta_refresh | | | | quoted, after its seconds
/logo.png | img | | header | The logo | src goes before srcset
/logo2.png | img | | header | The logo | a candidate
/logo3.png | img | | header | The logo | another
/text | a | nofollow | nav | Text | recorded, not followed
/area | area | | | Area | a part of an image map
/inner | iframe | | main | Inner | a page in the page
/search | form | | main | Search | GET, since no method is named
/wide.webp | source | | main | | a picture's source has candidates
/narrow.webp | source | | main | | each is a link
/wide.jpg | img | | main | Wide | no alt, so its title
/film.webm | video | | main | Film | a film
/still.jpg | video | | main | Film | and its poster
/film.mp4 | source | | main | | a film's source
/film.vtt | track | | main | | its words
/song.ogg | audio | | main | | sound
/plug.svg | embed | | main | | embedded
/doc.pdf | object | | main | Doc | an object's data
"""
"""Target, kind, rel, region, anchor, reason; in the order of the page; the form that posts is absent."""

PAGES = {
    "/": "fetched",
    "/canon": "fetched",  # followed, though no navigation
    "/de": "fetched",
    "/two": "fetched",
    "/zero": "fetched",
    "/later": "fetched",
    "/area": "fetched",
    "/inner": "fetched",
    "/text": "nofollow",
    "/frame": "fetched",  # from /inner
    "/moved": "redirect",  # from /inner
    "/end": "fetched",
    **dict.fromkeys(
        ("/list", "/style.css", "/go.js", "/logo.png", "/logo2.png", "/logo3.png", "/search", "/wide.webp",
         "/narrow.webp", "/wide.jpg", "/film.webm", "/still.jpg", "/film.mp4", "/film.vtt", "/song.ogg", "/plug.svg",
         "/doc.pdf"),
        "kind_not_followed",
    ),
}  # fmt: skip


def crawl_site(site: Site, db: Path, seed: str = "/", **options: object) -> None:
    settings = Settings(**{"delay_s": 0.0, "allow_private": True, **options})  # type: ignore[arg-type]
    asyncio.run(crawl([site(seed)], db, settings))
    check_accounting(db)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "map.db"


@pytest.fixture
def every_kind(site: Site) -> Site:
    pages: dict[str, Page] = {
        "/": Answer(HOME, headers={"Link": '</list>; rel="describedby"'}),
        "/inner": '<frameset><frame src="/frame"><frame src="/moved"></frameset>',
        "/moved": Answer(status=302, headers={"Location": "/end"}),
    }
    site.pages = dict.fromkeys(PAGES, "end") | pages
    return site


def test_every_kind_is_recorded_with_its_evidence_in_the_order_of_the_page(every_kind: Site, db: Path) -> None:
    crawl_site(every_kind, db)
    found = rows(
        db,
        "SELECT target_url, kind, rel, region, anchor FROM links WHERE source_url = ? ORDER BY ordinal",
        every_kind("/"),
    )
    expected = [tuple(map(str.strip, line.split("|")))[:5] for line in EXPECTED.strip().splitlines()]
    assert [(target.removeprefix(every_kind.url), *rest) for target, *rest in found] == expected
    languages = rows(db, "SELECT kind, hreflang FROM links WHERE hreflang IS NOT NULL")
    assert languages == [("alternate_hreflang", "de")]
    assert {kind for (kind,) in rows(db, "SELECT kind FROM links")} == {kind.word for kind in RECORDED_KINDS} - {
        "sitemap", "sitemap_file", "feed",  # tests/test_sitemaps.py has them
    }  # fmt: skip


def test_only_pages_that_a_followed_kind_leads_to_are_fetched(every_kind: Site, db: Path) -> None:
    crawl_site(every_kind, db)
    assert outcomes(db) == {every_kind(path): outcome for path, outcome in PAGES.items()}
    assert sorted(every_kind.paths()) == sorted(
        path for path, outcome in PAGES.items() if outcome in ("fetched", "redirect")
    )


def test_a_refresh_costs_no_depth_and_a_canonical_does(every_kind: Site, db: Path) -> None:
    crawl_site(every_kind, db)
    depths = dict(rows(db, "SELECT url, depth FROM page"))
    assert depths[every_kind("/later")] == 0
    assert depths[every_kind("/canon")] == 1
    assert depths[every_kind("/logo.png")] is None


def test_graphs_and_exports_take_navigation_unless_other_kinds_are_named(
    every_kind: Site, db: Path, tmp_path: Path
) -> None:
    crawl_site(every_kind, db)
    home = every_kind("/")

    def targets(graph: object) -> set[str]:
        urls = dict(graph.nodes(data="url"))  # type: ignore[attr-defined]
        return {urls[target] for source, target in graph.edges if urls[source] == home}  # type: ignore[attr-defined]

    navigation = {every_kind(path) for path in ("/text", "/area", "/inner", "/later")}
    assert targets(load_graph(db)) == navigation
    assert targets(load_graph(db, kinds=["canonical"])) == {every_kind("/canon")}
    done = linkmap("export", tmp_path / "img.csv", "--kinds", "img", "--db", db, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    edges = list(csv.reader(io.StringIO((tmp_path / "img.csv").read_text())))[1:]
    assert sorted(target for _, target, _ in edges) == [
        every_kind(path) for path in ("/logo.png", "/logo2.png", "/logo3.png", "/wide.jpg")
    ]


def test_a_followed_link_that_comes_later_reopens_what_no_followed_kind_led_to(site: Site, db: Path) -> None:
    site.pages = {
        "/": '<img src="/picture"><link rel="icon" href="/b"><a href="/slow">s</a>',
        "/slow": '<a href="/picture">p</a>',
        "/picture": '<a href="/deep">d</a>',
        "/deep": "end",
    }
    crawl_site(site, db)
    assert outcomes(db) == {
        site("/"): "fetched",
        site("/slow"): "fetched",
        site("/picture"): "fetched",
        site("/deep"): "fetched",
        site("/b"): "kind_not_followed",
    }
    depths = rows(db, "SELECT url, depth FROM page WHERE auxiliary = 0 AND depth IS NOT NULL ORDER BY depth, url")
    assert depths == [(site("/"), 0), (site("/slow"), 1), (site("/picture"), 2), (site("/deep"), 3)]


def test_what_the_url_forbids_goes_before_what_the_kind_leaves(site: Site, db: Path) -> None:
    site.pages = {
        "/": '<img src="http://elsewhere.test/i"><img src="http://[bad"><img src="ftp://a.test/i"><img src="/out.png">'
        '<img src="/both"><a rel="nofollow" href="/both">b</a><img src="/in.png"><img src="data:,x">'
    }
    crawl_site(site, db, exclude=("out",))
    assert outcomes(db) == {
        site("/"): "fetched",
        "http://elsewhere.test/i": "off_scope",
        "http://[bad": "invalid",
        "ftp://a.test/i": "unsupported_scheme",
        site("/out.png"): "excluded",
        site("/both"): "nofollow",
        site("/in.png"): "kind_not_followed",
    }
    assert rows(db, "SELECT inert_links FROM capture WHERE outcome = 1") == [(1,)]


def test_the_link_header_of_a_file_is_followed_though_the_file_is_no_html(site: Site, db: Path) -> None:
    header = '</paper.html>; rel="canonical", <icon>; rel=icon'
    site.pages = {
        "/": '<a href="/paper.pdf">paper</a><a href="/gone">g</a>',
        "/paper.pdf": Answer("%PDF", headers={"Content-Type": "application/pdf", "Link": header}),
        "/paper.html": "end",
        "/gone": Answer("", 404, {"Link": '</never>; rel="next"'}),
    }
    crawl_site(site, db)
    assert outcomes(db) == {
        site("/"): "fetched",
        site("/paper.pdf"): "not_html",
        site("/paper.html"): "fetched",
        site("/icon"): "kind_not_followed",
        site("/gone"): "client_error",
    }
    found = rows(db, "SELECT ordinal, target_url, kind, rel FROM links WHERE source_url = ?", site("/paper.pdf"))
    assert found == [(0, site("/paper.html"), "canonical", "canonical"), (1, site("/icon"), "link", "icon")]


def test_a_refresh_header_goes_before_the_refresh_of_the_page(site: Site, db: Path) -> None:
    site.pages = {
        "/": Answer('<base href="/base/"><meta http-equiv="refresh" content="0; url=never"><a href="/pdf">p</a>',
                    headers={"Refresh": "5;url='later'", "Link": "</style.css>; rel=stylesheet"}),
        "/later": "end",
        "/pdf": Answer("%PDF", headers={"Content-Type": "application/pdf", "Refresh": "1"}),
    }  # fmt: skip
    crawl_site(site, db)
    found = rows(db, "SELECT source_url, target_url, kind FROM links ORDER BY source_url, ordinal")
    assert found == [
        (site("/"), site("/style.css"), "stylesheet"),
        (site("/"), site("/later"), "meta_refresh"),
        (site("/"), site("/pdf"), "a"),
        (site("/pdf"), site("/pdf"), "meta_refresh"),
    ]
    assert rows(db, "SELECT depth FROM page WHERE url = ?", site("/later")) == [(0,)]


def test_a_refresh_header_that_leads_nowhere_leaves_the_pages_own(site: Site, db: Path) -> None:
    meta = '<meta http-equiv="refresh" content="0; url=/later">'
    site.pages = {"/": Answer(meta, headers={"Refresh": "0; url=javascript:void(0)"}), "/later": "end"}
    crawl_site(site, db)
    assert rows(db, "SELECT target_url, kind FROM links") == [(site("/later"), "meta_refresh")]


def test_a_shorter_way_to_a_file_passes_on_along_its_header(site: Site, db: Path) -> None:
    pdf = {"Content-Type": "application/pdf", "Link": "</paper.html>; rel=canonical"}
    site.pages = {
        "/": '<a href="/1">1</a><a href="/late">l</a>',
        "/1": '<a href="/2">2</a>',
        "/2": '<a href="/paper.pdf">p</a>',
        "/late": Answer('<a href="/paper.pdf">p</a>', delay_s=0.5),
        "/paper.pdf": Answer("%PDF", headers=pdf),
        "/paper.html": "end",
    }
    crawl_site(site, db, depth=3, per_host=4)
    assert outcomes(db)[site("/paper.html")] == "fetched"
    assert rows(db, "SELECT depth FROM page WHERE url = ?", site("/paper.html")) == [(3,)]


def test_pages_that_refresh_to_one_another_are_fetched_once_and_are_no_loop(site: Site, db: Path) -> None:
    site.pages = {
        "/": '<meta http-equiv="refresh" content="0; url=/b">',
        "/b": '<meta http-equiv="refresh" content="0; url=/">',
    }
    crawl_site(site, db, depth=0)
    assert outcomes(db) == {site("/"): "fetched", site("/b"): "fetched"}
    assert sorted(site.paths()) == ["/", "/b"]


def test_endless_refreshes_end_after_ten(site: Site, db: Path) -> None:
    site.pages = {f"/{n}": f'<meta http-equiv="refresh" content="0; url=/{n + 1}">' for n in range(20)}
    crawl_site(site, db, "/0", depth=5)
    found = outcomes(db)
    assert [found[site(f"/{n}")] for n in range(12)] == ["fetched"] * 11 + ["too_deep"]
    assert len(found) == 12


def test_a_refresh_of_a_seed_does_not_widen_the_scope(site: Site, db: Path) -> None:
    site.pages = {"/": f'<meta http-equiv="refresh" content="0; url=http://localhost:{site.port}/">'}
    crawl_site(site, db)
    assert outcomes(db) == {site("/"): "fetched", f"http://localhost:{site.port}/": "off_scope"}


def test_a_redirect_to_a_page_that_refreshes_back_is_no_loop(site: Site, db: Path) -> None:
    site.pages = {
        "/": Answer(status=302, headers={"Location": "/b"}),
        "/b": '<meta http-equiv="refresh" content="0; url=/">',
    }
    crawl_site(site, db, depth=0)
    assert outcomes(db) == {site("/"): "redirect", site("/b"): "fetched"}

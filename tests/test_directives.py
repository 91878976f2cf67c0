"""Meta robots and X-Robots-Tag: what is read, what it does to a page's links, and what --ignore-nofollow undoes."""

import asyncio
from pathlib import Path

import pytest
from conftest import Answer, Site
from maps import check_accounting, graph, linkmap, outcomes, rows

from linkmap.asking import query
from linkmap.errors import UsageError
from linkmap.model import Parser
from linkmap.parse.directives import robots_flags
from linkmap.runs import crawl
from linkmap.settings import Settings


@pytest.mark.parametrize(
    ("metas", "flags", "reason"),
    [
        ([("robots", "noindex, nofollow")], "nofollow noindex", "sorted"),
        ([("ROBOTS", "NoFollow,NOINDEX,nofollow")], "nofollow noindex", "any case, each once"),
        ([("robots", "none")], "nofollow noindex", "none is both"),
        ([("robots", "index, follow, all")], None, "what is so anyway"),
        ([("robots", "noindex"), ("LinkMap", "nofollow")], "nofollow noindex", "the sum of what is for us"),
        ([("googlebot", "noindex"), ("link", "none"), ("linkmapper", "none")], None, "other crawlers"),
        ([("robots", "noindex nofollow")], "nofollow noindex", "spaces for commas"),
        ([("robots", "follow, max-snippet: 20, max-image-preview:LARGE, max-video-preview:-1")],
         "max-image-preview:large max-snippet:20 max-video-preview:-1", "values"),
        ([("robots", "max-snippet:20 noindex")], "max-snippet:20 noindex", "a space after a value"),
        ([("robots", "max-snippet:many, max-image-preview:huge, max-snippet:20x")], None, "values that are none"),
        ([("robots", "max-snippet:5"), ("robots", "max-snippet:9")], "max-snippet:5", "the first value"),
        ([("robots", "unavailable_after: Friday, 25-Jun-10 15:00:00 UTC, noarchive")],
         "noarchive unavailable_after:Friday,_25-Jun-10_15:00:00_UTC", "commas and colons of a date"),
        ([("robots", "unavailable_after: 2030-01-31, nofollow")], "nofollow unavailable_after:2030-01-31", "a date"),
        ([("robots", "noarchive; nosnippet; noimageindex, notranslate")],
         "noarchive noimageindex nosnippet notranslate", "known by name"),
        ([("robots", "nofollows, xnoindex, <b>, \x1b[1m, nofollow=1")], None, "words that are unknown"),
        ([("robots", "")], None, "empty"),
    ],
)  # fmt: skip
def test_meta_robots_become_one_small_text(metas: list[tuple[str, str]], flags: str | None, reason: str) -> None:
    assert robots_flags(metas, [], "linkmap") == flags, reason


@pytest.mark.parametrize(
    ("headers", "flags", "reason"),
    [
        (["noindex", "nofollow"], "nofollow noindex", "several headers"),
        (["googlebot: nofollow", "noindex"], "noindex", "an agent holds for its own header"),
        (["googlebot: noindex, nofollow"], None, "and to the end of it"),
        (["googlebot: noindex, LINKMAP: nofollow, noarchive"], "noarchive nofollow", "or to the next agent"),
        (["noarchive, otherbot: noindex"], "noarchive", "from where it stands"),
        (["linkmap: unavailable_after: 25 Jun 2010 15:00:00 PST"],
         "unavailable_after:25_Jun_2010_15:00:00_PST", "an agent before a date"),
        (["unavailable_after: Fri, 25 Jun 2010 15:00:00 GMT, linkmap: none"],
         "nofollow noindex unavailable_after:Fri,_25_Jun_2010_15:00:00_GMT", "a date and then an agent"),
        (["max-snippet: 0"], "max-snippet:0", "no agent of that name"),
        (["*: noindex"], "noindex", "everybody"),
        ([":", ",,;", ": noindex"], None, "an agent without a name is nobody"),
    ],
)  # fmt: skip
def test_x_robots_tags_become_the_same_text(headers: list[str], flags: str | None, reason: str) -> None:
    assert robots_flags([], headers, "linkmap") == flags, reason


def test_no_page_can_write_a_long_text() -> None:
    words = ", ".join(f"unavailable_after: {'9' * 500}, max-snippet:{number}" for number in range(50_000))
    flags = robots_flags([("robots", words)], [words], "linkmap")
    assert flags is not None
    assert len(flags) < 200


def crawl_site(site: Site, db: Path, **options: object) -> None:
    settings = Settings(delay_s=0, allow_private=True, **options)  # type: ignore[arg-type]
    asyncio.run(crawl([site("/")], db, settings))
    check_accounting(db)


MARKED = (
    '<meta name="Robots" content="noarchive, NOFOLLOW"><a href="/a">a</a><a href="/said" rel="nofollow">s</a>'
    '<iframe src="/frame"></iframe><link rel="next" href="/next"><link rel="canonical" href="/canonical">'
    '<link rel="alternate" hreflang="de" href="/de"><img src="/i.png" alt="i">'
    '<meta http-equiv="refresh" content="9; url=/refresh">'
)


@pytest.mark.parametrize("parser", Parser)
def test_no_link_of_a_page_that_says_nofollow_is_followed_but_those_that_say_where_it_is(
    site: Site, tmp_path: Path, parser: Parser
) -> None:
    site.pages = {
        "/": MARKED,
        **dict.fromkeys(("/a", "/said", "/frame", "/next", "/canonical", "/de", "/refresh"), "end"),
    }
    db = tmp_path / "map.db"
    crawl_site(site, db, parser=parser)
    assert outcomes(db) == {
        site("/"): "fetched",
        site("/a"): "nofollow",
        site("/said"): "nofollow",
        site("/frame"): "nofollow",
        site("/next"): "nofollow",
        site("/canonical"): "fetched",
        site("/de"): "fetched",
        site("/i.png"): "kind_not_followed",
        site("/refresh"): "fetched",
    }
    assert rows(db, "SELECT robots_flags, nofollow, noindex FROM capture ORDER BY id LIMIT 1 OFFSET 1") == [
        ("noarchive nofollow", 1, 0)
    ]
    said = rows(db, "SELECT target_url, nofollow, nofollow_by FROM links ORDER BY ordinal")
    assert [(url.removeprefix(site.url), nofollow, by) for url, nofollow, by in said] == [
        ("/a", 1, "page"),
        ("/said", 1, "link"),
        ("/frame", 1, "page"),
        ("/next", 1, "page"),
        ("/canonical", 0, ""),
        ("/de", 0, ""),
        ("/i.png", 1, "page"),
        ("/refresh", 0, ""),
    ]
    asked = [(row[1].removeprefix(site.url), row[2], row[-1]) for row in query(db, "nofollow").rows]
    assert asked == [
        ("/a", "page", "nofollow"),
        ("/said", "link", "nofollow"),
        ("/frame", "page", "nofollow"),
        ("/next", "page", "nofollow"),
        ("/i.png", "page", "kind_not_followed"),
    ]


def test_a_header_counts_for_html_for_files_and_for_redirects_and_what_a_template_holds_for_none(
    site: Site, tmp_path: Path
) -> None:
    pdf = {"Content-Type": "application/pdf", "X-Robots-Tag": "noindex, nofollow", "Link": "</n>; rel=next"}
    site.pages = {
        "/": '<a href="/html">h</a><a href="/pdf">p</a><a href="/moved">m</a><a href="/inert">i</a>',
        "/html": Answer('<a href="/no">n</a>', headers={"X-Robots-Tag": "linkmap: nofollow"}),
        "/pdf": Answer("%PDF", headers=pdf),
        "/moved": Answer("", 301, {"Location": "/target", "X-Robots-Tag": "none"}),
        "/target": "end",
        "/inert": '<template><meta name="robots" content="none"></template><a href="/yes">y</a>',
        "/yes": "end",
    }
    db = tmp_path / "map.db"
    crawl_site(site, db)
    found = rows(
        db,
        "SELECT url, name, robots_flags FROM page JOIN outcome ON outcome.id = page.outcome "
        "LEFT JOIN capture ON capture.id = page.capture WHERE NOT auxiliary",
    )
    assert {url.removeprefix(site.url): (name, flags) for url, name, flags in found} == {
        "/": ("fetched", None),
        "/html": ("fetched", "nofollow"),
        "/no": ("nofollow", None),
        "/pdf": ("not_html", "nofollow noindex"),
        "/n": ("nofollow", None),
        "/moved": ("redirect", "nofollow noindex"),
        "/target": ("fetched", None),
        "/inert": ("fetched", None),
        "/yes": ("fetched", None),
    }


def test_the_own_name_of_a_crawler_is_that_of_its_user_agent(site: Site, tmp_path: Path) -> None:
    site.pages = {
        "/": '<meta name="mybot" content="nofollow"><meta name="linkmap" content="noindex"><a href="/a">a</a>'
    }
    crawl_site(site, tmp_path / "mine.db", user_agent="MyBot/2.0")
    crawl_site(site, tmp_path / "own.db")
    flags = "SELECT robots_flags FROM capture WHERE outcome = 1"
    assert rows(tmp_path / "mine.db", flags) == [("nofollow",)]
    assert rows(tmp_path / "own.db", flags) == [("noindex",)]


def test_a_shorter_way_to_a_page_that_says_nofollow_does_not_pass_on_along_its_links(
    site: Site, tmp_path: Path
) -> None:
    """The late page brings `/marked` nearer, whose links are read again from the map."""
    site.pages = {
        "/": '<a href="/1">1</a><a href="/late">l</a>',
        "/1": '<a href="/2">2</a>',
        "/2": '<a href="/marked">m</a>',
        "/late": Answer('<a href="/marked">m</a>', delay_s=0.5),
        "/marked": '<meta name="robots" content="nofollow"><a href="/end">e</a><link rel="canonical" href="/own">',
        "/own": "end",
        "/end": "end",
    }
    graphs = []
    for number in (1, 8):
        db = tmp_path / f"{number}.db"
        crawl_site(site, db, depth=3, per_host=number)
        graphs.append(graph(db))
        assert outcomes(db)[site("/end")] == "nofollow"
        assert rows(db, "SELECT depth FROM page WHERE url = ?", site("/end")) == [(None,)]
        assert rows(db, "SELECT depth FROM page WHERE url = ?", site("/own")) == [(3,)]
    assert graphs[0] == graphs[1]


SITE = {
    "/": '<a href="/said" rel="nofollow">s</a><a href="/page">p</a>',
    "/said": '<a href="/deeper">d</a>',
    "/page": '<meta name="robots" content="none"><a href="/marked">m</a>',
    "/marked": "end",
    "/deeper": "end",
}
OPTIONS = ("--delay", "0", "--allow-private", "--quiet")


def test_ignore_nofollow_follows_and_still_records(site: Site, tmp_path: Path) -> None:
    site.pages = {**SITE}
    done = linkmap("crawl", site("/"), *OPTIONS, "--ignore-nofollow", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    db = tmp_path / "map.db"
    assert set(outcomes(db).values()) == {"fetched"}
    found = rows(db, "SELECT target_url, nofollow_by FROM links WHERE nofollow ORDER BY target_url")
    assert found == [(site("/marked"), "page"), (site("/said"), "link")]


def test_adding_ignore_nofollow_ends_in_the_graph_of_a_crawl_that_had_it_from_the_start(
    site: Site, tmp_path: Path
) -> None:
    site.pages = {**SITE}
    linkmap("crawl", site("/"), *OPTIONS, "--db", "added.db", cwd=tmp_path)
    assert outcomes(tmp_path / "added.db")[site("/marked")] == "nofollow"
    added = linkmap("crawl", "--add", "--ignore-nofollow", "--quiet", "--db", "added.db", cwd=tmp_path)
    assert added.returncode == 0, added.stderr
    again = linkmap("crawl", "--add", "--depth", "4", "--quiet", "--db", "added.db", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    linkmap("crawl", site("/"), *OPTIONS, "--ignore-nofollow", "--depth", "4", "--db", "whole.db", cwd=tmp_path)
    check_accounting(tmp_path / "added.db")
    assert graph(tmp_path / "added.db") == graph(tmp_path / "whole.db")


def test_a_map_that_ignored_nofollow_cannot_be_added_to_without(site: Site, tmp_path: Path) -> None:
    site.pages = {**SITE}
    db = tmp_path / "map.db"
    crawl_site(site, db, ignore_nofollow=True)
    with pytest.raises(UsageError, match="would narrow its ignore-nofollow"):
        asyncio.run(crawl([], db, Settings(delay_s=0, allow_private=True), add=True))

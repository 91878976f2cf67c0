"""Two readers, one set of rules: lexbor and Beautiful Soup must find the same links with the same evidence."""

import asyncio
import os
from pathlib import Path

import pytest
from conftest import Answer, Site
from maps import graph, linkmap
from webs import tangled_site

from linkmap.model import Parser
from linkmap.parse import lexbor, soup
from linkmap.parse.charset import decode
from linkmap.parse.links import Page, links_of
from linkmap.runs import crawl
from linkmap.settings import Settings

URL = "http://h.test/folder/page"


def both(text: str) -> tuple[object, object]:
    """What each reader makes of a page: its links, their targets, and what the page says of itself."""
    first, second = lexbor.read_html(text), soup.read_html(text)
    return (links_of(first, URL), first.metas), (links_of(second, URL), second.metas)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('<a href="/x" rel="Nofollow UGC" hreflang="de">One <b>two</b></a>', "rel, hreflang, text of children"),
        ('<base href="/b/"><base href="/c/"><a href="x">x</a>', "the first base"),
        ('<template><base href="/no/"><a href="t">t</a></template><a href="y">y</a>', "a template is inert"),
        ('<nav><header><a href="1">1</a></header><a href="2">2</a></nav><footer><a href="3">3</a></footer>', "regions"),
        ('<a href="i"><img alt=" " src="p"><img alt="pic" src="q"></a><a href="t" title="T"></a>', "what stands in"),
        ('<a href="s">a<script>no</script><style>no</style><!-- no -->b<br>c<p>d</p></a>', "text as it is seen"),
        ('<img src="a" srcset="b 1x, c 2x" alt="A"><picture><source srcset="d"></picture>', "images and srcset"),
        (
            '<link rel="canonical" href="/c"><link rel="alternate" hreflang="fr" href="/f"><link rel="icon" href="/i">',
            "",
        ),
        ('<img src="a"><img src="b" alt><img src="c" alt=""><img src="d" title="D" srcset="e 2x">', "without alt"),
        (
            '<meta name="Robots" content="NoIndex"><p><meta name="x"><meta content="y">'
            '<template><meta name="robots" content="none"></template><meta name="robots" content="nofollow">',
            "metas",
        ),
        ('<meta http-equiv="Refresh" content="5; url=/next">', "meta refresh"),
        ('<form action="/q"><input></form><form action="/p" method="post"></form>', "GET forms alone"),
        (
            '<body background="b"><link rel="preload" as="image" href="c" imagesrcset="d 1x, e 2x">'
            '<form><button formaction="f">F <b>g</b></button><input type="image" src="h" alt="H" formaction="i"></form>'
            '<form method="post" id="j"></form><button form="j" formmethod="get" formaction="k" title="K"></button>'
            '<template><form id="l"><button formaction="m"></button></form></template><button form="l" formaction="n">',
            "images and buttons",
        ),
        ("<form>" + "<div><button formaction=x>b</button>" * 2000, "buttons 2,000 deep"),
        ('<video src="v" poster="w"></video><audio src="x"></audio><embed src="y"><object data="z"></object>', "media"),
        ('<map><area href="m" alt="M" rel="tag"></map><iframe src="f" title="F"></iframe>', "area, iframe"),
        ('<svg><title>drawing</title><a xlink:href="/svg">s</a></svg><title>Page</title>', "a drawing in the page"),
        ('<html lang="nl"><title> T  t </title><meta name="Description" content="D"><h1>H <i>1</i></h1>', "of itself"),
        (
            '<a href="&#x2F;e&amp;f">&lt;e&gt;</a><a href="\u00fc">\u00fc</a><a href=" /s ">s</a><a href="">e</a>',
            "entities",
        ),
        ('<frameset><frame src="l"><frame src="r" name="R"></frameset>', "frames"),
        ("<div>" * 3000 + '<a href="deep">d</a>' + "</div>" * 3000 + '<a href="after">a</a>', "3,000 deep"),
        ('<p title="' + "x" * 10_500_000 + '"><a href="big">b</a>', "a 10 MB attribute"),
        ("", "nothing"),
        ("plain text, no tag", "no tag"),
        ("http://a.test/", "looks like a URL, of which Beautiful Soup would warn"),
        ("index.html", "looks like the name of a file"),
    ],
)
def test_both_readers_agree(text: str, reason: str) -> None:
    first, second = both(text)
    assert first == second, reason


def test_they_agree_on_every_page_of_a_tangled_site_and_so_do_their_graphs(site: Site, tmp_path: Path) -> None:
    site.pages = tangled_site(60, slowest_s=0.0)
    graphs = []
    for parser in Parser:
        db = tmp_path / f"{parser}.db"
        settings = Settings(delay_s=0, allow_private=True, depth=60, per_host=8, parser=parser)
        asyncio.run(crawl([site("/0")], db, settings))
        graphs.append(graph(db))
    assert graphs[0][1], "the crawl found links"
    assert graphs[0] == graphs[1]


def test_the_command_line_takes_the_second_reader_and_refuses_a_third(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": Answer('<a href="/a">a</a>'), "/a": "a"}
    options = ("--delay", "0", "--allow-private")
    done = linkmap("crawl", site("/"), *options, "--parser", "bs4", "--db", "bs4.db", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 fetched" in done.stdout
    wrong = linkmap("crawl", site("/"), *options, "--parser", "regex", "--db", "no.db", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "'regex'" in wrong.stderr


@pytest.mark.realsites
@pytest.mark.parametrize("package", ["debian-policy", "git-doc"])
def test_they_agree_on_real_pages(package: str) -> None:
    named = os.environ.get("LINKMAP_REALSITES")
    if not named:
        pytest.skip("LINKMAP_REALSITES names no folder with the unpacked packages")
    folder = Path(named) / "usr" / "share" / "doc" / package
    files = sorted(path for path in folder.rglob("*.html") if path.is_file())
    assert files
    for path in files:
        text, _ = decode(path.read_bytes(), None)
        first, second = both(text)
        assert first == second, path.name


def test_a_page_is_what_both_give_back() -> None:
    assert isinstance(lexbor.read_html(""), Page)
    assert isinstance(soup.read_html(""), Page)

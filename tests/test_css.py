"""Links in CSS: which tokens are links, hostile text, and the crawl that asks for them."""

from pathlib import Path

import pytest
from conftest import Answer, Site
from maps import check_accounting, linkmap, outcomes, rows

from linkmap.parse import lexbor, soup
from linkmap.parse.css import MAX_CSS, css_references, decode_css
from linkmap.parse.links import links_of

FAST = ("--delay", "0", "--allow-private")


@pytest.mark.parametrize(
    ("text", "found", "reason"),
    [
        ("a{background:url(x.png)}", ["x.png"], "plain"),
        ("a{background:url( \"x\" ),URL('y')}", ["x", "y"], "quoted, any case"),
        ("background:url(x)", ["x"], "a style attribute"),
        ("@import 'a';@import url(b) screen;@IMPORT url(\"c\");", ["a", "b", "c"], "imports, in three ways"),
        ("@import 'a' layer('b');", ["a"], "one an import"),
        (
            "@media x{@font-face{src:url(f.woff)format('woff'),local('n')}}",
            ["f.woff"],
            "nested; other strings are none",
        ),
        ("/* url(a) */ a{content:'url(b)'} b{c:url(d)}", ["d"], "comments and strings are not read"),
        (r"a{b:\75rl(x) u\72l(y\)z)}", ["x", "y)z"], "escapes"),
        ("@namespace url(n); @namespace s 'm'; a{b:url(x)}", ["x"], "names of something"),
        ("@document url(n){a{b:url(x)}}", ["x"], "nor a condition"),
        ("a{filter:url(#f);b:url();c:url('')}", [], "a part of this document, and nothing"),
        ("a{b:url(x y);c:url(z)}", ["z"], "a faulty one is none"),
        ("a{b:url(x", ["x"], "unclosed at the end"),
        ("a{b:image-set('x' 1x, url(y) 2x)}", ["y"], "url() alone"),
        ("@x 'import';a{b:'c'}", [], "no import"),
        ("a{@import 'x';}", [], "an import inside a block is none"),
    ],
)
def test_which_tokens_are_links(text: str, found: list[str], reason: str) -> None:
    assert list(css_references(text)) == found, reason


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "{" * 100_000,
        "@import " * 20_000,
        "url(" * 50_000,
        "1" * 50_000,
        "\\" * 50_000,
        "/*" * 50_000,
        "\0",
    ],
    ids=["parentheses", "braces", "imports", "urls", "digits", "escapes", "comments", "NUL"],
)
def test_hostile_text_does_not_raise(text: str) -> None:
    assert list(css_references(f"a{{b:url(x)}}{text}"))[:1] == ["x"]


def test_a_sheet_that_is_too_long_is_cut_between_rules() -> None:
    rule = "a{b:url(x)}"
    assert list(css_references(rule * (MAX_CSS // 11 + 100))) == ["x"] * (MAX_CSS // 11)
    assert list(css_references("b:url(x);" * MAX_CSS)) == []


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (b"\xe9", "text/css; charset=latin1", "é"),
        (b'@charset "latin1";\xe9', "text/css", '@charset "latin1";é'),
        ("é".encode(), None, "é"),
        (b"\xff", "text/css; charset=nonsense", "\ufffd"),
    ],
)
def test_a_sheet_is_decoded_as_css_says(body: bytes, content_type: str | None, text: str) -> None:
    assert decode_css(body, content_type)[0] == text


PAGE = """<base href="/base/"><style>@import "i.css"; p{background:url(p.png)}</style>
<nav style="background:url('nav.png')"><a href="l" style="cursor:url(c.cur)">l</a></nav>
<template><style>a{b:url(no)}</style></template><svg><style>a{b:url(svg.png)}</style></svg>"""


def test_both_readers_find_the_styles_of_a_page_in_its_order() -> None:
    first, second = (links_of(reader.read_html(PAGE, css=True), "http://h.test/") for reader in (lexbor, soup))
    assert first == second
    found = [first.targets[link.target].url.removeprefix("http://h.test/base/") for link in first.links]
    assert found == ["i.css", "p.png", "nav.png", "l", "c.cur", "svg.png"]
    plain = links_of(lexbor.read_html(PAGE), "http://h.test/")
    assert [target.url for target in plain.targets] == ["http://h.test/base/l"]


@pytest.fixture
def styled(site: Site) -> Site:
    css = {"Content-Type": "text/css", "Link": "</licence>; rel=license"}
    site.pages = {
        "/": '<base href="/b/"><link rel=stylesheet href="/css/s.css">'
        '<p style="background:url(p.png)"><a href="/x.css">x</a>',
        "/css/s.css": Answer("a{b:url(s.png)}", headers=css),
        "/x.css": Answer("@import 'y.css'; a{b:url(p.png)}", headers=css),
        "/y.css": Answer("a{b:url(z.png)}", headers=css),
    }
    return site


def test_css_is_recorded_where_it_is_asked_for(styled: Site, tmp_path: Path) -> None:
    done = linkmap("crawl", styled("/"), *FAST, "--record", "default,css", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    db = tmp_path / "map.db"
    found = rows(db, "SELECT source_url, target_url, kind FROM links ORDER BY source, ordinal")
    assert [tuple(word.removeprefix(styled.url) for word in row) for row in found] == [
        ("/", "/css/s.css", "stylesheet"),
        ("/", "/b/p.png", "css"),
        ("/", "/x.css", "a"),
        ("/x.css", "/licence", "link"),
        ("/x.css", "/y.css", "css"),
        ("/x.css", "/p.png", "css"),
    ]
    assert outcomes(db)[styled("/x.css")] == "not_html"
    assert outcomes(db)[styled("/y.css")] == "kind_not_followed"
    check_accounting(db)


def test_css_is_followed_where_it_is_asked_for_and_absent_where_not(styled: Site, tmp_path: Path) -> None:
    done = linkmap("crawl", styled("/"), *FAST, "--follow", "default,stylesheet,css", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = outcomes(tmp_path / "map.db")
    assert {styled(path): "not_html" for path in ("/css/s.css", "/x.css", "/y.css")}.items() <= found.items()
    assert found[styled("/z.png")] == found[styled("/css/s.png")] == "client_error"
    assert linkmap("crawl", styled("/"), *FAST, "--db", "plain.db", cwd=tmp_path).returncode == 0
    assert rows(tmp_path / "plain.db", "SELECT count(*) FROM links WHERE kind = 'css'") == [(0,)]
    assert styled("/y.css") not in outcomes(tmp_path / "plain.db")

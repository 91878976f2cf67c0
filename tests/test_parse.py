"""Links with their evidence, out of HTML. Expected values follow the HTML standard, by hand."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkmap.model import Document, Link, LinkFlag, LinkKind, Region
from linkmap.parse import lexbor, soup
from linkmap.parse.lexbor import read_html
from linkmap.parse.link_header import header_links
from linkmap.parse.links import (
    MAX_ANCHOR,
    Element,
    Found,
    Page,
    fold,
    links_digest,
    links_of,
    redirect_link,
    rel_tokens,
)
from linkmap.parse.microsyntax import refresh_target, srcset_urls
from linkmap.parse.nesting import shallow
from linkmap.parse.references import MAX_URL
from linkmap.url import url_key

HERE = "http://a.test/d/p"


Reader = Callable[[str], Page]
by_both = pytest.mark.parametrize("read", [lexbor.read_html, soup.read_html], ids=["lexbor", "bs4"])


def found_in(html: str, url: str = HERE, read: Reader = read_html) -> Found:
    return links_of(read(html), url)


def targets_of(html: str, read: Reader = read_html) -> list[str]:
    """The target of each link, relative to the page's folder where it lies there."""
    found = found_in(html, read=read)
    return [found.targets[link.target].url.removeprefix("http://a.test/d/") for link in found.links]


def only_link(html: str) -> Link:
    (link,) = found_in(html).links
    return link


@pytest.mark.parametrize(
    ("html", "targets", "reason"),
    [
        ("<a href=x>t</a>", ["x"], "a link"),
        ("<A HREF='x'>t</A>", ["x"], "names are free of case"),
        ("<a name=x>t</a>", [], "an anchor without href is no link"),
        ("<a href>t</a>", ["p"], "an empty reference is the page itself"),
        ("<a href='#top'>t</a>", ["p"], "a fragment too"),
        ("<a href='?q'>t</a>", ["p?q"], "a query alone replaces the query"),
        ("<a href=' x\n'>t</a>", ["x"], "blanks around a reference"),
        ("<a href='x?a&amp;b=%26'>t</a>", ["x?a&b=%26"], "entities are read, percent-encoding is kept"),
        ("<a href=x>1</a><a href=x>2</a>", ["x", "x"], "every occurrence counts"),
        ("<iframe src=x></iframe>", ["x"], "an embedded page"),
        ("<iframe></iframe><iframe src=''></iframe>", [], "an iframe without source shows about:blank"),
        ("<iframe src=x><a href=y>t</a></iframe>", ["x"], "an iframe's content is text"),
        ("<frameset><frame src=x><frame src=y></frameset>", ["x", "y"], "frames"),
        ("<map><area href=x alt=t></map><area alt=t>", ["x"], "image maps; an area without href is none"),
        ("<link rel=icon href=x><img src=y><form action=z>", ["x", "y", "z"], "links of other kinds"),
        ("<link href=x><link rel=icon><link rel=icon href=''>", ["x"], "a link that names nothing is none"),
        ("<img><img src=''><script></script><script src=''></script>", [], "nor a picture or script"),
        ("<img src=x srcset='x, y 2x'>", ["x", "x", "y"], "each candidate is an occurrence"),
        ("<img srcset='a,b 1x'>", ["a,b"], "a comma inside a URL is part of it"),
        ("<form></form><form action=''></form>", ["p", "p"], "a form without action sends to its page"),
        ("<form action=x method=GET></form><form action=y method=odd></form>", ["x", "y"], "GET unless"),
        ("<form action=x method=Post></form><form action=y method=dialog></form>", [], "it posts, or sends nothing"),
        ("<base href=/e/><form></form><meta http-equiv=refresh content=5>", ["p", "p"], "the page, not its base"),
        ("<link rel=preload as=image imagesrcset='x 1x, y 2x'>", ["x", "y"], "a preloaded image's candidates"),
        ("<link rel=preload as=image href=x imagesrcset=y>", ["x", "y"], "href goes before them"),
        ("<link rel=icon href=x imagesrcset=y><link rel=preload as=font href=z imagesrcset=y>", ["x", "z"], "no image"),
        ("<body background=x>", ["x"], "an image behind the page"),
        ("<input type=Image src=x alt=t><input type=text src=y><input src=z>", ["x"], "a button that is an image"),
        ("<form action=x><button formaction=y>t</button><input type=submit formaction=z>", ["x", "y", "z"], "buttons"),
        ("<form action=x><input type=image formaction=y>", ["x", "y"], "an image sends a form too"),
        ("<form action=x><input type=image src=i formaction=y>", ["x", "i", "y"], "and is one"),
        ("<form action=x><button type=reset formaction=y>t</button><input formaction=z>", ["x"], "these send nothing"),
        ("<form method=post><button formaction=x>t</button></form>", [], "the form posts"),
        ("<form method=post><button formmethod=get formaction=x>t</button></form>", ["x"], "but not with this one"),
        ("<form action=x><button formmethod=post formaction=y>t</button></form>", ["x"], "this one posts"),
        ("<form action=x><button formaction=''>t</button></form>", ["x", "p"], "to the page itself"),
        ("<button formaction=x>t</button><form><a formaction=y>t</a></form>", ["p"], "no form, or no button"),
        ("<form id=f action=x></form><button form=f formaction=y>t</button>", ["x", "y"], "a form elsewhere, by name"),
        ("<form action=x><button form=no formaction=y>t</button></form>", ["x"], "of a form that is not there"),
        ("<a src=x>t</a><div src=x href=y srcset=z poster=q data=w>", [], "attributes that are not theirs"),
        ("<svg><use href=x /><image href=y /></svg>", [], "parts of a drawing"),
        ("<object data=x><embed src=y></object>", ["x", "y"], "what stands in for an object counts"),
        ("<video src=x poster=y></video><video poster=z></video>", ["x", "y", "z"], "films and posters"),
        (
            "<meta http-equiv=refresh content='0;url=x'><meta http-equiv=refresh content='0;url=y'>",
            ["x"],
            "one refresh",
        ),
        (
            "<meta http-equiv=refresh content='0;url=javascript:f()'><meta http-equiv=REFRESH content='0;x'>",
            ["x"],
            "one",
        ),
        ("<meta http-equiv=refresh><meta name=refresh content='0;url=x'>", [], "nothing said"),
        ("<!-- <a href=x>t</a> -->", [], "a comment"),
        ("<!--><a href=x>t</a>", ["x"], "a comment that the standard ends at once"),
        ("<script><a href=x>t</a></script>", [], "a script"),
        ("<script>'<!--<script>'</script><a href=x></a></script><a href=y>t</a>", ["y"], "double escaped"),
        ("<style><a href=x>t</a></style>", [], "a style sheet"),
        ("<textarea><a href=x>t</a></textarea>", [], "text to be edited"),
        ("<title><a href=x>t</a></title>", [], "a title"),
        ("<xmp><a href=x>t</a></xmp>", [], "raw text"),
        ("<plaintext><a href=x>t</a>", [], "raw text to the end"),
        ("<noscript><a href=x>t</a></noscript>", ["x"], "without scripts this is shown"),
        ("<svg><![CDATA[<a href=x>t</a>]]></svg>", [], "CDATA in a drawing is text"),
        ("<![CDATA[<a href=x>t</a>]]>", [], "CDATA in HTML is a comment up to its first >"),
        ("<template><a href=x>t</a></template><a href=y>t</a>", ["y"], "a template is inert"),
        ("<template><template><a href=x></a></template></template>", [], "also within another"),
        ("<svg><a href=x>t</a></svg>", ["x"], "a link in a drawing"),
        ("<svg><a xlink:href=x>t</a></svg>", ["x"], "as SVG 1.1 writes it"),
        ("<svg><a href=x xlink:href=y>t</a></svg>", ["x"], "of both, SVG 2 takes href"),
        ("<a xlink:href=x>t</a>", [], "which in HTML means nothing"),
        ("<svg><foreignObject><a xlink:href=x>t</a></foreignObject></svg>", [], "HTML within a drawing"),
        ("<svg><desc><a xlink:href=x>t</a></desc></svg>", [], "and here"),
        ("<math><a xlink:href=x>t</a></math>", ["x"], "a link in a formula"),
        ("<a href=x>t<a href=y>u</a></a>", ["x", "y"], "a link ends where the next begins"),
        ("<a href=x href=y>t</a>", ["x"], "the first of two attributes"),
        ("<a href='x", [], "a tag that never ends"),
        ("<a href=x>t", ["x"], "an element that never ends"),
        ("", [], "nothing"),
        ("\x00<a href=x>t</a>", ["x"], "a NUL before the page"),
    ],
)
@by_both
def test_which_elements_are_links(read: Reader, html: str, targets: list[str], reason: str) -> None:
    assert targets_of(html, read) == targets, reason


def test_links_of_all_kinds_stand_in_document_order() -> None:
    html = (
        "<area href=1 alt=t><a href=2>t</a><iframe src=3></iframe><a href=4>t</a><map><area href=5></map>"
        "<div><iframe src=6></iframe><p><a href=7>t</a></div><a href=1>t</a>"
    )
    found = found_in(html)
    assert [(LinkKind(link.kind).word, found.targets[link.target].url[-1]) for link in found.links] == [
        ("area", "1"),
        ("a", "2"),
        ("iframe", "3"),
        ("a", "4"),
        ("area", "5"),
        ("iframe", "6"),
        ("a", "7"),
        ("a", "1"),
    ]
    assert len(found.targets) == 7, "each target stands once"
    assert all(target.valid and target.key == url_key(target.url) for target in found.targets)


@pytest.mark.parametrize(
    ("html", "region"),
    [
        ("<a href=x>", Region.NONE),
        ("<nav><a href=x>", Region.NAV),
        ("<header><a href=x>", Region.HEADER),
        ("<main><div><ul><li><a href=x>", Region.MAIN),
        ("<article><a href=x>", Region.ARTICLE),
        ("<aside><a href=x>", Region.ASIDE),
        ("<footer><a href=x>", Region.FOOTER),
        ("<nav><article><a href=x>", Region.ARTICLE),
        ("<article><nav><p><a href=x>", Region.NAV),
        ("<nav><p>t</nav><a href=x>", Region.NONE),
        ("<section><a href=x>", Region.NONE),
        ("<main><table><a href=x>", Region.MAIN),
        ("<footer><iframe src=x>", Region.FOOTER),
    ],
)
def test_the_region_is_the_innermost_section(html: str, region: Region) -> None:
    assert only_link(html).region == region


def test_regions_are_told_apart_though_their_elements_share_ancestors() -> None:
    html = "<main><p><a href=1>t</a></p><nav><p><a href=2>t</a></p><a href=3>t</a></nav><p><a href=4>t</a></p></main>"
    expected = [Region.MAIN, Region.NAV, Region.NAV, Region.MAIN]
    assert [link.region for link in found_in(html).links] == expected


@pytest.mark.parametrize(
    ("rel", "tokens", "reason"),
    [
        ("nofollow", "nofollow", "one token"),
        ("NoFollow  UGC\n noopener", "nofollow noopener ugc", "lower case, sorted, any white space"),
        ("a b a", "a b", "a set"),
        ("", "", "none"),
        ("\ud800", "?", "what no file can hold"),
        (" ".join(f"{number:03}" for number in range(100)), " ".join(f"{number:03}" for number in range(50)), "capped"),
        ("x" * 196 + " nofollow", "nofollow", "no token is cut in two, sorted order goes first"),
    ],
)
def test_rel_tokens(rel: str, tokens: str, reason: str) -> None:
    assert rel_tokens(rel) == tokens, reason


def test_rel_belongs_to_links_that_can_have_it() -> None:
    assert only_link("<a href=x rel='nofollow ugc'>").rel == "nofollow ugc"
    assert only_link("<area href=x rel=NOFOLLOW>").rel == "nofollow"
    assert only_link("<iframe src=x rel=nofollow>").rel == ""


@pytest.mark.parametrize(
    ("html", "anchor", "reason"),
    [
        ("<a href=x>The text</a>", "The text", "the text"),
        ("<a href=x>  The\n\t text&nbsp; </a>", "The text", "white space is folded"),
        ("<a href=x>The <b>bo</b>ld <i>text</i></a>", "The bold text", "inline elements join"),
        ("<a href=x>One<br>two</a>", "One two", "a line end parts words"),
        ("<a href=x><h2>Title</h2><p>Text</p>end</a>", "Title Text end", "blocks part words"),
        ("<a href=x>a<!-- c -->b</a>", "ab", "a comment does not"),
        ("<a href=x><style>.a{}</style>Text<script>go()</script></a>", "Text", "scripts and styles are not read"),
        ("<a href=x>a<template>t</template>b</a>", "ab", "nor templates"),
        ("<a href=x><img alt='A picture'></a>", "A picture", "an image's alternative text"),
        ("<a href=x>text<img alt=picture></a>", "text", "but the text goes first"),
        ("<a href=x><img alt=''><img alt=' '><img alt=third></a>", "third", "the first that says something"),
        ("<a href=x title=Title><img alt=''></a>", "Title", "else the title"),
        ("<a href=x title=Title>text</a>", "text", "which is no match for text"),
        ("<a href=x> &nbsp; </a>", "", "nothing at all"),
        ("<area href=x alt=Alt title=Title>", "Alt", "an area's alternative text"),
        ("<area href=x title=Title>", "Title", "or its title"),
        ("<iframe src=x title=Title name=n>fallback</iframe>", "Title", "an iframe's title"),
        ("<iframe src=x name=n></iframe>", "n", "or its name"),
        (f"<a href=x>{' ' * 50_000}late</a>", "late", "however much white space comes before"),
        (f"<a href=x>{'ab ' * 1_000}</a>", ("ab " * 100).rstrip(), "at most 300 characters"),
        (f"<a href=x>{'x' * 1_000}</a>", "x" * MAX_ANCHOR, "of one long word too"),
        ("<a href=x>a&#xD800;b&#0;c</a>", "a\ufffdb\ufffdc", "what is no character"),
        ("<svg><a href=x><text>Drawn</text></a></svg>", "Drawn", "text in a drawing"),
    ],
)
def test_anchor_texts(html: str, anchor: str, reason: str) -> None:
    assert only_link(html).anchor == anchor, reason


@pytest.mark.parametrize(
    ("html", "anchor", "reason"),
    [
        ("<img src=x alt=Alt title=Title>", "Alt", "a picture's alternative text"),
        ("<img src=x alt='' title=Title>", "Title", "or its title"),
        ("<link rel=next href=x title=Title>", "", "a link element is not shown"),
        ("<script src=x title=Title></script>", "", "nor is a script"),
        ("<object data=x title=Title>text</object>", "Title", "an object's title"),
        ("<form action=x title=Title>text</form>", "Title", "a form's too"),
    ],
)
def test_what_stands_in_for_text(html: str, anchor: str, reason: str) -> None:
    assert only_link(html).anchor == anchor, reason


@pytest.mark.parametrize(
    ("reference", "written", "reason"),
    [
        ("x", None, "the base was added"),
        ("x?q#f", None, "and the fragment is left"),
        ("/x", None, "the host was added"),
        ("//b.test/x", None, "the scheme was added"),
        ("", None, "nothing written"),
        ("#top", None, "a fragment of the page itself"),
        ("../x", None, "one folder up"),
        ("./.././../x/", None, "some up and down"),
        ("..", None, "the folder above"),
        (".", None, "this folder"),
        (".x", None, "a hidden file"),
        ("https://b.test", None, "the slash of the empty path was added"),
        ("https://b.test?q#f", None, "before a query too"),
        ("//b.test#f", None, "and without a scheme"),
        ("../..", None, "two folders up"),
        ("HTTP://B.test/x", "HTTP://B.test/x", "case"),
        ("http://b.test:80/x", "http://b.test:80/x", "a port that is the scheme's own"),
        ("x y", "x y", "a blank became %20"),
        (" x ", " x ", "blanks were taken off"),
        ("/a/../x", "/a/../x", "a way back in the middle"),
        ("..\\x", "..\\x", "a backslash"),
        ("x/./y", "x/./y", "a dot in the middle"),
        ("https:x", "https:x", "a scheme without slashes"),
        ("http://u:p@b.test/X y", None, "it carries a password"),
        ("https:u:p@b.test/X y", None, "this one too, as browsers read it"),
        ("http://u:p@[bad", None, "no URL: the target says what was written, without the password"),
        ("é", "é", "a letter became %C3%A9"),
        ("\ud800", None, "no URL: what UTF-8 cannot hold"),
        ("x/" + "../" * 9_000 + "y", ("x/" + "../" * 9_000)[:2_000], "capped"),
        ("../" * 20_000 + "y", None, "many folders up"),
    ],
)
def test_a_link_keeps_what_was_written_where_it_says_more_than_its_url(
    reference: str, written: str | None, reason: str
) -> None:
    page = Page([Element(LinkKind.A, reference, "", Region.NONE, "")])
    assert links_of(page, HERE).links[0].written == written, reason


@pytest.mark.parametrize(
    ("rel", "hreflang", "kind"),
    [
        ("canonical", "", "canonical"),
        ("CANONICAL next", "", "canonical"),
        ("alternate", "de", "alternate_hreflang"),
        ("alternate next", "x-default", "alternate_hreflang"),
        ("alternate stylesheet", "de", "stylesheet"),  # the standard: a style sheet to choose
        ("alternate", "", "link"),
        ("next nofollow", "", "next"),
        ("prev", "", "prev"),
        ("previous", "", "prev"),
        ("StyleSheet preload", "", "stylesheet"),
        ("next stylesheet", "", "next"),
        ("canonical-ish", "", "link"),
        ("", "", "link"),
    ],
)
def test_the_kind_of_a_link_element_is_in_its_rel(rel: str, hreflang: str, kind: str) -> None:
    assert LinkKind(only_link(f"<link href=x rel='{rel}' hreflang='{hreflang}'>").kind).word == kind


@pytest.mark.parametrize(
    ("html", "language", "reason"),
    [
        ("<link rel=alternate hreflang=de-CH href=x>", "de-CH", "as written"),
        ("<link rel=alternate hreflang=' x-default ' href=x>", "x-default", "folded"),
        ("<a href=x hreflang=fr>t</a>", "fr", "an a may say it too"),
        ("<link rel=next href=x>", None, "nothing said"),
        ("<link rel=alternate hreflang='' href=x>", None, "an empty one says nothing"),
        (f"<a href=x hreflang={'x' * 500}>t</a>", "x" * 100, "capped"),
        ("<img src=x hreflang=de>", None, "an image has none"),
    ],
)
def test_the_language_of_a_link(html: str, language: str | None, reason: str) -> None:
    assert only_link(html).hreflang == language, reason


@pytest.mark.parametrize(
    ("content", "target", "reason"),
    [
        ("0; url=x", "x", "as most write it"),
        (" 5 ;\n URL = x", "x", "blanks and case"),
        ("5,url=x", "x", "a comma"),
        ("5 url=x", "x", "a blank"),
        ("5x", None, "no separator"),
        ("5.5.5;url=x", "x", "fractions are passed over"),
        (".5;url=x", "x", "no whole seconds"),
        (" .x", None, "seconds end in nothing that parts"),
        (";url=x", None, "no seconds"),
        ("-1;url=x", None, "before now"),
        ("٥;url=x", None, "digits are ASCII's"),
        ("5", "", "the page itself"),
        ("5;", "", "the page itself"),
        ("5; url=", "", "the page itself"),
        ("5; x", "x", "without the word"),
        ("5;'x' y", "x", "quoted"),
        ('5;url="x" y', "x", "quoted twice over"),
        ("5;url='x", "x", "a quote that does not end"),
        ("5;url='x\"'", 'x"', "the other quote is text"),
        ("5;url x", "url x", "the word alone is a URL"),
        ("5;urn:x", "urn:x", "another word too"),
        ("5;;x", ";x", "one separator"),
        ("", None, "nothing"),
    ],
)
def test_what_a_refresh_names(content: str, target: str | None, reason: str) -> None:
    assert refresh_target(content) == target, reason


@pytest.mark.parametrize(
    ("srcset", "found", "reason"),
    [
        ("a", ["a"], "no descriptor"),
        ("a 1x, b 2x", ["a", "b"], "densities"),
        ("a 100w,b 200w 50h,c 50h 20w", ["a", "b", "c"], "widths, with heights"),
        ("a, b", ["a", "b"], "commas end URLs"),
        ("a,b", ["a,b"], "but not inside"),
        (" ,, a ,,, b,, ", ["a", "b"], "empty ones"),
        ("data:,x 1x, b", ["data:,x", "b"], "data: URLs hold commas"),
        ("a 1x 2x, b", ["b"], "two densities"),
        ("a 1x 100w, b", ["b"], "a density and a width"),
        ("a 10h, b", ["b"], "a height alone"),
        ("a 0w, b -1x, c 0x, d -1w", ["c"], "what cannot be"),
        ("a 1.5x, b .5x, c 1e2x, d 5.x, e +1x", ["a", "b", "c"], "numbers as the standard has them"),
        ("a 1q, b", ["b"], "an unknown unit"),
        ("a (1x, 2x), b", ["b"], "commas in parentheses part nothing"),
        ("a (1x, b", [], "parentheses that do not end"),
        ("a\t1x\n,\fb", ["a", "b"], "all white space"),
        ("", [], "nothing"),
        (", ,", [], "nothing but commas"),
    ],
)
def test_the_candidates_of_a_srcset(srcset: str, found: list[str], reason: str) -> None:
    assert list(srcset_urls(srcset)) == found, reason


@pytest.mark.parametrize(
    ("header", "found", "reason"),
    [
        ("<x>; rel=next", ["next x next"], "a token"),
        ('<x>; rel="next nofollow"', ["next x next nofollow"], "several, quoted"),
        ('<x>;rel=prev , <y>; REL="canonical"', ["prev x prev", "canonical y canonical"], "several links"),
        ("<a,b>; rel=icon", ["link a,b icon"], "a comma in a URL"),
        ('<x>; title="a,b;c\\"<y>"; rel=next', ["next x next"], "a quoted text holds anything"),
        ("<x>; rel=alternate; hreflang=de", ["alternate_hreflang x alternate"], "a language"),
        ("<x>; rel=next; rel=prev", ["next x next"], "the first rel counts"),
        ("<x>", ["link x"], "no rel"),
        ("<>; rel=canonical", ["canonical http://a.test/d/p canonical"], "the page itself"),
        ("<x>; rel=next; anchor='#f'", [], "apostrophes are no quotes: the anchor is another page"),
        ('<x>; rel=next; anchor="#f"', ["next x next"], "a part of this page"),
        ('<x>; rel=next; anchor="/other", <y>', ["link y"], "another page's link"),
        ("<x>; rel = next ;, ,<y>", ["next x next", "link y"], "blanks and empty parts"),
        ("<x>; rel=next junk, <y>", ["next x next junk", "link y"], "a plain value runs to its end"),
        ('<x>; rel="next" junk, <y>', ["next x next"], "what comes after a fault is not read"),
        ('<x>; rel="next', ["next x next"], "a quote that does not end"),
        ("x; rel=next", [], "no brackets"),
        ("<x", [], "a bracket that does not end"),
        ("", [], "nothing"),
    ],
)
def test_the_links_of_a_link_header(header: str, found: list[str], reason: str) -> None:
    elements = list(header_links(header, HERE))
    assert [each.hreflang for each in elements] == ["de" if "hreflang" in header else None for _ in elements]
    assert [f"{each.kind.word} {each.reference} {each.rel}".strip() for each in elements] == found, reason


def test_headers_come_first_and_the_base_is_not_theirs() -> None:
    page = read_html("<base href=/e/><a href=y>t</a>")._replace(headers=tuple(header_links("<x>; rel=next", HERE)))
    assert [target.url for target in links_of(page, HERE).targets] == ["http://a.test/d/x", "http://a.test/e/y"]


@pytest.mark.parametrize(
    "text", ["," * 100_000, "<x>;" * 50_000, "(" * 100_000, 'a "' * 50_000, "a 1x" + " " * 100_000]
)
def test_hostile_values_are_read_in_linear_time(text: str) -> None:
    assert len(list(srcset_urls(text))) <= 1
    assert len(list(header_links(text, HERE))) <= 1
    assert refresh_target("0;url=x" + text) == "x" + text


@given(st.text(), st.integers(1, 20))
def test_folding_keeps_the_words_up_to_the_limit(text: str, limit: int) -> None:
    folded = fold(text, limit)
    assert folded == " ".join(text.split())[:limit].rstrip().encode("utf-8", "replace").decode()
    assert fold(folded, limit) == folded


@pytest.mark.parametrize(
    ("head", "target", "base", "reason"),
    [
        ("<base href=/e/>", "http://a.test/e/x", "http://a.test/e/", "relative to the page"),
        ("<base href=http://b.test/f/g>", "http://b.test/f/x", "http://b.test/f/g", "to anywhere"),
        ("<base href=/e/><base href=/f/>", "http://a.test/e/x", "http://a.test/e/", "the first counts"),
        ("<base target=_top><base href=/e/>", "http://a.test/e/x", "http://a.test/e/", "the first that has href"),
        ("<base href='http://['><base href=/e/>", "http://a.test/d/x", None, "also where it is no URL"),
        ("<base href=data:,e>", "http://a.test/d/x", None, "data: is no base"),
        ("<base href=javascript:e>", "http://a.test/d/x", None, "nor is javascript:"),
        ("<template><base href=/e/></template>", "http://a.test/d/x", None, "a template is inert"),
        ("<base href=p>", "http://a.test/d/x", None, "the page's own URL is no base worth noting"),
        ("<base href=http://u:p@b.test/>", "http://b.test/x", "http://b.test/", "no password is kept"),
        ("<base href=/e/#f>", "http://a.test/e/x", "http://a.test/e/", "nor a fragment"),
    ],
)
def test_the_base_of_references(head: str, target: str, base: str | None, reason: str) -> None:
    found = found_in(f"{head}<a href=x>t</a>")
    assert [each.url for each in found.targets] == [target], reason
    assert found.document.base == base, reason


def test_a_base_after_the_links_holds_for_them_too() -> None:
    assert targets_of("<a href=x>t</a><base href=/e/>") == ["http://a.test/e/x"]


def test_a_base_that_can_hold_no_path_leaves_references_as_written() -> None:
    found = found_in("<base href=mailto:e><a href=x>t</a><a href=//b.test/>t</a><a href=http://c.test/>t</a>")
    assert [(target.url, target.valid) for target in found.targets] == [
        ("x", False),
        ("//b.test/", False),
        ("http://c.test/", True),
    ]


def test_references_without_a_page_are_counted_and_not_recorded() -> None:
    html = (
        "<a href='javascript:go()'>1</a><a href=' JAVA\nScript:go()'>2</a><area href=data:text/html,x>"
        "<iframe src=blob:http://a.test/u></iframe><a href=mailto:a@b.test>m</a><a href=tel:+1>t</a>"
    )
    found = found_in(html)
    assert found.document.inert_links == 4
    assert [target.url for target in found.targets] == ["mailto:a@b.test", "tel:+1"]


def test_references_that_are_no_urls_are_recorded_as_written() -> None:
    found = found_in("<a href=' http://[bad\n/x '>t</a><a href='http://a b/'>t</a><a href='http://[bad/x'>t</a>")
    assert [target.url for target in found.targets] == ["http://[bad/x", "http://a b/"]
    assert not any(target.valid for target in found.targets)
    assert [link.target for link in found.links] == [0, 1, 0]


def test_credentials_are_flagged_and_never_kept() -> None:
    found = found_in("<a href=http://u:p@b.test/>t</a><a href=http://b.test/>t</a><a href='//u:p@[bad/'>t</a>")
    assert [target.url for target in found.targets] == ["http://b.test/", "//[bad/"]
    assert [(link.target, link.flags) for link in found.links] == [(0, LinkFlag.CREDENTIALS), (0, 0), (1, 0)]


def test_a_reference_that_is_too_long_is_cut_and_called_invalid() -> None:
    found = found_in(f"<a href='{'x' * 10_000_000}'>t</a><a href=y>t</a>")
    assert [(len(target.url), target.valid) for target in found.targets] == [(MAX_URL, False), (17, True)]


@pytest.mark.parametrize(
    ("html", "document", "reason"),
    [
        ("<title> The\n title </title>", Document(title="The title"), "folded"),
        ("<title>a &amp; <b></title>", Document(title="a & <b>"), "text, not markup"),
        ("<title>1</title><title>2</title>", Document(title="1"), "the first"),
        ("<svg><title>icon</title></svg><title>page</title>", Document(title="page"), "a drawing's title is its own"),
        ("<svg><g><title>icon</title></g></svg>", Document(), "however deep"),
        ("<svg><title>icon</title></svg><p><title>page</title>", Document(title="page"), "a title in the body counts"),
        ("<meta name=DESCRIPTION content=' about  it '>", Document(description="about it"), "free of case, folded"),
        ("<meta name=description><p>", Document(), "nothing described"),
        ("<h1>The <i>he</i>ad<br>line</h1><h1>2</h1>", Document(h1="The head line"), "the first headline"),
        ("<html lang=de-CH>", Document(language="de-CH"), "the language"),
        (f"<title>{'x' * 5_000}</title>", Document(title="x" * 1_000), "capped"),
        ("<title></title>", Document(), "an empty title is none"),
    ],
)
def test_what_a_page_says_of_itself(html: str, document: Document, reason: str) -> None:
    assert found_in(html).document == document, reason


@pytest.mark.parametrize(
    ("location", "target", "reason"),
    [
        ("/x", "http://a.test/x", "relative"),
        ("//b.test", "http://b.test/", "to another host"),
        ("https://a.test/d/p#f", "https://a.test/d/p", "without the fragment"),
        ("", HERE, "empty: to itself"),
        ("/caf%E9", "http://a.test/caf%E9", "percent-encoded bytes stay"),
        ("/café", "http://a.test/caf%C3%A9", "others are encoded as UTF-8"),
    ],
)
def test_a_redirect_is_one_link(location: str, target: str, reason: str) -> None:
    found = redirect_link(location, HERE)
    assert [each.url for each in found.targets] == [target], reason
    written = None if location.isascii() else location
    assert tuple(found.links) == (Link(0, LinkKind.REDIRECT, "", Region.NONE, "", 0, written=written),)


@pytest.mark.parametrize("location", ["javascript:go()", "data:text/html,x"])
def test_a_redirect_to_no_page_has_no_link(location: str) -> None:
    assert not redirect_link(location, HERE).links


@by_both
def test_nothing_is_lost_in_markup_nested_20000_deep(read: Reader) -> None:
    html = "<nav>" + "<div>" * 20_000 + "<a href=x>deep</a>" + "</div>" * 20_000 + "</nav><a href=y>after</a>"
    found = found_in(shallow(html), read=read)
    assert [(link.anchor, link.region) for link in found.links] == [("deep", Region.NAV), ("after", Region.NONE)]


@by_both
def test_nothing_is_lost_after_an_attribute_of_ten_megabytes(read: Reader) -> None:
    html = f"<p title='{'x' * 10_000_000}'><a href=x title='{'y' * 10_000_000}'></a><a href=z>after</a>"
    assert [link.anchor for link in found_in(html, read=read).links] == ["y" * MAX_ANCHOR, "after"]


@by_both
def test_a_page_of_100000_links_keeps_them_all(read: Reader) -> None:
    found = found_in("".join(f"<li><a href=/{number}>{number}</a>" for number in range(100_000)), read=read)
    assert [link.anchor for link in found.links] == [str(number) for number in range(100_000)]
    assert len(found.targets) == 100_000


def test_links_within_one_another_are_all_found_and_read_in_bounded_time() -> None:
    found = found_in("<a href=x><object>" * 3_000 + "inside")
    assert len(found.links) == 3_000
    assert found.links[0].anchor == "", "the text lies deeper than is read"
    assert found.links[-1].anchor == "inside"


PIECES = """
<a href=x> <a href='/y#z' rel=nofollow> </a> <nav> </nav> <article> </article> <svg> </svg> <template> </template> text
<table> <tr> <td> </table> <iframe src=i> </iframe> <object> </object> <p> <b> </b> <select> <base href=/e/> <math>
<title> </title> <!-- --> <area href=w> <frameset> <noscript> </noscript> <link rel=next href=n> <form action=f>
<img src=i srcset='j,'> <script src=s></script> <meta http-equiv=refresh content=0;m> <video src=v poster=w>
"""
HTML = st.lists(st.sampled_from([f"{piece}>" for piece in PIECES.split(">")] + ["\x00", "é"]), max_size=30).map("".join)


@given(HTML)
def test_any_page_gives_the_same_links_and_digest_twice(html: str) -> None:
    first, second = found_in(html), found_in(html)
    assert first == second
    assert links_digest(first.targets, first.links) == links_digest(second.targets, second.links)
    for link in first.links:
        assert 0 <= link.target < len(first.targets)
        assert len(link.anchor) <= MAX_ANCHOR


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<a href=x>t</a>", "<a href=y>t</a>"),
        ("<a href=x>t</a>", "<a href=x>u</a>"),
        ("<a href=x>t</a>", "<a href=x rel=nofollow>t</a>"),
        ("<a href=x>t</a>", "<nav><a href=x>t</a></nav>"),
        ("<a href=x></a>", "<iframe src=x></iframe>"),
        ("<a href=x hreflang=de>t</a>", "<a href=x hreflang=fr>t</a>"),
        ("<a href=x>t</a>", "<a href=y/../x>t</a>"),
        ("<a href=http://b.test/>t</a>", "<a href=http://u@b.test/>t</a>"),
        ("<img src=x>", "<img src=x alt=''>"),
        ("<a href=x>t</a><a href=y>t</a>", "<a href=y>t</a><a href=x>t</a>"),
        ("<a href=x>t</a>", "<a href=x>t</a><a href=x>t</a>"),
    ],
)
def test_links_that_differ_in_anything_have_other_digests(one: str, other: str) -> None:
    first, second = found_in(one), found_in(other)
    assert links_digest(first.targets, first.links) != links_digest(second.targets, second.links)


def test_the_digest_is_of_the_links_and_not_of_the_page() -> None:
    first, second = found_in("<p>Monday<a href=x>t</a>"), found_in("<div>Tuesday <a href=x>t</a></div>")
    assert links_digest(first.targets, first.links) == links_digest(second.targets, second.links)


def test_nofollow_is_kept_in_the_longest_rel() -> None:
    written = " ".join(f"token-number-{number}" for number in range(40)) + " nofollow"
    tokens = rel_tokens(written).split()
    assert "nofollow" in tokens
    assert tokens == sorted(tokens)
    assert len(" ".join(tokens)) <= 200


def test_an_image_without_alt_is_marked_with_all_its_candidates_and_an_empty_alt_is_none() -> None:
    html = (
        "<img src=a srcset='b 2x' title=t><img src=c alt><img src=d alt=''><img src=e alt=e><area href=f><embed src=g>"
    )
    assert [link.flags & LinkFlag.NO_ALT for link in found_in(html).links] == [2, 2, 0, 0, 0, 0, 0]

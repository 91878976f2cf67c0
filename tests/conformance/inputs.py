"""What chance puts before the readers: bytes and texts made of the words that mean something to them."""

import gzip
import zlib

import brotli
from hypothesis import strategies as st

_URLS = """
http://a.test/ https://u:p@b.test:8443/x?y#z //c.test ../up ?q #f /p%61th/%zz mailto:e@f javascript:x data:,x http://[
\back http:x urn:x:http://u@h/ /é http://ü.test/ http:// https://1.2 xn--a.test
"""
_TAGS = """
a area link base meta title h1 iframe frame frameset img source picture script style object embed video audio track
form button input body html head table tr td p b nav header footer svg math template noscript textarea select
plaintext xmp !-- !doctype ![CDATA[ ?xml
"""
_ATTRIBUTES = """
href src srcset imagesrcset data action formaction poster background rel hreflang content http-equiv name charset alt
title type method media as lang style xlink:href
"""
_VALUES = """
refresh canonical next nofollow alternate stylesheet preload image robots noindex,nofollow none description de
x-default 0;url=/r 5,'x' utf-8 utf-16 shift_jis text/html;charset=euc-jp submit get post 1x 2.5e3x 100w -1x url(/c)
@import'/d' unavailable_after: linkmap: &amp; &#x2F; &#0; &NotEqualTilde;
"""
_XML_TAGS = """
urlset sitemapindex url sitemap loc lastmod rss channel item link guid feed entry rdf:RDF title xhtml:link image:loc
!DOCTYPE !ENTITY ?xml-stylesheet ![CDATA[ !--
"""
URLS, TAGS, ATTRIBUTES, VALUES, XML_TAGS = map(str.split, (_URLS, _TAGS, _ATTRIBUTES, _VALUES, _XML_TAGS))
ODD = ["\0", "\ufeff", "\u2028", "\x85", "\r", "\t", "\x0c", "\U0010ffff", "\ufffe", "\u202e", "\x1b$B", "\x7f"]


def words(*lists: list[str]) -> st.SearchStrategy[str]:
    """Texts of some of these words, with odd characters and any text among them."""
    word = st.sampled_from([each for one in lists for each in one])
    return st.lists(st.one_of(word, word, st.sampled_from(ODD), st.text(max_size=5)), max_size=8).map("".join)


ATTRIBUTE = st.builds(
    "{} {}={}{}{}".format,
    st.just(""),
    st.sampled_from(ATTRIBUTES),
    st.sampled_from(["", '"', "'"]),
    words(URLS, VALUES, [" ", ",", ";", "="]),
    st.sampled_from(["", '"', "'", '" ', " x"]),
)
TAG = st.builds(
    "<{}{}{}{}".format,
    st.sampled_from(["", "", "/"]),
    st.sampled_from(TAGS),
    st.lists(ATTRIBUTE, max_size=4).map("".join),
    st.sampled_from([">", ">", ">", "/>", "", "-->", "]]>", " "]),
)
HTML = st.lists(st.one_of(TAG, TAG, TAG, words(VALUES, URLS)), max_size=25).map("".join)
XML_TAG = st.builds(
    "<{}{}{}>".format,
    st.sampled_from(["", "", "/"]),
    st.sampled_from(XML_TAGS),
    st.sampled_from(["", ' href="/x"', ' rel="alternate"', ' xmlns="urn:x"', ' xml:base="http://b.test/"', " [", "/"]),
)
XML_START = ["<urlset>", "<rss>", "<feed>", "<?xml version='1.0' encoding='utf-16'?><sitemapindex>", "\ufeff", ""]
XML_TEXT = words(URLS, ["&x;", "]]>", "<!ENTITY x 'y'>", "2026-01-01"])
XML = st.builds(
    "{}{}".format,
    st.sampled_from(XML_START),
    st.lists(st.one_of(XML_TAG, XML_TAG, XML_TEXT), max_size=20).map("".join),
)
ROBOTS = st.lists(
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["User-agent", "Disallow", "Allow", "Crawl-delay", "Sitemap", "user agent", "X", " DISALOW"]),
        st.sampled_from([":", ": ", " ", " : ", "", ":\t"]),
        st.one_of(
            words(URLS, ["*", "linkmap", "1e9", "/", "#"]), st.text(alphabet="/*$%a?#.25", max_size=20).map("/".__add__)
        ),
        st.sampled_from(["\n", "\r", "\r\n", "\n\n", "\u2028", "\0"]),
    ),
    max_size=12,
).map("".join)
LINK_HEADER = st.lists(
    st.sampled_from(["<", ">", ";", ",", "=", '"', "\\", " ", "rel", "next", "anchor", "hreflang", "</x>", "http://b.test/"]),
    max_size=25,
).map("".join)  # fmt: skip
CSS = words(["@import", "url(", ")", "'", '"', "/*", "*/", "{", "}", "\\", "@media", ";", "!", "src("], URLS)
TEXT = st.one_of(HTML, XML, ROBOTS, CSS)
ENCODINGS = ["utf-8", "utf-8", "utf-16", "utf-16-be", "utf-7", "cp1252", "shift_jis", "gb18030", "iso2022_jp"]
BODIES = st.one_of(
    st.builds(lambda text, name: text.encode(name, "replace"), TEXT, st.sampled_from(ENCODINGS)),
    st.binary(max_size=200),
)


@st.composite
def packed(draw: st.DrawFn) -> bytes:
    """A body packed in some way, whole or with some of its bytes changed, cut off or doubled."""
    packing = draw(st.sampled_from([gzip.compress, zlib.compress, brotli.compress, bytes]))
    data = bytearray(packing(draw(BODIES) * draw(st.sampled_from([1, 1, 50]))))
    for _ in range(draw(st.integers(0, 3))):
        if data:
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data * draw(st.integers(1, 3)))

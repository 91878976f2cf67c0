"""Whatever comes over the network is read to an end: laws that hold for any input, sought to be broken by chance.

Every run tries a few dozen inputs of each kind; the long form, `pytest tests/conformance/test_fuzz.py --rounds 1000`,
takes about an hour. What chance has found stands in KEPT, and is tried first each time.
"""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from multidict import CIMultiDict

from linkmap.coding import CodingError, Decoding
from linkmap.fetch import MAX_RETRY_AFTER_S, Answer, retry_after_s
from linkmap.messages import frame, pack_report, unpack_report, values_of
from linkmap.model import Job, Manner, Outcome, Parser, Visit
from linkmap.parse import sitemap
from linkmap.parse.charset import decode
from linkmap.parse.css import css_references
from linkmap.parse.link_header import header_links
from linkmap.parse.microsyntax import refresh_target, srcset_urls
from linkmap.parse.nesting import shallow
from linkmap.parse.xml import read_xml
from linkmap.reading import report_of
from linkmap.robots import MAX_DELAY_S, parse_robots, product_token

from .inputs import BODIES, CSS, HTML, LINK_HEADER, ODD, ROBOTS, TEXT, URLS, VALUES, XML, packed, words

EXAMPLES = 30
URL = "http://a.test/x/y?z"
VISIT = Visit(Outcome.NOT_HTML, 0.0, status=200, content_type="text/xml")
TYPES = ["text/html", "application/xhtml+xml", "application/xml", "application/rss+xml", "text/css", "text/plain", None]
PARAMETERS = ["", "; charset=utf-16", ";charset=klingon", '; charset="euc-jp', ";;;", "; charset=iso-2022-kr"]
HEADERS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["Link", "link"]), LINK_HEADER),
        st.tuples(st.just("Refresh"), words(VALUES, URLS)),
        st.tuples(st.just("X-Robots-Tag"), words(VALUES, [":", ",", " "])),
        st.tuples(st.just("Location"), words(URLS)),
    ),
    max_size=3,
)


@st.composite
def answers(draw: st.DrawFn) -> tuple[Job, Answer]:
    """A job and the answer to it, of any type, in any manner, for either reader."""
    kind, parameters = draw(st.sampled_from(TYPES)), draw(st.sampled_from(PARAMETERS))
    outcome = draw(st.sampled_from([Outcome.FETCHED, Outcome.FETCHED, Outcome.NOT_HTML, Outcome.REDIRECT]))
    headers = draw(HEADERS) + ([("Content-Type", kind + parameters)] if kind else [])
    if outcome is Outcome.REDIRECT:
        headers.append(("Location", draw(words(URLS))))
    manner, parser = draw(st.sampled_from([*Manner, Manner.PAGE])), draw(st.sampled_from(Parser))
    job = Job(1, draw(st.sampled_from([URL, "http://a.test/"])), manner, parser=parser, agent="linkmap/1")
    return job, Answer(Visit(outcome, 0.0, status=200, content_type=kind), draw(BODIES), CIMultiDict(headers))


def an_answer_becomes_a_report(case: tuple[Job, Answer]) -> None:
    """One that can be sent and stored, and is the same again; every link of it leads to one of its targets."""
    report = report_of(*case)
    assert unpack_report(values_of(frame(pack_report(report))[4:])) == report == report_of(*case)
    assert all(0 <= link.target < len(report.targets) for link in report.links)
    for text in [*report.targets.urls, *(link.anchor for link in report.links), report.text or ""]:
        text.encode()


def a_body_becomes_text(case: tuple[bytes, str]) -> None:
    text, name = decode(case[0], f"text/html{case[1]}")
    text.encode()
    assert name
    assert shallow(shallow(text)) == shallow(text)


def a_sitemap_is_read(body: bytes) -> None:
    whole, _, _ = sitemap.unpacked(body)
    found = read_xml(whole, URL) or sitemap.read_text_sitemap(whole)
    assert found is None or all(element.reference.strip() for element in found[0].elements if element.reference)


def a_packed_body_is_unpacked(case: tuple[str, bytes, int]) -> None:
    """By no more than is wanted, and with no other fault than the one that has a name."""
    coding, data, step = case
    decoding, most, found = Decoding(coding), 500, 0
    with suppress(CodingError):
        for start in range(0, len(data), step):
            part = decoding.decode(data[start : start + step], most - found)
            assert len(part) <= most - found
            found += len(part)


def rules_decide_as_a_regular_expression_would(case: tuple[str, str]) -> None:
    """One rule alone, of the characters that mean something, against a path of the same."""
    pattern, path = case
    anchored = pattern.endswith("$")
    literal = [re.escape(piece) for piece in pattern.removesuffix("$").split("*")]
    matches = re.match("/" + ".*".join(literal) + ("$" if anchored else ""), "/" + path)
    rules = parse_robots(f"User-agent: *\nDisallow: /{pattern}", "linkmap")
    assert rules.allows("http://a.test/" + path) is not bool(matches)


def a_robots_txt_is_read(case: tuple[str, str]) -> None:
    text, agent = case
    rules = parse_robots(text, agent)
    assert rules.delay_s is None or 0 <= rules.delay_s <= MAX_DELAY_S
    for url in URLS:
        assert rules.allows("http://a.test/" + url) in (True, False)
    assert re.fullmatch(r"[A-Za-z_-]+|\*", product_token(agent))
    assert parse_robots("\ufeff" + text.removeprefix("\ufeff"), agent) == rules


def a_pause_is_read(header: str) -> None:
    wait_s = retry_after_s(header, 1_445_412_480.0)
    assert wait_s is None or 0 <= wait_s <= MAX_RETRY_AFTER_S


def small_languages_name_what_stands_in_them(value: str) -> None:
    for url in [*srcset_urls(value), refresh_target(value) or ""]:
        assert url in value
    for element in header_links(value, URL):
        assert element.reference == URL or f"<{element.reference}>" in value


def what_repeats_itself_is_read_in_time(case: tuple[str, str, str]) -> None:
    """In proportion to its length: 10 s are a hundred times what is needed, and little to what grows by its square."""
    before, unit, after = case
    text = before + unit * (100_000 // len(unit)) + after
    began = time.process_time()
    for _ in (*srcset_urls(text), *header_links(text, URL), *css_references(text)):
        pass
    refresh_target(text)
    retry_after_s(text, 0.0)
    parse_robots(f"User-agent: *\nDisallow: /{text}", "linkmap").allows(f"http://a.test/{text}")
    assert time.process_time() - began < 10
    for kind, parser in (("text/html", Parser.LEXBOR), ("text/html", Parser.BS4), ("application/xml", Parser.LEXBOR)):
        outcome = Outcome.FETCHED if kind == "text/html" else Outcome.NOT_HTML
        visit = Visit(outcome, 0.0, status=200, content_type=kind)
        report_of(Job(1, URL, parser=parser), Answer(visit, text.encode(), CIMultiDict({"Content-Type": kind})))
    assert time.process_time() - began < 30


MARKS = st.builds(str.__add__, st.text(alphabet="ab*/.", max_size=8), st.sampled_from(["", "$"]))
PATH = st.text(alphabet="ab/.", max_size=12)
CODINGS = st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, br", "x-gzip"])
DATES = words(["Wed, 21 Oct", " 2015", " 07:28:00", " GMT", "9", "1e9", "-", "+"])
SMALL = st.one_of(LINK_HEADER, words(VALUES, URLS, [",", " ", "("]))
START = TEXT.map(lambda text: text[:20])
UNIT = st.one_of(HTML, CSS, LINK_HEADER, XML, words(VALUES, URLS, ODD)).map(lambda text: text[:40]).filter(bool)
END = st.sampled_from(["", ">", '"', "x"])
LAWS: dict[str, tuple[SearchStrategy[Any], Callable[[Any], None]]] = {
    "answers": (answers(), an_answer_becomes_a_report),
    "charset": (st.tuples(BODIES, st.sampled_from(PARAMETERS)), a_body_becomes_text),
    "sitemaps": (st.one_of(packed(), XML.map(str.encode), BODIES), a_sitemap_is_read),
    "codings": (st.tuples(CODINGS, packed(), st.integers(1, 64)), a_packed_body_is_unpacked),
    "robots": (st.tuples(ROBOTS, words(["linkmap", "/1", "Foo"])), a_robots_txt_is_read),
    "rules": (st.tuples(MARKS, PATH), rules_decide_as_a_regular_expression_would),
    "retry-after": (DATES, a_pause_is_read),
    "small languages": (SMALL, small_languages_name_what_stands_in_them),
    "time": (st.tuples(START, UNIT, END), what_repeats_itself_is_read_in_time),
}
FEWER = {"time": 10, "answers": 1}
"""One example of these costs as much as so many of the others."""
KEPT: dict[str, list[Any]] = {
    "answers": [
        (
            Job(1, URL, Manner.SITEMAP),
            Answer(VISIT, b"<urlset/>", CIMultiDict({"Content-Type": f"text/xml; charset={label}"})),
        )
        for label in ("iso-2022-kr", "iso-8859-8-i", "x-mac-cyrillic", "x-user-defined")
    ]
    + [
        (
            Job(1, URL, parser=Parser.BS4),
            Answer(VISIT, b"http://a.test/", CIMultiDict({"Content-Type": "text/html"})),
        )
    ]
}
"""Inputs that broke a law once."""


@pytest.mark.parametrize("name", LAWS)
def test_no_input_breaks_the_law_of(name: str, rounds: Callable[[int], int]) -> None:
    strategy, law = LAWS[name]
    for case in KEPT.get(name, []):
        law(case)
    examples = max(1, EXAMPLES // FEWER.get(name, 1)) * rounds(1)
    chosen = settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.reuse, Phase.generate, Phase.shrink],
    )
    chosen(given(strategy)(law))()

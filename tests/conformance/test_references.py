"""What a reference names, and that keeping it for other pages changes nothing. Expected values by the URL standard."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standards import standard_json

from linkmap.model import LinkFlag
from linkmap.parse.references import INERT, NO_URL, TOO_LONG, VALID, names
from linkmap.url import INERT_SCHEMES, page_url, resolve, url_key

from .test_url import BASES, PLAIN, REFERENCES

HERE = "https://a.test/x/y?z#f"


@pytest.mark.parametrize(
    ("reference", "name", "flags", "state", "written", "reason"),
    [
        ("/b", "https://a.test/b", 0, VALID, None, "a path"),
        ("b", "https://a.test/x/b", 0, VALID, None, "beside the page"),
        ("../b", "https://a.test/b", 0, VALID, None, "a directory up"),
        ("../../../b", "https://a.test/b", 0, VALID, None, "at most to the root"),
        ("./b", "https://a.test/x/b", 0, VALID, None, "the same directory"),
        ("", "https://a.test/x/y?z", 0, VALID, None, "the page itself"),
        ("?q", "https://a.test/x/y?q", 0, VALID, None, "another query"),
        ("#g", "https://a.test/x/y?z", 0, VALID, None, "a place on the page"),
        ("# g", "https://a.test/x/y?z", 0, VALID, "# g", "a place with a space, which is encoded"),
        ("//b.test/c", "https://b.test/c", 0, VALID, None, "a host"),
        ("http:b", "http://b/", 0, VALID, "http:b", "another scheme needs no slashes"),
        ("https:b", "https://a.test/x/b", 0, VALID, "https:b", "the page's own scheme is none"),
        ("https:?q", "https://a.test/x/y?q", 0, VALID, "https:?q", "nor before a query"),
        ("d/e:f", "https://a.test/x/d/e:f", 0, VALID, None, "a colon in a path"),
        (" /b", "https://a.test/b", 0, VALID, " /b", "white space in front"),
        ("\\b", "https://a.test/b", 0, VALID, "\\b", "a backslash is a slash"),
        ("http://B.test", "http://b.test/", 0, VALID, "http://B.test", "a host in capitals"),
        ("http://b.test", "http://b.test/", 0, VALID, None, "only the slash of an empty path is new"),
        ("http://u:p@b.test/", "http://b.test/", LinkFlag.CREDENTIALS, VALID, None, "credentials are dropped"),
        ("http://[b/", "http://[b/", 0, NO_URL, None, "no URL"),
        ("data:,x", "", 0, INERT, None, "leads nowhere"),
        ("mailto:e@f", "mailto:e@f", 0, VALID, None, "a scheme without hosts"),
    ],
)
def test_what_a_reference_names(
    reference: str, name: str, flags: int, state: int, written: str | None, reason: str
) -> None:
    key = b"" if state == INERT else url_key(name)
    for _ in range(2):
        assert names(HERE)(reference) == (name, key, flags, state, written), reason


def test_a_name_is_cut_where_it_is_too_long() -> None:
    name, key, _, state, _ = names(HERE)("/" + "b" * 70_000)
    assert (len(name), key, state) == (65_536, url_key(name), TOO_LONG)


def test_the_web_platform_tests_of_url_resolution_pass_through_what_is_kept() -> None:
    cases = [case for case in standard_json("wpt/urltestdata.json") if isinstance(case, dict) and case["base"]]
    assert len(cases) == 336
    for _ in range(2):
        for case in cases:
            name, _, _, state, _ = names(case["base"])(case["input"])
            if case.get("failure"):
                assert state == NO_URL, case
            elif case["href"].startswith(INERT_SCHEMES):
                assert state == INERT, case
            else:
                assert (name, state) == (page_url(case["href"])[0], VALID), case


WPT_BASES = ["http://a.test/", "http://a.test/x/y", "http://a.test/x/z?q", "https://a.test/x/y", "http://u@a.test/x/y"]


@pytest.mark.parametrize("base", [*WPT_BASES, "http://b.test:81/x/", "ftp://a.test/x/y", "foo:/x/y", "mailto:e"])
def test_what_is_kept_for_one_page_is_no_answer_for_another(base: str) -> None:
    for case in standard_json("wpt/urltestdata.json"):
        if isinstance(case, dict):
            assert_named_as_resolved(case["input"], base)


@given(st.one_of(PLAIN, REFERENCES), BASES.map(resolve).filter(bool))
@settings(max_examples=1_000, deadline=None)
def test_a_reference_names_the_page_of_its_resolved_url(reference: str, base: str) -> None:
    assert_named_as_resolved(reference, base)


def assert_named_as_resolved(reference: str, base: str) -> None:
    """By the whole base, of which nothing is left out."""
    resolved = resolve(reference, base)
    name, key, flags, state, _ = names(base)(reference)
    if resolved is None:
        assert state == NO_URL
    elif resolved.startswith(INERT_SCHEMES):
        assert state == INERT
    else:
        page, credentials = page_url(resolved)
        assert (name, key, bool(flags), state) == (page, url_key(page), credentials, VALID)


def test_long_references_are_not_held_in_memory() -> None:
    tracemalloc.start()
    try:
        for number in range(100):
            names(HERE)(f"data:image/png;base64,{number:0100000}")
            names(f"https://a.test/{number:0100000}/")("b")
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 9_000_000, "100 references of 100,000 characters, and 100 such bases, are 20 MB"

"""Markup nested without end: read in bounded time, and no link in it is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkmap.parse import lexbor, soup
from linkmap.parse.nesting import MAX_DEPTH, shallow

DEEP = MAX_DEPTH + 500


@pytest.mark.parametrize(
    ("text", "kept", "reason"),
    [
        ("<div>" * DEEP + "x", "<div>" * MAX_DEPTH + "x", "too deep"),
        ("<div>" * MAX_DEPTH + "x", "<div>" * MAX_DEPTH + "x", "just deep enough"),
        ("<div></div>" * DEEP, "<div></div>" * DEEP, "side by side"),
        ("<p>" * DEEP + "<li>" * DEEP, "<p>" * DEEP + "<li>" * DEEP, "elements that end themselves"),
        ("<br><img src=x>" * DEEP, "<br><img src=x>" * DEEP, "elements that hold nothing"),
        ("<b>" * MAX_DEPTH + "<nav><a href=x></a></nav>", "<b>" * MAX_DEPTH + "<a href=x></a>", "both tags go"),
        ("<b>" * DEEP + "</b>" * DEEP + "<i>", "<b>" * MAX_DEPTH + "</b>" * MAX_DEPTH + "<i>", "and up again"),
        ("< a" * DEEP, "< a" * DEEP, "no tags"),
    ],
)
def test_tags_beyond_the_limit_are_taken_out_and_what_is_in_them_stays(text: str, kept: str, reason: str) -> None:
    assert shallow(text) == kept, reason


@pytest.mark.parametrize("unit", ["<div>", "<a><b>", "<span><div></div>", "<x-y class='a b'>", "<DIV\n>", "</b><div>"])
def test_two_megabytes_of_nesting_are_read_by_both_readers(unit: str) -> None:
    text = shallow(unit * (2_000_000 // len(unit)) + '<a href="http://found.test/">found</a>')
    for reader in (lexbor, soup):
        references = [element.reference for element in reader.read_html(text).elements if element.reference]
        assert references == ["http://found.test/"]


@given(st.text(alphabet="<>/abdiv \"'=!-"))
def test_what_is_not_deep_stays_as_it_is(text: str) -> None:
    assert shallow(text) == text

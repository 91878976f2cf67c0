"""Columns give back the links and targets that they were made of, whatever those are."""

from hypothesis import given
from hypothesis import strategies as st

from linkmap.columns import KEY_BYTES, Link, Links, Target, Targets

BYTE = st.integers(0, 255)
MAYBE = st.none() | st.text(min_size=1)
LINKS = st.lists(
    st.builds(Link, st.integers(0, 2**32 - 1), BYTE, st.text(), BYTE, st.text(), BYTE, MAYBE, MAYBE, MAYBE), max_size=9
)
TARGETS = st.lists(st.builds(Target, st.text(), st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES), st.booleans()))


@given(LINKS)
def test_links_come_back_as_they_went_in(links: list[Link]) -> None:
    columns = Links.of(links)
    assert len(columns) == len(links)
    assert list(columns) == links
    assert [columns[place] for place in range(len(links))] == links
    assert list(zip(*columns.rare_columns(), strict=True)) == [link[6:] for link in links]


@given(TARGETS)
def test_targets_come_back_as_they_went_in(targets: list[Target]) -> None:
    columns = Targets.of(targets)
    assert list(columns) == targets
    assert [columns.key(place) for place in range(len(targets))] == [target.key for target in targets]
    assert columns[1:] == targets[1:]

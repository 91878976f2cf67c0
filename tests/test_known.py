"""Known pages behave as a dict does, at any size and with keys that collide."""

import random
import sqlite3
from contextlib import closing
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkmap.judging import Offer
from linkmap.known import PACKED, KnownPages
from linkmap.model import Reach

# Few values for each part, so that heads collide in segment, slot and whole, with the check as the only difference.
KEYS = st.builds(
    lambda head, check: head.to_bytes(8, "little") + check.to_bytes(4, "little"),
    st.one_of(st.integers(0, 3), st.sampled_from([64, 128, 2**12, 2**40, 2**64 - 1]), st.integers(0, 2**64 - 1)),
    st.one_of(st.integers(0, 2), st.integers(0, 2**32 - 1)),
)


@given(st.lists(KEYS, max_size=200))
def test_known_pages_are_a_dict_from_key_to_id(keys: list[bytes]) -> None:
    known, expected = KnownPages(), dict[bytes, int]()
    for key in keys:
        assert known.find(key) == expected.get(key, 0)
        if key not in expected:
            expected[key] = known.add(key, depth=1, hops=0, reach=0, outcome=0)
    assert len(known) == len(expected)
    assert list(expected.values()) == list(range(1, len(expected) + 1)), "ids run from 1 without a gap"
    for key, page in expected.items():
        assert known.find(key) == page


def test_the_table_grows_in_every_segment_and_loses_nothing() -> None:
    keys = [blake2b(str(number).encode(), digest_size=12).digest() for number in range(30_000)]
    known = KnownPages()
    for key in keys:
        known.add(key, depth=0, hops=0, reach=0, outcome=0)
    assert [known.find(key) for key in keys] == list(range(1, 30_001))
    strangers = [blake2b(str(-number).encode(), digest_size=12).digest() for number in range(1, 30_001)]
    assert not any(known.find(key) for key in strangers)


def test_keys_of_one_head_are_told_apart_by_their_check() -> None:
    keys = [bytes(8) + check.to_bytes(4, "little") for check in range(500)]
    random.Random(1).shuffle(keys)
    known = KnownPages()
    for key in keys:
        known.add(key, depth=0, hops=0, reach=0, outcome=0)
    assert [known.find(key) for key in keys] == list(range(1, 501))


def test_what_is_known_of_a_page_stands_under_its_id() -> None:
    known = KnownPages()
    first = known.add(b"a" * 12, depth=3, hops=1, reach=2, outcome=32)
    second = known.add(b"b" * 12, depth=KnownPages.NO_DEPTH, hops=0, reach=3, outcome=0)
    assert (known.depth[first], known.hops[first], known.reach[first], known.outcome[first]) == (3, 1, 2, 32)
    assert (known.depth[second], known.reach[second]) == (KnownPages.NO_DEPTH, 3)


def test_stored_pages_are_loaded_in_the_order_of_their_ids() -> None:
    known = KnownPages()
    facts = f"""SELECT {PACKED} FROM (SELECT 2 AS depth, 1 AS hops, 0 AS reach, 1 AS outcome, 2 AS manner, 1 AS resource
        UNION ALL SELECT NULL, 0, 2, 37, 0, 0)"""  # noqa: S608 our own words
    with closing(sqlite3.connect(":memory:")) as connection:
        packed = [number for (number,) in connection.execute(facts)]
    known.load(zip([b"a" * 12, b"b" * 12], packed, strict=True))
    assert (known.find(b"a" * 12), known.find(b"b" * 12)) == (1, 2)
    assert known.depth.tolist()[1:] == [2, KnownPages.NO_DEPTH]
    assert (known.hops[1:], known.reach[1:]) == (bytes([1, 0]), bytes([0, 2]))
    assert known.outcome[1:] == bytes([1, 37])
    assert (known.manner[1:], known.resource[1:]) == (bytes([2, 0]), bytes([1, 0]))
    assert known.add(b"c" * 12, depth=0, hops=0, reach=0, outcome=0) == 3
    known.load([])
    known.load([(b"d" * 12, 300)])
    assert (known.find(b"d" * 12), known.depth[4]) == (4, 300)


@pytest.mark.parametrize("expected", [0, 1_000, 5_000, 100_000])
def test_room_made_beforehand_changes_nothing_else(expected: int) -> None:
    keys = [blake2b(str(number).encode(), digest_size=12).digest() for number in range(5_000)]
    known = KnownPages()
    known.reserve(expected)
    known.load((key, 0) for key in keys)
    assert known.find_many(b"".join(keys)) == list(range(1, 5_001))


def test_many_keys_are_found_at_once_with_0_for_the_unknown() -> None:
    known = KnownPages()
    for letter in (b"a", b"b"):
        known.add(letter * 12, depth=0, hops=0, reach=0, outcome=0)
    assert known.find_many(b"b" * 12 + b"x" * 12 + b"a" * 12 + b"b" * 12) == [2, 0, 1, 2]
    assert known.find_many(b"") == []


@pytest.mark.parametrize(
    ("offer", "counts"),
    [
        (Offer(Reach.FOLLOWED, 3, 0), False),
        (Offer(Reach.FOLLOWED, 4, 0), False),
        (Offer(Reach.FOLLOWED, 2, 5), True),
        (Offer(Reach.NOFOLLOW, 0, 0), False),
        (Offer(Reach.FOLLOWED, 9, 0, exempt=True), True),
        (Offer(Reach.AUXILIARY, sitemap=1), True),
        (Offer(Reach.KIND_NOT_FOLLOWED, resource=True), True),
    ],
)
def test_only_links_that_may_better_a_page_are_looked_at(offer: Offer, counts: bool) -> None:
    known = KnownPages()
    page = known.add(b"a" * 12, depth=3, hops=0, reach=Reach.FOLLOWED, outcome=1)
    assert known.improvable([page, 0], [offer], [0, 0]) == ([0, 1] if counts else [1])

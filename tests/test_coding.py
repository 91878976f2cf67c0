"""Packed bodies come out as they went in, and what is wrong with one costs no more than what came after it."""

import gzip
import sys
import zlib
from pathlib import Path

import brotli
import pytest
from conftest import Answer, Site
from hypothesis import given
from hypothesis import strategies as st
from maps import linkmap, rows

from linkmap.coding import CodingError, Decoding

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def bare(data: bytes) -> bytes:
    """deflate without zlib's wrapping, as some servers send it."""
    packing = zlib.compressobj(wbits=-15)
    return packing.compress(data) + packing.flush()


PACK = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}


def unpack(header: str, packed: bytes, step: int = 7, most: int = 10**6) -> tuple[bytes, Decoding]:
    """All that comes out, when the packed data come in pieces of some bytes."""
    decoding, found = Decoding(header), b""
    for start in range(0, len(packed), step):
        found += decoding.decode(packed[start : start + step], most - len(found))
    while part := decoding.decode(b"", most - len(found)):
        found += part
    return found, decoding


@given(st.lists(st.sampled_from(sorted(PACK)), min_size=1, max_size=3), st.binary(max_size=400), st.integers(1, 50))
def test_what_was_packed_comes_out_whole_in_pieces_of_any_size(codings: list[str], data: bytes, step: int) -> None:
    packed = data
    for coding in codings:
        packed = PACK[coding](packed)
    found, decoding = unpack(", ".join(codings), packed, step)
    assert found == data
    assert not decoding.is_broken_off


@pytest.mark.parametrize("coding", PACK)
def test_no_more_comes_out_than_is_wanted(coding: str) -> None:
    bomb = PACK[coding](bytes(10_000_000))
    decoding = Decoding(coding)
    assert len(decoding.decode(bomb, 1_000)) <= 1_000
    assert len(decoding.decode(b"", 500)) <= 500


@pytest.mark.parametrize("coding", PACK)
def test_a_stream_that_breaks_off_gives_what_came_and_is_known_for_it(coding: str) -> None:
    text = "".join(f"line {number}\n" for number in range(100_000)).encode()
    packed = PACK[coding](text)
    found, decoding = unpack(coding, packed[: len(packed) // 2], step=1_000)
    assert decoding.is_broken_off
    assert text.startswith(found)
    assert len(found) > 1_000


def test_a_deflate_body_may_be_bare() -> None:
    assert unpack("deflate", bare(b"text " * 50))[0] == b"text " * 50


def test_members_follow_one_another_and_what_is_none_is_left() -> None:
    assert unpack("gzip", gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0junk")[0] == b"one two"
    assert unpack("zstd", zstd.compress(b"one ") + zstd.compress(b"two"))[0] == b"one two"
    with pytest.raises(CodingError, match="more than 1,000"):
        unpack("gzip", gzip.compress(b"") * 1_001, step=10**6)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate"])
def test_what_is_not_packed_so_is_said(coding: str) -> None:
    with pytest.raises(CodingError, match=coding):
        unpack(coding, b"<html>not packed at all, whatever the header says</html>" * 9)


def test_codings_that_are_unknown_are_named_and_identity_is_none() -> None:
    assert Decoding("utf-8, gzip").unknown == ["utf-8"]
    assert Decoding("identity").is_plain
    assert Decoding(None).unknown == []


@pytest.mark.parametrize(
    ("header", "body", "outcome", "truncated", "detail", "links"),
    [
        ("gzip, br", brotli.compress(gzip.compress(b"<a href=/x>x</a>")), "fetched", 0, None, 1),
        ("x-gzip", gzip.compress(b"<a href=/x>x</a>"), "fetched", 0, None, 1),
        ("gzip", gzip.compress(b"<a href=/x>x</a>") + b"junk", "fetched", 0, None, 1),
        ("gzip", gzip.compress(b"<a href=/x>x</a>")[:-6], "fetched", 1, None, 1),
        ("gzip", b"<a href=/x>x</a>", "fetched", 1, "the body is not packed as it says: gzip: ", 0),
        ("rot13", b"<a href=/x>x</a>", "fetched", 0, "the content coding 'rot13' is not known", 1),
    ],
)
def test_a_page_packed_in_any_way_keeps_its_links_or_says_why_not(
    site: Site, tmp_path: Path, header: str, body: bytes, outcome: str, truncated: int, detail: str | None, links: int
) -> None:
    site.pages = {"/": Answer(body, headers={"Content-Encoding": header})}
    linkmap("crawl", site("/"), "--allow-private", "--delay", "0", "--depth", "0", "-q", cwd=tmp_path)
    found = rows(
        tmp_path / "map.db",
        "SELECT outcome.name, truncated, coalesce(page.detail, '') FROM page JOIN outcome ON outcome.id = page.outcome "
        "JOIN capture ON capture.id = page.capture WHERE depth = 0",
    )
    assert [row[:2] for row in found] == [(outcome, truncated)]
    assert found[0][2].startswith(detail or "")
    assert bool(found[0][2]) is bool(detail)
    assert len(rows(tmp_path / "map.db", "SELECT 1 FROM links")) == links

"""The questions about what search engines make of pages, with answers worked out by hand.

The map they share is drawn in searchmaps.py. test_questions.py puts every question to an empty map, to a limit and
to the sqlite3 shell.
"""

from pathlib import Path

import pytest
from handmade import handmade
from searchmaps import at, write_search

from linkmap.asking import query
from linkmap.model import LinkFlag


@pytest.fixture(params=["finished", "in the middle of a crawl"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The map, once with its indexes, once without: the answers must not differ."""
    path = tmp_path / "map.db"
    with handmade(path, finished=request.param == "finished") as map:
        write_search(map)
    return path


# --- images_without_alt


def test_images_without_alt_are_counted_by_page_and_those_with_one_are_left_out(site: Path) -> None:
    found = query(site, "images_without_alt")
    assert found.columns == ("page", "image", "times", "in_title")
    assert found.rows == [(at("/"), at("/logo.png"), 2, "")]


def test_images_without_alt_stand_in_the_order_of_the_page_with_their_titles(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db") as map:
        map.link(at("/b"), at("/1"), kind="img", flags=LinkFlag.NO_ALT)
        map.link(at("/a"), at("/2"), "A title", kind="img", flags=LinkFlag.NO_ALT)
        map.link(at("/a"), at("/1"), kind="img", flags=LinkFlag.NO_ALT)
        map.link(at("/a"), at("/3"), kind="a", flags=LinkFlag.CREDENTIALS)
    assert query(tmp_path / "map.db", "images_without_alt").rows == [
        (at("/a"), at("/2"), 1, "A title"),
        (at("/a"), at("/1"), 1, ""),
        (at("/b"), at("/1"), 1, ""),
    ]

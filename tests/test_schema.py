"""The schema says what the Python words say, and loads wherever SQLite does."""

import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from linkmap.errors import LinkmapError
from linkmap.model import FOLLOWED_KINDS, FREE_KINDS, NAVIGATION_KINDS, LinkKind, Outcome, Region, State
from linkmap.parse.directives import OF_THE_PAGE_ITSELF
from linkmap.robots import RobotsState
from linkmap.store.reader import APPLICATION_ID, SCHEMA_VERSION, open_reader, schema_sql


@pytest.fixture
def schema() -> Iterator[sqlite3.Connection]:
    """An empty map in memory."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema_sql())
        yield connection


def test_the_table_of_outcomes_is_the_enum(schema: sqlite3.Connection) -> None:
    rows = schema.execute("SELECT id, name, state, broken FROM outcome ORDER BY id").fetchall()
    assert rows == [(outcome.value, outcome.word, outcome.state.value, outcome.broken) for outcome in Outcome]


def test_the_table_of_kinds_is_the_enum(schema: sqlite3.Connection) -> None:
    rows = schema.execute("SELECT id, name, navigation, followed, free FROM kind ORDER BY id").fetchall()
    assert rows == [
        (kind.value, kind.word, kind in NAVIGATION_KINDS, kind in FOLLOWED_KINDS, kind in FREE_KINDS)
        for kind in LinkKind
    ]


def test_the_table_of_regions_is_the_enum(schema: sqlite3.Connection) -> None:
    rows = schema.execute("SELECT id, name FROM region ORDER BY id").fetchall()
    assert rows == [(region.value, region.name.lower() if region else "") for region in Region]


def test_a_host_counts_its_pages_by_every_state(schema: sqlite3.Connection) -> None:
    columns = {row[1] for row in schema.execute("PRAGMA table_info(host)")}
    assert set(State) <= columns


def test_the_states_of_robots_txt_stand_in_the_schema() -> None:
    comment = next(line for line in schema_sql().splitlines() if line.startswith("-- robots:"))
    assert all(f"'{state}'" in comment for state in RobotsState)


def test_a_state_that_no_outcome_may_have_is_refused(schema: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        schema.execute("INSERT INTO outcome VALUES (99, 'x', 'lost', 0)")


def test_the_empty_rel_and_anchor_have_the_number_0(schema: sqlite3.Connection) -> None:
    assert schema.execute("SELECT tokens, nofollow FROM rel WHERE id = 0").fetchone() == ("", 0)
    assert schema.execute("SELECT text FROM anchor WHERE id = 0").fetchone() == ("",)


def test_a_map_is_known_by_its_numbers(schema: sqlite3.Connection) -> None:
    assert schema.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert schema.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert APPLICATION_ID.to_bytes(4, "big") == b"lmap"


def test_every_reference_names_a_table_and_column_that_exist(schema: sqlite3.Connection) -> None:
    tables = [row[0] for row in schema.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    references = [row for table in tables for row in schema.execute(f"PRAGMA foreign_key_list({table})")]
    assert len(references) >= 9
    for _, _, target, _, column, *_ in references:
        assert column in [row[1] for row in schema.execute(f"PRAGMA table_info({target})")]


def test_the_kinds_that_a_nofollow_of_the_page_leaves_alone_are_those_of_the_crawl(schema: sqlite3.Connection) -> None:
    schema.execute("INSERT INTO run VALUES (1, 0, 0, 'finished', '', '', '{}', '{}', '[]')")
    schema.execute(
        "INSERT INTO page (id, url, url_key, auxiliary, hops, reach, outcome, tries, run, links) "
        "VALUES (1, 'u', x'00', 0, 0, 0, 1, 1, 1, 1)"
    )
    schema.execute(
        "INSERT INTO capture (id, page, run, fetched_at, outcome, bytes, cut, truncated, seconds, robots_flags, "
        "inert_links) VALUES (1, 1, 1, 0, 1, 0, 0, 0, 0, 'noarchive nofollow', 0)"
    )
    schema.execute(
        "INSERT INTO link (capture, ordinal, target, kind, rel, region, anchor, flags) "
        "SELECT 1, id, 1, id, 0, 0, 0, 0 FROM kind"
    )
    left_alone = {row[0] for row in schema.execute("SELECT kind FROM links WHERE NOT nofollow AND nofollow_by = ''")}
    assert left_alone == {kind.word for kind in OF_THE_PAGE_ITSELF}
    assert len(list(schema.execute("SELECT 1 FROM links WHERE nofollow_by = 'page'"))) == len(LinkKind) - len(
        left_alone
    )


def test_pending_pages_of_an_origin_are_one_range_in_the_order_of_fetching(schema: sqlite3.Connection) -> None:
    query = "SELECT id FROM page WHERE origin = 1 AND outcome = 0 ORDER BY depth, id LIMIT 9"
    plan = [row[3] for row in schema.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert plan == ["SEARCH page USING INDEX page_pending (origin=?)"], "no sorting"


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="the sqlite3 shell is not installed")
def test_the_schema_loads_in_the_sqlite3_shell(tmp_path: Path) -> None:
    path = tmp_path / "map.db"
    loaded = subprocess.run(
        ["sqlite3", "-bail", str(path)], input=schema_sql(), capture_output=True, text=True, check=True
    )
    assert (loaded.stdout, loaded.stderr) == ("", "")
    asked = subprocess.run(
        ["sqlite3", str(path), "SELECT count(*) FROM links UNION ALL SELECT count(*) FROM edges"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout.split() == ["0", "0"]
    open_reader(path).close()


def test_a_reader_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a map ? 100% #1.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(schema_sql())
    with closing(open_reader(path)) as reader:
        assert reader.execute("SELECT name FROM kind WHERE id = 1").fetchone()["name"] == "a"
        for statement in ("DELETE FROM kind", "CREATE TABLE x (y)", "PRAGMA user_version = 9"):
            with pytest.raises(sqlite3.OperationalError):
                reader.execute(statement)


def not_there(path: Path) -> None:
    """Leave the path empty."""


def folder(path: Path) -> None:
    path.mkdir()


def text(path: Path) -> None:
    path.write_text("https://example.org/\n" * 100)


def empty(path: Path) -> None:
    path.touch()


def other_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE page (url)")


def newer_map(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(schema_sql())
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")


def unnumbered(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(schema_sql())
        connection.execute("PRAGMA user_version = 0")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (not_there, "no map at"),
        (folder, "is a folder"),
        (text, "is not a linkmap map"),
        (empty, "is not a linkmap map"),
        (other_database, "is not a linkmap map"),
        (newer_map, "newer linkmap"),
        (unnumbered, "is not a linkmap map"),
    ],
)
def test_what_is_no_map_is_refused_in_one_sentence(tmp_path: Path, make: Callable[[Path], None], sentence: str) -> None:
    path = tmp_path / "map.db"
    make(path)
    with pytest.raises(LinkmapError, match=sentence) as refused:
        open_reader(path)
    assert "\n" not in str(refused.value)
    assert str(path) in str(refused.value)

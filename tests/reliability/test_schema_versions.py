"""A map that an older linkmap wrote is brought up to today's schema, whoever opens it first, and its crawl goes on."""

import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Answer, Site
from maps import check_accounting, graph, linkmap, outcomes, rows

from linkmap.errors import LinkmapError
from linkmap.store.lock import writer_lock
from linkmap.store.migrate import SCHEMA_VERSION, schema_sql
from linkmap.store.reader import open_reader
from reliability.smalldisk import SmallDisk, can_mount
from reliability.twenty import check_is_one_sentence

PORT = "37667"
"""Where the site of the old map was."""


@pytest.fixture
def old(site: Site, tmp_path: Path) -> Path:
    """A map of an early form of schema 1, its crawl stopped after four pages; the site is as it was."""
    written = (Path(__file__).parent / "schema_1.sql").read_text()
    assert written.count(PORT) > 10
    db = tmp_path / "map.db"
    with closing(sqlite3.connect(db)) as connection:
        connection.executescript(written.replace(PORT, str(site.port)))
        for page, url in connection.execute("SELECT id, url FROM page").fetchall():
            key = hashlib.blake2b(url.encode(), digest_size=12).digest()
            connection.execute("UPDATE page SET url_key = ? WHERE id = ?", (key, page))
        connection.commit()
    site.pages = {
        "/": '<a href="/a">a</a><a href="/b" rel="nofollow">b</a>'
        f'<a href="http://u:p@127.0.0.1:{site.port}/c">c</a><img src="/i.png">'
        '<a href="http://elsewhere.test/">e</a><a href="mailto:me@x.test">m</a>',
        "/a": '<nav><a href="/moved">moved</a></nav><a href="/gone">gone</a><a href="/">home</a>',
        "/b": "b",
        "/c": '<a href="/e">e</a><a href="/f">f</a>',
        "/d": '<a href="/g">g</a>',
        "/e": "e",
        "/f": '<img src="/x.png"><a href="/g">g</a>',
        "/g": "g",
        "/moved": Answer("", 302, {"Location": "/d"}),
        "/robots.txt": Answer("User-agent: *\nDisallow: /private\n", headers={"Content-Type": "text/plain"}),
    }
    return db


def shape(db: Path) -> dict[str, object]:
    """All that a schema says: columns with their declarations whatever their order, indexes, views and words."""
    with closing(sqlite3.connect(db)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        found: dict[str, object] = {
            table: {tuple(row[1:]) for row in connection.execute(f"PRAGMA table_xinfo({table})")} for table in tables
        }
        found["made"] = set(
            connection.execute("SELECT type, name, sql FROM sqlite_schema WHERE type IN ('index', 'view')")
        )
        for table in ("outcome", "kind", "region"):
            found[f"rows of {table}"] = connection.execute(f"SELECT * FROM {table} ORDER BY id").fetchall()  # noqa: S608
        found["version"] = connection.execute("PRAGMA user_version").fetchone()[0]
        return found


def test_a_migrated_map_has_the_schema_of_a_new_one(old: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "new.db")) as connection:
        connection.executescript(schema_sql())
    assert shape(old) != shape(tmp_path / "new.db")
    open_reader(old).close()
    assert shape(old) == shape(tmp_path / "new.db")
    assert shape(old)["version"] == SCHEMA_VERSION
    assert sorted(path.name for path in tmp_path.iterdir()) == ["map.db", "new.db"]


def test_an_old_map_is_resumed_and_ends_in_the_same_graph_as_a_crawl_of_today(
    old: Path, site: Site, tmp_path: Path
) -> None:
    done = linkmap("crawl", "--resume", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert set(site.paths()) == {"/d", "/e", "/f", "/g", "/gone"}, "what was fetched is not fetched again"
    whole = tmp_path / "whole.db"
    navigation = ("--follow", "a,redirect", "--record", "a,redirect", "--no-sitemaps")  # all that was known then
    linkmap("crawl", site("/"), "--delay", "0", "--allow-private", *navigation, "--db", whole, cwd=tmp_path)
    images = (site("/i.png"), site("/x.png"))
    assert {url: end for url, end in outcomes(old).items() if url not in images} == outcomes(whole)
    links = [(source, *rest) for source, _, *rest in graph(old)[1] if rest[1] in ("a", "redirect")]
    assert links == [(source, *rest) for source, _, *rest in graph(whole)[1]]
    check_accounting(old)


@pytest.mark.parametrize("words", ["status", "query in_degree", "links 127.0.0.1:{port}/", "rank", "export m.csv"])
def test_whatever_opens_an_old_map_first_brings_it_up(old: Path, site: Site, tmp_path: Path, words: str) -> None:
    done = linkmap(*words.format(port=site.port).split(), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert rows(old, "PRAGMA user_version") == [(SCHEMA_VERSION,)]
    told = linkmap("status", cwd=tmp_path).stdout
    assert "discovered 11 = pending 4 + done 4 + failed 0 + excluded 3" in told


def test_an_old_map_that_its_own_linkmap_writes_is_left_alone(old: Path) -> None:
    before = shape(old)
    with (
        writer_lock(old),
        pytest.raises(LinkmapError, match=r"older linkmap \(schema 1, this one has 2\) that is at work"),
    ):
        open_reader(old)
    assert shape(old) == before


def break_it(connection: sqlite3.Connection) -> None:
    connection.execute("DROP TABLE capture")


def name_twice(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE page_trap (mine)")


@pytest.mark.parametrize("spoil", [break_it, name_twice])
def test_a_migration_that_fails_changes_nothing_and_is_a_sentence(
    old: Path, tmp_path: Path, spoil: Callable[[sqlite3.Connection], None]
) -> None:
    with closing(sqlite3.connect(old)) as connection:
        spoil(connection)
    before = shape(old)
    for words in (("status",), ("crawl", "--resume")):
        done = linkmap(*words, cwd=tmp_path)
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1, done.stderr
        assert "map.db" in done.stderr
        assert shape(old) == before


@pytest.mark.skipif(not can_mount(), reason="no mount namespaces here")
@pytest.mark.parametrize("words", [("status",), ("crawl", "--resume")], ids=str)
def test_a_migration_for_which_the_disk_has_no_room_says_so_and_changes_nothing(
    old: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    before = shape(old)
    with SmallDisk(tmp_path / "disk", 1 + -(-old.stat().st_size // 4096)) as disk:
        shutil.copy(old, disk.seen)
        done = disk.linkmap(*words)
        check_is_one_sentence(done)
        assert "(database or disk is full)" in done.stderr
        disk.files(tmp_path / "after")
    assert shape(tmp_path / "after" / "map.db") == before


def test_a_map_of_a_newer_schema_is_refused_by_every_command(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "map.db")) as connection:
        connection.executescript(schema_sql())
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    for words in ("status", "query in_degree", "rank", "export m.csv", "crawl --resume", "crawl http://127.0.0.1:9/"):
        done = linkmap(*words.split(), cwd=tmp_path)
        assert done.returncode == 1, words
        assert done.stderr == (
            "Error: map.db was written by a newer linkmap (schema 3, this one knows 2): update with "
            "`pip install --upgrade linkmap`\n"
        )
    assert rows(tmp_path / "map.db", "PRAGMA user_version") == [(SCHEMA_VERSION + 1,)]

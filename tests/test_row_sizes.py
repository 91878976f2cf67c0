"""What a link, a page and an answer take on disk, on a map as its crawl left it: the figures of docs/store.md."""

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Answer, Site
from maps import linkmap, rows

PAGES, LEAVES = 400, 10_000
TITLE = "A title of forty characters: page {:05d}."
"""Without any other text, and with no header that is kept but the type."""


def size_of(db: Path, *names: str) -> int:
    """Bytes of the tables and indexes, all of their pages included. Skips where no SQLite here has dbstat."""
    sql = f"SELECT sum(pgsize) FROM dbstat WHERE name IN ({', '.join(map(repr, names))})"  # noqa: S608 (names of ours)
    try:
        with closing(sqlite3.connect(db)) as connection:
            return int(connection.execute(sql).fetchone()[0])
    except sqlite3.OperationalError:
        pass
    try:
        done = subprocess.run(["sqlite3", str(db), sql], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("neither Python's SQLite nor a sqlite3 shell has dbstat")
    return int(done.stdout)


def address(site: Site, number: int) -> str:
    """A URL of fifty characters."""
    stem = site(f"/{number:05d}/")
    return stem + "x" * (50 - len(stem))


def test_a_link_takes_45_bytes_a_page_135_and_an_answer_200(site: Site, tmp_path: Path) -> None:
    assert len(TITLE.format(0)) == 40
    for number in range(PAGES):
        leaves = range(LEAVES + number * 12, LEAVES + number * 12 + 24)  # each linked from two pages, none fetched
        targets = [address(site, target) for target in (number + 1, *leaves)]
        assert {len(target) for target in targets} == {50}
        links = "".join(
            f'<a href="{target}"{" rel=nofollow" * (place > 0)}>word {place}</a>'
            for place, target in enumerate(targets)
        )
        site.pages[address(site, number).removeprefix(site.url)] = Answer(
            f"<title>{TITLE.format(number)}</title>{links}"
        )
    alone = ("--allow-private", "--delay", "0", "--no-robots", "--workers", "0", "--max-pages", "0")
    chain = ("--depth", str(PAGES - 1))
    done = linkmap("crawl", address(site, 0), *alone, *chain, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    db = tmp_path / "map.db"
    links, pages, captures = rows(
        db, "SELECT (SELECT count(*) FROM link), (SELECT count(*) FROM page), (SELECT count(*) FROM capture)"
    )[0]
    assert (links, pages, captures) == (PAGES * 25, PAGES + 1 + 12 * PAGES + 12, PAGES)
    sizes = (
        size_of(db, "link", "link_target") / links,
        size_of(db, "page", "page_url_key", "page_pending") / pages,
        size_of(db, "capture", "capture_page") / captures,
    )
    assert [size <= most for size, most in zip(sizes, (45, 135, 200), strict=True)] == [True] * 3, sizes

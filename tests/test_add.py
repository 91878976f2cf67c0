"""A finished map that is added to: what --add takes up, what it refuses, and that it always ends finished."""

import shutil
from pathlib import Path

import pytest
from conftest import Site
from maps import check_accounting, linkmap, outcomes, rows

FAST = ("--delay", "0", "--allow-private")


@pytest.fixture
def db(site: Site, tmp_path: Path) -> Path:
    """A finished map of three pages, two links deep."""
    site.pages = {"/": '<a href="/1">1</a>', "/1": '<a href="/2">2</a>', "/2": "end", "/new": "new"}
    done = linkmap("crawl", site("/"), *FAST, "--depth", "2", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path / "map.db"


def test_adding_what_brings_nothing_new_ends_finished_and_can_be_added_to_again(site: Site, db: Path) -> None:
    for arguments in ((), ("--depth", "5"), (site("/1"),)):
        done = linkmap("crawl", "--add", *arguments, cwd=db.parent)
        assert done.returncode == 0, done.stderr
        assert rows(db, "SELECT DISTINCT state FROM run") == [("finished",)]
        assert [path.name for path in db.parent.iterdir()] == ["map.db"]
    assert linkmap("crawl", "--add", site("/new"), cwd=db.parent).returncode == 0
    assert outcomes(db)[site("/new")] == "fetched"
    check_accounting(db)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(("--depth", "1"), "depth"), (("--scope", "page"), "scope"), (("--max-pages", "2"), "max-pages")],
)
def test_adding_does_not_narrow(db: Path, arguments: tuple[str, ...], word: str) -> None:
    done = linkmap("crawl", "--add", *arguments, cwd=db.parent)
    assert done.returncode == 2
    assert f"would narrow its {word}" in done.stderr
    assert rows(db, "SELECT count(*) FROM run") == [(1,)]


def test_private_pages_are_fetched_when_they_are_allowed_later(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": "home"}
    assert linkmap("crawl", site("/"), "--delay", "0", cwd=tmp_path).returncode == 1
    assert linkmap("crawl", "--add", "--allow-private", cwd=tmp_path).returncode == 0
    assert outcomes(tmp_path / "map.db") == {site("/"): "fetched"}


def test_the_hint_for_another_map_can_be_pasted(site: Site, db: Path) -> None:
    shutil.copy(db, db.parent / "my map.db")
    done = linkmap("crawl", site("/"), "--db", "my map.db", cwd=db.parent)
    assert "`linkmap crawl --add --db 'my map.db'`" in done.stderr


def test_quiet_still_says_why_nothing_was_fetched(site: Site, tmp_path: Path) -> None:
    done = linkmap("crawl", site("/"), "--quiet", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Not one page could be fetched" in done.stderr


def test_a_reader_of_a_pipe_that_leaves_is_no_error(db: Path) -> None:
    import subprocess

    from maps import command, environment

    words = " ".join(command("query", "--sql", "'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                             "WHERE i < 100000) SELECT i FROM n'", "--format", "csv"))  # fmt: skip
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {words} | head -1"],
        cwd=db.parent, env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "i\n"

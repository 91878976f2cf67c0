"""Reading maps in tests: what a graph is (SEMANTICS: same graph), and the accounting that must always hold."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def command(*arguments: object) -> list[str]:
    """The real command line, as its words."""
    return [sys.executable, "-m", "linkmap", *map(str, arguments)]


def environment(*, with_tests: bool = False) -> dict[str, str]:
    """An environment in which this checkout's linkmap is found from any folder; the modules of its tests too."""
    places = [str(ROOT), str(ROOT / "tests") if with_tests else None, os.environ.get("PYTHONPATH")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places)), "COLUMNS": "120"}


def linkmap(
    *arguments: object, cwd: Path, stdin: str | None = None, timeout: float = 60, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run the real command line to its end. Further options are those of `subprocess.run`."""
    words, surroundings = command(*arguments), environment()
    return subprocess.run(
        words, cwd=cwd, env=surroundings, input=stdin, capture_output=True, text=True, timeout=timeout, **options
    )


def rows(db: Path, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """All rows of a question to a map."""
    with closing(sqlite3.connect(db)) as connection:
        return connection.execute(sql, parameters).fetchall()


def outcomes(db: Path) -> dict[str, str]:
    """URL -> outcome, auxiliary pages left out."""
    return dict(rows(db, "SELECT url, outcome.name FROM page JOIN outcome ON outcome.id = outcome WHERE auxiliary = 0"))


def graph(db: Path) -> tuple[set[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The pages with outcome, status and depth, and the links with all their evidence."""
    pages = rows(
        db,
        "SELECT page.url, outcome.name, capture.status, page.depth, page.hops, page.reach, page.auxiliary, "
        "page.manner, page.sitemap, page.detail, capture.robots_flags "
        "FROM page JOIN outcome ON outcome.id = page.outcome LEFT JOIN capture ON capture.id = page.capture",
    )
    links = rows(
        db,
        "SELECT source_url, ordinal, target_url, kind, rel, region, anchor, credentials, no_alt, hreflang, lastmod, "
        "written, nofollow_by FROM links ORDER BY 1, 2",
    )
    return set(pages), links


def is_map(path: Path) -> bool:
    """Whether a file is a map in which a crawl has begun. One that is malformed is no map, and an error."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            return False
    tables = dict(rows(path, "SELECT name, type FROM sqlite_master"))
    return tables.get("run") == "table" and bool(rows(path, "SELECT 1 FROM run"))


def check_accounting(db: Path) -> None:
    """The law: every page has one outcome, and run, hosts and pages agree on how many have which."""
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("BEGIN")
        counted: dict[str, dict[str, int]] = {"page": {}, "auxiliary": {}}
        for auxiliary, name, number in connection.execute(
            "SELECT auxiliary, outcome.name, count(*) FROM page JOIN outcome ON outcome.id = outcome GROUP BY 1, 2"
        ):
            counted["auxiliary" if auxiliary else "page"][name] = number
        stored = connection.execute("SELECT counts FROM run ORDER BY id DESC LIMIT 1").fetchone()
        by_host = connection.execute(
            "SELECT host, sum(state = 'pending'), sum(state = 'done'), sum(state = 'failed'), sum(state = 'excluded') "
            "FROM page JOIN origin ON origin.id = page.origin JOIN outcome ON outcome.id = outcome "
            "WHERE auxiliary = 0 GROUP BY host"
        ).fetchall()
        hosts = connection.execute(
            "SELECT id, pending, done, failed, excluded FROM host WHERE pending + done + failed + excluded > 0"
        ).fetchall()
        doubled = connection.execute("SELECT url FROM page GROUP BY url_key HAVING count(*) > 1").fetchall()
        uncaptured = connection.execute(
            "SELECT url FROM page JOIN outcome ON outcome.id = outcome WHERE state = 'done' AND capture IS NULL"
        ).fetchall()
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert stored is not None
    assert json.loads(stored[0]) == counted
    assert sorted(by_host) == sorted(hosts)
    assert doubled == []
    assert uncaptured == []

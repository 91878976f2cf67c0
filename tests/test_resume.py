"""What a resumed crawl must still know: delays, Retry-After, budgets, why it was cut; and what it refuses."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Site
from maps import check_accounting, linkmap, outcomes, rows

from linkmap.errors import UsageError
from linkmap.runs import CrawlResult, crawl
from linkmap.settings import Settings
from linkmap.store.reader import schema_sql


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "map.db"


def crawl_until(db: Path, reached: Callable[[], bool], seed: str, settings: Settings) -> None:
    """Crawl and stop as by Ctrl-C as soon as something is reached."""

    async def run() -> CrawlResult:
        stop = asyncio.Event()

        async def watch() -> None:
            while not reached():  # noqa: ASYNC110 what is reached happens in another thread
                await asyncio.sleep(0.005)
            stop.set()

        watching = asyncio.ensure_future(watch())
        result = await crawl([seed], db, settings, stop=stop)
        watching.cancel()
        return result

    assert asyncio.run(run()).state == "stopped"
    check_accounting(db)


def resume(db: Path) -> CrawlResult:
    result = asyncio.run(crawl(db=db, resume=True))
    check_accounting(db)
    return result


def busy_then(body: str, retry_after_s: str) -> Callable[..., Awaitable[object]]:
    """A page that answers 503 with Retry-After the first time, and then with its body."""
    asked: list[float] = []

    async def answer(_: object) -> object:
        from aiohttp import web

        asked.append(time.monotonic())
        if len(asked) == 1:
            return web.Response(status=503, headers={"Retry-After": retry_after_s})
        return web.Response(text=body, content_type="text/html")

    return answer


def test_retry_after_holds_over_a_resume(site: Site, db: Path) -> None:
    site.pages = {"/": busy_then("home", "2")}  # type: ignore[dict-item]
    settings = Settings(delay_s=0, allow_private=True, robots=False)
    crawl_until(db, lambda: db.exists() and has(db, "SELECT 1 FROM capture"), site("/"), settings)
    resume(db)
    first, second = (hit.began for hit in site.log)
    assert second - first >= 1.9
    assert outcomes(db) == {site("/"): "fetched"}


def test_the_delay_holds_over_a_resume_even_if_only_robots_txt_was_asked_for(site: Site, db: Path) -> None:
    site.pages = {"/": "home"}
    settings = Settings(delay_s=1, allow_private=True)
    crawl_until(db, lambda: len(site.log) == 1, site("/"), settings)
    resume(db)
    robots, page = site.log
    assert (robots.path, page.path) == ("/robots.txt", "/")
    assert page.began - robots.ended >= 1


def test_the_budget_of_a_host_holds_over_a_resume_and_an_add(site: Site, db: Path) -> None:
    site.pages = {"/": "".join(f'<a href="/{n}">n</a>' for n in range(20))} | {f"/{n}": "x" for n in range(20)}
    settings = Settings(delay_s=0.05, allow_private=True, max_pages_per_host=5)
    crawl_until(db, lambda: len(site.paths()) >= 3, site("/"), settings)
    assert resume(db).cuts == ["--max-pages-per-host 5: 16 pages were not fetched"]
    assert len(site.paths()) == 5
    added = asyncio.run(crawl(db=db, add=True))
    assert added.cuts == ["--max-pages-per-host 5: 16 pages were not fetched"]
    assert len(site.paths()) == 5


def test_a_resume_that_only_had_to_index_still_says_what_cut_the_crawl(site: Site, db: Path) -> None:
    site.pages = {"/": "".join(f'<a href="/{n}">n</a>' for n in range(9))} | {f"/{n}": "x" for n in range(9)}
    asyncio.run(crawl([site("/")], db, Settings(delay_s=0, allow_private=True, max_pages=4)))
    with closing(sqlite3.connect(db)) as connection:
        connection.executescript("UPDATE run SET state = 'indexing'; DROP INDEX link_target")
    assert resume(db).cuts == ["--max-pages 4: 6 pages were not fetched"]
    assert rows(db, "SELECT state, cuts FROM run") == [("finished", '["--max-pages 4: 6 pages were not fetched"]')]


def test_a_map_that_was_killed_before_its_run_began_is_said_to_hold_no_crawl(tmp_path: Path, db: Path) -> None:
    with closing(sqlite3.connect(db)) as connection:
        connection.executescript(schema_sql())
    for option in ("--resume", "--add"):
        done = linkmap("crawl", option, cwd=tmp_path)
        assert done.returncode == 2
        assert "map.db holds no crawl yet: start one with `linkmap crawl SEED`" in done.stderr
    with pytest.raises(UsageError, match="holds no crawl yet"):
        resume(db)


def test_indexes_that_a_kill_took_away_are_built_by_the_next_question(site: Site, tmp_path: Path, db: Path) -> None:
    site.pages = {"/": '<a href="/a">a</a>', "/a": "a"}
    asyncio.run(crawl([site("/")], db, Settings(delay_s=0, allow_private=True)))
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("DROP INDEX link_target")
    asked = linkmap("query", "in_degree", cwd=tmp_path)
    assert "Built the indexes" in asked.stderr
    assert rows(db, "SELECT 1 FROM sqlite_master WHERE name = 'link_target'") == [(1,)]


def test_more_hosts_than_open_files_are_all_fetched(site: Site, tmp_path: Path) -> None:
    import subprocess

    from maps import command, environment

    site.pages = {"/": "home"}
    seeds = [f"http://host{n}.test:{site.port}/" for n in range(150)]
    resolve = [f"--resolve=host{n}.test:{site.port}:127.0.0.1" for n in range(150)]
    words = command("crawl", "--seeds", "-", "--delay", "0", "--allow-private", "--no-robots", *resolve)
    done = subprocess.run(
        ["bash", "-c", 'ulimit -n 90; exec "$@"', "bash", *words],
        cwd=tmp_path, env=environment(), input="\n".join(seeds), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert outcomes(tmp_path / "map.db") == dict.fromkeys(seeds, "fetched")


def has(db: Path, sql: str) -> bool:
    try:
        return bool(rows(db, sql))
    except sqlite3.OperationalError:
        return False

"""--max-time: a run ends when its time is up, and its map is whole and can be gone on with.

No test measures time: what would have to wait for the next request waits minutes, longer than any test may take.
"""

import json
from pathlib import Path

import pytest
from conftest import Answer, Site
from maps import check_accounting, linkmap, outcomes, rows

from linkmap.budgets import Budgets
from linkmap.settings import Settings

SLOW = ("--no-robots", "--allow-private", "--delay", "600")


@pytest.fixture
def pages(site: Site) -> Site:
    """A home page with three links; with SLOW, only the home page is fetched within ten minutes."""
    site.pages = {"/": "".join(f'<a href="/{n}">n</a>' for n in range(3))} | {f"/{n}": "x" for n in range(3)}
    return site


def test_what_is_left_when_the_time_is_up_is_over_budget_and_told(pages: Site, tmp_path: Path) -> None:
    done = linkmap("crawl", pages("/"), *SLOW, "--max-time", "1s", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Finished: 1 answer" in done.stdout
    assert "Cut: --max-time 1s: 3 pages were not fetched." in done.stdout
    left = {pages(f"/{n}"): "over_budget" for n in range(3)}
    assert outcomes(tmp_path / "map.db") == {pages("/"): "fetched"} | left
    assert rows(tmp_path / "map.db", "SELECT DISTINCT detail FROM page WHERE depth = 1") == [("--max-time 1s",)]
    assert "Cut: --max-time 1s: 3 pages were not fetched." in linkmap("status", cwd=tmp_path).stdout
    check_accounting(tmp_path / "map.db")


def test_adding_time_goes_on_and_adding_without_a_limit_ends_it(pages: Site, tmp_path: Path) -> None:
    db = tmp_path / "map.db"
    linkmap("crawl", pages("/"), *SLOW, "--max-time", "1", cwd=tmp_path)
    again = linkmap("crawl", "--add", "--max-time", "0.5", cwd=tmp_path)
    assert "Cut: --max-time 0.5s: 3 pages were not fetched." in again.stdout
    done = linkmap("crawl", "--add", "--max-time", "0", "--delay", "0", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Cut" not in done.stdout
    assert set(outcomes(db).values()) == {"fetched"}
    assert sorted(pages.paths()) == ["/", "/0", "/1", "/2"]
    check_accounting(db)


def test_an_answer_that_does_not_come_is_left_like_the_pages_not_asked_for(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": Answer("too late", delay_s=120)}
    done = linkmap("crawl", site("/"), *SLOW, "--timeout", "300", "--max-time", "1", cwd=tmp_path)
    assert "Cut: --max-time 1s: 1 page" in done.stdout
    assert outcomes(tmp_path / "map.db") == {site("/"): "over_budget"}
    check_accounting(tmp_path / "map.db")


def test_a_crawl_that_ends_within_its_time_is_not_cut(pages: Site, tmp_path: Path) -> None:
    done = linkmap("crawl", pages("/"), "--delay", "0", "--allow-private", "--max-time", "1h", cwd=tmp_path)
    assert "Cut" not in done.stdout
    assert json.loads(rows(tmp_path / "map.db", "SELECT settings FROM run")[0][0])["max_time_s"] == 3_600
    refused = linkmap("crawl", "--resume", "--max-time", "2h", cwd=tmp_path)
    assert refused.returncode == 2
    assert "max-time" in refused.stderr


@pytest.mark.parametrize(
    ("seconds", "now", "up", "told"),
    [
        (600.0, 699.9, False, None),
        (600.0, 700.0, True, "--max-time 10m"),
        (5_400.0, 9_000.0, True, "--max-time 90m"),
        (7_200.0, 9_000.0, True, "--max-time 2h"),
        (172_800.0, 999_999.0, True, "--max-time 2d"),
        (90.0, 190.0, True, "--max-time 90s"),
        (0.25, 100.25, True, "--max-time 0.25s"),
        (0.0, 1e12, False, None),
    ],
)
def test_the_time_is_up_from_its_last_second_on(seconds: float, now: float, up: bool, told: str | None) -> None:
    budgets = Budgets(Settings(max_time_s=seconds), started_at=100.0)
    assert budgets.is_time_up(now) is up
    assert budgets.cut_by == told

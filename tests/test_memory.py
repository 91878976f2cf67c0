"""--db :memory:: a map that leaves no file, for pipes and for Python, and that nothing can be asked of later."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest
from conftest import Answer, Site
from maps import command, environment, linkmap, rows

from linkmap import Settings, UsageError, crawl, open_store
from linkmap.edges import FoundLink

FAST = ("--delay", "0", "--allow-private")
IN_MEMORY = (*FAST, "--db", ":memory:")
HEADER = "source\ttarget\tkind\trel\tregion\tanchor\threflang\twritten"


def test_the_links_come_out_and_no_file_is_left(site: Site, tmp_path: Path) -> None:
    site.pages = {
        "/": '<a href="/a">a</a><a href="/moved">m</a>',
        "/a": "a",
        "/moved": Answer("", 302, {"Location": "/"}),
    }
    done = linkmap("crawl", site("/"), *IN_MEMORY, "--edges", "-", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == sorted(
        [
            HEADER,
            f"{site('/')}\t{site('/a')}\ta\t\t\ta\t\t",
            f"{site('/')}\t{site('/moved')}\ta\t\t\tm\t\t",
            f"{site('/moved')}\t{site('/')}\tredirect\t\t\t\t\t",
        ]
    )
    assert list(tmp_path.iterdir()) == []


def test_the_same_links_come_from_a_map_in_memory_as_from_one_in_a_file(site: Site, tmp_path: Path) -> None:
    # /end is too deep by the long way, and not by the short one, which is found last.
    site.pages = {
        "/": '<a href="/1">1</a><a href="/near">n</a>',
        "/1": '<a href="/2">2</a>',
        "/2": '<a href="/late">l</a>',
        "/near": Answer('<a href="/late">l</a>', delay_s=0.3),
        "/late": '<a href="/end">e</a>',
        "/end": "end",
    }
    linkmap("crawl", site("/"), *FAST, "--depth", "3", "--edges", "file.tsv", cwd=tmp_path)
    linkmap("crawl", site("/"), *IN_MEMORY, "--depth", "3", "--edges", "memory.tsv", cwd=tmp_path)
    assert len((tmp_path / "file.tsv").read_text().splitlines()) == 7
    assert sorted((tmp_path / "memory.tsv").read_text().splitlines()) == sorted(
        (tmp_path / "file.tsv").read_text().splitlines()
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.tsv", "map.db", "memory.tsv"]
    assert len(rows(tmp_path / "map.db", "SELECT 1 FROM link")) == 6


def test_a_crawl_without_edges_prints_its_summary_and_names_no_command_that_cannot_work(
    site: Site, tmp_path: Path
) -> None:
    site.pages = {"/": '<a href="/gone">g</a>'}
    done = linkmap("crawl", site("/"), *IN_MEMORY, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Finished: 2 answers in" in done.stdout
    assert "the map in memory knows 2 pages." in done.stdout
    assert "Next:" not in done.stdout
    assert "linkmap query" not in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_what_keeps_a_crawl_from_going_on_is_said_without_naming_the_map(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": '<a href="/a">a</a><a href="/b">b</a>', "/a": "a", "/b": "b"}
    cut = linkmap("crawl", site("/"), *IN_MEMORY, "--max-pages", "2", cwd=tmp_path)
    assert cut.returncode == 0
    assert "Cut: --max-pages 2: 1 pages were not fetched." in cut.stdout
    unreached = linkmap("crawl", site("/"), "--db", ":memory:", cwd=tmp_path)
    assert unreached.returncode == 1
    assert "--allow-private fetches them" in unreached.stdout
    assert "Not one page could be fetched:" in unreached.stdout
    for done in (cut, unreached):
        assert "--add" not in done.stdout
        assert "--resume" not in done.stdout
        assert "--db" not in done.stdout


def test_a_reader_that_leaves_the_pipe_ends_the_crawl(site: Site, tmp_path: Path) -> None:
    site.pages = {f"/{n}": f'<a href="/{n + 1}">next</a>' for n in range(40)}
    words = command("crawl", site("/0"), "--allow-private", "--delay", "0.05", "--depth", "100", "--db", ":memory:")
    with (
        subprocess.Popen(
            [*words, "--edges", "-"], cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as crawling,
        subprocess.Popen(["head", "-n", "2"], stdin=crawling.stdout, stdout=subprocess.PIPE) as head,
    ):
        assert crawling.stdout is not None
        assert crawling.stderr is not None
        crawling.stdout.close()
        shown, _ = head.communicate(timeout=60)
        told = crawling.stderr.read().decode()
        assert crawling.wait(60) == 4, told
    assert shown.decode().splitlines() == [HEADER, f"{site('/0')}\t{site('/1')}\ta\t\t\tnext\t\t"]
    assert "Cut: stopped early." in told
    for word in ("Traceback", "Exception ignored", "--resume", "Next:"):
        assert word not in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_rows_that_cannot_be_written_are_told_without_a_map_to_go_on_with(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": '<a href="/a">a</a>', "/a": "a"}
    done = linkmap("crawl", site("/"), *IN_MEMORY, "--edges", "/dev/full", cwd=tmp_path)
    assert done.returncode == 1
    assert "--edges /dev/full: No space left on device; mend that, then crawl again" in done.stderr
    assert "--resume" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        "status",
        "query in_degree",
        "query broken_links",
        "links x",
        "path x y",
        "rank",
        "export m.graphml",
        "export m.csv",
        "demo",
        "crawl --resume",
        "crawl --add --depth 9",
    ],
)
def test_what_needs_a_stored_map_says_that_this_one_ended_with_its_crawl(words: str, tmp_path: Path) -> None:
    done = linkmap(*words.split(), "--db", ":memory:", cwd=tmp_path)
    assert done.returncode == 2
    assert "a map in memory (:memory:) ends with its crawl" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_that_name_is_neither_read_nor_written(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": "home"}
    (tmp_path / ":memory:").write_text("mine")
    for words in (("crawl", site("/"), *FAST), ("crawl", "--resume"), ("status",)):
        assert linkmap(*words, "--db", ":memory:", cwd=tmp_path).returncode == (0 if site("/") in words else 2)
    assert (tmp_path / ":memory:").read_text() == "mine"


def test_python_gets_the_links_of_a_map_in_memory(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": '<nav><a href="/a" rel="nofollow">A</a></nav>', "/a": "a"}
    found: list[FoundLink] = []

    async def keep(links: list[FoundLink]) -> None:
        found.extend(links)

    before = os.getcwd()
    os.chdir(tmp_path)
    try:
        settings = Settings(delay_s=0.0, allow_private=True)
        result = asyncio.run(crawl([site("/")], ":memory:", settings, on_links=keep))
    finally:
        os.chdir(before)
    assert (result.state, result.responses) == ("finished", 1)
    assert found == [FoundLink(site("/"), site("/a"), "a", "nofollow", "nav", "A")]
    assert list(tmp_path.iterdir()) == []


def test_two_crawls_in_memory_beside_each_other_know_nothing_of_one_another(site: Site) -> None:
    site.pages = {"/one/": '<a href="a">a</a>', "/one/a": "a", "/two/": "two"}

    async def both() -> tuple[int, int]:
        settings = Settings(delay_s=0.0, allow_private=True)
        one, two = await asyncio.gather(
            crawl([site("/one/")], ":memory:", settings), crawl([site("/two/")], ":memory:", settings)
        )
        return sum(one.counts.values()), sum(two.counts.values())

    assert asyncio.run(both()) == (2, 1)


def test_a_map_in_memory_cannot_be_opened_to_be_read() -> None:
    async def read() -> None:
        async with open_store(":memory:"):
            raise AssertionError("there is nothing to read")

    with pytest.raises(UsageError, match="ends with its crawl"):
        asyncio.run(read())

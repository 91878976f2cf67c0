"""--edges: every link of the map as a line of TSV, to a file or a pipe, over resumes and additions too."""

import asyncio
import subprocess
from pathlib import Path

import pytest
from conftest import Answer, Site
from maps import check_accounting, command, environment, linkmap, outcomes, rows

from linkmap import open_store
from linkmap.model import FoundLink

FAST = ("--delay", "0", "--allow-private")
HEADER = "source\ttarget\tkind\trel\tregion\tanchor\threflang\twritten"


def lines(text: str) -> list[str]:
    """The rows, in any order, below a header line."""
    assert text.endswith("\n")
    first, *rest = text.removesuffix("\n").split("\n")
    assert first == HEADER
    return sorted(rest)


def stored(db: Path) -> list[str]:
    """The same rows out of the map, for links without tabs and line ends."""
    evidence = "kind, rel, region, anchor, coalesce(hreflang, ''), coalesce(written, '')"
    sql = f"SELECT source_url, target_url, {evidence} FROM links"  # noqa: S608 our own words
    return sorted("\t".join(row) for row in rows(db, sql))


def test_every_link_is_a_line_with_its_evidence(site: Site, tmp_path: Path) -> None:
    site.pages = {
        "/": '<nav><a href="/a" rel="nofollow me">A</a></nav><a href="/moved">m\\n &amp; n</a>',
        "/moved": Answer("", 302, {"Location": "/end"}),
        "/end": "end",
    }
    done = linkmap("crawl", site("/"), *FAST, "--edges", "found.tsv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Finished" in done.stdout
    assert lines((tmp_path / "found.tsv").read_text()) == [
        f"{site('/')}\t{site('/a')}\ta\tme nofollow\tnav\tA\t\t",
        f"{site('/')}\t{site('/moved')}\ta\t\t\tm\\\\n & n\t\t",
        f"{site('/moved')}\t{site('/end')}\tredirect\t\t\t\t\t",
    ]


def test_seeds_alone_give_the_links_of_a_list_of_pages(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": '<a href="/a">a</a>', "/b": '<a href="/c">c</a>', "/a": '<a href="/d">d</a>'}
    (tmp_path / "sample_urls.txt").write_text(f"{site('/')}\n{site('/b')}\n{site('/404')}\n")
    arguments = ("--seeds", "sample_urls.txt", "--scope", "page", "--edges", "found.tsv")
    assert linkmap("crawl", *arguments, *FAST, cwd=tmp_path).returncode == 0
    assert lines((tmp_path / "found.tsv").read_text()) == [
        f"{site('/')}\t{site('/a')}\ta\t\t\ta\t\t",
        f"{site('/b')}\t{site('/c')}\ta\t\t\tc\t\t",
    ]


def test_standard_output_holds_the_rows_alone(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": '<a href="/a">a</a>', "/a": "a"}
    done = linkmap("crawl", site("/"), *FAST, "--edges", "-", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert lines(done.stdout) == [f"{site('/')}\t{site('/a')}\ta\t\t\ta\t\t"]
    assert "Finished: 2 answers" in done.stderr


def test_the_file_is_whole_after_an_addition_and_after_a_resume_of_a_finished_map(site: Site, tmp_path: Path) -> None:
    site.pages = {f"/{n}": f'<a href="/{n + 1}">next</a>' for n in range(6)}
    db, file = tmp_path / "map.db", tmp_path / "found.tsv"
    linkmap("crawl", site("/0"), *FAST, "--depth", "1", "--edges", "found.tsv", cwd=tmp_path)
    assert len(lines(file.read_text())) == 2
    linkmap("crawl", "--add", "--depth", "3", "--edges", "found.tsv", cwd=tmp_path)
    assert len(lines(file.read_text())) == 4
    assert lines(file.read_text()) == stored(db)
    file.unlink()
    assert linkmap("crawl", "--resume", "--edges", "found.tsv", cwd=tmp_path).returncode == 0
    assert lines(file.read_text()) == stored(db)


def test_a_reader_that_leaves_ends_the_crawl_in_good_order_and_it_can_be_resumed(site: Site, tmp_path: Path) -> None:
    site.pages = {f"/{n}": f'<a href="/{n + 1}">next</a>' for n in range(40)}
    words = command("crawl", site("/0"), "--allow-private", "--delay", "0.05", "--depth", "100", "--edges", "-")
    with subprocess.Popen(
        words, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as crawling:
        assert crawling.stdout is not None
        assert crawling.stderr is not None
        assert crawling.stdout.readline().decode() == HEADER + "\n"
        crawling.stdout.close()
        told = crawling.stderr.read().decode()
        assert crawling.wait(60) == 4, told
    assert "Stopped early" in told
    assert "Traceback" not in told
    assert "Exception ignored" not in told
    check_accounting(tmp_path / "map.db")
    done = linkmap("crawl", "--resume", "--edges", "-", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert lines(done.stdout) == stored(tmp_path / "map.db")
    assert len(stored(tmp_path / "map.db")) == 40


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_stops_the_crawl_and_leaves_a_map_that_goes_on(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": '<a href="/a">a</a>', "/a": "a"}
    done = linkmap("crawl", site("/"), *FAST, "--edges", "/dev/full", cwd=tmp_path)
    assert done.returncode == 1
    assert "--edges /dev/full: No space left on device" in done.stderr
    assert linkmap("crawl", "--resume", cwd=tmp_path).returncode == 0
    assert set(outcomes(tmp_path / "map.db").values()) == {"fetched"}


def test_a_refused_crawl_leaves_an_earlier_file_as_it_was_and_makes_none(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": '<a href="/a">a</a>'}
    linkmap("crawl", site("/"), *FAST, "--edges", "found.tsv", cwd=tmp_path)
    before = (tmp_path / "found.tsv").read_text()
    for name in ("found.tsv", "other.tsv"):
        assert linkmap("crawl", site("/"), *FAST, "--edges", name, cwd=tmp_path).returncode == 2
    assert (tmp_path / "found.tsv").read_text() == before
    assert not (tmp_path / "other.tsv").exists()


def test_a_file_that_cannot_be_or_is_the_crawls_own_is_refused(site: Site, tmp_path: Path) -> None:
    (tmp_path / "seeds.txt").write_text(site("/"))
    for name, word in (("map.db", "name another"), ("seeds.txt", "name another"), ("no/x.tsv", "No such file")):
        done = linkmap("crawl", "--seeds", "seeds.txt", *FAST, "--edges", name, cwd=tmp_path)
        assert done.returncode == 2
        assert f"--edges {name}" in done.stderr
        assert word in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["seeds.txt"]
    assert (tmp_path / "seeds.txt").read_text() == site("/")


def test_the_store_read_from_python_gives_the_same_links_as_the_file(site: Site, tmp_path: Path) -> None:
    site.pages = {
        "/": '<link rel="alternate" hreflang="de" href="/de"><a href="/x/../a" hreflang="fr">a</a>',
        "/a": "a",
    }
    assert linkmap("crawl", site("/"), *FAST, "--edges", "found.tsv", cwd=tmp_path).returncode == 0

    async def links() -> list[FoundLink]:
        async with open_store(tmp_path / "map.db") as store:
            return [link async for link in store.links()]

    found = asyncio.run(links())
    assert [(link.hreflang, link.written) for link in found] == [("de", None), ("fr", "/x/../a")]
    assert lines((tmp_path / "found.tsv").read_text()) == sorted(
        "\t".join(word or "" for word in link) for link in found
    )

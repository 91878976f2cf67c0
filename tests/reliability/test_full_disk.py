"""A disk that is full at its k-th page: for a crawl, and for an export. The disk is a real one, of k pages."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from maps import linkmap, rows

from reliability.smalldisk import AMPLE, SmallDisk, can_mount
from reliability.twenty import OPTIONS, Twenty, check_is_one_sentence, check_same, twenty_pages

pytestmark = pytest.mark.skipif(not can_mount(), reason="no mount namespaces here")

USUAL = 4
LARGEST = 112
"""Pages of 4 KiB that a crawl of the 20 pages needs, its write-ahead log included (measured 2026-11: 105)."""


@pytest.fixture(scope="module")
def twenty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twenty]:
    with twenty_pages(tmp_path_factory.mktemp("whole")) as served:
        yield served


def test_a_crawl_that_fills_the_disk_ends_with_a_sentence_and_goes_on_to_the_same_graph(
    twenty: Twenty, tmp_path: Path, rounds: Callable[[int], int]
) -> None:
    step = max(1, LARGEST // rounds(USUAL))
    begun = set()
    for size in count(step, step):
        with SmallDisk(tmp_path / f"disk{size}", size) as disk:
            done = disk.linkmap("crawl", twenty.site("/"), *OPTIONS)
            if done.returncode == 0:
                break
            check_is_one_sentence(done)
            disk.files(tmp_path / f"failed{size}")
            check_is_intact(tmp_path / f"failed{size}" / "map.db")
            disk.resize(AMPLE)
            begun.add(begin := "crawl --resume" in done.stderr)
            again = disk.linkmap(
                *(["crawl", "--resume", "--quiet"] if begin else ["crawl", twenty.site("/"), *OPTIONS])
            )
            assert again.returncode == 0, again.stderr
            assert disk.files(tmp_path / f"after{size}") == ["map.db"]
            check_same(tmp_path / f"after{size}" / "map.db", twenty.graph)
    assert begun == {False, True}


def test_a_crawl_by_worker_processes_ends_on_a_full_disk_as_well(twenty: Twenty, tmp_path: Path) -> None:
    with SmallDisk(tmp_path / "disk", LARGEST // 2) as disk:
        done = disk.linkmap("crawl", twenty.site("/"), *OPTIONS, "--workers", 2)
        check_is_one_sentence(done)
        disk.resize(AMPLE)
        again = disk.linkmap("crawl", "--resume", "--quiet")
        assert again.returncode == 0, again.stderr
        disk.files(tmp_path / "after")
        check_same(tmp_path / "after" / "map.db", twenty.graph)


@pytest.mark.parametrize("name", ["m.graphml", "m.graphml.gz", "m.csv"])
def test_an_export_that_fills_the_disk_leaves_what_stood_under_its_name(
    twenty: Twenty, tmp_path: Path, name: str
) -> None:
    assert linkmap("export", tmp_path / name, "--db", twenty.db, cwd=tmp_path).returncode == 0
    needed = 1 + -(-(tmp_path / name).stat().st_size // 4096)
    for size in range(1, needed + 1):
        with SmallDisk(tmp_path / f"disk{size}", size) as disk:
            (disk.seen / name).write_text("what stood there")
            done = disk.linkmap("export", name, "--db", twenty.db)
            assert disk.files(tmp_path / f"after{size}") == [name]
            stands = (tmp_path / f"after{size}" / name).read_bytes()
        if size < needed:
            check_is_one_sentence(done)
            assert done.stderr == f"Error: cannot write {name}: No space left on device\n"
            assert stands == b"what stood there"
        else:
            assert done.returncode == 0, done.stderr
            assert stands == (tmp_path / name).read_bytes()


def check_is_intact(db: Path) -> None:
    """What a full disk left is a map, or the empty file that a map begins as."""
    assert rows(db, "PRAGMA integrity_check") == [("ok",)]
    tables = rows(db, "SELECT count(*) FROM sqlite_master WHERE name = 'page'")
    assert tables == [(1 if db.stat().st_size else 0,)]

"""Where a map lies: folders that cannot be written, network file systems, files that are no map; a sentence each."""

import asyncio
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Site
from maps import command, environment, linkmap

from linkmap import LinkmapError, Settings, crawl
from linkmap.store.places import file_system
from reliability.readers import Endless, crawling, wait_for

FAST = ("--delay", "0", "--allow-private")

MOUNTS = r"""22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
23 22 0:21 / /proc rw,nosuid shared:12 - proc proc rw
24 22 0:45 / /home rw,relatime shared:30 - nfs4 files:/home rw,vers=4.2
25 24 0:46 / /home/ann/local\040disk rw - xfs /dev/vdb rw
26 22 0:47 / /mnt/share rw - cifs //files/share rw
27 22 0:48 / /mnt/share rw - ext4 /dev/vdc rw
28 22 0:49 / /mnt/far rw,nosuid,nodev - fuse.sshfs me@far:/ rw
a line that is none
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/map.db", "ext4"),
        ("/home", "nfs4"),
        ("/home/ann/map.db", "nfs4"),
        ("/home/ann/local disk/map.db", "xfs"),
        ("/homeless/map.db", "ext4"),
        ("/mnt/share/map.db", "ext4"),
        ("/mnt/far/a/b/map.db", "fuse.sshfs"),
    ],
)
def test_the_file_system_of_a_path_is_that_of_the_nearest_and_last_mount(path: str, kind: str) -> None:
    assert file_system(Path(path), MOUNTS) == kind


def test_of_a_path_without_a_mount_nothing_is_told() -> None:
    assert file_system(Path("/x"), "") is None


def can_mount() -> bool:
    """Whether this machine lets a test have mounts of its own."""
    if shutil.which("unshare") is None:
        return False
    words = ["unshare", "-rm", "sh", "-c", "mount --bind /proc/self/status /proc/$$/mountinfo"]
    return subprocess.run(words, capture_output=True).returncode == 0


needs_mounts = pytest.mark.skipif(not can_mount(), reason="no mounts of one's own here")

READ_ONLY = 'mount --bind "$PWD" "$PWD" && mount -o remount,ro,bind "$PWD" && cd "$PWD" && exec "$@"'
ON_NFS = 'mount --bind mounts /proc/$$/mountinfo && exec "$@"'


def mounted(script: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `linkmap ...` in a folder after a script of mounts that only this process sees."""
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", *command(*words)],
        cwd=folder, env=environment(), capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@needs_mounts
def test_a_finished_map_in_a_read_only_folder_is_asked_and_exported_and_not_written(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": '<a href="/a">a</a>', "/a": "a"}
    folder, other = tmp_path / "maps", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    linkmap("crawl", site("/"), *FAST, cwd=folder)
    page = f"{site('/a')}"
    for words in ("status", "query in_degree", f"links {page}", f"path {site('/')} {page}", f"export {other}/m.csv"):
        done = mounted(READ_ONLY, folder, *words.split())
        assert done.returncode == 0, f"{words}: {done.stderr}"
    assert (other / "m.csv").read_text() == f"source,target,weight\n{site('/')},{site('/a')},1\n"
    for words in ("rank", "crawl --resume", "crawl --add --depth 9", f"crawl {page} --db new.db"):
        done = mounted(READ_ONLY, folder, *words.split())
        assert done.returncode == 1, words
        assert "(Read-only file system): choose a folder you may write to" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in folder.iterdir()] == ["map.db"]


@needs_mounts
def test_a_map_whose_crawl_was_killed_is_asked_in_a_read_only_folder(site: Site, tmp_path: Path) -> None:
    Endless(site, links=4, delay_s=0.1)
    with crawling(tmp_path, site("/"), *FAST, "--depth", 99, "--workers", 0) as crawl:
        wait_for(lambda: len(site.log) > 10)
        crawl.kill()
        crawl.wait()
    assert (tmp_path / "map.db-wal").stat().st_size > 0
    told = mounted(READ_ONLY, tmp_path, "status")
    assert told.returncode == 0, told.stderr
    assert "interrupted (go on with `linkmap crawl --resume`)" in told.stdout
    assert "Log: map.db-wal (" in told.stdout
    assert mounted(READ_ONLY, tmp_path, "query", "in_degree").returncode == 0


@needs_mounts
def test_a_map_on_a_network_file_system_is_read_when_it_is_finished_and_not_crawled_into(
    site: Site, tmp_path: Path
) -> None:
    site.pages = {"/": '<a href="/a">a</a>', "/a": "a"}
    linkmap("crawl", site("/"), *FAST, "--depth", "0", cwd=tmp_path)
    seen = Path("/proc/self/mountinfo").read_text()
    (tmp_path / "mounts").write_text(f"{seen}9999 1 0:99 / {tmp_path} rw - nfs4 files:/maps rw\n")
    for words in (f"crawl {site('/')} --db new.db", "crawl --add --depth 9"):
        done = mounted(ON_NFS, tmp_path, *words.split())
        assert done.returncode == 1
        assert "lies on a network file system (nfs4), where a map cannot be written safely: name a file" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert mounted(ON_NFS, tmp_path, "query", "in_degree").returncode == 0
    (tmp_path / "map.db-wal").write_bytes(b"of a crawl on another machine")
    done = mounted(ON_NFS, tmp_path, "query", "in_degree")
    assert done.returncode == 1
    assert "ask it there, or copy it when its crawl is finished" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["map.db", "map.db-wal", "mounts"]


@pytest.mark.parametrize("words", [("status",), ("crawl", "--resume")], ids=str)
def test_a_map_that_another_program_keeps_locked_is_called_that_and_nothing_else(
    site: Site, tmp_path: Path, words: tuple[str, ...]
) -> None:
    site.pages = {"/": "well"}
    assert linkmap("crawl", site("/"), *FAST, cwd=tmp_path).returncode == 0
    with closing(sqlite3.connect(tmp_path / "map.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        done = linkmap(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: another program keeps map.db locked: wait until it is done")
    assert len(done.stderr.splitlines()) == 1


def test_ranks_wait_for_another_writer_and_say_so(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": '<a href="/a">a</a>', "/a": "a"}
    assert linkmap("crawl", site("/"), *FAST, cwd=tmp_path).returncode == 0
    with closing(sqlite3.connect(tmp_path / "map.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        done = linkmap("rank", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("Error: another program keeps map.db locked: wait until it is done")


def test_a_map_that_is_removed_in_the_middle_of_its_crawl_is_called_that(site: Site, tmp_path: Path) -> None:
    site.pages = {f"/{number}": f'<a href="/{number + 1}">next</a>' for number in range(9)}
    db = tmp_path / "map.db"
    settings = Settings(delay_s=0, allow_private=True, workers=0, depth=20)
    with pytest.raises(LinkmapError, match=r"map\.db was removed while it was crawled into: crawl anew"):
        asyncio.run(crawl([site("/0")], db, settings, on_answer=lambda *_: db.unlink(missing_ok=True)))

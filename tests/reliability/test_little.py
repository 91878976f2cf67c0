"""A crawl with little: 64 open files, or 512 MB of memory. The limits are the system's, set for the process alone."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Page, Site
from maps import check_accounting, command, environment, outcomes

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such limits")

FILES = 64
MEMORY_KB = 512 * 1024
"""RLIMIT_DATA (Linux 4.7): all private memory that may be written, heap, anonymous mappings and stacks, touched or not.

It bounds more than what is resident, where RLIMIT_AS would count shared libraries and reserved addresses too.
"""


def crawl(limit: str, *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the real command line under a limit, as `ulimit` takes it."""
    words = ["sh", "-c", f'ulimit {limit} && exec "$@"', "sh", *command("crawl", *arguments, "--delay", "0", "--quiet")]
    return subprocess.run(words, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=120)


def test_a_crawl_of_many_hosts_is_done_with_64_open_files(site: Site, tmp_path: Path) -> None:
    hosts = [f"host{n}.test" for n in range(70)]
    resolve = [f"--resolve={host}:{site.port}:127.0.0.1" for host in hosts]
    seeds = [f"http://{host}:{site.port}/" for host in hosts]
    site.pages = {"/": '<a href="/next">n</a>', "/next": "last"}
    done = crawl(f"-n {FILES}", *seeds, *resolve, "--allow-private", "--workers", 2, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = outcomes(tmp_path / "map.db")
    assert found == dict.fromkeys([*seeds, *(f"{seed}next" for seed in seeds)], "fetched")
    check_accounting(tmp_path / "map.db")


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA bounds no mappings there")
def test_a_crawl_of_large_pages_and_many_links_is_done_in_512_mb(site: Site, tmp_path: Path) -> None:
    """On each of three hosts a page of 9 MB with 15,000 links, and 60 pages that bring 6,000 URLs; in one process."""
    hosts = [f"host{n}.test" for n in range(3)]
    large = ("<p>" + "words " * 95 + "<a href='/page/1'>one</a>") * 15_000

    def make(host: str, path: str) -> Page | None:
        if path == "/large":
            return large
        if not path.startswith("/page/"):
            return None
        number = int(path.removeprefix("/page/"))
        return "".join(f'<a href="/page/{number + 1}">n</a><a href="/{number}/{n}?x=1">{n}</a>' for n in range(100))

    site.make = make
    site.pages = {"/": '<a href="/large">l</a><a href="/page/1">p</a>'}
    resolve = [f"--resolve={host}:{site.port}:127.0.0.1" for host in hosts]
    seeds = [f"http://{host}:{site.port}/" for host in hosts]
    done = crawl(
        f"-d {MEMORY_KB}", *seeds, *resolve, "--allow-private", "--workers", 0, "--depth", 60,
        "--exclude", "x=1", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = outcomes(tmp_path / "map.db")
    assert [found[f"{seed}large"] for seed in seeds] == ["fetched"] * 3
    assert sum(outcome == "fetched" for outcome in found.values()) == 3 * (2 + 60)
    assert "internal_error" not in found.values()
    check_accounting(tmp_path / "map.db")

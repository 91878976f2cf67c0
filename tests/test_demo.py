"""The demo's site: real pages from a child process that shows nothing of the caller and leaves nothing behind."""

import os
import socket
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from linkmap.demo import pydoc_site

REPOSITORY = Path(__file__).parents[1]

HOLD_SITE = """
import sys
from linkmap.demo import pydoc_site
with pydoc_site() as base:
    print(base, flush=True)
    sys.stdin.read()
"""

SHOW_PAGES_OF_OS = """
from urllib.request import urlopen
from linkmap.demo import pydoc_site
with pydoc_site() as base:
    print(urlopen(base + "os.html").read().decode(), urlopen(base + "posix.html").read().decode())
"""


class _References(HTMLParser):
    """Every href of the a elements fed to it, as written."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if tag == "a" and name == "href"]


def references(page: str) -> list[str]:
    """Every href on a page, by the standard library's own parser."""
    parser = _References()
    parser.feed(page)
    return parser.found


def read(url: str) -> str:
    """The page at a URL."""
    with urlopen(url) as answer:
        text: str = answer.read().decode()
        return text


def bare_environment(*folders: str, **more: str) -> dict[str, str]:
    """An environment with little in it, in which linkmap and the folders' modules can be imported."""
    return {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), *folders]), **more}


@pytest.fixture(scope="module")
def site() -> dict[str, str]:
    """Name -> page, for everything that the index links to."""
    with pydoc_site() as base:
        return {name: read(base + name) for name in ["", *references(read(base))]}


def test_the_index_links_to_the_public_standard_library(site: dict[str, str]) -> None:
    assert {"os.html", "json.html", "asyncio.html", "builtins.html", "sys.html"} <= site.keys()


def test_modules_whose_import_acts_are_left_out(site: dict[str, str]) -> None:
    assert site.keys().isdisjoint({"antigravity.html", "this.html", "idlelib.html", "turtle.html"})


def test_pages_are_what_pydoc_writes(site: dict[str, str], tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-I", "-m", "pydoc", "-w", "textwrap"], cwd=tmp_path, check=True, capture_output=True
    )
    assert site["textwrap.html"] == (tmp_path / "textwrap.html").read_text(encoding="utf-8")


def test_pages_link_to_each_other_to_files_and_to_the_world(site: dict[str, str]) -> None:
    found = references(site["asyncio.html"])
    assert "asyncio.base_events.html" in found
    assert any(reference.startswith("file:") for reference in found)
    assert any(reference.startswith("https://docs.python.org/") for reference in found)


def test_a_missing_page_answers_404() -> None:
    with pydoc_site() as base:
        for name in ("no-such-module.html", "antigravity.html", "os", "os.html/"):
            with pytest.raises(HTTPError) as answer:
                urlopen(base + name)
            answer.value.close()
            assert answer.value.code == 404


def test_the_site_is_gone_when_its_context_ends() -> None:
    with pydoc_site() as base:
        assert is_served(base)
    assert not is_served(base)


def test_the_site_ends_when_its_caller_is_killed() -> None:
    command = [sys.executable, "-c", HOLD_SITE]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=bare_environment()
    ) as caller:
        assert caller.stdout is not None
        base = caller.stdout.readline().strip()
        assert is_served(base)
        caller.kill()
    give_up = time.monotonic() + 60
    while is_served(base):
        assert time.monotonic() < give_up, "the site outlived its caller"


def test_modules_in_the_callers_folder_and_path_are_not_imported(tmp_path: Path) -> None:
    for name in ("mailbox", "sched", "wave"):  # what pydoc's pages need and the caller does not
        (tmp_path / f"{name}.py").write_text("open('imported', 'w')\n")
    done = run(SHOW_PAGES_OF_OS, tmp_path, bare_environment(str(tmp_path)))
    assert "environ</strong> = " in done
    assert not (tmp_path / "imported").exists()


def test_pages_show_nothing_of_the_callers_environment(tmp_path: Path) -> None:
    done = run(SHOW_PAGES_OF_OS, tmp_path, bare_environment(A="secret"))
    assert "environ</strong> = " in done
    assert "secret" not in done


def run(script: str, folder: Path, environment: dict[str, str]) -> str:
    """The output of a Python script that must end well and say nothing on standard error."""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def is_served(base: str) -> bool:
    """Whether anything takes connections at the site's address."""
    host, port = base.removeprefix("http://").rstrip("/").split(":")
    try:
        socket.create_connection((host, int(port)), timeout=60).close()
    except (ConnectionRefusedError, ConnectionResetError):
        return False
    return True

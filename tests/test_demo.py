"""The demo's site: real pages from a child process that shows nothing of the caller and leaves nothing behind."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import urldefrag
from urllib.request import urlopen

import networkx as nx
import pytest
from handmade import handmade

from linkmap.demo import INDEX_TITLE, pydoc_site

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


def read(url: str) -> str | None:
    """The page at a URL, or None where it answers 404."""
    try:
        with urlopen(url) as answer:
            text: str = answer.read().decode()
            return text
    except HTTPError as error:
        error.close()
        if error.code != 404:
            raise
        return None


def bare_environment(*folders: str, **more: str) -> dict[str, str]:
    """An environment with little in it, in which linkmap and the folders' modules can be imported."""
    return {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), *folders]), **more}


@pytest.fixture(scope="module")
def site() -> dict[str, str | None]:
    """Name -> page, None where it answers 404, for all that links lead to from the index; asked for with urllib."""
    pages: dict[str, str | None] = {}
    with pydoc_site() as base:
        waiting = [""]
        while waiting:
            name = waiting.pop()
            if name not in pages:
                pages[name] = read(base + name)
                waiting += names_linked_from(pages[name])
    return pages


def names_linked_from(page: str | None) -> set[str]:
    """The pages of the site that a page links to; the index is the empty name."""
    inside = (urldefrag(reference).url for reference in references(page or "") if ":" not in reference)
    return {"" if name == "." else name for name in inside if name}


def test_the_index_links_to_the_public_standard_library(site: dict[str, str | None]) -> None:
    assert {"os.html", "json.html", "asyncio.html", "builtins.html", "sys.html"} <= names_linked_from(site[""])
    assert all(site[name] for name in names_linked_from(site[""]))


def test_modules_whose_import_acts_are_left_out(site: dict[str, str | None]) -> None:
    assert names_linked_from(site[""]).isdisjoint({"antigravity.html", "this.html", "idlelib.html", "turtle.html"})


def test_pages_are_what_pydoc_writes(site: dict[str, str | None], tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-I", "-m", "pydoc", "-w", "textwrap"], cwd=tmp_path, check=True, capture_output=True
    )
    assert site["textwrap.html"] == (tmp_path / "textwrap.html").read_text(encoding="utf-8")


def test_pages_link_to_each_other_to_files_and_to_the_world(site: dict[str, str | None]) -> None:
    found = references(site["asyncio.html"] or "")
    assert "asyncio.base_events.html" in found
    assert any(reference.startswith("file:") for reference in found)
    assert any(reference.startswith("https://docs.python.org/") for reference in found)


def test_a_missing_page_answers_404() -> None:
    with pydoc_site() as base:
        for name in ("no-such-module.html", "antigravity.html", "os", "os.html/"):
            assert read(base + name) is None


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


class Demo(NamedTuple):
    """A finished demo: its folder and what it printed."""

    folder: Path
    printed: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """`linkmap demo`, run as a user runs it, in an empty folder."""
    folder = tmp_path_factory.mktemp("demo")
    return Demo(folder, linkmap("demo", folder=folder).stdout)


def linkmap(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What a command came to."""
    return subprocess.run(
        [sys.executable, "-m", "linkmap", *arguments],
        cwd=folder,
        env=bare_environment(),
        check=False,
        capture_output=True,
        text=True,
    )


def test_the_demo_finds_the_in_degree_that_a_plain_walk_counts(demo: Demo, site: dict[str, str | None]) -> None:
    sources = Counter(target for name, page in site.items() for target in names_linked_from(page) - {name})
    done = linkmap(
        "query", "in_degree", "--limit", "0", "--format", "json", "--db", "linkmap-demo.db", folder=demo.folder
    )
    (seed,) = re.findall(r"served at (http\S+)", demo.printed)
    found = {row["url"]: row["in_degree"] for row in json.loads(done.stdout)}
    assert {url.removeprefix(seed): number for url, number in found.items() if url.startswith(seed)} == sources


def test_the_demo_prints_the_top_of_in_degree_and_hubs(demo: Demo, site: dict[str, str | None]) -> None:
    sources = Counter(target for name, page in site.items() for target in names_linked_from(page) - {name})
    top = [(number, name) for name, number in sources.most_common(3)]
    in_degree, hubs = demo.printed.split("Linked from the most pages")[1].split("The best hubs")
    assert [(int(n), name) for n, name in re.findall(r"^ *(\d+) .*http://127\.0\.0\.1:\d+/(\S*)$", in_degree, re.M)][
        :3
    ] == top
    assert len(re.findall(r"^ *0\.\d+ .*http://127\.0\.0\.1:\d+/", hubs, re.M)) == 8


def test_the_demo_writes_its_graph_for_gephi(demo: Demo) -> None:
    graph = nx.read_graphml(demo.folder / "linkmap-demo.graphml")
    assert f"{graph.number_of_nodes():,} pages, {graph.number_of_edges():,} edges" in demo.printed


def test_the_demo_leaves_nothing_running_and_two_files(demo: Demo) -> None:
    (seed,) = re.findall(r"served at (http\S+)", demo.printed)
    assert not is_served(seed)
    assert {path.name for path in demo.folder.iterdir()} == {"linkmap-demo.db", "linkmap-demo.graphml"}


def test_a_second_demo_replaces_the_first(demo: Demo, tmp_path: Path) -> None:
    shutil.copytree(demo.folder, tmp_path, dirs_exist_ok=True)
    again = linkmap("demo", folder=tmp_path)
    assert again.returncode == 0, again.stderr
    seeds = linkmap(
        "query", "--sql", "SELECT written FROM seed", "--format", "tsv", "--db", "linkmap-demo.db", folder=tmp_path
    )
    assert seeds.stdout.split() == ["written", *re.findall(r"served at (http\S+)", again.stdout)]


@pytest.mark.parametrize(
    ("seed", "title"),
    [
        ("http://127.0.0.1:8000/", "Another site on this machine"),
        ("https://example.org/", None),
    ],
)
def test_a_map_that_is_no_demo_is_left_alone(tmp_path: Path, seed: str, title: str | None) -> None:
    with handmade(tmp_path / "linkmap-demo.db") as made:
        made.page(seed, seed=True, title=title)
    refused(tmp_path)


def test_a_demo_map_that_holds_other_seeds_too_is_left_alone(tmp_path: Path) -> None:
    with handmade(tmp_path / "linkmap-demo.db") as made:
        made.page("http://127.0.0.1:8000/", seed=True, title=INDEX_TITLE)
        made.page("https://example.org/", seed=True, title="Theirs")
    refused(tmp_path)


def test_a_file_that_is_no_map_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "linkmap-demo.db").write_text("my notes")
    refused(tmp_path)


def refused(folder: Path) -> None:
    """The demo does not touch the linkmap-demo.db that stands in the folder, and says so in one line."""
    before = (folder / "linkmap-demo.db").read_bytes()
    done = linkmap("demo", folder=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "Error: linkmap-demo.db is not the map of an earlier demo, so it is left alone: name another with --db\n"
    )
    assert (folder / "linkmap-demo.db").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--graphml", "map.png"], "cannot tell a format from 'map.png'"),
        (["--db", "one.graphml", "--graphml", "one.graphml"], "cannot be both the map and the graph"),
    ],
)
def test_a_wrong_name_is_told_before_anything_is_crawled(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    done = linkmap("demo", *arguments, folder=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert list(tmp_path.iterdir()) == []

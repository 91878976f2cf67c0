"""A site of 20 pages whose crawl is made to fail, and what must be true of it whatever failed."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from conftest import Answer, Page, Site
from maps import check_accounting, graph, linkmap, outcomes

NUMBER = 20
OPTIONS = ("--allow-private", "--delay", "0", "--quiet")

Graph = tuple[set[tuple[Any, ...]], list[tuple[Any, ...]]]


def pages() -> dict[str, Page]:
    """The home page links to all others, each of these to two; every second ends its connection."""
    paths = ["/", *(f"/{n}" for n in range(1, NUMBER))]
    home = "".join(f'<a href="{path}">{path}</a>' for path in paths[1:])
    others: dict[str, Page] = {}
    for n in range(1, NUMBER):
        body = f'<title>{n}</title><a href="{paths[(n + 1) % NUMBER]}">next</a><a href="{paths[7 * n % NUMBER]}">b</a>'
        others[paths[n]] = Answer(body, headers={"Connection": "close"} if n % 2 else {})
    return {"/robots.txt": "", "/": home} | others


class Twenty(NamedTuple):
    """The site at work, and the map of a crawl of it that nothing disturbed."""

    site: Site
    db: Path
    graph: Graph


@contextmanager
def twenty_pages(folder: Path) -> Iterator[Twenty]:
    """The site, and its map in a folder."""
    with Site(pages()) as site:
        done = linkmap("crawl", site("/"), *OPTIONS, cwd=folder)
        assert done.returncode == 0, done.stderr
        db = folder / "map.db"
        assert outcomes(db) == {site(path): "fetched" for path in pages() if path != "/robots.txt"}
        yield Twenty(site, db, graph(db))


def check_is_one_sentence(done: subprocess.CompletedProcess[str]) -> None:
    """What failed was said in one sentence, with exit code 1."""
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1, done.stderr


def check_same(db: Path, expected: Graph) -> None:
    """The map accounts for every page, and its graph is the one expected."""
    check_accounting(db)
    assert graph(db) == expected

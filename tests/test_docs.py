"""What the documents show is run, and what there is, they show."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import click
import pytest
from conftest import Answer, Site
from maps import ROOT, environment
from tables import BEGIN, OUTCOMES, with_states

import linkmap
from linkmap.cli import COMMANDS
from linkmap.cli import linkmap as group
from linkmap.model import LinkKind
from linkmap.settings import MOST_CONNECTIONS, Settings
from linkmap.store.reader import schema_sql

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_every_example_of_the_python_page_runs(site: Site, tmp_path: Path) -> None:
    import subprocess
    import sys

    site.pages = {
        "/": '<title>Home</title><a href="/a">a</a><a href="/dead">d</a>',
        "/a": '<a href="/">home</a><a href="/moved">m</a>',
        "/moved": Answer("", 301, {"Location": "/"}),
    }
    blocks = BLOCK.findall((ROOT / "docs" / "python.md").read_text())
    assert len(blocks) == 4
    for block in blocks:
        script = f"SEED = {site('/')!r}\n{block}"
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{block}\n{done.stderr}"


def test_the_python_face_holds_what_it_names() -> None:
    for name in linkmap.__all__:
        assert getattr(linkmap, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'crwal'"):
        _ = linkmap.crwal


def test_the_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text()
    for command in COMMANDS:
        assert f"linkmap {command}" in text


def test_the_readme_counts_the_kinds_and_names_questions_that_there_are() -> None:
    text = (ROOT / "README.md").read_text()
    assert f"[{len(LinkKind)} kinds]" in text
    asked = set(re.findall(r"linkmap query (\w+)", text))
    assert {"broken_links", "indexability", "in_degree"} <= asked
    assert asked <= {file.stem for file in (ROOT / "queries").glob("*.sql")}


def test_every_link_in_the_documents_leads_somewhere() -> None:
    for document in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def fresh_map(question: str) -> list[tuple[str, ...]]:
    """What an empty map answers."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema_sql())
        return connection.execute(question).fetchall()


def test_the_table_of_states_is_made_from_the_database() -> None:
    text = OUTCOMES.read_text()
    assert BEGIN in text
    assert with_states(text) == text, "run `python -m tests.tables`"


def test_the_table_of_outcomes_is_the_one_in_the_database() -> None:
    stored = fresh_map("SELECT name, state, CASE broken WHEN 1 THEN 'yes' ELSE '' END FROM outcome")
    text = (ROOT / "docs" / "outcomes.md").read_text()
    table = re.findall(r"^\| (\w+) \| (\w+) \| ?(\w*) \|", text, re.MULTILINE)
    assert [row for row in table if row[0] != "outcome"] == stored


def test_the_table_of_kinds_is_the_one_in_the_database() -> None:
    stored = fresh_map(
        "SELECT name, CASE WHEN free THEN 'yes, free' WHEN followed THEN 'yes' ELSE '' END, "
        "CASE WHEN navigation THEN 'yes' ELSE '' END FROM kind"
    )
    text = (ROOT / "docs" / "crawling.md").read_text()
    table = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| .* \| ?([\w, ]*) \| ?(\w*) \|$", text, re.MULTILINE)
    rows = [(name, followed, navigation) for names, followed, navigation in table for name in re.findall(r"\w+", names)]
    assert sorted(rows) == sorted(stored)


def test_every_option_of_crawl_is_described() -> None:
    text = "".join((ROOT / "docs" / name).read_text() for name in ("crawling.md", "configuration.md"))
    crawl = group.get_command(click.Context(group), "crawl")
    assert crawl is not None
    names = [name for option in crawl.params for name in (*option.opts, *option.secondary_opts) if name[:2] == "--"]
    assert len(names) > 40
    assert [name for name in names if not re.search(rf"{name}(?![\w-])", text)] == []


def test_the_defaults_that_the_document_names_hold() -> None:
    text = (ROOT / "docs" / "crawling.md").read_text()
    said = dict(re.findall(r"^\| `--([a-z-]+)` \| ([^|]+) \|", text, re.MULTILINE))
    settings = Settings()
    assert said["delay"] == f"{settings.delay_s:g} s"
    assert said["per-host"] == str(settings.per_host)
    assert said["concurrency"] == f"up to {MOST_CONNECTIONS}"
    assert said["timeout"] == f"{settings.timeout_s:g} s"
    assert said["max-bytes"] == f"{settings.max_bytes // 2**20} MiB"
    assert said["max-pages"] == f"{settings.max_pages:,}"
    assert (said["max-pages-per-host"], settings.max_pages_per_host) == ("none", 0)

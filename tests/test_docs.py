"""What the documents show is run, and what there is, they show."""

import re
from pathlib import Path

import pytest
from conftest import Answer, Site
from maps import ROOT, environment

import linkmap
from linkmap.cli import COMMANDS

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


def test_every_link_in_the_documents_leads_somewhere() -> None:
    for document in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_table_of_outcomes_is_the_one_in_the_database() -> None:
    import sqlite3

    from linkmap.store.reader import schema_sql

    connection = sqlite3.connect(":memory:")
    connection.executescript(schema_sql())
    stored = connection.execute("SELECT name, state, CASE broken WHEN 1 THEN 'yes' ELSE '' END FROM outcome").fetchall()
    connection.close()
    text = (ROOT / "docs" / "outcomes.md").read_text()
    table = re.findall(r"^\| (\w+) \| (\w+) \| ?(\w*) \|", text, re.MULTILINE)
    assert [row for row in table if row[0] != "outcome"] == stored

"""What linkmap's own code may not do, read off its source, and what no folder and no web page makes it do."""

import ast
import csv
import io
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from conftest import Answer, Site
from maps import ROOT, environment, linkmap

SOURCES = sorted((ROOT / "linkmap").rglob("*.py"))
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "shelve", "subprocess", "popen2", "yaml", "ctypes", "code", "runpy"}
FORBIDDEN_CALLS = {
    "eval", "exec", "compile", "__import__", "execfile", "input", "system", "popen", "create_subprocess_shell",
    "load_extension", "enable_load_extension", "startfile",
}  # fmt: skip


@pytest.mark.parametrize("module", ["uvloop", "json", "socket"])
def test_no_module_of_the_current_folder_is_loaded_by_a_worker(site: Site, tmp_path: Path, module: str) -> None:
    site.pages = {"/": "home"}
    (tmp_path / f"{module}.py").write_text("open('loaded', 'w').close()\n")
    words = ["crawl", site("/"), "--allow-private", "--delay", "0", "--workers", "1"]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "linkmap", *words],
        cwd=tmp_path,
        env=environment() | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "loaded").exists()


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def called(tree: ast.AST) -> Iterator[str]:
    """The names of all calls but those of the module `re`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name):
                yield function.id
            elif isinstance(function, ast.Attribute) and ast.unparse(function.value) != "re":
                yield function.attr


def test_nothing_is_unpickled_evaluated_or_given_to_a_shell() -> None:
    assert len(SOURCES) > 80
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        allowed = {"demo.py": {"subprocess"}, "heap.py": {"ctypes"}}.get(path.name, set())
        assert set(imported(tree)) & FORBIDDEN_MODULES <= allowed, path
        assert set(called(tree)) & FORBIDDEN_CALLS == set(), path
        shells = [node for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "shell"]
        assert shells == [], path


def test_sql_is_built_of_strings_only_where_the_words_are_our_own() -> None:
    """Ruff's S608 finds such SQL anywhere; here is each place that is let through, with what is put in."""
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert "S608" in rules["select"]
    assert "S608" not in rules["ignore"]
    found: dict[str, list[str]] = {}
    for path in SOURCES:
        text = path.read_text()
        assert "ruff: noqa" not in text
        for line in text.splitlines():
            if "noqa" in line and "S608" in line:
                name = path.relative_to(ROOT / "linkmap").as_posix()
                found.setdefault(name, []).extend(re.findall(r"\{(\w+)", line.partition("  #")[0]))
    assert found == {
        "edges.py": ["LINK_COLUMNS"],  # a constant
        "ledger.py": ["places", "Manner", "PACKED", "Outcome"],  # numbers of our own enums, a constant
        "pages.py": ["any_key"],  # question marks, as many as there are keys
        "store/batch.py": ["self", "table", "places"],  # names of the schema, question marks
        "store/indexing.py": ["name"],  # names of our own indexes
        "store/migrate.py": ["kept", "kept", "table", "table", "places"],  # names of our own tables and columns
        "store/view.py": ["LINK_COLUMNS"],
    }


def test_a_hostile_name_makes_no_file_beside_those_that_were_asked_for(site: Site, tmp_path: Path) -> None:
    disposition = {"Content-Disposition": 'attachment; filename="../../evil.html"'}
    site.pages = {
        "/robots.txt": "Sitemap: /..%2f..%2fevil.xml",
        "/": Answer(
            '<title>../../evil</title><a href="/%2e%2e/%2e%2e/etc/evil" download="../evil">x</a>', headers=disposition
        ),
    }
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    assert linkmap("crawl", site("/"), "--allow-private", "--delay", "0", cwd=folder).returncode == 0
    assert linkmap("export", "g.graphml", cwd=folder).returncode == 0
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {"a/b/c/map.db", "a/b/c/g.graphml"}


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "＋1", "－1", "＠1", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("raw", [False, True])
def test_cells_that_a_spreadsheet_would_run_are_quoted_unless_raw(site: Site, tmp_path: Path, raw: bool) -> None:
    site.pages = {"/": "".join(f'<a href="/">{text}</a>' for text in FORMULAS)}
    assert linkmap("crawl", site("/"), "--allow-private", "--delay", "0", cwd=tmp_path).returncode == 0
    option = ("--raw",) if raw else ()
    sql = "SELECT anchor FROM links ORDER BY ordinal"
    for words in (("query", "--sql", sql), ("links", site("/"), "--out")):
        done = linkmap(*words, "--format", "csv", *option, cwd=tmp_path)
        cells = [row["anchor"] for row in csv.DictReader(io.StringIO(done.stdout))]
        assert cells == (FORMULAS if raw else [f"'{text}" for text in FORMULAS])


@pytest.mark.parametrize("raw", [False, True])
def test_the_words_on_a_way_are_quoted_unless_raw(site: Site, tmp_path: Path, raw: bool) -> None:
    site.pages = {"/": '<a href="/b">=1+1</a>', "/b": ""}
    assert linkmap("crawl", site("/"), "--allow-private", "--delay", "0", cwd=tmp_path).returncode == 0
    words = ("path", site("/"), site("/b"), "--format", "csv", *(("--raw",) if raw else ()))
    rows = list(csv.DictReader(io.StringIO(linkmap(*words, cwd=tmp_path).stdout)))
    assert [row["anchor"] for row in rows] == ["", "=1+1" if raw else "'=1+1"]


def test_raw_is_for_csv_alone(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": '<a href="/">x</a><a href="/b">b</a>'}
    assert linkmap("crawl", site("/"), "--allow-private", "--delay", "0", cwd=tmp_path).returncode == 0
    asked = [("query", "in_degree"), ("links", site("/")), ("path", site("/"), site("/b"))]
    for words in (*asked, ("export", "g.tsv"), ("export", "g.graphml")):
        done = linkmap(*words, "--raw", cwd=tmp_path)
        assert done.returncode == 2
        assert "--raw" in done.stderr
        assert "Traceback" not in done.stderr
    done = linkmap("export", "g.csv", "--raw", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "g.csv").read_text().splitlines() == ["source,target,weight", f"{site('/')},{site('/b')},1"]


def test_aiohttp_is_at_least_the_version_without_known_faults() -> None:
    required = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert "aiohttp>=3.14.5" in required
    assert tuple(int(part) for part in version("aiohttp").split(".")[:3]) >= (3, 14, 5)

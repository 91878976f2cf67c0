"""Options from linkmap.toml and from the environment: what is read, what wins, and what is refused."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from conftest import Site
from maps import environment, linkmap, outcomes, rows

from linkmap.cli import COMMANDS
from linkmap.cli import linkmap as group
from linkmap.cli.options import word
from linkmap.cli.types import SECRETS, Duration, Kinds, Resolved, Words

SECRET = "s3cret-value"


@pytest.fixture
def chain(site: Site) -> str:
    """The seed of a chain of four pages."""
    site.pages = {f"/{number}": f'<a href="/{number + 1}">next</a>' for number in range(4)}
    return site("/0")


def with_variables(tmp_path: Path, variables: dict[str, str], *arguments: object) -> str:
    """The standard output of the real command line in an environment with these variables."""
    done = linkmap_with(tmp_path, variables, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def linkmap_with(tmp_path: Path, variables: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    """The real command line, run to its end in an environment with these variables."""
    return subprocess.run(
        [sys.executable, "-m", "linkmap", *map(str, arguments)],
        cwd=tmp_path, env=environment() | variables, capture_output=True, text=True,
    )  # fmt: skip


def test_the_command_line_wins_over_the_environment_that_over_the_file_and_that_over_the_default(
    chain: str, tmp_path: Path
) -> None:
    (tmp_path / "linkmap.toml").write_text("[crawl]\nallow-private = true\ndelay = 0\ndepth = 0\n")
    with_variables(tmp_path, {}, "crawl", chain, "--db", "file.db")
    with_variables(tmp_path, {"LINKMAP_CRAWL_DEPTH": "1"}, "crawl", chain, "--db", "env.db")
    with_variables(tmp_path, {"LINKMAP_CRAWL_DEPTH": "1"}, "crawl", chain, "--db", "line.db", "--depth", "2")
    fetched = [list(outcomes(tmp_path / f"{name}.db").values()).count("fetched") for name in ("file", "env", "line")]
    assert fetched == [1, 2, 3]


def test_a_file_is_named_by_the_option_or_else_by_the_environment_or_else_found_here(tmp_path: Path) -> None:
    for name, depth in (("linkmap.toml", 1), ("env.toml", 2), ("line.toml", 4)):
        (tmp_path / name).write_text(f"[crawl]\ndepth = {depth}\n")
    variable = {"LINKMAP_CONFIG": "env.toml"}
    assert "depth = 1  # linkmap.toml\n" in with_variables(tmp_path, {}, "config")
    assert "depth = 2  # env.toml\n" in with_variables(tmp_path, variable, "config")
    assert "depth = 4  # line.toml\n" in with_variables(tmp_path, variable, "config", "--config", "line.toml")


def test_a_file_sets_options_of_every_command_and_the_map_of_all(chain: str, tmp_path: Path) -> None:
    (tmp_path / "linkmap.toml").write_text(
        'db = "site.db"\n[crawl]\nallow_private = true\ndelay = 0.0\nexclude = ["/2$"]\nquiet = true\n'
        '[query]\nformat = "csv"\n'
    )
    assert with_variables(tmp_path, {}, "crawl", chain) == ""
    answer = with_variables(tmp_path, {}, "query", "--sql", "SELECT count(*) AS excluded FROM page WHERE outcome = 33")
    assert answer.split() == ["excluded", "1"]
    assert (tmp_path / "site.db").exists()
    assert "linkmap-demo.db" in with_variables(tmp_path, {}, "config", "demo"), "the demo's map is its own"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[crawl]\ndpeth = 2", "[crawl] dpeth is not an option of `linkmap crawl`: the nearest is depth"),
        ("[crwal]\ndepth = 2", "[crwal] is not the table of a command or of a host: the nearest is crawl"),
        ("depth = 2", "[depth] is not the table of a command or of a host"),
        ("crawl = 2", "crawl must be a table"),
        ("[crawl]\ndepth = '2'", "[crawl] depth must be a whole number"),
        ("[crawl]\ndepth = true", "[crawl] depth must be a whole number"),
        ("[crawl]\ndepth = 2.5", "[crawl] depth must be a whole number"),
        ("[crawl]\ndepth = -1", "[crawl] depth: -1 is not in the range"),
        ("[crawl]\ndelay = 'long'", "[crawl] delay must be a number"),
        ("[crawl]\ndelay = nan", "[crawl] delay: nan is not a finite number of seconds"),
        ("[crawl]\nmax-time = 'soon'", "[crawl] max-time: 'soon' is not a duration"),
        ("[crawl]\nmax-bytes = -1", "[crawl] max-bytes: '-1' is not a size"),
        ("[crawl]\nscope = 'world'", "[crawl] scope: 'world' is not one of"),
        ("[crawl]\nfollow = 'a,foo'", "[crawl] follow: 'foo' is no kind of link: give some of default, "),
        ("[crawl]\nrecord = 'foo'", "[crawl] record: 'foo' is no kind of link"),
        ("[crawl]\nrobots = 'no'", "[crawl] robots must be true or false"),
        ("[crawl]\ninclude = '/a'", "[crawl] include must be an array"),
        ("[crawl]\ninclude = [1]", "[crawl] include must be a string"),
        ("[crawl]\ncontact = 2026-11-22", "[crawl] contact must be a string"),
        ("[crawl]\nmax-pages = 1\nmax_pages = 2", "[crawl] max_pages is given twice"),
        (f"[crawl]\nheader = ['a.test={SECRET}']", "[crawl] header: this takes HOST=NAME:VALUE"),
        (f"[crawl]\nheader = '{SECRET}'", "[crawl] header must be an array"),
        ("[crawl]\nconfig = 'x'", "[crawl] config is not an option"),
        ("[crawl\n", "is not TOML"),
        ("x = " + "[" * 20_000, "is not TOML"),
        ("x = " + "1" * 5_000, "is not TOML"),
        ('[crawl]\nca-file = "a\\u0000b"', "[crawl] ca-file holds a NUL"),
        ('db = "\\u0000"', "db holds a NUL"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_a_sentence_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "linkmap.toml").write_text(text)
    done = linkmap("crawl", "http://a.test/", cwd=tmp_path)
    assert done.returncode == 2
    assert linkmap("config", cwd=tmp_path).stderr == done.stderr
    assert done.stderr.startswith("Error: linkmap.toml")
    assert said in done.stderr
    assert SECRET not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert os.listdir(tmp_path) == ["linkmap.toml"]


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"[crawl]\ncontact = '\xe9'")
    for name, said in (("none.toml", "none.toml: No such file"), (".", "Is a directory"), ("latin.toml", "not UTF-8")):
        done = linkmap("crawl", "http://a.test/", "--config", name, cwd=tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert said in done.stderr


def test_only_the_command_line_changes_what_a_resumed_crawl_was_asked(chain: str, tmp_path: Path) -> None:
    crawl = ("crawl", chain, "--allow-private", "--delay", "0", "--depth", "1")
    with_variables(tmp_path, {}, *crawl)
    (tmp_path / "linkmap.toml").write_text("[crawl]\ndepth = 2\nmax-pages = 1\n")
    with_variables(tmp_path, {"LINKMAP_CRAWL_DEPTH": "3"}, "crawl", "--resume")
    with_variables(tmp_path, {"LINKMAP_CRAWL_DEPTH": "3"}, "crawl", "--add", chain)
    stored = rows(tmp_path / "map.db", "SELECT settings ->> 'depth', settings ->> 'max_pages' FROM run")
    assert stored == [(1, 10_000), (1, 10_000)], "the stored settings hold, whatever surrounds the command"
    refused = linkmap("crawl", "--resume", "--depth", "3", cwd=tmp_path)
    assert refused.returncode == 2
    assert "depth" in refused.stderr


def value_for(option: click.Option) -> tuple[str, str]:
    """A value of an option other than its default, as its variable has it, and as TOML."""
    if option.is_flag:
        return ("0", "false") if option.default is True else ("1", "true")
    if isinstance(option.type, click.Choice):
        other = next(choice for choice in option.type.choices if choice != option.default)
        return other, f'"{other}"'
    if isinstance(option.type, Resolved):
        return "a.test:80:192.0.2.1\nb.test:80:::1", '["a.test:80:192.0.2.1", "b.test:80:::1"]'
    if isinstance(option.type, click.types.FloatParamType | Duration):
        return "7.5", "7.5"
    if isinstance(option.type, click.types.IntRange) and option.type.max == 0:
        return "0", "0"
    if isinstance(option.type, click.types.IntParamType) or option.type.name == "bytes":
        return "7", "7"
    if isinstance(option.type, Kinds):
        return "default,img", '"default,img"'
    if isinstance(option.type, Words):
        return "external", '"external"'
    if option.multiple:
        return "a b\nc", '["a b", "c"]'
    return "/some where", '"/some where"'


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_every_command_is_read_from_its_variable(tmp_path: Path, command: str) -> None:
    found = group.get_command(click.Context(group), command)
    assert found is not None
    options = [each for each in found.params if isinstance(each, click.Option)]
    assert "config" in map(word, options)
    variables, expected = {}, []
    for option in options:
        name = f"LINKMAP_{command}_{word(option)}".upper().replace("-", "_")
        if word(option) == "config":
            continue
        if word(option) == "db" and command != "demo":
            name = "LINKMAP_DB"
        value, toml = value_for(option)
        if isinstance(option.type, SECRETS):
            pair = f"x={SECRET}" if word(option) == "cookie" else f"x:{SECRET}"
            variables[name] = f"a.test={pair}\nb.test={pair}"
            expected.append(f"# {word(option)} is set 2 times, not shown  # environment variable {name}")
        elif word(option) == "proxy":
            variables[name] = f"http://me:{SECRET}@a.test:3128"
            expected.append(
                f"# proxy is set to http://a.test:3128, user and password not shown  # environment variable {name}"
            )
        else:
            variables[name] = value
            expected.append(f"{word(option)} = {toml}  # environment variable {name}")
    if command == "config":
        assert expected == []
        return
    printed = with_variables(tmp_path, variables, "config", command)
    assert printed.splitlines() == [f"[{command}]", *expected]
    assert SECRET not in printed


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "config"])
def test_what_config_prints_is_a_file_that_means_the_same(tmp_path: Path, command: str) -> None:
    variables = {
        "LINKMAP_CRAWL_CONTACT": 'a "b" \\ \u202e\x7fé',
        "LINKMAP_CRAWL_INCLUDE": "a b\n\\d",
        "LINKMAP_DB": "d",
    }
    first = with_variables(tmp_path, variables, "config", command)
    (tmp_path / "linkmap.toml").write_text(first, encoding="utf-8")
    second = with_variables(tmp_path, {}, "config", command)
    assert tomllib.loads(second) == tomllib.loads(first)
    assert "environment variable" not in second
    if command == "crawl":
        kept = tomllib.loads(second)["crawl"]
        assert (kept["contact"], kept["include"], kept["db"]) == ('a "b" \\ \u202e\x7fé', ["a b", "\\d"], "d")


@pytest.mark.parametrize("command", [("crawl", "http://a.test/"), ("config",)])
@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("DEPTH", "deep", "'deep' is not a whole number."),
        ("DEPTH", "-1", "-1 is not in the range 0<=x<=65000."),
        ("DELAY", "long", "'long' is not a number."),
        ("ROBOTS", "maybe", "'maybe' is neither true nor false: give 1 or 0."),
        ("SCOPE", "world", "'world' is not one of 'page', 'prefix', 'host', 'domain', 'any'."),
    ],
)
def test_a_wrong_value_of_a_variable_is_refused_with_its_name(
    tmp_path: Path, command: tuple[str, ...], option: str, value: str, said: str
) -> None:
    done = linkmap_with(tmp_path, {f"LINKMAP_CRAWL_{option}": value}, *command)
    assert done.returncode == 2
    usage, *_, last = done.stderr.splitlines()
    assert usage.startswith("Usage: linkmap crawl [OPTIONS]")
    assert last == f"Error: Invalid value for environment variable LINKMAP_CRAWL_{option}: {said}"


def test_a_wrong_number_on_the_command_line_is_told_in_the_same_words(tmp_path: Path) -> None:
    done = linkmap("crawl", "http://a.test/", "--depth", "deep", cwd=tmp_path)
    assert done.stderr.endswith("Error: Invalid value for '--depth': 'deep' is not a whole number.\n")


def test_a_variable_that_no_option_has_is_named_with_the_nearest_and_is_no_error(tmp_path: Path) -> None:
    variables = {"LINKMAP_CRAWL_DPETH": "2", "LINKMAP_CRAWL_DB": "x.db", "LINKMAP_CRAWL_EMPTY": "", "LINKMAP_HOME": "/"}
    passed_over = (
        "The environment variable LINKMAP_CRAWL_DB is none of linkmap's and was passed over: "
        "the nearest is LINKMAP_DB.\n"
        "The environment variable LINKMAP_CRAWL_DPETH is none of linkmap's and was passed over: "
        "the nearest is LINKMAP_CRAWL_DEPTH.\n"
    )
    shown = linkmap_with(tmp_path, variables, "config")
    assert (shown.returncode, shown.stderr) == (0, passed_over)
    assert "depth = 3  # default" in shown.stdout
    refused = linkmap_with(tmp_path, variables, "crawl", "http://a.test/", "--ca-file", "none.pem")
    assert refused.stderr.startswith(passed_over)
    assert linkmap_with(tmp_path, variables, "query").stderr == ""


def test_what_is_set_once_is_counted_so(tmp_path: Path) -> None:
    (tmp_path / "linkmap.toml").write_text('[host."a.test"]\nauth = ["user:word"]\n')
    shown = with_variables(tmp_path, {"LINKMAP_CRAWL_COOKIE": "a.test=x=y"}, "config")
    assert "# cookie is set 1 time, not shown  # environment variable LINKMAP_CRAWL_COOKIE\n" in shown
    assert "# header, auth and cookie are set 1 time, not shown  # linkmap.toml\n" in shown

"""The command line as people use it: every option of crawl, with a typo too, seeds from everywhere, exit codes."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from conftest import Answer, Site
from maps import ROOT, check_accounting, command, environment, linkmap, outcomes, rows

from linkmap import __version__

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `linkmap ...` in an empty folder; no run may show a traceback."""

    def run(*arguments: object, stdin: str | None = None) -> CompletedProcess[str]:
        done = linkmap(*arguments, cwd=tmp_path, stdin=stdin)
        assert "Traceback" not in done.stderr + done.stdout
        return done

    return run


FAST = ("--delay", "0", "--allow-private")


def test_garbage_is_collected_while_a_command_runs(tmp_path: Path) -> None:
    code = (
        "import atexit, gc, sys\n"
        "atexit.register(lambda: print(gc.isenabled()))\n"
        "sys.argv = ['linkmap', *sys.argv[1:]]\n"
        "from linkmap.__main__ import main\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "status"], cwd=tmp_path, env=environment(), capture_output=True, text=True
    )
    assert "no map at map.db" in done.stderr
    assert done.stdout == "True\n"


def test_help_lists_every_command_and_each_command_has_help(run: Run) -> None:
    listed = run("--help")
    assert listed.returncode == 0
    for name in ("crawl", "plan", "inspect", "status", "query", "links", "path", "rank", "export", "demo"):
        assert f"  {name} " in listed.stdout
        told = run(name, "--help")
        assert told.returncode == 0
        assert told.stdout.startswith(f"Usage: linkmap {name}")


def test_version_is_the_package_version(run: Run) -> None:
    assert run("--version").stdout == f"linkmap, version {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--depth", "x"), "'--depth'"),
        (("--depth", "-1"), "'--depth'"),
        (("--scope", "domian"), "'domian'"),
        (("--include", "("), "--include '('"),
        (("--exclude", "[a"), "--exclude '[a'"),
        (("--max-pages", "ten"), "'--max-pages'"),
        (("--max-pages-per-host", "-3"), "'--max-pages-per-host'"),
        (("--max-time", "soon"), "'soon'"),
        (("--max-time", "-1"), "'--max-time'"),
        (("--concurrency", "0"), "'--concurrency'"),
        (("--per-host", "0"), "'--per-host'"),
        (("--delay", "-1"), "'--delay'"),
        (("--delay", "nan"), "'--delay': nan is not a finite number of seconds"),
        (("--timeout", "0"), "'--timeout'"),
        (("--timeout", "inf"), "'--timeout': inf is not a finite number of seconds"),
        (("--max-bytes", "10Q"), "'10Q'"),
        (("--resolve", "example.org:443"), "'--resolve'"),
        (("--resolve", "example.org:443:not-an-address"), "'--resolve'"),
        (("--workers", "65"), "'--workers'"),
        (("--ca-file", "missing.pem"), "missing.pem: No such file"),
        (("--ca-file", "/dev/null"), "--ca-file /dev/null holds no certificate"),
        (("--seeds", "missing.txt"), "missing.txt"),
        (("--user-agent", "bad\nagent"), "--user-agent"),
        (("--dely", "1"), "'--dely'"),
        (("--db", "-"), "--db - names no file"),
        (("--resume",), "no map at map.db"),
        (("--add",), "no map at map.db"),
        (("--resume", "--add"), "--resume"),
    ],
)
def test_a_wrong_option_is_one_sentence_and_exit_code_2(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], word: str
) -> None:
    seed = () if "--resume" in arguments else ("http://127.0.0.1:9/",)
    done = run("crawl", *seed, *arguments)
    assert done.returncode == 2, done.stderr
    assert word in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_seeds_come_from_arguments_files_and_standard_input(run: Run, site: Site, tmp_path: Path) -> None:
    site.pages = {f"/{name}": "page" for name in ("a", "b", "c")}
    (tmp_path / "seeds.txt").write_text(f"# the second\n\n{site('/b')}   # by file\n")
    done = run("crawl", site("/a"), "--seeds", "seeds.txt", "--seeds", "-", *FAST, stdin=f"{site('/c')}\n")
    assert done.returncode == 0, done.stderr
    assert outcomes(tmp_path / "map.db") == {site(f"/{name}"): "fetched" for name in ("a", "b", "c")}


def test_a_bad_line_names_file_line_and_reason_and_the_rest_goes_on(run: Run, site: Site, tmp_path: Path) -> None:
    site.pages = {"/": "page"}
    (tmp_path / "seeds.txt").write_text(f"ftp://example.org/\nhttp://exa mple/\n{site('/')}\n")
    done = run("crawl", "--seeds", "seeds.txt", *FAST)
    assert done.returncode == 0
    assert "seeds.txt:1: 'ftp://example.org/' is not an http or https URL" in done.stderr
    assert "seeds.txt:2: 'http://exa mple/' is not a URL" in done.stderr
    assert outcomes(tmp_path / "map.db") == {site("/"): "fetched"}


@pytest.mark.parametrize("seeds", [(), ("--seeds", "-")])
def test_no_valid_seed_is_exit_code_2_and_makes_no_file(run: Run, tmp_path: Path, seeds: tuple[str, ...]) -> None:
    done = run("crawl", *seeds, stdin="mailto:a@b.c\n")
    assert done.returncode == 2
    assert "seed" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_summary_says_what_was_fetched_what_failed_what_cut_and_what_next(run: Run, site: Site) -> None:
    site.pages = {"/": '<a href="/a">a</a><a href="/dead">d</a><a href="/b">b</a><a href="/c">c</a>', "/a": "a"}
    done = run("crawl", site("/"), *FAST, "--max-pages", "3")
    assert done.returncode == 0
    assert "Finished: 3 answers" in done.stdout
    assert "1 client_error" in done.stdout
    assert "Cut: --max-pages 3: 2 pages were not fetched." in done.stdout
    assert "Next: linkmap query in_degree" in done.stdout


def test_a_crawl_that_reaches_nothing_is_exit_code_1_and_says_why(run: Run, site: Site) -> None:
    done = run("crawl", site("/"), "--delay", "0")
    assert done.returncode == 1
    assert "`crawl --add --allow-private` fetches them" in done.stdout


def test_quiet_prints_nothing_and_verbose_a_line_for_every_answer(run: Run, site: Site, tmp_path: Path) -> None:
    site.pages = {"/": '<a href="/gone">g</a>'}
    quiet = run("crawl", site("/"), *FAST, "--quiet", "--db", "quiet.db")
    assert (quiet.stdout, quiet.stderr) == ("", "")
    verbose = run("crawl", site("/"), *FAST, "--verbose", "--db", "verbose.db")
    answers = [(line.split()[0], line.split()[-1]) for line in verbose.stderr.splitlines()]
    assert answers == [("404", site("/robots.txt")), ("200", site("/")), ("404", site("/gone"))]


def test_the_map_is_named_by_option_or_environment(run: Run, site: Site, tmp_path: Path) -> None:
    site.pages = {"/": "home"}
    os.environ["LINKMAP_DB"] = str(tmp_path / "named.db")
    try:
        assert run("crawl", site("/"), *FAST).returncode == 0
        assert "named.db: finished" in run("status").stdout
    finally:
        del os.environ["LINKMAP_DB"]
    assert (tmp_path / "named.db").exists()


def test_include_exclude_scope_and_user_agent_do_what_they_say(run: Run, site: Site, tmp_path: Path) -> None:
    links = "".join(f'<a href="{path}">x</a>' for path in ("/keep/1", "/keep/skip", "/other"))
    site.pages = {"/": links, "/keep/1": "one"}
    done = run("crawl", site("/"), *FAST, "--include", "/keep/", "--exclude", "skip$", "--user-agent", "mapper/2")
    assert done.returncode == 0, done.stderr
    found = outcomes(tmp_path / "map.db")
    assert found[site("/keep/1")] == "fetched"
    assert found[site("/keep/skip")] == found[site("/other")] == "excluded"
    assert {hit.headers["User-Agent"] for hit in site.log} == {"mapper/2"}
    assert rows(tmp_path / "map.db", "SELECT detail FROM page WHERE url = ?", site("/other")) == [
        ("matches no --include",)
    ]


def test_contact_stands_in_the_user_agent(run: Run, site: Site) -> None:
    site.pages = {"/": "home"}
    run("crawl", site("/"), *FAST, "--contact", "https://example.org/bot", "--db", "own.db")
    run("crawl", site("/"), *FAST, "--contact", "me@example.org", "--user-agent", "mapper/2", "--db", "other.db")
    assert {hit.headers["User-Agent"] for hit in site.log} == {
        f"linkmap/{__version__} (+https://example.org/bot)",
        "mapper/2 (+me@example.org)",
    }


@pytest.mark.parametrize(
    ("scope", "fetched"),
    [("page", {"/docs/a"}), ("prefix", {"/docs/a", "/docs/b"}), ("host", {"/docs/a", "/docs/b", "/top"})],
)
def test_scope_says_how_far_the_crawl_goes(run: Run, site: Site, tmp_path: Path, scope: str, fetched: set[str]) -> None:
    site.pages = {"/docs/a": '<a href="b">b</a><a href="/top">t</a>', "/docs/b": "b", "/top": "t"}
    run("crawl", site("/docs/a"), *FAST, "--scope", scope)
    assert {url for url, outcome in outcomes(tmp_path / "map.db").items() if outcome == "fetched"} == {
        site(path) for path in fetched
    }


def test_max_bytes_cuts_a_body_and_keeps_the_links_before(run: Run, site: Site, tmp_path: Path) -> None:
    site.pages = {"/": '<a href="/a">a</a>' + "x" * 5000 + '<a href="/late">late</a>', "/a": "a"}
    run("crawl", site("/"), *FAST, "--max-bytes", "2K")
    assert set(outcomes(tmp_path / "map.db")) == {site("/"), site("/a")}
    assert rows(
        tmp_path / "map.db", "SELECT bytes, cut FROM capture JOIN page ON page.id = page WHERE url = ?", site("/")
    ) == [(2048, 1)]


def test_timeout_is_for_the_whole_exchange(run: Run, site: Site, tmp_path: Path) -> None:
    site.pages = {"/": '<a href="/slow">s</a>', "/slow": Answer("late", delay_s=5)}
    run("crawl", site("/"), *FAST, "--timeout", "0.3")
    assert outcomes(tmp_path / "map.db")[site("/slow")] == "timeout"


def test_resolve_and_concurrency_and_per_host(run: Run, site: Site, tmp_path: Path) -> None:
    site.pages = {"//one.test/": "one", "//two.test/": "two"}
    port = site.port
    done = run(
        "crawl", f"http://one.test:{port}/", f"http://two.test:{port}/", *FAST, "--concurrency", "2", "--per-host", "2",
        "--resolve", f"one.test:{port}:127.0.0.1", "--resolve", f"two.test:{port}:127.0.0.1",
    )  # fmt: skip
    assert done.returncode == 0
    assert set(outcomes(tmp_path / "map.db").values()) == {"fetched"}


def test_status_prints_the_accounting_by_state_outcome_and_host(run: Run, site: Site, tmp_path: Path) -> None:
    site.pages = {"/": '<a href="/dead">d</a><a href="http://elsewhere.test/">e</a>'}
    run("crawl", site("/"), *FAST)
    told = run("status").stdout
    assert "discovered 3 = pending 0 + done 1 + failed 1 + excluded 1" in told
    assert [line.split() for line in told.splitlines() if line.startswith("  ")] == [
        ["done", "fetched", "1"],
        ["failed", "client_error", "1"],
        ["excluded", "off_scope", "1"],
    ]
    assert "and robots.txt files and sitemaps: 1 client_error" in told
    assert ["127.0.0.1", "0", "1", "1", "0"] in [line.split() for line in told.splitlines()]
    check_accounting(tmp_path / "map.db")


def test_a_resumed_crawl_takes_no_other_options_and_says_so(run: Run, site: Site) -> None:
    site.pages = {"/": "home"}
    run("crawl", site("/"), *FAST)
    for option in (("--depth", "9"), ("--scope", "any"), ("--no-robots",)):
        done = run("crawl", "--resume", *option)
        assert done.returncode == 2
        assert option[0].removeprefix("--no-").removeprefix("--") in done.stderr
        assert "--add" in done.stderr
    assert run("crawl", "--resume", "--concurrency", "3").returncode == 0
    assert run("crawl", "--resume", "--depth", "3").returncode == 0


@pytest.mark.parametrize("command", ["status", "query in_degree", "links x", "path x y", "rank", "export m.graphml"])
def test_a_missing_map_is_a_sentence(run: Run, tmp_path: Path, command: str) -> None:
    done = run(*command.split(), "--db", "none.db")
    assert done.returncode == 1
    assert "no map at none.db" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_map_and_a_folder_are_sentences(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("not a database, and long enough to be taken for one? " * 40)
    (tmp_path / "folder").mkdir()
    for arguments in (("status",), ("crawl", "http://127.0.0.1:9/"), ("query", "in_degree"), ("rank",)):
        done = run(*arguments, "--db", "text.db")
        assert done.returncode == 1
        assert "is not a linkmap map" in done.stderr
        assert "is a folder" in run(*arguments, "--db", "folder").stderr
    assert (tmp_path / "text.db").read_text().startswith("not a database")


@pytest.mark.parametrize("command", ["status", "crawl http://127.0.0.1:9/", "rank", "export m.csv"])
def test_what_stands_where_a_map_should_is_told_in_a_sentence(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    for name, said in (("", "is a folder"), (".", "is a folder"), ("/", "is a folder"), ("pipe", "is no regular file")):
        done = run(*command.split(), "--db", name)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert said in done.stderr
    done = run(*command.split(), "--db", "loop")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("Error: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["loop", "pipe"]


def test_a_map_may_have_a_name_that_looks_like_a_uri(run: Run, site: Site, tmp_path: Path) -> None:
    site.pages = {"/": "well"}
    name = "file:x.db?mode=memory"
    assert run("crawl", site("/"), "--allow-private", "--delay", "0", "--db", name).returncode == 0
    assert "discovered 1 = pending 0 + done 1" in run("status", "--db", name).stdout
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use cannot be removed")
def test_a_folder_that_was_removed_is_called_that(tmp_path: Path) -> None:
    leave = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    words = ["sh", "-c", leave, "sh", *command("crawl", "http://127.0.0.1:9/")]
    surroundings = environment() | {"PYTHONPATH": str(ROOT)}  # Python itself ends where a relative path stands in it
    done = subprocess.run(words, cwd=tmp_path, env=surroundings, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "the folder that you are in was removed; go to another" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no shell that closes a stream")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_streams_that_the_shell_closed_lead_to_nowhere(site: Site, tmp_path: Path, closed: str) -> None:
    site.pages = {"/": '<a href="/a">a</a>', "/a": "a"}
    crawl = command("crawl", site("/"), "--allow-private", "--delay", "0")
    for words in (crawl, command("status"), command("query", "in_degree")):
        shell = ["sh", "-c", f'exec "$@" {closed}', "sh", *words]
        done = subprocess.run(shell, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done
        assert "Traceback" not in done.stderr
    assert set(outcomes(tmp_path / "map.db").values()) == {"fetched"}

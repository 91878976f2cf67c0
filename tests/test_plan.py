"""`linkmap plan`: what a crawl would ask for, counted by hand and held against the crawl, asking for no page."""

import json
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from conftest import Answer, Site
from maps import ROOT, command, environment, linkmap
from test_sitemaps import TEXT, index, urlset

from linkmap.estimates import (
    BYTES_OF_A_CAPTURE,
    BYTES_OF_A_DEGREE,
    BYTES_OF_A_LINK,
    BYTES_OF_A_PAGE,
    HostLoad,
    MapSize,
    seconds_a_request,
    seconds_of,
)
from linkmap.robots import bites_of, disallow_lines

Plan = Callable[..., CompletedProcess[str]]


@pytest.fixture
def plan(site: Site, tmp_path: Path) -> Plan:
    """Run `linkmap plan`, a.test and b.test being this site; it leaves no file."""

    def run(*arguments: object) -> CompletedProcess[str]:
        before = sorted(tmp_path.iterdir())
        done = linkmap("plan", *arguments, *reaching(site), cwd=tmp_path)
        assert "Traceback" not in done.stderr
        assert sorted(tmp_path.iterdir()) == before
        return done

    return run


def reaching(site: Site) -> list[str]:
    """The options by which a.test and b.test are this site."""
    names = ("a.test", "b.test")
    return ["--allow-private", *(word for name in names for word in ("--resolve", f"{name}:{site.port}:127.0.0.1"))]


def told(done: CompletedProcess[str]) -> Any:
    """The object that --json printed."""
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def two_hosts(site: Site) -> tuple[str, str]:
    """a.test with rules, a delay and sitemaps; b.test without a robots.txt. Gives where they are."""
    a, b = f"http://a.test:{site.port}", f"http://b.test:{site.port}"
    rules = "Disallow: /no # secret\nDisallow: /no/deep\nDisallow: /unused\nAllow: /no/but\nCrawl-delay: 0.05\n"
    listed = [f"{a}/p{number}" for number in range(20)] + [f"{a}/no/deep/1", f"{a}/no/but", f"{b}/q", "http://c.test/"]
    site.pages = {
        "//a.test/robots.txt": Answer(
            f"User-agent: you\nDisallow: /\n\nUser-agent: *\n{rules}Sitemap: {a}/index.xml\n"
        ),
        "//a.test/": "<a href=/x>x</a><a href=/no/1>1</a><a href=/no/2>2</a><a href=http://c.test/>c</a>",
        "//a.test/index.xml": index(f"{a}/one.xml", f"{a}/gone.xml", f"{a}/no/two.xml"),
        "//a.test/one.xml": urlset(*(f"<loc>{url}</loc>" for url in listed)),
        "//b.test/": "<p>no links",
    }
    return a, b


def asked(site: Site) -> list[str]:
    """Host and path of every request, sorted, robots.txt included."""
    return sorted(hit.host.partition(":")[0] + hit.path for hit in site.log)


def test_each_host_is_counted_as_by_hand(site: Site, plan: Plan) -> None:
    a, b = two_hosts(site)
    found = told(plan(f"{a}/", f"{b}/", "--delay", "0.02", "--json"))
    first, second = found["hosts"]
    seconds, hours = first.pop("seconds"), first.pop("hours")
    assert first == {
        "host": "a.test",
        "robots": [{"url": f"{a}/robots.txt", "state": "rules", "detail": "answered 200"}],
        "delay_s": 0.05,  # Crawl-delay, longer than --delay
        "per_host": 1,
        "sitemaps": 4,  # index, one, gone (404), no/two (denied)
        "sitemaps_read": 2,
        "listed": 24,
        "listed_in_scope": 23,  # not c.test
        "pages": 26,  # /, x, no/1, no/2, p0 to p19, no/deep/1, no/but
        "denied": 3,  # no/1, no/2, no/deep/1
        "unreachable": 0,
        "asked": 5,  # robots.txt, /, index, one, gone
        "requests": 27,  # robots.txt, 3 sitemaps, 26 - 3 pages
        "rules": [{"rule": "Disallow: /no", "forbids": 3}, {"rule": "Disallow: /no/deep", "forbids": 1}],
        "untested": 0,
    }
    assert hours == pytest.approx(27 * (0.05 + seconds) / 3600, abs=0.0001)
    assert (second["host"], second["robots"][0]["state"], second["delay_s"]) == ("b.test", "allow", 0.02)
    assert (second["pages"], second["denied"], second["requests"]) == (2, 0, 3)  # / and q; robots.txt
    assert found["requests"] == 30
    assert found["hours"] == pytest.approx(hours, abs=0.0001), "the slowest host decides"
    # Known: 2 seeds, x, no/1, no/2, c.test; 2 robots.txt, 4 sitemaps; 20 p, no/deep/1, no/but, q.
    assert (found["known_pages"], found["links_per_page"]) == (35, 2.0)  # 4 links and none
    # In the map: 4 of the seeds, 1 of robots.txt, 3 of the index, 24; and 2 for each of the 30 - 7 requests to come.
    assert found["links"] == 32 + 46
    assert found["bytes"] == 35 * (116 + 39) + 30 * 200 + 78 * 40


def test_only_robots_txt_seeds_and_sitemaps_are_asked_for(site: Site, plan: Plan) -> None:
    a, b = two_hosts(site)
    told(plan(f"{a}/", f"{b}/", "--delay", "0", "--json"))
    assert asked(site) == [
        "a.test/", "a.test/gone.xml", "a.test/index.xml", "a.test/one.xml", "a.test/robots.txt",
        "b.test/", "b.test/robots.txt",
    ]  # fmt: skip


def test_the_redirects_of_a_seed_are_followed_and_widen_the_scope_but_a_refresh_is_a_page(
    site: Site, plan: Plan
) -> None:
    a, b = f"http://a.test:{site.port}", f"http://b.test:{site.port}"
    site.pages = {
        "//a.test/": Answer(status=301, headers={"Location": f"{b}/home"}),
        "//b.test/home": "<meta http-equiv=refresh content='0;url=/next'><a href=/linked>l</a>",
    }
    found = told(plan(f"{a}/", "--delay", "0", "--json"))
    assert asked(site) == ["a.test/", "a.test/robots.txt", "b.test/home", "b.test/robots.txt"]
    assert found["widened"] == ["b.test"]
    assert {host["host"]: host["requests"] for host in found["hosts"]} == {"a.test": 2, "b.test": 4}


def test_a_page_that_a_seed_links_to_is_asked_for_where_another_seed_redirects_to_it(site: Site, plan: Plan) -> None:
    site.pages = {
        "/a": "<a href=/b>b</a>",
        "/c": Answer(status=302, headers={"Location": "/b"}),
        "/b": "<a href=/d>d</a>",
    }
    found = told(plan(site("/a"), site("/c"), "--delay", "0", "--json"))
    assert sorted(site.paths()) == ["/a", "/b", "/c"]
    assert found["requests"] == 5  # robots.txt, a, b, c, d


def test_where_sitemaps_list_the_whole_site_a_crawl_makes_just_the_requests_of_its_plan(
    site: Site, plan: Plan, tmp_path: Path
) -> None:
    a, b = two_hosts(site)
    expected = told(plan(f"{a}/", f"{b}/", "--delay", "0", "--json"))
    planned, site.log = len(site.log), []
    done = linkmap("crawl", f"{a}/", f"{b}/", "--delay", "0", *reaching(site), cwd=tmp_path)
    assert done.returncode == 0
    assert len(site.log) == expected["requests"] == 30
    assert planned == 7
    by_host = {host["host"]: host["requests"] for host in expected["hosts"]}
    assert by_host == {name: sum(hit.host.startswith(name) for hit in site.log) for name in ("a.test", "b.test")}


def test_the_plan_is_told_in_words(site: Site, plan: Plan) -> None:
    a, b = two_hosts(site)
    done = plan(f"{a}/", f"{b}/", "--delay", "0.02")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].split() == [
        "host", "robots.txt", "delay", "sitemaps", "listed", "in_scope", "pages", "denied", "requests", "hours",
    ]  # fmt: skip
    assert lines[2].split() == ["a.test", "rules", "0.05", "2", "of", "4", "24", "23", "26", "3", "27", "0"]
    assert lines[3].split() == ["b.test", "allow", "0.02", "none", "0", "0", "2", "0", "3", "0"]
    assert "2 hosts, 30 requests expected." in lines
    assert "Disk: about 15 kB, with 2 links on a page, as on the seeds." in lines
    start = lines.index("robots.txt rules that bite, with how many known pages and sitemaps each forbids:")
    assert [line.split() for line in lines[start + 1 : start + 4]] == [
        ["a.test"], ["3", "Disallow:", "/no"], ["1", "Disallow:", "/no/deep"],
    ]  # fmt: skip
    assert "lower bound" in lines[-1]


def test_budgets_bound_what_is_expected(site: Site, plan: Plan) -> None:
    a, b = two_hosts(site)
    seeds = (f"{a}/", f"{b}/", "--delay", "0", "--json")
    found = told(plan(*seeds, "--max-pages-per-host", "10"))
    assert [(host["host"], host["requests"]) for host in sorted(found["hosts"], key=lambda host: host["host"])] == [
        ("a.test", 11), ("b.test", 3),
    ]  # fmt: skip
    assert (found["requests"], found["cut_by"]) == (14, None)
    found = told(plan(*seeds, "--max-pages", "20"))
    assert (found["requests"], found["cut_by"]) == (22, "--max-pages 20")  # 20 answers and two robots.txt


def test_a_plan_takes_up_the_options_and_host_rules_of_the_crawl_from_the_file(
    site: Site, plan: Plan, tmp_path: Path
) -> None:
    a, b = two_hosts(site)
    (tmp_path / "linkmap.toml").write_text(
        '[crawl]\ndelay = 0.01\nmax-pages = 20\nmax_time = "2h"\ndb = "x.db"\n[plan]\nmax_pages = 0\n'
        '[host."a.test"]\nrobots = false\n[host."b.test"]\ndelay = 0.03\nmax-pages = 1\n'
    )
    found = told(plan(f"{a}/", f"{b}/", "--json"))
    first, second = sorted(found["hosts"], key=lambda host: str(host["host"]))
    assert (first["robots"][0]["state"], first["delay_s"], first["denied"]) == ("off", 0.01, 0)
    assert (second["delay_s"], second["requests"]) == (0.03, 2)  # robots.txt and one page
    assert found["cut_by"] is None


@pytest.mark.parametrize(
    ("options", "pages", "requests"),
    [
        (("--no-sitemaps",), 4, 3),  # /, x, no/1, no/2; robots.txt, /, x
        (("--depth", "0"), 1, 2),
        (("--scope", "page"), 1, 2),
        (("--no-robots",), 4, 4),  # no sitemap is known without robots.txt
        (("--exclude", "/p[0-9]", "--exclude", "no"), 2, 6),  # / and x; robots.txt, index, one, gone
        (("--check", "external"), 26, 27),  # and c.test, whose robots.txt was not read
    ],
)
def test_what_the_crawl_would_leave_out_is_left_out(
    site: Site, plan: Plan, options: tuple[str, ...], pages: int, requests: int
) -> None:
    a, _ = two_hosts(site)
    found = told(plan(f"{a}/", "--delay", "0", *options, "--json"))
    hosts = {host["host"]: host for host in found["hosts"]}
    assert (hosts["a.test"]["pages"], hosts["a.test"]["requests"]) == (pages, requests)
    if "external" in options:
        # One link of the seed and one entry of the sitemap, each after its robots.txt.
        assert {name: host["requests"] for name, host in hosts.items()} == {"a.test": 27, "b.test": 2, "c.test": 2}
        assert hosts["c.test"]["robots"] == [{"url": "http://c.test/robots.txt", "state": "unread", "detail": None}]
        assert not any(hit.host.startswith("b.test") for hit in site.log)


def test_a_robots_txt_that_cannot_be_had_is_said_and_nothing_is_expected_there(site: Site, plan: Plan) -> None:
    site.pages = {"/robots.txt": Answer(status=429, headers={"Retry-After": "0"}), "/": "home"}
    done = plan(site("/"), "--delay", "0")
    assert done.returncode == 1
    assert site.paths() == []
    assert "Not one seed could be fetched." in done.stdout
    assert "/robots.txt: robots_unreachable: robots.txt: answered 429" in done.stdout
    assert re.search(r"1  all: it cannot be asked what it allows", done.stdout)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no seed"),
        (("mailto:x@y.test",), "no valid seed"),
        (("http://a.test/", "--delay", "-1"), "--delay"),
        (("http://a.test/", "--include", "("), "--include"),
        (("http://a.test/", "--ca-file", "none.pem"), "none.pem"),
        (("--seeds", "none.txt"), "none.txt"),
        (("http://a.test/", "--db", "map.db"), "--db"),
    ],
)
def test_bad_input_is_refused_in_words(site: Site, plan: Plan, arguments: tuple[str, ...], said: str) -> None:
    done = plan(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert site.log == []


def test_hostile_rules_and_hosts_are_shown_as_escapes(site: Site, plan: Plan) -> None:
    site.pages = {"/robots.txt": Answer("User-agent: *\nDisallow: /n\x1b[2J\nDisallow: /n*\u202e\n", headers=TEXT)}
    site.pages["/"] = "<a href='/n%1B[2J'>n</a><a href='/n%E2%80%AE'>m</a>"
    done = plan(site("/"), "--delay", "0")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


def test_of_very_many_forbidden_urls_some_from_everywhere_are_held_against_the_rules(site: Site, plan: Plan) -> None:
    listed = [*(f"/one/{number}" for number in range(3_000)), *(f"/two/{number}" for number in range(1_500))]
    site.pages = {
        "/robots.txt": Answer(
            f"User-agent: *\nDisallow: /one\nDisallow: /two\nSitemap: {site('/s.xml')}\n", headers=TEXT
        ),
        "/": "home",
        "/s.xml": urlset(*(f"<loc>{site(path)}</loc>" for path in listed)),
    }
    (host,) = told(plan(site("/"), "--delay", "0", "--json"))["hosts"]
    # 2,000 are the most, so every third is taken.
    assert host["rules"] == [{"rule": "Disallow: /one", "forbids": 1_000}, {"rule": "Disallow: /two", "forbids": 500}]
    assert (host["denied"], host["untested"]) == (4_500, 3_000)


def test_ctrl_c_ends_a_plan_with_what_is_known_by_then(site: Site, tmp_path: Path) -> None:
    names = [site(f"/{number}.xml") for number in range(500)]
    site.pages = {
        "/robots.txt": Answer(f"Sitemap: {site('/index.xml')}\n", headers=TEXT),
        "/": "home",
        "/index.xml": index(*names),
    }
    words = command("plan", site("/"), "--allow-private", "--delay", "0.2", "--json")
    running = subprocess.Popen(
        words, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not any(hit.path.endswith("0.xml") for hit in list(site.log)):
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    out, said = running.communicate(timeout=30)
    found = json.loads(out)
    assert running.returncode == 0
    assert "Stopping" in said
    assert found["stopped"] is True
    assert found["requests"] == 503  # robots.txt, the seed, the index and all it names


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("User-agent: *\nDisallow: /a\nAllow: /b\nDisallow:\n", ["Disallow: /a"]),
        ("User-agent: *\nDisallow: /a\n\nUser-agent: linkmap\nDisallow: /b # why\n", ["Disallow: /b"]),
        ("User-agent: linkmap/1.0\nUser-agent: you\nDisallow: /a\n", ["Disallow: /a"]),
        ("User-agent: you\nDisallow: /a\nUser-agent: *\ndisallow:/b\n", ["disallow:/b"]),
        (
            "User-agent: *\nDisallow: /a\nUser-agent: you\nDisallow: /b\nUser-agent: *\nDisallow: /c",
            ["Disallow: /a", "Disallow: /c"],
        ),
        ("User-agent: linkmap\nAllow: /\nUser-agent: *\nDisallow: /a", []),
        ("Disallow: /of-nobody\n", []),
        ("", []),
    ],
)
def test_the_lines_of_the_group_that_holds(text: str, lines: list[str]) -> None:
    assert disallow_lines(text, "linkmap/0.1.0 (+x)") == lines


def test_the_longest_line_that_forbids_a_url_is_the_one_that_bites() -> None:
    text = "User-agent: *\nDisallow: /a\nDisallow: /a/b\nDisallow: /*.pdf$\n"
    urls = [f"http://a.test{path}" for path in ("/a", "/a/c", "/a/b/1", "/x.pdf", "/elsewhere")]
    found = bites_of(text, "linkmap", urls)
    assert found.rules == {"Disallow: /a": 2, "Disallow: /a/b": 1, "Disallow: /*.pdf$": 1}
    assert (found.tested, found.untested) == (4, 1)


def test_no_more_than_two_hundred_lines_are_held_against_a_url() -> None:
    text = "User-agent: *\n" + "".join(f"Disallow: /{number}/\n" for number in range(300))
    found = bites_of(text, "linkmap", ["http://a.test/199/", "http://a.test/200/"])
    assert (found.rules, found.untested) == ({"Disallow: /199/": 1}, 1)


@pytest.mark.parametrize(
    ("delay_s", "per_host", "answer_s", "seconds"),
    [(1.0, 1, 0.25, 1.25), (1.0, 4, 0.25, 1.25), (0.0, 1, 0.25, 0.25), (0.0, 5, 0.25, 0.05)],
)
def test_the_seconds_that_a_request_takes(delay_s: float, per_host: int, answer_s: float, seconds: float) -> None:
    assert seconds_a_request(delay_s, per_host, answer_s) == seconds


SLOW, QUICK = HostLoad(100, 200.0, 0.5), HostLoad(100, 100.0, 0.5)


@pytest.mark.parametrize(
    ("loads", "requests", "connections", "seconds", "why"),
    [
        ([SLOW, QUICK], 200, 256, 200.0, "the slowest host decides"),
        ([SLOW, QUICK], 75, 256, 50.0, "1.5 a second while both are asked"),
        ([SLOW, QUICK], 175, 256, 150.0, "150 in 100 s, then one in two seconds"),
        ([SLOW, QUICK], 200, 1, 200.0, "100 s of answers leave one connection idle for half of the time"),
        ([SLOW] * 40, 4_000, 4, 500.0, "2,000 s of answers over four connections"),
        ([HostLoad(5, 0.0, 0.0)], 5, 1, 0.0, "no answer, no delay"),
        ([], 0, 1, 0.0, "nothing to ask"),
    ],
)
def test_the_time_of_all_hosts(
    loads: list[HostLoad], requests: int, connections: int, seconds: float, why: str
) -> None:
    assert seconds_of(loads, requests, connections) == pytest.approx(seconds), why


def test_the_size_of_rows_is_the_one_that_was_measured() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| (\d+) bytes", (ROOT / "docs/store.md").read_text(), re.MULTILINE))
    assert {name: int(number) for name, number in told.items()} == {
        "link": BYTES_OF_A_LINK, "page": BYTES_OF_A_PAGE, "capture": BYTES_OF_A_CAPTURE, "degree": BYTES_OF_A_DEGREE,
    }  # fmt: skip
    assert MapSize(pages=2, captures=1, links=3, links_per_page=3.0).bytes == 2 * (116 + 39) + 200 + 3 * 40

"""Rules for single hosts: which holds, and what a real server sees of them."""

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from conftest import Hit, Site
from maps import check_accounting, linkmap, outcomes, rows

from linkmap.errors import UsageError
from linkmap.hosts import HostRule, HostRules
from linkmap.settings import Settings

SECRET = "s3cret-value"
NAMES = ("a.test", "b.test", "www.b.test")


@pytest.fixture
def options(site: Site) -> tuple[object, ...]:
    """Seeds and options: three hosts of one server, each with four pages and a robots.txt."""
    for host in NAMES:
        site.pages[f"//{host}/"] = "".join(f'<a href="/{number}">{number}</a>' for number in range(3))
        site.pages |= {f"//{host}/{number}": "page" for number in range(3)}
        site.pages[f"//{host}/robots.txt"] = "User-agent: *\nDisallow: /2\n"
    seeds = [f"http://{host}:{site.port}/" for host in NAMES]
    resolve = [word for host in NAMES for word in ("--resolve", f"{host}:{site.port}:127.0.0.1")]
    return (*seeds, "--allow-private", *resolve)


def of(site: Site, host: str) -> list[Hit]:
    return [hit for hit in site.log if hit.host == f"{host}:{site.port}"]


def paths(site: Site, host: str) -> list[str]:
    return sorted(hit.path for hit in of(site, host))


def gaps(hits: list[Hit]) -> list[float]:
    """Seconds from the end of each answer to the start of the next request."""
    ordered = sorted(hits, key=lambda hit: hit.began)
    return [after.began - before.ended for before, after in pairwise(ordered)]


@pytest.mark.parametrize(
    ("host", "expected", "reason"),
    [
        ("a.test", (1.0, 5), "the host's own rule, and the rest from the one for all below test"),
        ("x.a.test", (2.0, 5), "a star is for what lies below, and the longest wins"),
        ("y.x.a.test", (2.0, 5), "however far below"),
        ("b.test", (None, 5), "only the shortest star"),
        ("xa.test", (None, 5), "whole labels only"),
        ("a.test.example", (None, None), "the end of a name counts"),
        ("[::1]", (9.0, None), "an address"),
    ],
)
def test_the_most_specific_rule_holds_field_by_field(host: str, expected: tuple[Any, Any], reason: str) -> None:
    rules = HostRules(
        [
            HostRule("*.test", per_host=5),
            HostRule("a.test", delay_s=1.0),
            HostRule("*.a.test", delay_s=2.0),
            HostRule("[::1]", delay_s=9.0),
        ]
    )
    found = rules.rule(host)
    assert (found and found.delay_s, found and found.per_host) == expected, reason


def test_a_rule_is_kept_under_the_name_that_urls_have() -> None:
    assert HostRule("BÜCHER.example").host == "xn--bcher-kva.example"
    assert HostRule("*.A.test").host == "*.a.test"


@pytest.mark.parametrize("wrong", ["", "*", "*.", "a.test:80", "http://a.test", "a.*.test", "*.127.0.0.1", "a test"])
def test_what_is_no_host_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError, match="is no host"):
        HostRule(wrong)


def test_rules_are_stored_in_one_order_and_without_secrets() -> None:
    one, two = HostRule("a.test", robots=False), HostRule("b.test", max_pages=1)
    assert Settings(hosts=(two, one)) == Settings(hosts=(one, two))
    with pytest.raises(UsageError, match=r"two rules for a\.test"):
        Settings(hosts=(one, HostRule("A.test", delay_s=1)))


def test_a_rule_makes_the_delay_of_its_hosts_longer_or_shorter(
    site: Site, options: tuple[object, ...], tmp_path: Path
) -> None:
    (tmp_path / "linkmap.toml").write_text(
        '[crawl]\ndelay = 600\n[host."a.test"]\ndelay = 0\n[host."*.test"]\ndelay = 0.2\n'
    )
    assert linkmap("crawl", *options, cwd=tmp_path).returncode == 0, "nobody waited 600 seconds"
    for host in NAMES:
        assert len(of(site, host)) == 4
    assert min(gaps(of(site, "b.test")) + gaps(of(site, "www.b.test"))) >= 0.2


def test_a_crawl_delay_holds_where_robots_txt_is_obeyed_and_a_shorter_rule_does_not_lift_it(
    site: Site, options: tuple[object, ...], tmp_path: Path
) -> None:
    site.pages["//a.test/robots.txt"] = "User-agent: *\nCrawl-delay: 600\n"
    site.pages["//b.test/robots.txt"] = "User-agent: *\nCrawl-delay: 0.3\n"
    (tmp_path / "linkmap.toml").write_text(
        '[host."*.test"]\ndelay = 0\n[host."a.test"]\nrobots = false\n[host."b.test"]\nrobots = true\n'
    )
    assert linkmap("crawl", *options, "--depth", "1", cwd=tmp_path).returncode == 0
    assert paths(site, "a.test") == ["/", "/0", "/1", "/2"], "no robots.txt"
    assert min(gaps(of(site, "b.test"))) >= 0.3


def test_robots_txt_is_obeyed_where_the_rule_of_the_host_says_so(
    site: Site, options: tuple[object, ...], tmp_path: Path
) -> None:
    (tmp_path / "linkmap.toml").write_text('[crawl]\nrobots = false\ndelay = 0\n[host."*.b.test"]\nrobots = true\n')
    linkmap("crawl", *options, cwd=tmp_path)
    assert paths(site, "a.test") == paths(site, "b.test") == ["/", "/0", "/1", "/2"]
    assert paths(site, "www.b.test") == ["/", "/0", "/1", "/robots.txt"]
    assert outcomes(tmp_path / "map.db")[f"http://www.b.test:{site.port}/2"] == "robots_denied"


def test_the_connections_of_a_host_are_those_of_its_rule(
    site: Site, options: tuple[object, ...], tmp_path: Path
) -> None:
    together = asyncio.Barrier(2)

    async def both(_: web.Request) -> web.Response:
        async with asyncio.timeout(10):
            await together.wait()
        return web.Response(text="both", content_type="text/html")

    site.pages |= {"//a.test/0": both, "//a.test/1": both}
    (tmp_path / "linkmap.toml").write_text('[crawl]\ndelay = 0\n[host."a.test"]\nper-host = 2\n')
    linkmap("crawl", *options, cwd=tmp_path)
    found = outcomes(tmp_path / "map.db")
    assert [found[f"http://a.test:{site.port}/{number}"] for number in range(2)] == ["fetched", "fetched"]
    assert min(gaps(of(site, "b.test"))) >= 0, "one at a time elsewhere"


def test_a_rule_limits_the_pages_of_its_host(site: Site, options: tuple[object, ...], tmp_path: Path) -> None:
    (tmp_path / "linkmap.toml").write_text(
        "[crawl]\ndelay = 0\nrobots = false\nmax-pages-per-host = 3\n"
        '[host."a.test"]\nmax-pages = 2\n[host."b.test"]\nmax-pages = 0\n'
    )
    done = linkmap("crawl", *options, cwd=tmp_path)
    assert [len(of(site, host)) for host in NAMES] == [2, 4, 3]
    assert "Cut: the max-pages of a host: 3 pages were not fetched." in done.stdout
    assert rows(tmp_path / "map.db", "SELECT DISTINCT detail FROM page WHERE outcome = 35") == [
        ("the max-pages of a host",)
    ]
    check_accounting(tmp_path / "map.db")


def test_rules_are_stored_hold_on_resume_and_are_replaced_by_those_of_the_file_with_add(
    site: Site, options: tuple[object, ...], tmp_path: Path
) -> None:
    file = tmp_path / "linkmap.toml"
    file.write_text('[crawl]\ndelay = 0\nrobots = false\n[host."a.test"]\nmax-pages = 2\n')
    linkmap("crawl", *options, cwd=tmp_path)
    file.write_text('[host."a.test"]\nmax-pages = 1\n')
    assert linkmap("crawl", "--resume", cwd=tmp_path).returncode == 0, "the file is not given anew"
    refused = linkmap("crawl", "--add", cwd=tmp_path)
    assert refused.returncode == 2
    assert "narrow its hosts" in refused.stderr
    file.unlink()
    linkmap("crawl", "--add", cwd=tmp_path)
    assert len(of(site, "a.test")) == 2, "without rules in the file the stored ones hold"
    file.write_text('[host."a.test"]\nmax-pages = 3\n')
    linkmap("crawl", "--add", cwd=tmp_path)
    assert len(of(site, "a.test")) == 3
    stored = "SELECT settings ->> '$.hosts[0].max_pages' FROM run ORDER BY id"
    assert rows(tmp_path / "map.db", stored) == [(2,), (2,), (3,)]


def test_the_secrets_of_a_host_reach_it_alone_and_those_of_the_command_line_win(
    site: Site, options: tuple[object, ...], tmp_path: Path
) -> None:
    (tmp_path / "linkmap.toml").write_text(
        f'[crawl]\ndelay = 0\n[host."a.test"]\nheader = ["X-Key: {SECRET}", "X-Other: {SECRET}"]\n'
        f'auth = ["me:{SECRET}"]\ncookie = ["one={SECRET}", "two=2"]\n'
    )
    done = linkmap("crawl", *options, "--header", "a.test=X-Key:line", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    sent = {
        host: {tuple(hit.headers.get(name) for name in ("X-Key", "X-Other", "Cookie")) for hit in of(site, host)}
        for host in NAMES
    }
    nothing = {(None, None, None)}
    assert sent == {"a.test": {("line", SECRET, f"one={SECRET}; two=2")}, "b.test": nothing, "www.b.test": nothing}
    assert all("Authorization" in hit.headers for hit in of(site, "a.test"))
    assert SECRET.encode() not in (tmp_path / "map.db").read_bytes()
    shown = linkmap("config", cwd=tmp_path).stdout
    assert '[host."a.test"]\n# header, auth and cookie are set 5 times, not shown  # linkmap.toml\n' in shown
    assert SECRET not in shown + done.stdout + done.stderr


def test_hosts_that_no_rule_could_name_do_no_harm(site: Site, tmp_path: Path) -> None:
    odd = ["http://a.*.test/", "http://*/", f"http://{'a.' * 2_000}/", "http://a..b/", "http://[::1]:1/"]
    site.pages = {"/": "".join(f'<a href="{url}">x</a>' for url in odd)}
    (tmp_path / "linkmap.toml").write_text('[crawl]\ndelay = 0\n[host."*.test"]\ndelay = 0\nmax-pages = 1\n')
    done = linkmap("crawl", site("/"), "--allow-private", "--scope", "any", "--no-robots", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(outcomes(tmp_path / "map.db")) == 6


def test_config_prints_the_rules_of_hosts(tmp_path: Path) -> None:
    text = '[host."*.b.test"]\nrobots = false\n\n[host."a.test"]\ndelay = 0.5\nper-host = 2\nmax-pages = 3\n'
    (tmp_path / "linkmap.toml").write_text(text)
    shown = linkmap("config", cwd=tmp_path).stdout
    assert shown.split("\n\n")[1:] == [
        '[host."*.b.test"]\nrobots = false  # linkmap.toml',
        '[host."a.test"]\ndelay = 0.5  # linkmap.toml\nper-host = 2  # linkmap.toml\nmax-pages = 3  # linkmap.toml\n',
    ]
    (tmp_path / "linkmap.toml").write_text(shown)
    assert linkmap("config", cwd=tmp_path).stdout.splitlines()[-3:] == [
        "delay = 0.5  # linkmap.toml", "per-host = 2  # linkmap.toml", "max-pages = 3  # linkmap.toml",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[host."a.test"]\ndealy = 1', '[host."a.test"] dealy is not an option of a host: the nearest is delay'),
        ('[host."a.test"]\ndelay = "1"', '[host."a.test"] delay must be a number'),
        ('[host."a.test"]\ndelay = -1', '[host."a.test"] delay: -1'),
        ('[host."a.test"]\ndelay = inf', "finite"),
        ('[host."a.test"]\nper-host = 0', '[host."a.test"] per-host: 0 is not in the range'),
        ('[host."a.test:80"]\ndelay = 1', "'a.test:80' is no host"),
        ("[host.a.test]\ndelay = 1", "a host is a table with its name in quotes"),
        ('host = "a.test"', "host must be a table"),
        ('[host."A.test"]\ndelay = 1\n[host."a.test"]\ndelay = 2', "there are two rules for a.test"),
        (f'[host."*.a.test"]\nheader = ["X: {SECRET}"]', '[host."*.a.test"] header: what is kept secret is for one'),
        (f'[host."a.test"]\nheader = ["{SECRET}"]', '[host."a.test"] header: this takes NAME:VALUE, as in X-Key:1234'),
        (f'[host."a.test"]\nauth = "{SECRET}"', '[host."a.test"] auth must be an array'),
        (
            f'[hosts."a.test"]\nauth = ["{SECRET}"]',
            "[hosts] is not the table of a command or of a host: the nearest is host",
        ),
    ],
)
def test_a_wrong_rule_is_refused_with_its_host_and_key(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "linkmap.toml").write_text(text)
    done = linkmap("crawl", "http://a.test/", cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert SECRET not in done.stderr

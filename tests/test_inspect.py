"""`linkmap inspect`: all that one page says, and that a crawl does with its links what is said there."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from conftest import Answer, Site
from maps import environment, linkmap, rows

from linkmap.model import Document, Link, Visit

Inspect = Callable[..., CompletedProcess[str]]

HOME = """<html lang=en><title>Home</title><meta name=description content="All of it"><base href="/in/">
<link rel=canonical href=/canon><link rel=alternate hreflang=de href=/de><h1>Welcome</h1>
<nav><a href=/a rel="nofollow me">A</a></nav><a href=/private/x>p</a><a href=/#top>top</a><a href=mailto:x@y.test>m</a>
<a href=http://elsewhere.test/>e</a><footer><img src=i.png alt=pic></footer><a href="http://u:p@127.0.0.1:9/x">c</a>
<a href="http://[bad">bad</a><a href=javascript:x>js</a>"""

ROBOTS = Answer("User-agent: *\nDisallow: /private\nCrawl-delay: 2\n", headers={"Content-Type": "text/plain"})


@pytest.fixture
def inspect(tmp_path: Path) -> Inspect:
    """Run `linkmap inspect ... --allow-private` in an empty folder, which it leaves empty."""

    def run(*arguments: object) -> CompletedProcess[str]:
        done = linkmap("inspect", *arguments, "--allow-private", cwd=tmp_path)
        assert "Traceback" not in done.stderr
        assert list(tmp_path.iterdir()) == []
        return done

    return run


def told(done: CompletedProcess[str]) -> Any:
    """The object that --json printed."""
    assert done.stderr == ""
    return json.loads(done.stdout)


def verdicts(found: Any) -> list[tuple[str, str]]:
    """(target, outcome) of each link, in the order of the page."""
    return [(link["target"], link["outcome"]) for link in found["links"]]


def facts(done: CompletedProcess[str]) -> dict[str, str]:
    """Name -> value of the lines before the first table."""
    lines = [line for line in done.stdout.split("\n\n")[0].splitlines() if "  " in line]
    return {name.strip(): value.strip() for name, value in (line.split("  ", 1) for line in lines)}


def test_every_link_stands_there_with_its_evidence_and_what_a_crawl_would_do(site: Site, inspect: Inspect) -> None:
    site.pages = {"/": HOME, "/robots.txt": ROBOTS}
    done = inspect(site("/"), "--json")
    assert done.returncode == 0
    found = told(done)
    evidence = [
        (each["ordinal"], each["kind"], each["rel"], each["region"], each["anchor"], each["credentials"])
        for each in found["links"]
    ]
    assert evidence == [
        (0, "canonical", "canonical", "", "", False),
        (1, "alternate_hreflang", "alternate", "", "", False),
        (2, "a", "me nofollow", "nav", "A", False),
        (3, "a", "", "", "p", False),
        (4, "a", "", "", "top", False),
        (5, "a", "", "", "m", False),
        (6, "a", "", "", "e", False),
        (7, "img", "", "footer", "pic", False),
        (8, "a", "", "", "c", True),
        (9, "a", "", "", "bad", False),
    ]
    assert verdicts(found) == [
        (site("/canon"), "pending"),
        (site("/de"), "pending"),
        (site("/a"), "nofollow"),
        (site("/private/x"), "robots_denied"),
        (site("/"), "fetched"),
        ("mailto:x@y.test", "unsupported_scheme"),
        ("http://elsewhere.test/", "off_scope"),
        (site("/in/i.png"), "kind_not_followed"),
        ("http://127.0.0.1:9/x", "pending"),
        ("http://[bad", "invalid"),
    ]
    assert found["links"][8]["detail"] == "unless http://127.0.0.1:9/robots.txt forbids it"
    assert {"kind": "a", "outcome": "nofollow", "links": 1, "pages": 1} in found["counts"]
    assert sum(group["links"] for group in found["counts"]) == 10
    assert [hit.path for hit in site.log] == ["/robots.txt", "/"]


def test_what_the_page_says_of_itself_is_printed_in_words(site: Site, inspect: Inspect) -> None:
    site.pages = {"/": Answer(HOME, headers={"X-Robots-Tag": "noarchive"}), "/robots.txt": ROBOTS}
    done = inspect(site("/"))
    assert done.returncode == 0
    shown = facts(done)
    del shown["fetched"], shown["seconds"], shown["digest"]
    assert shown == {
        "url": site("/"),
        "outcome": "fetched",
        "status": "200",
        "content type": "text/html",
        "charset": "utf-8 (Content-Type header)",
        "body bytes": str(len(HOME)),
        "title": "Home",
        "description": "All of it",
        "h1": "Welcome",
        "language": "en",
        "base": site("/in/"),
        "inert links": "1",
        "canonical": site("/canon"),
        "alternate": f"de {site('/de')}",
        "robots.txt": f"{site('/robots.txt')} (200) allows this page; Crawl-delay 2 s",
        "robots flags": "noarchive",
    }
    assert "10 links to 10 pages" in done.stdout
    assert "  X-Robots-Tag: noarchive\n" in done.stdout
    assert ["img", "kind_not_followed", "1", "1"] in [line.split() for line in done.stdout.splitlines()]
    assert done.stdout.endswith(
        f"""
Links:
  0  canonical           would be fetched    {site("/canon")}
     rel: canonical
  1  alternate_hreflang  would be fetched    {site("/de")}
     rel: alternate  hreflang: de
  2  a                   nofollow            {site("/a")}
     rel: me nofollow  region: nav  anchor: A
  3  a                   robots_denied       {site("/private/x")}
     anchor: p  detail: robots.txt
  4  a                   fetched             {site("/")}
     anchor: top
  5  a                   unsupported_scheme  mailto:x@y.test
     anchor: m
  6  a                   off_scope           http://elsewhere.test/
     anchor: e
  7  img                 kind_not_followed   {site("/in/i.png")}
     region: footer  anchor: pic
  8  a                   would be fetched    http://127.0.0.1:9/x
     anchor: c  credentials: yes  detail: unless http://127.0.0.1:9/robots.txt forbids it
  9  a                   invalid             http://[bad
     anchor: bad
"""
    )


def test_all_fields_of_answer_document_and_link_are_in_the_object(site: Site, inspect: Inspect) -> None:
    site.pages = {"/": HOME}
    found = told(inspect(site("/"), "--json"))
    assert set(found["hops"][0]["answer"]) == set(Visit._fields)
    assert set(found["document"]) == set(Document._fields)
    evidence = {"ordinal", *Link._fields, "credentials", "no_alt", "outcome", "detail"} - {"flags"}
    assert set(found["links"][0]) == evidence
    assert found["canonical"] == [site("/canon")]
    assert found["alternates"] == [{"hreflang": "de", "target": site("/de")}]


def test_a_crawl_does_with_each_target_what_inspect_says(site: Site, inspect: Inspect, tmp_path: Path) -> None:
    home = HOME.replace("127.0.0.1:9/x", f"127.0.0.1:{site.port}/gone")
    site.pages = {
        "/": home,
        "/robots.txt": Answer("User-agent: *\nDisallow: /private\n", headers={"Content-Type": "text/plain"}),
        "/canon": "c",
        "/old": Answer("", 301, {"Location": "/"}),
    }
    options = ("--exclude", "elsewhere", "--exclude", "/de", "--scope", "host")
    said = dict(verdicts(told(inspect(site("/old"), *options, "--json"))))
    linkmap("crawl", site("/old"), "--delay", "0", "--allow-private", *options, cwd=tmp_path)
    sql = (
        "SELECT target_url, outcome.name FROM links JOIN page ON page.id = target "
        "JOIN outcome ON outcome.id = page.outcome WHERE source_url = ?"
    )
    done = dict(rows(tmp_path / "map.db", sql, site("/")))
    assert (done[site("/canon")], done[site("/gone")]) == ("fetched", "client_error")
    assert done[site("/de")] == "excluded"
    assert said == done | {site("/canon"): "pending", site("/gone"): "pending"}


def test_the_chain_of_redirects_is_shown_hop_by_hop_and_widens_the_scope(site: Site, inspect: Inspect) -> None:
    there = f"http://there.test:{site.port}"
    site.pages = {
        "/old": Answer("", 301, {"Location": "/older"}),
        "/older": Answer("", 302, {"Location": f"{there}/"}),
        "//there.test/": '<a href="/b">b</a>',
    }
    options = ("--resolve", f"there.test:{site.port}:127.0.0.1")
    found = told(inspect(site("/old"), *options, "--json"))
    assert [(hop["url"], hop["answer"]["status"], hop["outcome"]) for hop in found["hops"]] == [
        (site("/old"), 301, "redirect"),
        (site("/older"), 302, "redirect"),
        (f"{there}/", 200, "fetched"),
    ]
    assert ["Location", "/older"] in found["hops"][0]["headers"]
    assert found["hops"][2]["robots"]["url"] == f"{there}/robots.txt"
    assert found["widened"] == ["there.test"]
    assert verdicts(found) == [(f"{there}/b", "pending")]
    shown = inspect(site("/old"), *options).stdout
    assert shown.startswith("hop  status  outcome")
    assert "\nscope         the redirects add there.test\n" in shown


@pytest.mark.parametrize(
    ("location", "outcomes", "detail"),
    [
        ("/", ["redirect_loop"], None),
        ("mailto:x@y.test", ["redirect", "unsupported_scheme"], None),
        ("javascript:x", ["protocol_error"], "redirect to a javascript: URL"),
        ("http://[bad", ["redirect", "invalid"], None),
        ("/gone", ["redirect", "client_error"], None),
    ],
)
def test_a_redirect_that_leads_nowhere_is_exit_code_1(
    site: Site, inspect: Inspect, location: str, outcomes: list[str], detail: str | None
) -> None:
    site.pages = {"/": Answer("", 302, {"Location": location})}
    done = inspect(site("/"), "--json")
    assert done.returncode == 1
    found = told(done)
    assert [hop["outcome"] for hop in found["hops"]] == outcomes
    assert (found["detail"], found["fetched"], found["links"]) == (detail, False, [])
    assert inspect(site("/")).returncode == 1


def test_after_ten_redirects_it_stops_as_a_crawl_does(site: Site, inspect: Inspect) -> None:
    site.pages = {f"/{n}": Answer("", 302, {"Location": f"/{n + 1}"}) for n in range(20)}
    found = told(inspect(site("/0"), "--json"))
    assert [hop["outcome"] for hop in found["hops"]] == ["redirect"] * 10 + ["too_many_redirects", "too_deep"]
    assert found["hops"][11]["answer"] is None
    assert site.paths() == [f"/{n}" for n in range(11)]


def test_a_page_that_robots_txt_forbids_is_not_asked_for_and_the_file_is_shown(site: Site, inspect: Inspect) -> None:
    site.pages = {"/private/x": '<a href="/a">a</a>', "/robots.txt": ROBOTS}
    done = inspect(site("/private/x"))
    assert done.returncode == 1
    assert facts(done) == {
        "url": site("/private/x"),
        "outcome": "robots_denied: robots.txt",
        "robots.txt": f"{site('/robots.txt')} (200) forbids this page; Crawl-delay 2 s",
    }
    assert done.stdout.endswith(
        f"{site('/robots.txt')} says:\n  User-agent: *\n  Disallow: /private\n  Crawl-delay: 2\n"
    )
    assert site.paths() == []
    asked = inspect(site("/private/x"), "--no-robots")
    assert asked.returncode == 0
    assert facts(asked)["robots.txt"] == "not asked for (--no-robots)"
    assert [hit.path for hit in site.log] == ["/robots.txt", "/private/x"]


def test_the_rules_are_read_along_redirects_and_for_the_name_in_the_user_agent(site: Site, inspect: Inspect) -> None:
    site.pages = {
        "/": "home",
        "/robots.txt": Answer("", 301, {"Location": "/rules.txt"}),
        "/rules.txt": Answer("User-agent: mapper\nDisallow: /\n", headers={"Content-Type": "text/plain"}),
    }
    assert facts(inspect(site("/")))["robots.txt"] == f"{site('/rules.txt')} (200) allows this page"
    forbidden = inspect(site("/"), "--user-agent", "mapper/2", "--contact", "me@example.org")
    assert facts(forbidden)["robots.txt"] == f"{site('/rules.txt')} (200) forbids this page"
    assert site.log[-1].headers["User-Agent"] == "mapper/2 (+me@example.org)"


@pytest.mark.parametrize(
    ("status", "words", "code"),
    [
        (404, "(404) holds no rules, so all is allowed", 0),
        (503, "(503) cannot be read, so nothing may be asked for there", 1),
    ],
)
def test_a_robots_txt_that_is_not_there_says_so(
    site: Site, inspect: Inspect, status: int, words: str, code: int
) -> None:
    site.pages = {"/": "home", "/robots.txt": Answer("", status)}
    done = inspect(site("/"))
    assert done.returncode == code
    assert facts(done)["robots.txt"] == f"{site('/robots.txt')} {words}"


def test_a_bare_name_is_tried_with_https_then_http(site: Site, inspect: Inspect) -> None:
    site.pages = {"/": "home"}
    for option in ((), ("--no-robots",)):
        found = told(inspect(f"127.0.0.1:{site.port}", *option, "--json"))
        assert (found["guessed"]["url"], found["guessed"]["outcome"]) == (
            f"https://127.0.0.1:{site.port}/",
            "tls_error",
        )
        assert (found["url"], found["outcome"]) == (site("/"), "fetched")


def test_what_is_no_html_has_its_headers_and_the_links_in_them(site: Site, inspect: Inspect) -> None:
    headers = {"Content-Type": "application/pdf", "Link": "</page>; rel=canonical"}
    site.pages = {"/": Answer(b"%PDF", headers=headers)}
    done = inspect(site("/"), "--json")
    assert done.returncode == 0
    found = told(done)
    assert (found["outcome"], found["canonical"]) == ("not_html", [site("/page")])
    assert ["Link", "</page>; rel=canonical"] in found["hops"][0]["headers"]


def test_private_addresses_are_not_asked_without_leave(site: Site, tmp_path: Path) -> None:
    done = linkmap("inspect", site("/"), cwd=tmp_path)
    assert done.returncode == 1
    assert "private_address: not a public address; --allow-private permits it" in done.stdout
    assert site.log == []


def test_options_of_the_crawl_hold_here_too(site: Site, inspect: Inspect) -> None:
    site.pages = {"/in/": '<a href="/in/a">a</a><a href="/b">b</a>' + "x" * 5000 + '<a href="/late">l</a>'}
    secret = ("--header", "127.0.0.1=X-Key:s3cret", "--cookie", "127.0.0.1=a=1")
    found = told(inspect(site("/in/"), "--scope", "prefix", "--max-bytes", "2K", "--parser", "bs4", *secret, "--json"))
    assert verdicts(found) == [(site("/in/a"), "pending"), (site("/b"), "off_scope")]
    assert found["hops"][0]["answer"]["cut"] is True
    assert (site.log[-1].headers["X-Key"], site.log[-1].headers["Cookie"]) == ("s3cret", "a=1")
    narrowed = told(inspect(site("/in/"), "--include", "/b$", "--json"))
    assert verdicts(narrowed)[:2] == [(site("/in/a"), "excluded"), (site("/b"), "pending")]
    assert narrowed["links"][0]["detail"] == "matches no --include"
    site.pages["/slow"] = Answer("late", delay_s=5)
    assert told(inspect(site("/slow"), "--timeout", "0.3", "--json"))["outcome"] == "timeout"


def test_it_judges_as_the_crawl_in_the_same_folder_would(site: Site, tmp_path: Path) -> None:
    site.pages = {
        "/": '<a href="/a">a</a><a href="/b">b</a><a href="http://localhost:1/">e</a><img src="/i.png">'
        '<a href="http://127.0.0.1:1/">p</a>',
        "/robots.txt": Answer("User-agent: *\nDisallow: /", headers={"Content-Type": "text/plain"}),
    }
    (tmp_path / "linkmap.toml").write_text(
        '[crawl]\nallow-private = true\nexclude = ["/b$"]\ncheck = "external"\nmax-pages = 9\n'
        '[host."127.0.0.1"]\nrobots = false\nheader = ["X-Key: s3cret"]\n'
    )
    found = told(linkmap("inspect", site("/"), "--json", cwd=tmp_path))
    assert [(link["outcome"], link["detail"]) for link in found["links"]] == [
        ("pending", None),
        ("excluded", "--exclude /b$"),
        ("pending", "only checked (--check), unless http://localhost:1/robots.txt forbids it"),
        ("kind_not_followed", None),
        ("pending", None),
    ]
    assert [(hit.path, hit.headers["X-Key"]) for hit in site.log] == [("/", "s3cret")]
    assert "not asked for (robots = false for this host)" in linkmap("inspect", site("/"), cwd=tmp_path).stdout
    (tmp_path / "linkmap.toml").write_text("[crawl]\nallow-private = true\ndepth = 0\nrobots = false\n")
    assert {link["outcome"] for link in told(linkmap("inspect", site("/"), "--json", cwd=tmp_path))["links"]} == {
        "too_deep", "off_scope", "kind_not_followed",
    }  # fmt: skip
    (tmp_path / "linkmap.toml").write_text("[crawl]\ndepth = 0\n[inspect]\ndepth = 1\nallow-private = true\n")
    own = told(linkmap("inspect", site("/"), "--no-robots", "--json", cwd=tmp_path))
    assert verdicts(own)[0] == (site("/a"), "pending")
    (tmp_path / "linkmap.toml").write_text('[crawl]\nproxy = "http://127.0.0.1:1"\n')
    assert "proxy" in told(linkmap("inspect", "http://a.test/", "--no-robots", "--json", cwd=tmp_path))["detail"]


def test_a_long_title_is_cut_in_words_and_whole_in_json(site: Site, inspect: Inspect) -> None:
    title = "t" * 900
    site.pages = {"/": f"<title>{title}</title><meta name=description content={'d' * 300}>"}
    shown = facts(inspect(site("/")))
    assert (shown["title"], shown["description"]) == ("t" * 299 + "\u2026", "d" * 300)
    assert told(inspect(site("/"), "--json"))["document"]["title"] == title


def test_what_the_web_wrote_cannot_steer_the_terminal(site: Site, inspect: Inspect) -> None:
    site.pages = {
        "/": Answer('<title>a\x1b[31m\u202eb</title><a href="/">\x1b]0;x\x07</a>', headers={"X-Bad": "\u202ex"})
    }
    for form in ((), ("--json",)):
        shown = inspect(site("/"), *form).stdout
        assert not set(shown) & set("\x1b\x07\u202e")
        assert "31m" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("mailto:x@y.test",), "'mailto:x@y.test' is not an http or https URL"),
        (("two words",), "'two words'"),
        ((), "URL"),
        (("http://a.test/", "--scope", "domian"), "domian"),
        (("http://a.test/", "--exclude", "("), "--exclude '('"),
        (("http://a.test/", "--ca-file", "missing.pem"), "missing.pem"),
        (("http://a.test/", "--depth", "x"), "--depth"),
    ],
)
def test_wrong_use_is_a_sentence_and_exit_code_2(inspect: Inspect, arguments: tuple[str, ...], words: str) -> None:
    done = inspect(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stdout == ""


def test_insecure_is_said(site: Site, inspect: Inspect) -> None:
    site.pages = {"/": "home"}
    assert "no TLS certificate is verified" in inspect(site("/"), "--insecure").stderr


def test_a_reader_that_leaves_early_is_no_error(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": "".join(f'<a href="/{n}">{"x" * 200}</a>' for n in range(5_000))}
    words = f"{sys.executable} -m linkmap inspect {site('/')} --allow-private | head -n 1"
    done = subprocess.run(["bash", "-c", words], cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr) == (["url", site("/")], "")


@pytest.mark.parametrize(
    ("words", "unwanted"),
    [
        ("--help", {"aiohttp", "aiosqlite", "rich", "ada_url", "linkmap.settings", "linkmap.inspecting"}),
        ("inspect --help", {"aiohttp", "aiosqlite", "rich", "numpy", "networkx", "linkmap.inspecting"}),
    ],
)
def test_help_imports_only_what_it_needs(words: str, unwanted: set[str], tmp_path: Path) -> None:
    script = (
        "import sys; from linkmap.cli import linkmap; sys.argv[1:] = sys.argv[1].split()\n"
        "linkmap(prog_name='linkmap', standalone_mode=False)\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, words], cwd=tmp_path, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Usage: linkmap" in done.stdout
    assert not unwanted & set(done.stderr.split())


def test_of_a_long_robots_txt_the_beginning_is_shown(site: Site, inspect: Inspect) -> None:
    text = "User-agent: *\nDisallow: /\n" + "".join(f"# {n} {'x' * 300}\n" for n in range(3, 53))
    site.pages = {"/robots.txt": Answer(text, headers={"Content-Type": "text/plain"})}
    shown = inspect(site("/")).stdout
    assert "  # 40 xxx" in shown
    assert "# 41" not in shown
    assert shown.endswith("  ... and 12 more lines\n")
    assert max(map(len, shown.splitlines())) == 202
    assert told(inspect(site("/"), "--json"))["hops"][0]["robots"]["text"] == text

"""What a crawl fetches, records and leaves, on a real server; the accounting law is checked on every map."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import Answer, Site
from maps import check_accounting, graph, outcomes, rows

from linkmap.errors import LinkmapError, UsageError
from linkmap.runs import CrawlResult, crawl
from linkmap.scope import ScopeName
from linkmap.settings import Settings

Crawled = Callable[..., CrawlResult]


class HttpOnly:
    """A server that answers every request over http, and keeps still while a TLS handshake waits."""

    def __enter__(self) -> int:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        port: int = self._socket.getsockname()[1]
        return port

    def __exit__(self, *exception: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)  # which ends the wait for a connection; to close it does not
        self._thread.join(10)
        self._socket.close()

    def _serve(self) -> None:
        kept: list[socket.socket] = []  # connections that are left waiting
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                for connection in kept:
                    connection.close()
                return
            if connection.recv(3, socket.MSG_PEEK) == b"GET":
                connection.recv(4096)
                body = (
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\nConnection: close\r\n\r\nhome"
                )
                connection.sendall(body)
                connection.close()
            else:
                kept.append(connection)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "map.db"


@pytest.fixture
def crawled(db: Path) -> Crawled:
    """Crawl at once and check the accounting: `crawled(*seeds, depth=..., resume=...)`."""

    def run(*seeds: str, resume: bool = False, add: bool = False, **options: object) -> CrawlResult:
        settings = Settings(**{"delay_s": 0.0, "allow_private": True, **options})  # type: ignore[arg-type]
        result = asyncio.run(crawl(list(seeds), db, settings, resume=resume, add=add))
        check_accounting(db)
        return result

    return run


def redirect(target: str, status: int = 302) -> Answer:
    return Answer(status=status, headers={"Location": target})


def test_every_link_found_is_recorded_and_only_those_in_scope_are_fetched(
    site: Site, db: Path, crawled: Crawled
) -> None:
    site.pages = {
        "/": '<a href="/in">in</a><a href="http://elsewhere.test/">out</a><a href="mailto:a@b.c">mail</a>'
        '<a href="http://exa mple/">bad</a><a href="javascript:void 0">js</a>',
        "/in": "end",
    }
    crawled(site("/"))
    assert outcomes(db) == {
        site("/"): "fetched",
        site("/in"): "fetched",
        "http://elsewhere.test/": "off_scope",
        "mailto:a@b.c": "unsupported_scheme",
        "http://exa mple/": "invalid",
    }
    assert rows(db, "SELECT inert_links FROM capture JOIN page ON page.id = page WHERE url = ?", site("/")) == [(1,)]


def test_a_link_keeps_its_kind_rel_region_anchor_and_order(site: Site, db: Path, crawled: Crawled) -> None:
    site.pages = {
        "/": '<base href="/sub/"><nav><a href="x" rel="Nofollow  UGC">One  <b>two</b></a></nav>'
        '<main><article><a href="/y#part">Y</a></article><iframe src="/f" title="Frame"></iframe></main>'
        '<map><area href="/z" alt="Zed"></map><a href="#top">top</a>'
    }
    crawled(site("/"))
    found = rows(db, "SELECT ordinal, target_url, kind, rel, region, anchor FROM links ORDER BY ordinal")
    assert found == [
        (0, site("/sub/x"), "a", "nofollow ugc", "nav", "One two"),
        (1, site("/y"), "a", "", "article", "Y"),
        (2, site("/f"), "iframe", "", "main", "Frame"),
        (3, site("/z"), "area", "", "", "Zed"),
        (4, site("/sub/"), "a", "", "", "top"),
    ]


def test_each_hop_of_a_redirect_is_a_page_and_an_edge(site: Site, db: Path, crawled: Crawled) -> None:
    site.pages = {
        "/": '<a href="/one">1</a>',
        "/one": redirect("/two", 301),
        "/two": redirect("three", 307),
        "/three": "end",
    }
    crawled(site("/"), depth=1)
    assert outcomes(db)[site("/one")] == "redirect"
    assert rows(db, "SELECT source_url, target_url, kind FROM links WHERE kind = 'redirect' ORDER BY source") == [
        (site("/one"), site("/two"), "redirect"),
        (site("/two"), site("/three"), "redirect"),
    ]
    # Redirects cost no depth: the end of the chain is as deep as its start.
    assert dict(rows(db, "SELECT url, depth FROM page WHERE auxiliary = 0"))[site("/three")] == 1
    assert outcomes(db)[site("/three")] == "fetched"


def test_pages_of_a_redirect_loop_are_all_told_and_what_leads_in_is_not(site: Site, db: Path, crawled: Crawled) -> None:
    site.pages = {
        "/": '<a href="/in">in</a><a href="/self">self</a>',
        "/in": redirect("/a"),
        "/a": redirect("/b"),
        "/b": redirect("/c"),
        "/c": redirect("/a"),
        "/self": redirect("/self"),
    }
    crawled(site("/"))
    found = outcomes(db)
    assert {found[site(path)] for path in ("/a", "/b", "/c", "/self")} == {"redirect_loop"}
    assert found[site("/in")] == "redirect"


def test_references_that_are_no_urls_are_invalid_pages_wherever_they_stand(
    site: Site, db: Path, crawled: Crawled
) -> None:
    site.pages = {
        "/robots.txt": redirect("http://[::"),
        "/": '<a href="http://a:b/">a</a><a href="/moved">m</a>',
        "/moved": redirect("http://[::"),
    }
    crawled(site("/"), site("/moved"))
    assert outcomes(db) == {
        site("/"): "fetched",
        site("/moved"): "redirect",
        "http://a:b/": "invalid",
        "http://[::": "invalid",
    }


def test_the_eleventh_redirect_in_a_row_is_not_followed(site: Site, db: Path, crawled: Crawled) -> None:
    site.pages = {"/0": redirect("/1")} | {f"/{n}": redirect(f"/{n + 1}") for n in range(1, 20)}
    crawled(site("/0"))
    found = outcomes(db)
    assert [found[site(f"/{n}")] for n in (0, 9, 10, 11)] == ["redirect", "redirect", "too_many_redirects", "too_deep"]
    assert site("/12") not in found


def test_a_shortcut_that_answers_late_brings_deep_pages_nearer(site: Site, db: Path, crawled: Crawled) -> None:
    # By the fast way /goal is at depth 5, past --depth 3; the slow page /late makes it depth 2.
    site.pages = {
        "/": '<a href="/1">1</a><a href="/late">late</a>',
        "/1": '<a href="/2">2</a>',
        "/2": '<a href="/3">3</a>',
        "/3": '<a href="/4">4</a>',
        "/4": "not fetched before /late answers",
        "/late": Answer('<a href="/3">3</a>', delay_s=0.4),
    }
    crawled(site("/"), per_host=4)
    depths = dict(rows(db, "SELECT url, depth FROM page WHERE auxiliary = 0"))
    assert depths == {site("/"): 0, site("/1"): 1, site("/late"): 1, site("/2"): 2, site("/3"): 2, site("/4"): 3}
    assert outcomes(db)[site("/4")] == "fetched"


def test_nofollow_links_are_recorded_and_not_followed_unless_another_link_is(
    site: Site, db: Path, crawled: Crawled
) -> None:
    site.pages = {
        "/": '<a href="/no" rel="nofollow">no</a><a href="/both" rel="nofollow">no</a><a href="/a">a</a>',
        "/a": '<a href="/both">yes</a>',
        "/both": "end",
        "/no": "never asked for",
    }
    crawled(site("/"))
    assert outcomes(db)[site("/no")] == "nofollow"
    assert outcomes(db)[site("/both")] == "fetched"
    assert "/no" not in site.paths()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "fetched"),
        (204, "not_html"),
        (304, "protocol_error"),
        (302, "protocol_error"),  # no Location
        (401, "blocked"),
        (403, "blocked"),
        (404, "client_error"),
        (410, "client_error"),
        (451, "client_error"),
        (501, "server_error"),
    ],
)
def test_a_status_becomes_an_outcome(site: Site, db: Path, crawled: Crawled, status: int, outcome: str) -> None:
    headers = {"Content-Type": "text/plain"} if status == 204 else {}
    site.pages = {"/": '<a href="/page">p</a>', "/page": Answer("" if status in (204, 304) else "x", status, headers)}
    crawled(site("/"))
    assert outcomes(db)[site("/page")] == outcome


def test_server_errors_are_tried_three_times_and_every_answer_is_kept(site: Site, db: Path, crawled: Crawled) -> None:
    site.pages = {"/": Answer("down", 500)}
    crawled(site("/"), robots=False)
    assert site.paths() == ["/", "/", "/"]
    assert rows(db, "SELECT status FROM capture") == [(500,), (500,), (500,)]
    assert rows(db, "SELECT tries, due_at FROM page") == [(3, None)]


def test_robots_txt_is_asked_for_first_and_obeyed(site: Site, db: Path, crawled: Crawled) -> None:
    site.pages = {
        "/robots.txt": Answer("User-agent: *\nDisallow: /private\n", headers={"Content-Type": "text/plain"}),
        "/": '<a href="/private/x">x</a><a href="/public">p</a>',
        "/public": "end",
    }
    crawled(site("/"))
    assert [hit.path for hit in site.log] == ["/robots.txt", "/", "/public"]
    assert outcomes(db)[site("/private/x")] == "robots_denied"
    assert rows(db, "SELECT robots, robots_text FROM origin") == [("rules", "User-agent: *\nDisallow: /private\n")]


@pytest.mark.parametrize(
    ("answer", "outcome", "asked"),
    [
        (Answer("", 404), "fetched", True),
        (Answer("", 403), "fetched", True),
        (Answer("", 503, {"Retry-After": "0"}), "robots_unreachable", False),
        (Answer("", 429, {"Retry-After": "0"}), "robots_unreachable", False),
        (Answer("", 301, {"Location": "/rules"}), "robots_denied", False),
    ],
)
def test_the_answer_to_robots_txt_decides_as_the_standard_says(
    site: Site, db: Path, crawled: Crawled, answer: Answer, outcome: str, asked: bool
) -> None:
    site.pages = {"/robots.txt": answer, "/rules": "User-agent: *\nDisallow: /", "/": "home"}
    crawled(site("/"))
    assert outcomes(db)[site("/")] == outcome
    assert ("/" in site.paths()) is asked


def test_no_robots_asks_for_none(site: Site, db: Path, crawled: Crawled) -> None:
    site.pages = {"/robots.txt": "User-agent: *\nDisallow: /", "/": "home"}
    crawled(site("/"), robots=False)
    assert [hit.path for hit in site.log] == ["/"]


def test_a_robots_txt_that_is_linked_to_is_a_page_as_well(site: Site, db: Path, crawled: Crawled) -> None:
    site.pages = {
        "/": '<a href="/robots.txt">rules</a>',
        "/robots.txt": Answer("", headers={"Content-Type": "text/plain"}),
    }
    crawled(site("/"))
    assert outcomes(db) == {site("/"): "fetched", site("/robots.txt"): "not_html"}
    assert [hit.path for hit in site.log] == ["/robots.txt", "/", "/robots.txt"]


def test_the_delay_runs_from_the_end_of_an_answer_robots_txt_and_redirects_included(
    site: Site, db: Path, crawled: Crawled
) -> None:
    site.pages = {
        "/": Answer("".join(f'<a href="/{n}">n</a>' for n in range(4)), delay_s=0.1),
        "/0": redirect("/end"),
        "/end": "end",
        **{f"/{n}": "page" for n in range(1, 4)},
    }
    crawled(site("/"), delay_s=0.2, concurrency=16)
    gaps = [later.began - earlier.ended for earlier, later in pairwise(site.log)]
    assert len(gaps) == 6
    assert min(gaps) >= 0.2


def test_a_longer_crawl_delay_holds(site: Site, db: Path, crawled: Crawled) -> None:
    site.pages = {"/robots.txt": "User-agent: linkmap\nCrawl-delay: 0.3\n", "/": '<a href="/a">a</a>', "/a": "end"}
    crawled(site("/"))
    gaps = [later.began - earlier.ended for earlier, later in pairwise(site.log)]
    assert min(gaps) >= 0.3
    assert rows(db, "SELECT delay_s FROM host") == [(0.3,)]


def test_retry_after_holds_back_the_host_and_the_page_is_then_fetched(site: Site, db: Path, crawled: Crawled) -> None:
    times: list[str] = []

    async def busy_once(request: object) -> object:
        from aiohttp import web

        times.append("asked")
        if len(times) == 1:
            return web.Response(status=429, headers={"Retry-After": "1"})
        return web.Response(text="home", content_type="text/html")

    site.pages = {"/": '<a href="/busy">b</a><a href="/other">o</a>', "/busy": busy_once, "/other": "end"}  # type: ignore[dict-item]
    crawled(site("/"), robots=False)
    assert outcomes(db)[site("/busy")] == "fetched"
    first = next(hit for hit in site.log if hit.path == "/busy")
    after = [hit.began - first.ended for hit in site.log if hit.began > first.ended]
    assert len(after) == 2
    assert min(after) >= 1.0


def test_one_host_has_never_more_requests_at_a_time_than_allowed(site: Site, db: Path, crawled: Crawled) -> None:
    site.pages = {"/": "".join(f'<a href="/{n}">n</a>' for n in range(12))} | {
        f"/{n}": Answer("x", delay_s=0.03) for n in range(12)
    }
    crawled(site("/"), per_host=3)
    most = max(sum(other.began <= hit.began < other.ended for other in site.log) for hit in site.log)
    assert most == 3


def test_max_pages_is_exact_and_what_it_left_is_told(site: Site, db: Path, crawled: Crawled) -> None:
    site.pages = {"/": "".join(f'<a href="/{n}">n</a>' for n in range(30))} | {f"/{n}": "x" for n in range(30)}
    result = crawled(site("/"), max_pages=7, per_host=8)
    assert len(site.paths()) == 7
    assert result.state == "finished"
    assert result.cuts == ["--max-pages 7: 24 pages were not fetched"]
    assert list(outcomes(db).values()).count("over_budget") == 24


def test_max_pages_per_host_leaves_the_rest_over_budget(site: Site, db: Path, crawled: Crawled) -> None:
    site.pages = {"/": "".join(f'<a href="/{n}">n</a>' for n in range(9))} | {f"/{n}": "x" for n in range(9)}
    result = crawled(site("/"), max_pages_per_host=4)
    assert len(site.paths()) == 4
    assert result.cuts == ["--max-pages-per-host 4: 6 pages were not fetched"]


def test_add_takes_up_what_a_budget_and_a_depth_left_and_fetches_nothing_again(
    site: Site, db: Path, crawled: Crawled
) -> None:
    site.pages = {f"/{n}": f'<a href="/{n + 1}">next</a>' for n in range(6)} | {"/new": '<a href="/2">two</a>'}
    crawled(site("/0"), depth=2)
    assert outcomes(db)[site("/3")] == "too_deep"
    crawled(site("/new"), add=True, depth=3)
    assert sorted(site.paths()) == ["/0", "/1", "/2", "/3", "/4", "/new"]
    # /2 is now one link from the seed /new, so /4 is within depth 3 and /5 is not.
    assert outcomes(db)[site("/5")] == "too_deep"
    assert rows(db, "SELECT count(*) FROM run") == [(2,)]


def test_a_seed_that_redirects_off_scope_takes_the_scope_along(site: Site, db: Path, crawled: Crawled) -> None:
    # Two names for one server: a.test redirects to b.test, whose pages then belong to the crawl.
    port = site.port
    b = f"http://b.test:{port}"
    site.pages = {
        "//a.test/": redirect(f"{b}/home"),
        "//b.test/home": '<a href="/deeper">d</a><a href="http://c.test/">c</a>',
        "//b.test/deeper": "end",
    }
    names = (("a.test", port, "127.0.0.1"), ("b.test", port, "127.0.0.1"))
    result = crawled(f"http://a.test:{port}/", resolve=names, scope=ScopeName.HOST)
    assert result.widened == ["b.test"]
    found = outcomes(db)
    assert found[f"{b}/deeper"] == "fetched"
    assert found["http://c.test/"] == "off_scope"


def test_pages_judged_before_the_scope_grew_are_judged_again(site: Site, db: Path, crawled: Crawled) -> None:
    port = site.port
    b = f"http://b.test:{port}"
    site.pages = {
        "//a.test/quick": f'<a href="{b}/early">seen while b.test was off scope</a>',
        "//a.test/": Answer("", 302, {"Location": f"{b}/"}, delay_s=0.3),
        "//b.test/": "home",
        "//b.test/early": "end",
    }
    names = (("a.test", port, "127.0.0.1"), ("b.test", port, "127.0.0.1"))
    crawled(f"http://a.test:{port}/quick", f"http://a.test:{port}/", resolve=names, scope=ScopeName.HOST, per_host=2)
    assert outcomes(db)[f"{b}/early"] == "fetched"


def test_a_bare_name_is_tried_with_https_then_http(site: Site, db: Path, crawled: Crawled) -> None:
    site.pages = {"/": "home"}
    crawled(f"127.0.0.1:{site.port}")
    found = outcomes(db)
    assert found[site("/")] == "fetched"
    assert found[site("/").replace("http:", "https:")] in ("tls_error", "connect_error")
    assert rows(db, "SELECT guess FROM seed ORDER BY id") == [(1,), (2,)]


def test_a_bare_name_whose_https_port_is_silent_is_tried_with_http(db: Path, crawled: Crawled) -> None:
    # The server answers http and says nothing to a TLS handshake: robots.txt over https can only time out.
    with HttpOnly() as port:
        crawled(f"127.0.0.1:{port}", timeout_s=0.5)
    assert outcomes(db)[f"http://127.0.0.1:{port}/"] == "fetched"
    assert rows(db, "SELECT count(*) FROM capture JOIN page ON page.id = page WHERE url LIKE 'https:%'") == [(1,)]


def test_the_longest_crawl_delay_of_a_host_holds_for_all_its_ports(site: Site, db: Path, crawled: Crawled) -> None:
    with Site({"/robots.txt": "User-agent: *\nCrawl-delay: 0.2\n", "/": "two"}) as other:
        site.pages = {"/robots.txt": "User-agent: *\nCrawl-delay: 0.6\n", "/": '<a href="/a">a</a>', "/a": "a"}
        crawled(site("/"), other("/"))
        hits = sorted([*site.log, *other.log], key=lambda hit: hit.began)
    after_rules = [hit for hit in hits if hit.began > next(h.ended for h in site.log if h.path == "/robots.txt")]
    gaps = [later.began - earlier.ended for earlier, later in pairwise(after_rules)]
    assert len(gaps) >= 2
    assert min(gaps) >= 0.6
    assert rows(db, "SELECT delay_s FROM host") == [(0.6,)]


def test_private_addresses_are_not_dialled_without_leave(site: Site, db: Path, crawled: Crawled) -> None:
    site.pages = {"/": "home"}
    crawled(site("/"), f"http://inside.test:{site.port}/", allow_private=False,
            resolve=(("inside.test", site.port, "127.0.0.1"),))  # fmt: skip
    assert set(outcomes(db).values()) == {"private_address"}
    assert site.log == []


def test_a_host_that_does_not_exist_gives_its_pages_its_own_outcome(db: Path, crawled: Crawled) -> None:
    crawled("http://nothing-here.invalid/page")
    assert outcomes(db) == {"http://nothing-here.invalid/page": "dns_error"}


def test_a_finished_map_is_one_file(site: Site, db: Path, crawled: Crawled) -> None:
    site.pages = {"/": "home"}
    crawled(site("/"))
    assert sorted(path.name for path in db.parent.iterdir()) == ["map.db"]
    assert rows(db, "PRAGMA journal_mode") == [("delete",)]


def test_a_new_crawl_on_a_finished_map_names_the_way_on(site: Site, db: Path, crawled: Crawled) -> None:
    site.pages = {"/": "home"}
    crawled(site("/"))
    before = graph(db)
    with pytest.raises(UsageError, match="--add"):
        crawled(site("/"))
    with pytest.raises(UsageError, match="--add"):
        crawled(resume=True, depth=9)
    assert graph(db) == before
    assert crawled(resume=True).state == "finished"


def test_two_crawls_on_one_map_the_second_is_refused(site: Site, db: Path, crawled: Crawled) -> None:
    site.pages = {"/": Answer("home", delay_s=1.0)}
    first = threading.Thread(target=crawled, args=(site("/"),))
    first.start()
    while not (site.log and db.exists()):
        time.sleep(0.005)
    try:
        with pytest.raises(LinkmapError, match="another crawl is at work"):
            asyncio.run(crawl([site("/")], db, Settings(allow_private=True)))
    finally:
        first.join()
    assert outcomes(db) == {site("/"): "fetched"}


def test_no_seed_and_a_bad_seed_are_refused_before_a_file_is_made(db: Path) -> None:
    for seeds in ([], ["ftp://example.org/"], ["http://exa mple/"]):
        with pytest.raises(UsageError):
            asyncio.run(crawl(seeds, db))
    assert not db.exists()

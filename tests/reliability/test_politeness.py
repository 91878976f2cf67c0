"""Manners, read from the server's own log: no gap below the delay, nothing forbidden, no request too many at a time.

The log's times are the server's: a request's `ended` lies before the client has its answer, so that a gap between
it and the next `began` that is as long as the delay is one that the client kept.
"""

import asyncio
import os
import signal
import subprocess
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from aiohttp import web
from conftest import Answer, Hit, Site
from maps import check_accounting, command, environment, linkmap, outcomes

from linkmap.fetch import ClientSettings
from linkmap.model import Outcome
from linkmap.pool import Pool
from linkmap.settings import Settings
from linkmap.worker import job_for

DELAY_S = 0.15
XML = {"Content-Type": "application/xml"}


def busy(times: int, status: int, body: str = "done", **headers: str) -> Callable[..., object]:
    """A page that fails some times and then answers."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.method)
        if len(asked) <= times:
            return web.Response(status=status, headers={name.replace("_", "-"): text for name, text in headers.items()})
        return web.Response(text=body, content_type="text/html")

    return answer


def no_head(body: str) -> Callable[..., object]:
    """A page that refuses HEAD."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method == "HEAD":
            return web.Response(status=405)
        return web.Response(text=body)

    return answer


def fill(site: Site) -> None:
    """A site of everything that makes requests: retries, redirects, robots.txt, sitemaps, checks."""
    site.pages = {
        "/robots.txt": Answer("", 302, {"Location": "/rules"}),
        "/rules": "User-agent: *\nDisallow: /secret\nDisallow: /*.cgi$\nSitemap: " + site("/map.xml"),
        "/map.xml": Answer(
            f"<urlset><url><loc>{site('/listed')}</loc></url><url><loc>{site('/secret/listed')}</loc></url></urlset>",
            headers=XML,
        ),
        "/": '<a href="/a">a</a><a href="/hop">h</a><a href="/secret/page">s</a><img src="/i.png"><img src="/secret/i">'
        '<a href="/unsteady">u</a><a href="/run.cgi">c</a><iframe src="/secret/frame"></iframe><a href="/full">f</a>',
        "/a": '<base href="/secret/"><a href="based">b</a><meta http-equiv=refresh content="0;url=/secret/refresh">',
        "/hop": Answer("", 301, {"Location": "/secret/hop"}),
        "/listed": Answer("", 302, {"Location": "/landed"}),
        "/landed": Answer("landed", headers={"Link": "</secret/next>; rel=next"}),
        "/unsteady": busy(2, 500),  # type: ignore[dict-item]
        "/full": busy(1, 503, Retry_After="1"),  # type: ignore[dict-item]
        "/i.png": no_head("picture"),  # type: ignore[dict-item]
    }


EVERYTHING = {
    "/robots.txt",
    "/rules",
    "/map.xml",
    "/",
    "/a",
    "/hop",
    "/listed",
    "/landed",
    "/unsteady",
    "/full",
    "/i.png",
}


def gaps_s(hits: list[Hit]) -> list[float]:
    """From the end of each answer to the start of the next request, seconds."""
    ordered = sorted(hits, key=lambda hit: hit.began)
    return [after.began - before.ended for before, after in pairwise(ordered)]


def forbidden(hits: list[Hit]) -> list[str]:
    return [hit.path for hit in hits if hit.path.startswith("/secret") or hit.path.endswith(".cgi")]


def crawl_words(site: Site, *options: object) -> tuple[object, ...]:
    return "crawl", site("/"), "--allow-private", "--delay", DELAY_S, "--check", "resources", *options


@pytest.mark.parametrize("workers", [0, 2])
def test_every_request_keeps_the_delay_and_the_rules(site: Site, tmp_path: Path, workers: int) -> None:
    fill(site)
    done = linkmap(*crawl_words(site, "--workers", workers), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    check_accounting(tmp_path / "map.db")
    assert {hit.path for hit in site.log} == EVERYTHING
    assert [hit.path for hit in site.log].count("/unsteady") == 3, "two of them are further tries"
    assert [hit.method for hit in site.log if hit.path == "/i.png"] == ["HEAD", "GET"]
    assert forbidden(site.log) == []
    assert min(gaps_s(site.log)) >= DELAY_S
    full = [place for place, hit in enumerate(site.log) if hit.path == "/full"]
    assert site.log[full[0] + 1].began - site.log[full[0]].ended >= 1, "503 with Retry-After stops the whole host"


@pytest.mark.parametrize("workers", [0, 2])
def test_the_delay_is_that_of_a_host_whatever_its_ports_and_who_sends_there(
    site: Site, tmp_path: Path, workers: int
) -> None:
    """Two ports of 127.0.0.1, and three other hosts whose robots.txt redirect there."""
    names = [f"name{number}.test" for number in range(3)]
    with Site({"/": '<a href="/1">1</a>', "/1": "1"}) as other:
        site.pages = {"/": f'<a href="/1">1</a><a href="{other("/1")}">2</a>', "/1": "1", "/rules": ""}
        site.pages |= {f"//{name}/robots.txt": Answer("", 301, {"Location": site("/rules")}) for name in names}
        seeds = [site("/"), other("/"), *(f"http://{name}:{site.port}/1" for name in names)]
        resolve = [word for name in names for word in ("--resolve", f"{name}:{site.port}:127.0.0.1")]
        options = ("--allow-private", "--delay", DELAY_S, "--scope", "any", "--per-host", 3, "--workers", workers)
        done = linkmap("crawl", *seeds, *resolve, *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert set(outcomes(tmp_path / "map.db").values()) == {"fetched"}
    asked = [hit for hit in site.log + other.log if hit.host.startswith("127.0.0.1:")]
    assert len(asked) == 4 + 2 + len(names), "pages, two robots.txt, and the rules of the others"
    assert min(gaps_s(asked)) >= DELAY_S


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("after", [1, 6])
def test_a_resume_after_kill_9_keeps_them_too(site: Site, tmp_path: Path, workers: int, after: int) -> None:
    fill(site)
    words = command(*crawl_words(site, "--workers", workers, "--quiet"))
    with subprocess.Popen(words, cwd=tmp_path, env=environment(), start_new_session=True) as crawl:
        until(lambda: len(site.log) >= after)
        os.killpg(crawl.pid, signal.SIGKILL)
    done = linkmap("crawl", "--resume", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    check_accounting(tmp_path / "map.db")
    assert {hit.path for hit in site.log} == EVERYTHING
    assert forbidden(site.log) == []
    assert min(gaps_s(site.log)) >= DELAY_S


def test_a_resume_keeps_the_delay_where_the_kill_came_before_anything_was_stored(site: Site, tmp_path: Path) -> None:
    arrived = threading.Event()

    async def robots(request: web.Request) -> web.StreamResponse:
        arrived.set()
        await asyncio.sleep(0.1)
        return web.Response(text="")

    site.pages = {"/robots.txt": robots, "/": "home"}  # type: ignore[dict-item]
    words = command("crawl", site("/"), "--allow-private", "--delay", 3, "--workers", 0)
    with subprocess.Popen(words, cwd=tmp_path, env=environment()) as crawl:
        assert arrived.wait(30)
        crawl.kill()
    assert linkmap("crawl", "--resume", cwd=tmp_path).returncode == 0
    began = [hit.began for hit in site.log]
    assert len(began) == 3
    assert began[1] - began[0] >= 3


def until(reached: Callable[[], bool]) -> None:
    """Wait for what happens in another thread."""
    while not reached():
        time.sleep(0.002)


class Crowd:
    """Pages that count how many requests are under way at the same time, and how many connections are open."""

    def __init__(self, site: Site) -> None:
        self.now = self.most = self.connections = 0
        self.site = site

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.now += 1
        self.most = max(self.most, self.now)
        self.connections = max(self.connections, len(self.site._runner.server.connections))  # type: ignore[union-attr]
        await asyncio.sleep(0.02)
        self.now -= 1
        return web.Response(text="page", content_type="text/html")


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("per_host", [1, 3])
def test_a_host_has_no_more_connections_than_allowed(site: Site, tmp_path: Path, workers: int, per_host: int) -> None:
    crowd = Crowd(site)
    site.pages = {"/": "".join(f'<a href="/{n}">n</a><img src="/i{n}">' for n in range(30))}
    site.pages |= {f"/{name}{n}": crowd for n in range(30) for name in ("", "i")}  # type: ignore[dict-item]
    options = ("--workers", workers, "--per-host", per_host, "--check", "resources", "--delay", "0")
    done = linkmap("crawl", site("/"), "--allow-private", *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(outcomes(tmp_path / "map.db")) == 61
    assert crowd.most == per_host
    assert crowd.connections <= per_host


class Connections:
    """Which connections are open for a host, by the servers themselves: those on which it was asked for a page."""

    def __init__(self) -> None:
        self.most: Counter[str] = Counter()
        self._open: defaultdict[str, set[asyncio.BaseTransport]] = defaultdict(set)

    def page(self, wait_s: float = 0.0) -> Callable[..., object]:
        """A page that notes how many connections its host has, once closed ones have been noticed."""

        async def answer(request: web.Request) -> web.StreamResponse:
            host = request.host.partition(":")[0]
            assert request.transport is not None
            await asyncio.sleep(wait_s)
            opened = self._open[host]
            opened.add(request.transport)
            opened -= {each for each in opened if each.is_closing()}
            self.most[host] = max(self.most[host], len(opened))
            return web.Response(text="page", content_type="text/html")

        return answer


def test_a_host_that_another_worker_takes_over_has_no_more_connections_than_allowed(site: Site) -> None:
    """A host goes to another worker where its own has nine jobs more than that: of another host, which is slow."""
    connections = Connections()
    site.pages = {"/slow": connections.page(0.5), "/": connections.page(0.01)}  # type: ignore[dict-item]
    names = ("slow.test", "quick.test", "quicker.test")
    resolve = tuple((name, site.port, "127.0.0.1") for name in names)

    async def ask() -> None:
        async with Pool(ClientSettings("bot", allow_private=True, resolve=resolve), workers=2) as pool:

            async def get(host: int, path: str) -> None:
                job = job_for(Settings(), host, f"http://{names[host]}:{site.port}{path}")
                report = await pool.visit(job, host, 1)
                assert report.visit.outcome is Outcome.FETCHED

            for _ in range(4):
                await asyncio.gather(get(1, "/"), get(2, "/"))
                slow = asyncio.gather(*(get(0, "/slow") for _ in range(9)))
                await asyncio.sleep(0.1)
                for _ in range(4):
                    await asyncio.gather(get(1, "/"), get(2, "/"))
                await slow

    asyncio.run(ask())
    assert connections.most["quick.test"] == connections.most["quicker.test"] == 1


def test_a_page_that_is_asked_for_apart_takes_no_connection_more(site: Site) -> None:
    connections = Connections()
    site.pages = {"/": connections.page(0.05)}  # type: ignore[dict-item]

    async def ask() -> None:
        async with Pool(ClientSettings("bot", allow_private=True), workers=2) as pool:
            job = job_for(Settings(), 1, site("/"))
            for _ in range(3):
                await pool.visit(job, 1, 1)
                await pool.visit_alone(job, 1)
            await asyncio.gather(pool.visit(job, 1, 3), pool.visit(job, 1, 3), pool.visit_alone(job, 1))

    asyncio.run(ask())
    assert connections.most["127.0.0.1"] == 3


@pytest.mark.parametrize("per_host", [1, 3])
def test_hosts_of_two_ports_and_of_workers_that_start_late_have_no_more_connections_than_allowed(
    tmp_path: Path, per_host: int
) -> None:
    connections, names = Connections(), [f"name{number}.test" for number in range(12)]
    with Site() as one, Site() as other:
        for site in (one, other):
            site.pages = {f"/{number}": connections.page(0.04) for number in range(40)}  # type: ignore[misc]
        links = "".join(f'<a href="{each.port}/{n}">x</a>' for n in range(40) for each in (one, other))
        seeds, resolve = [], []
        for name in names:
            one.pages[f"//{name}/"] = links.replace('href="', f'href="http://{name}:')
            seeds.append(f"http://{name}:{one.port}/")
            resolve += [word for each in (one, other) for word in ("--resolve", f"{name}:{each.port}:127.0.0.1")]
        done = linkmap(
            "crawl", *seeds, *resolve, "--delay", 0, "--allow-private", "--no-robots", "--per-host", per_host,
            "--concurrency", 24, cwd=tmp_path,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(outcomes(tmp_path / "map.db")) == len(names) * 81
    assert max(connections.most.values()) <= per_host


def test_connections_are_kept_and_used_again(site: Site, tmp_path: Path) -> None:
    """Hosts that go from worker to worker with every wave of answers would need hundreds (2026-11-23: 0.8 a page)."""
    ports: set[int] = set()

    async def page(request: web.Request) -> web.Response:
        assert request.transport is not None
        ports.add(request.transport.get_extra_info("peername")[1])
        return web.Response(text="page", content_type="text/html")

    names = [f"name{number}.test" for number in range(10)]
    links = "".join(f'<a href="/{n}">x</a>' for n in range(100))
    site.pages = {f"//{name}/": links for name in names}
    site.pages |= {f"/{number}": page for number in range(100)}  # type: ignore[misc]
    resolve = [word for name in names for word in ("--resolve", f"{name}:{site.port}:127.0.0.1")]
    seeds = [f"http://{name}:{site.port}/" for name in names]
    done = linkmap(
        "crawl", *seeds, *resolve, "--delay", 0, "--allow-private", "--no-robots", "--per-host", 6, "--workers", 2,
        "--concurrency", 48, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(outcomes(tmp_path / "map.db")) == 1010
    assert len(ports) <= 400, "ports from which the server was asked, of which 60 may be open at a time"


def only_once_each(pages: dict[str, str]) -> dict[str, Callable[..., object]]:
    """Pages of a server that closes a connection upon its second request, and answers nothing."""
    served: set[object] = set()

    def page(body: str) -> Callable[..., object]:
        async def answer(request: web.Request) -> web.StreamResponse:
            assert request.transport is not None
            if request.transport in served:
                request.transport.close()
            served.add(request.transport)
            return web.Response(text=body, content_type="text/html")

        return answer

    return {path: page(body) for path, body in pages.items()}


@pytest.mark.parametrize("workers", [0, 1])
def test_a_request_that_a_closed_connection_swallowed_is_made_again_after_the_delay(
    site: Site, tmp_path: Path, workers: int
) -> None:
    links = "".join(f'<a href="/{number}">n</a>' for number in range(4))
    site.pages = only_once_each({"/robots.txt": "", "/": links, **{f"/{number}": "page" for number in range(4)}})  # type: ignore[assignment]
    done = linkmap("crawl", site("/"), "--delay", DELAY_S, "--allow-private", "--workers", workers, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert set(outcomes(tmp_path / "map.db").values()) == {"fetched"}
    assert len(site.log) > len(outcomes(tmp_path / "map.db")) + 1, "some were swallowed"
    assert min(gaps_s(site.log)) >= DELAY_S
    check_accounting(tmp_path / "map.db")

"""Worker processes: the same graph as without them, and none lost when one dies."""

import asyncio
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import Answer, Site
from hypothesis import given
from hypothesis import strategies as st
from maps import check_accounting, command, environment, graph, linkmap, outcomes, rows
from reliability.killing import kill, workers_of
from webs import tangled_site

from linkmap import HostHeader, Settings
from linkmap.columns import Link, Links, Target, Targets
from linkmap.fetch import ClientSettings
from linkmap.messages import (
    frame,
    pack_client,
    pack_job,
    pack_report,
    unpack_client,
    unpack_job,
    unpack_report,
    values_of,
)
from linkmap.model import CharsetSource, Document, Job, Manner, Outcome, Parser, Report, Visit
from linkmap.pool import Pool, usual_workers
from linkmap.proxy import Proxy
from linkmap.runs import crawl
from linkmap.worker import job_for

PAGES = 60


def crawl_to(db: Path, start: str, workers: int | None, **options: object) -> None:
    chosen = {"delay_s": 0, "allow_private": True, "depth": 12, "per_host": 8, "workers": workers, **options}
    result = asyncio.run(crawl([start], db, Settings(**chosen)))  # type: ignore[arg-type]
    assert result.state == "finished"
    check_accounting(db)


@pytest.fixture
def tangle() -> Iterator[Site]:
    with Site(tangled_site(PAGES)) as server:
        yield server


def test_the_graph_is_the_same_with_any_number_of_workers(tangle: Site, tmp_path: Path) -> None:
    graphs = []
    for workers in (0, 1, 4):
        db = tmp_path / f"{workers}.db"
        crawl_to(db, tangle("/0"), workers)
        graphs.append(graph(db))
    assert graphs[0][1], "the crawl found links"
    assert graphs[0] == graphs[1] == graphs[2]


def test_a_crawl_starts_workers_by_itself_when_answers_come_fast(tmp_path: Path) -> None:
    with Site({f"/{n}": f'<a href="/{n + 1}">n</a><a href="/{n + 2}">m</a>' for n in range(900)}) as site:
        db = tmp_path / "map.db"
        crawl_to(db, site("/0"), None, depth=2_000)
    assert len(outcomes(db)) == 902
    assert usual_workers() >= 0


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_worker_that_is_killed_loses_nothing(tangle: Site, tmp_path: Path) -> None:
    crawl_to(tmp_path / "whole.db", tangle("/0"), 0)
    db = tmp_path / "killed.db"
    killed: set[int] = set()

    async def crawl_and_kill() -> None:
        settings = Settings(delay_s=0, allow_private=True, depth=12, per_host=8, workers=2)
        seen = 0

        def kill(url: str, visit: Visit) -> None:
            nonlocal seen
            seen += 1
            if seen >= 25 and not killed:
                pid = next((each for each in children() if each not in killed), None)
                if pid is not None:
                    killed.add(pid)
                    os.kill(pid, signal.SIGKILL)

        result = await crawl([tangle("/0")], db, settings, on_answer=kill)
        assert result.state == "finished"

    asyncio.run(crawl_and_kill())
    check_accounting(db)
    assert killed
    assert graph(db) == graph(tmp_path / "whole.db")


def test_a_worker_that_hangs_is_ended_and_its_pages_are_asked_for_again(site: Site, tmp_path: Path) -> None:
    site.make = lambda host, path: "".join(f'<a href="/{n}">n</a>' for n in range(60))
    stopped: list[int] = []

    def stop(url: str, visit: Visit) -> None:
        if len(site.log) > 10 and not stopped:
            stopped.append(children()[0])
            os.kill(stopped[0], signal.SIGSTOP)

    settings = Settings(delay_s=0, allow_private=True, depth=3, per_host=8, workers=2, timeout_s=0.2)
    result = asyncio.run(asyncio.wait_for(crawl([site("/")], tmp_path / "map.db", settings, on_answer=stop), 60))
    assert result.state == "finished"
    assert stopped
    assert set(outcomes(tmp_path / "map.db").values()) == {"fetched"}
    check_accounting(tmp_path / "map.db")


def children() -> list[int]:
    """The process ids of this process's children that are workers."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == os.getpid() and b"linkmap.workers" in words:
            found.append(int(folder.name))
    return found


def test_a_page_at_which_workers_die_twice_gets_an_outcome_and_the_crawl_goes_on(tmp_path: Path) -> None:
    async def deadly(request: object) -> object:
        for pid in children_of_crawl():
            os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(30)
        raise AssertionError("nobody waits for this answer")

    def children_of_crawl() -> list[int]:
        return children()

    with Site({"/": '<a href="/deadly">d</a><a href="/fine">f</a>', "/fine": "fine"}) as site:
        site.pages["/deadly"] = deadly  # type: ignore[assignment]
        db = tmp_path / "map.db"
        crawl_to(db, site("/"), 1, per_host=1)
    assert outcomes(db) == {site("/"): "fetched", site("/deadly"): "internal_error", site("/fine"): "fetched"}
    assert rows(db, "SELECT detail FROM page WHERE url = ?", site("/deadly")) == [
        ("the worker process died twice while it worked on this page",)
    ]


def test_pages_that_are_under_way_beside_a_deadly_one_are_not_blamed(tmp_path: Path) -> None:
    asked: list[str] = []

    async def deadly(request: object) -> object:
        asked.append("/deadly")
        await asyncio.sleep(0.1)  # the others are under way by then
        for pid in children():
            os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(30)
        raise AssertionError("nobody waits for this answer")

    others = ["/a", "/b", "/c"]
    with Site({path: Answer("slow", delay_s=0.5) for path in others}) as site:
        site.pages |= {"/": "".join(f'<a href="{path}">x</a>' for path in ["/deadly", *others]), "/deadly": deadly}  # type: ignore[dict-item]
        db = tmp_path / "map.db"
        crawl_to(db, site("/"), 1, per_host=8)
    assert len(asked) == 2
    expected = dict.fromkeys(map(site, ["/", *others]), "fetched") | {site("/deadly"): "internal_error"}
    assert outcomes(db) == expected


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc to find the workers in")
def test_workers_that_die_again_and_again_end_the_crawl_with_one_sentence(site: Site, tmp_path: Path) -> None:
    site.make = lambda host, path: Answer(
        "".join(f'<a href="{path}{n}">n</a>' for n in range(9)) if len(path) < 9 else "", delay_s=0.05
    )
    words = command("crawl", site("/"), "--allow-private", "--delay", 0, "--per-host", 8, "--workers", 2, "--quiet")
    with subprocess.Popen(words, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True) as crawling:
        until, chance = time.monotonic() + 60, random.Random(0)
        while crawling.poll() is None:
            assert time.monotonic() < until
            for worker in workers_of(crawling.pid) if len(site.log) > 10 else ():
                kill(worker)
            time.sleep(chance.random() * 0.2)
        assert crawling.stderr is not None
        said = crawling.stderr.read()
    assert crawling.returncode == 1
    assert said == "Error: worker processes died 21 times (memory?): go on with --resume and --workers 0\n"
    check_accounting(tmp_path / "map.db")


def test_secrets_and_rules_reach_the_workers(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": '<a href="http://10.0.0.1/">private</a><a href="/a">a</a>', "/a": "a"}
    options = (
        "--workers",
        "2",
        "--header",
        "127.0.0.1=X-Key:secret",
        "--delay",
        "0",
        "--allow-private",
        "--depth",
        "1",
    )
    done = linkmap("crawl", site("/"), "--exclude", "10[.]", *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [hit.headers.get("X-Key") for hit in site.log] == ["secret"] * 3
    assert "secret" not in "".join(map(str, rows(tmp_path / "map.db", "SELECT settings FROM run")))


def test_a_worker_dials_no_private_address(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": "home"}

    async def ask() -> Report:
        async with Pool(ClientSettings("bot"), workers=1) as pool:
            return await pool.visit(job_for(Settings(), 1, site("/")), 1, 1)

    assert asyncio.run(ask()).visit.outcome is Outcome.PRIVATE_ADDRESS
    assert site.log == []


def test_workers_end_with_their_pool(site: Site) -> None:
    async def ask() -> list[int]:
        async with Pool(ClientSettings("bot", allow_private=True), workers=3) as pool:
            await asyncio.gather(*(pool.visit(job_for(Settings(), n, site(f"/{n}")), n, 1) for n in range(9)))
            return children()

    processes = asyncio.run(ask())
    assert len(set(processes)) == 3
    assert not set(processes) & set(children())


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="no sessions with a niceness of their own here")
def test_workers_give_way_to_the_coordinator(site: Site) -> None:
    async def look() -> list[bool]:
        async with Pool(ClientSettings("bot", allow_private=True), workers=3) as pool:
            await pool.visit(job_for(Settings(), 1, site("/")), 1, 1)
            with suppress(TimeoutError):
                async with asyncio.timeout(20):
                    while len(workers := children()) < 3 or not all(is_nice(each) for each in workers):  # noqa: ASYNC110
                        await asyncio.sleep(0.05)
            return [is_nice(each) for each in children()]

    assert asyncio.run(look()) == [True, True, True]


def is_nice(process: int) -> bool:
    """Whether a process runs at a lower priority than this one, as one among its session and as one of its session."""
    of_session = Path(f"/proc/{process}/autogroup").read_text().split()[-1]
    return os.getpriority(os.PRIO_PROCESS, process) > os.getpriority(os.PRIO_PROCESS, 0) and int(of_session) > 0


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
@pytest.mark.parametrize("turns", range(8))
def test_a_worker_that_is_just_being_started_ends_with_the_pool_too(site: Site, turns: int) -> None:
    """After a death another is started: at each turn of the event loop from there on the pool may be left."""

    async def leave() -> None:
        async with asyncio.timeout(20):
            async with Pool(ClientSettings("bot", allow_private=True), workers=1) as pool:
                await pool.visit(job_for(Settings(), 1, site("/")), 1, 1)
                (first,) = children()
                os.kill(first, signal.SIGKILL)
                while children() in ([], [first]):  # noqa: ASYNC110 each turn counts, and nobody sets an event
                    await asyncio.sleep(0)
                for _ in range(turns):
                    await asyncio.sleep(0)

    asyncio.run(leave())
    assert children() == []


# --- Messages

TEXT = st.text()
MAYBE = st.none() | st.text(min_size=1)
BYTE = st.integers(0, 255)
LINK = st.builds(Link, st.integers(0, 9), BYTE, TEXT, BYTE, TEXT, BYTE, MAYBE, MAYBE, MAYBE)
TARGET = st.builds(Target, TEXT, st.binary(min_size=12, max_size=12), st.booleans())
VISIT = st.builds(
    Visit, st.sampled_from(Outcome), st.floats(allow_nan=False), st.floats(allow_nan=False), st.none() | st.integers(),
    MAYBE, MAYBE, digest=st.none() | st.binary(), retry_after_s=st.none() | st.floats(allow_nan=False),
)  # fmt: skip
REPORT = st.builds(
    Report, st.integers(), VISIT, st.none() | st.builds(Document, MAYBE, MAYBE, inert_links=st.integers()),
    st.lists(TARGET).map(Targets.of), st.lists(LINK).map(Links.of), st.none() | st.binary(), MAYBE,
    st.lists(st.tuples(TEXT, TEXT)).map(tuple), st.none() | st.sampled_from(CharsetSource),
)  # fmt: skip
JOB = st.builds(
    Job, st.integers(), TEXT, st.sampled_from(Manner), st.booleans(), st.sampled_from(Parser), TEXT, st.integers(-1, 99)
)


@given(REPORT)
def test_a_report_arrives_as_it_was_sent(report: Report) -> None:
    assert unpack_report(values_of(frame(pack_report(report))[4:])) == report


@given(JOB)
def test_a_job_arrives_as_it_was_sent(job: Job) -> None:
    assert unpack_job(values_of(frame(pack_job(job))[4:])) == job


def test_what_a_client_needs_arrives_as_it_was_sent() -> None:
    settings = ClientSettings("bot/1", resolve=(("a.test", 80, "192.0.2.1"),), proxy=Proxy("http://p:1/", "Basic x"))
    secret = HostHeader("http://a.test", "X-Key", "1234")
    found, credentials = unpack_client(values_of(frame(pack_client(settings, [secret]))[4:]))
    assert found == settings
    assert credentials.headers_for("http://a.test/") == {"X-Key": "1234"}


def test_the_command_line_refuses_a_number_of_workers_that_cannot_be(tmp_path: Path) -> None:
    done = linkmap("crawl", "a.test", "--workers", "65", cwd=tmp_path)
    assert done.returncode == 2
    assert "0<=x<=64" in done.stderr

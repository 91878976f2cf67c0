"""Traps: what a site makes up without end is left and named, and what only looks like it is fetched."""

import asyncio
import random
from pathlib import Path

import pytest
import trapsite
from conftest import Answer, Site
from maps import check_accounting, graph, linkmap, outcomes, rows

from linkmap.endless import endless_url
from linkmap.judging import Offer, judge
from linkmap.model import Document, Outcome, Reach, Report, Target, Targets, Visit
from linkmap.runs import CrawlResult, crawl
from linkmap.scope import Scope, ScopeName
from linkmap.settings import Settings
from linkmap.shapes import Family, Shape, sessions, shapes, without_session
from linkmap.traps import BARREN, FACETS, MOST_HELD, SAME_BODY, SESSION, Trap, Traps
from linkmap.url import url_key

QUICK = ("--delay", "0", "--allow-private", "--no-robots", "--depth", "1000")


def asked(site: Site) -> list[str]:
    """Host and path of every request but those for robots.txt."""
    return [hit.host.partition(":")[0] + hit.path for hit in site.log if hit.path != "/robots.txt"]


def test_of_500_pages_among_six_traps_all_are_fetched_and_traps_take_few_requests(site: Site, tmp_path: Path) -> None:
    db, root = tmp_path / "map.db", f"http://{trapsite.HOST}"
    site.make = lambda host, path: trapsite.page(host, path, site.port)
    names = (trapsite.HOST, *trapsite.SHOPS, *trapsite.ENDLESS_HOSTS)
    resolve = [f"--resolve={name}:{site.port}:127.0.0.1" for name in names]
    words = ("--delay", "0", "--allow-private", "--depth", "1000")
    done = linkmap("crawl", f"{root}:{site.port}/", *words, *resolve, cwd=tmp_path, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Finished" in done.stdout
    shown = [real(hit) for hit in asked(site)]
    assert len(trapsite.real_pages()) == 500
    assert set(filter(None, shown)) == trapsite.real_pages()
    assert len(shown) - 500 <= 0.3 * len(shown)
    check_accounting(db)
    status = linkmap("status", cwd=tmp_path).stdout
    origin = f"{root}:{site.port}"
    for name, evidence in {
        f"calendar: {origin}/calendar/{{day}}": "led only to more dates",
        f"calendar: {origin}/calendar/{{month}}": "led only to more dates",
        f"session id: {origin}?sid": "pages came again under another sid",
        f"facets: {origin}/catalog?": "4 parameters with",
        f"growing path: {origin}/deeper/a/": "led only deeper",
        f"endless hosts: #.{trapsite.HOST}": "led only to more hosts",
        f"repeated path: /again under {origin}/loop": f"such as {origin}/loop/",
    }.items():
        (line,) = [line for line in status.splitlines() if line.startswith(f"Trap: {name}: ")]
        assert evidence in line
        assert line in done.stdout
        assert rows(db, "SELECT count(*) > 0 FROM page WHERE detail = ? AND outcome = 41", name) == [(1,)]
    (left,) = rows(
        db, "SELECT count(*) FROM page WHERE outcome = 41 AND detail IN (SELECT rule || ': ' || pattern FROM trap)"
    )
    assert f"Cut: traps found by what their pages brought: {left[0]:,} pages were not fetched." in status


def real(hit: str) -> str | None:
    """The real page that a request got, or None for a page of a trap."""
    host, slash, path = hit.partition("/")
    return trapsite.is_real(host, slash + path)


def calendar(path: str) -> str | None:
    """Months, each with its neighbours."""
    if not path.startswith("/cal/"):
        return '<a href="/cal/2026/8">calendar</a>' if path == "/" else None
    year, month = map(int, path.split("/")[2:])
    links = [f"/cal/{n // 12}/{n % 12 + 1}" for n in (12 * year + month - 2, 12 * year + month)]
    return f"<title>{month}/{year}</title>" + "".join(f'<a href="{link}">go</a>' for link in links)


def test_a_calendar_without_traps_goes_on_until_the_budget_ends_it(site: Site, tmp_path: Path) -> None:
    site.make = lambda _, path: calendar(path)
    done = linkmap("crawl", site("/"), *QUICK, "--no-traps", "--max-pages", "90", cwd=tmp_path)
    assert "Cut: --max-pages 90: 2 pages were not fetched." in done.stdout
    assert "Trap" not in done.stdout
    assert rows(tmp_path / "map.db", "SELECT count(*) FROM trap") == [(0,)]


def test_adding_no_traps_fetches_what_was_left_and_traps_cannot_be_added(site: Site, tmp_path: Path) -> None:
    site.make = lambda _, path: calendar(path)
    linkmap("crawl", site("/"), *QUICK, "--max-pages", "60", cwd=tmp_path)
    left = rows(tmp_path / "map.db", "SELECT url FROM page WHERE outcome = 41")
    assert len(left) == 2
    added = linkmap("crawl", "--add", "--no-traps", cwd=tmp_path)
    assert "Trap" not in added.stdout
    assert all(outcomes(tmp_path / "map.db")[url] == "fetched" for (url,) in left)
    check_accounting(tmp_path / "map.db")
    refused = linkmap("crawl", "--add", "--traps", cwd=tmp_path)
    assert refused.returncode == 2
    assert "this would narrow its traps" in refused.stderr


def test_what_was_cut_stays_cut_after_a_resume(site: Site, tmp_path: Path) -> None:
    db = tmp_path / "map.db"

    def both(_: str, path: str) -> str | None:
        if path == "/":
            return '<a href="/cal/2026/8">calendar</a><a href="/1">pages</a>'
        if not path[1:].isdigit() or path == "/400":
            return calendar(path)
        n = int(path[1:])
        return f'<title>Page {n}</title><a href="/{n + 1}">more</a><a href="/cal/{2030 + n // 12}/{1 + n % 12}">day</a>'

    async def run() -> CrawlResult:
        stop = asyncio.Event()

        def on_answer(url: str, _: Visit) -> None:
            if url.endswith("/300"):
                stop.set()

        return await crawl([site("/")], db, settings, stop=stop, on_answer=on_answer)

    site.make = both
    settings = Settings(depth=1_000, delay_s=0, allow_private=True, robots=False)
    assert asyncio.run(run()).state == "stopped"
    check_accounting(db)
    before = len([path for path in site.paths() if path.startswith("/cal/")])
    resumed = asyncio.run(crawl(db=db, resume=True))
    assert resumed.state == "finished"
    assert len([path for path in site.paths() if path.startswith("/cal/2")]) == before
    assert outcomes(db)[site("/399")] == "fetched"
    assert [trap.name for trap in resumed.traps] == [f"calendar: {site('/cal/')}{{month}}"]
    assert resumed.cuts == [f"traps found by what their pages brought: {resumed.traps[0].pages} pages were not fetched"]
    check_accounting(db)


def test_a_session_is_cut_and_after_a_resume_no_page_is_fetched_under_another(site: Site, tmp_path: Path) -> None:
    db, given = tmp_path / "map.db", iter(range(10**6))

    def accounts(_: str, path: str) -> str:
        number = int("0" + "".join(filter(str.isdigit, path.partition("?")[0])))
        links = "".join(f'<a href="/a{m}?sid={next(given)}">x</a>' for m in {0, 1, number + 1} if m < 60)
        return f"<title>Account {number}</title>{links}"

    async def run() -> CrawlResult:
        stop = asyncio.Event()
        known = []

        def on_answer(url: str, _: Visit) -> None:
            known.append(url)
            if "/a40?" in url:
                stop.set()

        return await crawl([site("/")], db, settings, stop=stop, on_answer=on_answer)

    site.make = accounts
    settings = Settings(depth=1_000, delay_s=0, allow_private=True, robots=False)
    assert asyncio.run(run()).state == "stopped"
    before = {path.partition("?")[0] for path in site.paths()}
    number = len(site.paths())
    assert asyncio.run(crawl(db=db, resume=True)).state == "finished"
    later = [path.partition("?")[0] for path in site.paths()[number:]]
    assert before.isdisjoint(later)
    assert before | set(later) == {"/"} | {f"/a{n}" for n in range(60)}
    assert len(later) == len(set(later))


def test_stories_whose_number_is_called_sid_are_all_fetched(site: Site, tmp_path: Path) -> None:
    def stories(_: str, path: str) -> str:
        n = int(path.partition("=")[2] or 0)
        return f'<title>Story {n}</title><a href="/story?sid={n + 1}">next</a>' if n < 50 else "<title>End</title>"

    site.make = stories
    done = linkmap("crawl", site("/"), *QUICK, cwd=tmp_path)
    assert "Trap" not in done.stdout
    assert set(outcomes(tmp_path / "map.db").values()) == {"fetched"}
    assert len(site.paths()) == 51


def test_pages_that_are_the_same_byte_for_byte_are_left_after_twenty(site: Site, tmp_path: Path) -> None:
    links = "".join(f'<a href="/same?n={n}">x</a>' for n in range(400))
    site.make = lambda _, path: links if path.startswith("/same") else '<a href="/same?n=0">x</a>'
    done = linkmap("crawl", site("/"), *QUICK, cwd=tmp_path)
    assert f"Trap: same body: {site('/same?')}: " in done.stdout
    fetched = rows(tmp_path / "map.db", "SELECT count(*) FROM page WHERE url LIKE '%same%' AND outcome = 1")[0][0]
    assert fetched > BARREN
    assert fetched < 200


def test_rules_that_look_at_one_url_leave_the_same_pages_whatever_the_order_of_answers(
    site: Site, tmp_path: Path
) -> None:
    chance = random.Random(5)

    def loops(_: str, path: str) -> Answer:
        links = ["a/", "b/", "a/b/", "/b/a/", "x/y/"]
        return Answer(
            "".join(f'<a href="{link}">{path}</a>' for link in links[: 2 + len(path) % 4]),
            delay_s=chance.random() / 100,
        )

    site.make = loops
    graphs = []
    for per_host in (1, 8):
        db = tmp_path / f"{per_host}.db"
        settings = Settings(depth=6, delay_s=0, allow_private=True, robots=False, per_host=per_host)
        result = asyncio.run(crawl([site("/a/a/a/")], db, settings))
        assert result.cuts == []
        assert result.counts[Outcome.TRAP] > 0
        check_accounting(db)
        graphs.append(graph(db))
    assert graphs[0] == graphs[1]
    assert outcomes(db)[site("/a/a/a/")] == "fetched", "a seed is no trap"
    assert outcomes(db)[site("/a/a/a/a/")] == "trap"


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        ("http://h.test/a/a/b/b/a", None),
        ("http://h.test/a/a/a", "repeated path: /a under http://h.test/a"),
        ("http://h.test/x/a/b/a/b/c", None),
        ("http://h.test/x/a/b/a/b/a/b/", "repeated path: /a/b under http://h.test/x"),
        ("http://h.test/a/b/c/a/b/c/a/b/c", "repeated path: /a/b/c under http://h.test/a"),
        ("http://h.test/a/1/a/2/a/3/a/4", None),
        ("http://h.test/a/1/a/2/a/3/a/4/a", "repeated path: /a under http://h.test/a"),
        ("http://h.test/" + "/".join(map(str, range(20))), None),
        ("http://h.test/" + "/".join(map(str, range(20))) + "/", None),
        ("http://h.test/" + "/".join(map(str, range(21))), "deep path: over 20 segments under http://h.test/0"),
        ("http://h.test/?" + "q" * 1_985, None),
        ("http://h.test/?" + "q" * 1_986, "long URL: over 2,000 characters under http://h.test/"),
        ("http://h.test/?q=/a/a/a/a", None),
    ],
)
def test_a_url_that_repeats_itself_or_has_no_end_is_one_of_endless_many(url: str, detail: str | None) -> None:
    found = endless_url(url)
    assert (found.detail if found else None) == detail


def test_only_what_would_be_fetched_is_called_a_trap() -> None:
    url, near = "http://h.test/a/a/a", Offer(Reach.FOLLOWED, depth=1)
    scope = Scope(ScopeName.DOMAIN)
    assert judge(url, near, Settings(), scope).outcome is Outcome.OFF_SCOPE
    scope.add(url)
    assert judge(url, near, Settings(), scope).outcome is Outcome.TRAP
    assert judge(url, near, Settings(traps=False), scope).outcome is Outcome.PENDING
    assert judge(url, near._replace(depth=9), Settings(), scope).outcome is Outcome.TOO_DEEP
    assert judge(url, near._replace(exempt=True), Settings(), scope).outcome is Outcome.PENDING


@pytest.mark.parametrize(
    ("url", "families"),
    [
        ("http://a.test/news/story", []),
        ("http://a.test/v/2345", []),
        ("http://a.test/v/1999", []),
        ("http://a.test/cal/2031/8", [(Family.DATE, "http://a.test/cal/{month}")]),
        ("http://a.test/cal/2031-08-17.html", [(Family.DATE, "http://a.test/cal/{day}")]),
        ("http://a.test/cal/203108", [(Family.DATE, "http://a.test/cal/{month}")]),
        ("http://a.test/cal/20310817", [(Family.DATE, "http://a.test/cal/{day}")]),
        ("http://a.test/python/3.11.2", []),
        (
            "http://a.test/c?month=8&view=x",
            [(Family.DATE, "http://a.test/c?{month}"), (Family.QUERY, "http://a.test/c?")],
        ),
        ("http://a.test/c?m=8", [(Family.QUERY, "http://a.test/c?")]),
        ("http://a.test:81/a/b/c/d/e", []),
        ("http://a.test:81/a/b/c/d/e/f", [(Family.PATH, "http://a.test:81/a/b/")]),
        ("http://x17.y.a.test/", [(Family.HOSTS, "#.*.a.test")]),
        ("http://1.2.3.a.test/", [(Family.HOSTS, "**.a.test")]),
        ("http://127.0.0.1/", []),
    ],
)
def test_a_url_belongs_to_families(url: str, families: list[tuple[Family, str]]) -> None:
    assert list(shapes(url)) == [Shape(*family) for family in families]


@pytest.mark.parametrize(
    ("url", "names", "plain"),
    [
        ("http://a.test/b?c=1", [], "http://a.test/b?c=1"),
        ("http://a.test/b?c=1&SID=x", ["SID"], "http://a.test/b?c=1"),
        ("http://a.test/b;jsessionid=0AF?c=1", ["jsessionid"], "http://a.test/b?c=1"),
        ("http://a.test/b?x=9f8e7d6c5b4a39281706", ["x"], "http://a.test/b"),
        ("http://a.test/lit3py55t21z5v55vlm25s55/b", ["{id}"], "http://a.test/{id}/b"),
        ("http://a.test/(S(lit3py55t21z5v55vlm25s55))/b?c=1", ["{id}"], "http://a.test/{id}/b?c=1"),
        ("http://a.test/b/lit3py55t21z5v55vlm25s55", [], "http://a.test/b/lit3py55t21z5v55vlm25s55"),
        ("http://a.test/b?x=internationalisation", [], "http://a.test/b?x=internationalisation"),
        ("http://a.test/b?x=12345678901234567890", [], "http://a.test/b?x=12345678901234567890"),
    ],
)
def test_a_session_is_known_by_its_name_or_its_value(url: str, names: list[str], plain: str) -> None:
    assert sessions(url) == names
    assert without_session(url) == plain


def report(title: str, links: list[str], size: int = 1_000) -> Report:
    """What a page with this title and these links comes to."""
    targets = Targets.of(Target(link, url_key(link), True) for link in links)
    return Report(1, Visit(Outcome.FETCHED, 0.0, body_bytes=size), Document(title=title), targets)


def test_logs_by_day_of_uneven_length_are_no_calendar() -> None:
    even, uneven = Traps(), Traps()
    for n in range(60):
        url, following = (f"http://a.test/log/2025-{1 + m // 28:02}-{1 + m % 28:02}" for m in (n, n + 1))
        even.record(url, report("Log", [following]))
        uneven.record(url, report("Log", [following], size=500 if n % 9 else 2_000))
    assert [trap.rule for trap in even.cut.values()] == ["calendar"]
    assert not uneven.cut


def test_one_page_that_leads_elsewhere_makes_a_calendar_worth_going_on() -> None:
    traps = Traps()
    for n in range(200):
        year, month = 2025 + n // 12, 1 + n % 12
        links = [f"http://a.test/cal/{year}/{month + 1}"] + ([f"http://a.test/event/{n}"] if n % 15 == 0 else [])
        assert traps.record(f"http://a.test/cal/{year}/{month}", report("Month", links)) == []


def test_what_is_kept_of_families_is_bounded() -> None:
    traps = Traps()
    for n in range(6_000):
        words = " ".join(f"w{n}x{m}" for m in range(100))
        traps.record(f"http://a.test/{n // 30}?q={n}", report(words, []))
    assert traps.held <= MOST_HELD
    assert not traps.cut


def test_traps_of_a_map_are_taken_up() -> None:
    traps = Traps()
    traps.load(
        [
            Trap("calendar", "http://a.test/cal/{month}", ""),
            Trap(SESSION, "http://a.test?sid", ""),
            Trap(SAME_BODY, "http://a.test/s?", ""),
            Trap(FACETS, "http://a.test/f?", ""),
            Trap(SESSION, "http://a.test/{id}", ""),
            Trap("endless hosts", "#.a.test", ""),
        ]
    )
    traps.remember("http://a.test/b?sid=1")
    traps.remember("http://n1.a.test/")
    left = {
        "http://a.test/cal/2030/1": True,
        "http://a.test/cal/2030": True,
        "http://a.test/cal/about": False,
        "http://a.test/b?sid=2": True,
        "http://a.test/c?sid=2": False,
        "http://a.test/known?sid=2": True,
        "http://a.test/s?x": True,
        "http://a.test/f?x=1&y=1": True,
        "http://a.test/f?x=1": False,
        "http://a.test/f?x=1&page=3": False,
        "http://a.test/ab12cd34ef56ab12/known?sid=2": True,
        "http://a.test/ab12cd34ef56ab12/other": False,
        "http://a.test/s": False,
        "http://n1.a.test/more": False,
        "http://n2.a.test/": True,
        "http://b.test/cal/2030/1": False,
    }
    is_had = {"http://a.test/known", "http://a.test/{id}/known"}.__contains__
    assert {url: traps.exclusion(url, is_had) is not None for url in left} == left


def test_a_session_in_the_path_is_known_by_pages_that_come_again() -> None:
    traps = Traps()
    ids = [f"lit3py55t21z5v55vlm25s{n}" for n in range(10, 30)]
    found = [
        trap
        for n, name in enumerate(ids)
        for trap in traps.record(f"http://a.test/(S({name}))/b", report("Same", [f"http://a.test/(S({name}{n}))/b"]))
    ]
    assert [(trap.rule, trap.pattern) for trap in found] == [(SESSION, "http://a.test/{id}")]


def test_a_query_that_grows_is_left() -> None:
    traps, url, found = Traps(), "http://a.test/t?trail=1", []
    while not found:
        found = traps.record(url, report("Trail", [f"{url},1"]))
        url += ",1"
    assert [trap.rule for trap in found] == ["growing query"]
    assert traps.exclusion(url, bool) is not None


def test_facets_one_by_one_are_fetched_until_they_bring_nothing_for_long() -> None:
    traps, found = Traps(), []
    for n in range(200):
        url = f"http://a.test/c?a={n % 5}&b={n // 5 % 5}&page={n // 25}"
        found += traps.record(url, report("Catalog", ["http://a.test/c?a=1&b=1&page=1"]))
    assert [trap.rule for trap in found] == ["facets", "endless query"]

"""No spelling of a private address is dialled, whatever way leads there; counted where sockets are connected."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from conftest import Answer, Site
from maps import check_accounting, rows

from linkmap import url as urls
from linkmap.dialling import checked_socket
from linkmap.inspecting import inspect
from linkmap.model import Outcome
from linkmap.planning import plan
from linkmap.runs import crawl
from linkmap.settings import Settings
from linkmap.url import resolve
from reliability.addresses import NAMES, PLACES, PUBLIC, SPELLINGS
from reliability.network import Network

SETTINGS = {"scope": "any", "delay_s": 0.0, "max_pages": 0, "depth": 2}
HOST = "http://public.test/"

Pages = dict[str, object]


def public_hosts() -> list[str]:
    """A host of one public address for every place, for what each host can do but once."""
    return [f"h{number}.test" for number in range(len(PLACES))]


def network(site: Site, **names: list[list[str]]) -> Network:
    private = {name: [answer] for name, answer in NAMES.items()}
    public = {name: [[PUBLIC]] for name in ("public.test", *public_hosts())}
    return Network(site.port, {**private, **public, **{f"{name}.test": answers for name, answers in names.items()}})


def on(loop: Network, work: Callable[[], object]) -> object:
    """What a coroutine gives that runs on this network."""
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(work())  # type: ignore[arg-type]


def crawled(loop: Network, db: Path, *seeds: str, **options: object) -> dict[str, str]:
    """Crawl on the network; the outcome of each page, sitemaps and the like included."""
    settings = Settings(**{**SETTINGS, **options})  # type: ignore[arg-type]
    on(loop, lambda: crawl(seeds, db, settings))
    check_accounting(db)
    return dict(rows(db, "SELECT url, outcome.name FROM page JOIN outcome ON outcome.id = outcome"))


def spread(markup: str) -> str:
    return "".join(markup.format(place) for place in PLACES)


def numbered(page: Callable[[str], Answer | str], to: str = "a") -> Pages:
    """A front page that links to one page for each place."""
    links = "".join(f'<{to} href="/{number}">p</{to}>' for number in range(len(PLACES)))
    return {"/": links, **{f"/{number}": page(place) for number, place in enumerate(PLACES)}}


WAYS: dict[str, tuple[Pages, dict[str, object]]] = {
    "link": ({"/": spread('<a href="http://{}/p">p</a>')}, {}),
    "link to another port": ({"/": spread('<a href="http://{}:8080/p">p</a>')}, {}),
    "link with credentials": ({"/": spread('<a href="http://public.test@{}/p">p</a>')}, {}),
    "link over TLS": ({"/": spread('<a href="https://{}/p">p</a>')}, {}),
    "frame": ({"/": spread('<iframe src="http://{}/p"></iframe>')}, {}),
    "canonical": (numbered(lambda place: f'<link rel=canonical href="http://{place}/p">'), {}),
    "redirect": (numbered(lambda place: Answer("", 302, {"Location": f"http://{place}/p"})), {}),
    "redirect without a scheme": (numbered(lambda place: Answer("", 308, {"Location": f"//{place}/p"})), {}),
    "base": (numbered(lambda place: f'<base href="http://{place}/"><a href="p">p</a>'), {}),
    "meta refresh": (numbered(lambda place: f'<meta http-equiv=refresh content="0;url=http://{place}/p">'), {}),
    "Link header": (
        numbered(lambda place: Answer("", headers={"Link": f"<http://{place}/p>; rel=next"})),
        {},
    ),
    "Refresh header": (
        numbered(lambda place: Answer("", headers={"Refresh": f"0;url=http://{place}/p"})),
        {},
    ),
    "sitemap": ({"/robots.txt": spread("Sitemap: http://{}/p\n"), "/": ""}, {}),
    "sitemap index": (
        {
            "/robots.txt": "Sitemap: http://public.test/index.xml",
            "/index.xml": Answer(
                "<sitemapindex>" + spread("<sitemap><loc>http://{}/p</loc></sitemap>") + "</sitemapindex>",
                headers={"Content-Type": "application/xml"},
            ),
            "/": "",
        },
        {},
    ),
    "entry of a sitemap": (
        {
            "/robots.txt": "Sitemap: http://public.test/sitemap.xml",
            "/sitemap.xml": Answer(
                "<urlset>" + spread("<url><loc>http://{}/p</loc></url>") + "</urlset>",
                headers={"Content-Type": "application/xml"},
            ),
            "/": "",
        },
        {},
    ),
    "checked link": ({"/": spread('<a href="http://{}/p">p</a>')}, {"scope": "host", "check": "external"}),
    "checked image": ({"/": spread('<img src="http://{}/p">')}, {"scope": "host", "check": "resources"}),
}


def is_name(url: str) -> bool:
    return urls.host(url) in NAMES


def is_address(url: str) -> bool:
    return not is_name(url)


REFUSED_BY_SCOPE = {
    "sitemap": is_name,
    "sitemap index": is_name,
    "checked link": is_address,
    "checked image": is_address,
}
"""Ways on which some places are left alone before their address is looked at: as another site's, `off_scope`."""


def expected(path: str = "p") -> set[str]:
    """The pages to which all places lead."""
    return {url for place in PLACES if (url := resolve(f"http://{place}/{path}"))}


def private(outcomes: dict[str, str], path: str = "/p") -> set[str]:
    """Scheme and port left aside: the pages of a path that were refused for their address."""
    found = {url for url, name in outcomes.items() if name == "private_address" and url.endswith(path)}
    return {url.replace("https:", "http:").replace(":8080/", "/") for url in found}


def test_there_are_24_spellings_and_all_are_urls() -> None:
    assert len(SPELLINGS) >= 24
    assert len(expected()) >= 20, "several spellings are one page, as the URL standard has it"
    assert all(resolve(f"http://{place}/p") for place in PLACES)


@pytest.mark.parametrize("way", WAYS)
def test_no_way_leads_to_a_private_address(site: Site, tmp_path: Path, way: str) -> None:
    pages, options = WAYS[way]
    site.pages = pages  # type: ignore[assignment]
    loop = network(site)
    outcomes = crawled(loop, tmp_path / "map.db", HOST, **options)
    assert set(loop.dialled) == {PUBLIC}
    assert loop.connections == len(loop.dialled), "nothing connected past the loop"
    off_scope = set(filter(REFUSED_BY_SCOPE.get(way, lambda _: False), expected()))
    assert private(outcomes) & expected() == expected() - off_scope
    assert {outcomes[url] for url in off_scope} <= {"off_scope"}
    assert {hit.host.partition(":")[0] for hit in site.log} == {"public.test"}


def test_no_seed_is_dialled_there(site: Site, tmp_path: Path) -> None:
    loop = network(site)
    outcomes = crawled(loop, tmp_path / "map.db", *(f"http://{place}/p" for place in PLACES))
    assert (loop.dialled, loop.connections, site.log) == ([], 0, [])
    assert private(outcomes) == expected()


def test_no_robots_txt_redirects_there(site: Site, tmp_path: Path) -> None:
    site.pages = {
        f"//{host}/robots.txt": Answer("", 301, {"Location": f"http://{place}/robots.txt"})
        for host, place in zip(public_hosts(), PLACES, strict=True)
    }
    loop = network(site)
    outcomes = crawled(loop, tmp_path / "map.db", *(f"http://{host}/" for host in public_hosts()))
    assert set(loop.dialled) == {PUBLIC}
    assert loop.connections == len(loop.dialled)
    assert {hit.path for hit in site.log} == {"/robots.txt"}
    assert {name for url, name in outcomes.items() if url.endswith(".test/")} == {"private_address"}


def test_inspect_and_plan_do_not_dial_there_either(site: Site) -> None:
    loop = network(site)
    settings = Settings(delay_s=0.0)

    async def look() -> list[Outcome]:
        await plan([f"http://{place}/p" for place in PLACES], settings)
        return [(await inspect(f"http://{place}/p", settings)).page.outcome for place in PLACES]

    found = on(loop, look)
    assert (loop.dialled, loop.connections) == ([], 0)
    assert set(found) == {Outcome.PRIVATE_ADDRESS}  # type: ignore[call-overload]


def test_allow_private_opens_the_same_places_and_each_under_the_address_it_names(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": spread('<a href="http://{}/p">p</a>'), "/p": "there"}
    loop = network(site)
    outcomes = crawled(loop, tmp_path / "map.db", HOST, allow_private=True)
    assert {url for url, name in outcomes.items() if name == "fetched"} == {HOST, *expected()}
    assert {"127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "64:ff9b::7f00:1", PUBLIC} <= set(loop.dialled)


@pytest.mark.parametrize("named_by", ["Sitemap: {}", "Sitemap: /index.xml"])
def test_a_private_name_of_the_same_site_is_not_dialled_for_a_sitemap(
    site: Site, tmp_path: Path, named_by: str
) -> None:
    inner = "http://inner.public.test/p"
    index = f"<sitemapindex><sitemap><loc>{inner}</loc></sitemap></sitemapindex>"
    site.pages = {
        "/robots.txt": named_by.format(inner),
        "/": "home",
        "/index.xml": Answer(index, headers={"Content-Type": "application/xml"}),
        "/p": "secret",
    }
    loop = network(site, **{"inner.public": [["127.0.0.1"]]})
    outcomes = crawled(loop, tmp_path / "map.db", HOST, scope="domain")
    assert set(loop.dialled) == {PUBLIC}
    assert outcomes[inner] == "private_address"


TURNED = "http://turns.test:81/p"


@pytest.mark.parametrize(
    "leading",
    [
        {"/": f'<a href="{TURNED}">p</a><a href="/q">q</a>'},
        {"/": '<a href="/hop">h</a><a href="/q">q</a>', "/hop": Answer("", 302, {"Location": TURNED})},
        {"/": f'<iframe src="{TURNED}"></iframe><a href="/q">q</a>'},
        {"/": '<a href="/b">b</a><a href="/q">q</a>', "/b": '<base href="http://turns.test:81/"><a href="p">p</a>'},
        {"/": f'<meta http-equiv=refresh content="0;url={TURNED}"><a href="/q">q</a>'},
        {
            "/": '<a href="/q">q</a>',
            "/robots.txt": Answer(f"Sitemap: {TURNED}", headers={"Content-Type": "text/plain"}),
        },
    ],
    ids=["link", "redirect hop", "frame", "base", "meta refresh", "sitemap"],
)
def test_a_name_that_turns_private_after_its_first_answer_is_not_followed_there(
    site: Site, tmp_path: Path, leading: Pages
) -> None:
    pages = {"/robots.txt": "", "/q": "q", "/p": "secret"} | leading
    for path, page in pages.items():
        answer = page if isinstance(page, Answer) else Answer(str(page))
        site.pages[path] = replace(answer, headers=answer.headers | {"Connection": "close"})
    loop = network(site, turns=[[PUBLIC], ["127.0.0.1"]])
    outcomes = crawled(loop, tmp_path / "map.db", "http://turns.test/")
    assert set(loop.dialled) == {PUBLIC}
    assert loop.connections == len(loop.dialled)
    assert outcomes[TURNED] == "private_address"
    assert outcomes["http://turns.test/q"] == "fetched", "the address that was checked is the one that is dialled"


class Lying(AbstractResolver):
    """A resolver that lets every name pass as one address, whatever linkmap's own would have said."""

    def __init__(self, address: str) -> None:
        self.address = address

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        kind = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        return [
            ResolveResult(
                hostname=host, host=self.address, port=port, family=kind, proto=6, flags=socket.AI_NUMERICHOST
            )
        ]

    async def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "::ffff:127.0.0.1", "2002:7f00:1::"]
)
def test_the_last_check_holds_whatever_a_resolver_said(site: Site, address: str) -> None:
    async def ask() -> None:
        connector = aiohttp.TCPConnector(resolver=Lying(address), socket_factory=checked_socket)
        async with aiohttp.ClientSession(connector=connector) as session:
            await session.get("http://public.test/")

    loop = network(site)
    with pytest.raises(aiohttp.ClientConnectorError) as refusal:
        on(loop, ask)
    assert str(refusal.value.os_error) == f"{address} is not a public address"
    assert (loop.dialled, loop.connections) == ([], 0)

"""A real server for each test that wants one, and the map that a crawl of it makes."""

import asyncio
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import settings
from maps import check_accounting, is_map

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So a shell starts what it runs in the background, and so would every process that a test starts and interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass
class Answer:
    """What the server says to a path."""

    body: str | bytes = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0


@dataclass
class Hit:
    """One line of the server's log. Times are the server's own, monotonic seconds."""

    path: str
    host: str
    began: float
    ended: float
    headers: dict[str, str]
    method: str = "GET"


Page = str | Answer | Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site:
    """A tiny site on a free loopback port, in a thread of its own. `pages` may change while it runs."""

    def __init__(self, pages: dict[str, Page] | None = None) -> None:
        self.pages: dict[str, Page] = pages or {}
        self.make: Callable[[str, str], Page | None] | None = None
        """What makes a page of a host and path that `pages` has not."""
        self.log: list[Hit] = []
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "Site":
        self._thread.start()
        assert self._ready.wait(10), "the test server did not start"
        return self

    def __exit__(self, *exception: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __call__(self, path: str) -> str:
        return self.url + path

    def paths(self) -> list[str]:
        """The paths that were asked for, in order, robots.txt left out."""
        return [hit.path for hit in self.log if hit.path != "/robots.txt"]

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._end())

    async def _end(self) -> None:
        """Close what is open, answers under way included, and let the sockets go."""
        await self._runner.cleanup()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.01)

    async def _start(self) -> None:
        server = web.Server(self._answer, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await self._runner.setup()
        listener = web.TCPSite(self._runner, "127.0.0.1", 0)
        await listener.start()
        self.port = listener._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        began = time.monotonic()
        try:
            return await self._page(request)
        finally:
            host = request.headers.get("Host", "")
            self.log.append(Hit(request.path_qs, host, began, time.monotonic(), dict(request.headers), request.method))

    async def _page(self, request: web.BaseRequest) -> web.StreamResponse:
        host = request.headers.get("Host", "").partition(":")[0]
        page = self.pages.get(f"//{host}{request.path_qs}", self.pages.get(request.path_qs))
        if page is None and self.make is not None:
            page = self.make(host, request.path_qs)
        if page is None:
            return web.Response(status=404, text="no such page")
        if isinstance(page, str):
            page = Answer(page)
        if not isinstance(page, Answer):
            return await page(request)  # type: ignore[arg-type]
        await asyncio.sleep(page.delay_s)
        body = page.body.encode() if isinstance(page.body, str) else page.body
        headers = {"Content-Type": "text/html; charset=utf-8"} | page.headers
        return web.Response(status=page.status, body=body, headers=headers)


settings.register_profile("unhurried", deadline=None)  # a machine with other work to do is no fault of an input
settings.load_profile("unhurried")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rounds",
        type=int,
        default=None,
        metavar="N",
        help="Rounds of each test that repeats itself; a few by default.",
    )


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> Callable[[int], int]:
    """How many rounds a test makes: what it is called with, or what `--rounds` says."""
    asked: int | None = request.config.getoption("--rounds")
    return lambda usual: usual if asked is None else asked


@pytest.fixture(autouse=True, scope="module")
def _checked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[set[Path]]:
    """The folders whose maps have been checked. Those that a module's tests share are checked when they are done."""
    base = tmp_path_factory.getbasetemp()
    checked = set(base.iterdir())
    yield checked
    for folder in sorted(set(base.iterdir()) - checked):
        check_maps(folder)


@pytest.fixture(autouse=True)
def _the_accounting_holds(request: pytest.FixtureRequest, _checked: set[Path]) -> Iterator[None]:
    """The law of SEMANTICS.md on every map that a test leaves behind, whatever the test was about."""
    if "tmp_path" not in request.fixturenames:
        yield
        return
    folder: Path = request.getfixturevalue("tmp_path")
    yield
    _checked.add(folder)
    check_maps(folder)


def check_maps(folder: Path) -> None:
    """Check the accounting of all maps in a folder."""
    for path in sorted(folder.rglob("*.db")):
        if is_map(path):
            check_accounting(path)


@pytest.fixture
def site() -> Iterator[Site]:
    """A running server without pages; fill `site.pages`."""
    with Site() as server:
        yield server

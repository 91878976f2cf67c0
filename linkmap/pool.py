"""Who does the jobs of a crawl: the process itself, or worker processes beside it.

The coordinator sees one function, `visit`, whoever does the work. A crawl that politeness bounds never starts a
process: unless told how many, the pool begins with its own client and starts workers when the answers come so fast
that one process would be the limit. Which worker a job goes to is for its host's slots to say (`linkmap.slots`).
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Self, cast

from linkmap import url as urls
from linkmap.credentials import Credentials, HostHeader
from linkmap.endings import to_its_end
from linkmap.errors import LinkmapError
from linkmap.fetch import Client, ClientSettings
from linkmap.messages import frame, pack_client, pack_job, unpack_nothing, unpack_report
from linkmap.model import Job, Report
from linkmap.slots import Slots
from linkmap.worker import visit
from linkmap.workers import Inbox, Outbox

MOST_WORKERS = 6
"""Started by themselves at most: one coordinator feeds about as many."""
_FAST_ANSWERS = 200
_FAST_S = 2.0
"""So many answers in so many seconds are worth processes of their own; one process manages five times as many."""
_MOST_DEATHS = 20
_SILENT_TIMEOUTS = 20
"""Timeouts of a request after which a worker that has jobs and says nothing is taken for hung: 10 minutes as usual."""
_LOAD_S = 3.0
"""How long a crawl waits for its first worker before it begins by itself."""
_LEAVE_S = 0.5
"""How long workers have to leave by themselves; none has anything to do then that anybody waits for."""


class WorkerDiedError(Exception):
    """The process that did a job is gone; what came of the job is not known."""


class _Worker(asyncio.SubprocessProtocol):
    """One process, and what it has to do."""

    def __init__(self) -> None:
        self.waiting: dict[int, asyncio.Future[Any]] = {}
        self.exited = asyncio.Event()
        self._inbox = Inbox()
        self._is_gone = False
        self._heard = time.monotonic()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._process = cast(asyncio.SubprocessTransport, transport)  # uvloop's are of no class of asyncio's
        self._input = cast(asyncio.WriteTransport, self._process.get_pipe_transport(0))
        self._outbox = Outbox(self._input)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._inbox.receive(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 1:
            self._inbox.end()

    def process_exited(self) -> None:
        self.exited.set()

    def begin(self, client: Sequence[Any]) -> None:
        """Send what its client needs, before any job."""
        if not self._input.is_closing():  # it has died already, of which `receive` tells
            self._input.write(frame(client))

    def send(self, ticket: int, job: Job) -> asyncio.Future[Report]:
        """Hand over a job. Raises WorkerDiedError where the process is known to be gone."""
        return self._send(ticket, pack_job(job))

    async def let_go(self, ticket: int, host: str) -> None:
        """Have it close the connections to a host that it keeps; they are closed where it is gone."""
        with suppress(WorkerDiedError):
            await self._send(ticket, host)

    def _send(self, ticket: int, words: Any) -> asyncio.Future[Any]:
        if self._is_gone:
            raise WorkerDiedError
        if not self.waiting:
            self._heard = time.monotonic()
        self._outbox.others = len(self.waiting)
        self._outbox.send((ticket, words))
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.waiting[ticket] = future
        return future

    async def receive(self, silence_s: float, on_ready: Callable[[], None] = lambda: None) -> None:
        """Hand reports to those who wait for them, until the process ends; one that is silent for so long is ended.

        The first message holds none and says that it is ready.
        """
        while True:
            try:
                async with asyncio.timeout(silence_s):
                    reports = await self._inbox.next()
            except TimeoutError:
                if self.waiting and time.monotonic() - self._heard >= silence_s:
                    self.kill()
                continue
            self._heard = time.monotonic()
            if reports is None:
                break
            if not reports:
                on_ready()
            for ticket, report in reports:
                future = self.waiting.pop(ticket, None)
                if future is None or future.done():
                    continue
                if isinstance(report, int):
                    future.set_exception(unpack_nothing(report))
                else:
                    future.set_result(report and unpack_report(report))
        self._is_gone = True
        waiting, self.waiting = self.waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(WorkerDiedError())

    def kill(self) -> None:
        """End it at once."""
        with suppress(ProcessLookupError):
            self._process.kill()

    def end(self) -> None:
        """Let it end, because nothing more is to be done."""
        self._input.close()

    def close(self) -> None:
        """Give back what the system keeps for it, once it is gone."""
        self._process.close()

    async def leave(self) -> None:
        """Wait for its end, and see to it."""
        try:
            async with asyncio.timeout(_LEAVE_S):
                await self.exited.wait()
        except TimeoutError:
            self.kill()
            await self.exited.wait()


class _Move(NamedTuple):
    """That a host, or some slots of it, go to a worker; None: to one that is started for one request."""

    worker: _Worker | None
    done: asyncio.Future[None]
    """Once those who had it have let go of it."""


class Pool:
    """Workers for one crawl; use it as an async context manager."""

    def __init__(
        self, settings: ClientSettings, secrets: Sequence[HostHeader] = (), workers: int | None = None
    ) -> None:
        self._settings = settings
        self._secrets = tuple(secrets)
        self._number = usual_workers() if workers is None else workers
        self._eager = workers is not None
        self._client = Client(settings, Credentials(secrets))
        self._workers: list[_Worker] = []
        """Those that are ready for jobs."""
        self._processes: set[_Worker] = set()
        """All that were started and are not known to be gone."""
        self._slots: Slots[_Worker] = Slots()
        self._moving: dict[int, _Move] = {}
        """Hosts that are on their way from one worker to another."""
        self._tickets = 0
        self._deaths = 0
        self._answers = 0
        self._since = time.monotonic()
        self._starting = False
        self._started = False
        self._ready = asyncio.Event()
        """Set while there is a worker that is ready."""
        self._closing = False
        self._alone = asyncio.Lock()
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        await self._group.__aenter__()
        try:
            if self._eager and self._number:
                await self._start_all()
                # A job that waits for its process is done later than the frontier believes.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOAD_S):
                        await self._ready.wait()
        except BaseException:
            await self.__aexit__(*sys.exc_info())
            raise
        return self

    async def __aexit__(self, *exception: Any) -> None:
        self._closing = True
        try:
            await to_its_end(self._dismiss())
        finally:
            try:
                await self._group.__aexit__(*exception)
            finally:
                await self._client.__aexit__(*exception)

    async def _dismiss(self) -> None:
        """Let the workers leave, and end those that do not."""
        leaving = list(self._processes)  # who has left is no longer among them
        for worker in leaving:
            worker.end()
        async with asyncio.TaskGroup() as group:
            for worker in leaving:
                group.create_task(worker.leave())

    async def visit(self, job: Job, host: int, most: int) -> Report:
        """What came of a job for a host that may have `most` at a time. Raises NothingCameError and WorkerDiedError."""
        if not self._started:
            report = await visit(job, self._client)
            self._count_answer()
            return report
        while not self._workers:
            await self._ready.wait()
        worker, former = self._slots.take(host, most, self._workers, may_move=host not in self._moving)
        try:
            if former is not None:
                self._move(host, worker, self._let_go([former], job))
            if (moving := self._moving.get(host)) and moving.worker in (worker, None):
                await asyncio.wait({moving.done})
            return await worker.send(self._next_ticket(), job)
        finally:
            self._slots.give_back(host, worker if worker in self._workers else None)

    def _move(self, host: int, worker: _Worker | None, let_go: Coroutine[None, None, None]) -> None:
        """Note that a worker (None: any) must ask a host for nothing before others have let go of that."""
        done = asyncio.ensure_future(let_go)
        self._moving[host] = _Move(worker, done)
        done.add_done_callback(lambda _: self._moving.pop(host))

    async def _let_go(self, workers: Iterable[_Worker], job: Job) -> None:
        """Have workers close the connections that they keep to the host of a job."""
        await asyncio.gather(*(each.let_go(self._next_ticket(), urls.host(job.url) or "") for each in workers))

    def _next_ticket(self) -> int:
        self._tickets += 1
        return self._tickets

    async def visit_alone(self, job: Job, host: int) -> Report:
        """What came of a job that has a process to itself. Where that dies, WorkerDiedError, the job is to blame.

        One such job at a time, so that many do not start many processes.
        """
        async with self._alone:
            while moving := self._moving.get(host):
                await asyncio.wait({moving.done})
            self._move(host, None, self._let_go(self._slots.take_apart(host), job))
            try:
                await asyncio.wait({self._moving[host].done})
                worker = await to_its_end(self._start_apart())
                try:
                    return await worker.send(0, job)
                finally:
                    worker.kill()
            finally:
                self._slots.give_back(host, None)

    def _count_answer(self) -> None:
        """Start the workers once the answers come fast enough to be worth it."""
        if self._starting or not self._number:
            return
        self._answers += 1
        if self._answers >= _FAST_ANSWERS:
            now = time.monotonic()
            if now - self._since <= _FAST_S:
                self._group.create_task(self._start_all())
            self._answers, self._since = 0, now

    async def _start_all(self) -> None:
        self._starting = True
        async with asyncio.TaskGroup() as group:
            for _ in range(self._number):
                group.create_task(to_its_end(self._start()))

    async def _start(self) -> None:
        """Start a worker, which is taken in once it is ready."""
        try:
            worker = await self._spawn()
        except WorkerDiedError:
            return
        self._group.create_task(self._watch(worker))

    def _take_in(self, worker: _Worker) -> None:
        self._workers.append(worker)
        if not self._started:
            self._client.let_go_of_all()
        self._started = True
        self._ready.set()

    async def _start_apart(self) -> _Worker:
        """A worker for one job."""
        worker = await self._spawn()
        self._group.create_task(self._see_off(worker))
        return worker

    async def _spawn(self) -> _Worker:
        """A new process, noted at once: one that nobody knows of would be there for ever.

        Raises LinkmapError where there can be none, WorkerDiedError where the pool is being left.
        """
        try:
            _, worker = await asyncio.get_running_loop().subprocess_exec(
                _Worker,
                sys.executable, "-P", "-m", "linkmap.workers",  # -P: no module of the current folder is loaded
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=None,
                start_new_session=True,  # Ctrl-C is not for a worker, not even while it loads
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )  # fmt: skip
        except OSError as error:
            self._closing = True
            raise LinkmapError(
                f"no worker process could be started ({error.strerror}): go on with --resume and --workers 0"
            ) from error
        if self._closing:  # those that leave were counted while this one was on its way
            worker.kill()
            await worker.exited.wait()
            worker.close()
            raise WorkerDiedError
        self._processes.add(worker)
        worker.begin(pack_client(self._settings, self._secrets))
        return worker

    async def _see_off(self, worker: _Worker) -> None:
        """Receive from a worker for one job until it is gone."""
        await worker.receive(_SILENT_TIMEOUTS * self._settings.timeout_s)
        await self._bury(worker)

    async def _bury(self, worker: _Worker) -> None:
        await worker.exited.wait()
        worker.close()
        self._processes.discard(worker)

    async def _watch(self, worker: _Worker) -> None:
        """Receive from a worker until it is gone, and put another in its place where that was too early."""
        await worker.receive(_SILENT_TIMEOUTS * self._settings.timeout_s, lambda: self._take_in(worker))
        if worker in self._workers:
            self._workers.remove(worker)
            self._slots.forget(worker)
        if not self._workers:
            self._ready.clear()
        await self._bury(worker)
        if self._closing:
            return
        self._deaths += 1
        if self._deaths > _MOST_DEATHS:
            self._closing = True
            raise LinkmapError(
                f"worker processes died {self._deaths} times (memory?): go on with --resume and --workers 0"
            )
        await to_its_end(self._start())


def usual_workers() -> int:
    """Workers that are started when answers come fast: one a processor core, none where there is but one."""
    if sys.platform == "win32":
        return 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_WORKERS) if cores > 1 else 0

"""What asks the web for long: run on uvloop where there is one, with its progress shown and Ctrl-C understood."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from linkmap.cli.progress import Display
from linkmap.workers import event_loops

_Result = TypeVar("_Result")


def run_shown(
    work: Callable[..., Awaitable[_Result]], display: Display, stop: asyncio.Event | None = None, *, code: int
) -> _Result:
    """The result of `work`, which takes `progress`, `on_answer` and `stop`, an event that Ctrl-C sets.

    A second Ctrl-C leaves at once, with the exit code.
    """
    told = partial(work, progress=display.update, on_answer=display.answer)
    with asyncio.Runner(loop_factory=event_loops()) as runner:
        return runner.run(_with_signals(told, display, stop or asyncio.Event(), code))


async def _with_signals(
    work: Callable[..., Awaitable[_Result]], display: Display, stop: asyncio.Event, code: int
) -> _Result:
    def interrupted() -> None:
        if stop.is_set():
            display.close()
            os._exit(code)
        stop.set()
        display.say("Stopping: the requests under way may still end. Ctrl-C again leaves at once.")

    loop = asyncio.get_running_loop()
    if sys.platform != "win32":
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, interrupted)
    try:
        with display:
            return await work(stop=stop)
    finally:
        if sys.platform != "win32":
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

"""Threads that nobody waits for, for what may take for ever: the look-up of a name whose name servers are silent.

Those of an event loop are few (libuv, and so uvloop, looks up four names at a time, each for ten seconds and more where
nobody answers), so that a few such names hold up all others, and a process waits for them when it ends.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, ParamSpec, TypeVar

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_STACK_SIZE = threading.Lock()
"""Held while the size of the stacks of new threads, one for the whole process, is another."""


class Threads(Executor):
    """Runs each call in a daemon thread; no more than `most` at a time, the others wait for their turn.

    `stack_bytes` is what a thread may use of its stack, 0 for what the system gives.
    """

    def __init__(self, name: str, most: int, stack_bytes: int = 0) -> None:
        self._name = name
        self._most = most
        self._stack_bytes = stack_bytes
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._at_work = 0

    def submit(
        self, call: Callable[_Arguments, _Result], /, *arguments: _Arguments.args, **named: _Arguments.kwargs
    ) -> Future[_Result]:
        """Have a call made. Raises RuntimeError where not even one thread can be started."""
        future: Future[_Result] = Future()
        with self._lock:
            self._waiting.append((future, lambda: call(*arguments, **named)))
            if self._at_work < self._most:
                try:
                    self._start()
                except RuntimeError:
                    if not self._at_work:
                        self._waiting.pop()
                        raise
        return future

    def _start(self) -> None:
        with _STACK_SIZE:
            before = threading.stack_size(self._stack_bytes)
            try:
                threading.Thread(target=self._work, name=self._name, daemon=True).start()
            finally:
                threading.stack_size(before)
        self._at_work += 1

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._at_work -= 1
                    return
                waiting = self._waiting.popleft()
            _make(*waiting)
            del waiting


def _make(future: Future[Any], call: Callable[[], Any]) -> None:
    """Make a call and tell what came of it."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(call())
    except BaseException as error:  # noqa: BLE001 it belongs to whoever asked
        future.set_exception(error)
    finally:
        del future, call  # which the error's traceback holds otherwise, and they the error

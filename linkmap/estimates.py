"""How long requests take at the polite rate, and how large the map of a crawl becomes. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

BYTES_OF_A_LINK, BYTES_OF_A_PAGE, BYTES_OF_A_CAPTURE, BYTES_OF_A_DEGREE = 40, 116, 200, 39
"""Rows with their indexes, as measured in docs/store.md."""


class HostLoad(NamedTuple):
    """The requests to one host, how long they take it alone, and the mean time of its answers; seconds."""

    requests: int
    seconds: float
    seconds_an_answer: float


class MapSize(NamedTuple):
    """Rows of a map."""

    pages: int
    captures: int
    links: int
    links_per_page: float
    """As seen on the pages fetched so far."""

    @property
    def bytes(self) -> int:
        """What the file takes, indexes included."""
        of_pages = self.pages * (BYTES_OF_A_PAGE + BYTES_OF_A_DEGREE)
        return of_pages + self.captures * BYTES_OF_A_CAPTURE + self.links * BYTES_OF_A_LINK


def seconds_a_request(delay_s: float, per_host: int, seconds_an_answer: float) -> float:
    """From one request to a host to its next, on average.

    Several connections save time where there is no delay. Where there is one, every answer begins it anew, so
    they save at most the part of an answer's time that is longer than the delay: they are counted as one.
    """
    return delay_s + seconds_an_answer if delay_s else seconds_an_answer / per_host


def seconds_of(loads: Iterable[HostLoad], requests: int, connections: int) -> float:
    """How long this many of the hosts' requests take, all hosts being asked side by side.

    The slowest host decides, unless the requests are spent before (--max-pages) or connections are too few.
    """
    by_end = sorted((load for load in loads if load.requests), key=lambda load: load.seconds)
    rate, ended = sum(_rate(load) for load in by_end), 0.0
    done = float(sum(load.requests for load in by_end if not load.seconds))
    for load in by_end:
        in_turn = rate * (load.seconds - ended)
        if done + in_turn >= requests:
            ended += max(0.0, requests - done) / rate if rate else 0.0
            break
        done, ended, rate = done + in_turn, load.seconds, rate - _rate(load)
    wanted = sum(load.requests for load in by_end)
    busy = sum(load.requests * load.seconds_an_answer for load in by_end)
    return max(ended, busy * requests / wanted / connections if wanted else 0.0)


def _rate(load: HostLoad) -> float:
    return load.requests / load.seconds if load.seconds else 0.0

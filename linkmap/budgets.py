"""What a crawl may still spend: answers, requests a host, time. No I/O; the caller passes the time.

What a budget left unfetched becomes `over_budget`, and the run says which option it was.
"""

from collections import Counter
from collections.abc import Callable, Mapping

from linkmap.settings import Settings

_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60))


class Budgets:
    """The budgets of one run of a crawl, and what of them is spent."""

    def __init__(self, settings: Settings, started_at: float, max_pages_of: Callable[[int], int] | None = None) -> None:
        """`max_pages_of` gives the limit of requests of a host where hosts differ in it."""
        self.settings = settings
        self._max_pages_of = max_pages_of or (lambda _: settings.max_pages_per_host)
        self.answers = 0
        """Answers to requests for pages in the whole map."""
        self.ends_at = started_at + settings.max_time_s if settings.max_time_s else None
        """When the time is up, or None; by the clock that callers pass."""
        self._requests: Counter[int] = Counter()
        self._time_was_up = False
        self._host_was_dropped = False

    def load(self, answers: int, requests: Mapping[int, int]) -> None:
        """Take up what earlier runs spent: answers, and requests by host."""
        self.answers = answers
        self._requests.update(requests)

    def no_answer_left(self, in_flight: int) -> bool:
        """Whether the answers under way are the last that --max-pages allows."""
        limit = self.settings.max_pages
        return bool(limit) and self.answers + in_flight >= limit

    def is_time_up(self, now: float) -> bool:
        """Whether --max-time ends the crawl now."""
        if self.ends_at is not None and now >= self.ends_at:
            self._time_was_up = True
        return self._time_was_up

    def take_request(self, host: int) -> bool:
        """Whether --max-pages-per-host, or the host's rule, allows one more request to it, which then counts."""
        limit = self._max_pages_of(host)
        if limit and self._requests[host] >= limit:
            self._host_was_dropped = True
            return False
        self._requests[host] += 1
        return True

    def give_request_back(self, host: int) -> None:
        """Count a request to a host out that was never made."""
        self._requests[host] -= 1

    @property
    def limits_hosts(self) -> bool:
        """Whether any host has a limit of requests."""
        return bool(self.settings.max_pages_per_host or self._ruled)

    @property
    def _ruled(self) -> bool:
        return any(rule.max_pages is not None for rule in self.settings.hosts)

    @property
    def cut_by(self) -> str | None:
        """The option whose limit left pages unfetched, or None."""
        if self._time_was_up:
            return f"--max-time {_duration(self.settings.max_time_s)}"
        if self.no_answer_left(0):
            return f"--max-pages {self.settings.max_pages}"
        if not self._host_was_dropped:
            return None
        # The same words for all hosts, so that they do not depend on which was cut first.
        return "the max-pages of a host" if self._ruled else f"--max-pages-per-host {self.settings.max_pages_per_host}"


def _duration(seconds: float) -> str:
    """Seconds as --max-time takes them, in the largest unit of which they are a whole number: 600 is 10m."""
    for unit, size in _UNITS:
        if seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:g}s"

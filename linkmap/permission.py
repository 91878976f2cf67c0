"""May an origin be asked for a page: its robots.txt, fetched once, before the first page and through redirects.

An origin that cannot be reached at all gives its pages its own outcome (`dns_error`, `connect_error`,
`tls_error`, `private_address`): no page of it can be had, and links to it are dead. One whose robots.txt
answers 5xx or 429, or does not answer in time, must not be asked (RFC 9309, 2.3.1.4): `robots_unreachable`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from linkmap import url as urls
from linkmap.frontier import ROBOTS_DEPTH, Entry, Frontier
from linkmap.ledger import Ledger
from linkmap.model import Outcome, Report
from linkmap.names import Names
from linkmap.robots import MAX_REDIRECTS, Robots, RobotsState, parse_robots, state_of
from linkmap.scope import Exclusion

MAX_AGE_S = 86_400.0
"""How long a stored robots.txt is believed by a resumed crawl (RFC 9309, 2.4)."""

_NO_PAGE_TO_BE_HAD = frozenset({Outcome.DNS_ERROR, Outcome.CONNECT_ERROR, Outcome.TLS_ERROR, Outcome.PRIVATE_ADDRESS})


@dataclass(slots=True)
class Permission:
    """What the robots.txt of each origin allows."""

    user_agent: str
    _known: dict[int, Robots | Exclusion | None] = field(default_factory=dict)
    """Origin -> its rules, why none of its pages may be asked for, or None where all may."""
    _asked_at: dict[int, float] = field(default_factory=dict)
    """Origin -> when its robots.txt came, by the clock that callers pass."""
    _failures: dict[int, Outcome] = field(default_factory=dict)
    """Origin -> what the request for its robots.txt ended in, where it failed."""
    _redirects: dict[int, int] = field(default_factory=dict)

    def is_known(self, origin: int, now: float) -> bool:
        """Whether the origin's robots.txt has been asked for, to the end, within the last day."""
        return self._asked_at.get(origin, float("-inf")) > now - MAX_AGE_S

    def failure(self, origin: int) -> Outcome | None:
        """What the request for an origin's robots.txt ended in, where nothing may be asked there since."""
        return self._failures.get(origin)

    def exclusion(self, origin: int, url: str) -> Exclusion | None:
        """Why a page of a known origin may not be asked for, or None."""
        rules = self._known[origin]
        if isinstance(rules, Exclusion):
            return rules
        if rules is None or rules.allows(url):
            return None
        return Exclusion(Outcome.ROBOTS_DENIED, "robots.txt")

    def request(self, origin: int, page_url: str) -> Entry:
        """The request for the robots.txt of the origin of a page."""
        found = urls.origin(page_url)
        assert found is not None
        return Entry(ROBOTS_DEPTH, -origin, f"{found.url}/robots.txt", origin, 0)

    def next_hop(self, entry: Entry, report: Report) -> Entry | None:
        """The next request where robots.txt redirects, at most five times in a row; None where it does not."""
        if report.visit.outcome is not Outcome.REDIRECT or self._redirects.get(entry.origin, 0) >= MAX_REDIRECTS:
            return None
        target = report.targets[0]
        if not target.valid or urls.origin(target.url) is None:
            return None
        self._redirects[entry.origin] = self._redirects.get(entry.origin, 0) + 1
        return entry._replace(url=target.url, tries=0)

    def settle(
        self, entry: Entry, report: Report, host: int, frontier: Frontier, now: float
    ) -> tuple[RobotsState, float | None]:
        """Draw the last consequence of an answer; gives the state to store and the Crawl-delay, seconds."""
        origin, visit = entry.origin, report.visit
        self._asked_at[origin] = now
        self._redirects.pop(origin, None)
        self._failures.pop(origin, None)
        state = RobotsState.ALLOW if visit.outcome is Outcome.REDIRECT else state_of(visit)
        delay_s = None
        if state is RobotsState.RULES:
            delay_s = self.learn(origin, report.text or "", host, frontier)
        elif state is RobotsState.ALLOW:
            self._known[origin] = None
        elif visit.outcome in _NO_PAGE_TO_BE_HAD:
            self._failures[origin] = visit.outcome
            self._known[origin] = Exclusion(visit.outcome, visit.detail)
        else:
            self._failures[origin] = visit.outcome
            answer = f"answered {visit.status}" if visit.status else visit.detail
            self._known[origin] = Exclusion(Outcome.ROBOTS_UNREACHABLE, f"robots.txt: {answer}")
        return state, delay_s

    def learn(self, origin: int, text: str, host: int, frontier: Frontier) -> float | None:
        """Take in the text of an origin's robots.txt; gives its Crawl-delay, seconds, which then holds."""
        rules = parse_robots(text, self.user_agent)
        self._known[origin] = rules
        if rules.delay_s is not None:
            frontier.slow(host, rules.delay_s)
        return rules.delay_s

    async def load(self, ledger: Ledger, frontier: Frontier, now: float, obeys: Callable[[int], bool]) -> None:
        """Believe what the store holds from the last day, so that a resumed crawl asks no host twice.

        Hosts whose robots.txt is not obeyed are left out: their Crawl-delay does not hold.
        """
        wall = time.time()
        rows = await ledger.store.rows(
            "SELECT origin.id, origin.host, robots, robots_text, fetched_at FROM origin "
            "JOIN capture ON capture.id = robots_capture WHERE robots IN ('rules', 'allow') AND fetched_at > ?",
            (wall - MAX_AGE_S,),
        )
        for origin, host, state, text, fetched_at in rows:
            if not obeys(host):
                continue
            self._asked_at[origin] = now - (wall - fetched_at)
            if state == RobotsState.RULES:
                self.learn(origin, text or "", host, frontier)
            else:
                self._known[origin] = None


def host_of(url: str, names: Names, ledger: Ledger) -> int:
    """The id of the host that serves a robots.txt, which may be another than the origin's."""
    found = urls.origin(url)
    assert found is not None
    return names.host(found.host, ledger.discovery.batch)

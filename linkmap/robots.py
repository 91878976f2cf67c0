"""robots.txt (RFC 9309): what a text allows, and how long it asks to wait. Pure over text."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from protego import Protego

from linkmap import url as urls
from linkmap.model import Outcome, Visit

MAX_BYTES = 500 * 1024
"""How much of a file is read (RFC 9309, 2.5: at least 500 KiB)."""
MAX_REDIRECTS = 5
MAX_DELAY_S = 86_400.0

_AGENT_LINE = re.compile(r"user[ -]?agent\s*[:\s]\s*(\*(?=[\s#]|$)|[a-z_-]*)", re.IGNORECASE)
_UNKNOWN_LINE = re.compile(
    r"(?!(?:allow|dis?s?al+[ao]w|diasllow|crawl-delay|site-?maps?)\s*:)[\w-]+\s*:", re.IGNORECASE
)
_DISALLOW_LINE = re.compile(r"(?:dis?s?al+[ao]w|diasllow)\s*:\s*([^\s#]\S*)", re.IGNORECASE)
_SITEMAP_LINE = re.compile(r"\s*site-?map\s*:\s*([^\s#]\S*)", re.IGNORECASE)
MAX_SITEMAPS = 1_000
MAX_RULES = 200
"""Disallow lines of one file that are held against single URLs."""

_ANOTHER_CRAWLER = "user-agent: 0"
"""A name that no product token can be."""


class RobotsState(StrEnum):
    """What is known of an origin's robots.txt; the words of `origin.robots`."""

    UNKNOWN = "unknown"
    RULES = "rules"
    ALLOW = "allow"
    UNREACHABLE = "unreachable"


@dataclass(slots=True)
class Bites:
    """How many URLs each Disallow line forbids, and on how many that was tested."""

    rules: Counter[str] = field(default_factory=Counter)
    tested: int = 0
    untested: int = 0

    def add(self, other: "Bites", untested: int = 0) -> None:
        """Take in those of another file, and URLs that were too many to be tested."""
        self.rules.update(other.rules)
        self.tested += other.tested
        self.untested += other.untested + untested


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules that hold for one product token."""

    rules: Protego
    token: str

    def allows(self, url: str) -> bool:
        """Whether the rules let this URL be requested."""
        return bool(self.rules.can_fetch(url, self.token))

    @property
    def delay_s(self) -> float | None:
        """Crawl-delay, seconds, capped at one day; None where there is none."""
        delay = self.rules.crawl_delay(self.token)
        return None if delay is None else min(float(delay), MAX_DELAY_S)


def parse_robots(text: str, user_agent: str) -> Robots:
    """The rules of a robots.txt for a crawler of that User-Agent."""
    token = product_token(user_agent)
    return Robots(Protego.parse("\n".join(_readable_lines(text.removeprefix("\ufeff"), token))), token)


def _readable_lines(text: str, token: str) -> Iterator[str]:
    """Lines that Protego reads as RFC 9309 has it: it takes `linkmap/1.0` for another name than linkmap, `link` for
    the same, and a line that it does not know for the end of a group."""
    for raw in text.splitlines():
        line = raw.strip()
        agent = _AGENT_LINE.match(line)
        if agent:
            name = agent.group(1)
            yield f"user-agent: {name}" if name == "*" or name.lower() == token.lower() else _ANOTHER_CRAWLER
        elif not _UNKNOWN_LINE.match(line):
            yield line


def disallow_lines(text: str, user_agent: str) -> list[str]:
    """The Disallow lines, as written, of the group that holds for a crawler: its own, else that for `*`."""
    token = product_token(user_agent).lower()
    groups: dict[str, dict[str, None]] = {}
    agents: list[str] = []
    is_open = False
    for line in _readable_lines(text.removeprefix("\ufeff"), token):
        agent = _AGENT_LINE.match(line)
        if agent:
            name = agent.group(1).lower()
            agents, is_open = [*agents, name] if is_open else [name], True
            groups.setdefault(name, {})
        elif line and not line.startswith("#"):
            is_open = False
            if _DISALLOW_LINE.match(line):
                for name in agents:
                    groups[name][line.partition("#")[0].strip()] = None
    return list(groups.get(token, groups.get("*", {})))


def bites_of(text: str, user_agent: str, urls: Iterable[str]) -> Bites:
    """Which lines of a robots.txt forbid these URLs, all of them forbidden: of several, the longest decides."""
    lines = disallow_lines(text, user_agent)[:MAX_RULES]
    lines.sort(key=lambda line: -len(line.partition(":")[2].strip()))
    alone = [(line, parse_robots(f"User-agent: *\n{line}", user_agent)) for line in lines]
    found = Bites()
    for url in urls:
        line = next((line for line, rules in alone if not rules.allows(url)), None)
        if line is None:
            found.untested += 1
        else:
            found.tested += 1
            found.rules[line] += 1
    return found


def sitemap_lines(text: str) -> Iterator[str]:
    """The sitemaps that a robots.txt names, as written (sitemaps.org), at most 1,000; they are for every crawler."""
    found = 0
    for line in text.removeprefix("\ufeff").splitlines():
        match = _SITEMAP_LINE.match(line)
        if match and found < MAX_SITEMAPS:
            found += 1
            yield match.group(1)


def kept_text(text: str) -> str:
    """A robots.txt as it is kept: without user:password in the sitemaps that it names; its rules are left alone."""
    lines = text.splitlines(keepends=True)
    return "".join(urls.without_credentials(line) if _SITEMAP_LINE.match(line) else line for line in lines)


def product_token(user_agent: str) -> str:
    """The name by which robots.txt knows a crawler: letters, `_` and `-` only (RFC 9309, 2.2.1)."""
    match = re.match(r"[A-Za-z_-]+", user_agent.strip())
    return match.group() if match else "*"


def state_of(visit: Visit) -> RobotsState:
    """What the answer to a request for robots.txt means (RFC 9309, 2.3.1), redirects aside.

    429 counts with the 5xx: the server asks for fewer requests, which is no leave to make more.
    """
    if visit.outcome in (Outcome.FETCHED, Outcome.NOT_HTML):
        return RobotsState.RULES
    if visit.status is not None and 400 <= visit.status < 500 and visit.status != 429:
        return RobotsState.ALLOW
    return RobotsState.UNREACHABLE

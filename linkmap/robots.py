"""robots.txt: what a text allows, and how long it asks to wait. Pure over text.

The rules are RFC 9309's; what real files hold beyond them (misspelt words, a missing colon, `index.html`) is read as
Google's parser reads it. A rule and a URL are compared with their percent-encoding made one (2.2.2): `%61` is `a`.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote

from linkmap import url as urls
from linkmap.model import Outcome, Visit

MAX_BYTES = 500 * 1024
"""How much of a file is read (RFC 9309, 2.5: at least 500 KiB)."""
MAX_REDIRECTS = 5
MAX_DELAY_S = 86_400.0

_LINE_END = re.compile(r"\r\n?|\n")
_LINE = re.compile(
    r"(?:(?P<agent>user[ -]?agent)|(?P<allow>allow)|(?P<disallow>dis{1,2}al{1,2}ow|diasllow|disallaw)"
    r"|(?P<delay>crawl[ -]delay))(?:\s*:\s*(?P<value>.*)|\s+(?P<word>\S+))",
    re.IGNORECASE | re.DOTALL,
)
"""A line that means something, less its comment: a colon may be missing before a single word."""
_AGENT = re.compile(r"\*(?=\s|$)|[a-z_-]*", re.IGNORECASE)
_SITEMAP_LINE = re.compile(r"\s*site-?map\s*:\s*([^\s#]\S*)", re.IGNORECASE)
_PATH = re.compile(r"[^:/?#]*://[^/?#]*([^#]*)")
_INDEX = re.compile(r"/index\.htm[^/]*$")
_ASCII = "".join(map(chr, range(0x80)))
_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})|[^A-Za-z0-9._~/?&=:;,+@!()\[\]%\u0080-\U0010ffff-]")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
MAX_SITEMAPS = 1_000
MAX_RULES = 200
"""Disallow lines of one file that are held against single URLs."""


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
class Rule:
    """One Allow or Disallow line, in pieces that its wildcards part. Of several that match, the longest decides."""

    allows: bool
    line: str
    pieces: tuple[str, ...]
    is_anchored: bool

    @property
    def length(self) -> int:
        """How long the pattern is, its wildcards and its `$` included."""
        return sum(map(len, self.pieces)) + len(self.pieces) - 1 + self.is_anchored

    @property
    def is_plain(self) -> bool:
        """Whether the pattern is a mere prefix."""
        return len(self.pieces) == 1 and not self.is_anchored

    def matches(self, path: str) -> bool:
        """Whether a comparable path matches: each piece at its first place after the one before, so in linear time."""
        first, *others = self.pieces
        if not path.startswith(first):
            return False
        if not others:
            return not self.is_anchored or len(path) == len(first)
        place, last = len(first), others.pop()
        for piece in others:
            place = path.find(piece, place)
            if place < 0:
                return False
            place += len(piece)
        if self.is_anchored:
            return len(path) - len(last) >= place and path.endswith(last)
        return path.find(last, place) >= 0


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules that hold for one product token, and its Crawl-delay: seconds, at most one day, None for none."""

    rules: tuple[Rule, ...]
    """The one that decides first goes first."""
    delay_s: float | None
    _prefixes: tuple[str, ...]
    _patterns: tuple[Rule, ...]

    def allows(self, url: str) -> bool:
        """Whether the rules let this URL be requested; robots.txt always may."""
        path = _path(url)
        if path.partition("?")[0] == "/robots.txt":
            return True
        rules = self.rules if path.startswith(self._prefixes) else self._patterns
        return next((rule.allows for rule in rules if rule.matches(path)), True)


@dataclass(slots=True)
class _Group:
    """The lines that hold for one name, in their order."""

    rules: list[Rule] = field(default_factory=list)
    delay_s: float | None = None


def parse_robots(text: str, user_agent: str) -> Robots:
    """The rules of a robots.txt for a crawler of that User-Agent."""
    group = _group(text, product_token(user_agent))
    rules = sorted(group.rules, key=lambda rule: (-rule.length, not rule.allows))
    prefixes = tuple(rule.pieces[0] for rule in rules if rule.is_plain)
    return Robots(tuple(rules), group.delay_s, prefixes, tuple(rule for rule in rules if not rule.is_plain))


def _group(text: str, token: str) -> _Group:
    """The group of a product token, all its parts taken together, else that of `*` (2.2.1)."""
    groups: dict[str, _Group] = {}
    named: dict[str, _Group] = {}
    is_naming = False
    for line, match in _lines(text):
        value = match["value"] or match["word"] or ""
        if match["agent"]:
            named = named if is_naming else {}
            is_naming = True
            name = _agent(value)
            if name in (token.lower(), "*"):
                named[name] = groups.setdefault(name, _Group())
            continue
        is_naming = False
        for group in named.values():
            if match["delay"]:
                group.delay_s = _delay_s(value, group.delay_s)
            else:
                group.rules += _rules(line, value, allows=bool(match["allow"]))
    return groups.get(token.lower()) or groups.get("*") or _Group()


def _lines(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    """The lines that mean something, without their comments; any other is as if it were not there."""
    for raw in _LINE_END.split(text.removeprefix("\ufeff")):
        line = raw.partition("#")[0].strip()
        match = _LINE.fullmatch(line)
        if match:
            yield line, match


def _agent(value: str) -> str:
    """The name that a User-agent line gives, up to what no name can hold: `linkmap/1.0` means linkmap."""
    match = _AGENT.match(value)
    return match.group().lower() if match else ""


def _delay_s(value: str, before: float | None) -> float | None:
    try:
        delay_s = float(value)
    except ValueError:
        return before
    return min(delay_s, MAX_DELAY_S) if math.isfinite(delay_s) and delay_s >= 0 else before


def _rules(line: str, value: str, *, allows: bool) -> Iterator[Rule]:
    """The rule that a line states; none without a path. Leave for a folder's `index.html` is leave for the folder."""
    if not value.startswith(("/", "*")):
        return
    is_anchored = value.endswith("$")
    pattern = quote(value.removesuffix("$"), safe=_ASCII, errors="replace")
    yield Rule(allows, line, tuple(map(_comparable, pattern.split("*"))), is_anchored)
    index = _INDEX.search(pattern)
    if allows and index:
        folder = pattern[: index.start() + 1]
        yield Rule(allows, line, tuple(map(_comparable, folder.split("*"))), True)


def _path(url: str) -> str:
    """The path and query of a URL, comparable with rules."""
    match = _PATH.match(url)
    path = _comparable(match.group(1) if match else "")
    return path if path.startswith("/") else "/" + path


def _comparable(text: str) -> str:
    """Text with its percent-encoding made one: of unreserved characters gone, else in capitals, and added to what may
    stand as it is or encoded. `*` and `$`, which mean themselves here, are encoded too (2.2.3)."""
    return _ENCODED.sub(_one_encoding, text)


def _one_encoding(match: re.Match[str]) -> str:
    if match.group(1) is None:
        return f"%{ord(match.group()):02X}"
    character = chr(int(match.group(1), 16))
    return character if _UNRESERVED.fullmatch(character) else match.group().upper()


def disallow_lines(text: str, user_agent: str) -> list[str]:
    """The Disallow lines, as written, of the group that holds for a crawler: its own, else that for `*`."""
    return [rule.line for rule in _forbidding(text, user_agent)]


def _forbidding(text: str, user_agent: str) -> list[Rule]:
    """The rules that forbid, in their order, each line once."""
    rules = _group(text, product_token(user_agent)).rules
    return list({rule.line: rule for rule in rules if not rule.allows}.values())


def bites_of(text: str, user_agent: str, urls: Iterable[str]) -> Bites:
    """Which lines of a robots.txt forbid these URLs, all of them forbidden: of several, the longest decides."""
    rules = sorted(_forbidding(text, user_agent)[:MAX_RULES], key=lambda rule: -rule.length)
    found = Bites()
    for url in urls:
        path = _path(url)
        line = next((rule.line for rule in rules if rule.matches(path)), None)
        if line is None:
            found.untested += 1
        else:
            found.tested += 1
            found.rules[line] += 1
    return found


def sitemap_lines(text: str) -> Iterator[str]:
    """The sitemaps that a robots.txt names, as written (sitemaps.org), at most 1,000; they are for every crawler."""
    found = 0
    for line in _LINE_END.split(text.removeprefix("\ufeff")):
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

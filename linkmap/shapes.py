"""What URLs have in common: the families that endless pages come in, and what of a URL is only a session. Pure.

A family is named as a URL with a place holder, such as `http://a.test/events/{date}`, so that its name tells an
operator what to leave out.
"""

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from linkmap import url as urls

_YEAR = r"(?<![0-9])(?:19|2[01])[0-9]{2}"
_DATE = re.compile(
    rf"{_YEAR}[-/._](?:0?[1-9]|1[0-2])(?![0-9])"
    rf"|{_YEAR}(?:0[1-9]|1[0-2])(?=(?:0[1-9]|[12][0-9]|3[01])?(?![0-9]))"
)
"""A year and a month: 2031-08, 2031/8/17, 20310817. A number alone is no date; too many things are numbered."""
_DAY = re.compile(r"[-/._]?(?:0?[1-9]|[12][0-9]|3[01])(?![0-9])")
_YEAR_ALONE = re.compile(rf"{_YEAR}/?$")
_DATE_KEYS = frozenset({"date", "day", "month", "year", "week"})
_SESSION_NAMES = frozenset({"sid", "s", "phpsessid", "jsessionid", "cfid", "cftoken", "zenid", "oscsid", "token"})
_TOKEN = re.compile(r"(?=[A-Za-z_-]*[0-9])(?=[0-9_-]*[A-Za-z])[A-Za-z0-9_-]{16,}")
_TOKEN_LENGTH = 16
_PATH_SESSION = re.compile(r";(jsessionid|phpsessid|sid)=[^/?;]*", re.IGNORECASE)
_PATH_TOKEN = re.compile(rf"/(?:{_TOKEN.pattern}|\(S\([a-z0-9]+\)\))(?=/)")
IN_PATH = "{id}"
"""The name of a session that is a segment of the path, in the middle of it: `/(S(lit3py55t21z5v55))/a.aspx`."""
_PAGING = frozenset({"page", "p", "pg", "start", "offset", "from"})
_DEEP = 6
"""Segments from which on a path belongs to the family of its first two."""
_MANY_LABELS = 3
_CACHED = 16_384


class Family(StrEnum):
    """In what the members of a family differ."""

    DATE = "calendar"
    QUERY = "query"
    PATH = "growing path"
    HOSTS = "endless hosts"


class Shape(NamedTuple):
    """A family of URLs."""

    family: Family
    place: str


@lru_cache(maxsize=_CACHED)
def shapes(url: str) -> tuple[Shape, ...]:
    """The families that a serialised http(s) URL belongs to."""
    base, _, query = url.partition("?")
    root, path = origin_and_path(base)
    found: list[Shape] = []
    if date := _DATE.search(path):
        unit = "day" if _DAY.match(path, date.end()) else "month"
        found.append(Shape(Family.DATE, f"{root}{path[: date.start()]}{{{unit}}}"))
    elif query and (unit := _date_in(query)):
        found.append(Shape(Family.DATE, f"{base}?{{{unit}}}"))
    if query:
        found.append(Shape(Family.QUERY, f"{base}?"))
    segments = path.split("/")[1:]
    if len(segments) - (not segments[-1]) >= _DEEP:
        found.append(Shape(Family.PATH, f"{root}/{segments[0]}/{segments[1]}/"))
    if below := hosts_below(url):
        found.append(Shape(Family.HOSTS, below))
    return tuple(found)


def year_alone(url: str) -> Shape | None:
    """The months that a URL leads to if the number at its end is a year; by itself it is not told for one."""
    root, path = origin_and_path(url)
    year = _YEAR_ALONE.search(path)
    return Shape(Family.DATE, f"{root}{path[: year.start()]}{{month}}") if year else None


def is_date_of(stem: str, url: str) -> bool:
    """Whether a URL is a year, a month or a day after a stem."""
    return any(
        shape.family is Family.DATE and _stem(shape) == stem for shape in (*shapes(url), year_alone(url)) if shape
    )


def _stem(shape: Shape) -> str:
    return shape.place.rpartition("{")[0]


def hosts_below(url: str) -> str | None:
    """The family of a host: `*.a.test`, `#.a.test` where its name holds digits, `**.a.test` further down."""
    host = urls.host(url) or ""
    domain = urls.registrable_domain(host)
    if host == domain:
        return None
    labels = host.removesuffix(f".{domain}").split(".")
    if len(labels) >= _MANY_LABELS:
        return f"**.{domain}"
    signs = ("#" if any(map(str.isdigit, label)) else "*" for label in labels)
    return ".".join((*signs, domain))


def parameters(url: str) -> list[tuple[str, str]]:
    """The names and values of a query, as they stand."""
    return [(name, value) for name, _, value in (part.partition("=") for part in url.partition("?")[2].split("&"))]


def combined(url: str) -> int:
    """How many parameters a URL combines, those that only turn the pages of a list left out."""
    return len({name for name, _ in parameters(url)} - _PAGING)


def sessions(url: str) -> list[str]:
    """The names of the parameters that may be the id of a session, by their name or by a value like a random token."""
    found = [match[1].lower() for match in _PATH_SESSION.finditer(url)] if ";" in url else []
    if _has_long_segment(url) and _PATH_TOKEN.search(origin_and_path(url)[1]):
        found.append(IN_PATH)
    if "?" in url:
        found += [name for name, value in parameters(url) if _is_session(name, value)]
    return found


def without_session(url: str) -> str:
    """The URL without what may be the id of a session."""
    if ";" in url:
        url = _PATH_SESSION.sub("", url)
    if _has_long_segment(url):
        root, path = origin_and_path(url)
        url = root + _PATH_TOKEN.sub("/" + IN_PATH, path) + url[len(root) + len(path) :]
    base, mark, query = url.partition("?")
    if not mark:
        return url
    kept = [part for part in query.split("&") if not _is_session(*part.partition("=")[::2])]
    return f"{base}?{'&'.join(kept)}" if kept else base


def _has_long_segment(url: str) -> bool:
    return "/(S(" in url or any(len(segment) >= _TOKEN_LENGTH for segment in url.partition("?")[0].split("/")[3:-1])


def _is_session(name: str, value: str) -> bool:
    lowered = name.lower()
    return lowered in _SESSION_NAMES or "sess" in lowered or _TOKEN.fullmatch(value) is not None


def _date_in(query: str) -> str:
    """The unit of the date in a query: `day`, `month`, or nothing where there is no date."""
    if date := _DATE.search(query):
        return "day" if _DAY.match(query, date.end()) or "day=" in query else "month"
    pairs = (part.partition("=") for part in query.split("&"))
    numbers = {name.lower() for name, _, value in pairs if value.lstrip("-").isdigit()}
    if numbers.isdisjoint(_DATE_KEYS) and not {"y", "m"} <= numbers:
        return ""
    return "month" if numbers.isdisjoint({"day", "date", "d"}) else "day"


def origin_and_path(url: str) -> tuple[str, str]:
    """The origin of a URL as it is spelled there, and its path."""
    base = url.partition("?")[0]
    slash = base.find("/", base.find("://") + 3)
    return (base[:slash], base[slash:]) if slash > 0 else (base, "/")

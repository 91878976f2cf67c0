"""Headers for one origin alone: keys, passwords and cookies, which are sent there and appear nowhere else.

They are no settings: no map, log or message holds a value, and the repr of one leaves it out.
"""

import re
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from linkmap import url as urls
from linkmap.errors import UsageError

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_TO_BE_GIVEN = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "te", "upgrade", "user-agent"}
)
"""What the client answers for itself; the User-Agent has an option of its own, because robots.txt is read for it."""


@dataclass(frozen=True, slots=True)
class HostHeader:
    """A header for every request to one origin. Raises UsageError for what cannot be sent, never its value."""

    host: str
    """`https://name:port`, or a host name, which stands for the origins that seeds name of it (`at_origins`)."""
    name: str
    value: str = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", _place(self.host))
        if not _TOKEN.fullmatch(self.name) or self.name.lower() in _NOT_TO_BE_GIVEN:
            raise UsageError(f"that header for {self.host} cannot be given: linkmap sets it itself, or it is no name")
        if not (self.value.isascii() and self.value.isprintable()):
            raise UsageError(f"the value of {self.name} for {self.host} must be printable ASCII characters")


def _place(written: str) -> str:
    """The host or the origin, as it is written, in the URL standard's spelling."""
    is_origin = "://" in written
    page, _ = urls.page_url(urls.resolve(f"{written}/" if is_origin else f"https://{written}/") or "")
    origin = urls.origin(page)
    if origin is None or "@" in written or page != f"{origin.url}/" or not origin.host:
        raise UsageError("what is to be kept secret needs a host before it: its name alone, or https://NAME:PORT")
    if not is_origin and (origin.port != 443 or page != f"https://{origin.host}/"):
        raise UsageError("with a port, what is to be kept secret needs a scheme too: https://NAME:PORT")
    return origin.url if is_origin else origin.host


def basic_auth(host: str, user: str, password: str) -> HostHeader:
    """The Authorization header of RFC 7617, in UTF-8. The user may hold no colon."""
    if ":" in user:
        raise UsageError(f"the user name for {host} may hold no colon")
    return HostHeader(host, "Authorization", "Basic " + b64encode(f"{user}:{password}".encode()).decode())


def cookie(host: str, name: str, value: str) -> HostHeader:
    """A cookie, sent as it is given. Raises UsageError where it would be read as another."""
    if not _TOKEN.fullmatch(name) or ";" in value:
        raise UsageError(f"a cookie for {host} must be NAME=VALUE without a semicolon")
    return HostHeader(host, "Cookie", f"{name}={value}")


def at_origins(given: Sequence[HostHeader], seeds: Iterable[str]) -> list[HostHeader]:
    """The headers by origin. One for a name alone is for each origin of it that seeds (URLs) name, else for its https.

    What is given for an origin wins there.
    """
    if not given:
        return []
    origins: defaultdict[str, set[str]] = defaultdict(set)
    for seed in seeds:
        if origin := urls.origin(seed):
            origins[origin.host].add(origin.url)
    found = [each for each in given if "://" in each.host]
    taken = {(each.host, each.name.lower()) for each in found}
    for each in given:
        if "://" not in each.host:
            places = sorted(origins[each.host]) or [f"https://{each.host}"]
            found += [replace(each, host=place) for place in places if (place, each.name.lower()) not in taken]
    return found


class Credentials:
    """Headers by origin (`at_origins`). The cookies of one go into one header; any other header is given once."""

    def __init__(self, given: Iterable[HostHeader] = ()) -> None:
        self._headers: defaultdict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        for each in given:
            held, key = self._headers[each.host], each.name.lower()
            if key not in held:
                held[key] = (each.name, each.value)
            elif key == "cookie":
                held[key] = (each.name, f"{held[key][1]}; {each.value}")
            else:
                raise UsageError(f"{each.name} for {each.host} is given twice: give it once")

    def headers_for(self, url: str) -> dict[str, str]:
        """The headers that a request for this URL alone takes along."""
        origin = urls.origin(url) if self._headers else None
        return dict(self._headers.get(origin.url, {}).values()) if origin else {}

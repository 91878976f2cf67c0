"""What a URL is: the URL standard (url.spec.whatwg.org) through ada, and the names that are read off it.

Every URL that linkmap holds has passed through here once and is in the standard's serialised form; so
plain string operations on it are exact, and no second URL parser is needed anywhere.
"""

import re
from functools import lru_cache
from hashlib import blake2b
from ipaddress import ip_address
from typing import NamedTuple

import ada_url
from publicsuffixlist import PublicSuffixList

INERT_SCHEMES = ("javascript:", "data:", "blob:")
DEFAULT_PORTS = {"http": 80, "https": 443}
KEY_BYTES = 12

_WHITESPACE_AND_CONTROLS = "".join(map(chr, range(0x21)))
_SCHEME = r"[a-z][a-z0-9+.-]*:"
_WRITTEN_CREDENTIALS = re.compile(
    rf"^((?:{_SCHEME}(?:{_SCHEME}(?=[/\\]))?[/\\]*|[/\\]{{2,}}))[^/?#\\]*@", re.IGNORECASE
)
"""The start of a reference up to its credentials, as browsers are lenient about it: `http:\\u:p@h`, `http:u:p@h`."""
_JOIN_CACHE = 65_536
_LONGEST_CACHED = 2_000
"""Characters; longer references are mostly images written as data: URLs, up to megabytes each."""


class Origin(NamedTuple):
    """Scheme, host and port of an http(s) URL (RFC 6454, 4): the unit of robots.txt."""

    scheme: str
    host: str
    port: int

    @property
    def url(self) -> str:
        """The origin as a URL without its path, the port left out where it is the scheme's own."""
        port = "" if DEFAULT_PORTS[self.scheme] == self.port else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"


def resolve(reference: str, base: str | None = None) -> str | None:
    """The reference as an absolute, serialised URL, or None where the standard calls it a failure."""
    return _resolve(reference, base) if len(reference) > _LONGEST_CACHED else _resolve_cached(reference, base)


def _resolve(reference: str, base: str | None) -> str | None:
    try:
        return str(ada_url.join_url(base, reference) if base else ada_url.normalize_url(reference))
    except ValueError:
        return None


_resolve_cached = lru_cache(maxsize=_JOIN_CACHE)(_resolve)


def page_url(url: str) -> tuple[str, bool]:
    """The page that a resolved URL names, without fragment and user:password, and whether it had the latter."""
    url = url.partition("#")[0]
    if "@" not in url:
        return url, False
    scheme, _, rest = url.partition(":")
    if "@" not in rest or not rest.startswith("//"):
        return url, False
    rest = rest[2:]
    credentials, at, _ = rest[: _authority_end(rest)].rpartition("@")
    return (f"{scheme}://{rest[len(credentials) + 1 :]}", True) if at else (url, False)


def as_written(reference: str) -> str:
    """A reference that is no URL, as it is recorded: ends stripped, without tabs, line ends and user:password."""
    stripped = reference.strip(_WHITESPACE_AND_CONTROLS)
    kept = stripped.replace("\t", "").replace("\n", "").replace("\r", "")
    return _WRITTEN_CREDENTIALS.sub(r"\1", kept).encode("utf-8", "replace").decode()


def url_key(url: str) -> bytes:
    """The 12-byte blake2b by which the store knows a page: at 10^9 pages the chance of one clash is 10^-11."""
    return blake2b(url.encode(), digest_size=KEY_BYTES).digest()


def origin(url: str) -> Origin | None:
    """The origin of a serialised http(s) page URL, or None for every other scheme and a port that is none."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in DEFAULT_PORTS:
        return None
    try:
        host, port = split_port(rest[: _authority_end(rest)])
    except ValueError:
        return None  # what is no URL is kept as written, and asked about all the same
    return Origin(scheme, host, DEFAULT_PORTS[scheme] if port is None else port)


def _authority_end(rest: str) -> int:
    end = len(rest)
    for delimiter in "/?":
        place = rest.find(delimiter, 0, end)
        end = place if place >= 0 else end
    return end


def split_port(authority: str) -> tuple[str, int | None]:
    """Host and port of an authority without credentials; the brackets of an IPv6 address stay."""
    if authority.endswith("]"):
        return authority, None
    host, colon, port = authority.rpartition(":")
    return (host, int(port)) if colon else (authority, None)


def host(url: str) -> str | None:
    """The host name of a serialised http(s) URL, without its port, or None where there is no origin."""
    found = origin(url)
    return found.host if found else None


def path(url: str) -> str:
    """The path of a serialised http(s) URL, without its query."""
    rest = url.partition("://")[2].partition("?")[0]
    slash = rest.find("/")
    return rest[slash:] if slash >= 0 else "/"


def is_address(name: str) -> bool:
    """Whether a host is an IP address; after the URL standard only two spellings are left."""
    if name.startswith("["):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def reversed_host(name: str) -> str:
    """Labels from the right: `www.example.org` gives `org.example.www`, so a subtree is one range. Addresses stay."""
    return name if is_address(name) else ".".join(reversed(name.split(".")))


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=_JOIN_CACHE)
def registrable_domain(name: str) -> str:
    """The host's public suffix plus one label, private suffixes on (publicsuffix.org).

    An address, a bare public suffix and a name without a dot are their own domain.
    """
    if is_address(name):
        return name
    return _suffixes().privatesuffix(name.rstrip(".")) or name

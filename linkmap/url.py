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
    rf"^(?!mailto:[^/\\])((?:{_SCHEME}(?:{_SCHEME}(?=[/\\]))?[/\\]*|[/\\]{{2,}}))[^/?#\\]*@", re.IGNORECASE
)
"""The start of a reference up to its credentials, as browsers are lenient about it: `http:\\u:p@h`, `http:u:p@h`.

An address to write to has none.
"""
_DOMAINS_KEPT = 65_536
_SITES_KEPT = 4_096
_LONGEST_SITE = 300
_BASES_KEPT = 64

_SEGMENT = r"(?!\.|%2[eE])[A-Za-z0-9_~!$&'()*+,;=:@%.-]*+"
"""Part of a path that stays as it is: no dot segment in any spelling, and nothing that is percent-encoded."""
_FRAGMENT = r"#[A-Za-z0-9_~!$&'()*+,;=:@%./?-]*+"
_TAIL = rf"(?:\?[A-Za-z0-9_~!$&()*+,;=:@%./?-]*+)?(?:{_FRAGMENT})?"
"""Query and fragment that stay as they are; of the two only a query may hold no apostrophe."""
_PLAIN_FRAGMENT = re.compile(_FRAGMENT)
_PLAIN_PATH = re.compile(rf"(?:/{_SEGMENT})++{_TAIL}")
_PLAIN_RELATIVE = re.compile(rf"(?:((?:\.\.?/){{1,50}}+)|(?![^/?#]*:)(?=[^/?#]))({_SEGMENT}(?:/{_SEGMENT})*+{_TAIL})")
"""Steps like `../`, then a path; without steps its first segment is one, and no scheme."""
_NESTED_CREDENTIALS = re.compile(rf"^((?:{_SCHEME}){{2,}}[/\\]{{2,}})[^/?#\\]*@", re.IGNORECASE)
"""The start of a URL within a URL, up to its credentials: `feed:http://u:p@h`, `view-source:http://u:p@h`."""
_CREDENTIALS_IN_TEXT = re.compile(rf"((?:{_SCHEME})?//)[^\s/?#\\<>\"']*@", re.IGNORECASE)


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


class BaseParts(NamedTuple):
    """What of an http(s) base URL the references to other pages depend on."""

    site: str
    """Up to its path, as in `http://a.test:8080`."""
    directory: str
    """Up to the last slash of its path."""
    page: str
    """Up to its fragment."""


def resolve(reference: str, base: str | None = None) -> str | None:
    """The reference as an absolute, serialised URL, or None where the standard calls it a failure."""
    return _plain_join(reference, base) or _join(reference, base)


def _join(reference: str, base: str | None) -> str | None:
    try:
        return str(ada_url.join_url(base, reference) if base else ada_url.normalize_url(reference))
    except ValueError:
        return None


def _plain_join(reference: str, base: str | None) -> str | None:
    """The resolved URL of a reference whose joining changes no character, None where that is not certain.

    Exact by the URL standard (4.4): with nothing to encode, no dot segment and no drive letter (those are of file:
    alone) its parser appends each character of path, query and fragment as it stands. In front of them comes what
    the reference names itself (`http://host`, which must come out of ada unchanged with only a slash behind it), or
    the base's site (a reference of one leading slash), or its directory, a segment shorter for each `../` down to
    the root, or all but its fragment (a reference that is one). A third of ada's time by way of Python.
    """
    parts = base_parts(base) if base else None
    if base and parts is None:
        return None
    if reference.startswith(("http://", "https://")):
        slash = reference.find("/", len("https://"))
        plain = 0 < slash <= _LONGEST_SITE and _PLAIN_PATH.fullmatch(reference, slash) and _is_site(reference[:slash])
        return reference if plain else None
    if parts is None:
        return None
    if reference.startswith("/"):
        is_plain = not reference.startswith("//") and _PLAIN_PATH.fullmatch(reference)
        return parts.site + reference if is_plain else None
    if reference.startswith("#"):
        return parts.page + reference if _PLAIN_FRAGMENT.fullmatch(reference) else None
    if match := _PLAIN_RELATIVE.fullmatch(reference):
        steps, rest = match.groups("")
        return _climbed(parts, steps.count("../")) + rest
    return None


def _climbed(parts: BaseParts, steps: int) -> str:
    """The directory so many steps up, at most the root."""
    directory, root = parts.directory, len(parts.site) + 1
    while steps and len(directory) > root:
        directory = directory[: directory.rfind("/", 0, -1) + 1]
        steps -= 1
    return directory


@lru_cache(maxsize=_BASES_KEPT)
def base_parts(base: str) -> BaseParts | None:
    """The parts of a base; None where it is no http(s) URL in its serialised form."""
    if not base.startswith(("http://", "https://")) or resolve(base) != base:
        return None
    page = base.partition("#")[0]
    path = page.partition("?")[0]
    return BaseParts(path[: path.index("/", len("https://"))], path[: path.rindex("/") + 1], page)


@lru_cache(maxsize=_SITES_KEPT)
def _is_site(site: str) -> bool:
    """Whether ada leaves this text in front of a path as it is: then it is scheme and authority, and nothing else."""
    return _join(f"{site}/", None) == f"{site}/"


def page_url(url: str) -> tuple[str, bool]:
    """The page that a resolved URL names, without fragment and user:password, and whether it had the latter."""
    url = url.partition("#")[0]
    if "@" not in url:
        return url, False
    scheme, _, rest = url.partition(":")
    if "@" not in rest:
        return url, False
    if not rest.startswith("//"):
        bare = _without_nested_credentials(url)
        return bare, bare != url
    rest = rest[2:]
    credentials, at, _ = rest[: _authority_end(rest)].rpartition("@")
    return (f"{scheme}://{rest[len(credentials) + 1 :]}", True) if at else (url, False)


def _without_nested_credentials(url: str) -> str:
    while (bare := _NESTED_CREDENTIALS.sub(r"\1", url)) != url:
        url = bare
    return url


def as_written(reference: str) -> str:
    """A reference that is no URL, as it is recorded: ends stripped, without tabs, line ends and user:password."""
    stripped = reference.strip(_WHITESPACE_AND_CONTROLS)
    kept = stripped.replace("\t", "").replace("\n", "").replace("\r", "")
    return _WRITTEN_CREDENTIALS.sub(r"\1", kept).encode("utf-8", "replace").decode()


def without_credentials(text: str) -> str:
    """A text without the user:password of any URL in it, for what is kept or shown as it was sent."""
    return _CREDENTIALS_IN_TEXT.sub(r"\1", text)


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


@lru_cache(maxsize=_DOMAINS_KEPT)
def registrable_domain(name: str) -> str:
    """The host's public suffix plus one label, private suffixes on (publicsuffix.org).

    An address, a bare public suffix and a name without a dot are their own domain.
    """
    if is_address(name):
        return name
    return _suffixes().privatesuffix(name.rstrip(".")) or name

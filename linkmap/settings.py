"""What a crawl was asked to do. Stored with its run, so that a resumed crawl does the same."""

import json
import sys
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from ipaddress import ip_address
from math import inf

from linkmap import __version__
from linkmap import url as urls
from linkmap.errors import UsageError
from linkmap.hosts import HostRule, HostRules, host_rules
from linkmap.kinds import RECORDED_KINDS, chosen_kinds, kinds_mask, listed
from linkmap.model import FOLLOWED_KINDS, Parser
from linkmap.scope import Scope, ScopeName, patterns

MAX_DEPTH = 65_000
MAX_REDIRECTS = 10
MAX_TRIES = 3
"""One request and two retries."""
MOST_CONNECTIONS = 256
MAX_WORKERS = 64
_SPARE_DESCRIPTORS = 64
_FEWEST_LOOKUPS = 4


class Check(StrEnum):
    """What is asked whether it is there, though it is not crawled."""

    EXTERNAL = "external"
    RESOURCES = "resources"


RUNTIME_FIELDS = frozenset({"concurrency", "workers"})
"""What may change when a crawl is resumed: it does not bear on which graph comes out."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of `linkmap crawl`, under the same names and with the same defaults. 0 pages: no limit."""

    depth: int = 3
    scope: ScopeName = ScopeName.DOMAIN
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_pages: int = 10_000
    max_pages_per_host: int = 0
    max_time_s: float = 0.0
    """Of one run, from its first request to the last that it starts; 0: no limit."""
    concurrency: int | None = None
    """Requests in flight at the same time; None adapts to the machine, up to 256."""
    per_host: int = 1
    delay_s: float = 1.0
    timeout_s: float = 30.0
    max_bytes: int = 10 * 1024 * 1024
    user_agent: str | None = None
    contact: str | None = None
    robots: bool = True
    sitemaps: bool = True
    """Whether the sitemaps that robots.txt names are read; it needs `robots`."""
    check: tuple[Check, ...] = ()
    resolve: tuple[tuple[str, int, str], ...] = ()
    allow_private: bool = False
    ca_file: str | None = None
    """A PEM file of certificates to trust besides the system's; absolute, so that a resumed crawl finds it."""
    insecure: bool = False
    """No TLS certificate is verified."""
    workers: int | None = None
    """Processes that fetch and read pages; 0: this one; None: as the machine has cores, once answers come fast."""
    parser: Parser = Parser.LEXBOR
    traps: bool = True
    """Whether pages that a site makes up without end are left."""
    ignore_nofollow: bool = False
    """Links that say nofollow, and those of pages that do, are followed like others."""
    follow: tuple[str, ...] = tuple(sorted(kind.word for kind in FOLLOWED_KINDS))
    """Kinds of links that lead the crawl on, by name; groups are taken and spelled out."""
    record: tuple[str, ...] = tuple(sorted(kind.word for kind in RECORDED_KINDS))
    """Kinds of links that the map holds: those named, those followed, and redirects."""
    hosts: tuple[HostRule, ...] = ()
    """Rules for single hosts, by which they are treated otherwise than the rest; one for each host."""
    front_only: bool = False
    """For a plan: only robots.txt files, the seeds with their redirects and sitemaps are asked for."""

    def __post_init__(self) -> None:
        self._settle_types()
        for name, least in (
            ("depth", 0),
            ("max_pages", 0),
            ("max_pages_per_host", 0),
            ("per_host", 1),
            ("max_bytes", 1),
        ):
            if getattr(self, name) < least:
                raise UsageError(f"{name} must be at least {least}, not {getattr(self, name)}")
        if self.depth > MAX_DEPTH:
            raise UsageError(f"depth must be at most {MAX_DEPTH}, not {self.depth}")
        if self.concurrency is not None and self.concurrency < 1:
            raise UsageError(f"concurrency must be at least 1, not {self.concurrency}")
        if not (0 <= self.delay_s < inf and 0 < self.timeout_s < inf):
            raise UsageError("delay_s must be 0 or more and timeout_s more than 0, both a finite number of seconds")
        if not 0 <= self.max_time_s < inf:
            raise UsageError("max_time_s must be 0 or more, a finite number of seconds")
        for option, text in (("--user-agent", self.user_agent), ("--contact", self.contact)):
            if text is not None and not (text.isascii() and text.isprintable() and text.strip()):
                raise UsageError(f"{option} {text!r} cannot stand in a header: use printable ASCII characters")
        self.make_scope()
        if self.workers is not None and not 0 <= self.workers <= MAX_WORKERS:
            raise UsageError(f"workers must be 0 to {MAX_WORKERS}, not {self.workers}")

    def _settle_types(self) -> None:
        """Take a scope by its name and any sequence for a tuple, so that equal settings are equal when stored."""
        for name, words in (("scope", ScopeName), ("parser", Parser)):
            try:
                object.__setattr__(self, name, words(getattr(self, name)))
            except ValueError as error:
                raise UsageError(f"{name} must be one of {', '.join(words)}, not {getattr(self, name)!r}") from error
        try:
            object.__setattr__(self, "check", tuple(sorted(set(map(Check, listed(self.check))))))
        except ValueError as error:
            raise UsageError(f"check takes {' and '.join(Check)}, not {self.check!r}") from error
        follow = chosen_kinds(self.follow, FOLLOWED_KINDS, "--follow")
        if not follow:
            raise UsageError("--follow names no kind of link: use --depth 0 to fetch the seeds alone")
        record = chosen_kinds([*listed(self.record), *follow, "redirect"], RECORDED_KINDS, "--record")
        object.__setattr__(self, "follow", follow)
        object.__setattr__(self, "record", record)
        for name in ("include", "exclude"):
            if isinstance(getattr(self, name), str):
                raise UsageError(f"{name} must be a sequence of regular expressions, not one string")
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "hosts", host_rules(self.hosts))
        object.__setattr__(self, "resolve", tuple(_resolved(*given) for given in self.resolve))

    @property
    def agent(self) -> str:
        """The User-Agent header: the name, its version and where to complain."""
        contact = f" (+{self.contact})" if self.contact else ""
        return (self.user_agent or f"linkmap/{__version__}") + contact

    @property
    def connections(self) -> int:
        """Requests in flight at most: as asked, as far as the limit of open files leaves room."""
        return max(1, min(self.concurrency or MOST_CONNECTIONS, _free_descriptors() // 2))

    @property
    def lookups(self) -> int:
        """Names that are looked up at a time: all that are in flight and, as a look-up cannot be taken back, others."""
        free = _free_descriptors()
        return max(_FEWEST_LOOKUPS, min(2 * MOST_CONNECTIONS, free - free // 4 - self.connections))

    @property
    def idle_hosts(self) -> int:
        """Origins to which connections may be kept open between requests, so that open files suffice."""
        per_host = max(self.per_host, *(rule.per_host or 0 for rule in self.hosts), 0)
        return max(0, _free_descriptors() // 4 // per_host)

    @property
    def followed(self) -> int:
        """The kinds that are followed, a bit 2^id for each."""
        return kinds_mask(self.follow)

    @property
    def recorded(self) -> int:
        """The kinds that are recorded, a bit 2^id for each."""
        return kinds_mask(self.record)

    def narrower(self, other: "Settings") -> str | None:
        """The name of an option by which the other settings would reach less far than these, or None."""
        if list(ScopeName).index(other.scope) < list(ScopeName).index(self.scope):
            return "scope"
        if self.ignore_nofollow and not other.ignore_nofollow:
            return "ignore_nofollow"
        if other.traps and not self.traps:
            return "traps"
        for name in ("max_pages", "max_pages_per_host"):
            if (getattr(other, name) or inf) < (getattr(self, name) or inf):
                return name
        if self.sitemaps and not other.sitemaps:
            return "sitemaps"
        if not set(self.check) <= set(other.check):
            return "check"
        for name in ("follow", "record"):
            if not set(getattr(self, name)) <= set(getattr(other, name)):
                return name
        if self.hosts or other.hosts:
            for host in (rule.host for rule in (*self.hosts, *other.hosts)):
                if (other._max_pages_of(host) or inf) < (self._max_pages_of(host) or inf):
                    return "hosts"
        return "depth" if other.depth < self.depth else None

    def _max_pages_of(self, host: str) -> int:
        rule = HostRules(self.hosts).rule(host)
        return self.max_pages_per_host if rule is None or rule.max_pages is None else rule.max_pages

    def make_scope(self) -> Scope:
        """An empty scope under these rules; the seeds are still to be added."""
        return Scope(
            self.scope,
            patterns(self.include, "--include"),
            patterns(self.exclude, "--exclude"),
            self.allow_private,
        )

    def to_json(self) -> str:
        """The settings as they are stored with a run."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Settings":
        """Settings as they were stored; names that this version does not know are left out."""
        stored = json.loads(text)
        known = {field.name: stored[field.name] for field in fields(cls) if field.name in stored}
        return cls(**known)

    def differences(self, other: "Settings") -> list[str]:
        """The names of the options that differ and bear on the graph."""
        return [
            field.name
            for field in fields(self)
            if field.name not in RUNTIME_FIELDS and getattr(self, field.name) != getattr(other, field.name)
        ]


def _resolved(host: str, port: int, address: str) -> tuple[str, int, str]:
    """An answer that stands in for the resolver's, its host spelled as in URLs. Raises UsageError."""
    url = urls.resolve(f"http://{host}/") or ""
    name = urls.host(url)
    try:
        plain = str(ip_address(address.strip("[]")))
    except ValueError:
        plain = ""
    if not name or url != f"http://{name}/" or not 0 < port < 65_536 or not plain:
        raise UsageError(f"resolve takes (host, port, address), not {(host, port, address)!r}")
    return name, port, plain


def _free_descriptors() -> int:
    """Files that the system lets this process open, less some for the map, name lookups and the like."""
    if sys.platform == "win32":
        return 8 * MOST_CONNECTIONS
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**20 if soft == resource.RLIM_INFINITY else max(0, soft - _SPARE_DESCRIPTORS)

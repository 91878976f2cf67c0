"""The facts of a crawl, frozen and free of I/O.

Numbers stand for words where a fact is stored once per link or page; the tables `outcome`, `kind` and
`region` of the store give the words back, and a test holds this module and those tables equal.
"""

from enum import IntEnum, IntFlag, StrEnum
from typing import NamedTuple, TypeAlias

from linkmap.columns import Link, Links, Target, Targets

__all__ = ["Link", "Links", "Target", "Targets"]

Value: TypeAlias = str | int | float | bytes | None
"""What SQLite can hold."""


class State(StrEnum):
    """The four states of a page; every outcome belongs to one."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    EXCLUDED = "excluded"


class Outcome(IntEnum):
    """What became of a page. The value is the id in the table `outcome`, the lower-case name the word."""

    PENDING = 0
    FETCHED = 1
    NOT_HTML = 2
    REDIRECT = 3
    NOT_MODIFIED = 4
    CLIENT_ERROR = 10
    BLOCKED = 11
    SERVER_ERROR = 12
    TIMEOUT = 13
    DNS_ERROR = 14
    CONNECT_ERROR = 15
    TLS_ERROR = 16
    PROTOCOL_ERROR = 17
    REDIRECT_LOOP = 18
    TOO_MANY_REDIRECTS = 19
    INTERNAL_ERROR = 20
    ROBOTS_DENIED = 30
    ROBOTS_UNREACHABLE = 31
    OFF_SCOPE = 32
    EXCLUDED = 33
    TOO_DEEP = 34
    OVER_BUDGET = 35
    NOFOLLOW = 36
    KIND_NOT_FOLLOWED = 37
    UNSUPPORTED_SCHEME = 38
    INVALID = 39
    PRIVATE_ADDRESS = 40
    TRAP = 41

    @property
    def word(self) -> str:
        """The outcome's name as the database and the user see it."""
        return self.name.lower()

    @property
    def state(self) -> State:
        """The state this outcome belongs to."""
        if self is Outcome.PENDING:
            return State.PENDING
        if self < Outcome.CLIENT_ERROR:
            return State.DONE
        return State.FAILED if self < Outcome.ROBOTS_DENIED else State.EXCLUDED

    @property
    def broken(self) -> bool:
        """Whether a link to such a page is dead: failed, but neither blocked nor our own fault."""
        return self.state is State.FAILED and self not in (Outcome.BLOCKED, Outcome.INTERNAL_ERROR)


class LinkKind(IntEnum):
    """What sort of link this is. The value is the id in the table `kind`, the lower-case name the word."""

    A = 1
    AREA = 2
    IFRAME = 3
    FRAME = 4
    REDIRECT = 5
    META_REFRESH = 6
    CANONICAL = 7
    ALTERNATE_HREFLANG = 8
    NEXT = 9
    PREV = 10
    LINK = 11
    FORM = 12
    IMG = 13
    SOURCE = 14
    SCRIPT = 15
    EMBED = 16
    OBJECT = 17
    VIDEO = 18
    AUDIO = 19
    TRACK = 20
    SITEMAP = 21
    SITEMAP_FILE = 22
    FEED = 23
    STYLESHEET = 24
    CSS = 25

    @property
    def word(self) -> str:
        """The kind's name as the database and the user see it."""
        return self.name.lower()


NAVIGATION_KINDS = frozenset(
    {LinkKind.A, LinkKind.AREA, LinkKind.IFRAME, LinkKind.FRAME, LinkKind.REDIRECT, LinkKind.META_REFRESH}
)
SITEMAP_KINDS = frozenset({LinkKind.SITEMAP, LinkKind.SITEMAP_FILE})
FOLLOWED_KINDS = (
    NAVIGATION_KINDS | SITEMAP_KINDS | {LinkKind.CANONICAL, LinkKind.ALTERNATE_HREFLANG, LinkKind.NEXT, LinkKind.PREV}
)
RESOURCE_KINDS = frozenset(
    {
        LinkKind.LINK,
        LinkKind.STYLESHEET,
        LinkKind.CSS,
        LinkKind.IMG,
        LinkKind.SOURCE,
        LinkKind.SCRIPT,
        LinkKind.EMBED,
        LinkKind.OBJECT,
        LinkKind.VIDEO,
        LinkKind.AUDIO,
        LinkKind.TRACK,
    }
)
"""Kinds of what a browser loads to show a page, `link` with certain rels: `--check resources` asks for it."""
LOADED_RELS = frozenset(
    {
        "icon",
        "apple-touch-icon",
        "apple-touch-icon-precomposed",
        "apple-touch-startup-image",
        "mask-icon",
        "manifest",
        "modulepreload",
        "preload",
    }
)
"""Rel tokens of link elements whose target a browser loads (HTML standard, 4.6.7); a preconnect names only a host."""
FREE_KINDS = frozenset({LinkKind.REDIRECT, LinkKind.META_REFRESH})
"""Kinds that cost no depth."""


class Region(IntEnum):
    """The innermost sectioning element around a link. The value is the id in the table `region`."""

    NONE = 0
    NAV = 1
    HEADER = 2
    MAIN = 3
    ARTICLE = 4
    ASIDE = 5
    FOOTER = 6


class Parser(StrEnum):
    """Which reader parses HTML; both must find the same links."""

    LEXBOR = "lexbor"
    BS4 = "bs4"


class CharsetSource(StrEnum):
    """Who said how the bytes of a page are to be read, the most believed first."""

    BYTE_ORDER_MARK = "byte order mark"
    HEADER = "Content-Type header"
    PAGE = "page itself"
    GUESS = "guessed from its bytes"


class Reach(IntEnum):
    """The best way in which links lead to a page; a lower one is better and replaces a higher one."""

    FOLLOWED = 0
    NOFOLLOW = 1
    KIND_NOT_FOLLOWED = 2
    AUXILIARY = 3
    """No link of a page: a robots.txt or sitemap that only linkmap asked for."""


class Manner(IntEnum):
    """How a page is requested and read."""

    PAGE = 0
    SITEMAP = 1
    CHECK = 2
    """Only asked whether it is there; its links are not read."""
    ROBOTS = 3


class LinkFlag(IntFlag):
    """Bits of `link.flags`."""

    CREDENTIALS = 1
    """The link carried user:password, which is never stored."""
    NO_ALT = 2
    """An img element without an alt attribute; an empty one says that the image is decoration."""


class FoundLink(NamedTuple):
    """One occurrence of a link with its evidence, its ends as URLs, in the words of the view `links`."""

    source: str
    target: str
    kind: str
    rel: str
    region: str
    anchor: str
    hreflang: str | None = None
    written: str | None = None


class Visit(NamedTuple):
    """One answer of the web, or the failure to get one, as it will stand in `capture`."""

    outcome: Outcome
    fetched_at: float
    """Unix time of the request's start, seconds."""
    seconds: float = 0.0
    status: int | None = None
    detail: str | None = None
    content_type: str | None = None
    charset: str | None = None
    body_bytes: int = 0
    """Decoded body length that was read."""
    cut: bool = False
    """The body was longer than --max-bytes; what came before was read."""
    truncated: bool = False
    """The connection ended before the body did; what came before was read."""
    etag: str | None = None
    last_modified: str | None = None
    digest: bytes | None = None
    """16-byte blake2b of the decoded body."""
    retry_after_s: float | None = None
    robots_flags: str | None = None
    """What its headers, and the page itself where it is HTML, ask of crawlers (`parse.directives`)."""


class Document(NamedTuple):
    """What an HTML page says of itself."""

    title: str | None = None
    description: str | None = None
    h1: str | None = None
    language: str | None = None
    base: str | None = None
    inert_links: int = 0
    """data:, javascript: and blob: references, which are counted and not recorded."""
    script_evidence: str | None = None
    """Why the page's links seem to be written by script (`parse.scripted`); None where they do not."""


class Job(NamedTuple):
    """Coordinator to worker: get this page once. Plain values only, so that it can cross a process border."""

    page: int
    url: str
    manner: Manner = Manner.PAGE
    head: bool = False
    """Whether HEAD will do: for a page that is only checked."""
    parser: Parser = Parser.LEXBOR
    agent: str = ""
    """The User-Agent, by whose product token a page may address this crawler."""
    record: int = -1
    """The kinds of links to record, a bit 2^id for each; -1: all."""
    evidence: bool = False
    """Whether the answer's headers and the source of its charset come back too."""


class Report(NamedTuple):
    """Worker to coordinator: what came of a job. Plain values only, bounded by --max-bytes."""

    page: int
    visit: Visit
    document: Document | None = None
    targets: Targets = Targets()
    links: Links = Links()
    links_digest: bytes | None = None
    """16-byte blake2b over all that is stored of the links, where the answer is one that may have links."""
    text: str | None = None
    """The decoded text of a robots.txt."""
    headers: tuple[tuple[str, str], ...] = ()
    """Of the answer, where the job wants them: names and values as sent, in their order."""
    charset_source: CharsetSource | None = None

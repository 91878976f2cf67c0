"""May this page be crawled, and if not, why: a pure judgement of one URL."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from linkmap import url as urls
from linkmap.addresses import is_public
from linkmap.errors import UsageError
from linkmap.model import Outcome

CRAWLED_SCHEMES = ("http://", "https://")


class ScopeName(StrEnum):
    """How far a crawl goes from its seeds."""

    PAGE = "page"
    PREFIX = "prefix"
    HOST = "host"
    DOMAIN = "domain"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why a page is not crawled."""

    outcome: Outcome
    detail: str | None = None


@dataclass(slots=True)
class Scope:
    """The reach of a crawl: a rule and the seeds it is measured from.

    It only ever grows: by seeds (`add`), and by the pages at which their redirects end (`widen`).
    """

    name: ScopeName
    include: tuple[re.Pattern[str], ...] = ()
    exclude: tuple[re.Pattern[str], ...] = ()
    allow_private: bool = False
    _marks: set[str] = field(default_factory=set)
    """What is in scope: URLs, prefixes, hosts or domains."""
    _of_seeds: set[str] = field(default_factory=set)
    """Those of the seeds themselves."""
    _near: set[str] = field(default_factory=set)
    """Hosts of the seeds, or their registrable domains where the scope is that wide."""

    def add(self, url: str) -> None:
        """Take in a seed."""
        self._of_seeds.add(self._mark(url))
        self.widen(url)

    def widen(self, url: str) -> str | None:
        """Take in the page at which a seed's redirects end.

        Gives what was added (a URL, prefix, host or domain), None if nothing new.
        """
        near = self._neighbourhood(url)
        if self.name is ScopeName.ANY:
            added = None if near in self._near else near
            self._near.add(near)
            return added
        self._near.add(near)
        if self.covers(url):
            return None
        mark = self._mark(url)
        self._marks.add(mark)
        return mark

    def covers(self, url: str) -> bool:
        """Whether a serialised http(s) URL lies inside."""
        if self.name is ScopeName.ANY:
            return True
        return self._is_in(self._marks, url)

    def is_of_seeds(self, url: str) -> bool:
        """Whether it lies inside of what the seeds make the scope, wherever their redirects lead."""
        return self.name is ScopeName.ANY or self._is_in(self._of_seeds, url)

    def covers_sitemap(self, url: str) -> bool:
        """Whether a sitemap at a URL may list pages of this crawl: not for seeds alone, and nowhere far from them."""
        if self.name is ScopeName.PAGE:
            return False
        return self._neighbourhood(url) in self._near

    def exclusion(self, url: str, *, valid: bool = True, exempt: bool = False) -> Exclusion | None:
        """Why the URL alone forbids a request, or None. `exempt`: a seed, or a hop of a seed's redirects.

        The order of the tests is fixed, so that a page's outcome does not depend on which link came first.
        """
        if not valid:
            return Exclusion(Outcome.INVALID)
        if not url.startswith(CRAWLED_SCHEMES):
            return Exclusion(Outcome.UNSUPPORTED_SCHEME)
        if not exempt and not self.covers(url):
            return Exclusion(Outcome.OFF_SCOPE)
        if not self.allow_private and urls.is_address(host := self._host(url)) and not is_public(host):
            return Exclusion(Outcome.PRIVATE_ADDRESS, "not a public address; --allow-private permits it")
        return self._pattern(url, exempt)

    def _pattern(self, url: str, exempt: bool) -> Exclusion | None:
        for pattern in self.exclude:
            if pattern.search(url):
                return Exclusion(Outcome.EXCLUDED, f"--exclude {pattern.pattern}")
        if self.include and not exempt and not any(pattern.search(url) for pattern in self.include):
            return Exclusion(Outcome.EXCLUDED, "matches no --include")
        return None

    def _is_in(self, marks: set[str], url: str) -> bool:
        if self.name is not ScopeName.PREFIX:
            return self._mark(url) in marks
        place = self._mark(url)
        while place not in marks:
            folder, _, _ = place[:-1].rpartition("/")
            if not folder:
                return False
            place = folder + "/"
        return True

    def _neighbourhood(self, url: str) -> str:
        host = self._host(url)
        return host if self.name in (ScopeName.PREFIX, ScopeName.HOST) else urls.registrable_domain(host)

    def _mark(self, url: str) -> str:
        if self.name is ScopeName.PAGE:
            return url
        host = self._host(url)
        if self.name is ScopeName.PREFIX:
            return host + urls.path(url).rpartition("/")[0] + "/"
        return host if self.name is ScopeName.HOST else urls.registrable_domain(host)

    @staticmethod
    def _host(url: str) -> str:
        return urls.host(url) or ""


def patterns(texts: Iterable[str], option: str) -> tuple[re.Pattern[str], ...]:
    """Regular expressions that are searched anywhere in a URL. Raises UsageError that names the faulty one."""
    compiled = []
    for text in texts:
        try:
            compiled.append(re.compile(text))
        except re.error as error:
            raise UsageError(f"{option} {text!r} is not a regular expression ({error})") from error
    return tuple(compiled)

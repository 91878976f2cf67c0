"""Rules for single hosts: `example.org` is that host, `*.example.org` every host below it. Pure.

Where several match, each field is the one of the most specific rule that sets it: the host itself, then the
longest `*.` rule.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from math import inf
from typing import Any

from linkmap import url as urls
from linkmap.errors import UsageError


@dataclass(frozen=True, slots=True)
class HostRule:
    """How some hosts are treated otherwise than the rest. None: as the rest. Raises UsageError for what cannot be."""

    host: str
    delay_s: float | None = None
    per_host: int | None = None
    max_pages: int | None = None
    """Requests for pages of the host; 0: no limit."""
    robots: bool | None = None

    def __post_init__(self) -> None:
        star = "*." if self.host.startswith("*.") else ""
        written = self.host.removeprefix(star)
        url = urls.resolve(f"http://{written}/") or ""
        name = urls.host(url)
        is_plain = "*" not in written and (":" not in written or written.startswith("["))
        if not name or not is_plain or url != f"http://{name}/" or (star and urls.is_address(name)):
            raise UsageError(f"{self.host!r} is no host: write its name alone, or *. and a name for all hosts below it")
        object.__setattr__(self, "host", star + name)
        if self.delay_s is not None and not 0 <= self.delay_s < inf:
            raise UsageError(f"the delay of {self.host} must be 0 or more, a finite number of seconds")
        if (self.per_host is not None and self.per_host < 1) or (self.max_pages is not None and self.max_pages < 0):
            raise UsageError(f"per_host of {self.host} must be at least 1, and max_pages at least 0")

    @property
    def is_empty(self) -> bool:
        """Whether it sets nothing."""
        return all(getattr(self, field.name) is None for field in fields(self)[1:])


class HostRules:
    """The rules of a crawl, by host name."""

    def __init__(self, rules: Iterable[HostRule] = ()) -> None:
        self._rules = {rule.host: rule for rule in rules}

    def rule(self, host: str) -> HostRule | None:
        """What holds for a host, or for all hosts of a `*.` name; None where no rule does. A host may be any string."""
        found = [self._rules[pattern] for pattern in _patterns(host) if pattern in self._rules]
        if not found:
            return None
        names = [field.name for field in fields(HostRule)[1:]]
        values = {name: [value for rule in found if (value := getattr(rule, name)) is not None] for name in names}
        return replace(found[0], **{name: those[0] for name, those in values.items() if those})


def host_rules(given: Iterable[Any]) -> tuple[HostRule, ...]:
    """Rules, also as they were stored, in the order of their hosts. Raises UsageError where a host has two."""
    rules = [HostRule(**each) if isinstance(each, dict) else each for each in given]
    names = [rule.host for rule in rules]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"there are two rules for {twice}: make one of them")
    return tuple(sorted(rules, key=lambda rule: rule.host))


def _patterns(host: str) -> Iterable[str]:
    """The rules that would hold for a host, the most specific first."""
    yield host
    while (rest := host.partition(".")[2]) and not host.startswith("["):
        yield f"*.{rest}"
        host = rest

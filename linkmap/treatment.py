"""How each host of a crawl is treated: by its rules, and otherwise by the settings for all."""

from linkmap.hosts import HostRule, HostRules
from linkmap.names import Names
from linkmap.settings import Settings


class Treatment:
    """Answers by host id. The Crawl-delay of a robots.txt that is obeyed comes on top, in the frontier."""

    def __init__(self, settings: Settings, names: Names) -> None:
        self._settings = settings
        self._names = names
        self._rules = HostRules(settings.hosts)
        self._known: dict[int, HostRule | None] = {}

    def pace(self, host: int) -> tuple[float, int]:
        """The delay, seconds, and how many requests may be in flight."""
        rule, settings = self._rule(host), self._settings
        delay_s = settings.delay_s if rule is None or rule.delay_s is None else rule.delay_s
        return delay_s, settings.per_host if rule is None or rule.per_host is None else rule.per_host

    def max_pages(self, host: int) -> int:
        """Requests for pages of the host; 0: no limit."""
        rule = self._rule(host)
        return self._settings.max_pages_per_host if rule is None or rule.max_pages is None else rule.max_pages

    def obeys_robots(self, host: int) -> bool:
        """Whether robots.txt is asked for and obeyed there."""
        rule = self._rule(host)
        return self._settings.robots if rule is None or rule.robots is None else rule.robots

    def _rule(self, host: int) -> HostRule | None:
        if not self._settings.hosts:
            return None
        if host not in self._known:
            self._known[host] = self._rules.rule(self._names.host_name(host))
        return self._known[host]

"""`[host."example.org"]` in linkmap.toml: the rules for a host, and what is kept secret for it."""

from collections.abc import Iterator
from typing import Any

import click

from linkmap.cli.settings_tables import checked_options
from linkmap.cli.types import AuthSecret, CookieSecret, HeaderSecret, Seconds
from linkmap.credentials import HostHeader
from linkmap.errors import UsageError
from linkmap.hosts import HostRule, host_rules

_OPTIONS = (
    click.Option(["--delay"], type=Seconds(0)),
    click.Option(["--per-host"], type=click.IntRange(1)),
    click.Option(["--max-pages"], type=click.IntRange(0)),
    click.Option(["--robots/--no-robots"]),
    click.Option(["--header"], multiple=True),
    click.Option(["--auth"], multiple=True),
    click.Option(["--cookie"], multiple=True),
)
_SECRETS = {"header": HeaderSecret(), "auth": AuthSecret(), "cookie": CookieSecret()}


def read_host_tables(path: object, tables: dict[str, Any]) -> tuple[tuple[HostRule, ...], list[HostHeader]]:
    """The rules of all hosts and their secrets. Raises UsageError with the file, the host and the key."""
    rules: list[HostRule] = []
    secrets: list[HostHeader] = []
    for host, table in tables.items():
        place = f'{path}: [host."{host}"]'
        if not isinstance(table, dict) or any(isinstance(value, dict) for value in table.values()):
            raise UsageError(f'{path}: a host is a table with its name in quotes: write [host."example.org"]')
        taken = checked_options(place, _OPTIONS, table, "an option of a host")
        secrets += _secrets(place, host, taken)
        try:
            rules.append(_rule(host, taken))
        except UsageError as error:
            raise UsageError(f"{place}: {error}") from error
    try:
        return host_rules(rule for rule in rules if not rule.is_empty), secrets
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error


def _rule(host: str, taken: dict[str, Any]) -> HostRule:
    return HostRule(
        host,
        delay_s=float(taken["delay"]) if "delay" in taken else None,
        per_host=int(taken["per_host"]) if "per_host" in taken else None,
        max_pages=int(taken["max_pages"]) if "max_pages" in taken else None,
        robots=taken.get("robots"),
    )


def _secrets(place: str, host: str, taken: dict[str, Any]) -> Iterator[HostHeader]:
    for name, kind in _SECRETS.items():
        for text in taken.get(name, ()):
            if host.startswith("*."):
                raise UsageError(f"{place} {name}: what is kept secret is for one host: name it without *.")
            try:
                yield kind.convert(f"{host}={text}", None, None)
            except click.BadParameter as error:
                # The words are those of the command line, where the host stands before the rest.
                said = error.message.rstrip(".").replace("HOST=", "").replace("example.org=", "")
                raise UsageError(f"{place} {name}: {said}") from error

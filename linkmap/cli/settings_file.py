"""Which linkmap.toml holds for a command, and what it says there. What reads one loads on need: most have none."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from linkmap.credentials import HostHeader
    from linkmap.hosts import HostRule

NAME = "linkmap.toml"
"""The file that is read without being named, where the working folder has it."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What a file says to one command."""

    path: Path | None
    options: dict[str, Any] = field(default_factory=dict)
    """Parameter -> value, as click's default_map takes them."""
    hosts: "tuple[HostRule, ...]" = ()
    secrets: "list[HostHeader]" = field(default_factory=list)
    """What is kept secret for hosts."""

    def secrets_beside(self, given: "Iterable[HostHeader]") -> "list[HostHeader]":
        """The secrets but for those that were given otherwise, which win."""
        others = {(each.host, each.name.lower()) for each in given}
        return [each for each in self.secrets if (each.host, each.name.lower()) not in others]


def read_settings_file(given: Path | None, command: click.Command) -> SettingsFile:
    """What the file says to a command: the file given, else linkmap.toml here, else nothing. Raises UsageError."""
    path = given or (Path(NAME) if Path(NAME).is_file() else None)
    if path is None:
        return SettingsFile(None)
    from linkmap.cli.settings_tables import read_tables

    return read_tables(path, command)

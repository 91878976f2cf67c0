"""The tables of a linkmap.toml: options, and rules of hosts. What is wrong is said with the file and the key."""

import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from linkmap.cli import COMMANDS
from linkmap.cli.options import word
from linkmap.cli.settings_file import SettingsFile
from linkmap.cli.types import Duration, Size
from linkmap.errors import UsageError

HOST = "host"
_LIKE_CRAWL = ("plan", "inspect")


def read_tables(path: Path, command: click.Command) -> SettingsFile:
    """What the file says to a command. Raises UsageError.

    The tables of other commands are read when those are run; but plan and inspect take up that of the crawl.
    """
    tables = _parsed(path)
    db = {"db": tables.pop("db")} if "db" in tables else {}
    for name, table in tables.items():
        _check_name(f"{path}: [{name}]", name, [*COMMANDS, HOST], "the table of a command or of a host")
        if not isinstance(table, dict):
            raise UsageError(f"{path}: {name} must be a table: write [{name}] and its options below")
    own = tables.get(str(command.name), {})
    shared = _shared_with_crawl(command, tables) if command.name in _LIKE_CRAWL else {}
    taken = _command_options(f"{path}: [crawl]", command, shared)
    taken |= _command_options(f"{path}: [{command.name}]", command, own)
    if db and "db" not in taken and _has_map(command):
        taken |= _command_options(f"{path}:", command, db)
    if command.name not in ("crawl", *_LIKE_CRAWL) or HOST not in tables:
        return SettingsFile(path, taken)
    from linkmap.cli.host_tables import read_host_tables

    return SettingsFile(path, taken, *read_host_tables(path, tables[HOST]))


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a readable TOML file with --config") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except ValueError as error:  # TOMLDecodeError, and that of a number of more digits than Python reads
        raise UsageError(f"{path} is not TOML: {error}") from error
    except RecursionError as error:
        raise UsageError(f"{path} is not TOML that can be read: it is nested too deeply") from error


def _has_map(command: click.Command) -> bool:
    """Whether the command works on the map that LINKMAP_DB names; the demo has one of its own."""
    return any(parameter.envvar == "LINKMAP_DB" for parameter in command.params)


def _shared_with_crawl(command: click.Command, tables: dict[str, Any]) -> dict[str, Any]:
    """What [crawl] says of the options that the command has too, which foretells that crawl."""
    names = {word(each) for each in command.params if isinstance(each, click.Option)} - {"config"}
    return {key: value for key, value in tables.get("crawl", {}).items() if key.replace("_", "-") in names}


def _command_options(place: str, command: click.Command, table: dict[str, Any]) -> dict[str, Any]:
    options = [each for each in command.params if isinstance(each, click.Option) and each.name != "config_file"]
    return checked_options(place, options, table, f"an option of `linkmap {command.name}`")


def checked_options(place: str, known: Iterable[click.Option], table: dict[str, Any], what: str) -> dict[str, Any]:
    """Parameter -> checked value, as text where the command line would have text. Raises UsageError."""
    options = {word(option): option for option in known}
    taken: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("_", "-")
        _check_name(f"{place} {key}", name, options, what)
        option = options[name]
        if option.name in taken:
            raise UsageError(f"{place} {key} is given twice: with _ and with -")
        taken[str(option.name)] = _checked(f"{place} {key}", option, value)
    return taken


def _check_name(place: str, name: str, known: Iterable[str], what: str) -> None:
    names = sorted(known)
    if name not in names:
        near = get_close_matches(name, names, 1, 0)
        raise UsageError(f"{place} is not {what}" + (f": the nearest is {near[0]}" if near else ""))


def _checked(place: str, option: click.Option, value: Any) -> Any:
    if not option.multiple:
        return _checked_one(place, option, value)
    if not isinstance(value, list):
        raise UsageError(f"{place} must be an array, in [ ]")
    return [_checked_one(place, option, each) for each in value]


def _checked_one(place: str, option: click.Option, value: Any) -> Any:
    """A value that the option takes. The sentence never repeats one of another type: it may be a secret."""
    types, words = _wanted(option)
    if type(value) not in types:
        raise UsageError(f"{place} must be {words}")
    if "\0" in str(value):
        raise UsageError(f"{place} holds a NUL, which no option may")
    if isinstance(value, bool):
        return value
    try:
        option.type.convert(str(value), option, None)
    except click.BadParameter as error:
        raise UsageError(f"{place}: {error.message.rstrip('.')}") from error
    return str(value)


def _wanted(option: click.Option) -> tuple[tuple[type, ...], str]:
    """The types of TOML that an option is written in, and their name."""
    if option.is_flag:
        return (bool,), "true or false"
    if isinstance(option.type, Size | Duration):
        return (int, float, str), "a number, or a string such as those of the command line"
    if isinstance(option.type, click.types.IntParamType):
        return (int,), "a whole number"
    if isinstance(option.type, click.types.FloatParamType):
        return (int, float), "a number"
    return (str,), 'a string, in " "'

"""`linkmap config`: what holds for the options of a command, and where it came from."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from linkmap.cli import COMMANDS, linkmap
from linkmap.cli.options import word
from linkmap.cli.settings_file import SettingsFile, read_settings_file
from linkmap.cli.text import counted, note, safe
from linkmap.cli.types import SECRETS
from linkmap.cli.variables import unknown_variables
from linkmap.proxy import Proxy

HOST_OPTIONS = {"delay": "delay_s", "per-host": "per_host", "max-pages": "max_pages", "robots": "robots"}
_TO_ESCAPE = re.compile(r'["\\]')


@click.command()
@click.argument(
    "command", type=click.Choice([name for name in COMMANDS if name != "config"]), default="crawl", metavar="[COMMAND]"
)
@click.pass_obj
def config(file: SettingsFile, command: str) -> None:
    """Show every option of COMMAND (crawl, where none is named), its value, and where that came from.

    The output is TOML, fit to be kept as linkmap.toml. Secrets are counted, not shown.
    """
    found = linkmap.get_command(click.get_current_context(), command)
    assert found is not None
    for sentence in unknown_variables(found):
        note(sentence)
    for line in _lines(found, read_settings_file(file.path, found)):
        click.echo(line)


def _lines(command: click.Command, file: SettingsFile) -> Iterator[str]:
    options = [each for each in command.params if isinstance(each, click.Option) and each.name != "config_file"]
    # A command of these options alone: what the arguments are does not matter here.
    bare = click.Command(command.name, params=[*options])
    above = click.get_current_context().parent
    context = bare.make_context(command.name, [], parent=above, default_map=file.options)
    yield f"[{command.name}]"
    for option in options:
        assert option.name is not None
        source = _source(option, context.get_parameter_source(option.name), file)
        yield _line(word(option), option, context.params[option.name], source)
    yield from _host_lines(file)


def _host_lines(file: SettingsFile) -> Iterator[str]:
    source = safe(str(file.path))
    rules = {rule.host: rule for rule in file.hosts}
    secrets = Counter(secret.host for secret in file.secrets)
    for host in sorted({*rules, *secrets}):
        yield f"\n[host.{_toml(host)}]"
        for option, name in HOST_OPTIONS.items():
            if host in rules and (value := getattr(rules[host], name)) is not None:
                yield f"{option} = {_toml(value)}  # {source}"
        if secrets[host]:
            yield f"# header, auth and cookie are set {counted(secrets[host], 'time')}, not shown  # {source}"


def _source(option: click.Option, source: ParameterSource | None, file: SettingsFile) -> str:
    if source is ParameterSource.ENVIRONMENT:
        return f"environment variable {option.envvar}"
    return safe(str(file.path)) if source is ParameterSource.DEFAULT_MAP else "default"


def _line(name: str, option: click.Option, value: Any, source: str) -> str:
    """`name = value  # source`; a comment where there is no value, or one that is not to be shown."""
    if value is None:
        default = f": {option.show_default}" if isinstance(option.show_default, str) else ""
        return f"# {name} is not set  # {source}{default}"
    if isinstance(option.type, SECRETS) and value:
        return f"# {name} is set {counted(len(value), 'time')}, not shown  # {source}"
    if isinstance(value, Proxy):
        return f"# {name} is set to {value.url}, user and password not shown  # {source}"
    return f"{name} = {_toml(value)}  # {source}"


def _toml(value: Any) -> str:
    """A value as TOML has it; a tuple within a list is a value whose parts the command line joins by colons."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case list() | tuple():
            return f"[{', '.join(_toml(':'.join(map(str, i)) if isinstance(i, tuple) else i) for i in value)}]"
        case str() | Path():
            return '"' + "".join(_escaped(character) for character in str(value)) + '"'
    raise TypeError(f"no option takes a {type(value).__name__}")


def _escaped(character: str) -> str:
    if _TO_ESCAPE.match(character):
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"

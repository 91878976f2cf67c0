"""Options that several commands share, and where else than on the command line options are looked for."""

from copy import copy
from pathlib import Path

import click

from linkmap.cli.text import FORMATS
from linkmap.errors import UsageError


def _refuse_pipe(_: click.Context, __: click.Parameter, db: Path) -> Path:
    if str(db) == "-":
        raise UsageError("--db - names no file: a map is not written to a pipe; name a file, or ./- for that name")
    return Path(db)


db_option = click.option(
    "--db",
    type=click.Path(path_type=Path),
    default="map.db",
    show_default=True,
    envvar="LINKMAP_DB",
    show_envvar=True,
    callback=_refuse_pipe,
    help="The map; `crawl` takes :memory: too, which leaves no file.",
)

hold_option = click.option(
    "--hold", is_flag=True, help="Take over a second beside a crawl too, whose log grows meanwhile."
)

format_option = click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="How rows are written."
)
raw_option = click.option("--raw", is_flag=True, help="In csv, no ' before cells that a spreadsheet would run.")


def check_raw(form: str, *, raw: bool) -> None:
    """Raises UsageError where --raw means nothing."""
    if raw and form != "csv":
        raise UsageError("--raw is about the cells of csv: add --format csv, or leave it out")


def word(option: click.Option) -> str:
    """The name of an option without its dashes, as files and environment variables have it: `max-pages`."""
    return next(name for name in option.opts if name.startswith("--"))[2:]


def open_to_settings(command: click.Command) -> click.Command:
    """The command with all its options open to environment variables and to linkmap.toml; `--config` names that."""
    if any(parameter.name == "config_file" for parameter in command.params):
        return command
    for option in command.params:
        if isinstance(option, click.Option):
            option.envvar = option.envvar or f"LINKMAP_{command.name}_{word(option)}".upper().replace("-", "_")
            if option.multiple:  # one value a line: regular expressions and headers hold spaces
                option.type = copy(option.type)
                option.type.split_envvar_value = str.splitlines  # type: ignore[method-assign,assignment]
    command.params.append(_config_option())
    return command


def _config_option() -> click.Option:
    return click.Option(
        ["--config", "config_file"],
        type=click.Path(path_type=Path),
        envvar="LINKMAP_CONFIG",
        show_envvar=True,
        metavar="FILE",
        is_eager=True,
        expose_value=False,
        callback=_take_file,
        help="Options from this TOML file.  [default: linkmap.toml, where there is one]",
    )


def _take_file(ctx: click.Context, _: click.Parameter, given: Path | None) -> None:
    """Make what the file says about the command the defaults of its options."""
    from linkmap.cli.settings_file import SettingsFile, read_settings_file
    from linkmap.cli.text import note
    from linkmap.cli.variables import unknown_variables

    for sentence in unknown_variables(ctx.command):
        note(sentence)
    file: SettingsFile = read_settings_file(given, ctx.command)
    ctx.default_map = file.options
    ctx.obj = file

"""The command line: the only place that prints, reads the environment and picks exit codes.

Exit codes: 0 done; 1 error; 2 usage; 3 findings (`--fail-on`); 4 stopped early, to be taken up with `--resume`.
"""

import gc
import importlib
import os
import sqlite3
import sys
import threading
from contextlib import suppress
from typing import NoReturn

import click

from linkmap import __version__
from linkmap.errors import LinkmapError, UsageError

COMMANDS = {
    "crawl": "linkmap.cli.crawl",
    "plan": "linkmap.cli.plan",
    "inspect": "linkmap.cli.inspect",
    "status": "linkmap.cli.status",
    "query": "linkmap.cli.query",
    "links": "linkmap.cli.links",
    "path": "linkmap.cli.path",
    "rank": "linkmap.cli.rank",
    "export": "linkmap.cli.export",
    "demo": "linkmap.cli.demo",
    "config": "linkmap.cli.config",
}
"""Command -> the module that holds a click command of the same name, imported when it is first needed."""

SUMMARIES = {
    "crawl": "Crawl from seeds into a map.",
    "plan": "Show what a crawl would ask of each host, for how long, before its first page.",
    "inspect": "Show all that one page says, and what a crawl would do with its links.",
    "status": "Show what became of every page of a map.",
    "query": "Ask a map a named question, or one in SQL.",
    "links": "Show the links into and out of a page.",
    "path": "Show the shortest way from one page to another.",
    "rank": "Compute PageRank, hubs and authorities and store them.",
    "export": "Write the graph for Gephi and others: .graphml, .csv, .tsv.",
    "demo": "Crawl a real site on this machine; needs no network.",
    "config": "Show what holds for each option, and where it came from.",
}

_NO_THREAD = "can't start new thread"
"""What Python says of it, whose error has no class of its own."""


class Commands(click.Group):
    """A group that imports a command's module only when the command is run: `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        from linkmap.cli.options import open_to_settings

        command = getattr(importlib.import_module(COMMANDS[cmd_name]), cmd_name)
        gc.freeze()  # what is loaded is not looked through again each time that garbage is sought
        gc.enable()
        return open_to_settings(command)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command. That the reader of a pipe has left, as `| head` does, is no error of ours."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        return result

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="linkmap")
def linkmap() -> None:
    """Crawl the web into a directed link graph that can be trusted, asked and drawn."""


def main() -> None:
    """Run the command line; the one place where an error becomes a sentence and an exit code."""
    try:
        code = linkmap.main(prog_name="linkmap", standalone_mode=False)
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.ClickException as error:
        _reworded(error).show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        code = 1
    except LinkmapError as error:
        click.echo(f"Error: {_safe(str(error))}", err=True)
        code = 2 if isinstance(error, UsageError) else 1
    except MemoryError:
        click.echo("Error: there is not enough memory: give linkmap more", err=True)
        code = 1
    except RuntimeError as error:
        if str(error) != _NO_THREAD:
            raise
        click.echo(f"Error: {_NO_THREAD}: give linkmap more memory, or a higher `ulimit -u`", err=True)
        code = 1
    except (OSError, sqlite3.Error) as error:
        click.echo(f"Error: {_safe(str(error))}: {_advice()}", err=True)
        code = 1
    _leave(code if isinstance(code, int) else 0)


def _leave(code: int) -> NoReturn:
    """End the process. Where threads are at work for which nobody waits, what they hold is not taken apart first."""
    if any(thread.daemon for thread in threading.enumerate()):
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    gc.freeze()  # else Python looks for garbage in all that it takes down: a tenth of what `status` takes (2026-11)
    sys.exit(code)


def _reworded(error: click.ClickException) -> click.ClickException:
    if not isinstance(error, click.BadParameter):
        return error
    from linkmap.cli.variables import reworded

    return reworded(error)


def _advice() -> str:
    """What to do about an error of the system."""
    try:
        os.getcwd()
    except OSError:
        return "the folder that you are in was removed; go to another"
    return "check the file, its folder and the disk"


def _safe(text: str) -> str:
    """A message that may name what the web wrote, fit for a terminal."""
    from linkmap.cli.text import safe

    return safe(text)

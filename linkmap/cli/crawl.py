"""`linkmap crawl`: options to settings, seeds from everywhere, signals, and the summary at the end."""

from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from linkmap.cli.edges import STANDARD_OUTPUT, EdgeFile
from linkmap.cli.options import db_option
from linkmap.cli.progress import Display
from linkmap.cli.running import run_shown
from linkmap.cli.seed_files import given_seeds, seeds_option
from linkmap.cli.summary import summary
from linkmap.cli.text import counted, note
from linkmap.cli.types import Duration
from linkmap.cli.web_options import (
    INSECURE,
    budget_options,
    depth_option,
    entry_options,
    pace_options,
    parser_option,
    proxy_option,
    request_options,
    scope_options,
    take_secrets,
)
from linkmap.model import Parser
from linkmap.proxy import Proxy
from linkmap.runs import CrawlResult
from linkmap.runs import crawl as crawl_map
from linkmap.scope import ScopeName
from linkmap.settings import MAX_WORKERS, Settings
from linkmap.store.reader import open_reader

_DEFAULTS = Settings()


@click.command()
@click.argument("seeds", nargs=-1, metavar="[SEED]...")
@seeds_option
@db_option
@click.option("--resume", is_flag=True, help="Go on with a crawl that was stopped or killed, as it was.")
@click.option("--add", is_flag=True, help="Add to a finished map: more seeds, wider scope, depth or budget.")
@depth_option
@scope_options
@budget_options
@click.option(
    "--max-time",
    "max_time_s",
    type=Duration(),
    default=_DEFAULTS.max_time_s,
    show_default="0, no limit",
    help="Of this run: seconds, or 10m, 2h; what it leaves is over_budget.",
)
@pace_options
@request_options
@entry_options
@click.option(
    "--fail-on",
    type=click.Choice(["broken"]),
    default=None,
    help="broken: exit code 3 where a link, or a seed, is dead.",
)
@proxy_option
@click.option(
    "--workers",
    type=click.IntRange(0, MAX_WORKERS),
    default=None,
    show_default="by the cores, once answers come fast",
    help="Processes that fetch and read pages; 0: linkmap's own.",
)
@parser_option
@click.option(
    "--edges",
    metavar="FILE|-",
    default=None,
    help="Write all links of the map as TSV, new ones as they are committed; -: to standard output.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
@click.option("-v", "--verbose", is_flag=True, help="Print a line for every answer.")
@click.pass_context
def crawl(
    ctx: click.Context,
    /,
    seeds: tuple[str, ...],
    seed_files: tuple[str, ...],
    db: Path,
    resume: bool,
    add: bool,
    edges: str | None,
    fail_on: str | None,
    proxy: Proxy | None,
    quiet: bool,
    verbose: bool,
    **options: Any,
) -> None:
    """Crawl from seeds into a map.

    A SEED is a URL, or a bare name such as example.org, which is tried with https, then http.
    Every link found is recorded; scope and depth only decide what is fetched.
    Ctrl-C stops after the requests under way, a second one at once; `--resume` goes on from there.
    """
    secrets = take_secrets(options)
    secrets += ctx.obj.secrets_beside(secrets)
    settings = _settings(ctx, db, options, resume=resume, add=add)
    chosen = given_seeds(seeds, seed_files)
    display = Display(quiet=quiet, verbose=verbose)
    if settings is not None and settings.insecure:
        display.say(INSECURE)
    file = EdgeFile(edges, db, map(Path, seed_files)) if edges else None
    if add and settings is not None and _records_more(settings, db):
        display.say("Pages that were fetched before keep the links recorded then; the kinds added hold for new pages.")
    work = partial(crawl_map, chosen, db, settings, resume=resume, add=add, secrets=secrets, proxy=proxy)
    result = _run(work, display, file)
    code = _exit_code(result, fail_on)
    if not quiet or code == 1:
        click.echo(summary(result, db), err=quiet or edges == STANDARD_OUTPUT)
    if code == 3 and not quiet:
        note(f"Dead: {counted(result.broken, 'page')}, so the exit code is 3 (--fail-on broken).")
    ctx.exit(code)


def _settings(ctx: click.Context, db: Path, options: dict[str, Any], *, resume: bool, add: bool) -> Settings | None:
    """The settings that the options make; on a map that exists, the stored ones with what the command line changes."""
    options["scope"] = ScopeName(options["scope"])
    options["parser"] = Parser(options["parser"])
    if not (resume or add) or not db.exists():
        return Settings(**options, hosts=ctx.obj.hosts)
    given = {
        name: value for name, value in options.items() if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    if add and ctx.obj.hosts:
        given["hosts"] = ctx.obj.hosts
    stored = _stored_settings(db)
    return replace(stored or Settings(), **given)


def _stored_settings(db: Path) -> Settings | None:
    with closing(open_reader(db)) as reader:
        row = reader.execute("SELECT settings FROM run ORDER BY id DESC LIMIT 1").fetchone()
    return Settings.from_json(row[0]) if row else None


def _records_more(settings: Settings, db: Path) -> bool:
    """Whether these settings record kinds of links that the map's own do not."""
    stored = _stored_settings(db) if db.exists() else None
    return stored is not None and settings.recorded & ~stored.recorded != 0


def _run(work: Callable[..., Awaitable[CrawlResult]], display: Display, file: EdgeFile | None) -> CrawlResult:
    try:
        return run_shown(
            partial(work, on_links=file.write if file else None), display, file.stop if file else None, code=4
        )
    finally:
        if file:
            file.close()


def _exit_code(result: CrawlResult, fail_on: str | None) -> int:
    if result.state != "finished":
        return 4
    if fail_on == "broken" and result.broken:
        return 3
    return 0 if result.reached_any else 1

"""`linkmap crawl`: options to settings, seeds from everywhere, signals, and the summary at the end."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
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
from linkmap.cli.summary import summary
from linkmap.cli.text import safe
from linkmap.cli.types import Duration, ProxyUrl, Words
from linkmap.cli.web_options import INSECURE, parser_option, request_options, scope_options, take_secrets
from linkmap.model import Parser, UsageError
from linkmap.proxy import Proxy
from linkmap.runs import CrawlResult
from linkmap.runs import crawl as crawl_map
from linkmap.scope import ScopeName
from linkmap.seeds import BadSeed, Seed, parse_seed, parse_seed_lines
from linkmap.settings import MAX_WORKERS, Check, Settings
from linkmap.store.reader import open_reader
from linkmap.url import as_written
from linkmap.workers import event_loops

_DEFAULTS = Settings()


@click.command()
@click.argument("seeds", nargs=-1, metavar="[SEED]...")
@click.option(
    "--seeds", "seed_files", multiple=True, metavar="FILE|-", help="More seeds, one a line; # starts a comment."
)
@db_option
@click.option("--resume", is_flag=True, help="Go on with a crawl that was stopped or killed, as it was.")
@click.option("--add", is_flag=True, help="Add to a finished map: more seeds, wider scope, depth or budget.")
@click.option(
    "--depth",
    type=click.IntRange(0, 65_000),
    default=_DEFAULTS.depth,
    show_default=True,
    help="Links to follow from a seed; 0: the seeds alone.",
)
@scope_options
@click.option(
    "--max-pages",
    type=click.IntRange(0),
    default=_DEFAULTS.max_pages,
    show_default=True,
    help="Responses in the whole map; 0: no limit.",
)
@click.option(
    "--max-pages-per-host",
    type=click.IntRange(0),
    default=_DEFAULTS.max_pages_per_host,
    show_default=True,
    help="Requests for pages of one host; 0: no limit.",
)
@click.option(
    "--max-time",
    "max_time_s",
    type=Duration(),
    default=_DEFAULTS.max_time_s,
    show_default="0, no limit",
    help="Of this run: seconds, or 10m, 2h; what it leaves is over_budget.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1),
    default=None,
    show_default="adapts, up to 256",
    help="Requests in flight at the same time.",
)
@click.option(
    "--per-host",
    type=click.IntRange(1),
    default=_DEFAULTS.per_host,
    show_default=True,
    help="Requests in flight at one host.",
)
@click.option(
    "--delay",
    "delay_s",
    type=click.FloatRange(0),
    default=_DEFAULTS.delay_s,
    show_default=True,
    metavar="SECONDS",
    help="From the end of a host's answer to the next request to it; a longer Crawl-delay holds.",
)
@request_options
@click.option(
    "--sitemaps/--no-sitemaps",
    default=True,
    show_default=True,
    help="Read the sitemaps that robots.txt names; their pages count one link.",
)
@click.option(
    "--check",
    type=Words(Check),
    default="",
    metavar="WHAT,...",
    help="Ask whether these are there, too: external (links out of the scope), resources (images, scripts ...).",
)
@click.option(
    "--fail-on",
    type=click.Choice(["broken"]),
    default=None,
    help="broken: exit code 3 where a link, or a seed, is dead.",
)
@click.option("--proxy", type=ProxyUrl(), help="Fetch all through this HTTP proxy. Never stored.")
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
    chosen = list(_seeds(seeds, seed_files))
    if not chosen and (seeds or seed_files):
        raise UsageError("no valid seed among those given: give at least one URL, or a file with one URL a line")
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


def _seeds(written: Iterable[str], files: Iterable[str]) -> Iterator[Seed]:
    """The valid seeds; each that is not is told on standard error with its place."""
    for text in written:
        yield from _valid("argument", parse_seed(text))
    for name in files:
        for number, seed in parse_seed_lines(_lines(name)):
            yield from _valid(f"{'standard input' if name == '-' else name}:{number}", seed)


def _valid(place: str, seed: Seed | BadSeed) -> Iterator[Seed]:
    if isinstance(seed, BadSeed):
        click.echo(f"{place}: {safe(as_written(seed.written))!r} {seed.reason}; left out", err=True)
    else:
        yield seed


def _lines(name: str) -> list[str]:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"--seeds {name}: {error.strerror}; name a readable file, or - for standard input") from error
    try:
        return data.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise UsageError(f"--seeds {name}: not UTF-8 text (byte {error.start}); save it as UTF-8") from error


def _run(work: Callable[..., Any], display: Display, file: EdgeFile | None) -> CrawlResult:
    """The crawl's result, on uvloop where there is one, with Ctrl-C understood once and twice."""
    on_links = file.write if file else None
    watched = partial(work, progress=display.update, on_answer=display.answer, on_links=on_links)
    try:
        with asyncio.Runner(loop_factory=event_loops()) as runner:
            return runner.run(_with_signals(watched, display, file.stop if file else asyncio.Event()))
    finally:
        if file:
            file.close()


async def _with_signals(work: Callable[..., Any], display: Display, stop: asyncio.Event) -> CrawlResult:
    def interrupted() -> None:
        if stop.is_set():
            display.close()
            os._exit(4)
        stop.set()
        display.say("Stopping: the requests under way may still end. Ctrl-C again leaves at once.")

    loop = asyncio.get_running_loop()
    if sys.platform != "win32":
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, interrupted)
    try:
        with display:
            result: CrawlResult = await work(stop=stop)
            return result
    finally:
        if sys.platform != "win32":
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


def _exit_code(result: CrawlResult, fail_on: str | None) -> int:
    if result.state != "finished":
        return 4
    if fail_on == "broken" and result.broken:
        return 3
    return 0 if result.reached_any else 1

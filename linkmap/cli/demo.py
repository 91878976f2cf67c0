"""`linkmap demo`: the main job, from a seed to a file for Gephi, on a site that every Python brings along."""

import asyncio
import os
import shlex
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import click

from linkmap.advice import MEMORY, in_memory
from linkmap.asking import query
from linkmap.cli.progress import Display
from linkmap.cli.text import print_rows
from linkmap.demo import INDEX_TITLE, pydoc_site
from linkmap.errors import LinkmapError, UsageError
from linkmap.export.write import export_graph, format_of
from linkmap.graph.ranking import rank_map
from linkmap.model import State
from linkmap.runs import CrawlResult, crawl
from linkmap.scope import ScopeName
from linkmap.settings import Settings
from linkmap.store.lock import writer_lock
from linkmap.store.reader import open_reader

SETTINGS = Settings(depth=3, scope=ScopeName.HOST, delay_s=0, max_pages=0, allow_private=True)
AS_OPTIONS = "--depth 3 --scope host --delay 0 --max-pages 0 --allow-private"
_TOP = 8

_SEEDS_OF_OTHERS = """
SELECT count(*) FROM seed JOIN page ON page.id = seed.page LEFT JOIN capture ON capture.id = page.capture
WHERE capture.title IS NOT ? AND EXISTS (SELECT 1 FROM capture)
"""


@click.command()
@click.option(
    "--db",
    type=click.Path(path_type=Path),
    default="linkmap-demo.db",
    show_default=True,
    help="Where the demo's map goes; the map of an earlier demo is replaced, any other file is left alone.",
)
@click.option(
    "--graphml",
    type=click.Path(path_type=Path),
    default="linkmap-demo.graphml",
    show_default=True,
    help="Where the graph for Gephi goes; a file of that name is replaced.",
)
def demo(db: Path, graphml: Path) -> None:
    """Crawl a real site on this machine, ask the map, and write it for Gephi. Needs no network.

    The site is the documentation of Python's standard library as pydoc writes it, some 300 pages, served on
    127.0.0.1 for as long as the crawl lasts.
    """
    format_of(graphml)
    if in_memory(db):
        raise UsageError(
            f"a map in memory ({MEMORY}) ends with its crawl, and the demo asks it afterwards: name a file"
        )
    if os.path.realpath(graphml) == os.path.realpath(db):
        raise UsageError(f"{db} cannot be both the map and the graph: name two files")
    if not graphml.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {graphml.parent} to write {graphml.name} into: make it, or name another")
    _make_room(db)
    result = _crawl(db)
    _tell_what_was_found(db, result)
    _tell_the_top(db)
    written = export_graph(db, graphml)
    click.echo(f"\nWrote {graphml}: {written.nodes:,} pages, {written.edges:,} edges.")
    _tell_what_next(db, graphml)


def _make_room(db: Path) -> None:
    """Take an earlier demo's map away. Raises LinkmapError where anything else stands there."""
    if not db.exists():
        return
    try:
        with closing(open_reader(db)) as connection:
            others = connection.execute(_SEEDS_OF_OTHERS, (INDEX_TITLE,)).fetchone()[0]
    except (LinkmapError, sqlite3.Error):
        others = 1
    if others:
        raise LinkmapError(f"{db} is not the map of an earlier demo, so it is left alone: name another with --db")
    with writer_lock(db):
        for suffix in ("", "-wal", "-shm"):
            db.with_name(db.name + suffix).unlink(missing_ok=True)


def _crawl(db: Path) -> CrawlResult:
    version = ".".join(map(str, sys.version_info[:2]))
    try:
        with pydoc_site() as seed:
            click.echo(f"Python {version}'s documentation, as pydoc writes it, is served at {seed}")
            click.echo(f"Crawling it, as this would: linkmap crawl {seed} {AS_OPTIONS}")
            with Display() as display:
                return asyncio.run(crawl([seed], db, SETTINGS, progress=display.update))
    except ChildProcessError as error:
        raise LinkmapError(f"the demo's site did not start: {error}") from error


def _tell_what_was_found(db: Path, result: CrawlResult) -> None:
    (links,) = query(db, "SELECT count(*) FROM links").rows[0]
    assert isinstance(links, int)
    broken = sum(number for outcome, number in result.counts.items() if outcome.broken)
    click.echo(
        f"In {result.seconds:.1f} s: {links:,} links found, {result.in_state(State.DONE):,} pages fetched, "
        f"{broken:,} broken, {result.in_state(State.EXCLUDED):,} elsewhere, which were recorded and left alone."
    )


def _tell_the_top(db: Path) -> None:
    rank_map(db)
    for question, heading in (("in_degree", "Linked from the most pages"), ("hubs", "The best hubs")):
        answer = query(db, question, limit=_TOP)
        click.echo(f"\n{heading} (linkmap query {question}):")
        print_rows(answer.columns, answer.rows, "table")


def _tell_what_next(db: Path, graphml: Path) -> None:
    program, option = _program(), f"--db {shlex.quote(str(db))}"
    click.echo(
        f"""
What to try next:
  {program} status {option}
  {program} query {option}
  {program} query broken_links --limit 5 {option}
  {program} export modules.csv --internal-only {option}
  {program} crawl example.org --depth 1 --db example.db
In Gephi (gephi.org): File > Open, {graphml}; in Layout run ForceAtlas 2;
in Appearance > Nodes > Size > Ranking choose in_degree."""
    )


def _program() -> str:
    """How the user can call linkmap from here: by its name where the shell finds it, else as it was called."""
    called = Path(sys.argv[0])
    if shutil.which("linkmap"):
        return "linkmap"
    return "python -m linkmap" if called.name == "__main__.py" else shlex.quote(str(called))

"""`linkmap status`: the accounting of a map by state, outcome and host, from counts kept at every commit."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click

from linkmap.advice import command
from linkmap.cli.options import db_option
from linkmap.cli.text import counted, safe
from linkmap.cli.traps import trap_lines
from linkmap.errors import LinkmapError
from linkmap.store.lock import is_locked
from linkmap.store.log import log_bytes, log_path, pinned, pinning_process
from linkmap.store.reader import open_reader
from linkmap.store.trapped import TRAPPED, trapped


@click.command()
@db_option
@click.option("--hosts", type=click.IntRange(0), default=10, show_default=True, help="How many hosts to list.")
def status(db: Path, hosts: int) -> None:
    """Show what became of every page of a map.

    discovered = pending + done + failed + excluded, at any time. `failed` and `excluded` keep their reason.
    """
    with closing(open_reader(db)) as reader:
        reader.execute("BEGIN")  # all that is shown is of one moment
        row = reader.execute("SELECT * FROM run ORDER BY id DESC LIMIT 1").fetchone()
        if row is None:
            raise LinkmapError(f"{db} holds no crawl yet: start one with `{command('crawl SEED', db)}`")
        outcomes = reader.execute("SELECT name, state FROM outcome ORDER BY id").fetchall()
        traps = trapped(reader.execute(TRAPPED))
        lines = [
            _run_line(db, row), *_cut_lines(row), *trap_lines(traps, 20), *_accounting(row, outcomes),
            *_host_lines(reader, hosts),
        ]  # fmt: skip
    lines[1:1] = _log_lines(db)  # once the reader is closed: see pinning_process
    click.echo("\n".join(lines))


def _run_line(db: Path, row: sqlite3.Row) -> str:
    settings = json.loads(row["settings"])
    state = row["state"]
    if state == "running" and not is_locked(db):
        state = f"interrupted (go on with `{command('crawl --resume', db)}`)"
    elif state == "stopped":
        state = f"stopped (go on with `{command('crawl --resume', db)}`)"
    elif state == "indexing" and not is_locked(db):
        state = "crawled; its indexes are built when a question first needs them"
    began = time.strftime("%Y-%m-%d %H:%M", time.localtime(row["started_at"]))
    return f"{db}: {state}. Run {row['id']}, {began}, depth {settings['depth']}, scope {settings['scope']}."


def _log_lines(db: Path) -> Iterator[str]:
    """What a reader of the log beside the map must know."""
    size, at_work = log_bytes(db), is_locked(db)
    held = pinned(db) if at_work else None
    if held is not None:
        process = pinning_process(db, held.crawl)
        named = f"process {process[0]}{f' ({safe(process[1])})' if process[1] else ''}" if process else "a program"
        since = time.strftime("%H:%M:%S", time.localtime(held.since))
        yield (
            f"Log: {log_path(db)} holds {size / 1e6:,.0f} MB and grows: {named} has read the map as of one moment "
            f"since {since} or before; the log shrinks when that ends."
        )
    elif size and not at_work:
        yield f"Log: {log_path(db)} ({size / 1e6:,.1f} MB) belongs to the map: keep it beside {db}."


def _cut_lines(row: sqlite3.Row) -> Iterator[str]:
    for cut in json.loads(row["cuts"]):
        yield f"Cut: {cut}."


def _accounting(row: sqlite3.Row, outcomes: list[sqlite3.Row]) -> Iterator[str]:
    counts = json.loads(row["counts"])
    pages, auxiliary = counts["page"], counts["auxiliary"]
    states = {"pending": 0, "done": 0, "failed": 0, "excluded": 0}
    for name, state in outcomes:
        states[state] += pages.get(name, 0)
    yield ""
    yield f"discovered {sum(states.values()):,} = " + " + ".join(f"{state} {n:,}" for state, n in states.items())
    for name, state in outcomes:
        if pages.get(name):
            yield f"  {state:<9} {name:<19} {pages[name]:>9,}"
    if auxiliary:
        listed = ", ".join(f"{number:,} {name}" for name, number in auxiliary.items() if number)
        yield f"and robots.txt files and sitemaps: {listed}"


def _host_lines(reader: sqlite3.Connection, limit: int) -> Iterator[str]:
    total = reader.execute("SELECT count(*) FROM host").fetchone()[0]
    rows = reader.execute(
        "SELECT name, pending, done, failed, excluded FROM host "
        "ORDER BY pending + done + failed DESC, excluded DESC, id LIMIT ?",
        (limit,),
    ).fetchall()
    if not rows:
        return
    width = max(len("host"), *(len(safe(row["name"])) for row in rows))
    yield ""
    yield f"{'host':<{width}} {'pending':>9} {'done':>9} {'failed':>9} {'excluded':>9}"
    for name, *numbers in rows:
        yield f"{safe(name):<{width}} " + " ".join(f"{number:>9,}" for number in numbers)
    if total > len(rows):
        yield f"... and {counted(total - len(rows), 'more host')} (--hosts N lists more)"

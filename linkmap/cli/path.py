"""`linkmap path`: the shortest way from one page to another."""

from pathlib import Path

import click

from linkmap.cli.options import check_raw, db_option, format_option, hold_option, raw_option
from linkmap.cli.text import note, print_rows
from linkmap.errors import LinkmapError
from linkmap.pages import find_page
from linkmap.paths import shortest_path
from linkmap.store.indexing import ensure_indexed
from linkmap.store.reader import reading

COLUMNS = ("hop", "kind", "region", "anchor", "url", "outcome")


@click.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@format_option
@raw_option
@hold_option
@db_option
def path(source: str, target: str, form: str, raw: bool, hold: bool, db: Path) -> None:
    """Show the shortest way FROM one page TO another, hop by hop, with the words that were clicked.

    Of several shortest ways one is shown, the same each time. A redirect is a hop of its own.
    """
    check_raw(form, raw=raw)
    built = ensure_indexed(db)
    if built:
        note(built)
    with reading(db, hold=hold) as connection:
        start, end = find_page(connection, source), find_page(connection, target)
        way = shortest_path(connection, start.id, end.id)
        pending = connection.execute("SELECT EXISTS (SELECT 1 FROM page WHERE outcome = 0)").fetchone()[0]
    if way is None:
        yet = " so far: pages of this map still wait to be fetched" if pending else ""
        raise LinkmapError(f"no links lead from {start.url} to {end.url}{yet}")
    rows = [(hop, at.kind, at.region, at.anchor, at.url, at.outcome) for hop, at in enumerate(way)]
    print_rows(COLUMNS, rows, form, raw=raw)

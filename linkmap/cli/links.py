"""`linkmap links`: what a page links to, and what links to it."""

from pathlib import Path

import click

from linkmap.cli.options import check_raw, db_option, format_option, hold_option, raw_option
from linkmap.cli.text import counted, note, print_rows
from linkmap.pages import find_page, links_from, links_to
from linkmap.store.indexing import ensure_indexed
from linkmap.store.reader import reading

COLUMNS = ("direction", "kind", "rel", "region", "anchor", "url", "outcome", "written")


@click.command()
@click.argument("page")
@click.option("--in", "inward", is_flag=True, help="Only the links into the page.")
@click.option("--out", "outward", is_flag=True, help="Only the links out of the page.")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    help="Links at most in each direction; 0 gives all.",
)
@format_option
@raw_option
@hold_option
@db_option
def links(page: str, inward: bool, outward: bool, limit: int, form: str, raw: bool, hold: bool, db: Path) -> None:
    """Show the links into and out of PAGE, of every kind, with the words and the part of the page they stand in.

    PAGE is a URL in any spelling: example.com/x and HTTP://EXAMPLE.com/x#y will do.
    """
    check_raw(form, raw=raw)
    built = ensure_indexed(db)
    if built:
        note(built)
    both = inward == outward
    at_most = limit + 1 if limit else -1
    with reading(db, hold=hold) as connection:
        found = find_page(connection, page)
        arriving = links_to(connection, found.id, at_most) if both or inward else []
        leaving = links_from(connection, found.id, at_most) if both or outward else []
    rows = []
    for direction, ends in (("in", arriving), ("out", leaving)):
        rows += [
            (direction, end.kind, end.rel, end.region, end.anchor, end.url, end.outcome, end.written)
            for end in ends[: limit or None]
        ]
    if form == "table":
        note(f"{found.url} ({found.outcome})")
    if rows or form != "table":
        width = len(COLUMNS) if form != "table" or any(row[-1] for row in rows) else len(COLUMNS) - 1
        print_rows(COLUMNS[:width], [row[:width] for row in rows], form, raw=raw)
    else:
        note("No links.")
    if limit and max(len(arriving), len(leaving)) > limit:
        note(f"The first {counted(limit, 'link')} of a direction; --limit 0 shows all.")

"""`linkmap export`: the graph as a file for Gephi and others."""

from pathlib import Path

import click
from click.core import ParameterSource

from linkmap.advice import command
from linkmap.cli.options import db_option
from linkmap.cli.text import counted, note
from linkmap.cli.types import NewFile
from linkmap.errors import UsageError
from linkmap.export.selection import MEASURES, Cut
from linkmap.export.write import Written, export_graph
from linkmap.graph.load import Level


@click.command()
@click.argument("file", type=NewFile())
@db_option
@click.option(
    "--level",
    type=click.Choice([level.value for level in Level]),
    default="page",
    show_default=True,
    help="What one node is: a page, a host name, or a registrable domain.",
)
@click.option("--kinds", metavar="KIND,...", help="Kinds of links that make an edge.  [default: the navigation kinds]")
@click.option("--internal-only", is_flag=True, help="Only edges with both ends in one registrable domain.")
@click.option(
    "--min-in-degree", type=click.IntRange(min=0), default=0, metavar="N", help="Only nodes linked from N others."
)
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="Only the N nodes that --by puts first.")
@click.option(
    "--by",
    type=click.Choice(MEASURES),
    default="in_degree",
    show_default=True,
    help="What --top counts; pagerank, hub and authority need `linkmap rank` before.",
)
@click.option("--raw", is_flag=True, help="In a .csv, no ' before cells that a spreadsheet would run.")
@click.pass_context
def export(
    ctx: click.Context,
    file: Path,
    db: Path,
    *,
    level: str,
    kinds: str | None,
    internal_only: bool,
    min_in_degree: int,
    top: int | None,
    by: str,
    raw: bool,
) -> None:
    """Write the graph to FILE: .graphml or .graphml.gz for Gephi, .csv or .tsv for an edge list.

    Degrees and ranks in the file, and those that --min-in-degree and --top go by, are those of the whole graph,
    before anything is left out. FILE appears when it is whole; one of that name is then replaced.
    """
    if top is None and ctx.get_parameter_source("by") is ParameterSource.COMMANDLINE:
        raise UsageError("--by says what --top counts: add --top N")
    cut = Cut(internal_only=internal_only, min_in_degree=min_in_degree, top=top, by=by)
    written = export_graph(db, file, level=level, kinds=kinds, cut=cut, raw=raw)
    for line in _told(written, file, level):
        click.echo(line)
    if written.stale_ranks and level == "page" and ".graphml" in file.name.lower():
        note(f"The ranks in it are older than the newest pages: run `{command('rank', db)}` and export again.")
    if written.pending:
        note(f"The crawl is unfinished, so the graph is too: {counted(written.pending, 'page')} still to be fetched.")


def _told(written: Written, file: Path, level: str) -> list[str]:
    lines = [
        f"Wrote {file}: {counted(written.nodes, level)}, {counted(written.edges, 'edge')}, {_size(written.bytes)}."
    ]
    if (written.nodes, written.edges) != (written.map_nodes, written.map_edges):
        lines.append(f"Cut from {counted(written.map_nodes, level)} and {counted(written.map_edges, 'edge')}.")
    if written.unlisted:
        lines.append(f"An edge list has no line for the {counted(written.unlisted, level)} without an edge.")
    if written.replaced:
        lines.append(f"Replaced {counted(written.replaced, 'character')} that XML cannot hold by U+FFFD.")
    return lines


def _size(n_bytes: int) -> str:
    if n_bytes < 1000:
        return f"{n_bytes} bytes"
    return f"{n_bytes / 1000:,.1f} KB" if n_bytes < 1_000_000 else f"{n_bytes / 1_000_000:,.1f} MB"

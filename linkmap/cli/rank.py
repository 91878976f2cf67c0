"""`linkmap rank`: who is important, stored in the map."""

import time
from pathlib import Path

import click

from linkmap.advice import command
from linkmap.cli.options import db_option
from linkmap.cli.text import note
from linkmap.graph.ranking import Ranking, rank_map


@click.command()
@db_option
def rank(db: Path) -> None:
    """Compute PageRank (damping 0.85), hubs and authorities of all pages and store them in the map.

    They follow the navigation links, a pair of pages counted once. Ranks that stand in the map are replaced. Then ask
    `linkmap query pagerank`, `hubs` or `authorities`; `linkmap export` writes them with each page.
    """
    began = time.perf_counter()
    ranking = rank_map(db)
    click.echo(_told(ranking, time.perf_counter() - began))
    if ranking.is_unfinished:
        note(
            f"The crawl is unfinished: {ranking.decided:,} of {ranking.discovered:,} pages found so far are decided. "
            f"Run `{command('crawl --resume', db)}`, then rank again."
        )
    click.echo(f"Next: {command('query pagerank', db)}")


def _told(ranking: Ranking, seconds: float) -> str:
    return (
        f"Ranked {ranking.pages:,} pages by {ranking.edges:,} edges in {seconds:.1f} s "
        f"(PageRank {ranking.pagerank_iterations} steps, hubs and authorities {ranking.hits_iterations})."
    )

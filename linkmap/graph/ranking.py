"""PageRank, hubs and authorities of a map's pages, computed and stored."""

from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from linkmap.errors import LinkmapError
from linkmap.graph.load import load_map
from linkmap.graph.measures import DAMPING, TOLERANCE, hits, pagerank
from linkmap.store.lock import writer_lock
from linkmap.store.ranks import store_ranks
from linkmap.store.reader import open_reader


class Ranking(NamedTuple):
    """What was ranked, and how much of the crawl it speaks for."""

    pages: int
    edges: int
    pagerank_iterations: int
    hits_iterations: int
    decided: int
    """Pages of which it is known what becomes of them; auxiliary ones are left out here and in `discovered`."""
    discovered: int
    is_unfinished: bool
    """Whether the crawl has more to ask for."""


def rank_map(db: Path) -> Ranking:
    """Rank the page graph of navigation links and store the scores in place of those before.

    Raises LinkmapError where there is no map, where nothing is fetched yet, and while a crawl writes the map.
    """
    with closing(open_reader(db)) as connection, writer_lock(db):
        map_graph = load_map(connection)
        graph = map_graph.graph
        if not graph.n_nodes:
            raise LinkmapError(f"nothing to rank: no page of {db} is fetched yet")
        is_unfinished = connection.execute("SELECT EXISTS (SELECT 1 FROM page WHERE outcome = 0)").fetchone()[0] == 1
        decided, discovered = connection.execute(
            "SELECT count(*) FILTER (WHERE outcome <> 0), count(*) FROM page WHERE NOT auxiliary"
        ).fetchone()
        by_links, by_role = pagerank(graph), hits(graph)
        store_ranks(
            db,
            graph.ids.tolist(),
            by_links.scores.tolist(),
            by_role.hubs.tolist(),
            by_role.authorities.tolist(),
            {"damping": DAMPING, "tolerance": TOLERANCE, "kinds": "navigation", "weighted": False},
            capture=map_graph.capture,
        )
    return Ranking(
        graph.n_nodes, graph.n_edges, by_links.iterations, by_role.iterations, decided, discovered, is_unfinished
    )

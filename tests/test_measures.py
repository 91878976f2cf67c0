"""PageRank and HITS against closed forms, against networkx and numpy's dense solver, and on a real web graph."""

import gzip
from itertools import permutations
from pathlib import Path

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse.linalg import svds

from linkmap.graph.linkgraph import LinkGraph, from_edges
from linkmap.graph.measures import DAMPING, TOLERANCE, hits, pagerank

CNR_2000 = Path(__file__).parents[2] / "shared" / "data" / "graph" / "cnr-2000.tsv.gz"

Edges = list[tuple[int, int]]


def graph_of(n_nodes: int, edges: Edges, weights: list[int] | None = None) -> LinkGraph:
    pairs = np.array(edges, dtype=np.int32).reshape(-1, 2)
    counts = np.array(weights or [1] * len(pairs), dtype=np.int32)
    return from_edges(np.arange(n_nodes), pairs[:, 0], pairs[:, 1], counts)


def complete(hubs: range, authorities: range) -> Edges:
    return [(hub, authority) for hub in hubs for authority in authorities]


def near(found: NDArray[np.float64], expected: object) -> bool:
    return float(np.abs(found - np.asarray(expected)).sum()) < TOLERANCE


def test_pagerank_of_a_star_is_its_closed_form() -> None:
    # Four leaves point at a centre without links. Leaf l = (1-d)/5 + d c/5, centre c = l + 4 d l, 4 l + c = 1:
    # so l = 1 / (5 + 4 d).
    leaf = 1 / (5 + 4 * 0.85)
    scores = pagerank(graph_of(5, [(1, 0), (2, 0), (3, 0), (4, 0)])).scores
    assert near(scores, [1 - 4 * leaf, leaf, leaf, leaf, leaf])


def test_pagerank_of_a_tail_on_a_two_cycle_is_its_closed_form() -> None:
    # t -> a <-> b: t = 0.05; a = 0.05 + 0.85 (t + b); b = 0.05 + 0.85 a; so a = 0.135 / 0.2775.
    a = 0.135 / 0.2775
    assert near(pagerank(graph_of(3, [(0, 1), (1, 2), (2, 1)])).scores, [0.05, a, 0.05 + 0.85 * a])


def test_pagerank_of_a_clique_that_leads_into_a_cycle_is_its_closed_form() -> None:
    # Clique of 3 (0 1 2), each also -> 3; cycle 3 -> 4 -> 3. s = (1-d)/5 = 0.03.
    # Clique page k = s + d (2/3) k, as two others give a third each. So k = 0.03 / (1 - 0.85 * 2 / 3).
    # x3 = s + d (3 k / 3 + x4); x4 = s + d x3; so x3 = (s + d k + d s) / (1 - d^2).
    k = 0.03 / (1 - 0.85 * 2 / 3)
    x3 = (0.03 + 0.85 * k + 0.85 * 0.03) / (1 - 0.85**2)
    edges = [*permutations(range(3), 2), (0, 3), (1, 3), (2, 3), (3, 4), (4, 3)]
    assert near(pagerank(graph_of(5, edges)).scores, [k, k, k, x3, 0.03 + 0.85 * x3])


def test_pagerank_without_edges_is_the_same_for_all() -> None:
    assert near(pagerank(graph_of(4, [])).scores, [0.25] * 4)


def test_a_link_repeated_on_a_page_is_no_second_vote() -> None:
    # 0 links to 1 nine times and to 2 once: 1 and 2 are worth the same, and so is what they pass on.
    edges, weights = [(0, 1), (0, 2), (1, 0), (2, 0)], [9, 1, 1, 1]
    scores = pagerank(graph_of(3, edges, weights)).scores
    assert scores[1] == scores[2]
    authorities = hits(graph_of(3, edges, weights)).authorities
    assert authorities[1] == authorities[2]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.data())
def test_pagerank_agrees_with_networkx(n_nodes: int, data: st.DataObject) -> None:
    node = st.integers(0, n_nodes - 1)
    edges = data.draw(st.lists(st.tuples(node, node), max_size=40, unique=True))
    edges = [edge for edge in edges if edge[0] != edge[1]]
    theirs = networkx.DiGraph(edges)
    theirs.add_nodes_from(range(n_nodes))
    expected = networkx.pagerank(theirs, alpha=DAMPING, max_iter=1000, tol=1e-13 / n_nodes, weight=None)
    assert near(pagerank(graph_of(n_nodes, edges)).scores, [expected[node] for node in range(n_nodes)])


def test_hits_of_three_links_is_the_golden_ratio() -> None:
    # h0 -> {2, 3}, h1 -> {2}. A'A on (2, 3) is [[2, 1], [1, 1]]; its first eigenvector is (phi, 1). Scaled to
    # sum 1: 1/phi and 1/phi^2. Hubs are (phi + 1, phi), which scale to the same.
    phi = (1 + 5**0.5) / 2
    found = hits(graph_of(4, [(0, 2), (0, 3), (1, 2)]))
    assert near(found.authorities, [0, 0, 1 / phi, 1 / phi**2])
    assert near(found.hubs, [1 / phi, 1 / phi**2, 0, 0])


def test_hits_without_edges_is_zero_for_all() -> None:
    found = hits(graph_of(3, []))
    assert (found.hubs.tolist(), found.authorities.tolist()) == ([0.0] * 3, [0.0] * 3)


def test_equal_communities_have_equal_hubs_and_authorities() -> None:
    # Two stars of three leaves: the largest singular value, sqrt 3, is there twice.
    found = hits(graph_of(8, [*complete(range(3), range(3, 4)), *complete(range(4, 7), range(7, 8))]))
    assert near(found.hubs, [1 / 6, 1 / 6, 1 / 6, 0] * 2)
    assert near(found.authorities, [0, 0, 0, 1 / 2] * 2)


def test_the_larger_of_two_nearly_equal_communities_has_all_hubs_and_authorities() -> None:
    # Every hub of a group links to every authority: singular values sqrt(90 * 90) and sqrt(90 * 91). Each step
    # of plain iteration shrinks the smaller one by 90 / 91 only, which would take over 1,800 steps.
    edges = complete(range(90), range(90, 180)) + complete(range(180, 270), range(270, 361))
    found = hits(graph_of(361, edges))
    assert near(found.hubs, [0] * 180 + [1 / 90] * 90 + [0] * 91)
    assert near(found.authorities, [0] * 270 + [1 / 91] * 91)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 10), st.data())
def test_hits_agrees_with_a_dense_eigenvalue_solver(n_nodes: int, data: st.DataObject) -> None:
    node = st.integers(0, n_nodes - 1)
    edges = data.draw(st.lists(st.tuples(node, node), min_size=1, max_size=40, unique=True))
    edges = [edge for edge in edges if edge[0] != edge[1]]
    dense = np.zeros((n_nodes, n_nodes))
    for source, target in edges:
        dense[source, target] = 1
    found = hits(graph_of(n_nodes, edges))
    if edges:
        assert near(found.hubs, first_space_share(dense @ dense.T))
        assert near(found.authorities, scaled(dense.T @ first_space_share(dense @ dense.T)))


def first_space_share(symmetric: NDArray[np.float64]) -> NDArray[np.float64]:
    """The uniform vector's projection on the space of the largest eigenvalue, scaled to sum 1."""
    values, vectors = np.linalg.eigh(symmetric)
    space = vectors[:, values > values[-1] - 1e-9]
    return scaled(space @ (space.T @ np.ones(len(symmetric))))


def scaled(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    return vector / vector.sum()


@pytest.mark.skipif(not CNR_2000.exists(), reason=f"needs the web graph {CNR_2000.name} in ../shared/data/graph")
def test_measures_of_a_real_web_graph_solve_their_equations() -> None:
    with gzip.open(CNR_2000, "rt") as file:
        next(file)
        pairs = np.fromstring(file.read().replace("\n", "\t"), dtype=np.int32, sep="\t").reshape(-1, 2)
    graph = from_edges(np.arange(325_557), pairs[:, 0], pairs[:, 1], np.ones(len(pairs), dtype=np.int32))
    assert (graph.n_nodes, graph.n_edges) == (325_557, 3_216_152 - 87_442)  # its 87,442 self-loops left out
    # PageRank: put into its equation, summed edge by edge over the file's own rows, with no matrix.
    source, target = pairs[pairs[:, 0] != pairs[:, 1]].T
    scores = pagerank(graph).scores
    out_degree = np.bincount(source, minlength=len(scores))
    lost = scores[out_degree == 0].sum()
    received = np.bincount(target, scores[source] / out_degree[source], minlength=len(scores))
    assert near(DAMPING * (received + lost / len(scores)) + (1 - DAMPING) / len(scores), scores)
    # HITS: the first singular vectors that ARPACK finds.
    left, _, right = svds(graph.matrix(), k=1, v0=np.ones(len(scores)), tol=1e-13)
    found = hits(graph)
    assert near(found.hubs, scaled(np.abs(left[:, 0])))
    assert near(found.authorities, scaled(np.abs(right[0])))

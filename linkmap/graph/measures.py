"""PageRank and HITS by products with a sparse matrix.

Both count an edge once, however many links it stands for: Page, Brin, Motwani and Winograd (1999, 2.1)
define N_u as the size of a *set* of pages, and Kleinberg (1999, section 2) a graph has one edge (p, q). So
a menu that names a page twice gives it no second vote, and the measures count what in_degree counts.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

from linkmap.errors import LinkmapError
from linkmap.graph.linkgraph import Floats, LinkGraph

DAMPING = 0.85
TOLERANCE = 1e-9
"""Absolute L1 distance from the exact vector, whatever the number of nodes. networkx stops at N times its tol."""

_POWER_STEPS = 200
_MARGIN = 10
"""The sum of the changes to come is an estimate, and authorities may err more than the hubs they come from."""
_MACHINE = 1e-13
"""A step that changes less than this is rounding."""


class PageRank(NamedTuple):
    """Scores that sum to 1, in the order of the nodes."""

    scores: Floats
    iterations: int


class Hits(NamedTuple):
    """Scores that sum to 1 each, in the order of the nodes; all 0 where the graph has no edge."""

    hubs: Floats
    authorities: Floats
    iterations: int


def pagerank(graph: LinkGraph) -> PageRank:
    """x = d (A' D^-1 x + dangling(x) / n) + (1 - d) / n, where A' is transposed and D holds the out-degrees.

    A node without an out-link gives its score to all nodes alike. One step brings x nearer to the fixed
    point by the factor d, so the distance left is at most d / (1 - d) of the step's change.
    """
    n = graph.n_nodes
    pull = graph.matrix().T.tocsr()
    out_degree = graph.out_degree()
    dangling = out_degree == 0
    share = np.where(dangling, 0.0, 1.0 / np.maximum(out_degree, 1))
    scores = np.full(n, 1.0 / n)
    iterations = 0
    change = 1.0
    while change * DAMPING / (1 - DAMPING) >= TOLERANCE:
        lost = scores[dangling].sum()
        following = DAMPING * (pull @ (scores * share) + lost / n) + (1 - DAMPING) / n
        following /= following.sum()
        change = float(np.abs(following - scores).sum())
        scores = following
        iterations += 1
    return PageRank(scores, iterations)


def hits(graph: LinkGraph) -> Hits:
    """Hubs h = A a and authorities a = A' h, each scaled to sum 1: the first singular vectors of A.

    The start is uniform. Where several singular values are the largest, the answer is the share of the uniform
    vector in their space, so equal communities keep equal scores. Where the first two lie so close
    that 200 steps do not settle, Lanczos iteration goes on from there: it needs about the square root of the steps.
    """
    if graph.n_edges == 0:
        return Hits(np.zeros(graph.n_nodes), np.zeros(graph.n_nodes), 0)
    forward = graph.matrix()
    back = forward.T.tocsr()
    hubs, steps, settled = _power(forward, back, np.full(graph.n_nodes, 1.0 / graph.n_nodes))
    if not settled:
        hubs, more, settled = _power(forward, back, _lanczos(forward, back, hubs))
        steps += more
    if not settled:
        raise LinkmapError("hubs and authorities did not settle: two parts of the graph are too nearly equal to tell")
    return Hits(hubs, _scaled(back @ hubs), steps)


def _power(forward: sparse.csr_array, back: sparse.csr_array, hubs: Floats) -> tuple[Floats, int, bool]:
    """Hubs, steps taken, and whether what is left of the geometric sum of changes is below the tolerance."""
    former = 0.0
    for step in range(1, _POWER_STEPS + 1):
        following = _scaled(forward @ (back @ hubs))
        change = float(np.abs(following - hubs).sum())
        hubs = following
        if change < _MACHINE or (change < former and change * change / (former - change) < TOLERANCE / _MARGIN):
            return hubs, step, True
        former = change
    return hubs, _POWER_STEPS, False


def _lanczos(forward: sparse.csr_array, back: sparse.csr_array, start: Floats) -> Floats:
    """The first eigenvector of A A', found in the space that grows from `start`."""
    square = LinearOperator(forward.shape, matvec=lambda hubs: forward @ (back @ hubs), dtype=np.float64)
    try:
        _, vectors = eigsh(square, k=1, which="LA", v0=start, tol=0)
    except ArpackError:
        return start
    return _scaled(np.abs(vectors[:, 0]))


def _scaled(vector: Floats) -> Floats:
    scaled: Floats = vector / vector.sum()
    return scaled

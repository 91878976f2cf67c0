"""The traps of a map: which families of pages were left as endless, how many pages of each, and why."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

TRAPPED = (
    "SELECT page.detail, count(*), coalesce(trap.evidence, 'such as ' || min(page.url)), trap.id IS NOT NULL "
    "FROM page LEFT JOIN trap ON trap.rule || ': ' || trap.pattern = page.detail "
    "WHERE page.outcome = 41 GROUP BY page.detail ORDER BY 2 DESC, 1"
)
"""Rows for `trapped`, by an index of the pages that are traps."""


class Trapped(NamedTuple):
    """Pages of one family that were left."""

    name: str
    pages: int
    evidence: str
    by_shares: bool
    """Whether a rule on shares found it; which pages that leaves may depend on the order of answers."""


def trapped(rows: Iterable[Sequence[object]]) -> list[Trapped]:
    """The rows of `TRAPPED`, named: those of most pages first."""
    return [Trapped(str(name), int(str(pages)), str(evidence), bool(shares)) for name, pages, evidence, shares in rows]

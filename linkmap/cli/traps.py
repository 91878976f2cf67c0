"""The traps of a map in words, for the end of a crawl and for `linkmap status`."""

from collections.abc import Iterable, Sequence

from linkmap.cli.text import counted, safe
from linkmap.store.trapped import Trapped


def trap_lines(traps: Sequence[Trapped], limit: int) -> Iterable[str]:
    """Each trap by its name, with how many pages were left and why; the largest."""
    for trap in traps[:limit]:
        yield f"Trap: {safe(trap.name)}: {counted(trap.pages, 'page')} left; {safe(trap.evidence)}."
    if len(traps) > limit:
        yield f"... and {len(traps) - limit:,} more traps"

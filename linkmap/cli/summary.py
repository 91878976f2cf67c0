"""What a crawl came to, in words: fetched, failed and why, what cut it, what to run next."""

import shlex
from collections.abc import Iterable
from pathlib import Path

from linkmap.cli.text import safe
from linkmap.model import Outcome, State
from linkmap.runs import CrawlResult

_HINTS = {
    Outcome.PRIVATE_ADDRESS: "private_address: not on the public internet; --allow-private permits it",
    Outcome.ROBOTS_DENIED: "robots_denied: robots.txt forbids these pages",
    Outcome.ROBOTS_UNREACHABLE: "robots_unreachable: robots.txt could not be read, so nothing was asked there",
    Outcome.TOO_DEEP: "too_deep: more links away than --depth",
    Outcome.OVER_BUDGET: "over_budget: left by --max-pages or --max-pages-per-host",
}


def summary(result: CrawlResult, db: Path) -> str:
    """The lines that end a crawl."""
    known = sum(result.counts.values())
    lines = [
        f"{_ENDINGS[result.state]} {result.responses:,} answers in {result.seconds:,.1f} s; "
        f"{db} knows {known:,} pages.",
        *_state_lines(result),
        *(f"The redirects of a seed added {safe(added)} to the scope." for added in result.widened),
        *(f"Cut: {cut}." for cut in result.cuts),
        *_next_lines(result, db),
    ]
    return "\n".join(lines)


_ENDINGS = {
    "finished": "Finished:",
    "stopped": "Stopped early:",
    "indexing": "Crawled to the end, indexes not built:",
}


def _state_lines(result: CrawlResult) -> Iterable[str]:
    for state in State:
        outcomes = {
            outcome: number for outcome, number in sorted(result.counts.items()) if number and outcome.state is state
        }
        if not outcomes:
            continue
        listed = ", ".join(f"{number:,} {outcome.word}" for outcome, number in outcomes.items())
        yield f"  {state.value:<9} {sum(outcomes.values()):>7,}  {listed}"
        for outcome in outcomes:
            if outcome in _HINTS:
                yield f"{'':20}({_HINTS[outcome]})"


def _next_lines(result: CrawlResult, db: Path) -> Iterable[str]:
    option = "" if str(db) == "map.db" else f" --db {shlex.quote(str(db))}"
    if result.state == "stopped":
        yield f"Next: linkmap crawl --resume{option}"
    elif not result.reached_any:
        yield f"Not one page could be fetched. Next: linkmap status{option}"
    else:
        yield f"Next: linkmap query in_degree{option}"
        if any(outcome.broken and number for outcome, number in result.counts.items()):
            yield f"      linkmap query broken_links{option}"
        yield f"      linkmap export map.graphml{option}"

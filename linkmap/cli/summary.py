"""What a crawl came to, in words: fetched, failed and why, what cut it, what to run next."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from linkmap.advice import command, in_memory
from linkmap.cli.text import counted, safe
from linkmap.cli.traps import trap_lines
from linkmap.model import Outcome, State
from linkmap.runs import CrawlResult

_MOST_SEEDS = 5

_HINTS = {
    Outcome.PRIVATE_ADDRESS: "private_address: not on the public internet; `crawl --add --allow-private` fetches them",
    Outcome.ROBOTS_DENIED: "robots_denied: robots.txt forbids these pages",
    Outcome.ROBOTS_UNREACHABLE: "robots_unreachable: robots.txt could not be read, so nothing was asked there",
    Outcome.OFF_SCOPE: "off_scope: outside the scope; --check external asks whether linked sites are there",
    Outcome.TOO_DEEP: "too_deep: more links away than --depth; `crawl --add --depth N` goes on",
    Outcome.OVER_BUDGET: "over_budget: left by --max-pages, --max-pages-per-host or --max-time; `crawl --add` goes on",
    Outcome.NOFOLLOW: "nofollow: only links marked so lead there; `crawl --add --ignore-nofollow` fetches them",
    Outcome.TRAP: "trap: pages made up without end; `crawl --add --no-traps` fetches them",
    Outcome.KIND_NOT_FOLLOWED: "kind_not_followed: images, forms ...; --check resources asks whether images are there",
}

_HINTS_IN_MEMORY = _HINTS | {
    Outcome.PRIVATE_ADDRESS: "private_address: not on the public internet; --allow-private fetches them",
    Outcome.TOO_DEEP: "too_deep: more links away than --depth",
    Outcome.OVER_BUDGET: "over_budget: left by --max-pages, --max-pages-per-host or --max-time",
    Outcome.NOFOLLOW: "nofollow: only links marked so lead there; --ignore-nofollow fetches them",
    Outcome.TRAP: "trap: pages made up without end; --no-traps fetches them",
}


def summary(result: CrawlResult, db: Path) -> str:
    """The lines that end a crawl."""
    known = sum(result.counts.values())
    lines = [
        f"{_ENDINGS[result.state]} {counted(result.responses, 'answer')} in {result.seconds:,.1f} s; "
        f"{'the map in memory' if in_memory(db) else db} knows {counted(known, 'page')}.",
        *_state_lines(result, _HINTS_IN_MEMORY if in_memory(db) else _HINTS),
        *(f"The redirects of a seed added {safe(added)} to the scope." for added in result.widened),
        *_script_lines(result, db),
        *trap_lines(result.traps, 10),
        *(f"Cut: {cut}." for cut in result.cuts),
        *_next_lines(result, db),
    ]
    return "\n".join(lines)


_ENDINGS = {
    "finished": "Finished:",
    "stopped": "Stopped early:",
    "indexing": "Crawled to the end, indexes not built:",
}


def _state_lines(result: CrawlResult, hints: Mapping[Outcome, str]) -> Iterable[str]:
    for state in State:
        outcomes = {
            outcome: number for outcome, number in sorted(result.counts.items()) if number and outcome.state is state
        }
        if not outcomes:
            continue
        listed = ", ".join(f"{number:,} {outcome.word}" for outcome, number in outcomes.items())
        yield f"  {state.value:<9} {sum(outcomes.values()):>7,}  {listed}"
        for outcome in outcomes:
            if outcome in hints:
                yield f"{'':20}({hints[outcome]})"


def _script_lines(result: CrawlResult, db: Path) -> Iterable[str]:
    if result.scripted:
        yield (
            f"{counted(result.scripted, 'page')} with hardly a link: scripts, which linkmap does not run, may "
            f"write more: {command('query script_rendered', db)}"
        )


def _seed_lines(result: CrawlResult) -> Iterable[str]:
    for url, outcome, detail in result.failed_seeds[:_MOST_SEEDS]:
        yield f"  {safe(url)}: {outcome.word}" + (f", {safe(detail)}" if detail else "")
    if (more := len(result.failed_seeds) - _MOST_SEEDS) > 0:
        yield f"  ... and {counted(more, 'more seed')}"


def _next_lines(result: CrawlResult, db: Path) -> Iterable[str]:
    if in_memory(db):
        if not result.reached_any and result.state != "stopped":
            yield "Not one page could be fetched:"
            yield from _seed_lines(result)
    elif result.state == "stopped":
        yield f"Next: {command('crawl --resume', db)}"
    elif not result.reached_any:
        yield "Not one page could be fetched:"
        yield from _seed_lines(result)
        yield f"What became of all pages, and why: {command('query outcome_reasons', db)}"
        yield f"To try again, remove {db} or name another map with --db."
    else:
        yield f"Next: {command('query in_degree', db)}"
        if result.in_state(State.FAILED):
            yield f"      {command('query errors_by_host', db)}"
        if any(outcome.broken and number for outcome, number in result.counts.items()):
            yield f"      {command('query broken_links', db)}"
        yield f"      {command('export map.graphml', db)}"

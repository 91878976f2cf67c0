"""`linkmap plan`: what a crawl would ask of each host, and for how long, before its first page. Nothing is stored."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from linkmap.cli.progress import Display
from linkmap.cli.running import run_shown
from linkmap.cli.seed_files import given_seeds, seeds_option
from linkmap.cli.text import counted, json_text, note, print_rows, safe, standard_output
from linkmap.cli.web_options import (
    INSECURE,
    budget_options,
    depth_option,
    entry_options,
    pace_options,
    parser_option,
    proxy_option,
    request_options,
    scope_options,
    take_secrets,
)
from linkmap.proxy import Proxy
from linkmap.settings import Settings

if TYPE_CHECKING:
    from linkmap.planning import HostPlan, Plan

_MOST_HOSTS, _MOST_RULES = 40, 5
_COLUMNS = (
    "host", "robots.txt", "delay", "sitemaps", "listed", "in_scope", "pages", "denied", "requests", "hours",
)  # fmt: skip
_LOWER_BOUND = (
    "Known before the first page: robots.txt, the seeds with their links, and sitemaps. Pages lead further,",
    "so all of this is a lower bound, unless the sitemaps list the whole site.",
)


@click.command()
@click.argument("seeds", nargs=-1, metavar="[SEED]...")
@seeds_option
@depth_option
@scope_options
@budget_options
@pace_options
@request_options
@entry_options
@proxy_option
@parser_option
@click.option("--json", "as_json", is_flag=True, help="Print all of it as one JSON object.")
@click.pass_context
def plan(
    ctx: click.Context,
    /,
    seeds: tuple[str, ...],
    seed_files: tuple[str, ...],
    proxy: Proxy | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Show what a crawl with these options would ask of each host, and for how long, before its first page.

    Only robots.txt files, the seeds with their redirects, and sitemaps are asked for, with all manners of a crawl.
    Nothing is stored. Ctrl-C ends it with what is known by then. The exit code is 0 where a seed was fetched, else 1.
    """
    from linkmap.planning import plan as plan_crawl  # here: the HTTP client takes longer than a typing error

    secrets = take_secrets(options)
    secrets += ctx.obj.secrets_beside(secrets)
    settings = Settings(**options, hosts=ctx.obj.hosts)
    chosen = given_seeds(seeds, seed_files)
    if settings.insecure:
        note(INSECURE)
    work = partial(plan_crawl, chosen, settings, secrets=secrets, proxy=proxy)
    found: Plan = run_shown(work, Display(), code=1)
    out = standard_output()
    if as_json:
        out.write(json_text(_object(found)) + "\n")
    else:
        _print(found)
    out.flush()
    ctx.exit(0 if found.reached_any else 1)


def _print(found: "Plan") -> None:
    print_rows(_COLUMNS, [_row(host) for host in found.hosts[:_MOST_HOSTS]], "table")
    if len(found.hosts) > _MOST_HOSTS:
        _write(f"... and {counted(len(found.hosts) - _MOST_HOSTS, 'host')} that take less time; --json lists all.")
    _write("", *_totals(found))
    biting = [host for host in found.hosts if host.bites.rules or host.unreachable]
    if biting:
        _write("", "robots.txt rules that bite, with how many known pages and sitemaps each forbids:")
        for host in biting[:_MOST_HOSTS]:
            _write(f"  {host.host}", *_bites(host))
    _write("", *_LOWER_BOUND)


def _row(host: "HostPlan") -> tuple[Any, ...]:
    states = ", ".join(dict.fromkeys(robots.state for robots in host.robots))
    sitemaps = f"{host.sitemaps_read} of {host.sitemaps}" if host.sitemaps else "none"
    return (
        host.host, states, host.delay_s, sitemaps, host.listed, host.listed_in_scope, host.pages, host.denied,
        host.requests, round(host.seconds_needed / 3600, 2),
    )  # fmt: skip


def _totals(found: "Plan") -> Iterator[str]:
    cut = f", all that {found.cut_by} allows" if found.cut_by else ""
    yield f"{counted(len(found.hosts), 'host')}, {counted(found.requests, 'request')} expected{cut}."
    yield f"Time: about {_duration(found.seconds)} at the polite rate."
    links = f"{found.size.links_per_page:,.0f} links on a page, as on the seeds"
    yield f"Disk: about {_bytes(found.size.bytes)}, with {links}."
    for added in found.widened:
        yield f"The redirects of a seed add {added} to the scope."
    if found.stopped:
        yield "The plan was ended before it was done: sitemaps, or seeds, are missing."
    if not found.reached_any:
        yield "Not one seed could be fetched."
    for host in found.hosts[:_MOST_HOSTS]:
        for robots in host.robots:
            if robots.state == "unreachable":
                yield f"{robots.url}: {robots.detail}"


def _bites(host: "HostPlan") -> Iterator[str]:
    rules = host.bites.rules.most_common()
    for line, number in rules[:_MOST_RULES]:
        yield f"    {number:>7,}  {line}"
    if rest := rules[_MOST_RULES:]:
        yield f"    {sum(number for _, number in rest):>7,}  by {counted(len(rest), 'more line')}"
    if host.bites.untested:
        yield f"    {host.bites.untested:>7,}  more, not held against single lines"
    if host.unreachable:
        yield f"    {host.unreachable:>7,}  all: it cannot be asked what it allows"


def _write(*lines: str) -> None:
    standard_output().write("".join(f"{safe(line)}\n" for line in lines))


def _duration(seconds: float) -> str:
    """Hours, or minutes where those say more: `2.5 hours`, `12 minutes`."""
    if seconds >= 5400:
        return f"{seconds / 3600:,.1f} hours"
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else counted(round(seconds), "second")


def _bytes(number: int) -> str:
    """Bytes in the unit that fits: `3 kB`, `1.2 MB`."""
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if number >= size:
            return f"{number / size:,.1f} {unit}"
    return f"{number / 1e3:,.0f} kB"


def _object(found: "Plan") -> dict[str, Any]:
    """All of it, as JSON has it."""
    return {
        "hosts": [_host(host) for host in found.hosts],
        "requests": found.requests,
        "hours": round(found.seconds / 3600, 4),
        "bytes": found.size.bytes,
        "known_pages": found.size.pages,
        "links": found.size.links,
        "links_per_page": round(found.size.links_per_page, 2),
        "widened": list(found.widened),
        "cut_by": found.cut_by,
        "stopped": found.stopped,
        "is_lower_bound": True,
    }


def _host(host: "HostPlan") -> dict[str, Any]:
    return {
        "host": host.host,
        "robots": [{"url": each.url, "state": each.state, "detail": each.detail} for each in host.robots],
        "delay_s": host.delay_s,
        "per_host": host.per_host,
        "seconds": round(host.seconds, 4),
        "sitemaps": host.sitemaps,
        "sitemaps_read": host.sitemaps_read,
        "listed": host.listed,
        "listed_in_scope": host.listed_in_scope,
        "pages": host.pages,
        "denied": host.denied,
        "unreachable": host.unreachable,
        "asked": host.asked,
        "requests": host.requests,
        "hours": round(host.seconds_needed / 3600, 4),
        "rules": [{"rule": line, "forbids": number} for line, number in host.bites.rules.most_common()],
        "untested": host.bites.untested,
    }

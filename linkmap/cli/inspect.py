"""`linkmap inspect`: one page, all that it says, and what a crawl from it would do. Nothing is stored.

Answer, document and links are printed field by field, so that what they come to hold shows without more ado.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import click

from linkmap.cli.text import counted, json_text, note, print_rows, safe, standard_output
from linkmap.cli.web_options import (
    INSECURE,
    check_option,
    depth_option,
    parser_option,
    proxy_option,
    request_options,
    scope_options,
    take_secrets,
)
from linkmap.model import LinkFlag, LinkKind, Outcome, Region
from linkmap.proxy import Proxy
from linkmap.robots import RobotsState
from linkmap.settings import Settings

if TYPE_CHECKING:
    from linkmap.inspecting import Hop, Inspection, JudgedLink, RobotsVerdict

_MOST_ROBOTS_LINES, _MOST_ROBOTS_COLUMNS = 40, 200
_LONGEST_FACT = 300
_ON_FIRST_LINE = frozenset({"ordinal", "kind", "outcome", "target"})
_WOULD_BE_FETCHED = "would be fetched"


@click.command()
@click.argument("url")
@depth_option
@scope_options
@request_options
@check_option
@proxy_option
@parser_option
@click.option("--json", "as_json", is_flag=True, help="Print all of it as one JSON object.")
@click.pass_context
def inspect(ctx: click.Context, /, url: str, proxy: Proxy | None, as_json: bool, **options: Any) -> None:
    """Show all that one page says: redirects, answer, headers, robots.txt, what it says of itself, every link.

    Each link is shown with its evidence and with what a crawl from URL with these options would do with its target.
    What [crawl] and the tables of hosts in linkmap.toml say holds here too, as in the crawl of the same folder.
    URL may be a bare name such as example.org, as in crawl. Each URL on the way is asked once; nothing is stored.
    The exit code is 0 where a page was fetched, else 1.
    """
    from linkmap.inspecting import inspect as inspect_page  # here: the HTTP client takes longer than a typing error

    secrets = take_secrets(options)
    secrets += ctx.obj.secrets_beside(secrets)
    settings = Settings(**options, hosts=ctx.obj.hosts)
    if settings.insecure:
        note(INSECURE)
    found = asyncio.run(inspect_page(url, settings, secrets=secrets, proxy=proxy))
    out = standard_output()
    if as_json:
        out.write(json_text(_object(found)) + "\n")
    else:
        _print(found, settings)
    out.flush()
    ctx.exit(0 if found.fetched else 1)


def _print(found: "Inspection", settings: Settings) -> None:
    if found.guessed or len(found.hops) > 1:
        print_rows(("hop", "status", "outcome", "seconds", "detail", "url"), _hop_rows(found), "table")
        _write("")
    facts = [(name, _shortened(text)) for name, text in _facts(found, settings) if text]
    width = max(len(name) for name, _ in facts)
    _write(*(f"{name:<{width}}  {text}" for name, text in facts))
    if found.links:
        targets = len({each.target.url for each in found.links})
        _write(
            "", f"{counted(len(found.links), 'link')} to {counted(targets, 'page')}; what a crawl would do with them:"
        )
        groups = [(kind.word, _verdict(outcome), links, pages) for kind, outcome, links, pages in found.counts()]
        print_rows(("kind", "crawl", "links", "pages"), groups, "table")
    if found.page.report and found.page.report.headers:
        _write("", "Headers:", *(f"  {name}: {value}" for name, value in found.page.report.headers))
    if found.page.outcome is Outcome.ROBOTS_DENIED and found.page.robots:
        _write("", f"{found.page.robots.url} says:", *_rules(found.page.robots.text or ""))
    if found.links:
        _write("", "Links:", *_link_lines(found.links))


def _write(*lines: str) -> None:
    standard_output().write("".join(f"{safe(line)}\n" for line in lines))


def _shortened(text: str) -> str:
    """A text as a line has room for it; --json has all of it."""
    return text if len(text) <= _LONGEST_FACT else f"{text[: _LONGEST_FACT - 1]}\u2026"


def _hop_rows(found: "Inspection") -> Iterator[tuple[Any, ...]]:
    for number, hop in enumerate([found.guessed, *found.hops] if found.guessed else found.hops, 1):
        visit = hop.report.visit if hop.report else None
        seconds = f"{visit.seconds:.2f}" if visit else ""
        yield number, visit.status if visit else None, hop.outcome.word, seconds, hop.detail, hop.url


def _facts(found: "Inspection", settings: Settings) -> Iterator[tuple[str, str]]:
    """Name and value of all that is known of the page; the value is empty where nothing is."""
    page, visit = found.page, found.visit
    yield "url", page.url
    yield "outcome", f"{page.outcome.word}: {page.detail}" if page.detail else page.outcome.word
    for name, value in _fields(visit):
        if name == "fetched_at":
            yield "fetched", time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(value))
        elif name == "charset" and page.report and page.report.charset_source:
            yield name, f"{value} ({page.report.charset_source})"
        elif name not in ("outcome", "detail"):
            yield name.replace("_", " "), _words(value)
    for name, value in _fields(found.document):
        yield name.replace("_", " "), _words(value)
    for each in found.of_kind(LinkKind.CANONICAL):
        yield "canonical", each.target.url
    for each in found.of_kind(LinkKind.ALTERNATE_HREFLANG):
        yield "alternate", f"{each.link.hreflang or ''} {each.target.url}".strip()
    yield "robots.txt", _told(page.robots) if page.robots or found.obeys_robots else _unasked(settings)
    for added in found.widened:
        yield "scope", f"the redirects add {added}"


def _unasked(settings: Settings) -> str:
    return f"not asked for ({'robots = false for this host' if settings.robots else '--no-robots'})"


def _told(robots: "RobotsVerdict | None") -> str:
    """What robots.txt says of the page, in words."""
    if robots is None:
        return "not asked for, because the page would not be"
    answer = str(robots.status) if robots.status else ": ".join(filter(None, (robots.outcome.word, robots.detail)))
    if robots.state is RobotsState.ALLOW:
        return f"{robots.url} ({answer}) holds no rules, so all is allowed"
    if robots.state is RobotsState.UNREACHABLE:
        return f"{robots.url} ({answer}) cannot be read, so nothing may be asked for there"
    delay = f"; Crawl-delay {robots.delay_s:g} s" if robots.delay_s is not None else ""
    return f"{robots.url} ({answer}) {'allows' if robots.allows else 'forbids'} this page{delay}"


def _rules(text: str) -> Iterator[str]:
    """The first lines of a robots.txt; a file of many groups is shown whole by --json."""
    lines = text.splitlines()
    yield from (f"  {line[:_MOST_ROBOTS_COLUMNS]}" for line in lines[:_MOST_ROBOTS_LINES])
    if len(lines) > _MOST_ROBOTS_LINES:
        yield f"  ... and {counted(len(lines) - _MOST_ROBOTS_LINES, 'more line')}"


def _link_lines(links: "Sequence[JudgedLink]") -> Iterator[str]:
    """For each link its place, kind, verdict and target, then a line of the evidence there is."""
    places = len(str(links[-1].ordinal))
    kinds = max(len(LinkKind(each.link.kind).word) for each in links)
    verdicts = max(len(_verdict(each.outcome)) for each in links)
    for each in links:
        row, verdict = _link(each), _verdict(each.outcome)
        yield f"  {each.ordinal:>{places}}  {row['kind']:<{kinds}}  {verdict:<{verdicts}}  {row['target']}"
        evidence = [(name, value) for name, value in row.items() if value and name not in _ON_FIRST_LINE]
        if evidence:
            yield " " * (places + 4) + "  ".join(f"{name}: {_words(value)}" for name, value in evidence)


def _verdict(outcome: Outcome) -> str:
    return _WOULD_BE_FETCHED if outcome is Outcome.PENDING else outcome.word


def _object(found: "Inspection") -> dict[str, Any]:
    """All of it, as JSON has it."""
    return {
        "written": found.written,
        "url": found.page.url,
        "outcome": found.page.outcome.word,
        "detail": found.page.detail,
        "fetched": found.fetched,
        "guessed": _hop(found.guessed) if found.guessed else None,
        "hops": [_hop(hop) for hop in found.hops],
        "widened": list(found.widened),
        "document": _plain(found.document),
        "canonical": [each.target.url for each in found.of_kind(LinkKind.CANONICAL)],
        "alternates": [
            {"hreflang": each.link.hreflang, "target": each.target.url}
            for each in found.of_kind(LinkKind.ALTERNATE_HREFLANG)
        ],
        "counts": [
            {"kind": kind.word, "outcome": outcome.word, "links": links, "pages": pages}
            for kind, outcome, links, pages in found.counts()
        ],
        "links": [{name: _plain(value) for name, value in _link(each).items()} for each in found.links],
    }


def _hop(hop: "Hop") -> dict[str, Any]:
    report = hop.report
    return {
        "url": hop.url,
        "outcome": hop.outcome.word,
        "detail": hop.detail,
        "answer": _plain(report.visit) if report else None,
        "charset_source": _plain(report.charset_source) if report else None,
        "headers": _plain(report.headers) if report else [],
        "robots": _plain(hop.robots),
    }


def _link(each: "JudgedLink") -> dict[str, Any]:
    """The evidence of a link by name, and its target with what becomes of it."""
    link = each.link._asdict() | {"kind": LinkKind(each.link.kind).word}
    link["region"] = Region(each.link.region).name.lower() if each.link.region else ""
    flags = {flag.name.lower(): bool(link["flags"] & flag) for flag in LinkFlag if flag.name}
    del link["target"], link["flags"]
    return {
        "ordinal": each.ordinal,
        **link,
        **flags,
        "outcome": each.outcome.word,
        "detail": each.detail,
        "target": each.target.url,
    }


def _fields(fact: Any) -> Iterator[tuple[str, Any]]:
    """The fields of a fact by name, those left out that hold nothing."""
    for name, value in fact._asdict().items() if fact is not None else ():
        if value is not None and value is not False and value not in ("", 0, ()):
            yield name, value


def _words(value: Any) -> str:
    """A value as a person reads it."""
    plain = _plain(value)
    if isinstance(plain, bool):
        return "yes" if plain else "no"
    if isinstance(plain, int):
        return f"{plain:,}"
    if isinstance(plain, float):
        return f"{plain:.3f}"
    return ", ".join(map(_words, plain)) if isinstance(plain, list) else str(plain)


def _plain(value: Any) -> Any:
    """A value as JSON has it: words for numbers that stand for words, objects for facts."""
    if isinstance(value, Enum):
        return value.value if isinstance(value, str) else (value.name or "").lower()
    if isinstance(value, bytes):
        return value.hex()
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if hasattr(value, "_asdict"):
        return {name: _plain(each) for name, each in value._asdict().items()}
    if isinstance(value, tuple | list | set | frozenset):
        return [_plain(each) for each in value]
    return value

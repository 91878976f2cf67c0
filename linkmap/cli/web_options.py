"""Options of the commands that ask the web, under the names of Settings.

They stand apart from `options`, because what they import takes longer than all of `linkmap status`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from linkmap.cli.types import AuthSecret, CookieSecret, HeaderSecret, Kinds, ProxyUrl, Resolved, Seconds, Size, Words
from linkmap.credentials import HostHeader
from linkmap.model import Parser
from linkmap.scope import ScopeName
from linkmap.settings import Check, Settings

INSECURE = "--insecure: no TLS certificate is verified, so anyone on the way may have written these pages."

_DEFAULTS = Settings()
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _together(*options: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    """One decorator for several options, which `--help` lists in this order."""

    def decorate(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


depth_option = click.option(
    "--depth",
    type=click.IntRange(0, 65_000),
    default=_DEFAULTS.depth,
    show_default=True,
    help="Links to follow from a seed; 0: the seeds alone.",
)
scope_options = _together(
    click.option(
        "--scope",
        type=click.Choice([name.value for name in ScopeName]),
        default=_DEFAULTS.scope.value,
        show_default=True,
        help="page: the seeds; prefix: under a seed's folder; host; domain: the seed's registrable domain; any.",
    ),
    click.option(
        "--include", multiple=True, metavar="REGEX", help="Fetch only URLs in which this is found (seeds always)."
    ),
    click.option("--exclude", multiple=True, metavar="REGEX", help="Do not fetch URLs in which this is found."),
    click.option(
        "--follow",
        type=Kinds(),
        metavar="KIND,...",
        default="default",
        show_default="navigation, canonical, alternate_hreflang, next, prev, sitemap",
        help="Kinds of links that lead the crawl on; default, navigation and all are groups: default,img.",
    ),
    click.option(
        "--record",
        type=Kinds(),
        metavar="KIND,...",
        default="default",
        show_default="all but css",
        help="Kinds of links that the map holds; those followed and redirects always.",
    ),
    click.option("--ignore-nofollow", is_flag=True, help="Follow links that are marked nofollow, or whose page is."),
)
budget_options = _together(
    click.option(
        "--max-pages",
        type=click.IntRange(0),
        default=_DEFAULTS.max_pages,
        show_default=True,
        help="Responses in the whole map; 0: no limit.",
    ),
    click.option(
        "--max-pages-per-host",
        type=click.IntRange(0),
        default=_DEFAULTS.max_pages_per_host,
        show_default=True,
        help="Requests for pages of one host; 0: no limit.",
    ),
)
pace_options = _together(
    click.option(
        "--concurrency",
        type=click.IntRange(1),
        default=None,
        show_default="adapts, up to 256",
        help="Requests in flight at the same time.",
    ),
    click.option(
        "--per-host",
        type=click.IntRange(1),
        default=_DEFAULTS.per_host,
        show_default=True,
        help="Requests in flight at one host.",
    ),
    click.option(
        "--delay",
        "delay_s",
        type=Seconds(0),
        default=_DEFAULTS.delay_s,
        show_default=True,
        metavar="SECONDS",
        help="From the end of a host's answer to the next request to it; a longer Crawl-delay holds.",
    ),
)
request_options = _together(
    click.option(
        "--timeout",
        "timeout_s",
        type=Seconds(0, min_open=True),
        default=_DEFAULTS.timeout_s,
        show_default=True,
        metavar="SECONDS",
        help="For a whole exchange, name lookup to last byte.",
    ),
    click.option(
        "--max-bytes",
        type=Size(),
        default=_DEFAULTS.max_bytes,
        show_default="10M",
        help="Of a decoded body; what is longer is cut and flagged.",
    ),
    click.option(
        "--user-agent",
        metavar="TEXT",
        default=None,
        show_default=_DEFAULTS.agent,
        help="Also the name robots.txt is read for.",
    ),
    click.option("--contact", metavar="TEXT", default=None, help="URL or e-mail to put into the User-Agent."),
    click.option("--robots/--no-robots", default=True, show_default=True, help="Obey robots.txt (RFC 9309)."),
    click.option(
        "--resolve", type=Resolved(), multiple=True, help="Use this address for a host and port, as curl does."
    ),
    click.option("--allow-private", is_flag=True, help="Also dial private and loopback addresses."),
    click.option(
        "--ca-file",
        type=click.Path(resolve_path=True),
        metavar="FILE",
        default=None,
        help="Also trust the certificates in this PEM file.",
    ),
    click.option(
        "--insecure/--no-insecure",
        default=False,
        show_default=True,
        help="Verify no TLS certificate; every run says so.",
    ),
    click.option(
        "--header",
        "headers",
        type=HeaderSecret(),
        multiple=True,
        help="Send this header to this origin alone; a name stands for its seeds'. Never stored; nor are the next two.",
    ),
    click.option(
        "--auth", "auths", type=AuthSecret(), multiple=True, help="Basic authentication, for this origin alone."
    ),
    click.option("--cookie", "cookies", type=CookieSecret(), multiple=True, help="A cookie, for this origin alone."),
)
check_option = click.option(
    "--check",
    type=Words(Check),
    default="",
    metavar="WHAT,...",
    help="Ask whether these are there, too: external (links out of the scope), resources (images, scripts ...).",
)
entry_options = _together(
    click.option(
        "--sitemaps/--no-sitemaps",
        default=True,
        show_default=True,
        help="Read the sitemaps that robots.txt names; their pages count one link.",
    ),
    click.option(
        "--traps/--no-traps",
        default=True,
        show_default=True,
        help="Leave pages that a site makes up without end: calendars, session ids, facets ...",
    ),
    check_option,
)
"""What else than the links of pages leads to requests."""
proxy_option = click.option("--proxy", type=ProxyUrl(), help="Fetch all through this HTTP proxy. Never stored.")
parser_option = click.option(
    "--parser",
    type=click.Choice([parser.value for parser in Parser]),
    default=_DEFAULTS.parser.value,
    show_default=True,
    help="Who reads HTML; bs4 is a slow second opinion. On misnested markup they may differ: lexbor does as browsers.",
)


def take_secrets(options: dict[str, Any]) -> list[HostHeader]:
    """The headers of --header, --auth and --cookie, which are no settings: they are taken out of the options."""
    return [secret for kind in ("headers", "auths", "cookies") for secret in options.pop(kind)]

"""Whether a page is requested, and in which manner: a function of its URL and of all ways that lead to it. Pure.

Every respect in which one way can be better than another is a minimum or a union, so what comes out does not
depend on which link was found first (docs/decisions/0005). A page has three chances: as a sitemap, where
robots.txt or an index names it so; as a page; and, where --check asks for it, as a link target that only has
to be there.
"""

from collections.abc import Callable
from typing import NamedTuple

from linkmap.endless import endless_url
from linkmap.model import (
    FREE_KINDS,
    LOADED_RELS,
    RESOURCE_KINDS,
    SITEMAP_KINDS,
    LinkKind,
    Links,
    Manner,
    Outcome,
    Reach,
)
from linkmap.scope import Exclusion, Scope
from linkmap.settings import MAX_REDIRECTS, Check, Settings

NO_DEPTH = 65_535
MAX_SITEMAP_LEVEL = 10
"""Index files and redirects in a row from robots.txt to a sitemap."""

SITEMAP_DEPTH = 1
"""The depth of what a sitemap lists, and the turn at which a sitemap itself is asked for."""


class Offer(NamedTuple):
    """How a link, or the best of several, reaches a page."""

    reach: Reach
    depth: int = NO_DEPTH
    hops: int = 0
    exempt: bool = False
    """A seed, or a hop of a seed's redirects: scope and --include do not bind it."""
    sitemap: int = 0
    """Files in a row from robots.txt, itself left out, to this sitemap; 0: nothing names the page a sitemap."""
    resource: bool = False
    """A browser loads it to show a page."""

    def better(self, other: "Offer") -> "Offer":
        """The best of two in every respect."""
        if self.reach is other.reach:
            depth, hops = min(self.depth, other.depth), min(self.hops, other.hops)
        else:
            depth, hops = min(self, other)[1:3]
        return Offer(
            min(self.reach, other.reach),
            depth,
            hops,
            self.exempt or other.exempt,
            _least_level(self.sitemap, other.sitemap),
            self.resource or other.resource,
        )


SEED = Offer(Reach.FOLLOWED, depth=0, hops=0, exempt=True)


_CHECKED = frozenset({Outcome.OFF_SCOPE, Outcome.KIND_NOT_FOLLOWED, Outcome.TOO_DEEP, Outcome.NOFOLLOW, Outcome.TRAP})
"""What may keep a page from being crawled, and not from being checked."""


class Judgement(NamedTuple):
    """What is to become of a page: pending in some manner, or not to be requested, and why."""

    outcome: Outcome
    detail: str | None = None
    manner: Manner = Manner.PAGE


_PENDING = Judgement(Outcome.PENDING)
_NO_SITEMAP = Exclusion(Outcome.KIND_NOT_FOLLOWED)


def judge(url: str, way: Offer, settings: Settings, scope: Scope, *, valid: bool = True) -> Judgement:
    """What is to become of a page, with the best of all ways that lead to it so far."""
    no_sitemap = _no_sitemap(url, way, settings, scope, valid=valid) if way.sitemap else _NO_SITEMAP
    if no_sitemap is None:
        return Judgement(Outcome.PENDING, manner=Manner.SITEMAP)
    no_page = scope.exclusion(url, valid=valid, exempt=way.exempt) or _by_links(way, settings)
    if no_page is None and settings.traps and not way.exempt:
        no_page = endless_url(url)
    if no_page is None:
        return _PENDING
    if _is_checked(url, way, no_page, settings, scope):
        return Judgement(Outcome.PENDING, manner=Manner.CHECK)
    reason = no_sitemap if way.sitemap and way.reach is Reach.AUXILIARY else no_page
    return Judgement(reason.outcome, reason.detail)


def _by_links(way: Offer, settings: Settings) -> Exclusion | None:
    if way.reach is Reach.NOFOLLOW:
        return Exclusion(Outcome.NOFOLLOW)
    if way.reach is not Reach.FOLLOWED:
        return Exclusion(Outcome.KIND_NOT_FOLLOWED)
    if way.hops > MAX_REDIRECTS:
        return Exclusion(Outcome.TOO_DEEP, f"after {MAX_REDIRECTS} redirects or refreshes in a row")
    beyond = way.depth > settings.depth or (settings.front_only and not way.exempt)
    return Exclusion(Outcome.TOO_DEEP) if beyond else None


def _no_sitemap(url: str, way: Offer, settings: Settings, scope: Scope, *, valid: bool) -> Exclusion | None:
    """Why a page that is named a sitemap is not read as one, or None where it is."""
    if not (settings.sitemaps and settings.followed >> LinkKind.SITEMAP_FILE & 1):
        return _NO_SITEMAP
    if found := scope.exclusion(url, valid=valid, exempt=True):
        return found
    if not scope.covers_sitemap(url):
        return Exclusion(Outcome.OFF_SCOPE)
    if way.sitemap > MAX_SITEMAP_LEVEL:
        return Exclusion(Outcome.TOO_DEEP, f"after {MAX_SITEMAP_LEVEL} sitemap indexes or redirects in a row")
    return Exclusion(Outcome.TOO_DEEP) if settings.depth < SITEMAP_DEPTH else None


def _is_checked(url: str, way: Offer, no_page: Exclusion, settings: Settings, scope: Scope) -> bool:
    """Whether --check asks for a page that is not crawled: another site's, or what a browser loads for a page.

    Another site is what the seeds do not cover, wherever their redirects lead: so more answers never take a check back.
    """
    if no_page.outcome not in _CHECKED or way.hops > MAX_REDIRECTS:
        return False
    external = way.reach in (Reach.FOLLOWED, Reach.NOFOLLOW) and not scope.is_of_seeds(url)
    wanted = (Check.RESOURCES in settings.check and way.resource) or (Check.EXTERNAL in settings.check and external)
    return wanted and scope.exclusion(url, exempt=True) is None


def _least_level(one: int, other: int) -> int:
    """The smaller of two levels of a sitemap, where 0 is none."""
    return min(one, other) if one and other else one or other


def offered(kind: int, rel: str, nofollow: bool, source: Offer, followed: int) -> Offer:
    """How one link of a kind, with its rel tokens, reaches its target, from a page that is itself reached so.

    `followed`: a bit 2^id for each kind that is followed.
    """
    if kind == LinkKind.SITEMAP_FILE and source.reach is Reach.AUXILIARY:
        return Offer(Reach.AUXILIARY, sitemap=source.sitemap + 1)
    if kind in SITEMAP_KINDS and followed >> kind & 1:
        return _offered_by_sitemap(kind, source)
    if not followed >> kind & 1 or (source.reach is Reach.AUXILIARY and kind != LinkKind.REDIRECT):
        return Offer(Reach.KIND_NOT_FOLLOWED, resource=_is_resource(kind, rel))
    if nofollow:
        return Offer(Reach.NOFOLLOW)
    if kind not in FREE_KINDS:
        return Offer(Reach.FOLLOWED, min(source.depth + 1, NO_DEPTH - 1))
    is_redirect = kind == LinkKind.REDIRECT
    exempt = is_redirect and source.exempt
    level = source.sitemap + 1 if is_redirect and source.sitemap else 0
    hops = 0 if source.reach is Reach.AUXILIARY else min(source.hops + 1, 255)
    return Offer(source.reach, source.depth, hops, exempt, level, source.resource)


def _is_resource(kind: int, rel: str) -> bool:
    """Whether a browser loads the target to show the page; of link elements that hangs on the rel."""
    return kind in RESOURCE_KINDS and (kind != LinkKind.LINK or not LOADED_RELS.isdisjoint(rel.split()))


def _offered_by_sitemap(kind: int, source: Offer) -> Offer:
    """How a sitemap reaches what it names; what no robots.txt knows of costs a link like any other."""
    depth = min(source.depth + 1, NO_DEPTH - 1)
    if kind == LinkKind.SITEMAP:
        return Offer(Reach.FOLLOWED, min(depth, SITEMAP_DEPTH) if source.sitemap else depth)
    return Offer(Reach.FOLLOWED, depth, sitemap=source.sitemap + 1 if source.sitemap else 0)


def best_offers(links: Links, targets: int, offer_of: Callable[[int, str], Offer]) -> tuple[list[Offer], list[int]]:
    """The distinct offers of a page's links, and for each target the place of the best of its offers among them.

    `offer_of` gives the offer of a kind with rel tokens; it is asked once for each that the page has.
    """
    pairs = dict.fromkeys(zip(links.kinds, links.rels, strict=True))
    offers: dict[Offer, int] = {}
    places = {pair: offers.setdefault(offer_of(*pair), len(offers)) for pair in pairs}
    if len(offers) < 2:
        return list(offers), [0] * targets
    listed, best = list(offers), [-1] * targets
    for target, pair in zip(links.targets, zip(links.kinds, links.rels, strict=True), strict=True):
        place, former = places[pair], best[target]
        if former < 0:
            best[target] = place
        elif former != place:
            offer = listed[place].better(listed[former])
            best[target] = place = offers.setdefault(offer, len(listed))
            if place == len(listed):
                listed.append(offer)
    return listed, best

"""What an answer means for the map: which pages are new, how near they are, whether they may be fetched.

Depth, hops and reach of a page are minima over all links that lead to it, and its outcome before a request is
a function of those minima and of its URL. So whichever answer comes first, the same pages are fetched:
when a later link improves a page that has links of its own, the gain is passed on along them (`propagate`).

A page is *exempt* from scope and --include where it is a seed or a hop of a seed's redirects. Where such a
chain ends, the scope grows by that page's host or domain.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from linkmap import url as urls
from linkmap.frontier import Entry
from linkmap.known import KnownPages
from linkmap.model import FREE_KINDS, LinkKind, Outcome, Reach, Report, State, Target
from linkmap.names import Names, is_nofollow
from linkmap.parse.links import links_digest
from linkmap.scope import Exclusion, Scope
from linkmap.settings import MAX_REDIRECTS, Settings
from linkmap.store.batch import Batch, CaptureRow, JudgedRow, LinkRow, PageRow, ReachRow, VisitRow
from linkmap.store.sqlite import FollowedLink

_STATES = tuple(State)
_BY_LINKS = frozenset({Outcome.TOO_DEEP, Outcome.NOFOLLOW, Outcome.KIND_NOT_FOLLOWED})
_BY_SCOPE = frozenset({Outcome.OFF_SCOPE, Outcome.EXCLUDED})
REDIRECTING = frozenset({Outcome.REDIRECT, Outcome.REDIRECT_LOOP, Outcome.TOO_MANY_REDIRECTS})
"""Outcomes of pages whose answer was a redirect."""

_LINKED = REDIRECTING | {Outcome.FETCHED, Outcome.NOT_HTML, Outcome.NOT_MODIFIED}
"""Outcomes of pages that may have stored links; what is not HTML has them from its headers alone."""


@dataclass(frozen=True, slots=True)
class Offer:
    """How a link, or the best of several, reaches a page."""

    reach: Reach
    depth: int = KnownPages.NO_DEPTH
    hops: int = 0
    exempt: bool = False

    def better(self, other: "Offer") -> "Offer":
        """The best of two in every respect."""
        if self.reach is not other.reach:
            best = self if self.reach < other.reach else other
            return Offer(best.reach, best.depth, best.hops, self.exempt or other.exempt)
        return Offer(self.reach, min(self.depth, other.depth), min(self.hops, other.hops), self.exempt or other.exempt)


SEED = Offer(Reach.FOLLOWED, depth=0, hops=0, exempt=True)


class Discovery:
    """The coordinator's view of the map; gathers what changes in a batch for the store."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.run = 0
        self.scope: Scope = settings.make_scope()
        self.known = KnownPages()
        self.names = Names()
        self.counts: Counter[Outcome] = Counter()
        self.auxiliary_counts: Counter[Outcome] = Counter()
        self.last_capture = 0
        self.exempt: set[int] = set()
        self.widened: list[str] = []
        """What the redirects of seeds added to the scope, in this run."""
        self.ready: list[tuple[int, Entry]] = []
        """New pages that may be fetched once the batch is committed, with their hosts."""
        self.reopened: set[int] = set()
        """Hosts with known pages that became pending again."""
        self.improved: list[int] = []
        """Pages with stored links whose gain is still to be passed on."""
        self.redirected: list[tuple[int, int]] = []
        """(page, target) where the target redirects too: they may have closed a loop."""
        self.judge_again: tuple[Outcome, ...] = ()
        """Outcomes whose pages must be judged again, because the scope or the settings grew."""
        self._followed = settings.followed
        self._batch = Batch()
        self._moves: defaultdict[int, list[int]] = defaultdict(lambda: [0] * len(_STATES))
        self._reached: dict[int, None] = {}
        self._judged: dict[int, JudgedRow] = {}

    def take_batch(self) -> Batch:
        """All that changed since the last call, as rows."""
        batch, known = self._batch, self.known
        batch.judged.extend(self._judged.values())
        for page in self._reached:
            reach = known.reach[page]
            depth = known.depth[page]
            batch.reaches.append(
                ReachRow(_stored_depth(depth), known.hops[page], reach, reach == Reach.AUXILIARY, page)
            )
        for host, (pending, done, failed, excluded) in self._moves.items():
            batch.host_counts.append((pending, done, failed, excluded, host))
        self._batch = Batch()
        self._moves.clear()
        self._reached.clear()
        self._judged.clear()
        return batch

    @property
    def unsettled(self) -> bool:
        """Whether the store must be asked before all consequences are drawn."""
        return bool(self.improved or self.redirected or self.judge_again)

    @property
    def batch(self) -> Batch:
        """The rows gathered so far, for what needs no judgement."""
        return self._batch

    def add_seed(self, url: str, written: str, guess: int) -> int:
        """The page of a seed, whose scope it widens. Add all seeds to the scope before the first page is judged."""
        page = self._meet(Target(url, urls.url_key(url), True), SEED, None)
        self._batch.seeds.append((self.run, page, written, guess))
        return page

    def record(self, host: int, entry: Entry, report: Report, retry_at: float | None = None) -> None:
        """Take in the answer to a page's request. With `retry_at` (Unix time) the page stays pending until then."""
        page, visit = entry.page, report.visit
        outcome = visit.outcome
        if outcome is Outcome.REDIRECT and self.known.hops[page] >= MAX_REDIRECTS:
            outcome = Outcome.TOO_MANY_REDIRECTS
        if retry_at is not None:
            outcome = Outcome.PENDING
        self._move(page, host, outcome)
        dialled = visit.outcome is not Outcome.PRIVATE_ADDRESS
        linked = bool(report.links) if visit.outcome is Outcome.NOT_HTML else visit.outcome in _LINKED
        capture = self._capture(page, report, with_links=linked) if dialled else None
        holder = capture if linked else None
        self._batch.visits.append(VisitRow(outcome, visit.detail, entry.tries + 1, retry_at, capture, holder, page))
        if holder is not None:
            self._links(page, holder, report)
        if page in self.exempt and visit.status is not None and outcome not in REDIRECTING | {Outcome.PENDING}:
            self._widen(entry.url)

    def decide(self, host: int, entry: Entry, outcome: Outcome, detail: str | None) -> None:
        """Settle a pending page without a request."""
        self._move(entry.page, host, outcome)
        self._judged[entry.page] = JudgedRow(outcome, detail, entry.page)

    def record_robots(self, url: str, report: Report) -> int:
        """Take in the answer to a request for a robots.txt; gives the id of its capture.

        The URL becomes an auxiliary page. Where it is a page in its own right, the answer is only appended:
        what becomes of that page is for its own request to say.
        """
        key = urls.url_key(url)
        page = self.known.find(key)
        is_new = not page
        if is_new:
            page = self._append(Target(url, key, True), Offer(Reach.AUXILIARY), report.visit.outcome, None, None)
        capture = self._capture(page, report, with_links=False)
        if self.known.reach[page] == Reach.AUXILIARY:
            if not is_new:
                self._move(page, self._host(url), report.visit.outcome)
            self._batch.visits.append(VisitRow(report.visit.outcome, report.visit.detail, 1, None, capture, None, page))
        return capture

    def propagate(self, links: Iterable[FollowedLink]) -> None:
        """Pass the gain of improved pages on along their stored links."""
        for link in links:
            offer = self._offer(link.source, link.kind, bool(link.nofollow))
            self._improve(link.target, link.target_url, offer)

    def close_loop(self, pages: Iterable[tuple[int, str]]) -> None:
        """Mark the pages (id, URL) of a redirect loop."""
        for page, url in pages:
            self._judge_anew(page, url, Exclusion(Outcome.REDIRECT_LOOP))

    def rejudge(self, pages: Iterable[tuple[int, str]]) -> None:
        """Judge pages (id, URL) again that were excluded, because the scope or the settings grew."""
        for page, url in pages:
            outcome = Outcome(self.known.outcome[page])
            exclusion = self._exclusion(page, url)
            if (exclusion.outcome if exclusion else Outcome.PENDING) is not outcome:
                self._judge_anew(page, url, exclusion)

    def counts_json(self) -> dict[str, dict[str, int]]:
        """The accounting, as it is stored with the run."""
        return {
            name: {outcome.word: number for outcome, number in sorted(counts.items()) if number}
            for name, counts in (("page", self.counts), ("auxiliary", self.auxiliary_counts))
        }

    def _meet(self, target: Target, offer: Offer, referrer: int | None) -> int:
        page = self.known.find(target.key)
        if page:
            self._improve(page, target.url, offer)
            return page
        exclusion = self.scope.exclusion(target.url, valid=target.valid, exempt=offer.exempt)
        exclusion = exclusion or self._by_links(offer.reach, offer.depth, offer.hops)
        outcome = exclusion.outcome if exclusion else Outcome.PENDING
        page = self._append(target, offer, outcome, exclusion.detail if exclusion else None, referrer)
        if offer.exempt:
            self.exempt.add(page)
        if outcome is Outcome.PENDING:
            origin = self._batch.pages[-1].origin
            assert origin is not None
            self.ready.append((self.names.origin_hosts[origin], Entry(offer.depth, page, target.url, origin, 0)))
        return page

    def _append(self, target: Target, offer: Offer, outcome: Outcome, detail: str | None, referrer: int | None) -> int:
        origin = urls.origin(target.url) if target.valid else None
        origin_id = self.names.origin(origin, self._batch) if origin else None
        page = self.known.add(target.key, depth=offer.depth, hops=offer.hops, reach=offer.reach, outcome=outcome)
        auxiliary = offer.reach is Reach.AUXILIARY
        depth = _stored_depth(offer.depth)
        self._batch.pages.append(
            PageRow(
                page, target.url, target.key, origin_id, auxiliary, depth, offer.hops, offer.reach, outcome, detail,
                self.run, referrer,
            )
        )  # fmt: skip
        (self.auxiliary_counts if auxiliary else self.counts)[outcome] += 1
        if origin_id is not None and not auxiliary:
            self._moves[self.names.origin_hosts[origin_id]][_STATES.index(outcome.state)] += 1
        return page

    def _improve(self, page: int, url: str, offer: Offer) -> None:
        """Let a link to a known page count: it may bring the page nearer, or make it one that is fetched."""
        known = self.known
        was_auxiliary = known.reach[page] == Reach.AUXILIARY
        nearer = False
        if offer.reach is Reach.FOLLOWED:
            nearer = offer.depth < known.depth[page] or offer.hops < known.hops[page] or known.reach[page] != 0
            if nearer:
                first = known.reach[page] != Reach.FOLLOWED
                known.depth[page] = min(offer.depth, known.depth[page])
                known.hops[page] = offer.hops if first else min(offer.hops, known.hops[page])
        exempted = offer.exempt and page not in self.exempt
        if not (nearer or exempted or offer.reach < known.reach[page]):
            return
        known.reach[page] = min(offer.reach, known.reach[page])
        self._reached[page] = None
        if exempted:
            self.exempt.add(page)
        if was_auxiliary:
            before = Outcome(known.outcome[page])
            self.auxiliary_counts[before] -= 1
            self.counts[before] += 1
            self._moves[self._host(url)][_STATES.index(before.state)] += 1
            # What robots.txt was answered is no answer to a request for this page.
            self._batch.visits.append(VisitRow(before, None, 0, None, None, None, page))
            self._judge_anew(page, url, self._exclusion(page, url))
            return
        self._review(page, url, exempted)

    def _review(self, page: int, url: str, exempted: bool) -> None:
        """Draw the consequences of a gain: another outcome, links to pass it on along, a wider scope."""
        outcome = Outcome(self.known.outcome[page])
        if outcome in _BY_LINKS:
            exclusion = self._exclusion(page, url)
            if exclusion is None or exclusion.outcome is not outcome:
                self._judge_anew(page, url, exclusion)
        elif exempted and outcome in _BY_SCOPE:
            self._judge_anew(page, url, self._exclusion(page, url))
        elif outcome is Outcome.TOO_MANY_REDIRECTS and self.known.hops[page] < MAX_REDIRECTS:
            self._judge_anew(page, url, Exclusion(Outcome.REDIRECT))
        elif exempted and outcome.state in (State.DONE, State.FAILED) and outcome not in REDIRECTING:
            self._widen(url)
        if outcome in _LINKED:
            self.improved.append(page)

    def _exclusion(self, page: int, url: str) -> Exclusion | None:
        """Why a known page is not fetched, judged from its URL and from all links so far."""
        known = self.known
        valid = known.outcome[page] != Outcome.INVALID
        found = self.scope.exclusion(url, valid=valid, exempt=page in self.exempt)
        return found or self._by_links(Reach(known.reach[page]), known.depth[page], known.hops[page])

    def _by_links(self, reach: Reach, depth: int, hops: int) -> Exclusion | None:
        if reach is Reach.NOFOLLOW:
            return Exclusion(Outcome.NOFOLLOW)
        if reach is not Reach.FOLLOWED:
            return Exclusion(Outcome.KIND_NOT_FOLLOWED)
        if hops > MAX_REDIRECTS:
            return Exclusion(Outcome.TOO_DEEP, f"after {MAX_REDIRECTS} redirects or refreshes in a row")
        return Exclusion(Outcome.TOO_DEEP) if depth > self.settings.depth else None

    def _judge_anew(self, page: int, url: str, exclusion: Exclusion | None) -> None:
        outcome = exclusion.outcome if exclusion else Outcome.PENDING
        host = self._host(url)
        self._move(page, host, outcome)
        self._judged[page] = JudgedRow(outcome, exclusion.detail if exclusion else None, page)
        if outcome is Outcome.PENDING:
            self.reopened.add(host)

    def _move(self, page: int, host: int, outcome: Outcome) -> None:
        """Give a page its outcome and keep the accounts: of the map, and of the host (0: none)."""
        known = self.known
        before = Outcome(known.outcome[page])
        known.outcome[page] = outcome
        auxiliary = known.reach[page] == Reach.AUXILIARY
        counts = self.auxiliary_counts if auxiliary else self.counts
        counts[before] -= 1
        counts[outcome] += 1
        if host and not auxiliary and before.state is not outcome.state:
            self._moves[host][_STATES.index(before.state)] -= 1
            self._moves[host][_STATES.index(outcome.state)] += 1

    def _widen(self, url: str) -> None:
        added = self.scope.add(url)
        if added is not None:
            self.widened.append(added)
            self.judge_again = (Outcome.OFF_SCOPE,)

    def _host(self, url: str) -> int:
        origin = urls.origin(url)
        return self.names.host(origin.host, self._batch) if origin else 0

    def _links(self, page: int, capture: int, report: Report) -> None:
        """Append a page's links and meet their targets, each with the best of its links."""
        offers: dict[int, Offer] = {}
        for link in report.links:
            offer = self._offer(page, link.kind, is_nofollow(link.rel))
            former = offers.get(link.target)
            offers[link.target] = offer if former is None or former is offer else offer.better(former)
        ids = [self._meet(target, offers[index], page) for index, target in enumerate(report.targets)]
        if report.visit.outcome is Outcome.REDIRECT and ids:
            target = ids[0]
            if target == page or self.known.outcome[target] in REDIRECTING:
                self.redirected.append((page, target))
        names, batch = self.names, self._batch
        batch.links.extend(
            LinkRow(
                capture, ordinal, ids[link.target], link.kind, names.rel(link.rel, batch), link.region,
                names.anchor(link.anchor, batch), link.credentials, link.hreflang, link.written,
            )
            for ordinal, link in enumerate(report.links)
        )  # fmt: skip

    def _offer(self, source: int, kind: int, nofollow: bool) -> Offer:
        """How a page is reached by one link of this kind from a page."""
        if not self._followed >> kind & 1:
            return Offer(Reach.KIND_NOT_FOLLOWED)
        if nofollow:
            return Offer(Reach.NOFOLLOW)
        depth = self.known.depth[source]
        if kind in FREE_KINDS:
            exempt = kind == LinkKind.REDIRECT and source in self.exempt
            return Offer(Reach.FOLLOWED, depth, min(self.known.hops[source] + 1, 255), exempt)
        return Offer(Reach.FOLLOWED, min(depth + 1, KnownPages.NO_DEPTH - 1), 0)

    def _capture(self, page: int, report: Report, with_links: bool) -> int:
        """Append an answer; gives its id."""
        self.last_capture += 1
        visit = report.visit
        document = report.document
        self._batch.captures.append(
            CaptureRow(
                id=self.last_capture,
                page=page,
                run=self.run,
                fetched_at=visit.fetched_at,
                outcome=visit.outcome,
                status=visit.status,
                content_type=visit.content_type,
                charset=visit.charset,
                bytes=visit.body_bytes,
                cut=visit.cut,
                truncated=visit.truncated,
                seconds=visit.seconds,
                title=document.title if document else None,
                description=document.description if document else None,
                h1=document.h1 if document else None,
                language=document.language if document else None,
                base=document.base if document else None,
                robots_flags=None,
                etag=visit.etag,
                last_modified=visit.last_modified,
                digest=visit.digest,
                links_digest=links_digest(report.targets, report.links) if with_links else None,
                links=self.last_capture if with_links else None,
                inert_links=document.inert_links if document else 0,
            )
        )
        return self.last_capture


def _stored_depth(depth: int) -> int | None:
    return None if depth == KnownPages.NO_DEPTH else depth

"""What an answer means for the map: which pages are new, how near they are, whether they may be fetched.

Depth, hops and reach of a page are minima over all links that lead to it, and its outcome before a request is
a function of those minima and of its URL. So whichever answer comes first, the same pages are fetched:
when a later link improves a page that has links of its own, the gain is passed on along them (`propagate`).

A page is *exempt* from scope and --include where it is a seed or a hop of a seed's redirects. Where such a
chain ends, the scope grows by that page's host or domain.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from linkmap import url as urls
from linkmap.accounts import Accounts
from linkmap.columns import KEY_BYTES
from linkmap.frontier import Entry
from linkmap.judging import NO_DEPTH, SEED, SITEMAP_DEPTH, Judgement, Offer, best_offers, judge, offered
from linkmap.known import KnownPages, stored_depth
from linkmap.model import Manner, Outcome, Reach, Report, State, Target
from linkmap.names import Names, is_nofollow
from linkmap.parse import directives
from linkmap.scope import Scope, ScopeName
from linkmap.settings import MAX_REDIRECTS, Settings
from linkmap.store.batch import Batch, JudgedRow, PageRow, ReachRow, VisitRow, capture_row
from linkmap.store.sqlite import FollowedLink
from linkmap.traps import Traps

_JUDGED = frozenset(
    {Outcome.TOO_DEEP, Outcome.NOFOLLOW, Outcome.KIND_NOT_FOLLOWED, Outcome.OFF_SCOPE, Outcome.EXCLUDED, Outcome.TRAP}
)
"""Outcomes that follow from the ways to a page, and may change with them."""

REDIRECTING = frozenset({Outcome.REDIRECT, Outcome.REDIRECT_LOOP, Outcome.TOO_MANY_REDIRECTS})
"""Outcomes of pages whose answer was a redirect."""

_LINKED = REDIRECTING | {Outcome.FETCHED, Outcome.NOT_HTML, Outcome.NOT_MODIFIED}
"""Outcomes of pages that may have stored links; what is not HTML has them from its headers alone."""


_SLICE = 1_000
"""Targets met, at most, before others may have the event loop: about 10 ms where all are new."""


class Discovery:
    """The coordinator's view of the map; gathers what changes in a batch for the store."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.run = 0
        self.scope: Scope = settings.make_scope()
        self.known = KnownPages()
        self.names = Names()
        self.accounts = Accounts()
        self.traps = Traps()
        self.last_capture = 0
        self.exempt: set[int] = set()
        self.sitemaps: dict[int, int] = {}
        """Page -> files in a row from robots.txt to it, of pages that robots.txt or an index names a sitemap."""
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
        self._reached: dict[int, None] = {}
        self._judged: dict[int, JudgedRow] = {}
        self._unfinished: list[Iterator[None]] = []

    def take_batch(self) -> Batch:
        """All that changed since the last call, as rows."""
        for _ in self.slices():
            pass
        batch, known = self._batch, self.known
        batch.judged.extend(self._judged.values())
        for page in self._reached:
            reach = known.reach[page]
            depth = known.depth[page]
            batch.reaches.append(
                ReachRow(
                    stored_depth(depth), known.hops[page], reach, reach == Reach.AUXILIARY,
                    self.sitemaps.get(page, 0), bool(known.resource[page]), known.manner[page], page,
                )
            )  # fmt: skip
        batch.host_counts = self.accounts.take_moves()
        batch.accounts.append((self.accounts.to_json(), self.run))
        self._batch = Batch()
        self._reached.clear()
        self._judged.clear()
        return batch

    @property
    def unsettled(self) -> bool:
        """Whether the store must be asked before all consequences are drawn."""
        return bool(self.improved or self.redirected or self.judge_again)

    @property
    def counts(self) -> Counter[Outcome]:
        """Pages by outcome, auxiliary ones left out."""
        return self.accounts.pages

    @property
    def pending(self) -> int:
        """How many pages and sitemaps wait to be requested."""
        return self.accounts.pages[Outcome.PENDING] + self.accounts.auxiliary[Outcome.PENDING]

    @property
    def batch(self) -> Batch:
        """The rows gathered so far, for what needs no judgement."""
        return self._batch

    def add_seed(self, url: str, written: str, guess: int) -> int:
        """The page of a seed, whose scope it widens. Add all seeds to the scope before the first page is judged."""
        page = self._meet(Target(url, urls.url_key(url), True), SEED, None)
        self._batch.seeds.append((self.run, page, written, guess))
        return page

    def is_had(self, url: str) -> bool:
        """Whether the page of a URL was fetched, or will be."""
        page = self.known.find(urls.url_key(url))
        return bool(page) and Outcome(self.known.outcome[page]).state in (State.PENDING, State.DONE)

    def manner(self, page: int) -> Manner:
        """In which manner a pending page is to be requested."""
        return Manner(self.known.manner[page])

    def record(
        self, host: int, entry: Entry, report: Report, retry_at: float | None = None, manner: Manner = Manner.PAGE
    ) -> None:
        """Take in the answer to a page's request. With `retry_at` (Unix time) the page stays pending until then.

        So it does where a link that came in the meantime asks for another manner of request.
        """
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
        self._batch.visits.append(
            VisitRow(int(outcome), visit.detail, entry.tries + 1, retry_at, capture, holder, page)
        )
        if holder is not None:
            self._take_links(page, holder, report, self._way(page))
            if self.settings.traps and outcome is Outcome.FETCHED and manner is Manner.PAGE:
                self._batch.traps.extend((self.run, *trap) for trap in self.traps.record(entry.url, report))
        if page in self.exempt and visit.status is not None and outcome not in REDIRECTING | {Outcome.PENDING}:
            self._widen(entry.url)
        if manner != self.known.manner[page] and outcome is not Outcome.PENDING:
            self._judge_anew(page, entry.url, self._judgement(page, entry.url))

    def decide(self, host: int, entry: Entry, outcome: Outcome, detail: str | None) -> None:
        """Settle a pending page without a request."""
        self._move(entry.page, host, outcome)
        self._judged[entry.page] = JudgedRow(outcome, detail, self.known.manner[entry.page], entry.page)

    def give_up(self, first: int, last: int, hosts: Iterable[tuple[int, bool, int]], detail: str) -> None:
        """Exclude all pending pages from an id to another; hosts: (host, auxiliary, number of such pages)."""
        outcome, known = Outcome.OVER_BUDGET, self.known
        pending, given_up = bytes([Outcome.PENDING]), bytes([outcome])
        known.outcome[first : last + 1] = known.outcome[first : last + 1].replace(pending, given_up)
        for host, auxiliary, number in hosts:
            self.accounts.move(host, Outcome.PENDING, outcome, auxiliary=auxiliary, number=number)
        self._batch.given_up.append((int(outcome), detail, first, last))

    def record_robots(self, url: str, report: Report) -> int:
        """Take in the answer to a request for a robots.txt, and the sitemaps it names; gives the id of its capture.

        The URL becomes an auxiliary page. Where it is a page in its own right, the answer is only appended:
        what becomes of that page is for its own request to say.
        """
        key, outcome = urls.url_key(url), report.visit.outcome
        page = self.known.find(key)
        is_new = not page
        if is_new:
            judged = Judgement(outcome, None, Manner.ROBOTS)
            page = self._append(Target(url, key, True), Offer(Reach.AUXILIARY), judged, None)
        linked = report.text is not None and bool(report.links)
        capture = self._capture(page, report, with_links=linked)
        if self.known.manner[page] == Manner.ROBOTS:
            if not is_new:
                self._move(page, self._host(url), outcome)
            holder = capture if linked else None
            self._batch.visits.append(VisitRow(outcome, report.visit.detail, 1, None, capture, holder, page))
        if linked:
            self._take_links(page, capture, report, Offer(Reach.AUXILIARY))
        return capture

    def propagate(self, links: Iterable[FollowedLink]) -> None:
        """Pass the gain of improved pages on along their stored links."""
        listed = list(links)
        offers = [self._offer(link.kind, link.rel, bool(link.page_nofollow), self._way(link.source)) for link in listed]
        for place in self.known.improvable([link.target for link in listed], offers, range(len(offers))):
            self._improve(listed[place].target, listed[place].target_url, offers[place])

    def close_loop(self, pages: Iterable[tuple[int, str]]) -> None:
        """Mark the pages (id, URL) of a redirect loop."""
        for page, url in pages:
            self._judge_anew(page, url, Judgement(Outcome.REDIRECT_LOOP, None, self.manner(page)))

    def rejudge(self, pages: Iterable[tuple[int, str]]) -> None:
        """Judge pages (id, URL) again that were excluded, because the scope or the settings grew."""
        for page, url in pages:
            judged, outcome = self._judgement(page, url), Outcome(self.known.outcome[page])
            if outcome.state is State.EXCLUDED:
                is_same = judged.outcome is outcome
            else:
                is_same = judged.outcome is not Outcome.PENDING or judged.manner == self.known.manner[page]
            if not is_same:
                self._judge_anew(page, url, judged)

    def _meet(self, target: Target, offer: Offer, referrer: int | None) -> int:
        page = self.known.find(target.key)
        if page:
            self._improve(page, target.url, offer)
            return page
        judged = judge(target.url, offer, self.settings, self.scope, valid=target.valid)
        page = self._append(target, offer, judged, referrer)
        if offer.exempt:
            self.exempt.add(page)
        if offer.sitemap:
            self.sitemaps[page] = offer.sitemap
        if judged.outcome is Outcome.PENDING:
            origin = self._batch.pages[-1].origin
            assert origin is not None
            turn = SITEMAP_DEPTH if offer.depth == NO_DEPTH else offer.depth
            self.ready.append((self.names.origin_hosts[origin], Entry(turn, page, target.url, origin, 0)))
        return page

    def _append(self, target: Target, offer: Offer, judged: Judgement, referrer: int | None) -> int:
        outcome, detail, manner = judged
        origin = self.names.origin_of(target.url, self._batch) if target.valid else 0
        page = self.known.add(
            target.key, depth=offer.depth, hops=offer.hops, reach=offer.reach, outcome=outcome, manner=manner,
            resource=offer.resource,
        )  # fmt: skip
        auxiliary = offer.reach is Reach.AUXILIARY
        self._batch.pages.append(
            PageRow(
                page, target.url, bytearray(target.key), origin or None, int(auxiliary), stored_depth(offer.depth),
                offer.hops, int(offer.reach), int(outcome), detail, int(manner), offer.sitemap, int(offer.resource),
                self.run, referrer,
            )
        )  # fmt: skip
        self.accounts.enter(self.names.origin_hosts.get(origin, 0), outcome, auxiliary=auxiliary)
        return page

    def _improve(self, page: int, url: str, offer: Offer) -> None:
        """Let a link to a known page count: it may bring the page nearer, or make it one that is fetched."""
        known, before = self.known, self._way(page)
        way = before.better(offer)
        if way == before:
            return
        known.reach[page], known.depth[page], known.hops[page] = way.reach, way.depth, way.hops
        known.resource[page] = way.resource
        self._reached[page] = None
        exempted = way.exempt and not before.exempt
        if exempted:
            self.exempt.add(page)
        if way.sitemap:
            self.sitemaps[page] = way.sitemap
        if before.reach is Reach.AUXILIARY and way.reach is not Reach.AUXILIARY:
            outcome = Outcome(known.outcome[page])
            self.accounts.auxiliary[outcome] -= 1
            self.accounts.enter(self._host(url), outcome, auxiliary=False)
        self._review(page, url, exempted)

    def _review(self, page: int, url: str, exempted: bool) -> None:
        """Draw the consequences of a gain: another outcome, links to pass it on along, a wider scope."""
        outcome, manner = Outcome(self.known.outcome[page]), self.known.manner[page]
        judged = self._judgement(page, url)
        if outcome is Outcome.PENDING:
            self.known.manner[page] = judged.manner
        elif outcome in _JUDGED:
            if judged[:2] != (outcome, None):
                self._judge_anew(page, url, judged)
        elif manner == Manner.ROBOTS and judged.manner != manner:
            # What robots.txt was answered is no answer to a request for this page.
            self._batch.visits.append(VisitRow(outcome, None, 0, None, None, None, page))
            self._judge_anew(page, url, judged)
        elif outcome.state is not State.EXCLUDED and judged.manner != manner:
            self._judge_anew(page, url, judged)
        elif outcome is Outcome.TOO_MANY_REDIRECTS and self.known.hops[page] < MAX_REDIRECTS:
            self._judge_anew(page, url, Judgement(Outcome.REDIRECT, None, self.manner(page)))
        elif exempted and outcome.state in (State.DONE, State.FAILED) and outcome not in REDIRECTING:
            self._widen(url)
        if outcome in _LINKED:
            self.improved.append(page)

    def _judgement(self, page: int, url: str) -> Judgement:
        """What is to become of a known page, judged from its URL and from all links so far."""
        valid = self.known.outcome[page] != Outcome.INVALID
        return judge(url, self._way(page), self.settings, self.scope, valid=valid)

    def _way(self, page: int) -> Offer:
        """The best of all ways to a page."""
        known = self.known
        reach, level = Reach(known.reach[page]), self.sitemaps.get(page, 0)
        exempt, resource = page in self.exempt, bool(known.resource[page])
        return Offer(reach, known.depth[page], known.hops[page], exempt, level, resource)

    def _judge_anew(self, page: int, url: str, judged: Judgement) -> None:
        host = self._host(url)
        self._move(page, host, judged.outcome)
        self.known.manner[page] = judged.manner
        self._judged[page] = JudgedRow(judged.outcome, judged.detail, judged.manner, page)
        if judged.outcome is Outcome.PENDING:
            self.reopened.add(host)

    def _move(self, page: int, host: int, outcome: Outcome) -> None:
        """Give a page its outcome and keep the accounts: of the map, and of the host (0: none)."""
        before = Outcome(self.known.outcome[page])
        self.known.outcome[page] = outcome
        self.accounts.move(host, before, outcome, auxiliary=self.known.reach[page] == Reach.AUXILIARY)

    def _widen(self, url: str) -> None:
        added = self.scope.widen(url)
        if added is not None:
            if self.scope.name is not ScopeName.ANY:
                self.widened.append(added)
            self.judge_again = (Outcome.OFF_SCOPE,)

    def _host(self, url: str) -> int:
        origin = self.names.origin_of(url, self._batch)
        return self.names.origin_hosts[origin] if origin else 0

    def slices(self) -> Iterator[None]:
        """Do what is left to do of the changes, slice by slice, so that a page of many links holds nothing up."""
        while self._unfinished:
            yield from self._unfinished.pop()

    def _take_links(self, page: int, capture: int, report: Report, way: Offer) -> None:
        """Append a page's links and meet their targets; of a page that has many, see `slices`."""
        work = self._links(page, capture, report, way)
        if len(report.links) > _SLICE:
            self._unfinished.append(work)
        else:
            for _ in work:
                pass

    def _links(self, page: int, capture: int, report: Report, way: Offer) -> Iterator[None]:
        """Append a page's links and meet their targets, each with the best of its links; `way` leads to the page."""
        names, links = self.names, report.links
        ids: list[int] = []
        yield from self._meet_all(report, page, way, ids)
        batch = self._batch
        if report.visit.outcome is Outcome.REDIRECT and ids:
            target = ids[0]
            if target == page or self.known.outcome[target] in REDIRECTING:
                self.redirected.append((page, target))
        rels = names.rels(links.rels, batch)
        yield
        anchors: list[int] = []
        for start in range(0, len(links), _SLICE):
            anchors += names.anchors(links.anchors[start : start + _SLICE], batch)
            yield
        batch.add_links(capture, links, [ids[target] for target in links.targets], rels, anchors)

    def _meet_all(self, report: Report, page: int, way: Offer, ids: list[int]) -> Iterator[None]:
        """Append the ids of a page's targets; only those that are new, or that it may bring nearer, are looked at."""
        page_nofollow = directives.is_nofollow(report.visit.robots_flags)

        def offer_of(kind: int, rel: str) -> Offer:
            return self._offer(kind, rel, page_nofollow, way)

        targets, known = report.targets, self.known
        offers, best = best_offers(report.links, len(targets), offer_of)
        yield
        for start in range(0, len(targets), _SLICE):
            keys = targets.keys[start * KEY_BYTES : (start + _SLICE) * KEY_BYTES]
            ids += known.find_named(targets.urls[start : start + _SLICE], keys)
            for place in known.improvable(ids[start:], offers, best[start : start + _SLICE]):
                at = start + place
                ids[at] = self._meet(targets[at], offers[best[at]], page)
            yield

    def _offer(self, kind: int, rel: str, page_nofollow: bool, way: Offer) -> Offer:
        """How a link reaches its target from a page with this way to it; nofollow may be said by either."""
        said = is_nofollow(rel) or (page_nofollow and kind not in directives.OF_THE_PAGE_ITSELF)
        return offered(kind, rel, said and not self.settings.ignore_nofollow, way, self._followed)

    def _capture(self, page: int, report: Report, with_links: bool) -> int:
        """Append an answer; gives its id."""
        self.last_capture += 1
        digest = report.links_digest if with_links else None
        self._batch.captures.append(capture_row(self.last_capture, page, self.run, report, digest))
        return self.last_capture

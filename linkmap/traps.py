"""Which pages are made up without end, so that a crawl leaves them. Pure.

The rules here look at what the pages of a family brought: where one after another led only to more of its kind and
said nothing new, the rest is left. Which pages were seen by then depends on the order of answers; so such a cut is
named (docs/decisions/0013). Rules that look at one URL alone are in `linkmap.endless`.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from linkmap import url as urls
from linkmap.model import Outcome, Report
from linkmap.scope import Exclusion
from linkmap.shapes import (
    IN_PATH,
    Family,
    Shape,
    combined,
    hosts_below,
    is_date_of,
    origin_and_path,
    parameters,
    sessions,
    shapes,
    without_session,
    year_alone,
)

BARREN = 20
"""Pages of a family in a row that brought nothing new, after which the rest of it is left."""
REPEATS = 8
"""Pages that were another under a new session id, after which the parameter is known for one."""
_MOST_NEWS = 4_000
"""Words and targets kept of one family; a family that brings more is sound."""
MOST_HELD = 400_000
"""Words and targets kept of all families; the family that was seen least lately is then forgotten."""
_MOST_FACES = 5_000
_MOST_SEEN = 200_000

SESSION = "session id"
FACETS = "facets"
SAME_BODY = "same body"
ENDLESS_QUERY = "endless query"
GROWING_QUERY = "growing query"
_OF_QUERIES = (FACETS, SAME_BODY, ENDLESS_QUERY, GROWING_QUERY)

_WORD = re.compile(r"\w+")


class Trap(NamedTuple):
    """A family of pages that is left from here on."""

    rule: str
    pattern: str
    evidence: str

    @property
    def detail(self) -> str:
        """By what its pages are known."""
        return f"{self.rule}: {self.pattern}"


@dataclass(slots=True)
class _Family:
    fetched: int = 0
    barren: int = 0
    """Pages in a row that brought nothing new."""
    deeper: int = 0
    """Pages in a row that led to longer URLs that begin with their own."""
    same: int = 0
    """Pages in a row whose body was another's, byte for byte."""
    sound: bool = False
    size: int = 0
    targets: int = 0
    news: set[int] = field(default_factory=set)
    """Hashes of words, targets and bodies seen."""
    values: dict[str, set[int]] = field(default_factory=dict)
    hosts: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Session:
    faces: OrderedDict[int, int] = field(default_factory=OrderedDict)
    """URL without the session -> what its page looks like."""
    repeats: int = 0
    others: int = 0


class Traps:
    """What the pages of each family brought, and which families are left."""

    def __init__(self) -> None:
        self.cut: dict[Shape | tuple[str, str], Trap] = {}
        """Families that are left, and (origin, parameter) of session ids."""
        self._families: OrderedDict[Shape, _Family] = OrderedDict()
        self._sessions: OrderedDict[tuple[str, str], _Session] = OrderedDict()
        self._seen: set[int] = set()
        """URLs without their session, and hosts, of which a page was had."""
        self.held = 0
        """Words and targets kept, of all families."""

    def load(self, traps: Iterable[Trap]) -> None:
        """Take up what was cut before; then `remember` what was fetched, where that is asked for."""
        for trap in traps:
            if trap.rule == SESSION:
                self.cut[_session_key(trap.pattern)] = trap
            else:
                family = Family.QUERY if trap.rule in _OF_QUERIES else Family(trap.rule)
                self.cut[Shape(family, trap.pattern)] = trap

    @property
    def remembers(self) -> bool:
        """Whether something is cut but for what was had already: sessions, hosts."""
        return any(trap.rule in (SESSION, Family.HOSTS) for trap in self.cut.values())

    def remember(self, url: str) -> None:
        """A page was had: another under a new session id is none; and its host is one that counts."""
        if len(self._seen) < _MOST_SEEN:
            if sessions(url):
                self._seen.add(hash(without_session(url)))
            if hosts_below(url):
                self._seen.add(hash(urls.host(url)))

    def exclusion(self, url: str, is_had: Callable[[str], bool]) -> Exclusion | None:
        """Why a page is left, or None. `is_had` tells of a URL whether that page is fetched, or will be."""
        if not self.cut:
            return None
        for shape in (*shapes(url), year_alone(url)):
            trap = self.cut.get(shape) if shape else None
            if shape and trap and self._is_left(trap, url):
                return Exclusion(Outcome.TRAP, trap.detail)
        names = sessions(url)
        trap = next((self.cut[key] for name in names if (key := (origin_and_path(url)[0], name)) in self.cut), None)
        if trap:
            plain = without_session(url)
            if hash(plain) in self._seen or is_had(plain):
                return Exclusion(Outcome.TRAP, trap.detail)
        return None

    def _is_left(self, trap: Trap, url: str) -> bool:
        """Whether a member of a family is left: single facets may list what is found nowhere else."""
        if trap.rule == FACETS:
            return combined(url) > 1
        return trap.rule != Family.HOSTS or hash(urls.host(url)) not in self._seen

    def record(self, url: str, report: Report) -> list[Trap]:
        """Take in an HTML page; gives what is left from here on."""
        found: list[Trap] = []
        names = sessions(url)
        self.remember(url)
        if names:
            found += self._record_session(url, names, report)
        for shape in shapes(url):
            former = self.cut.get(shape)
            if former and former.rule != FACETS:
                continue
            if trap := self._record_in(shape, url, report, is_cut=former is not None):
                self.cut[shape] = trap
                self._forget(shape)
                found.append(trap)
        return found

    def _record_session(self, url: str, names: list[str], report: Report) -> Iterator[Trap]:
        origin, _ = origin_and_path(url)
        page, face = hash(without_session(url)), _face(report)
        for name in names:
            key = (origin, name)
            if key in self.cut:
                continue
            session = self._sessions.setdefault(key, _Session())
            former = session.faces.get(page)
            session.faces[page] = face
            if former is not None:
                session.repeats += former == face
                session.others += former != face
            if session.repeats >= REPEATS and session.repeats >= 9 * session.others:
                told = "id in the path" if name == IN_PATH else name
                evidence = f"{session.repeats} pages came again under another {told}, the same but for it"
                pattern = f"{origin}/{IN_PATH}" if name == IN_PATH else f"{origin}?{name}"
                trap = self.cut[key] = Trap(SESSION, pattern, evidence)
                del self._sessions[key]
                yield trap
            elif len(session.faces) > _MOST_FACES:
                session.faces.popitem(last=False)
        while len(self._sessions) > 100:
            self._sessions.popitem(last=False)

    def _record_in(self, shape: Shape, url: str, report: Report, *, is_cut: bool) -> Trap | None:
        family = self._families.setdefault(shape, _Family())
        self._families.move_to_end(shape)
        if family.sound or (shape.family is Family.HOSTS and not _is_new_host(family, url)):
            return None
        before = len(family.news)
        is_same = _is_same_body(family, report)
        with_body = len(family.news)
        family.news.update(_news(shape, url, report))
        is_new = len(family.news) > with_body
        is_alike = _is_alike(shape.family, family, report)
        deeper = _leads_deeper(shape.family, url, report)
        family.deeper = family.deeper + 1 if deeper else 0
        family.fetched += 1
        family.same = family.same + 1 if is_same else 0
        family.barren = family.barren + 1 if is_same or (is_alike and not is_new) else 0
        family.size, family.targets = report.visit.body_bytes, len(report.targets)
        if shape.family is Family.QUERY:
            _note_values(family, url)
        self._hold(shape, family, before)
        if is_cut:
            return _rest_of_facets(shape, family)
        return _trap(shape, family)

    def _hold(self, shape: Shape, family: _Family, before: int) -> None:
        """Keep what is held within bounds."""
        self.held += len(family.news) - before
        if len(family.news) > _MOST_NEWS:
            self._forget(shape)
            self._families[shape] = _Family(sound=True)
        while self.held > MOST_HELD or len(self._families) > MOST_HELD // 10:
            self._forget(next(iter(self._families)))

    def _forget(self, shape: Shape) -> None:
        self.held -= len(self._families.pop(shape).news)


def _rest_of_facets(shape: Shape, family: _Family) -> Trap | None:
    """What is to be left of facets besides their combinations."""
    if family.barren < 3 * BARREN:
        return None
    return Trap(ENDLESS_QUERY, shape.place, f"{_told(family)} brought no new link and no new word")


def _told(family: _Family) -> str:
    return f"the last {family.barren} of {family.fetched} pages fetched"


def _trap_of_queries(shape: Shape, family: _Family) -> Trap | None:
    if family.same >= BARREN:
        return Trap(SAME_BODY, shape.place, f"{_told(family)} were others of them, byte for byte")
    nothing_new = "brought no new link and no new word"
    if family.deeper >= BARREN:
        return Trap(GROWING_QUERY, shape.place, f"{_told(family)} led to longer queries and {nothing_new}")
    varying = {name: values for name, values in family.values.items() if len(values) > 1}
    number = sum(map(len, varying.values()))
    most = family.fetched // 3 if len(varying) == 2 else 2 * family.fetched // 3
    if len(varying) < 2 or number > most:
        return None
    evidence = f"{_told(family)}, {len(varying)} parameters with {number} values in ever new combinations"
    return Trap(FACETS, shape.place, f"{evidence}, {nothing_new}")


def _trap(shape: Shape, family: _Family) -> Trap | None:
    """What is to be left of a family, as it stands."""
    if family.barren < BARREN:
        return None
    if shape.family is Family.QUERY:
        return _trap_of_queries(shape, family)
    if shape.family is Family.PATH and family.deeper < BARREN:
        return None
    told = _told(family)
    nothing = {
        Family.DATE: "led only to more dates, with no new word in titles and link texts",
        Family.PATH: "led only deeper, each as long as the one before",
        Family.HOSTS: "were on a host each and led only to more hosts, with no new word in titles",
    }
    return Trap(shape.family.value, shape.place, f"{told} {nothing[shape.family]}")


def _session_key(pattern: str) -> tuple[str, str]:
    if pattern.endswith(f"/{IN_PATH}"):
        return pattern.removesuffix(f"/{IN_PATH}"), IN_PATH
    origin, _, name = pattern.rpartition("?")
    return origin, name


def _is_new_host(family: _Family, url: str) -> bool:
    """Whether this is the first page of its host."""
    known = len(family.hosts)
    family.hosts.add(hash(urls.host(url)))
    family.sound = len(family.hosts) > _MOST_SEEN
    return len(family.hosts) > known


def _is_same_body(family: _Family, report: Report) -> bool:
    digest = report.visit.digest
    key = hash(("body", digest))
    if digest is None or key in family.news:
        return digest is not None
    family.news.add(key)
    return False


def _is_alike(kind: Family, family: _Family, report: Report) -> bool:
    """Whether a page is about as long as the one before it. Facets may show little or much."""
    size, former = report.visit.body_bytes, family.size
    if kind in (Family.QUERY, Family.HOSTS):
        return True
    if kind is Family.DATE:
        return abs(size - former) <= max(64, max(size, former) // 4)
    return abs(size - former) <= max(64, max(size, former) // 20) and abs(len(report.targets) - family.targets) <= 1


def _leads_deeper(kind: Family, url: str, report: Report) -> bool:
    base = url if kind is Family.QUERY else url.partition("?")[0].removesuffix("/") + "/"
    return any(len(target) > len(base) and target.startswith(base) for target in report.targets.urls)


def _note_values(family: _Family, url: str) -> None:
    for name, value in parameters(url)[:20]:
        if name in family.values or len(family.values) < 20:
            values = family.values.setdefault(name, set())
            if len(values) < 500:
                values.add(hash(value))


def _news(shape: Shape, url: str, report: Report) -> Iterator[int]:
    """Hashes of all that a page says and leads to, the family's own pages left out."""
    inside = [_is_inside(shape, target) for target in report.targets.urls]
    for target, is_inside in zip(report.targets.urls, inside, strict=True):
        if not is_inside:
            yield hash(without_session(target))
    own = set(_words(url)) if shape.family in (Family.PATH, Family.HOSTS) else set()
    document = report.document
    texts = [document.title, document.h1, document.description] if document else []
    skips_inside = shape.family in (Family.PATH, Family.HOSTS)
    links = report.links
    texts += [
        anchor
        for target, anchor in zip(links.targets, links.anchors, strict=True)
        if not (skips_inside and inside[target])
    ]
    for word in _words(*filter(None, texts)):
        if word not in own and not (shape.family is Family.DATE and any(map(str.isdigit, word))):
            yield hash(word)


def _is_inside(shape: Shape, target: str) -> bool:
    """Whether a target is one more of the family."""
    if shape.family is Family.QUERY:
        return target.partition("?")[0] == shape.place[:-1]
    if shape.family is Family.PATH:
        return target.startswith(shape.place)
    if shape.family is Family.HOSTS:
        below = hosts_below(target)
        return below is not None and below == shape.place
    return is_date_of(shape.place.rpartition("{")[0], target)


def _words(*texts: str) -> Iterator[str]:
    for text in texts:
        for word in _WORD.findall(text.lower()):
            yield from word.split("_")


def _face(report: Report) -> int:
    """What a page looks like but for session ids."""
    document = report.document
    said = (document.title, document.h1, document.description) if document else ()
    return hash((said, frozenset(map(without_session, report.targets.urls))))

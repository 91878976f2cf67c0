"""Small maps made by hand: plain INSERTs into a real SQLite file, so that every fact is seen in the test.

    with handmade(tmp_path / "map.db") as map:
        map.page("https://a.test/", seed=True)
        map.link("https://a.test/", "https://a.test/x", anchor="to x")   # makes the page x, still pending
        map.page("https://a.test/x", "client_error", status=404)         # and this says what became of it

Leaving the context writes the end-of-crawl indexes and the table `degree`, counted here in Python and not
by linkmap's own SQL; `finished=False` leaves both out, as in the middle of a crawl.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from linkmap.model import NAVIGATION_KINDS, LinkKind, Outcome, Region, State
from linkmap.store.reader import schema_sql
from linkmap.url import origin, registrable_domain, reversed_host, url_key

END_INDEXES = (
    "CREATE UNIQUE INDEX page_url_key ON page (url_key)",
    "CREATE INDEX link_target ON link (target, kind)",
    "CREATE INDEX capture_page ON capture (page)",
)


@contextmanager
def handmade(path: Path, *, finished: bool = True) -> Iterator["HandmadeMap"]:
    """A new map at the path, open for facts until the context ends."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.executescript(schema_sql())
        connection.execute("BEGIN")
        made = HandmadeMap(connection)
        yield made
        made.close_run("finished" if finished else "stopped")
        connection.execute("COMMIT")
        if finished:
            for statement in END_INDEXES:
                connection.execute(statement)
            made.compute_degrees()
    finally:
        connection.close()


def account(connection: sqlite3.Connection) -> None:
    """Write the accounting of a map as it stands: of all its pages into the run, of each host's into the host."""
    rows = connection.execute(
        "SELECT outcome.name, auxiliary, count(*) FROM page JOIN outcome ON outcome.id = outcome GROUP BY 1, 2"
    ).fetchall()
    counts = {
        "page": {name: number for name, auxiliary, number in rows if not auxiliary},
        "auxiliary": {name: number for name, auxiliary, number in rows if auxiliary},
    }
    connection.execute("UPDATE run SET counts = ?", (json.dumps(counts),))
    for each in State:
        connection.execute(
            f"UPDATE host SET {each} = (SELECT count(*) FROM page "  # noqa: S608 (a column of our own)
            "JOIN origin ON origin.id = page.origin JOIN outcome ON outcome.id = page.outcome "
            "WHERE origin.host = host.id AND outcome.state = ? AND NOT page.auxiliary)",
            (each,),
        )


class HandmadeMap:
    """A map under construction. Pages are named by their URLs, as they stand in the store."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.run = self._insert(
            "run",
            started_at=0,
            state="running",
            version="0",
            user_agent="handmade",
            settings="{}",
            counts="{}",
        )
        self._anchors = {"": 0}
        self._rels = {"": 0}

    def page(
        self,
        url: str,
        outcome: str = "fetched",
        *,
        status: int | None = None,
        detail: str | None = None,
        depth: int | None = 0,
        title: str | None = None,
        auxiliary: bool = False,
        seed: bool = False,
        guess: int = 0,
        manner: int = 0,
    ) -> int:
        """The id of the page, made or changed to say this. What was answered, or failed, gets one capture."""
        found = Outcome[outcome.upper()]
        page = self._page_id(url)
        if found.state in (State.DONE, State.FAILED) and not self._links_of(page):
            self.capture(url)
        self.connection.execute(
            "UPDATE page SET outcome = ?, detail = ?, depth = ?, auxiliary = ?, manner = ? WHERE id = ?",
            (found, detail, depth, auxiliary, manner, page),
        )
        self.connection.execute(
            "UPDATE capture SET outcome = ?, status = ?, title = ? WHERE page = ?",
            (found, status, title, page),
        )
        if seed or guess:
            self._insert("seed", run=self.run, page=page, written=url, guess=guess)
        return page

    def capture(self, url: str) -> int:
        """The id of a new answer, whose links will take the place of the page's earlier ones."""
        page = self._page_id(url)
        capture = self._insert(
            "capture",
            page=page, run=self.run, fetched_at=0, outcome=Outcome.FETCHED,
            bytes=0, cut=0, truncated=0, seconds=0, inert_links=0,
        )  # fmt: skip
        self.connection.execute(
            "UPDATE page SET capture = ?, links = ?, outcome = ? WHERE id = ?",
            (capture, capture, Outcome.FETCHED, page),
        )
        return capture

    def link(
        self,
        source: str,
        target: str,
        anchor: str = "",
        *,
        kind: str = "a",
        region: str = "none",
        rel: str = "",
        flags: int = 0,
        hreflang: str | None = None,
    ) -> None:
        """One occurrence, after the source's others. New ends become pages: fetched, and pending."""
        holder = self._links_of(self._page_id(source)) or self.capture(source)
        ordinal = self.connection.execute("SELECT count(*) FROM link WHERE capture = ?", (holder,)).fetchone()[0]
        self._insert(
            "link",
            capture=holder, ordinal=ordinal, target=self._page_id(target), kind=LinkKind[kind.upper()],
            rel=self._rel_id(rel), region=Region[region.upper()], anchor=self._anchor_id(anchor),
            flags=flags, hreflang=hreflang,
        )  # fmt: skip

    def redirect(self, source: str, target: str, status: int = 301, **page: object) -> None:
        """The source answers with a redirect to the target: its outcome, its answer and its one link."""
        self.page(source, "redirect", status=status, **page)  # type: ignore[arg-type]
        self.link(source, target, kind="redirect")

    def rank(self, ranks: dict[str, tuple[float, float, float]]) -> None:
        """Store (pagerank, hub, authority) of these pages as of the newest capture."""
        for url, (pagerank, hub, authority) in ranks.items():
            self._insert("rank", page=self._page_id(url), pagerank=pagerank, hub=hub, authority=authority)
        self._stamp("rank")

    def close_run(self, state: str) -> None:
        """End the run in this state, with the accounting."""
        self.connection.execute("UPDATE run SET state = ?, ended_at = 1 WHERE id = ?", (state, self.run))
        account(self.connection)

    def compute_degrees(self) -> None:
        """Fill the table `degree` and stamp it, counting in Python over the plain rows."""
        host_of = dict(
            self.connection.execute("SELECT page.id, host FROM page LEFT JOIN origin ON origin.id = page.origin")
        )
        answered = self.connection.execute(
            "SELECT page.id FROM page JOIN outcome ON outcome.id = outcome WHERE state = 'done' AND NOT auxiliary"
        )
        nodes = {row[0] for row in answered}
        occurrences = self.connection.execute(
            "SELECT page.id, target, kind FROM page JOIN link ON link.capture = page.links WHERE NOT auxiliary"
        )
        ends = [(a, b) for a, b, kind in occurrences if a != b and kind in NAVIGATION_KINDS]
        for node in sorted(nodes.union(*ends)):
            sources = [source for source, target in ends if target == node]
            targets = [target for source, target in ends if source == node]
            self._insert(
                "degree",
                page=node, in_links=len(sources), in_pages=len(set(sources)),
                in_hosts=len({host_of[source] for source in sources}),
                out_links=len(targets), out_pages=len(set(targets)),
            )  # fmt: skip
        self._stamp("degree")

    def _stamp(self, name: str) -> None:
        newest = self.connection.execute("SELECT coalesce(max(id), 0) FROM capture").fetchone()[0]
        self._insert("computed", name=name, capture=newest, computed_at=0, settings="{}")

    def _page_id(self, url: str) -> int:
        key = url_key(url)
        known = self.connection.execute("SELECT id FROM page WHERE url_key = ?", (key,)).fetchone()
        if known:
            return int(known[0])
        return self._insert(
            "page",
            url=url, url_key=key, origin=self._origin_id(url), auxiliary=0, depth=None, hops=0, reach=0,
            outcome=Outcome.PENDING, tries=0, run=self.run,
        )  # fmt: skip

    def _links_of(self, page: int) -> int | None:
        found: int | None = self.connection.execute("SELECT links FROM page WHERE id = ?", (page,)).fetchone()[0]
        return found

    def _origin_id(self, url: str) -> int | None:
        found = origin(url)
        if found is None:
            return None
        self.connection.execute(
            "INSERT OR IGNORE INTO host (name, reversed, domain) VALUES (?, ?, ?)",
            (found.host, reversed_host(found.host), registrable_domain(found.host)),
        )
        host = self.connection.execute("SELECT id FROM host WHERE name = ?", (found.host,)).fetchone()[0]
        known = self.connection.execute(
            "SELECT id FROM origin WHERE scheme = ? AND host = ? AND port = ?",
            (found.scheme, host, found.port),
        ).fetchone()
        return known[0] if known else self._insert("origin", scheme=found.scheme, host=host, port=found.port)

    def _anchor_id(self, text: str) -> int:
        if text not in self._anchors:
            self._anchors[text] = self._insert("anchor", text=text)
        return self._anchors[text]

    def _rel_id(self, tokens: str) -> int:
        if tokens not in self._rels:
            self._rels[tokens] = self._insert("rel", tokens=tokens, nofollow="nofollow" in tokens.split())
        return self._rels[tokens]

    def _insert(self, table: str, **columns: object) -> int:
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        cursor = self.connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 (names are this module's own)
            tuple(columns.values()),
        )
        return cursor.lastrowid or 0

"""The links of a map as rows, in the words of the view `links`: those stored, and those of an answer just committed."""

from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

from linkmap.model import LinkKind, Region, Report
from linkmap.store.sqlite import Store


class FoundLink(NamedTuple):
    """One occurrence of a link, with its ends as URLs."""

    source: str
    target: str
    kind: str
    rel: str
    region: str
    anchor: str


def links_in(url: str, report: Report) -> Iterator[FoundLink]:
    """The links of an answer, in the order in which they stand there."""
    for link in report.links:
        region = Region(link.region).name.lower() if link.region else ""
        target = report.targets[link.target].url
        yield FoundLink(url, target, LinkKind(link.kind).word, link.rel, region, link.anchor)


async def stored_links(store: Store) -> AsyncIterator[list[FoundLink]]:
    """All links that the map holds, in lists; page by page, as each newest answer has them."""
    async for rows in store.slices("SELECT source_url, target_url, kind, rel, region, anchor FROM links"):
        yield [FoundLink(*row) for row in rows]

"""The links of a map as rows, in the words of the view `links`: those stored, and those of an answer just committed."""

from collections.abc import AsyncIterator, Iterator

from linkmap.model import FoundLink, LinkKind, Region, Report
from linkmap.store.sqlite import Store
from linkmap.store.view import LINK_COLUMNS


def links_in(url: str, report: Report) -> Iterator[FoundLink]:
    """The links of an answer, in the order in which they stand there."""
    for link in report.links:
        region = Region(link.region).name.lower() if link.region else ""
        target = report.targets[link.target].url
        yield FoundLink(
            url, target, LinkKind(link.kind).word, link.rel, region, link.anchor, link.hreflang, link.written
        )


async def stored_links(store: Store) -> AsyncIterator[list[FoundLink]]:
    """All links that the map holds, in lists; page by page, as each newest answer has them."""
    async for rows in store.slices(f"SELECT {LINK_COLUMNS} FROM links"):  # noqa: S608 our own words
        yield [FoundLink(*row) for row in rows]

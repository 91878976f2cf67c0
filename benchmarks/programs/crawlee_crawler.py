"""Crawlee on the same work: every page of these hosts from one seed; an item a page, with its links as written.

Its storage is kept in memory, which is the faster of those it comes with.

`python crawlee_crawler.py CRAWLER SEED OUTPUT CONNECTIONS HOST...`; CRAWLER is `ParselCrawler`, the faster, or
`BeautifulSoupCrawler`, with which its manual begins.
"""

import asyncio
import json
import re
import sys
from typing import TextIO

from crawlee import ConcurrencySettings, service_locator
from crawlee.crawlers import (
    BeautifulSoupCrawler,
    BeautifulSoupCrawlingContext,
    ParselCrawler,
    ParselCrawlingContext,
)
from crawlee.storage_clients import MemoryStorageClient

CRAWLER, SEED, OUTPUT, CONNECTIONS, HOSTS = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5:]
CRAWLERS = {"ParselCrawler": ParselCrawler, "BeautifulSoupCrawler": BeautifulSoupCrawler}


async def crawl(file: TextIO) -> None:
    service_locator.set_storage_client(MemoryStorageClient())
    crawler = CRAWLERS[CRAWLER](
        concurrency_settings=ConcurrencySettings(
            min_concurrency=CONNECTIONS, max_concurrency=CONNECTIONS, desired_concurrency=CONNECTIONS
        ),
        configure_logging=False,
    )
    wanted = re.compile(r"https?://(" + "|".join(map(re.escape, HOSTS)) + r")[:/]")

    @crawler.router.default_handler
    async def handle(context: ParselCrawlingContext | BeautifulSoupCrawlingContext) -> None:
        if isinstance(context, ParselCrawlingContext):
            links = context.selector.css("a::attr(href)").getall()
        else:
            links = [element.get("href") for element in context.soup.find_all("a", href=True)]
        file.write(json.dumps({"url": context.request.url, "links": links}) + "\n")
        await context.enqueue_links(strategy="all", include=[wanted])

    await crawler.run([SEED])


with open(OUTPUT, "w", encoding="utf-8") as output:
    asyncio.run(crawl(output))

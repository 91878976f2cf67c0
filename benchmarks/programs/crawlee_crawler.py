"""Crawlee on the same work: every page of these hosts from one seed; an item a page, with its links as written.

Its storage is kept in memory, which is the faster of those it comes with.

`python crawlee_crawler.py SEED OUTPUT CONNECTIONS HOST...`
"""

import asyncio
import json
import re
import sys
from typing import TextIO

from crawlee import ConcurrencySettings, service_locator
from crawlee.crawlers import ParselCrawler, ParselCrawlingContext
from crawlee.storage_clients import MemoryStorageClient

SEED, OUTPUT, CONNECTIONS, HOSTS = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]


async def crawl(file: TextIO) -> None:
    service_locator.set_storage_client(MemoryStorageClient())
    crawler = ParselCrawler(
        concurrency_settings=ConcurrencySettings(
            min_concurrency=CONNECTIONS, max_concurrency=CONNECTIONS, desired_concurrency=CONNECTIONS
        ),
        configure_logging=False,
    )
    wanted = re.compile(r"https?://(" + "|".join(map(re.escape, HOSTS)) + r")[:/]")

    @crawler.router.default_handler
    async def handle(context: ParselCrawlingContext) -> None:
        links = context.selector.css("a::attr(href)").getall()
        file.write(json.dumps({"url": context.request.url, "links": links}) + "\n")
        await context.enqueue_links(strategy="all", include=[wanted])

    await crawler.run([SEED])


with open(OUTPUT, "w", encoding="utf-8") as output:
    asyncio.run(crawl(output))

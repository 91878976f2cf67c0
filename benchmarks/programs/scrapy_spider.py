"""Scrapy on the same work: every page of these hosts from one seed; an item a page, with its links as written.

`python scrapy_spider.py SEED OUTPUT CONNECTIONS HOST...`
"""

import sys

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import TextResponse

SEED, OUTPUT, CONNECTIONS, HOSTS = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]


class Links(scrapy.Spider):
    name = "links"
    allowed_domains = HOSTS
    start_urls = (SEED,)

    def parse(self, response):
        if not isinstance(response, TextResponse) or b"html" not in response.headers.get("Content-Type", b""):
            return
        links = response.css("a::attr(href)").getall()
        yield {"url": response.url, "links": links}
        for link in links:
            try:
                yield response.follow(link)
            except ValueError:  # mailto: and the like
                continue


process = CrawlerProcess(
    {
        "CONCURRENT_REQUESTS": CONNECTIONS,
        "CONCURRENT_REQUESTS_PER_DOMAIN": CONNECTIONS,
        "DOWNLOAD_DELAY": 0,
        "ROBOTSTXT_OBEY": False,
        "COOKIES_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_LEVEL": "ERROR",
        "FEEDS": {OUTPUT: {"format": "jsonlines"}},
    }
)
process.crawl(Links)
process.start()

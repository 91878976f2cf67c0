"""The program of the asyncio tutorials: gather all URLs through one session, find each href, write a TSV.

It is told every URL beforehand, follows nothing, and keeps neither pages nor outcomes.

`python tutorial.py URLS TSV CONNECTIONS`
"""

import asyncio
import re
import sys
from pathlib import Path
from typing import TextIO
from urllib.parse import urljoin

import aiohttp

HREF = re.compile(r'href="(.*?)"')


async def fetch(url: str, session: aiohttp.ClientSession) -> str:
    async with session.get(url) as response:
        response.raise_for_status()
        return await response.text()


async def write_one(url: str, session: aiohttp.ClientSession, file: TextIO) -> None:
    html = await fetch(url, session)
    links = [urljoin(url, link) for link in HREF.findall(html)]
    file.writelines(f"{url}\t{link}\n" for link in links)


async def crawl(urls: list[str], file: TextIO, connections: int) -> None:
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None)) as session:
        await asyncio.gather(*(write_one(url, session, file) for url in urls))


if __name__ == "__main__":
    lines = Path(sys.argv[1]).read_text().split()
    with open(sys.argv[2], "w", encoding="utf-8") as output:
        asyncio.run(crawl(lines, output, int(sys.argv[3])))

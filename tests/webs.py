"""A seeded site with all that makes a crawl's order matter: cycles, redirects, slow pages, late shortcuts."""

import random

from conftest import Answer, Page

HOSTS = ("a.t0", "b.t1", "c.t2", "d.t3")


def tangled_site(pages: int, seed: int = 7, slowest_s: float = 0.03) -> dict[str, Page]:
    """Paths and answers. The start is `/0`; a chain leads deep, and only slow pages hold the shortcuts into it."""
    chance = random.Random(seed)
    site: dict[str, Page] = {"/robots.txt": Answer("User-agent: *\nDisallow: /denied\n")}
    for number in range(pages):
        links = [f'<a href="/{number + 1}">next</a>']
        links += [
            f'<a href="/{chance.randrange(number + 1)}" rel="up">back {number}</a>' for _ in range(chance.randrange(3))
        ]
        if chance.random() < 0.2:
            links.append(f'<nav><a href="/r{chance.randrange(pages)}">moved</a></nav>')
        if chance.random() < 0.1:
            links.append(f'<a href="/denied/{number}">no</a><a href="/gone/{number}">dead</a>')
        if chance.random() < 0.1:
            links.append(
                f'<a rel="nofollow" href="/{chance.randrange(pages)}">unloved</a><a href="mailto:a{number}@b.c">m</a>'
            )
        if chance.random() < 0.2:
            links.append(f'<link rel="{chance.choice(["next", "canonical"])}" href="/{chance.randrange(number + 1)}">')
        if chance.random() < 0.2:
            links.append(f'<img src="/{chance.randrange(pages)}" alt="seen {number}"><script src="/go.js"></script>')
        if chance.random() < 0.1:
            links.append(f'<meta http-equiv="refresh" content="9; url=/{chance.randrange(number + 1)}">')
        chance.shuffle(links)
        slow = chance.random() < 0.2
        if slow:
            links.append(f'<footer><a href="/{chance.randrange(number, pages)}">shortcut</a></footer>')
        if slow and chance.random() < 0.3:
            links.append(f'<meta http-equiv="refresh" content="1; url=/{chance.randrange(number, pages)}">')
        site[f"/{number}"] = Answer("".join(links), delay_s=chance.random() * slowest_s if slow else 0.0)
    for number in range(pages):
        target = f"/r{chance.randrange(pages)}" if chance.random() < 0.3 else f"/{chance.randrange(pages)}"
        site[f"/r{number}"] = Answer("", 302, {"Location": target})
    return site


def tangled_hosts(seed: int, port: int) -> tuple[dict[str, Page], list[str]]:
    """Four hosts whose pages, redirects and robots.txt lead anywhere, robots.txt itself included; and three seeds."""
    chance = random.Random(seed)
    pages = chance.randint(4, 9)
    urls = [f"http://{host}:{port}/{number}" for host in HOSTS for number in range(pages)]
    urls += [f"http://{host}:{port}/robots.txt" for host in HOSTS]
    site: dict[str, Page] = {}
    for host in HOSTS:
        for number in range(pages):
            if chance.random() < 0.35:
                page = Answer("", 302, {"Location": chance.choice(urls)})
            elif chance.random() < 0.3:
                page = _sitemap(chance, urls)
            else:
                rels = [' rel="nofollow"' if chance.random() < 0.25 else "" for _ in range(chance.randint(0, 4))]
                links = "".join(f'<a{rel} href="{chance.choice(urls)}">{n}</a>' for n, rel in enumerate(rels))
                links += f'<meta http-equiv="refresh" content="0; {chance.choice(urls)}">' * (chance.random() < 0.2)
                links += f'<img src="{chance.choice(urls)}">' * (chance.random() < 0.3)
                links += '<meta name="robots" content="nofollow">' * (chance.random() < 0.15)
                headers = {"Link": f"<{chance.choice(urls)}>; rel=next"} if chance.random() < 0.2 else {}
                page = Answer(links, headers=headers)
            site[f"//{host}/{number}"] = page
        site[f"//{host}/robots.txt"] = chance.choice(
            [
                Answer("User-agent: *\nDisallow: /3\n", headers={"Content-Type": "text/plain"}),
                Answer(
                    "".join(f"Sitemap: {chance.choice(urls)}\n" for _ in range(3)),
                    headers={"Content-Type": "text/plain"},
                ),
                Answer("", 404),
                Answer("", 302, {"Location": chance.choice(urls)}),
            ]
        )
    return site, [urls[0], chance.choice(urls[:pages]), chance.choice(urls[: -len(HOSTS)])]


def _sitemap(chance: random.Random, urls: list[str]) -> Answer:
    """A sitemap, an index or a text of URLs, each of which may be anything but what it is called."""
    chosen = [chance.choice(urls) for _ in range(chance.randint(1, 3))]
    form = chance.choice(["urlset", "sitemapindex", "text"])
    if form == "text":
        return Answer("\n".join(chosen), headers={"Content-Type": "text/plain"})
    entry = "url" if form == "urlset" else "sitemap"
    body = "".join(f"<{entry}><loc>{url}</loc></{entry}>" for url in chosen)
    return Answer(f"<{form}>{body}</{form}>", headers={"Content-Type": "application/xml"})

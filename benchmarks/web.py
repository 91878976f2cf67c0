"""A generated web: the same pages for the same seed, with its true counts known from the plan it is written from.

Page 0 is the seed. Page n lies on host n % hosts and links to pages 10n+1 to 10n+10, so that every page is
reachable; its other links go to pages drawn at random. The counts are worked out on page numbers alone, before
any URL or HTML is made of them.

`python -m benchmarks.web FOLDER` writes the pages, a folder for each host, and prints the counts as JSON.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from random import Random

_CHILDREN = 10
_SECTIONS = 50
_LINKS_A_PARAGRAPH = 4
_PARAGRAPHS = 256
_TEXT = (
    "amber basin cedar delta ember fjord glade harbor island juniper kettle lantern meadow nectar orchard pebble "
    "quarry river saddle timber umbra valley willow yonder zephyr bridge canyon drift engine forest granite hollow"
)
_WORDS = _TEXT.split()
_OWN_WORDS = 0.16
"""The part of all links that say it in words of their own, where the others say what hangs on their target alone. So
18 % of all anchor texts are distinct, the median of six sites of Debian's documentation (3 to 33 %, 553,568 links,
2026-11-23)."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What a crawl of a whole web must find."""

    pages: int
    links: int
    """Occurrences, on all pages."""
    edges: int
    """Distinct (source, target), a page's links to itself left out."""


@dataclass(frozen=True)
class Web:
    """The plan of a web. Its hosts are addresses of this machine, from 127.0.0.1 on, so that no name is looked up."""

    port: int
    pages: int = 20_000
    hosts: int = 20
    links: int = 54
    page_bytes: int = 23_000
    seed: int = 1

    def __post_init__(self) -> None:
        if not (self.pages > 0 and 0 < self.hosts < 255 and self.links >= _CHILDREN and self.page_bytes > 0):
            raise ValueError(f"a web has pages, 1 to 254 hosts and at least {_CHILDREN} links a page")

    def host(self, page: int) -> str:
        """The host of a page."""
        return f"127.0.0.{page % self.hosts + 1}"

    def host_names(self) -> list[str]:
        """Every host."""
        return [self.host(page) for page in range(self.hosts)]

    def path(self, page: int) -> str:
        """The path of a page's URL."""
        return f"/{page // self.hosts % _SECTIONS}/page-{page}.html"

    def url(self, page: int) -> str:
        """The URL of a page."""
        return f"http://{self.host(page)}:{self.port}{self.path(page)}"

    def targets(self, page: int) -> list[int]:
        """The pages that a page links to, in the order of its links; some stand more than once."""
        random = Random(self.seed * 1_000_003 + page)
        first = page * _CHILDREN + 1
        found = list(range(first, min(first + _CHILDREN, self.pages)))
        found += [int(random.random() * self.pages) for _ in range(self.links - len(found))]
        random.shuffle(found)
        return found

    def truth(self) -> Truth:
        """The counts, by walking the plan from page 0. Raises ValueError where a page cannot be reached."""
        reached, waiting = {0}, [0]
        links = edges = 0
        while waiting:
            page = waiting.pop()
            targets = self.targets(page)
            distinct = set(targets)
            links += len(targets)
            edges += len(distinct - {page})
            new = distinct - reached
            reached |= new
            waiting.extend(new)
        if len(reached) != self.pages:
            raise ValueError(f"only {len(reached)} of {self.pages} pages can be reached")
        return Truth(len(reached), links, edges)

    def html(self, page: int) -> str:
        """A page as it is served: a header, navigation, prose with links, a footer."""
        random = Random(-page - 1)
        anchors = [self._anchor(page, target, random) for target in self.targets(page)]
        nav, body, footer = anchors[:8], anchors[8:-4], anchors[-4:]
        prose = []
        for start in range(0, len(body), _LINKS_A_PARAGRAPH):
            words = random.choice(self._prose)
            prose.append(f"<p>{words} {' and '.join(body[start : start + _LINKS_A_PARAGRAPH])}.</p>")
        head = (
            f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Page {page}</title>'
            f'<meta name="description" content="The page with number {page}"></head><body>'
            f"<nav><ul>{''.join(f'<li>{anchor}</li>' for anchor in nav)}</ul></nav><main><h1>Page {page}</h1>"
        )
        foot = f"</main><footer>{' | '.join(footer)}</footer></body></html>\n"
        missing = self.page_bytes - len(head) - len(foot) - sum(map(len, prose))
        while missing > 0:
            paragraph = f'<div class="note"><p>{random.choice(self._prose)}</p></div>'
            prose.append(paragraph)
            missing -= len(paragraph)
        return head + "\n".join(prose) + foot

    def write(self, folder: Path) -> None:
        """Write every page below the folder, which becomes the document roots of the hosts."""
        for host in self.host_names():
            for section in range(_SECTIONS):
                (folder / host / str(section)).mkdir(parents=True, exist_ok=True)
        for page in range(self.pages):
            (folder / f"{self.host(page)}{self.path(page)}").write_text(self.html(page), encoding="ascii")

    def _anchor(self, page: int, target: int, random: Random) -> str:
        """An `a` that leads to a page, written in one of the ways that people write them."""
        way = random.random()
        if page % self.hosts != target % self.hosts or way < 0.25:
            reference = self.url(target)
        elif way < 0.6:
            reference = f"..{self.path(target)}"
        else:
            reference = self.path(target)
        fragment = "#notes" if random.random() < 0.05 else ""
        if random.random() < _OWN_WORDS:
            text = f"{random.choice(_WORDS)} {random.choice(_WORDS)} {target}"
        else:
            text = f"{_WORDS[target % len(_WORDS)]} {_WORDS[target // len(_WORDS) % len(_WORDS)]} {target}"
        return f'<a class="ref" href="{reference}{fragment}">{text}</a>'

    @cached_property
    def _prose(self) -> list[str]:
        return list(_paragraphs(Random(self.seed)))


def _paragraphs(random: Random) -> Iterator[str]:
    for _ in range(_PARAGRAPHS):
        words = random.choices(_WORDS, k=50)
        yield f"{' '.join(words[:20])} <em>{' '.join(words[20:24])}</em> {' '.join(words[24:])}"


def add_options(parser: argparse.ArgumentParser, pages: int = 20_000) -> None:
    """The options that make another web."""
    parser.add_argument("--pages", type=int, default=pages, help="default: %(default)s")
    parser.add_argument("--hosts", type=int, default=20, help="default: %(default)s")
    parser.add_argument("--links", type=int, default=54, help="links a page; default: %(default)s")
    parser.add_argument("--page-bytes", type=int, default=23_000, help="default: about %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="another number makes another web; default: %(default)s")


def from_options(options: argparse.Namespace, port: int, pages: int | None = None) -> Web:
    """The web that the options describe."""
    return Web(port, pages or options.pages, options.hosts, options.links, options.page_bytes, options.seed)


def main() -> None:
    """Write a web and print its true counts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web", description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=8080, help="the port in its URLs; default: %(default)s")
    add_options(parser)
    options = parser.parse_args()
    web = from_options(options, options.port)
    web.write(options.folder)
    print(json.dumps({"seed": web.url(0)} | asdict(web.truth())))


if __name__ == "__main__":
    main()

"""What a crawl of a folder of files must find, worked out without linkmap: a walk over the files themselves.

HTML is read by html5lib, which follows the HTML standard's own steps in Python (linkmap: lexbor, in C); URLs
are resolved by ada's `URL` class. Nothing is requested: the web server's few rules stand in `look_up`.
Invariant: nothing of linkmap is imported here.

Not modelled, because no page of these sites has it: meta robots, noscript links, srcdoc, `Link` headers, a button that
names its form by its id, a refresh that does not name its page by `url=` without quotes, a candidate of a srcset with
a faulty descriptor or a comma within its URL.
"""

import os
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote
from xml.etree.ElementTree import Element

import ada_url
import html5lib

HTML = "{http://www.w3.org/1999/xhtml}"
REFERENCE = {"a": "href", "area": "href", "link": "href", "object": "data", "form": "action"} | dict.fromkeys(
    ("iframe", "frame", "img", "source", "script", "embed", "video", "audio", "track"), "src"
)
WITH_REL = ("a", "area", "link", "form")
SUBMIT = {"button": ("", "submit"), "input": ("submit", "image")}
FOLLOWED = ("a", "area", "iframe", "frame", "meta_refresh", "canonical", "alternate_hreflang", "next", "prev")
REFRESH = re.compile(r"\s*\d+\s*;\s*url=([^'\"].*)", re.IGNORECASE)
INERT = ("javascript:", "data:", "blob:")
STRIPPED = "".join(map(chr, range(0x21)))
"""What the URL standard takes off both ends of a reference: C0 controls and space."""


class Reference(NamedTuple):
    """One link as a page writes it."""

    kind: str
    written: str
    nofollow: bool


class Document(NamedTuple):
    """What a page's markup says: its first `<base href>` and its links, in document order."""

    base: str | None
    references: tuple[Reference, ...]


class Page(NamedTuple):
    """What must become of a page. depth: the least number of links from a seed, redirects and refreshes not counted."""

    outcome: str
    status: int | None
    depth: int | None


@dataclass
class Walk:
    """What the walk found. links: (source, target, kind) -> occurrences; links to the page itself too."""

    pages: dict[str, Page] = field(default_factory=dict)
    links: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def dead_links(self) -> set[tuple[str, str]]:
        """(source, target) of every link to a page that answers 404."""
        return {(source, target) for source, target, _ in self.links if self.pages[target].status == 404}


def read_document(markup: bytes) -> Document:
    """The document as the HTML standard parses it, with scripting off."""
    tree = html5lib.parse(markup, treebuilder="etree", transport_encoding=None)
    elements = list(_live_elements(tree))
    bases = [element.get("href") for element, _ in elements if element.tag == HTML + "base"]
    base = next((href for href in bases if href is not None), None)
    return Document(base, tuple(_references(elements)))


def _live_elements(element: Element, form: Element | None = None) -> Iterator[tuple[Element, Element | None]]:
    """Elements in document order with the form around each; none in a `<template>`, which html5lib does not know."""
    if not isinstance(element.tag, str):
        return
    yield element, form
    if element.tag != HTML + "template":
        for child in element:
            yield from _live_elements(child, element if element.tag == HTML + "form" else form)


def _references(elements: Sequence[tuple[Element, Element | None]]) -> Iterator[Reference]:
    for element, form in elements:
        kind = element.tag.removeprefix(HTML)
        for extra, reference in _further(kind, element, form):
            yield Reference(extra, reference, False)
        written = element.get(REFERENCE.get(kind, ""))
        rel = element.get("rel", "").lower().split() if kind in WITH_REL else []
        if kind == "meta" and element.get("http-equiv", "").lower() == "refresh":
            refresh = REFRESH.fullmatch(element.get("content", ""))
            kind, written = "meta_refresh", refresh and refresh.group(1)
        elif kind == "link":
            kind = _link_kind(rel, element)
        elif kind == "body":
            kind, written = "img", element.get("background")
        elif kind == "input":
            kind, written = "img", element.get("src") if element.get("type", "").lower() == "image" else None
        elif kind == "form":
            written = (written or "#") if element.get("method", "get").lower() == "get" else None
        if written is not None and (written or kind in ("a", "area")):
            yield Reference(kind, written, "nofollow" in rel)


def _further(tag: str, element: Element, form: Element | None) -> Iterator[tuple[str, str]]:
    """The links of an element that stand in another attribute than the one that most links of its kind stand in."""
    is_preload = "preload" in element.get("rel", "").lower().split() and element.get("as", "").lower() == "image"
    if tag in ("img", "source"):
        yield from ((tag, url) for url in _candidates(element.get("srcset", "")))
    elif tag == "link" and is_preload:
        yield from ((tag, url) for url in _candidates(element.get("imagesrcset", "")))
    elif tag == "video" and element.get("poster"):
        yield tag, element.get("poster", "")
    elif form is not None and element.get("formaction") and element.get("type", "").lower() in SUBMIT.get(tag, ()):
        method = element.get("formmethod", form.get("method", "get"))
        yield from [("form", element.get("formaction", ""))] * (method.lower() == "get")


def _candidates(srcset: str) -> list[str]:
    return [candidate.split()[0] for candidate in srcset.split(",") if candidate.strip()]


def _link_kind(rel: Sequence[str], element: Element) -> str:
    if "canonical" in rel:
        return "canonical"
    if "alternate" in rel and element.get("hreflang"):
        return "alternate_hreflang"
    return next((kind for kind in ("next", "prev", "stylesheet") if kind in rel), "link")


def html_files(root: Path) -> list[Path]:
    """Every HTML file below a folder, as a web server knows them: by their names' endings."""
    return sorted(path for path in root.rglob("*.html") if path.is_file())


def read_documents(paths: Sequence[Path]) -> dict[Path, Document]:
    """Every file's document. html5lib is slow, so the files are shared out among the processors."""
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        return dict(zip(paths, pool.map(_read_file, paths, chunksize=8), strict=True))


def _read_file(path: Path) -> Document:
    return read_document(path.read_bytes())


def look_up(root: Path, path: str) -> tuple[int, Path | None]:
    """The web server's answer to a path: 200 and a file, 301 for a folder without its slash, else 404."""
    place = root / unquote(path).lstrip("/")
    if place.is_dir():
        if not path.endswith("/"):
            return 301, None
        place = place / "index.html"
    elif path.endswith("/"):
        return 404, None
    return (200, place) if place.is_file() else (404, None)


def resolve(reference: str, base: str) -> str | None:
    """The page that a reference names, without fragment and credentials; None where it is no URL."""
    try:
        url = ada_url.URL(reference, base)
    except ValueError:
        return None
    url.hash = ""
    if url.username or url.password:
        url.username = url.password = ""
    return str(url.href)


def without_credentials(reference: str) -> str:
    """A reference that is no URL, less what stands before an `@` where a URL has user and password."""
    scheme, slashes, rest = reference.partition("//")
    authority = rest[: min(rest.find(mark) % (len(rest) + 1) for mark in "/?#")]
    return scheme + slashes + rest[authority.rfind("@") + 1 :]


def walk(root: Path, documents: dict[Path, Document], seeds: Sequence[str]) -> Walk:
    """Everything that links lead to from the seeds, on whose hosts a path names a file of `root`.

    Breadth first. A redirect or refresh costs no depth, so its target enters the queue at the front.
    """
    hosts = {ada_url.URL(seed).hostname for seed in seeds}
    found = Walk()
    depths: dict[str, int] = {}
    queue = deque((seed, 0) for seed in seeds)
    only_nofollow: set[str] = set()
    while queue:
        url, depth = queue.popleft()
        if url in depths:
            continue
        depths[url] = depth
        found.pages[url], leads = _visit(root, hosts, documents, url, depth, found.links)
        for lead in leads:
            if lead.kind == "redirect" or (lead.kind == "meta_refresh" and not lead.nofollow):
                queue.appendleft((lead.target, depth))
            elif lead.kind in FOLLOWED and not lead.nofollow:
                queue.append((lead.target, depth + 1))
            elif lead.kind in FOLLOWED:
                only_nofollow.add(lead.target)
    for _, target, _ in list(found.links):
        reason = "nofollow" if target in only_nofollow else "kind_not_followed"
        found.pages.setdefault(target, Page(_refusal(target, hosts) or reason, None, None))
    return found


class Lead(NamedTuple):
    """A link of a page that was read."""

    target: str
    kind: str
    nofollow: bool = False


def _visit(
    root: Path,
    hosts: set[str],
    documents: dict[Path, Document],
    url: str,
    depth: int,
    links: Counter[tuple[str, str, str]],
) -> tuple[Page, list[Lead]]:
    """What becomes of one page, and its links, which are counted."""
    refusal = _refusal(url, hosts)
    if refusal:
        return Page(refusal, None, depth), []
    parts = ada_url.URL(url)
    status, file = look_up(root, parts.pathname)
    if status == 301:
        target = str(ada_url.URL(parts.pathname + "/" + parts.search, url).href)
        links[url, target, "redirect"] += 1
        return Page("redirect", 301, depth), [Lead(target, "redirect")]
    if file is None:
        return Page("client_error", 404, depth), []
    if file not in documents:
        return Page("not_html", 200, depth), []
    document = documents[file]
    base = resolve(document.base, url) if document.base is not None else None
    leads = []
    for reference in document.references:
        target = resolve(reference.written, base or url)
        if target is None:
            target = without_credentials(reference.written.strip(STRIPPED))
        if target.startswith(INERT):
            continue
        links[url, target, reference.kind] += 1
        leads.append(Lead(target, reference.kind, reference.nofollow))
    return Page("fetched", 200, depth), leads


def _refusal(url: str, hosts: set[str]) -> str | None:
    """Why a page is not requested, or None where it is."""
    try:
        parts = ada_url.URL(url)
    except ValueError:
        return "invalid"
    if parts.protocol not in ("http:", "https:"):
        return "unsupported_scheme"
    return None if parts.hostname in hosts else "off_scope"

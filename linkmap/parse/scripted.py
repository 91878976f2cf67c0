"""Pages whose links are written by script, which linkmap does not run: what gives them away, and the rule.

Such a page is a frame for an app to appear in. It has at least one script, at most MOST_LINKS links and at most
MOST_TEXT characters of text; and one of three things besides, because a short page written by hand is all of that
too: an element as frameworks start in, next to empty; a noscript, and text that speaks of JavaScript; or MANY_SCRIPTS,
and no form, since a page to log in has many scripts and nothing to follow as well.

Text is counted without white space, and the text of a noscript and of the head with it, because there the two
readers build different trees of the same page.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import NamedTuple, TypeVar

from linkmap.model import LinkKind

MOST_LINKS = 2
"""A frame may hold a link to the terms of use, or to a page without script."""
MOST_TEXT = 300
"""About 50 words: a request to turn JavaScript on, in two languages. A page of the server's has more to say."""
_MOST_ROOT_TEXT = 40
"""`Loading, please wait ...`"""
_MOST_ROOTS = 3
"""Elements looked into; a page of thousands in one another would take their square."""
MANY_SCRIPTS = 10
"""A page of the server's with hardly a word rarely has more than analytics and one library."""

UNREAD = frozenset({"script", "style", "template", "title"})
"""Elements whose text is none of the page's."""

_TO_PAGES = frozenset({int(LinkKind.A), int(LinkKind.AREA)})
_PROGRAM = re.compile(r"\s*(?:|module|(?:text|application)/(?:x-)?(?:java|ecma)script)\s*(?:;.*)?", re.I | re.S)
_ROOT_ID = re.compile(
    r"_{0,3}(?:next|nuxt|gatsby|sapper|svelte)|(?:[a-z]{1,10}-)?(?:root|app)|app-(?:root|mount|container)", re.I
)
_ROOT_TAG = re.compile(r"[a-z]{1,20}-(?:root|app)|app-[a-z]{1,20}")


_Node = TypeVar("_Node")


class Outline(NamedTuple):
    """What a reader counts on a page that has hardly a link and little text."""

    scripts: int
    text: str
    """All text without its white space, at most MOST_TEXT characters."""
    root: str
    """The element for an app to appear in, "" where there is none that is next to empty."""
    has_noscript: bool
    has_form: bool


def has_hardly_links(kinds: Iterable[int]) -> bool:
    """Whether these kinds of all links on a page are worth an outline."""
    of_pages = (kind for kind in kinds if kind in _TO_PAGES)
    return next(islice(of_pages, MOST_LINKS, None), None) is None


def outline_of(
    text: str,
    elements: Iterable[tuple[_Node, str, Mapping[str, str | None]]],
    text_within: Callable[[_Node, int], str],
) -> Outline:
    """The outline of a page with this text and these elements: node, tag and attributes of each.

    `text_within` gives the text inside a node without white space; where it is longer than a number, some of it.
    """
    tags: Counter[str] = Counter()
    roots: list[tuple[str, _Node]] = []
    for node, tag, attributes in elements:
        if tag != "script" or _is_program(attributes):
            tags[tag] += 1
        if name := _root_name(tag, attributes):
            roots.append((name, node))
    empty = (name for name, node in roots[:_MOST_ROOTS] if len(text_within(node, _MOST_ROOT_TEXT)) <= _MOST_ROOT_TEXT)
    return Outline(tags["script"], text, next(empty, ""), tags["noscript"] > 0, tags["form"] + tags["frame"] > 0)


def _is_program(attributes: Mapping[str, str | None]) -> bool:
    """Whether a script element is run, and does not only hold data."""
    return _PROGRAM.fullmatch(attributes.get("type") or "") is not None


def _root_name(tag: str, attributes: Mapping[str, str | None]) -> str:
    """What to call an element in which apps appear: `#root`, `<app-root>`; "" for every other."""
    name = attributes.get("id") or ""
    if tag not in ("html", "body") and _ROOT_ID.fullmatch(name):
        return f"#{name}"
    return f"<{tag}>" if _ROOT_TAG.fullmatch(tag) else ""


def script_evidence(kinds: Iterable[int], outline: Outline | None) -> str | None:
    """The evidence that a page's links are written by script, in words; None where the rule does not say so."""
    if outline is None or not outline.scripts:
        return None
    asks = outline.has_noscript and "javascript" in outline.text.lower()
    many = outline.scripts >= MANY_SCRIPTS and not outline.has_form
    if not (outline.root or asks or many):
        return None
    parts = [_counted(outline.scripts, "script"), _counted(_links(kinds), "link")]
    parts.append(f"{_counted(len(outline.text), 'character')} of text")
    if outline.root:
        parts.append(f"empty {outline.root}")
    if asks:
        parts.append("noscript asks for JavaScript")
    return ", ".join(parts)


def _links(kinds: Iterable[int]) -> int:
    return sum(kind in _TO_PAGES for kind in kinds)


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"

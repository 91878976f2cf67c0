"""Markup that no reader can be kept busy with for hours: nested no deeper than a limit. Pure over text.

The tree builder of the HTML standard looks through all open elements at most tags, so time grows with depth times
tags: 10 MB of `<div>` would take lexbor hours. Browsers end nesting at 512. Here tags beyond the limit are taken out,
and what stands in them stays: no link is lost by that, only the region around it.
"""

import re
from collections import Counter

MAX_DEPTH = 1_000

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)[^>]*>?")
_START = re.compile(r"<([a-zA-Z][^\s/>]*)")
_CLOSED_BY_THEMSELVES = frozenset(
    [
        "a",
        "area",
        "base",
        "body",
        "br",
        "button",
        "caption",
        "col",
        "colgroup",
        "dd",
        "dt",
        "embed",
        "frame",
        "frameset",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "hr",
        "html",
        "iframe",
        "image",
        "img",
        "input",
        "keygen",
        "li",
        "link",
        "meta",
        "nobr",
        "noembed",
        "noframes",
        "noscript",
        "optgroup",
        "option",
        "p",
        "param",
        "plaintext",
        "rb",
        "rp",
        "rt",
        "rtc",
        "script",
        "select",
        "source",
        "style",
        "tbody",
        "td",
        "textarea",
        "tfoot",
        "th",
        "thead",
        "title",
        "tr",
        "track",
        "wbr",
        "xmp",
    ]
)
"""Elements that hold none of their own kind, or are not entered at all: they do not nest by themselves."""


_BLOCKS = frozenset(
    [
        "address",
        "applet",
        "article",
        "aside",
        "blockquote",
        "center",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hgroup",
        "listing",
        "main",
        "marquee",
        "menu",
        "nav",
        "object",
        "ol",
        "pre",
        "search",
        "section",
        "summary",
        "table",
        "template",
        "ul",
    ]
)
"""Elements that close all that stands in them, and that no other end tag closes (the standard's special ones)."""
_FORMATTING = frozenset(["b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u"])
"""Elements that close without closing what stands in them."""
_WALLS = frozenset(["applet", "marquee", "object", "table", "template"])
"""Elements that an end tag within them cannot close anything outside of."""


def shallow(text: str) -> str:
    """A text without the tags that nest deeper than 1,000; the text itself where there are none."""
    if not _may_be_deep(text):
        return text
    kept: list[str] = []
    place = 0
    is_open: list[str] = []
    too_deep: Counter[str] = Counter()
    for tag in _TAG.finditer(text):
        name = tag[2].lower()
        if name in _CLOSED_BY_THEMSELVES:
            continue
        if tag[1] and not too_deep[name]:
            _close(name, is_open)
        elif not tag[1] and len(is_open) < MAX_DEPTH:
            is_open.append(name)
        else:
            too_deep[name] += -1 if tag[1] else 1
            kept.append(text[place : tag.start()])
            place = tag.end()
    return "".join([*kept, text[place:]]) if kept else text


def _may_be_deep(text: str) -> bool:
    """Whether a text has start tags enough to nest deeper than the limit; few pages do, and to count is quick."""
    tags = text.count("<")
    if tags <= MAX_DEPTH or tags - text.count("</") <= MAX_DEPTH:
        return False
    return sum(name not in _CLOSED_BY_THEMSELVES for name in _START.findall(text)) > MAX_DEPTH


def _close(name: str, is_open: list[str]) -> None:
    """Do what an end tag does to the open elements, or less: depth may be taken for greater than it is."""
    if name not in is_open:
        return
    place = len(is_open) - 1 - is_open[::-1].index(name)
    if name in _FORMATTING:
        del is_open[place]
    elif _WALLS.isdisjoint(is_open[place + 1 :]) and (name in _BLOCKS or _BLOCKS.isdisjoint(is_open[place + 1 :])):
        del is_open[place:]

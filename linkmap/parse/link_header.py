"""The HTTP header `Link` (RFC 8288): links that an answer of any type can carry."""

import re
from collections.abc import Iterator

from linkmap import url as urls
from linkmap.model import Region
from linkmap.parse.links import Element, link_kind

_TARGET = re.compile(r"[ \t,]*+<([^>]*+)>[ \t]*+")
_PARAMETER = re.compile(
    r';[ \t]*+([^ \t=;,]*+)[ \t]*+(?:=[ \t]*+(?:"((?:[^"\\]++|\\.)*+)(?:"|\\?\Z)|([^;,]*+)))?[ \t]*+', re.DOTALL
)
"""A quoted value may lack its end, at the end of the header."""
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def header_links(value: str, url: str) -> Iterator[Element]:
    """The links of a header's value (RFC 8288, appendix B) on an answer from `url`, up to the first fault in it.

    A link whose `anchor` names another page as its source is none of this page's and is left out.
    """
    place = 0
    while target := _TARGET.match(value, place):
        place = target.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(value, place):
            name, quoted, plain = parameter.groups()
            text = _ESCAPED.sub(r"\1", quoted) if quoted is not None else (plain or "").strip()
            parameters.setdefault(name.lower(), text)
            place = parameter.end()
        if _is_of_this_page(parameters.get("anchor"), url):
            rel = parameters.get("rel", "")
            language = parameters.get("hreflang")
            yield Element(link_kind(rel, language or ""), target.group(1) or url, rel, Region.NONE, "", language)
        if value[place : place + 1] not in ("", ","):
            return


def _is_of_this_page(anchor: str | None, url: str) -> bool:
    if anchor is None:
        return True
    source = urls.resolve(anchor, url)
    return source is not None and urls.page_url(source)[0] == urls.page_url(url)[0]

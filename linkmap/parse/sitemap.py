"""What only sitemaps may be, beside XML: packed with gzip, or a plain text of one URL a line (sitemaps.org)."""

from linkmap import url as urls
from linkmap.coding import CodingError, Decoding
from linkmap.model import LinkKind, Region
from linkmap.parse.links import Element, Page
from linkmap.parse.xml import MAX_ENTRIES

MAX_BYTES = 50 * 1024 * 1024
"""Of one sitemap, unpacked (sitemaps.org: 52,428,800)."""

_GZIP = b"\x1f\x8b"
_PIECE = 64 * 1024
"""Bytes unpacked at a time: what lies behind a packed part is copied for the next one."""


def unpacked(body: bytes) -> tuple[bytes, bool, bool]:
    """A body free of gzip, whether it was longer than 50 MiB, and whether it ended too early or was at fault."""
    if not body.startswith(_GZIP):
        return body, False, False
    decoding, parts, room = Decoding("gzip"), [b""], MAX_BYTES
    try:
        for start in range(0, len(body), _PIECE):
            parts.append(decoding.decode(body[start : start + _PIECE], room))
            room -= len(parts[-1])
            if room <= 0:
                return b"".join(parts), True, False
    except CodingError:
        return b"".join(parts), False, True
    return b"".join(parts), False, decoding.is_broken_off


def read_text_sitemap(body: bytes) -> tuple[Page, bool] | None:
    """The links of a text with one absolute URL a line, and whether more were left out; None where there is none."""
    elements: list[Element] = []
    for line in body.decode("utf-8-sig", "replace").splitlines():
        written = line.strip()
        if not written.lower().startswith(("http://", "https://")) or urls.resolve(written) is None:
            continue
        if len(elements) >= MAX_ENTRIES:
            return Page(elements), True
        elements.append(Element(LinkKind.SITEMAP, written, "", Region.NONE, ""))
    return (Page(elements), False) if elements else None

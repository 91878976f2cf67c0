"""What only sitemaps may be, beside XML: packed with gzip, or a plain text of one URL a line (sitemaps.org)."""

import zlib

from linkmap import url as urls
from linkmap.model import LinkKind, Region
from linkmap.parse.links import Element, Page
from linkmap.parse.xml import MAX_ENTRIES

MAX_BYTES = 50 * 1024 * 1024
"""Of one sitemap, unpacked (sitemaps.org: 52,428,800)."""

_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31
_PIECE = 64 * 1024
_MOST_MEMBERS = 1_000
"""Packed parts in a row; honest files have one, and each costs time of its own."""


def unpacked(body: bytes) -> tuple[bytes, bool, bool]:
    """A body free of gzip, whether it was longer than 50 MiB, and whether it ended too early or was at fault."""
    if not body.startswith(_GZIP):
        return body, False, False
    parts: list[bytes] = []
    room, place, members = MAX_BYTES, 0, 0
    member = None
    while place < len(body):
        if member is None:
            if members >= _MOST_MEMBERS or not body.startswith(_GZIP, place):
                return b"".join(parts), False, members >= _MOST_MEMBERS
            member, members = zlib.decompressobj(_GZIP_WINDOW), members + 1
        piece = body[place : place + _PIECE]
        try:
            parts.append(member.decompress(piece, room))
        except zlib.error:
            return b"".join(parts), False, True
        room -= len(parts[-1])
        if room <= 0:
            return b"".join(parts), True, False
        place += len(piece) - len(member.unused_data)
        member = None if member.eof else member
    return b"".join(parts), False, member is not None


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

"""The encoding that a page itself declares, read off its bytes as the HTML standard has it (13.2.3.2, prescan).

The algorithm is the standard's, step by step, because a regular expression finds the declarations that stand in
comments, attributes and other elements (28 of html5lib's 82 cases came out wrong, 2026-11). It is linear.
"""

import re

import webencodings

_SPACE = b"\t\n\f\r "
_META = re.compile(rb"<meta[\t\n\f\r /]", re.IGNORECASE)
_TAG = re.compile(rb"</?[a-z][^\t\n\f\r >]*", re.IGNORECASE)
_OTHER = (b"<!", b"</", b"<?")
_XML_BYTES = 1024


class _EndOfBytesError(Exception):
    """The bytes end within a declaration, which then is none."""


def declared_encoding(head: bytes) -> webencodings.Encoding | None:
    """The encoding declared by a meta element or an XML declaration within these first bytes of a page."""
    if head.startswith(b"<\0?\0x\0"):
        return webencodings.lookup("utf-16le")
    if head.startswith(b"\0<\0?\0x"):
        return webencodings.lookup("utf-16be")
    try:
        found = _first_meta(head)
    except _EndOfBytesError:
        found = None
    return found or _from_xml(head)


def _first_meta(head: bytes) -> webencodings.Encoding | None:
    """The encoding of the first meta element that declares one."""
    place = head.find(b"<")
    while place >= 0:
        if head.startswith(b"<!--", place):
            place = _find(head, b"-->", place + 2) + 2
        elif _META.match(head, place):
            found, place = _meta(head, place + len("<meta"))
            if found is not None:
                return found
        elif tag := _TAG.match(head, place):
            place = tag.end()
            attribute: tuple[str, str] | None = ("", "")
            while attribute:
                attribute, place = _attribute(head, place)
        elif head.startswith(_OTHER, place):
            place = _find(head, b">", place)
        place = head.find(b"<", place + 1)
    return None


def _meta(head: bytes, place: int) -> tuple[webencodings.Encoding | None, int]:
    """The encoding that one meta element declares, and the place of its end."""
    attributes: dict[str, str] = {}
    attribute, place = _attribute(head, place)
    while attribute:
        attributes.setdefault(*attribute)
        attribute, place = _attribute(head, place)
    found = None
    if "charset" in attributes:
        found = webencodings.lookup(attributes["charset"])
    elif attributes.get("http-equiv") == "content-type":
        found = _from_content(attributes.get("content", ""))
    return _usable(found), place


def _attribute(head: bytes, place: int) -> tuple[tuple[str, str] | None, int]:
    """The attribute at a place, lower-case name and value, or None at the end of the tag; and the place after it."""
    place = _skip(head, _SPACE + b"/", place)
    if head[place] == ord(">"):
        return None, place
    start = place
    place = _until(head, _SPACE + b"/>=", place + 1)
    name = head[start:place].decode("latin-1").lower()
    place = _skip(head, _SPACE, place)
    if head[place] != ord("="):
        return (name, ""), place
    place = _skip(head, _SPACE, place + 1)
    quote = head[place : place + 1]
    if quote in (b'"', b"'"):
        start, end = place + 1, _find(head, quote, place + 1)
        place = end + 1
    else:
        start, end = place, _until(head, _SPACE + b">", place)
        place = end
    return (name, head[start:end].decode("latin-1").lower()), place


def _from_content(content: str) -> webencodings.Encoding | None:
    """The encoding in the content of `<meta http-equiv=content-type>`."""
    match = re.search(r"charset[\t\n\f\r ]*=[\t\n\f\r ]*(.*)", content, re.DOTALL)
    if match is None:
        return None
    value = match.group(1)
    if value[:1] in ('"', "'"):
        label, quote, _ = value[1:].partition(value[0])
        return webencodings.lookup(label) if quote else None
    return webencodings.lookup(re.split(r"[\t\n\f\r ;]", value, maxsplit=1)[0])


def _from_xml(head: bytes) -> webencodings.Encoding | None:
    """The encoding of `<?xml version="1.0" encoding="...">`, which pages served as HTML may begin with too."""
    if not head.startswith(b"<?xml"):
        return None
    from bs4.dammit import EncodingDetector  # 60 ms to import, and seldom wanted

    label = EncodingDetector.find_declared_encoding(head[:_XML_BYTES])
    return _usable(webencodings.lookup(label)) if label else None


def _usable(found: webencodings.Encoding | None) -> webencodings.Encoding | None:
    """What a declaration means: one that could be read byte by byte was not written in UTF-16."""
    if found is None:
        return None
    if found.name in ("utf-16le", "utf-16be"):
        return webencodings.UTF8
    return webencodings.lookup("windows-1252") if found.name == "x-user-defined" else found


def _find(head: bytes, wanted: bytes, place: int) -> int:
    found = head.find(wanted, place)
    if found < 0:
        raise _EndOfBytesError
    return found


def _skip(head: bytes, skipped: bytes, place: int) -> int:
    while place < len(head) and head[place] in skipped:
        place += 1
    if place == len(head):
        raise _EndOfBytesError
    return place


def _until(head: bytes, ends: bytes, place: int) -> int:
    while place < len(head) and head[place] not in ends:
        place += 1
    if place == len(head):
        raise _EndOfBytesError
    return place

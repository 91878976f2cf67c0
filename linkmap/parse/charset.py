"""How the bytes of a page become text: byte order mark, HTTP header, the page's own word, then a fallback.

The order is the HTML standard's (13.2.3.2), the labels are the Encoding standard's. The fallback is UTF-8
where the bytes are valid UTF-8, else windows-1252, as browsers do for pages that say nothing.
"""

import codecs
import re

import webencodings

from linkmap.model import CharsetSource
from linkmap.parse.prescan import declared_encoding

_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_BE, "utf-16be"), (codecs.BOM_UTF16_LE, "utf-16le"))
_PRESCAN_BYTES = 64 * 1024
"""The standard looks through 1,024 bytes and its tree builder takes up what comes later; no browser stops there."""
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([^\s;\"',]+)", re.IGNORECASE)
_DECLARES = re.compile(rb"charset|encoding|\0", re.IGNORECASE)
"""What a page that declares its encoding holds; the NUL is of one that is written in UTF-16."""


def decode(body: bytes, content_type: str | None) -> tuple[str, str]:
    """The text of a page and the name of its encoding. Never fails: what cannot be decoded becomes U+FFFD."""
    encoding, _, mark = _believed(body, content_type)
    text, _ = encoding.codec_info.decode(body[len(mark) :], "replace")
    return text, encoding.name


def charset_source(body: bytes, content_type: str | None) -> CharsetSource:
    """Who said how the bytes of a page are to be read."""
    return _believed(body, content_type)[1]


def _believed(body: bytes, content_type: str | None) -> tuple[webencodings.Encoding, CharsetSource, bytes]:
    """The encoding of a page, who said so, and the byte order mark that is no part of the text."""
    for mark, name in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return webencodings.lookup(name), CharsetSource.BYTE_ORDER_MARK, mark
    if encoding := _from_header(content_type):
        return encoding, CharsetSource.HEADER, b""
    if encoding := _from_page(body):
        return encoding, CharsetSource.PAGE, b""
    return _fallback(body), CharsetSource.GUESS, b""


def _from_header(content_type: str | None) -> webencodings.Encoding | None:
    match = _CHARSET.search(content_type or "")
    return webencodings.lookup(match.group(1)) if match else None


def declared(content_type: str | None) -> str | None:
    """The name of the encoding that a Content-Type header declares, None where it is none that is known."""
    encoding = _from_header(content_type)
    return encoding.name if encoding else None


def _from_page(body: bytes) -> webencodings.Encoding | None:
    """The encoding that the page declares near its beginning."""
    head = body[:_PRESCAN_BYTES]
    return declared_encoding(head) if _DECLARES.search(head) else None


def _fallback(body: bytes) -> webencodings.Encoding:
    """UTF-8 where the bytes are, or would be if their last character were not cut; else windows-1252."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(body)
    except UnicodeDecodeError:
        return webencodings.lookup("windows-1252")
    return webencodings.UTF8

"""How the bytes of a page become text: byte order mark, HTTP header, the page's own word, then a fallback.

The order is the HTML standard's (13.2.3.2), the labels are the Encoding standard's. The fallback is UTF-8
where the bytes are valid UTF-8, else windows-1252, as browsers do for pages that say nothing.
"""

import codecs
import re

import webencodings

from linkmap.parse.prescan import declared_encoding

_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_BE, "utf-16be"), (codecs.BOM_UTF16_LE, "utf-16le"))
_PRESCAN_BYTES = 64 * 1024
"""The standard looks through 1,024 bytes and its tree builder takes up what comes later; no browser stops there."""
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([^\s;\"',]+)", re.IGNORECASE)
_DECLARES = re.compile(rb"charset|encoding|\0", re.IGNORECASE)
"""What a page that declares its encoding holds; the NUL is of one that is written in UTF-16."""


def decode(body: bytes, content_type: str | None) -> tuple[str, str]:
    """The text of a page and the name of its encoding. Never fails: what cannot be decoded becomes U+FFFD."""
    for mark, name in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), name
    encoding = _from_header(content_type) or _from_page(body) or _fallback(body)
    text, _ = encoding.codec_info.decode(body, "replace")
    return text, encoding.name


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

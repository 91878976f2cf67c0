"""How the bytes of a page become text: byte order mark, HTTP header, the page's own word, then a fallback.

The order is the HTML standard's (13.2.3.2), the labels are the Encoding standard's. The fallback is UTF-8
where the bytes are valid UTF-8, else windows-1252, as browsers do for pages that say nothing.
"""

import codecs
import re

import webencodings
from bs4.dammit import EncodingDetector

_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF16_LE, "utf-16-le"))
_PRESCAN_BYTES = 1024
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([^\s;\"',]+)", re.IGNORECASE)


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


def _from_page(body: bytes) -> webencodings.Encoding | None:
    """The encoding that a meta element within the first 1,024 bytes declares."""
    declared = EncodingDetector.find_declared_encoding(body[:_PRESCAN_BYTES], is_html=True)
    encoding = webencodings.lookup(declared) if declared else None
    if encoding is not None and encoding.name.startswith("utf-16"):
        return webencodings.UTF8
    return encoding


def _fallback(body: bytes) -> webencodings.Encoding:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(body) - 3:
            return webencodings.lookup("windows-1252")
    return webencodings.UTF8

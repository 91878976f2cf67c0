"""What a body is, told by its first bytes, where the answer names no type (WHATWG MIME Sniffing, 7.1). Pure.

Of that algorithm only what may hold links is kept: HTML and XML. Every other body is of no interest.
"""

import re

SNIFFED_BYTES = 1_445
"""How much of a body is looked at: the standard's resource header."""

_TYPE = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+/[!#$%&'*+.^_`|~0-9a-z-]+")
_UNKNOWN_TYPES = frozenset({"unknown/unknown", "application/unknown", "*/*"})
_HTML = re.compile(
    rb"[\t\n\x0c\r ]*<(?:!--|"
    rb"(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)[ >])",
    re.IGNORECASE,
)
_XML = re.compile(rb"[\t\n\x0c\r ]*<\?xml")


def names_no_type(content_type: str | None) -> bool:
    """Whether an answer leaves open what it is: without a Content-Type, or with one that says nothing."""
    return content_type is None or content_type in _UNKNOWN_TYPES or not _TYPE.fullmatch(content_type)


def sniffed_type(beginning: bytes) -> str | None:
    """text/html or text/xml where a body begins so, else None."""
    if _HTML.match(beginning, 0, SNIFFED_BYTES):
        return "text/html"
    return "text/xml" if _XML.match(beginning, 0, SNIFFED_BYTES) else None

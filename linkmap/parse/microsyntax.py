"""The small languages inside attribute values: srcset and the meta element's refresh, by the HTML standard's steps."""

import re
from collections.abc import Iterator

_SPACE = r"\t\n\f\r "
_CANDIDATE = re.compile(rf"[{_SPACE},]*+([^{_SPACE}]+)")
_DESCRIPTORS = re.compile(r"(?:[^,(]++|\([^)]*+\)?+)*+")
"""Up to the first comma outside parentheses."""
_WIDTH_OR_HEIGHT = re.compile(r"[0-9]+[wh]", re.ASCII)
_DENSITY = re.compile(r"(-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)x")
_REFRESH = re.compile(
    rf"[{_SPACE}]*+(?:[0-9]++|(?=\.))[0-9.]*+(?:\Z|[{_SPACE}]*+(?:[;,]|(?<=[{_SPACE}]))[{_SPACE}]*+(.*))", re.DOTALL
)
_URL_EQUALS = re.compile(rf"url[{_SPACE}]*=[{_SPACE}]*", re.IGNORECASE | re.ASCII)


def srcset_urls(value: str) -> Iterator[str]:
    """The image URLs of a srcset attribute (HTML standard, 4.8.4.3.10); those with faulty descriptors are none."""
    place = 0
    while match := _CANDIDATE.match(value, place):
        url, place = match.group(1), match.end()
        if url.endswith(","):
            yield url.rstrip(",")
            continue
        described = _DESCRIPTORS.match(value, place)
        assert described is not None
        place = described.end() + 1
        if _are_descriptors(described.group()):
            yield url


def _are_descriptors(text: str) -> bool:
    """Whether an image candidate's descriptors are none, one density, or a width with or without a height."""
    units = ""
    for word in re.findall(rf"[^{_SPACE}]+", text):
        if _WIDTH_OR_HEIGHT.fullmatch(word):
            if not word[:-1].strip("0"):
                return False
        elif not (density := _DENSITY.fullmatch(word)) or float(density.group(1)) < 0:
            return False
        units += word[-1]
    return units in ("", "x", "w", "wh", "hw")


def refresh_target(content: str) -> str | None:
    """The URL that a refresh names, "" for the page itself, None where it is no refresh (HTML standard, 4.2.5.3)."""
    match = _REFRESH.match(content)
    if match is None:
        return None
    rest = match.group(1) or ""
    if rest[:1] in ("u", "U"):
        equals = _URL_EQUALS.match(rest)
        if equals is None:
            return rest
        rest = rest[equals.end() :]
    quote = rest[:1]
    return rest[1:].partition(quote)[0] if quote in ("'", '"') else rest

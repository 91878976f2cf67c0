"""Seeds as people write them: full URLs, bare names, files with comments."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from linkmap import url as urls
from linkmap.model import Outcome

GIVEN, GUESSED_HTTPS, GUESSED_HTTP = 0, 1, 2

TRY_HTTP = frozenset({Outcome.CONNECT_ERROR, Outcome.TLS_ERROR, Outcome.TIMEOUT, Outcome.PROTOCOL_ERROR})
"""What a request to a guessed https ends in where http is then tried."""

_HOST_NAME = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")
_SEVERAL = re.compile(r"\shttps?://", re.IGNORECASE)


class Seed(NamedTuple):
    """A page to start from."""

    url: str
    written: str
    """As it was written; the URL itself where that held a user and password, which are never stored."""
    guess: int = GIVEN


class BadSeed(NamedTuple):
    """What could not be read as a seed, and why."""

    written: str
    reason: str


def parse_seed(written: str) -> Seed | BadSeed:
    """The page that a person means. A bare name such as `example.org/about` is tried with https first."""
    text = written.strip()
    if "://" in text or _names_scheme(text):
        guess, resolved = GIVEN, urls.resolve(text)
    else:
        guess, resolved = GUESSED_HTTPS, urls.resolve(f"https://{text}")
    if resolved is None:
        return BadSeed(written, "is not a URL")
    page, credentials = urls.page_url(resolved)
    origin = urls.origin(page)
    if origin is None:
        return BadSeed(written, "is not an http or https URL")
    if guess and not _HOST_NAME.fullmatch(origin.host):
        return BadSeed(written, f"is not a URL, and {origin.host} is no host name")
    if _SEVERAL.search(text) or (guess and any(character.isspace() for character in text)):
        return BadSeed(written, "holds white space: write one seed on a line")
    return Seed(page, page if credentials else text, guess)


def _names_scheme(text: str) -> bool:
    """Whether the word before a colon is a scheme such as mailto, not a host with a port."""
    scheme, colon, rest = text.partition(":")
    return bool(colon) and scheme.isalpha() and not rest[:1].isdigit()


def over_http(seed_url: str) -> str:
    """The http URL to try where the https one of a bare name does not answer."""
    return "http://" + seed_url.removeprefix("https://")


def parse_seed_lines(lines: Iterable[str]) -> Iterator[tuple[int, Seed | BadSeed]]:
    """Line number and seed for each line that holds one; blank lines and `#` comments are passed over."""
    for number, line in enumerate(lines, 1):
        text = line.lstrip("\ufeff").strip()
        if text.startswith("#"):
            continue
        text = text.partition(" #")[0].strip()
        if text:
            yield number, parse_seed(text)

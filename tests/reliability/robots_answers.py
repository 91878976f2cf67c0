"""What a server may answer to /robots.txt, and what becomes of the page behind it: a row an answer, with its reason."""

from reliability.zoo import HTML, RESET, Behaviour, Says, answer, drip, moved

PLAIN = b"text/plain"
FORBIDS = answer(b"User-agent: *\nDisallow: /\n", content_type=PLAIN)
FORBIDDEN, ALLOWED, UNREACHABLE = "robots_denied", "fetched", "robots_unreachable"


def status(line: bytes) -> tuple[bytes, ...]:
    """An answer with a status, and rules that would forbid all if they counted."""
    return (answer(b"User-agent: *\nDisallow: /\n", b"Retry-After: 0", status=line),)


def hops(number: int) -> dict[str, Says]:
    """Redirects from robots.txt, then rules that forbid all."""
    chain: dict[str, Says] = {f"/r{n}": (moved(b"/r%d" % (n + 1)),) for n in range(1, number)}
    return chain | {"/robots.txt": (moved(b"/r1"),), f"/r{number}": (FORBIDS,)}


def large(rules: bytes, filler: int) -> tuple[bytes, ...]:
    """Rules behind so many bytes of comment."""
    return (answer(b"User-agent: *\n" + b"# filler\n" * (filler // 9) + rules, content_type=PLAIN),)


LF_RULES = "User-agent: *\nDisallow: /\n"
_STATES: dict[str, tuple[Says | dict[str, Says], str, str]] = {
    "200": ((FORBIDS,), FORBIDDEN, "rules"),
    "200-html": ((answer(b"<html><p>Not found"),), ALLOWED, "a page in its place holds no rules"),
    "200-empty": ((answer(b""),), ALLOWED, "no rules"),
    "206": (status(b"206 Partial"), FORBIDDEN, "any 2xx"),
    "204": ((answer(b"", status=b"204 No Content"),), ALLOWED, "an empty file"),
    **{f"hops-{n}": (hops(n), FORBIDDEN, "at least five redirects are followed (2.3.1.2)") for n in range(1, 6)},
    "hops-6": (hops(6), ALLOWED, "more may be taken for a file that there is not"),
    "hop-loop": ((moved(b"/robots.txt"),), ALLOWED, "the same"),
    "hop-nowhere": ((moved(b"http://[::"),), ALLOWED, "a redirect that cannot be followed"),
    "hop-data": ((moved(b"data:,x"),), UNREACHABLE, "an answer that makes no sense"),
    "hop-to-503": ({"/robots.txt": (moved(b"/r"),), "/r": status(b"503 No")}, UNREACHABLE, "what it leads to counts"),
    "hop-to-404": ({"/robots.txt": (moved(b"/r"),), "/r": status(b"404 No")}, ALLOWED, "what it leads to counts"),
    "400": (status(b"400 Bad"), ALLOWED, "4xx: there is none (2.3.1.3)"),
    "401": (status(b"401 No"), ALLOWED, "the same"),
    "403": (status(b"403 No"), ALLOWED, "the same"),
    "404": (status(b"404 No"), ALLOWED, "the same"),
    "410": (status(b"410 Gone"), ALLOWED, "the same"),
    "451": (status(b"451 No"), ALLOWED, "the same"),
    "429": (status(b"429 Slow"), UNREACHABLE, "no leave to ask for more: docs/decisions/0004"),
    "500": (status(b"500 No"), UNREACHABLE, "5xx: assume that all is forbidden (2.3.1.4)"),
    "502": (status(b"502 No"), UNREACHABLE, "the same"),
    "503": (status(b"503 No"), UNREACHABLE, "the same"),
    "599": (status(b"599 No"), UNREACHABLE, "the same"),
    "304": (status(b"304 Same"), UNREACHABLE, "an answer without rules"),
    "silence": ((30.0,), UNREACHABLE, "a network error"),
    "drip": (drip(HTML, b"\r\n"), UNREACHABLE, "not all of it in time"),
    "no-http": ((b"hello",), UNREACHABLE, "not understood"),
    "closed": ((), "connect_error", "a network error: no page of it can be had"),
    "reset": ((RESET,), "connect_error", "the same"),
    "1.4-mb": (large(b"", 1_400_000), ALLOWED, "nothing but comment"),
    "late-rule": (large(b"Disallow: /\n", 500_000), FORBIDDEN, "a rule within 500 KiB (2.5)"),
    "too-late": (large(b"Disallow: /\n", 1_400_000), ALLOWED, "a rule beyond them is not read"),
    "bom": ((answer(b"\xef\xbb\xbf" + LF_RULES.encode(), content_type=PLAIN),), FORBIDDEN, "UTF-8 with a mark"),
    "utf-16": ((answer(LF_RULES.encode("utf-16"), content_type=PLAIN),), ALLOWED, "rules are UTF-8 (2.2): none here"),
    "cr": ((answer(LF_RULES.replace("\n", "\r").encode(), content_type=PLAIN),), FORBIDDEN, "lines end with CR too"),
    "nul": ((answer(b"\0\n" + LF_RULES.encode(), content_type=PLAIN),), FORBIDDEN, "a NUL on a line of its own"),
}

ROBOTS = {
    f"r-{name}": Behaviour(
        {"/": (answer(b"home"),), **(says if isinstance(says, dict) else {"/robots.txt": says})}, outcome, why
    )
    for name, (says, outcome, why) in _STATES.items()
}
"""One server for each answer."""

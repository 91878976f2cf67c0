"""RFC 9309, 2.3.1: what each answer to /robots.txt means for the pages behind it, by a crawl and the server's log."""

from pathlib import Path

from conftest import Answer, Site
from maps import check_accounting, linkmap, outcomes
from rawserver import RESET

from reliability.zoo import HTML, Behaviour, Says, Zoo, answer, drip, moved

FAST = ("--delay", "0", "--allow-private", "--timeout", "1")
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
STATES: dict[str, tuple[Says | dict[str, Says], str, str]] = {
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


def test_each_answer_to_robots_txt_decides_as_the_standard_says(tmp_path: Path) -> None:
    behaviours = {}
    for name, (says, outcome, reason) in STATES.items():
        paths = says if isinstance(says, dict) else {"/robots.txt": says}
        behaviours[f"r-{name}"] = Behaviour({"/": (answer(b"home"),), **paths}, outcome, reason)
    with Zoo(behaviours) as zoo:
        done = linkmap("crawl", *map(zoo.url, behaviours), *FAST, *zoo.options(), cwd=tmp_path)
    assert "Traceback" not in done.stderr
    check_accounting(tmp_path / "map.db")
    found = outcomes(tmp_path / "map.db")
    assert {name: found[zoo.url(name)] for name in behaviours} == {
        name: each.outcome for name, each in behaviours.items()
    }
    asked = {name for name in behaviours if zoo.requests[name, "/"]}
    assert asked == {name for name, each in behaviours.items() if each.outcome == ALLOWED}


def test_no_page_is_asked_for_while_robots_txt_is_unreachable_or_still_to_come(site: Site, tmp_path: Path) -> None:
    pages = "".join(f'<a href="/{number}">x</a>' for number in range(50))
    site.pages = {"/": pages, "/robots.txt": Answer("", 503, {"Retry-After": "0"}, delay_s=0.3)}
    seeds = [site(f"/{number}") for number in range(50)]
    linkmap("crawl", *seeds, *FAST, "--per-host", "20", cwd=tmp_path)
    assert {hit.path for hit in site.log} == {"/robots.txt"}
    assert set(outcomes(tmp_path / "map.db").values()) == {UNREACHABLE}

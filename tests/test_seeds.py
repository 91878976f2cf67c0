"""Seeds as people write them."""

from pathlib import Path

import pytest
from conftest import Answer, Site
from hypothesis import given
from hypothesis import strategies as st
from maps import linkmap

from linkmap.seeds import GIVEN, GUESSED_HTTPS, BadSeed, Seed, over_http, parse_seed, parse_seed_lines
from linkmap.url import origin, page_url, resolve


@pytest.mark.parametrize(
    ("written", "url", "guess", "reason"),
    [
        ("https://example.org/a?b", "https://example.org/a?b", GIVEN, "a full URL"),
        ("  HTTP://Example.org:80  ", "http://example.org/", GIVEN, "in its one spelling"),
        ("https://example.org/#top", "https://example.org/", GIVEN, "a fragment names no page"),
        ("example.org", "https://example.org/", GUESSED_HTTPS, "a bare name"),
        ("example.org/about", "https://example.org/about", GUESSED_HTTPS, "with a path"),
        ("//example.org/about", "https://example.org/about", GUESSED_HTTPS, "without a scheme"),
        ("example.org:8080", "https://example.org:8080/", GUESSED_HTTPS, "with a port"),
        ("localhost:8000/x", "https://localhost:8000/x", GUESSED_HTTPS, "a name without a dot, with a port"),
        ("127.0.0.1", "https://127.0.0.1/", GUESSED_HTTPS, "an address"),
        ("[::1]:8080/x", "https://[::1]:8080/x", GUESSED_HTTPS, "an IPv6 address"),
        ("bücher.example", "https://xn--bcher-kva.example/", GUESSED_HTTPS, "an international name"),
        ("http:example.org", "http://example.org/", GIVEN, "as browsers read it"),
        ("https://example.org/a b", "https://example.org/a%20b", GIVEN, "a blank in a full URL"),
    ],
)
def test_what_a_seed_means(written: str, url: str, guess: int, reason: str) -> None:
    assert parse_seed(written) == Seed(url, written.strip(), guess), reason


@pytest.mark.parametrize(
    ("written", "reason", "why"),
    [
        ("http://", "is not a URL", "no host"),
        ("http://[bad/", "is not a URL", "no address"),
        ("https://exa mple.org/", "is not a URL", "a blank in a host"),
        ("", "is not a URL", "nothing"),
        ("mailto:a@example.org", "is not an http or https URL", "mail"),
        ("ftp://example.org/", "is not an http or https URL", "another protocol"),
        ("file:///etc/passwd", "is not an http or https URL", "a file"),
        ("javascript:go()", "is not an http or https URL", "a script"),
        ("example.org/a b", "white space", "two words in a bare name"),
        ("https://a.test/ https://b.test/", "white space", "two seeds on a line"),
        ("https://a.test/\thttp://b.test/", "white space", "with a tab between"),
    ],
)
def test_what_is_no_seed(written: str, reason: str, why: str) -> None:
    found = parse_seed(written)
    assert isinstance(found, BadSeed), why
    assert reason in found.reason
    assert found.written == written


@pytest.mark.parametrize("written", ["https://user:secret@example.org/x", "user@example.org/x"])
def test_user_and_password_of_a_seed_are_not_kept(written: str) -> None:
    found = parse_seed(written)
    assert isinstance(found, Seed)
    assert found.url == "https://example.org/x"
    assert found.written == "https://example.org/x", "what was written would be stored"


def test_the_name_of_a_guess_is_tried_over_http_next() -> None:
    assert over_http("https://example.org:8080/https://x") == "http://example.org:8080/https://x"


def test_lines_are_numbered_and_comments_and_blanks_passed_over() -> None:
    lines = [
        "\ufeffhttps://a.test/  # the first\n",
        "\n",
        "# a comment\n",
        "   # another\n",
        "b.test\r\n",
        "https://c.test/#anchor\n",
        "ftp://d.test/\n",
        "https://e.test/",
    ]
    assert list(parse_seed_lines(lines)) == [
        (1, Seed("https://a.test/", "https://a.test/", GIVEN)),
        (5, Seed("https://b.test/", "b.test", GUESSED_HTTPS)),
        (6, Seed("https://c.test/", "https://c.test/#anchor", GIVEN)),
        (7, BadSeed("ftp://d.test/", "is not an http or https URL")),
        (8, Seed("https://e.test/", "https://e.test/", GIVEN)),
    ]


@given(st.text())
def test_any_line_is_a_page_to_crawl_or_says_why_not(line: str) -> None:
    found = parse_seed(line)
    if isinstance(found, BadSeed):
        assert found.reason.startswith(("is ", "holds "))
        return
    assert origin(found.url) is not None
    assert resolve(found.url) == found.url
    assert page_url(found.url) == (found.url, False)


def test_a_crawl_that_reaches_no_seed_says_why_of_the_first_and_where_all_reasons_stand(
    site: Site, tmp_path: Path
) -> None:
    site.pages = {"/robots.txt": Answer("User-agent: *\nDisallow: /no", headers={"Content-Type": "text/plain"})}
    seeds = (site("/gone"), site("/no"), *(site(f"/{number}") for number in range(5)))
    done = linkmap("crawl", *seeds, "--allow-private", "--delay", "0", cwd=tmp_path)
    assert done.returncode == 1
    said = [
        "Not one page could be fetched:",
        f"  {site('/gone')}: client_error, status 404",
        f"  {site('/no')}: robots_denied, robots.txt",
        *(f"  {site(f'/{number}')}: client_error, status 404" for number in range(3)),
        "  ... and 2 more seeds",
    ]
    assert done.stdout.splitlines()[-9:] == [
        *said,
        "What became of all pages, and why: linkmap query outcome_reasons",
        "To try again, remove map.db or name another map with --db.",
    ]
    again = linkmap("crawl", "--resume", cwd=tmp_path)
    assert again.stdout.splitlines()[-9:-2] == said, "as it is in the map"
    in_memory = linkmap("crawl", *seeds, "--allow-private", "--delay", "0", "--db", ":memory:", cwd=tmp_path)
    assert in_memory.stdout.splitlines()[-7:] == said


def test_a_guessed_seed_that_is_not_there_tells_of_https_and_http(tmp_path: Path) -> None:
    done = linkmap("crawl", "127.0.0.1:9", "--allow-private", "--delay", "0", cwd=tmp_path)
    assert done.returncode == 1
    for scheme in ("https", "http"):
        assert f"\n  {scheme}://127.0.0.1:9/: connect_error, " in done.stdout

"""robots.txt: Google's expectations, the product token, Crawl-delay, and what an answer means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standards import standard_json

from linkmap.model import Outcome, Visit
from linkmap.robots import MAX_DELAY_S, RobotsState, parse_robots, product_token, state_of
from linkmap.url import page_url, resolve

KNOWN_DIFFERENCES = {
    ("GoogleOnly_AcceptUserAgentUpToFirstSpace", "Foo Bar", "http://foo.bar/x/y"): (
        "the agent is a User-Agent header to linkmap, whose product token is Foo"
    ),
    ("ID_Encoding", "FooBot", "http://foo.bar/foo/bar/ツ"): (
        "a URL that is not percent-encoded; linkmap holds serialised URLs alone (2 rows)"
    ),
    ("ID_Encoding", "FooBot", "http://foo.bar/foo/bar/baz"): (
        "%62%61%7A equals baz by RFC 9309, 2.2.2; Google compares the letters"
    ),
}


def test_google_expectations_hold_but_for_the_known_differences() -> None:
    rows = standard_json("robots/google.json")
    different = [
        (row["test"], row["agent"], row["url"])
        for row in rows
        if parse_robots(row["robots"], row["agent"]).allows(row["url"]) is not row["allowed"]
    ]
    assert len(rows) == 142
    assert set(different) == set(KNOWN_DIFFERENCES)
    assert len(different) == 4, "Protego alone differs in 12"


@pytest.mark.parametrize(
    ("user_agent", "token", "reason"),
    [
        ("linkmap/0.1 (+https://a.test/)", "linkmap", "up to the version"),
        ("linkmap", "linkmap", "the bare name"),
        ("My-Crawler_x/2", "My-Crawler_x", "letters, - and _ only"),
        ("Foo Bar", "Foo", "up to a space"),
        ("Bot2000", "Bot", "digits belong to no token"),
        (" linkmap/1", "linkmap", "leading blanks"),
        ("", "*", "no name: the rules for everybody"),
        ("2000bot", "*", "none that a robots.txt could write"),
    ],
)
def test_the_product_token_of_a_user_agent(user_agent: str, token: str, reason: str) -> None:
    assert product_token(user_agent) == token, reason


@pytest.mark.parametrize(
    ("text", "path", "allowed", "reason"),
    [
        ("", "/", True, "an empty file allows all"),
        ("User-agent: *\nDisallow: /", "/x", False, "everybody"),
        ("User-agent: *\nDisallow:", "/x", True, "an empty rule forbids nothing"),
        ("User-agent: other\nDisallow: /", "/x", True, "another crawler's rules"),
        ("User-agent: LINKMAP\nDisallow: /", "/x", False, "names are compared without case"),
        ("User-agent: linkmap/0.1\nDisallow: /", "/x", False, "a version after the name"),
        ("User-agent: linkmap # us\nDisallow: /", "/x", False, "a comment after the name"),
        ("User-agent: link\nDisallow: /", "/x", True, "the start of a name is another name"),
        ("User-agent: linkmapper\nDisallow: /", "/x", True, "and so is a longer one"),
        ("User-agent: super-linkmap\nDisallow: /", "/x", True, "and one that ends alike"),
        ("User-agent: *\nDisallow: /\nUser-agent: linkmap\nAllow: /", "/x", True, "our own group goes first"),
        ("User-agent: linkmap\nUser-agent: other\nDisallow: /x", "/x", False, "two names, one group"),
        ("User-agent: linkmap\nX-Unknown: y\nUser-agent: a\nDisallow: /", "/x", False, "unknown lines end no group"),
        ("User-agent: linkmap\nDisallow: /a\nUser-agent: linkmap\nDisallow: /b", "/b", False, "groups are merged"),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True, "the longest rule wins"),
        ("User-agent: *\nAllow: /a\nDisallow: /a", "/a", True, "of equals the one that allows"),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", False, "* and $"),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf?a", True, "$ is the end, the query included"),
        ("User-agent: *\nDisallow: /caf%C3%A9", "/caf%C3%A9/x", False, "percent-encoding, encoded"),
        ("User-agent: *\nDisallow: /café", "/caf%C3%A9/x", False, "or not"),
        ("\ufeffUser-agent: *\nDisallow: /", "/x", False, "a byte order mark before the first line"),
        ("User-agent: *\r\nDisallow: /a\rDisallow: /b", "/b", False, "any line end"),
        ("useragent: *\ndisalow: /", "/x", False, "frequent misspellings"),
        ("User-agent *\nDisallow /", "/x", False, "a missing colon"),
        ("User-agent: *\nDisallow: /", "/robots.txt", True, "robots.txt itself may always be read"),
        ("<html><body>Not found</body></html>", "/", True, "a page in its place forbids nothing"),
        ("Disallow: /", "/x", True, "a rule for nobody"),
    ],
)
def test_what_a_text_allows(text: str, path: str, allowed: bool, reason: str) -> None:
    assert parse_robots(text, "linkmap/0.1").allows("https://a.test" + path) is allowed, reason


@pytest.mark.parametrize(
    ("line", "delay_s", "reason"),
    [
        ("Crawl-delay: 5", 5.0, "seconds"),
        ("crawl-delay: 0.5", 0.5, "fractions too"),
        ("Crawl-delay: 0", 0.0, "none asked for"),
        ("Crawl-delay: 9999999", MAX_DELAY_S, "capped at one day"),
        ("Crawl-delay: 1e400", None, "no number at all"),
        ("Crawl-delay: nan", None, "nor this"),
        ("Crawl-delay: -1", None, "nor a negative one"),
        ("Crawl-delay: soon", None, "nor a word"),
        ("Disallow: /x", None, "no such line"),
    ],
)
def test_crawl_delay(line: str, delay_s: float | None, reason: str) -> None:
    assert parse_robots(f"User-agent: *\n{line}\n", "linkmap/0.1").delay_s == delay_s, reason


def test_the_crawl_delay_of_another_crawler_is_not_ours() -> None:
    text = "User-agent: other\nCrawl-delay: 50\n\nUser-agent: *\nCrawl-delay: 2\n"
    assert parse_robots(text, "linkmap/0.1").delay_s == 2.0
    assert parse_robots(text, "other/9").delay_s == 50.0


@pytest.mark.parametrize(
    ("outcome", "status", "state", "reason"),
    [
        (Outcome.FETCHED, 200, "rules", "whatever type it is served as"),
        (Outcome.NOT_HTML, 200, "rules", "text/plain"),
        (Outcome.NOT_HTML, 204, "rules", "an empty file"),
        (Outcome.CLIENT_ERROR, 404, "allow", "no robots.txt: RFC 9309, 2.3.1.3"),
        (Outcome.CLIENT_ERROR, 410, "allow", "any other 4xx"),
        (Outcome.BLOCKED, 401, "allow", "also where access is denied"),
        (Outcome.BLOCKED, 403, "allow", "the same"),
        (Outcome.BLOCKED, 429, "unreachable", "no leave to make more requests"),
        (Outcome.SERVER_ERROR, 500, "unreachable", "2.3.1.4: assume that all is forbidden"),
        (Outcome.SERVER_ERROR, 503, "unreachable", "the same"),
        (Outcome.TIMEOUT, None, "unreachable", "a network error"),
        (Outcome.DNS_ERROR, None, "unreachable", "a network error"),
        (Outcome.CONNECT_ERROR, None, "unreachable", "a network error"),
        (Outcome.TLS_ERROR, None, "unreachable", "a network error"),
        (Outcome.PROTOCOL_ERROR, None, "unreachable", "no answer that makes sense"),
        (Outcome.PROTOCOL_ERROR, 304, "unreachable", "an answer without rules"),
        (Outcome.PRIVATE_ADDRESS, None, "unreachable", "it was not asked for"),
        (Outcome.INTERNAL_ERROR, 200, "unreachable", "a fault of our own gives no leave"),
    ],
)
def test_what_an_answer_says_of_an_origin(outcome: Outcome, status: int | None, state: str, reason: str) -> None:
    assert state_of(Visit(outcome, 0.0, status=status)) is RobotsState(state), reason


LINES = st.one_of(
    st.text(max_size=30),
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["User-agent", "Disallow", "Allow", "Crawl-delay", "Sitemap", "user agent", "X", " DISALOW"]),
        st.sampled_from([":", ": ", " ", " : ", "", ":\t"]),
        st.one_of(st.text(max_size=20), st.text(alphabet="/*$%a?#.", max_size=20)),
    ),
)


@given(st.lists(LINES, max_size=12).map("\n".join), st.text(max_size=20), st.text(max_size=20))
def test_no_text_and_no_name_makes_the_reader_fail(text: str, user_agent: str, reference: str) -> None:
    page = page_url(resolve(reference, "https://a.test/") or "https://a.test/")[0]
    robots = parse_robots(text, user_agent)
    assert robots.allows(page) in (True, False)
    assert robots.delay_s is None or 0 <= robots.delay_s <= MAX_DELAY_S


def test_a_pattern_of_many_wildcards_is_matched_at_once() -> None:
    text = "User-agent: *\nDisallow: /" + "*a" * 1_000 + "*b$"
    assert parse_robots(text, "linkmap").allows("https://a.test/" + "a" * 100_000), "a backtracking match never ends"

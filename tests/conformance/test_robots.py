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
    assert len(different) == 2


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
        ("User-agent: *\nDisallow: x", "/x", True, "a rule that is no path"),
        ("User-agent: *\nDisallow: https://a.test/x", "/x", True, "nor is a whole URL"),
        ("User-agent: *\nDisallow / x", "/x", True, "a missing colon before two words"),
        ("Allow things\nUser-agent: *\nDisallow: /", "/x", False, "a line of prose"),
        ("User-agent: *bot\nDisallow: /", "/x", True, "* is a name of its own"),
        ("User-agent:\nDisallow: /", "/x", True, "a line that names nobody"),
        ("User-agent: *\nDisallow: /\nUser-agent: linkmap", "/x", True, "a group of our own without rules"),
        ("User-agent: *\nDisallow: /x\u2028Allow: /", "/x", True, "no line end but CR and LF"),
        ("User-agent: *\nDisallow: /a$b", "/a$bc", False, "$ within a rule means itself"),
        ("User-agent: *\nDisallow: /a$", "/a$", True, "and at its end never"),
        ("User-agent: *\nDisallow: /a%24", "/a$", False, "but where it is encoded"),
        ("User-agent: *\nDisallow: /a%2A", "/a*b", False, "and so is *"),
        ("User-agent: *\nDisallow: /a%2A", "/ab", True, "which then stands for nothing else"),
        ("User-agent: *\nDisallow: /%7Eann", "/~ann/", False, "unreserved characters are the same encoded"),
        ("User-agent: *\nDisallow: /~ann", "/%7eann/", False, "either way"),
        ("User-agent: *\nDisallow: /a%2fb", "/a%2Fb", False, "capitals or not"),
        ("User-agent: *\nDisallow: /a%2Fb", "/a/b", True, "reserved characters are others when encoded"),
        ("User-agent: *\nDisallow: /a b|c", "/a%20b|c", False, "what a URL may hold only encoded, or need not"),
        ("User-agent: *\nDisallow: /100%", "/100%", False, "a % that encodes nothing"),
        ("User-agent: *\nDisallow: /*/b*c", "/a/b/c", False, "several wildcards"),
        ("User-agent: *\nDisallow: /*ab*ba$", "/aba", True, "whose pieces do not overlap"),
        ("User-agent: *\nDisallow: /a\nAllow: /*$", "/a", True, "the longest by its letters, wildcards too"),
        ("User-agent: *\nDisallow: /a/b\nAllow: /*$", "/a/b", False, "and not by what they match"),
        ("User-agent: *\nDisallow: /\nAllow: /d/index.html", "/d/", True, "a folder by its index"),
        ("User-agent: *\nDisallow: /\nAllow: /d/index.html", "/d/x", False, "but nothing else in it"),
    ],
)
def test_what_a_text_allows(text: str, path: str, allowed: bool, reason: str) -> None:
    assert parse_robots(text, "linkmap/0.1").allows("https://a.test" + path) is allowed, reason


@pytest.mark.parametrize(
    ("rule", "url", "reason"),
    [
        ("/foo/bar?baz=quz", "/foo/bar?baz=quz", "plain"),
        ("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https://foo.bar", "reserved characters"),
        ("/foo/bar/ツ", "/foo/bar/%E3%83%84", "what is not ASCII"),
        ("/foo/bar/%E3%83%84", "/foo/bar/%E3%83%84", "encoded already"),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz", "encoded without need"),
        ("/path/file-with-a-%2A.html", "/path/file-with-a-*.html", "an asterisk: 2.2.3"),
        ("/path/foo-%24", "/path/foo-$", "a dollar: 2.2.3"),
    ],
)
def test_the_examples_of_the_standard_match(rule: str, url: str, reason: str) -> None:
    assert not parse_robots(f"User-agent: *\nDisallow: {rule}", "linkmap").allows("https://a.test" + url), reason


@pytest.mark.parametrize(
    ("agent", "path", "allowed"),
    [
        ("foobot", "/publications/", False),
        ("foobot", "/example/page.html", True),
        ("foobot", "/example/allowed.gif", True),
        ("foobot", "/example/disallowed.gif", False),
        ("foobot", "/elsewhere", False),
        ("barbot", "/example/page.html", False),
        ("bazbot", "/example/page.html", False),
        ("quxbot", "/example/page.html", True),
        ("otherbot", "/x.gif", False),
        ("otherbot", "/x.gif?y", True),
        ("otherbot", "/publications/x.gif", True),
        ("otherbot", "/example/", False),
    ],
)
def test_the_simple_example_of_the_standard_holds(agent: str, path: str, allowed: bool) -> None:
    # RFC 9309, 5.1: of its two rules that match /publications/x.gif, the one that allows is longer.
    text = (
        "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\n"
        "User-Agent: foobot\nDisallow:/\nAllow:/example/page.html\nAllow:/example/allowed.gif\n\n"
        "User-Agent: barbot\nUser-Agent: bazbot\nDisallow: /example/page.html\n\n"
        "User-Agent: quxbot\n\nEOF"
    )
    assert parse_robots(text, agent).allows("https://a.test" + path) is allowed


@pytest.mark.parametrize(
    ("line", "delay_s", "reason"),
    [
        ("Crawl-delay: 5", 5.0, "seconds"),
        ("crawl-delay: 0.5", 0.5, "fractions too"),
        ("Crawl-delay: 0", 0.0, "none asked for"),
        ("Crawl-delay: 9999999", MAX_DELAY_S, "capped at one day"),
        ("Crawl-delay: 1e400", None, "no number at all"),
        ("Crawl-delay: nan", None, "nor this"),
        ("crawl delay 3", 3.0, "a hyphen and a colon left out"),
        ("Crawl-delay: 3\nCrawl-delay: x", 3.0, "a word after a number"),
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

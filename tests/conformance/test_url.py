"""URLs: resolution as the web-platform tests have it, the names that are read off a URL, and their laws."""

import ada_url
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from standards import standard_json

from linkmap import url as urls
from linkmap.url import Origin, as_written, page_url, resolve

LABELS = st.sampled_from(["a", "b-c", "xn--bcher-kva", "bücher", "EXAMPLE", "co", "uk", "127", "0x7f", "1", "", "%41"])
REFERENCES = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="ab/.:@?#%[]\\ \t\n&=\u00e9\u3002", max_size=25),
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["http:", "https://", "//", "foo://", "mailto:", "foo:", "ftp://", "file:///", "urn:"]),
        st.sampled_from(["", "u@", "u:p@", "u:p@@", ":@"]),
        st.lists(LABELS, max_size=4).map(".".join),
        st.text(alphabet="ab/.:@?#%[] ", max_size=20),
    ),
)


def test_the_web_platform_tests_of_url_resolution_pass() -> None:
    cases = [case for case in standard_json("wpt/urltestdata.json") if isinstance(case, dict)]
    different = {
        (case["input"], case["base"]): resolve(case["input"], case["base"])
        for case in cases
        if resolve(case["input"], case["base"]) != (None if case.get("failure") else case["href"])
    }
    assert len(cases) == 891
    assert different == {}


PLAIN = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(
        ["", "/", "//", "../", "./../../", "http://a.test", "https://B.test/", "http://1.2/", "http:", "a:"]
    ),
    st.lists(st.sampled_from(["a", "b.c", ".", "..", "%2e", "%2E.", "%41", "", "d:e", "@", "C|", "'", "^"])).map(
        "/".join
    ),
    st.sampled_from(["", "?", "?q=1", "?/../x", "?it's", "?a b", "?\u00e9", "?a?b"]),
    st.sampled_from(["", "#", "#f", "#/../x", "#a b", "#it's", "#`", "##"]),
)
"""References as people write them: most may be joined as they stand, and the others nearly so."""
BASES = st.one_of(
    st.sampled_from(
        [
            "http://a.test/",
            "https://a.test:8443/x/y?z#f",
            "http://a.test/x//y/",
            "http://u:p@a.test/x/y/z?a/b?c#/d",
            "http://a.test",
            "http://A.test/x/",
            "http://a.test/x/../y",
            "http://[::1]:80/x",
            "http://a.test/#x?y/z",
            "foo://c/d/e",
            "mailto:e",
            "file:///C:/x/y",
            "about:blank",
            "noURL",
            "http://a%00b/",
        ]
    ),
    PLAIN,
)


@given(st.one_of(PLAIN, REFERENCES), BASES | st.none())
@settings(max_examples=1_000, deadline=None)
def test_what_is_joined_by_plain_text_is_what_ada_says(reference: str, base: str | None) -> None:
    try:
        expected = ada_url.join_url(base, reference) if base else ada_url.normalize_url(reference)
    except ValueError:
        expected = None
    assert resolve(reference, base) == expected


def test_the_web_platform_tests_of_host_names_pass() -> None:
    cases = [case for case in standard_json("wpt/toascii.json") if isinstance(case, dict)]
    different = {}
    for case in cases:
        expected = None if case["output"] is None else f"https://{case['output']}/x"
        if (found := resolve(f"https://{case['input']}/x")) != expected:
            different[case["input"]] = found
    assert len(cases) == 87
    assert different == {}


@pytest.mark.parametrize(
    ("url", "page", "had_credentials", "reason"),
    [
        ("http://h/p?q=1#f", "http://h/p?q=1", False, "a fragment names a place on the page"),
        ("http://h/p#", "http://h/p", False, "an empty fragment too"),
        ("http://h/p?", "http://h/p?", False, "an empty query is part of what is requested"),
        ("http://u:p@h/", "http://h/", True, "user and password are dropped"),
        ("http://u@h/", "http://h/", True, "a user alone"),
        ("http://:p@h/", "http://h/", True, "a password alone"),
        ("http://u:p%40@h:8080/a@b", "http://h:8080/a@b", True, "an @ in the path stays"),
        ("http://h/?mail=a@b", "http://h/?mail=a@b", False, "an @ in the query is no credential"),
        ("http://h/#a@b", "http://h/", False, "nor in the fragment"),
        ("http://u:p@[::1]:81/", "http://[::1]:81/", True, "before an IPv6 address"),
        ("ftp://u:p@h/x", "ftp://h/x", True, "any scheme with an authority"),
        ("foo://u:p@h?a@b", "foo://h?a@b", True, "a scheme that is not special, without a path"),
        ("foo://u@h#f", "foo://h", True, "without path and query"),
        ("mailto:a@b.test", "mailto:a@b.test", False, "the @ of an address"),
        ("mailto:foo://a@b/c", "mailto:foo://b/c", True, "those of a URL within a URL"),
        ("urn:x:http://u:p@h/", "urn:x:http://h/", True, "at any depth"),
        ("feed:http://u:p@h/a@b", "feed:http://h/a@b", True, "as old feed links have it"),
        ("view-source:https://u:p@h/", "view-source:https://h/", True, "or browsers"),
        ("x:y://@//u:p@h", "x:y:////h", True, "however they are hidden"),
        ("urn:x:/a@b", "urn:x:/a@b", False, "a path is no authority"),
        ("tel:+123#x", "tel:+123", False, "an opaque path with a fragment"),
        ("foo:/.//u@h/", "foo:/.//u@h/", False, "a path that begins with two slashes has no authority"),
    ],
)
def test_a_page_is_a_url_without_fragment_and_credentials(
    url: str, page: str, had_credentials: bool, reason: str
) -> None:
    assert resolve(url) == url, "the table holds serialised URLs"
    assert page_url(url) == (page, had_credentials), reason


@given(REFERENCES, st.sampled_from([None, "http://a.test/x/y?z", "https://u:p@b.test:8443/", "foo://c/d", "mailto:e"]))
@example("mailto:foo://a@b/c", None)
@example("foo  #bar", "mailto:e")
@example("data:x #f", None)
@example("foo:/.//u@h#/", None)
def test_a_page_url_resolves_to_itself_and_is_its_own_page(reference: str, base: str | None) -> None:
    resolved = resolve(reference, base)
    if resolved is None:
        return
    page, _ = page_url(resolved)
    assert resolve(page) == page
    assert resolve(page, "http://elsewhere.test/") == page
    assert page_url(page) == (page, False)
    assert resolve(resolved) == resolved


@given(REFERENCES)
def test_names_are_read_off_any_page_url(reference: str) -> None:
    resolved = resolve(reference, "http://a.test/")
    assert resolved is not None or isinstance(as_written(reference), str)
    page = page_url(resolved)[0] if resolved else as_written(reference)
    origin = urls.origin(page) if resolved else None
    assert len(urls.url_key(page)) == urls.KEY_BYTES
    if origin is None:
        assert not (resolved and page.startswith(("http://", "https://")))
        return
    assert page == origin.url + urls.path(page) + page[len(origin.url) + len(urls.path(page)) :]
    assert urls.path(page).startswith("/")
    assert urls.host(page) == origin.host
    assert urls.reversed_host(urls.reversed_host(origin.host)) == origin.host
    domain = urls.registrable_domain(origin.host)
    assert urls.registrable_domain(domain) == domain
    assert origin.host.rstrip(".").endswith(domain.rstrip("."))


@given(st.text())
def test_a_reference_that_is_no_url_is_kept_on_one_line(reference: str) -> None:
    kept = as_written(reference)
    assert not set("\t\r\n") & set(kept)
    assert as_written(kept) == kept
    kept.encode()


@pytest.mark.parametrize(
    ("reference", "kept"),
    [
        (" http://[bad/ \n", "http://[bad/"),
        ("http://a\nb[\t/", "http://ab[/"),
        ("//\ud800[", "//?["),
        ("http://user:secret@[bad/a@b", "http://[bad/a@b"),
        ("//u@v:p@a b/?c//d@e", "//a b/?c//d@e"),
        ("http:\\\\user:secret@exa mple/", "http:\\\\exa mple/"),
        ("https:user:secret@exa mple/", "https:exa mple/"),
        ("http://user:secret@exa mple/a@b", "http://exa mple/a@b"),
        ("/\\user:secret@exa mple/", "/\\exa mple/"),
    ],
)
def test_what_is_no_url_keeps_its_words(reference: str, kept: str) -> None:
    assert resolve(reference, "http://a.test/") is None
    assert as_written(reference) == kept


@pytest.mark.parametrize(
    ("url", "origin", "path", "reason"),
    [
        ("http://a.test/", Origin("http", "a.test", 80), "/", "the scheme's own port"),
        ("https://a.test/x", Origin("https", "a.test", 443), "/x", "of https too"),
        ("https://a.test:80/x?y/z", Origin("https", "a.test", 80), "/x", "http's port is not https's"),
        ("http://[::1]/a:b", Origin("http", "[::1]", 80), "/a:b", "brackets stay, colons in them are no port"),
        ("http://[::1]:8080/", Origin("http", "[::1]", 8080), "/", "a port after the brackets"),
        ("http://a.test:8080/b?c:9", Origin("http", "a.test", 8080), "/b", "a colon in the query"),
        ("ftp://a.test/", None, "/", "no crawled scheme"),
        ("mailto:a@b", None, "/", "no authority"),
        ("urn:http://x", None, "/", "a URL inside another"),
    ],
)
def test_origin_host_and_path(url: str, origin: Origin | None, path: str, reason: str) -> None:
    assert urls.origin(url) == origin, reason
    assert urls.host(url) == (origin.host if origin else None)
    if origin:
        assert urls.path(url) == path, reason
        assert url.startswith(origin.url + "/")


@pytest.mark.parametrize("url", ["http://[::", "http://a:b/", "https://a.test:/", "http://:", "http://a:1:x/?y"])
def test_what_is_no_url_has_no_origin(url: str) -> None:
    assert urls.origin(url) is None
    assert urls.host(url) is None


def test_an_origin_is_written_without_the_port_of_its_scheme() -> None:
    assert Origin("https", "a.test", 443).url == "https://a.test"
    assert Origin("https", "a.test", 80).url == "https://a.test:80"


@pytest.mark.parametrize(
    ("host", "domain", "reason"),
    [
        ("www.example.org", "example.org", "one label under the suffix"),
        ("example.org", "example.org", "already registrable"),
        ("a.b.example.co.uk", "example.co.uk", "a suffix of two labels"),
        ("co.uk", "co.uk", "a bare suffix is its own domain"),
        ("alice.github.io", "alice.github.io", "private suffixes are on: users of one host are strangers"),
        ("www.alice.github.io", "alice.github.io", "and have subdomains of their own"),
        ("github.io", "github.io", "the private suffix itself"),
        ("www.ck", "www.ck", "an exception to the rule *.ck"),
        ("a.b.ck", "a.b.ck", "the rule *.ck makes b.ck a suffix"),
        ("x.a.b.ck", "a.b.ck", "under it"),
        ("xn--bcher-kva.example.com", "example.com", "Punycode labels are labels"),
        ("a.xn--fiqs8s", "a.xn--fiqs8s", "a suffix in Punycode"),
        ("deep.a.unlisted", "a.unlisted", "an unlisted top-level domain counts as a suffix"),
        ("localhost", "localhost", "a name without a dot"),
        ("www.example.org.", "example.org", "the root dot of a full name changes nothing"),
        ("127.0.0.1", "127.0.0.1", "an address is its own domain"),
        ("[2001:db8::1]", "[2001:db8::1]", "an IPv6 address too"),
    ],
)
def test_registrable_domain(host: str, domain: str, reason: str) -> None:
    assert urls.registrable_domain(host) == domain, reason


@pytest.mark.parametrize(
    ("host", "turned", "reason"),
    [
        ("www.example.org", "org.example.www", "labels from the right"),
        ("localhost", "localhost", "one label"),
        ("10.0.0.1", "10.0.0.1", "an address has no labels"),
        ("[::1]", "[::1]", "of either kind"),
        ("1.2.3.4.example", "example.4.3.2.1", "an address in front of a name is no address"),
    ],
)
def test_reversed_host(host: str, turned: str, reason: str) -> None:
    assert urls.reversed_host(host) == turned, reason


@pytest.mark.parametrize(
    ("written", "host", "reason"),
    [
        ("http://127.1/", "127.0.0.1", "a short form"),
        ("http://2130706433/", "127.0.0.1", "one number"),
        ("http://0x7f.1/", "127.0.0.1", "hexadecimal"),
        ("http://0177.0.0.1/", "127.0.0.1", "octal"),
        ("http://１２７.０.０.１/", "127.0.0.1", "full-width digits"),
        ("http://127。0。0。1/", "127.0.0.1", "ideographic full stops"),
        ("http://[::ffff:127.0.0.1]/", "[::ffff:7f00:1]", "an IPv6 address in its one spelling"),
    ],
)
def test_every_spelling_of_an_address_is_seen_as_the_address(written: str, host: str, reason: str) -> None:
    resolved = resolve(written)
    assert resolved is not None
    assert urls.host(resolved) == host, reason
    assert urls.is_address(host)


def test_url_keys_are_twelve_bytes_of_blake2b() -> None:
    # From `printf http://a.test/ | b2sum --length 96` (GNU coreutils).
    assert urls.url_key("http://a.test/").hex() == "dd0e9dbd8692dda21e304e1e"
    assert urls.url_key("http://a.test/") != urls.url_key("http://a.test")

"""May this page be crawled: each scope, the order of the tests, and what widens a scope."""

import pytest

from linkmap.errors import UsageError
from linkmap.model import Outcome
from linkmap.scope import Exclusion, Scope, ScopeName, patterns
from linkmap.url import page_url, resolve

SEED = "https://www.example.org/docs/guide/start.html"


def scope_of(name: str, *seeds: str, include: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> Scope:
    scope = Scope(ScopeName(name), patterns(include, "--include"), patterns(exclude, "--exclude"))
    for seed in seeds:
        scope.add(seed)
    return scope


@pytest.mark.parametrize(
    ("url", "scopes", "reason"),
    [
        (SEED, "page prefix host domain any", "the seed is in every scope of its own"),
        (SEED + "?page=2", "prefix host domain any", "another query is another page"),
        ("https://www.example.org/docs/guide/", "prefix host domain any", "the folder of the seed"),
        ("https://www.example.org/docs/guide/a/b", "prefix host domain any", "below it"),
        ("https://www.example.org/docs/guidelines", "host domain any", "a longer word is no folder"),
        ("https://www.example.org/docs/guide", "host domain any", "without its slash the folder is another page"),
        ("https://www.example.org/?/docs/guide/", "host domain any", "a query is no path"),
        ("http://www.example.org/docs/guide/x", "prefix host domain any", "the scheme is free"),
        ("https://www.example.org:8443/docs/guide/x", "prefix host domain any", "and so is the port"),
        ("https://example.org/docs/guide/x", "domain any", "another host of the same domain"),
        ("https://a.b.example.org/", "domain any", "deeper too"),
        ("https://example.com/", "any", "another domain"),
        ("https://notexample.org/", "any", "a name that merely ends alike"),
        ("https://www.example.org.evil.test/", "any", "or begins alike"),
        ("https://www.example.org@evil.test/", "any", "or is the user of another host"),
    ],
)
def test_what_each_scope_covers(url: str, scopes: str, reason: str) -> None:
    page = page_url(resolve(url) or "")[0]
    covering = [name.value for name in ScopeName if scope_of(name, SEED).covers(page)]
    assert covering == scopes.split(), reason


@pytest.mark.parametrize(
    ("seed", "url", "covered", "reason"),
    [
        ("https://alice.github.io/", "https://bob.github.io/", False, "users of one host are strangers"),
        ("https://a.co.uk/", "https://b.co.uk/", False, "co.uk is a public suffix"),
        ("http://8.8.8.8/", "http://8.8.8.8:81/", True, "an address is its own domain"),
        ("http://8.8.8.8/", "http://9.8.8.8/", False, "and no other"),
        ("http://localhost/", "http://localhost:8000/", True, "so is a name without a dot"),
        ("https://example.org./", "https://www.example.org/", True, "the root dot is no other domain"),
    ],
)
def test_the_domain_of_a_seed(seed: str, url: str, covered: bool, reason: str) -> None:
    assert scope_of("domain", seed).covers(url) is covered, reason


@pytest.mark.parametrize(
    ("name", "first", "again", "second", "added"),
    [
        ("page", "http://a.test/x", "http://a.test/x", "http://a.test/y", "http://a.test/y"),
        ("prefix", "http://a.test/x/y", "http://a.test/x/z/1", "http://a.test/w/", "a.test/w/"),
        ("host", "http://a.test/x", "https://a.test:81/", "http://b.a.test/", "b.a.test"),
        ("domain", "http://a.test/x", "http://b.a.test/", "http://www.b.test/", "b.test"),
    ],
)
def test_a_scope_widens_by_what_it_does_not_cover(name: str, first: str, again: str, second: str, added: str) -> None:
    scope = scope_of(name, first)
    assert scope.widen(again) is None, "nothing new"
    assert not scope.covers(second)
    assert scope.widen(second) == added
    assert scope.covers(second)
    assert scope.covers(first), "what was covered stays so"


def test_the_widest_scope_has_nothing_to_add() -> None:
    assert scope_of("any").add("http://a.test/") is None


def test_a_prefix_at_the_root_is_the_whole_host() -> None:
    assert scope_of("prefix", "http://a.test/index.html").covers("http://a.test/b/c")


@pytest.mark.parametrize(
    ("url", "outcome", "reason"),
    [
        ("https://www.example.org/ok", None, "in scope, included, not excluded"),
        ("https://www.example.org/ok/secret", Outcome.EXCLUDED, "--exclude goes before --include"),
        ("https://www.example.org/other", Outcome.EXCLUDED, "no --include matches"),
        ("https://other.test/secret", Outcome.OFF_SCOPE, "scope goes before patterns"),
        ("http://127.0.0.1/ok", Outcome.OFF_SCOPE, "scope goes before addresses"),
        ("mailto:ok@www.example.org", Outcome.UNSUPPORTED_SCHEME, "the scheme goes before the scope"),
        ("ftp://www.example.org/ok", Outcome.UNSUPPORTED_SCHEME, "ftp is not crawled"),
        ("about:blank", Outcome.UNSUPPORTED_SCHEME, "nor is what has no host"),
    ],
)
def test_the_tests_of_a_url_have_one_order(url: str, outcome: Outcome | None, reason: str) -> None:
    scope = scope_of("domain", SEED, include=("/ok",), exclude=("secret",))
    found = scope.exclusion(url)
    assert (found.outcome if found else None) is outcome, reason


def test_what_is_no_url_is_invalid_whatever_it_looks_like() -> None:
    assert scope_of("any").exclusion("http://a.test/", valid=False) == Exclusion(Outcome.INVALID)


@pytest.mark.parametrize(
    ("url", "outcome", "reason"),
    [
        ("https://elsewhere.test/", None, "a seed need not match scope or --include"),
        ("https://elsewhere.test/secret", Outcome.EXCLUDED, "but --exclude holds for it"),
        ("http://10.0.0.1/", Outcome.PRIVATE_ADDRESS, "and so do the address rules"),
        ("ftp://elsewhere.test/", Outcome.UNSUPPORTED_SCHEME, "and the scheme"),
    ],
)
def test_seeds_are_exempt_from_scope_and_include_alone(url: str, outcome: Outcome | None, reason: str) -> None:
    scope = scope_of("domain", SEED, include=("/ok",), exclude=("secret",))
    found = scope.exclusion(url, exempt=True)
    assert (found.outcome if found else None) is outcome, reason


def test_an_exclusion_by_pattern_names_the_pattern() -> None:
    scope = scope_of("any", include=("html$",), exclude=(r"\?print=", "/tag/"))
    assert scope.exclusion("http://a.test/x?print=1") == Exclusion(Outcome.EXCLUDED, r"--exclude \?print=")
    assert scope.exclusion("http://a.test/tag/x.html") == Exclusion(Outcome.EXCLUDED, "--exclude /tag/")
    assert scope.exclusion("http://a.test/x.pdf") == Exclusion(Outcome.EXCLUDED, "matches no --include")
    assert scope.exclusion("http://a.test/x.html") is None


@pytest.mark.parametrize(
    "written",
    [
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://017700000001/",
        "http://１２７.0.0.1/",
        "http://[::1]/",
        "http://[::127.0.0.1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://0/",
        "http://169.254.169.254/latest/meta-data/",
        "http://192.168.1.1:8080/",
    ],
)
def test_private_addresses_are_excluded_in_every_spelling(written: str) -> None:
    url = resolve(written)
    assert url is not None
    found = scope_of("any").exclusion(url)
    assert found is not None
    assert found.outcome is Outcome.PRIVATE_ADDRESS
    assert "--allow-private" in (found.detail or "")
    assert Scope(ScopeName.ANY, allow_private=True).exclusion(url) is None


@pytest.mark.parametrize("url", ["http://8.8.8.8/", "http://[2606:4700::1111]/", "http://localhost.example.org/"])
def test_public_addresses_and_names_are_not_excluded(url: str) -> None:
    assert scope_of("any").exclusion(url) is None


def test_a_faulty_pattern_is_named_with_its_option() -> None:
    with pytest.raises(UsageError, match=r"--include '\(' is not a regular expression"):
        patterns(("ok", "("), "--include")

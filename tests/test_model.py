"""Outcomes, states and kinds in words: what SEMANTICS lists, and nothing else."""

import pickle

import pytest

from linkmap.errors import LinkmapError, UsageError
from linkmap.model import (
    FOLLOWED_KINDS,
    FREE_KINDS,
    NAVIGATION_KINDS,
    Job,
    LinkKind,
    Outcome,
    Reach,
    Report,
    State,
    Visit,
)

OUTCOMES = {
    State.PENDING: "pending",
    State.DONE: "fetched not_html redirect not_modified",
    State.FAILED: (
        "client_error blocked server_error timeout dns_error connect_error tls_error protocol_error redirect_loop "
        "too_many_redirects internal_error"
    ),
    State.EXCLUDED: (
        "robots_denied robots_unreachable off_scope excluded too_deep over_budget nofollow kind_not_followed "
        "unsupported_scheme invalid private_address trap"
    ),
}
"""The table of the documentation, word by word."""


@pytest.mark.parametrize("state", State)
def test_every_outcome_belongs_to_its_state(state: State) -> None:
    assert [outcome.word for outcome in Outcome if outcome.state is state] == OUTCOMES[state].split()


def test_broken_is_failed_minus_blocked_and_internal_error() -> None:
    broken = [outcome.word for outcome in Outcome if outcome.broken]
    assert broken == [word for word in OUTCOMES[State.FAILED].split() if word not in ("blocked", "internal_error")]


def test_redirects_and_refreshes_alone_cost_no_depth() -> None:
    assert {kind.word for kind in FREE_KINDS} == {"redirect", "meta_refresh"}
    assert FREE_KINDS <= FOLLOWED_KINDS


def test_navigation_and_what_names_another_form_of_a_page_is_followed() -> None:
    navigation = {"a", "area", "iframe", "frame", "redirect", "meta_refresh"}
    assert {kind.word for kind in NAVIGATION_KINDS} == navigation
    assert {kind.word for kind in FOLLOWED_KINDS} == navigation | {
        "canonical", "alternate_hreflang", "next", "prev", "sitemap", "sitemap_file"
    }  # fmt: skip


def test_a_followed_link_is_the_best_way_to_a_page() -> None:
    assert sorted(Reach) == [Reach.FOLLOWED, Reach.NOFOLLOW, Reach.KIND_NOT_FOLLOWED, Reach.AUXILIARY]


def test_a_usage_error_is_an_error_of_linkmap() -> None:
    assert issubclass(UsageError, LinkmapError)


def test_what_coordinator_and_worker_say_crosses_a_process_border() -> None:
    job, report = Job(1, "http://a.test/"), Report(1, Visit(Outcome.FETCHED, 0.0, status=200))
    assert pickle.loads(pickle.dumps(job)) == job
    assert pickle.loads(pickle.dumps(report)) == report


def test_kinds_keep_their_numbers_because_maps_hold_them() -> None:
    words = (
        "a area iframe frame redirect meta_refresh canonical alternate_hreflang next prev link form img source script "
        "embed object video audio track sitemap sitemap_file feed"
    )
    later = {24: "stylesheet", 25: "css"}
    assert {kind.value: kind.word for kind in LinkKind} == dict(enumerate(words.split(), 1)) | later

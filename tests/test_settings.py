"""What a crawl may be asked to do, how it is stored, and what may change when it is resumed."""

import json
import math
import subprocess
import sys
from dataclasses import fields, replace
from typing import Any

import pytest

from linkmap import __version__
from linkmap.errors import UsageError
from linkmap.hosts import HostRule
from linkmap.scope import ScopeName
from linkmap.settings import Settings

OTHER: dict[str, Any] = {
    "depth": 7,
    "scope": ScopeName.HOST,
    "include": ("/a",),
    "exclude": ("/b", "c$"),
    "max_pages": 5,
    "max_pages_per_host": 6,
    "max_time_s": 90.0,
    "parser": "bs4",
    "follow": ("a", "img"),
    "record": (
        "a",
        "alternate_hreflang",
        "area",
        "canonical",
        "frame",
        "iframe",
        "img",
        "meta_refresh",
        "next",
        "prev",
        "redirect",
    ),
    "concurrency": 9,
    "workers": 3,
    "per_host": 2,
    "delay_s": 0.25,
    "timeout_s": 3.5,
    "max_bytes": 1_000,
    "user_agent": "bot/1",
    "contact": "https://a.test/",
    "robots": False,
    "resolve": (("a.test", 443, "127.0.0.1"),),
    "allow_private": True,
    "ca_file": "/etc/our.pem",
    "insecure": True,
    "ignore_nofollow": True,
    "traps": False,
    "sitemaps": False,
    "check": ("external", "resources"),
    "front_only": True,
    "hosts": (HostRule("*.b.test", robots=False), HostRule("a.test", delay_s=0.5, per_host=2, max_pages=3)),
}
"""A value other than the default for every setting that has one."""


def test_settings_are_stored_and_read_without_loss() -> None:
    settings = Settings(**OTHER)
    assert {field.name for field in fields(Settings)} == set(OTHER)
    assert Settings.from_json(settings.to_json()) == settings
    assert Settings.from_json(Settings().to_json()) == Settings()


def test_settings_of_another_version_are_read_as_far_as_they_are_known() -> None:
    assert Settings.from_json('{"depth": 1, "sitemaps": true}') == Settings(depth=1)


@pytest.mark.parametrize("name", OTHER)
def test_every_setting_that_bears_on_the_graph_differs_by_name(name: str) -> None:
    changed = replace(Settings(), **{name: OTHER[name]})
    assert Settings().differences(changed) == ([] if name in ("concurrency", "workers") else [name])


def test_lists_and_words_are_taken_as_tuples_and_names() -> None:
    loose: dict[str, Any] = {"scope": "any", "include": ["a"], "exclude": [], "resolve": [["A.test", 80, "[::1]"]]}
    strict = Settings(scope=ScopeName.ANY, include=("a",), resolve=(("a.test", 80, "::1"),))
    assert Settings(**loose) == strict
    assert Settings(**loose).make_scope().covers("http://anywhere.test/"), "a word is the scope that it names"
    assert strict.differences(Settings(**loose)) == []


def test_a_resolved_host_is_spelled_as_it_is_in_urls() -> None:
    assert Settings(resolve=(("Bücher.example", 80, "8.8.8.8"),)).resolve == (("xn--bcher-kva.example", 80, "8.8.8.8"),)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"depth": -1}, "depth"),
        ({"depth": 65_001}, "depth"),
        ({"max_pages": -1}, "max_pages"),
        ({"max_pages_per_host": -1}, "max_pages_per_host"),
        ({"max_time_s": -1}, "max_time_s"),
        ({"max_time_s": math.inf}, "max_time_s"),
        ({"max_time_s": math.nan}, "max_time_s"),
        ({"per_host": 0}, "per_host"),
        ({"max_bytes": 0}, "max_bytes"),
        ({"concurrency": 0}, "concurrency"),
        ({"delay_s": -0.1}, "delay_s"),
        ({"delay_s": math.nan}, "delay_s"),
        ({"delay_s": math.inf}, "delay_s"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"timeout_s": math.nan}, "timeout_s"),
        ({"timeout_s": math.inf}, "timeout_s"),
        ({"workers": 65}, "workers"),
        ({"follow": "a,imgs"}, "'imgs' is no kind of link: give some of default, navigation, all, a, area"),
        ({"follow": ""}, "--follow names no kind of link"),
        ({"follow": []}, "--follow names no kind of link"),
        ({"record": ["a", 5]}, "--record: 5 is no kind"),
        ({"scope": "world"}, "page, prefix, host, domain, any"),
        ({"include": "abc"}, "include"),
        ({"include": ("(",)}, "--include"),
        ({"exclude": ("ok", "[")}, "--exclude"),
        ({"user_agent": ""}, "--user-agent"),
        ({"user_agent": "a\r\nX-Evil: 1"}, "--user-agent"),
        ({"contact": "café"}, "--contact"),
        ({"resolve": (("a.test", 80, "b.test"),)}, "resolve"),
        ({"resolve": (("a.test", 0, "127.0.0.1"),)}, "resolve"),
        ({"resolve": (("a.test", 65_536, "127.0.0.1"),)}, "resolve"),
        ({"resolve": (("a.test/b", 80, "127.0.0.1"),)}, "resolve"),
        ({"resolve": (("a.test:81", 80, "127.0.0.1"),)}, "resolve"),
        ({"resolve": (("", 80, "127.0.0.1"),)}, "resolve"),
    ],
)
def test_what_cannot_be_is_refused_by_name(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError, match=named.replace("-", r"\-")):
        Settings(**wrong)


@pytest.mark.parametrize(
    ("settings", "agent"),
    [
        (Settings(), f"linkmap/{__version__}"),
        (Settings(contact="https://a.test/bot"), f"linkmap/{__version__} (+https://a.test/bot)"),
        (Settings(user_agent="MyBot/2"), "MyBot/2"),
        (Settings(user_agent="MyBot/2", contact="me@a.test"), "MyBot/2 (+me@a.test)"),
    ],
)
def test_the_user_agent_names_the_crawler_and_where_to_complain(settings: Settings, agent: str) -> None:
    assert settings.agent == agent


def test_concurrency_is_as_asked() -> None:
    assert Settings(concurrency=1_000).connections == 1_000


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
@pytest.mark.parametrize(
    ("open_files", "connections", "reason"),
    [
        (4_096, 256, "no more than 256"),
        (264, 100, "half of what 64 spare descriptors leave"),
        (64, 1, "at least one"),
    ],
)
def test_concurrency_adapts_to_the_limit_of_open_files(open_files: int, connections: int, reason: str) -> None:
    script = (
        "import resource; from linkmap.settings import Settings; "
        "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]; "
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({open_files}, hard)); print(Settings().connections)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(done.stdout) == connections, reason


def test_the_defaults_are_those_of_the_documentation() -> None:
    stored = json.loads(Settings().to_json())
    assert (stored["depth"], stored["scope"], stored["delay_s"], stored["per_host"]) == (3, "domain", 1.0, 1)
    assert (stored["timeout_s"], stored["max_bytes"], stored["max_pages"]) == (30.0, 10 * 1024 * 1024, 10_000)

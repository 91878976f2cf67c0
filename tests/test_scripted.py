"""Which pages are said to write their links by script: those of the usual frameworks, and none that a server wrote."""

from pathlib import Path

import pytest
from conftest import Site
from maps import linkmap

from linkmap.model import Parser
from linkmap.parse import lexbor, soup
from linkmap.parse.links import links_of

BUNDLE = '<script defer src="/static/js/main.8f3a.js"></script>'
ANALYTICS = '<script async src="https://t.test/a.js"></script><script>window.q=[]</script>'
ARTICLE = "<p>" + "Words that a server wrote. " * 20 + "</p>"

REACT = f"""<!doctype html><html><head><meta charset="utf-8"><title>React App</title>{BUNDLE}</head>
<body><noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div></body></html>"""
VUE = f"""<!doctype html><html><head><title>shop</title></head><body><noscript><strong>We're sorry but shop doesn't work
properly without JavaScript enabled.</strong></noscript><div id="app"></div>{BUNDLE}</body></html>"""
ANGULAR = f"""<!doctype html><html><head><base href="/"><title>Admin</title></head>
<body><app-root>Loading ...</app-root>{BUNDLE * 3}</body></html>"""
NUXT = f"""<!doctype html><html><head><title></title></head>
<body><div id="__nuxt"><svg><title>wheel</title><path></path>
</svg></div><script type="application/json" id="__NUXT_DATA__">[{{"a":"href"}}]</script>{BUNDLE}</body></html>"""
IN_HEAD = f"<head><noscript>Please turn on JavaScript</noscript>{BUNDLE}</head><body><main></main></body>"


@pytest.mark.parametrize(
    ("html", "evidence"),
    [
        (REACT, "1 script, 0 links, 38 characters of text, empty #root, noscript asks for JavaScript"),
        (VUE, "1 script, 0 links, 61 characters of text, empty #app, noscript asks for JavaScript"),
        (ANGULAR, "3 scripts, 0 links, 10 characters of text, empty <app-root>"),
        (NUXT, "1 script, 0 links, 0 characters of text, empty #__nuxt"),
        (IN_HEAD, "1 script, 0 links, 22 characters of text, noscript asks for JavaScript"),
        (f'{BUNDLE * 10}<div id="x"></div><a href="/terms">Terms</a>', "10 scripts, 1 link, 5 characters of text"),
        (f'{BUNDLE}<div id="root"></div><a href="/1">a</a><map><area href="/2"></map>',
         "1 script, 2 links, 1 character of text, empty #root"),
    ],
)  # fmt: skip
def test_the_frames_of_apps_are_known_and_both_readers_give_the_same_evidence(html: str, evidence: str) -> None:
    for reader in (lexbor, soup):
        assert links_of(reader.read_html(html), "https://a.test/").document.script_evidence == evidence, reader


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        (f'<div id="__next"><nav>{"<a href=/x>x</a>" * 3}</nav></div>{BUNDLE * 30}', "a server wrote its links"),
        (f'<div id="__next">{ARTICLE}</div>{BUNDLE * 30}', "a server wrote its text"),
        (f'<div id="root"></div>{ARTICLE}{BUNDLE}', "an app within a page"),
        (f'<div id="root"><h1>{"Hello, " * 8}world</h1></div>{BUNDLE}', "a root that is not empty"),
        (f'<p>Hello</p><a href="/">Home</a>{ANALYTICS}', "a short page that is counted"),
        (f'<p>Hello</p>{BUNDLE * 9}', "nine scripts"),
        (f'<form method="post"><input name="password"></form>{BUNDLE * 12}', "a page to log in"),
        (f'<frameset><frame src="a"></frameset>{BUNDLE * 12}', "frames"),
        ('<div id="root"></div>', "no script"),
        ('<div id="root"></div><script type="application/ld+json">{}</script>', "a script that holds data"),
        (f'<div id="root"></div><template>{BUNDLE}</template>', "a script that is inert"),
        (f'<template><div id="root"></div></template>{BUNDLE}', "a root that is inert"),
        (f'<noscript><img src="https://t.test/pixel"></noscript><p>Hello</p>{BUNDLE}', "a noscript that counts"),
        (f'<p>We teach JavaScript</p>{BUNDLE}', "text about JavaScript"),
        (f'<body id="app"><p>Hello</p>{BUNDLE}</body>', "a body with a name"),
        ("", "nothing"),
    ],
)  # fmt: skip
def test_what_a_server_wrote_is_not_flagged_by_either_reader(html: str, reason: str) -> None:
    for reader in (lexbor, soup):
        assert links_of(reader.read_html(html), "https://a.test/").document.script_evidence is None, reason


def test_thousands_of_roots_in_one_another_are_read_in_bounded_time() -> None:
    html = f"{BUNDLE}{'<div id=root>' * 5_000}{'text ' * 50}"
    assert links_of(lexbor.read_html(html), "https://a.test/").document.script_evidence is None


@pytest.mark.parametrize("parser", Parser)
def test_the_summary_counts_such_pages_and_names_the_question(site: Site, tmp_path: Path, parser: Parser) -> None:
    site.pages = {"/": f'<a href="/app">a</a><a href="/page">p</a>{ARTICLE}', "/app": REACT, "/page": ARTICLE + BUNDLE}
    options = ("--delay", 0, "--allow-private", "--parser", parser)
    done = linkmap("crawl", site("/"), *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (
        "1 page with hardly a link: scripts, which linkmap does not run, may write more: "
        "linkmap query script_rendered\n" in done.stdout
    )
    asked = linkmap("query", "script_rendered", "--format", "csv", cwd=tmp_path).stdout
    assert asked.splitlines()[1:] == [
        '1,"1 script, 0 links, 38 characters of text, empty #root, noscript asks for JavaScript",' + site("/app")
    ]
    site.pages = {"/": ARTICLE}
    plain = linkmap("crawl", site("/"), *options, "--db", "plain.db", cwd=tmp_path)
    assert "script" not in plain.stdout

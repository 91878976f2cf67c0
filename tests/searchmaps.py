"""A small map for the questions about what search engines make of pages, drawn by hand; every page is on s.test.

-> is a link, => a redirect, ~> a canonical:

    /        seed         -> /noindex, /old, /gone, /; the image /logo.png twice without alt, once with
    /noindex "nofollow noindex"          -> /old
    /old     301 => /new
    /new     ~> itself, ~> /
    /print   ~> /old                     /far    ~> /print            /fine   ~> /
    /dead    ~> /gone     404            /hidden ~> /noindex          /away   ~> https://x.test/ off scope
    /loop1   ~> /loop2    ~> /loop1
    /app     whose links seem to be written by script; / and /fine link there
    /secret  robots_denied
    /en      hreflang de /de, fr /fr, x-default /fr, en itself, es /old, it /it too_deep, pt /gone
    /de      hreflang en /en             /fr     hreflang de /de
    /paper   not_html, application/pdf   /paper2 the same, "noindex"

What must count nowhere stands beside it: robots.txt, an auxiliary page, with an image, a canonical, an alternate and a
noindex; and an earlier answer of / which had them too.
"""

from handmade import HandmadeMap
from pagemaps import answer

from linkmap.model import LinkFlag

HOST = "https://s.test"


def at(path: str) -> str:
    """A page of the map."""
    return HOST + path


def write_search(map: HandmadeMap) -> None:
    """The map that is drawn above."""
    _write_what_counts_nowhere(map)
    map.capture(at("/"))
    map.page(at("/"), status=200, seed=True)
    for path in ("/noindex", "/old", "/gone", "/"):
        map.link(at("/"), at(path))
    map.link(at("/"), at("/logo.png"), kind="img", flags=LinkFlag.NO_ALT)
    map.link(at("/"), at("/logo.png"), "Logo", kind="img")
    map.link(at("/"), at("/logo.png"), kind="img", flags=LinkFlag.NO_ALT | LinkFlag.CREDENTIALS)
    map.page(at("/logo.png"), "kind_not_followed", depth=None)
    map.page(at("/noindex"), status=200)
    answer(map, at("/noindex"), robots_flags="nofollow noindex")
    map.link(at("/noindex"), at("/old"))
    map.redirect(at("/old"), at("/new"))
    map.page(at("/gone"), "client_error", status=404)
    for source, target in (
        ("/new", "/new"), ("/new", "/"), ("/print", "/old"), ("/far", "/print"), ("/fine", "/"), ("/dead", "/gone"),
        ("/hidden", "/noindex"), ("/loop1", "/loop2"), ("/loop2", "/loop1"),
    ):  # fmt: skip
        map.page(at(source), status=200)
        map.link(at(source), at(target), kind="canonical")
    map.page(at("/away"), status=200)
    map.link(at("/away"), "https://x.test/", kind="canonical")
    map.page("https://x.test/", "off_scope")
    map.page(at("/secret"), "robots_denied")
    for source, language, target in (
        ("/en", "de", "/de"), ("/en", "fr", "/fr"), ("/en", "x-default", "/fr"), ("/en", "en", "/en"),
        ("/en", "es", "/old"), ("/en", "it", "/it"), ("/en", "pt", "/gone"), ("/de", "en", "/en"), ("/fr", "de", "/de"),
    ):  # fmt: skip
        map.page(at(source), status=200)
        map.link(at(source), at(target), kind="alternate_hreflang", hreflang=language)
    map.page(at("/it"), "too_deep")
    map.page(at("/app"), status=200)
    answer(map, at("/app"), script_evidence="1 script, 0 links, 0 characters of text, empty #root")
    for path in ("/", "/fine", "/fine", "/app"):
        map.link(at(path), at("/app"))
    for path, flags in (("/paper", None), ("/paper2", "noindex")):
        map.page(at(path), "not_html", status=200)
        answer(map, at(path), content_type="application/pdf", robots_flags=flags)


def _write_what_counts_nowhere(map: HandmadeMap) -> None:
    map.page(at("/robots.txt"), auxiliary=True, status=200)
    map.page(at("/"))
    for path in ("/robots.txt", "/"):
        answer(map, at(path), robots_flags="nofollow noindex", script_evidence="12 scripts")
        map.link(at(path), at("/gone"), kind="canonical")
        map.link(at(path), at("/logo.png"), kind="img", flags=LinkFlag.NO_ALT)
        map.link(at(path), at("/de"), kind="alternate_hreflang", hreflang="nl")

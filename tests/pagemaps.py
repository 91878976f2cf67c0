"""A small map for the questions about pages, drawn by hand; on other hosts than the map of test_questions.py.

-> is a link, => a redirect; every page is on p.test or q.test:

    https://p.test/            200, 0.25 s,  900 bytes, "Home", body 1
        -> itself ("Home"), news ("News"), list page 1 ("All"), https://q.test/ ("Q", nofollow, footer),
           http://q.test/ ("old Q")
    https://p.test/index.html  200, 1.5 s,   900 bytes, "Home", body 1
        -> https://p.test/ ("Home"), news ("News"), https://q.test/ ("partner")
    https://p.test/news?id=7   200, 0.5 s,  2000 bytes, no title, body 2
        -> https://p.test/ ("Home" twice), itself ("News")
    https://q.test/            200, 0.125 s, 100 bytes and then cut, "Home", body 3
        -> https://p.test/ ("friends" twice), index.html ("too", nofollow ugc), list page 2 ("more"), b ("round")
    http://q.test/             301 => https://q.test/
    https://q.test/b           302 => https://q.test/a   301 => https://q.test/b
    https://p.test/list?page=1&sort=up   no answer
    https://p.test/list?page=2&sort=up   404, 0.06 s

What must count nowhere stands beside it: an earlier answer of https://p.test/ that was slow, large, without a
title and linked to http with nofollow; and two auxiliary pages, robots.txt and what it redirects to for ever,
which are like that too.
"""

from handmade import HandmadeMap

P = "https://p.test/"
INDEX = "https://p.test/index.html"
NEWS = "https://p.test/news?id=7"
LIST_1 = "https://p.test/list?page=1&sort=up"
LIST_2 = "https://p.test/list?page=2&sort=up"
Q = "https://q.test/"
Q_HTTP = "http://q.test/"
A = "https://q.test/a"
B = "https://q.test/b"
ROBOTS = "https://p.test/robots.txt"
ROBOTS_PHP = "https://p.test/robots.php?id=9"

NO_ANSWER = "no complete answer within 30 s"


def answer(map: HandmadeMap, url: str, **columns: object) -> None:
    """Say this of the newest answer of a page, by the names of the columns of `capture`; `body` stands for a digest."""
    if body := columns.pop("body", None):
        columns["digest"] = bytes([int(str(body))]) * 16
    marks = ", ".join(f"{name} = ?" for name in columns)
    map.connection.execute(
        f"UPDATE capture SET {marks} WHERE id = (SELECT capture FROM page WHERE url = ?)",  # noqa: S608 (our own)
        (*columns.values(), url),
    )


def write_pages(map: HandmadeMap) -> None:
    """The map that is drawn above."""
    _write_what_counts_nowhere(map)
    map.capture(P)
    map.page(P, status=200, title="Home", seed=True)
    answer(map, P, seconds=0.25, bytes=900, content_type="text/html", body=1)
    map.link(P, P, "Home", region="nav")
    map.link(P, NEWS, "News", region="nav")
    map.link(P, LIST_1, "All")
    map.link(P, Q, "Q", region="footer", rel="nofollow")
    map.link(P, Q_HTTP, "old Q")
    map.page(INDEX, status=200, title="Home")
    answer(map, INDEX, seconds=1.5, bytes=900, content_type="text/html", body=1)
    map.link(INDEX, P, "Home", region="nav")
    map.link(INDEX, NEWS, "News", region="nav")
    map.link(INDEX, Q, "partner")
    map.page(NEWS, status=200)
    answer(map, NEWS, seconds=0.5, bytes=2000, content_type="text/html", body=2)
    map.link(NEWS, P, "Home", region="nav")
    map.link(NEWS, P, "Home", region="footer")
    map.link(NEWS, NEWS, "News", region="nav")
    map.page(Q, status=200, title="Home")
    answer(map, Q, seconds=0.125, bytes=100, content_type="text/html", cut=1, body=3)
    map.link(Q, P, "friends")
    map.link(Q, P, "friends")
    map.link(Q, INDEX, "too", rel="nofollow ugc")
    map.link(Q, LIST_2, "more")
    map.link(Q, B, "round")
    map.redirect(Q_HTTP, Q)
    map.redirect(B, A)
    map.redirect(A, B)
    map.page(B, "redirect_loop", status=302)
    map.page(A, "redirect_loop", status=301)
    map.page(LIST_1, "timeout", detail=NO_ANSWER)
    map.page(LIST_2, "client_error", status=404)
    answer(map, LIST_2, seconds=0.06)


def _write_what_counts_nowhere(map: HandmadeMap) -> None:
    map.page(ROBOTS, auxiliary=True, status=200)
    map.redirect(ROBOTS_PHP, ROBOTS_PHP, auxiliary=True)
    map.page(P)
    for url in (ROBOTS, ROBOTS_PHP, P):
        answer(map, url, seconds=9, bytes=99999, content_type="text/html", status=200, body=1)
        for _ in range(5):
            map.link(url, Q_HTTP, "old", rel="nofollow")
            map.link(url, Q, "old", rel="nofollow")
            map.link(url, B, "old")


LISTED = "https://s.test/listed"


def write_listed(map: HandmadeMap) -> None:
    """A sitemap of two pages, the second one linked by the first, which links to another site's dead page twice."""
    map.page("https://s.test/sitemap.xml", "not_html", auxiliary=True, manner=1, depth=None)
    map.link("https://s.test/sitemap.xml", LISTED, kind="sitemap")
    map.link("https://s.test/sitemap.xml", "https://s.test/linked", kind="sitemap")
    map.page(LISTED, status=200, depth=1)
    map.page("https://s.test/linked", status=200, depth=1)
    map.link(LISTED, "https://s.test/linked", "Next")
    map.link(LISTED, "https://dead.test/", "dead")
    map.link(LISTED, "https://dead.test/", "dead too", region="footer")
    map.page("https://dead.test/", "client_error", status=404, depth=2, manner=2)
    map.link(LISTED, "https://dead.test/in.png", kind="img")
    map.page("https://dead.test/in.png", "client_error", status=404, depth=None, manner=2)
    map.connection.execute("UPDATE page SET reach = 2 WHERE url = 'https://dead.test/in.png'")

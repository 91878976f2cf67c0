"""What is secret stays with its host: no user, password, key or cookie in the map, in files, messages or requests."""

from pathlib import Path

import pytest
from conftest import Answer, Site
from maps import linkmap, outcomes, rows

PASSWORD = "pa55-w0rd"
XML = {"Content-Type": "application/xml"}
FREE = ("--delay", "0", "--allow-private")


def with_password(site: Site, path: str) -> str:
    return f"http://me:{PASSWORD}@127.0.0.1:{site.port}{path}"


def fill(site: Site) -> None:
    """Pages that hold a password in every place where a URL may stand."""

    def u(path: str) -> str:
        return with_password(site, path)

    tail = u("/tail").removeprefix("http:")
    site.pages = {
        "/robots.txt": f"Sitemap: {u('/map.xml')}\nsitemap: {u('/map.txt')} # x\nSitemap: {tail}\nDisallow: /no",
        "/map.xml": Answer(f"<urlset><url><loc>{u('/entry')}</loc></url></urlset>", headers=XML),
        "/map.txt": Answer(u("/line") + "\n", headers={"Content-Type": "text/plain"}),
        "/": Answer(
            f'''<base href="{u("/")}"><link rel=canonical href="{u("/c")}">
            <link rel=alternate hreflang=de href="{u("/de")}"><meta http-equiv=refresh content="9;url={u("/r")}">
            <a href="{u("/a")}">a</a><a href="{tail}">b</a><a href="ftp://me:{PASSWORD}@x/">c</a>
            <a href="http://me:{PASSWORD}@[bad/">d</a><a href="ht\ttp:\\\\me:{PASSWORD}@a b/">e</a>
            <a href="foo://me:{PASSWORD}@x/">f</a><a href="feed:http://me:{PASSWORD}@x/">g</a>
            <a href="view-source:https://me:{PASSWORD}@x/">h</a><a href="/hop">i</a><a href="/ftp">j</a>
            <a href="/bad">k</a><img srcset="{u("/1")} 1x, {u("/2")} 2x" src="{u("/3")}">
            <iframe src="{u("/i")}"></iframe>
            <form action="{u("/f")}"><button formaction="{u("/g")}"></button></form>
            <style>a {{ background: url({u("/css")}) }}</style><video poster="{u("/v")}"></video>''',
            headers={"Link": f"<{u('/next')}>; rel=next", "Refresh": f"9;url={u('/refresh')}"},
        ),
        "/hop": Answer("", 302, {"Location": u("/landed")}),
        "/ftp": Answer("", 302, {"Location": f"ftp://me:{PASSWORD}@x/"}),
        "/bad": Answer("", 302, {"Location": f"http://me:{PASSWORD}@[bad/"}),
        "/feed": Answer(f"<rss><channel><link>{u('/feed-entry')}</link></channel></rss>", headers=XML),
        "/a": '<a href="/feed">feed</a>',
    }


@pytest.mark.parametrize("workers", [0, 1])
def test_passwords_of_links_reach_no_file_and_no_message(site: Site, tmp_path: Path, workers: int) -> None:
    fill(site)
    (tmp_path / "seeds.txt").write_text(f"{with_password(site, '/')}\nhttp://me:{PASSWORD}@[bad/\n")
    folder = tmp_path / "crawl"
    folder.mkdir()
    done = linkmap(
        "crawl", "--seeds", tmp_path / "seeds.txt", with_password(site, "/a"), *FREE, "--verbose", "--edges",
        "edges.tsv", "--record", "all", "--check", "external,resources", "--workers", workers, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = done.stdout + done.stderr
    for name in ("map.graphml", "map.csv", "map.tsv"):
        said += linkmap("export", name, cwd=folder).stdout
    for words in (("status",), ("links", with_password(site, "/")), ("query", "in_degree"), ("query", "broken_links")):
        answer = linkmap(*words, cwd=folder)
        said += answer.stdout + answer.stderr
    assert PASSWORD not in said
    files = sorted(folder.iterdir())
    assert {file.name for file in files} >= {"map.db", "edges.tsv", "map.graphml", "map.csv", "map.tsv"}
    assert [file.name for file in files if PASSWORD.encode() in file.read_bytes()] == []
    assert len([1 for name in outcomes(folder / "map.db").values() if name != "invalid"]) > 20
    assert rows(folder / "map.db", "SELECT count(*) > 20 FROM links WHERE credentials") == [(1,)]
    assert not [hit for hit in site.log if "Authorization" in hit.headers], "nor is it sent to anybody"


@pytest.mark.parametrize("words", [("inspect",), ("inspect", "--json"), ("plan",), ("plan", "--json")])
def test_passwords_of_links_are_not_shown(site: Site, tmp_path: Path, words: tuple[str, ...]) -> None:
    fill(site)
    for path in ("/", "/hop"):
        options = FREE if words[0] == "plan" else ("--allow-private",)
        done = linkmap(words[0], with_password(site, path), *words[1:], *options, cwd=tmp_path)
        assert "127.0.0.1" in done.stdout
        assert PASSWORD not in done.stdout + done.stderr


def test_the_rules_of_robots_txt_keep_their_words(site: Site, tmp_path: Path) -> None:
    site.pages = {
        "/robots.txt": "User-agent: *\nDisallow: /to?u=http://a:b@c/\n",
        "/": '<a href="/to?u=http://a:b@c/">x</a>',
    }
    assert linkmap("crawl", site("/"), *FREE, cwd=tmp_path).returncode == 0
    assert rows(tmp_path / "map.db", "SELECT robots_text FROM origin") == [(site.pages["/robots.txt"],)]
    assert outcomes(tmp_path / "map.db")[site("/to?u=http://a:b@c/")] == "robots_denied"


@pytest.mark.parametrize("workers", [0, 1])
def test_no_cookie_that_a_server_sets_is_sent_back(site: Site, tmp_path: Path, workers: int) -> None:
    cookie = {"Set-Cookie": "session=1234; Path=/"}
    site.pages = {
        "/robots.txt": Answer("", headers=cookie),
        "/": Answer("", 302, {"Location": "/home", **cookie}),
        "/home": Answer('<a href="/in">in</a><img src="/i.png">', headers=cookie),
        "/in": "in",
    }
    done = linkmap("crawl", site("/"), *FREE, "--workers", workers, "--check", "resources", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert site.paths() == ["/", "/home", "/in", "/i.png", "/i.png"]
    assert not [hit for hit in site.log if "Cookie" in hit.headers]
    assert b"1234" not in (tmp_path / "map.db").read_bytes()

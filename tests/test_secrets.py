"""Secrets reach the host they are for, and nothing else: no other host, no file, no message."""

import base64
from pathlib import Path

import pytest
from conftest import Answer, Site
from maps import linkmap, outcomes
from tls import Authority, TlsSite

from linkmap.credentials import Credentials, HostHeader, at_origins, basic_auth, cookie
from linkmap.errors import UsageError

SECRET = "s3cret-value"
GIVEN = (
    "--header", f"a.test=X-Key:{SECRET}",
    "--auth", f"A.test=me:{SECRET}:x",
    "--cookie", f"a.test=one={SECRET}", "--cookie", "a.test=two=2",
)  # fmt: skip


@pytest.fixture
def names(site: Site) -> tuple[str, ...]:
    """Options under which a.test, www.a.test and b.test are the site; a.test links and redirects to the others."""
    a, www, b = (f"http://{host}:{site.port}" for host in ("a.test", "www.a.test", "b.test"))
    site.pages = {
        "//a.test/": f'<a href="/in">i</a><a href="/out">o</a><a href="{www}/">w</a><a href="{b}/">b</a>',
        "//a.test/in": "in",
        "//a.test/out": Answer("", 302, {"Location": f"{b}/landed"}),
        "//b.test/landed": f'<a href="{a}/back">back</a>',
        "//a.test/back": "back",
        "//b.test/": "b",
        "//www.a.test/": "www",
    }
    resolve = [f"{host}:{site.port}:127.0.0.1" for host in ("a.test", "www.a.test", "b.test")]
    return (
        f"{a}/",
        "--scope",
        "any",
        "--delay",
        "0",
        "--allow-private",
        *(x for r in resolve for x in ("--resolve", r)),
    )


def sent(site: Site, host: str) -> set[tuple[str | None, str | None, str | None]]:
    """The secrets of every request to a host, robots.txt included."""
    return {
        (hit.headers.get("X-Key"), hit.headers.get("Authorization"), hit.headers.get("Cookie"))
        for hit in site.log
        if hit.host.startswith(f"{host}:")
    }


def test_secrets_go_to_their_host_alone_and_cross_no_redirect(
    site: Site, names: tuple[str, ...], tmp_path: Path
) -> None:
    done = linkmap("crawl", *names, *GIVEN, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(outcomes(tmp_path / "map.db")) == 7
    basic = "Basic " + base64.b64encode(f"me:{SECRET}:x".encode()).decode()
    assert sent(site, "a.test") == {(SECRET, basic, f"one={SECRET}; two=2")}
    assert sent(site, "www.a.test") == sent(site, "b.test") == {(None, None, None)}


def test_secrets_stand_in_no_file_and_in_no_message(site: Site, names: tuple[str, ...], tmp_path: Path) -> None:
    done = linkmap("crawl", *names, *GIVEN, "--verbose", cwd=tmp_path)
    encoded = base64.b64encode(f"me:{SECRET}:x".encode())
    for file in tmp_path.iterdir():
        assert SECRET.encode() not in file.read_bytes()
        assert encoded not in file.read_bytes()
        assert b"X-Key" not in file.read_bytes()
    for text in (done.stdout, done.stderr, linkmap("status", cwd=tmp_path).stdout):
        assert SECRET not in text
        assert encoded.decode() not in text


def test_secrets_may_be_given_anew_with_add_and_resume(site: Site, names: tuple[str, ...], tmp_path: Path) -> None:
    assert linkmap("crawl", *names, "--depth", "0", cwd=tmp_path).returncode == 0
    assert sent(site, "a.test") == {(None, None, None)}
    assert linkmap("crawl", "--resume", *GIVEN, cwd=tmp_path).returncode == 0
    site.log.clear()
    assert linkmap("crawl", "--add", "--depth", "1", *GIVEN, cwd=tmp_path).returncode == 0
    assert {key for key, _, _ in sent(site, "a.test")} == {SECRET}


def test_a_secret_for_https_is_sent_over_https_and_not_over_http(site: Site, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with TlsSite(authority.certificate("DNS:a.test"), {"/": f'<a href="http://a.test:{site.port}/plain">p</a>'}) as tls:
        site.pages = {"/plain": "plain"}
        done = linkmap(
            "crawl", tls("/", "a.test"), "--delay", "0", "--allow-private", "--ca-file", authority.file,
            "--resolve", f"a.test:{tls.port}:127.0.0.1", "--resolve", f"a.test:{site.port}:127.0.0.1",
            "--header", f"https://a.test:{tls.port}=X-Key:{SECRET}", cwd=tmp_path,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {headers.get("X-Key") for _, headers in tls.headers} == {SECRET}
    assert [hit.headers.get("X-Key") for hit in site.log if hit.path == "/plain"] == [None]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--header", f"a.test={SECRET}"),
        ("--header", f"X-Key:{SECRET}"),
        ("--header", f"a.test=Host:{SECRET}"),
        ("--header", f"a.test=User-Agent:{SECRET}"),
        ("--header", f"a.test=X Key:{SECRET}"),
        ("--header", f"a.test=X-Key:{SECRET}\r\nX-Evil: 1"),
        ("--header", f"a.test:80=X-Key:{SECRET}"),
        ("--header", f"ftp://a.test=X-Key:{SECRET}"),
        ("--header", f"http://a.test/x=X-Key:{SECRET}"),
        ("--header", f"http://a.test:port=X-Key:{SECRET}"),
        ("--header", f"https://=X-Key:{SECRET}"),
        ("--header", f"https://me@a.test=X-Key:{SECRET}"),
        ("--header", f"a.test/x=X-Key:{SECRET}"),
        ("--header", f"a.test=X-Key:{SECRET}", "--header", f"a.test=x-key:{SECRET}"),
        ("--header", "a.test=X-K:1", "--header", f"a.test=X-K:{SECRET}", "--header", "https://a.test=X-K:3"),
        ("--auth", f"a.test={SECRET}"),
        ("--auth", f"me:{SECRET}=@a.test:x"),
        ("--auth", f"me:{SECRET}"),
        ("--auth", f"a.test=me:{SECRET}", "--header", f"a.test=Authorization:{SECRET}"),
        ("--cookie", f"a.test={SECRET}"),
        ("--cookie", f"a.test=id={SECRET}; other=1"),
        ("--cookie", f"a.test=i d={SECRET}"),
    ],
)
def test_a_wrong_secret_is_refused_without_being_repeated(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = linkmap("crawl", "http://a.test/", *arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert SECRET not in done.stderr + done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_secret_does_not_show_itself() -> None:
    for secret in (
        HostHeader("a.test", "X-Key", SECRET),
        basic_auth("a.test", SECRET, SECRET),
        cookie("a.test", "i", SECRET),
    ):
        assert SECRET not in repr(secret)
        assert base64.b64encode(f"{SECRET}:{SECRET}".encode()).decode() not in repr(secret)


@pytest.mark.parametrize(
    ("host", "url", "goes", "reason"),
    [
        ("a.test", "https://a.test/", True, "over https, where no seed says otherwise"),
        ("a.test", "https://a.test:443/x", True, "whose port is the usual one"),
        ("a.test", "http://a.test/", False, "not where all can read it"),
        ("a.test", "https://a.test:8443/x", False, "nor on another port"),
        ("a.test", "https://b.a.test/", False, "not below it"),
        ("b.a.test", "https://a.test/", False, "nor above it"),
        ("a.test", "https://a.test.evil/", False, "the whole name"),
        ("a.test", "https://evil/?https://a.test/", False, "and the host's place only"),
        ("BÜCHER.example", "https://xn--bcher-kva.example/", True, "as URLs spell it"),
        ("[::1]", "https://[::1]:443/", True, "an address"),
        ("seed.test", "http://seed.test:8080/x", True, "the origin that a seed names"),
        ("seed.test", "https://seed.test/", False, "and no other of that name"),
        ("seed.test", "http://seed.test/", False, "whatever the port"),
        ("two.test", "http://two.test/", True, "one of two that seeds name"),
        ("two.test", "https://two.test:8443/", True, "the other"),
        ("two.test", "https://two.test/", False, "and no third"),
        ("https://a.test", "https://a.test/", True, "over https"),
        ("https://a.test", "http://a.test/", False, "and only there"),
        ("https://a.test", "https://a.test:8443/", False, "on that port alone"),
        ("https://A.test:8443", "https://a.test:8443/x", True, "a port of one's own"),
        ("https://a.test:8443", "https://a.test/", False, "which is not the usual one"),
        ("http://a.test:80", "http://a.test/", True, "plain http, where that is what was named"),
        ("http://a.test", "https://a.test/", False, "and nothing else"),
        ("http://[::1]:8080", "http://[::1]:8080/", True, "the origin of an address"),
    ],
)
def test_which_requests_take_a_secret_along(host: str, url: str, goes: bool, reason: str) -> None:
    seeds = ["http://seed.test:8080/start", "http://two.test/", "https://two.test:8443/", "https://two.test:8443/again"]
    headers = Credentials(at_origins([HostHeader(host, "X-Key", SECRET)], seeds)).headers_for(url)
    assert headers == ({"X-Key": SECRET} if goes else {}), reason


def test_what_is_given_for_an_origin_wins_there() -> None:
    given = [HostHeader("a.test", "X-Key", "both"), HostHeader("http://a.test", "x-key", "http")]
    headers = Credentials(at_origins(given, ["http://a.test/", "https://a.test/"]))
    assert headers.headers_for("http://a.test/") == {"x-key": "http"}
    assert headers.headers_for("https://a.test/") == {"X-Key": "both"}


def test_the_secret_of_a_name_is_not_sent_over_http_that_was_only_guessed(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": "home", "/next": "next"}
    resolve = ("--resolve", f"a.test:{site.port}:127.0.0.1", "--allow-private", "--delay", "0")
    secret = ("--header", f"a.test=X-Key:{SECRET}")
    assert linkmap("crawl", f"a.test:{site.port}", *resolve, *secret, cwd=tmp_path).returncode == 0
    again = linkmap("crawl", "--add", f"http://b.test:{site.port}/", *secret, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert outcomes(tmp_path / "map.db")[f"http://a.test:{site.port}/"] == "fetched"
    assert {key for key, _, _ in sent(site, "a.test")} == {None}


def test_a_header_of_linkmaps_own_is_no_secret() -> None:
    with pytest.raises(UsageError, match="cannot be given"):
        HostHeader("a.test", "connection", "close")


@pytest.mark.parametrize("is_bare", [False, True])
def test_a_secret_crosses_no_change_of_scheme_host_or_port(site: Site, tmp_path: Path, is_bare: bool) -> None:
    authority = Authority(tmp_path)
    with Site() as other, TlsSite(authority.certificate("DNS:a.test"), {"/landed": "landed"}) as tls:
        targets = {
            "/scheme": tls("/landed", "a.test"),
            "/port": f"http://a.test:{other.port}/landed",
            "/host": f"http://b.test:{site.port}/landed",
            "/same": "/landed",
        }
        other.pages = site.pages = {"/landed": "landed", "/": "".join(f'<a href="{path}">x</a>' for path in targets)}
        site.pages |= {path: Answer("", 302, {"Location": target}) for path, target in targets.items()}
        places = [("a.test", site.port), ("a.test", other.port), ("b.test", site.port), ("a.test", tls.port)]
        resolve = [word for host, port in places for word in ("--resolve", f"{host}:{port}:127.0.0.1")]
        origin = f"http://a.test:{site.port}"
        place = "a.test" if is_bare else origin
        done = linkmap(
            "crawl", f"{origin}/", "--scope", "any", "--delay", "0", "--allow-private", "--ca-file", authority.file,
            *resolve, "--header", f"{place}=X-Key:{SECRET}", "--auth", f"{place}=me:{SECRET}",
            "--cookie", f"{place}=one={SECRET}", cwd=tmp_path,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert set(outcomes(tmp_path / "map.db").values()) == {"fetched", "redirect"}
    assert {key is None for key, _, _ in sent(site, "a.test")} == {False}
    for hits in (sent(site, "b.test"), sent(other, "a.test")):
        assert hits == {(None, None, None)}
    names = {name for _, headers in tls.headers for name in headers}
    assert names
    assert not names & {"X-Key", "Authorization", "Cookie"}

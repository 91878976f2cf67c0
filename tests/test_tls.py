"""TLS with real certificates: verified by default, each fault by its class, --ca-file and --insecure."""

import json
from pathlib import Path

import pytest
from maps import linkmap, outcomes, rows
from rawserver import RawServer
from tls import Authority, TlsSite, self_signed

FAST = ("--delay", "0", "--allow-private", "--timeout", "10")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    (tmp_path / "certificates").mkdir()
    return Authority(tmp_path / "certificates")


def only_page(folder: Path) -> tuple[str, str]:
    """Outcome and detail of the only page of the map in a folder."""
    sql = "SELECT outcome.name, detail FROM page JOIN outcome ON outcome.id = outcome WHERE auxiliary = 0"
    (found,) = rows(folder / "map.db", sql)
    return found


def test_a_certificate_of_an_authority_in_the_ca_file_is_believed(authority: Authority, tmp_path: Path) -> None:
    with TlsSite(authority.certificate("IP:127.0.0.1"), {"/": '<a href="/a">a</a>', "/a": "a"}) as site:
        done = linkmap("crawl", site("/"), *FAST, "--ca-file", "certificates/authority.pem", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert outcomes(tmp_path / "map.db") == {site("/"): "fetched", site("/a"): "fetched"}
    assert "insecure" not in done.stderr


def test_the_ca_file_is_kept_with_the_map_and_found_from_another_folder(authority: Authority, tmp_path: Path) -> None:
    with TlsSite(authority.certificate("IP:127.0.0.1"), {"/": "home", "/new": "new"}) as site:
        first = linkmap("crawl", site("/"), *FAST, "--ca-file", "certificates/authority.pem", cwd=tmp_path)
        assert first.returncode == 0, first.stderr
        added = linkmap("crawl", "--add", site("/new"), "--db", "../map.db", cwd=tmp_path / "certificates")
        assert added.returncode == 0, added.stderr
        assert outcomes(tmp_path / "map.db")[site("/new")] == "fetched"


@pytest.mark.parametrize(
    ("names", "days", "host", "fault"),
    [
        ("DNS:a.test", -1, "a.test", "expired: "),
        ("DNS:b.test", 10, "a.test", "wrong host: "),
        ("IP:127.0.0.2", 10, "127.0.0.1", "wrong host: "),
    ],
)
def test_a_certificate_that_cannot_be_believed_is_a_tls_error_with_its_class(
    authority: Authority, tmp_path: Path, names: str, days: int, host: str, fault: str
) -> None:
    with TlsSite(authority.certificate(names, days), {"/": "home"}) as site:
        resolve = ("--resolve", f"a.test:{site.port}:127.0.0.1")
        done = linkmap("crawl", site("/", host), *FAST, *resolve, "--ca-file", authority.file, cwd=tmp_path)
    assert done.returncode == 1
    outcome, detail = only_page(tmp_path)
    assert outcome == "tls_error"
    assert detail.startswith(fault), detail
    assert site.headers == [], "nothing was asked over a connection that is not to be trusted"


def test_authorities_that_the_system_does_not_know_are_unknown(authority: Authority, tmp_path: Path) -> None:
    with TlsSite(authority.certificate("IP:127.0.0.1"), {"/": "home"}) as site:
        linkmap("crawl", site("/"), *FAST, cwd=tmp_path)
    outcome, detail = only_page(tmp_path)
    assert (outcome, detail.partition(": ")[0]) == ("tls_error", "unknown authority")


def test_a_certificate_that_signs_itself_is_called_self_signed_and_may_be_named_as_its_authority(
    tmp_path: Path,
) -> None:
    certificate = self_signed(tmp_path, "IP:127.0.0.1")
    with TlsSite(certificate, {"/": "home"}) as site:
        linkmap("crawl", site("/"), *FAST, cwd=tmp_path)
        outcome, detail = only_page(tmp_path)
        assert (outcome, detail.partition(": ")[0]) == ("tls_error", "self-signed")
        trusted = linkmap("crawl", site("/"), *FAST, "--ca-file", certificate, "--db", "trusted.db", cwd=tmp_path)
        assert trusted.returncode == 0, trusted.stderr


def test_a_server_that_speaks_no_tls_is_a_protocol_fault(tmp_path: Path) -> None:
    with RawServer([b"HTTP/1.1 400 Bad Request\r\n\r\n"]) as server:
        linkmap("crawl", server.url.replace("http:", "https:"), *FAST, cwd=tmp_path)
    outcome, detail = only_page(tmp_path)
    assert (outcome, detail.partition(": ")[0]) == ("tls_error", "protocol")


def test_a_server_that_speaks_only_a_forbidden_version_is_a_protocol_fault(
    authority: Authority, tmp_path: Path
) -> None:
    with TlsSite(authority.certificate("IP:127.0.0.1"), {"/": "home"}, old=True) as site:
        linkmap("crawl", site("/"), *FAST, "--ca-file", authority.file, cwd=tmp_path)
    outcome, detail = only_page(tmp_path)
    assert (outcome, detail.partition(": ")[0]) == ("tls_error", "protocol"), detail
    assert "version" in detail, detail
    assert site.headers == []


def test_a_server_that_wants_a_client_certificate_is_a_protocol_fault(authority: Authority, tmp_path: Path) -> None:
    with TlsSite(authority.certificate("IP:127.0.0.1"), {"/": "home"}, client_authority=authority.file) as site:
        linkmap("crawl", site("/"), *FAST, "--ca-file", authority.file, cwd=tmp_path)
    outcome, detail = only_page(tmp_path)
    assert (outcome, detail.partition(": ")[0]) == ("tls_error", "protocol"), detail


def test_insecure_fetches_all_the_same_and_says_so_on_every_run_even_quietly(
    authority: Authority, tmp_path: Path
) -> None:
    pages = {"/": "home", "/new": "new", "/newer": "newer"}
    with TlsSite(authority.certificate("DNS:b.test", -1), pages) as site:
        first = linkmap("crawl", site("/"), *FAST, "--insecure", "--quiet", cwd=tmp_path)
        assert first.returncode == 0, first.stderr
        assert first.stdout == ""
        assert "--insecure: no TLS certificate is verified" in first.stderr
        added = linkmap("crawl", "--add", site("/new"), "--quiet", cwd=tmp_path)
        assert "--insecure: no TLS certificate is verified" in added.stderr
        assert json.loads(rows(tmp_path / "map.db", "SELECT settings FROM run")[0][0])["insecure"] is True
        assert outcomes(tmp_path / "map.db") == {site("/"): "fetched", site("/new"): "fetched"}
        back = linkmap("crawl", "--add", site("/newer"), "--no-insecure", cwd=tmp_path)
    assert "verified" not in back.stderr
    assert outcomes(tmp_path / "map.db")[site("/newer")] == "tls_error"

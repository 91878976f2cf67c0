"""RFC 9309, 2.3.1: what each answer to /robots.txt means for the pages behind it, by a crawl and the server's log."""

from pathlib import Path

from conftest import Answer, Site
from maps import check_accounting, linkmap, outcomes

from reliability.robots_answers import ALLOWED, ROBOTS, UNREACHABLE
from reliability.tls_faults import untrusted
from reliability.zoo import Zoo

FAST = ("--delay", "0", "--allow-private", "--timeout", "1")


def test_each_answer_to_robots_txt_decides_as_the_standard_says(tmp_path: Path) -> None:
    with Zoo(ROBOTS) as zoo:
        done = linkmap("crawl", *map(zoo.url, ROBOTS), *FAST, *zoo.options(), cwd=tmp_path)
    assert "Traceback" not in done.stderr
    check_accounting(tmp_path / "map.db")
    found = outcomes(tmp_path / "map.db")
    assert {name: found[zoo.url(name)] for name in ROBOTS} == {name: each.outcome for name, each in ROBOTS.items()}
    asked = {name for name in ROBOTS if zoo.requests[name, "/"]}
    assert asked == {name for name, each in ROBOTS.items() if each.outcome == ALLOWED}


def test_where_a_name_or_tls_fails_no_page_is_asked_for_and_each_has_the_fault_of_its_host(tmp_path: Path) -> None:
    unknown = f"http://{'x' * 64}.test/"
    with untrusted(tmp_path) as tls:
        done = linkmap("crawl", unknown, *tls.faults, *FAST, *tls.options, cwd=tmp_path)
        assert not any(site.headers for site in tls.sites)
    assert "Traceback" not in done.stderr
    assert outcomes(tmp_path / "map.db") == {unknown: "dns_error"} | dict.fromkeys(tls.faults, "tls_error")


def test_no_page_is_asked_for_while_robots_txt_is_unreachable_or_still_to_come(site: Site, tmp_path: Path) -> None:
    pages = "".join(f'<a href="/{number}">x</a>' for number in range(50))
    site.pages = {"/": pages, "/robots.txt": Answer("", 503, {"Retry-After": "0"}, delay_s=0.3)}
    seeds = [site(f"/{number}") for number in range(50)]
    linkmap("crawl", *seeds, *FAST, "--per-host", "20", cwd=tmp_path)
    assert {hit.path for hit in site.log} == {"/robots.txt"}
    assert set(outcomes(tmp_path / "map.db").values()) == {UNREACHABLE}

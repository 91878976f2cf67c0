"""The same with the real command line, its workers and a real name server, on a machine that holds the addresses."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from maps import check_accounting, environment, outcomes, rows

from reliability.addresses import PUBLIC
from reliability.namespace import FAILING, GOOD, PRIVATE, SILENT

HOME = "http://public.test/"


def can_unshare() -> bool:
    """Whether this machine lets a test have a network of its own."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return False
    words = ["unshare", "-rnm", "sh", "-c", "ip link set lo up && mount --bind /dev/null /etc/resolv.conf"]
    return subprocess.run(words, capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not can_unshare(), reason="no network namespaces here")


def crawl(folder: Path, *options: object, seeds: Sequence[str] = (HOME,), presses: int = 0) -> dict[str, Any]:
    """Crawl in a namespace: the addresses that were dialled, exit code, messages, seconds since the last Ctrl-C."""
    words = [str(presses), "crawl", *seeds, "--scope", "any", "--delay", "0", "--timeout", "5", *map(str, options)]
    done = subprocess.run(
        ["unshare", "-rnm", sys.executable, "-m", "reliability.namespace", *words],
        cwd=folder, env=environment(with_tests=True), capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("workers", [0, 1])
def test_no_connection_reaches_a_private_address(tmp_path: Path, workers: int) -> None:
    found = crawl(tmp_path, "--workers", workers)
    assert found["code"] == 0, found["said"]
    assert set(found["seen"]) == {PUBLIC}
    db = tmp_path / "map.db"
    check_accounting(db)
    turned = "SELECT name FROM page JOIN outcome ON outcome.id = outcome WHERE url = ?"
    assert rows(db, turned, "http://turns.test/first") == [("fetched",)]
    assert rows(db, turned, "http://turns.test:81/second") == [("private_address",)]
    ends = "SELECT DISTINCT name FROM page JOIN outcome ON outcome.id = outcome WHERE url LIKE ? AND NOT auxiliary"
    assert rows(db, ends, "%/link") == rows(db, ends, "%/landed") == [("private_address",)]


def test_allow_private_reaches_them(tmp_path: Path) -> None:
    found = crawl(tmp_path, "--workers", 1, "--allow-private")
    assert found["code"] == 0, found["said"]
    assert {PUBLIC, "127.0.0.1", "::1", *PRIVATE} <= set(found["seen"])


@pytest.mark.parametrize("workers", [0, 1])
def test_names_of_which_nothing_is_heard_hold_up_no_other_host(tmp_path: Path, workers: int) -> None:
    silent = [f"http://{n}{SILENT}/landed" for n in range(40)]
    good = [f"http://{n}{GOOD}/landed" for n in range(20)]
    found = crawl(tmp_path, "--workers", workers, "--quiet", seeds=[*silent, *good])
    assert found["code"] == 0, found["said"]
    check_accounting(tmp_path / "map.db")
    unheard = dict.fromkeys(silent, "robots_unreachable")
    assert outcomes(tmp_path / "map.db") == dict.fromkeys(good, "fetched") | unheard


def test_a_name_whose_k_th_question_fails_is_looked_up_again(tmp_path: Path) -> None:
    """A look-up asks four times: twice for each kind of address. It is made three times at most."""
    seeds = [f"http://f{k}{FAILING}/landed" for k in range(9)]
    found = crawl(tmp_path, "--workers", 0, seeds=seeds)
    assert found["code"] == 0, found["said"]
    assert outcomes(tmp_path / "map.db") == dict.fromkeys(seeds, "fetched")
    check_accounting(tmp_path / "map.db")


@pytest.mark.parametrize(("workers", "presses", "at_most_s"), [(0, 1, 5), (1, 1, 5), (0, 2, 1)])
def test_ctrl_c_does_not_wait_for_names_of_which_nothing_is_heard(
    tmp_path: Path, workers: int, presses: int, at_most_s: float
) -> None:
    silent = [f"http://{n}{SILENT}/" for n in range(12)]
    found = crawl(tmp_path, "--workers", workers, "--timeout", 30, seeds=silent, presses=presses)
    assert found["code"] == 4, found["said"]
    assert found["took_s"] <= at_most_s
    assert "Traceback" not in found["said"]
    assert outcomes(tmp_path / "map.db") == dict.fromkeys(silent, "pending")

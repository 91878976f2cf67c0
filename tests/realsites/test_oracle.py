"""The oracle itself, on a site small enough to be worked out by hand."""

from pathlib import Path

from .compare import differences
from .oracle import html_files, read_documents, walk
from .small_site import by_hand, write_site


def test_the_oracle_finds_what_was_worked_out_by_hand(tmp_path: Path) -> None:
    base = "http://127.0.0.1:8000/"
    write_site(tmp_path, base)
    found = walk(tmp_path, read_documents(html_files(tmp_path)), [base + "index.html"])
    assert differences(by_hand(base), found) == []

"""What linkmap's own code may not do, read off its source, and what no folder and no web page makes it do."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Site
from maps import ROOT, environment


@pytest.mark.parametrize("module", ["uvloop", "json", "socket"])
def test_no_module_of_the_current_folder_is_loaded_by_a_worker(site: Site, tmp_path: Path, module: str) -> None:
    site.pages = {"/": "home"}
    (tmp_path / f"{module}.py").write_text("open('loaded', 'w').close()\n")
    words = ["crawl", site("/"), "--allow-private", "--delay", "0", "--workers", "1"]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "linkmap", *words],
        cwd=tmp_path,
        env=environment() | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "loaded").exists()

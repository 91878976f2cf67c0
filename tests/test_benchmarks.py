"""What the benchmarks hold crawls to is true: their web's own counts are those that a crawl finds."""

import json
import subprocess
import sys
from pathlib import Path

from conftest import Site
from maps import check_accounting, environment, linkmap, rows


def test_the_generated_web_counts_its_pages_links_and_edges_as_a_crawl_finds_them(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    words = ["--pages", "60", "--hosts", "1", "--links", "12", "--page-bytes", "2000", "--port", str(site.port)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.web", str(folder), *words], env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    truth = json.loads(done.stdout)
    root = folder / "127.0.0.1"
    site.pages = {f"/{file.relative_to(root)}": file.read_text() for file in root.rglob("*.html")}
    manners = ["--delay", "0", "--per-host", "8", "--no-robots", "--allow-private"]
    done = linkmap("crawl", truth["seed"], "--depth", 100, "--scope", "host", *manners, "--db", "m.db", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    db = tmp_path / "m.db"
    check_accounting(db)
    fetched = "SELECT count(*) FROM page JOIN outcome ON outcome.id = outcome WHERE outcome.name = 'fetched'"
    found = [rows(db, sql)[0][0] for sql in (fetched, "SELECT count(*) FROM links", "SELECT count(*) FROM edges")]
    assert found == [truth["pages"], truth["links"], truth["edges"]]
    assert truth["pages"] == 60
    assert truth["links"] == 60 * 12
    assert truth["edges"] < truth["links"], "a web in which no link stands twice would not tell links from edges"


def test_the_same_seed_writes_the_same_web_and_another_seed_another(tmp_path: Path) -> None:
    webs = []
    for number, seed in enumerate((1, 1, 2)):
        folder = tmp_path / str(number)
        words = ["--pages", "20", "--hosts", "3", "--page-bytes", "500", "--seed", str(seed)]
        command = [sys.executable, "-m", "benchmarks.web", str(folder), *words]
        subprocess.run(command, env=environment(), check=True, capture_output=True)
        webs.append({str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*.html")})
    assert len(webs[0]) == 20
    assert webs[0] == webs[1]
    assert webs[0] != webs[2]

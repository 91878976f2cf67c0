"""The sites that the packages are, each where its files lie below `/usr/share`, and where its crawl begins."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .compare import read_map
from .oracle import Document, Walk, html_files, read_documents, walk

REPOSITORY = Path(__file__).parents[2]
POLICY = (
    "README.html",
    "policy.html",  # a folder, and so are the next two: each answers with a redirect
    "perl-policy.html",
    "menu-policy.html",
    "perl-policy-1.html",
    "menu-policy-1.html",
    "fhs/fhs-3.0.html",
    "autopkgtest.html",
    "debconf_specification.html",
    "copyright-format-1.0.html",
    "policy.txt.gz",
)
SITES = {
    "apache2-doc": ("doc/apache2-doc", ("manual/", "manual/ja/index.html")),  # 9 languages, 3 charsets
    "debian-policy": ("doc/debian-policy", POLICY),
    "fp-docs": ("doc/fp-docs", ("3.2.2/fpctoc.html",)),  # 16,000 pages, and 28,000 dead links
    "git-doc": ("doc/git-doc", ("git.html", "")),  # the second has no index: a dead seed
    "libstdc++-12-doc": ("doc/gcc-12-base/libstdc++", ("index.html",)),  # a page of 3.8 MB
    "postgresql-doc-15": ("doc/postgresql-doc-15", ("html/",)),
    "python3.11-doc": ("doc/python3.11", ("html/index.html",)),  # one page of it has 17,000 links
    "sqlite3-doc": ("doc/sqlite3", ("index.html",)),
}


@dataclass
class RealSite:
    """The site of one package. root: the folder that is served, which all packages share."""

    name: str
    root: Path

    @property
    def folder(self) -> Path:
        return self.root / SITES[self.name][0]

    def seeds(self, base: str) -> list[str]:
        """Where a crawl begins, on the server at that base URL."""
        folder, paths = SITES[self.name]
        return [f"{base}{folder}/{path}" for path in paths]

    @cached_property
    def documents(self) -> dict[Path, Document]:
        """What html5lib reads in its HTML files."""
        return read_documents(html_files(self.folder))

    def walk(self, base: str) -> Walk:
        """What a crawl must find, by the files alone."""
        return walk(self.root, self.documents, self.seeds(base))


def linkmap(*arguments: str | Path) -> str:
    """The output of a command that must end well."""
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "linkmap", *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def crawl(seeds: Sequence[str], db: Path, *options: str) -> Walk:
    """What a crawl of the seeds' host, to its end, finds."""
    everything = ["--scope", "host", "--depth", "250", "--max-pages", "0", *options]
    linkmap("crawl", *seeds, "--db", db, "--delay", "0", "--allow-private", "--quiet", *everything)
    return read_map(db)

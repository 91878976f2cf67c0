"""The files beside the package that people read first: what they claim is so."""

import re
import tomllib
from pathlib import Path

from linkmap.seeds import Seed, parse_seed_lines

REPOSITORY = Path(__file__).parents[1]


def test_each_dependency_has_its_line_and_each_line_its_dependency() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    declared = [*project["dependencies"], *extras["test"], *extras["dev"]]
    names = [re.split(r"[^\w.-]", requirement)[0] for requirement in declared]
    text = (REPOSITORY / "docs" / "dependencies.md").read_text(encoding="utf-8")
    described = re.findall(r"^\| ([\w.-]+) \|", text, re.MULTILINE)
    assert sorted({*described} - {"package"}) == sorted({*names} - {"linkmap"})
    assert len(described) == len(set(described)) + 2, "a package stands twice (the word `package` heads three tables)"


def test_the_sample_is_a_dozen_seeds_with_one_comment_each() -> None:
    lines = (REPOSITORY / "sample_urls.txt").read_text(encoding="utf-8").splitlines()
    found = list(parse_seed_lines(lines))
    assert len(found) == 12
    assert all(isinstance(seed, Seed) and lines[number - 2].startswith("# ") for number, seed in found)


def test_the_picture_of_a_crawl_names_no_folder_of_the_machine_it_was_made_on() -> None:
    picture = (REPOSITORY / "docs" / "performance" / "flame.svg").read_text(encoding="utf-8")
    commands = re.findall(r"process ([^<(]*)", picture)
    assert commands
    assert {command.strip() for command in commands} == {"linkmap crawl"}

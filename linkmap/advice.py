"""What to type next, as messages name it."""

import shlex
from pathlib import Path

DEFAULT_DB = "map.db"
MEMORY = ":memory:"
"""What `--db` names where the map is to be kept in memory, as SQLite has it."""


def in_memory(db: Path | str) -> bool:
    """Whether a map is kept in memory, and so ends with its crawl."""
    return str(db) == MEMORY


def command(words: str, db: Path | str) -> str:
    """`linkmap WORDS` for this map, ready to be pasted: `--db` stands there where the default would be another."""
    option = "" if str(db) == DEFAULT_DB else f" --db {shlex.quote(str(db))}"
    return f"linkmap {words}{option}"


def going_on(db: Path | str) -> str:
    """How to go on with a crawl that broke off, as the end of a sentence."""
    if in_memory(db):
        return "then crawl again (this map was kept in memory)"
    return f"then go on with `{command('crawl --resume', db)}`"

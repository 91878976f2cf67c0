"""What to type next, as messages name it."""

import shlex
from pathlib import Path

DEFAULT_DB = "map.db"


def command(words: str, db: Path | str) -> str:
    """`linkmap WORDS` for this map, ready to be pasted: `--db` stands there where the default would be another."""
    option = "" if str(db) == DEFAULT_DB else f" --db {shlex.quote(str(db))}"
    return f"linkmap {words}{option}"

"""The tables of the documents that are made from a fresh map: `python -m tests.tables` writes them anew."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from linkmap.store.reader import schema_sql

OUTCOMES = Path(__file__).parent.parent / "docs" / "outcomes.md"
BEGIN, END = "<!-- states: made by python -m tests.tables -->", "<!-- end of states -->"


def states() -> str:
    """The states with their outcomes, those to which a link is dead in bold, as Markdown."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema_sql())
        rows = connection.execute("SELECT state, name, broken FROM outcome ORDER BY id").fetchall()
    by_state: dict[str, list[str]] = {}
    for state, name, broken in rows:
        by_state.setdefault(state, []).append(f"**{name}**" if broken else name)
    lines = [
        "| state | outcomes |",
        "|---|---|",
        *(f"| {state} | {', '.join(by_state[state])} |" for state in by_state),
    ]
    return "\n".join(lines)


def with_states(text: str) -> str:
    """A document with its table of states as the database has it."""
    return re.sub(f"{BEGIN}.*?{END}", f"{BEGIN}\n{states()}\n{END}", text, flags=re.DOTALL)


if __name__ == "__main__":
    OUTCOMES.write_text(with_states(OUTCOMES.read_text()))

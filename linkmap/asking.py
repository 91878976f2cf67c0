"""Answers to questions: SQL run on a map that it can only read, with parameters bound and never pasted.

The map is opened read-only, and an authorizer refuses whatever is not a SELECT: `mode=ro` by itself still
lets ATTACH and VACUUM INTO write other files (measured with SQLite 3.40).
"""

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from linkmap.advice import command
from linkmap.errors import LinkmapError, UsageError
from linkmap.model import Value
from linkmap.pages import find_page
from linkmap.questions import Parameter, Question, find_question, parse_question
from linkmap.store.reader import reading

_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
_REFUSED_FUNCTIONS = frozenset({"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"})
_ACTIONS = {
    sqlite3.SQLITE_ATTACH: "ATTACH or VACUUM",
    sqlite3.SQLITE_DETACH: "DETACH",
    sqlite3.SQLITE_PRAGMA: "PRAGMA",
    sqlite3.SQLITE_INSERT: "INSERT",
    sqlite3.SQLITE_UPDATE: "UPDATE",
    sqlite3.SQLITE_DELETE: "DELETE",
    sqlite3.SQLITE_TRANSACTION: "BEGIN or COMMIT",
}
_PLACEHOLDER = re.compile(r"[:@$]([A-Za-z_][A-Za-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows that answer a question, all read, with the map closed again."""

    columns: tuple[str, ...]
    rows: list[tuple[Value, ...]]
    notes: tuple[str, ...] = ()
    """Sentences that a reader of the rows must know."""


def query(db: Path | str, question: str, /, **parameters: Value) -> Answer:
    """The answer to a named question, or to one in SQL (whatever contains white space is SQL).

    Parameters are bound by name: `query("map.db", "in_degree", limit=5)`. Raises UsageError where the question,
    a parameter or the SQL is wrong, LinkmapError where the map cannot answer.
    """
    return ask(db, read_question(question), parameters)


def read_question(question: str) -> Question:
    """The question that a name or an SQL text stands for."""
    if re.search(r"\s", question.strip()):
        return parse_question("SQL", question)
    return find_question(question.strip())


def ask(
    db: Path | str,
    question: Question,
    parameters: Mapping[str, Value],
    max_rows: int | None = None,
    *,
    hold: bool = False,
) -> Answer:
    """The answer, cut after max_rows. All rows are read at once: a slow reader of ours must not pin the map.

    Beside a crawl it may take a second, unless it may `hold` the map for longer.
    """
    with reading(db, hold=hold) as connection:
        connection.row_factory = None
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
        notes = _rank_notes(connection, db) if question.needs == "rank" else ()
        bound = _bind(connection, question, parameters)
        columns, rows = _run(connection, question, bound, max_rows)
    return Answer(columns, rows, notes)


def _rank_notes(connection: sqlite3.Connection, db: Path | str) -> tuple[str, ...]:
    """A sentence where the ranks are old. Raises LinkmapError where nothing is ranked yet."""
    ranked = connection.execute("SELECT capture FROM computed WHERE name = 'rank'").fetchone()
    if ranked is None:
        raise LinkmapError(f"nothing in {db} is ranked yet: run `{command('rank', db)}` first")
    newest = connection.execute("SELECT coalesce(max(id), 0) FROM capture").fetchone()[0]
    if ranked[0] < newest:
        return (f"The ranks are older than the newest pages: `{command('rank', db)}` brings them up to date.",)
    return ()


def _bind(connection: sqlite3.Connection, question: Question, given: Mapping[str, Value]) -> dict[str, Value]:
    """Every parameter of the question with its value."""
    undeclared = {name: value for name, value in given.items() if not question.takes(name)}
    for name in undeclared:
        if name not in _PLACEHOLDER.findall(question.sql):
            raise UsageError(f"{question.name} has no parameter {name}: {_signature(question)}")
    bound = dict(undeclared)
    for parameter in question.parameters:
        if parameter.name in given:
            bound[parameter.name] = _resolved(connection, parameter, parameter.convert(given[parameter.name]))
        elif parameter.required:
            raise UsageError(f"{question.name} needs {parameter.name}: {_signature(question)}")
        else:
            bound[parameter.name] = parameter.default
    return bound


def _signature(question: Question) -> str:
    """The parameters of a question, in words."""
    words = {name: name for name in _PLACEHOLDER.findall(question.sql)}
    for each in question.parameters:
        words[each.name] = f"{each.name} ({each.type}{', required' if each.required else ''})"
    return f"it has {', '.join(words.values())}" if words else "it has none"


def _resolved(connection: sqlite3.Connection, parameter: Parameter, value: Value) -> Value:
    """The value, where it names a page, as the map spells it. Raises LinkmapError where the map has no such page."""
    if not isinstance(value, str) or parameter.type not in ("page", "place"):
        return value
    if parameter.type == "place":
        name = value.strip().lower()
        if connection.execute("SELECT 1 FROM host WHERE name = ?", (name,)).fetchone():
            return name
    return find_page(connection, value).url


def _run(
    connection: sqlite3.Connection, question: Question, bound: Mapping[str, Value], max_rows: int | None
) -> tuple[tuple[str, ...], list[tuple[Value, ...]]]:
    """Columns and rows of the SQL, which can do nothing but read."""
    refused: list[str] = []

    def judge(action: int, first: str | None, second: str | None, database: str | None, inner: str | None) -> int:
        if action in _READING:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() not in _REFUSED_FUNCTIONS:
            return sqlite3.SQLITE_OK
        refused.append(_refusal(action, first, second))
        return sqlite3.SQLITE_DENY

    # A table-valued function declares its table when it is first used, which the authorizer would refuse.
    connection.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')").fetchall()
    connection.set_authorizer(judge)
    try:
        cursor = connection.execute(question.sql, bound)
        if cursor.description is None:
            raise UsageError(f"{question.name} asks nothing: give it one SELECT")
        columns = tuple(column[0] for column in cursor.description)
        return columns, cursor.fetchall() if max_rows is None else cursor.fetchmany(max_rows)
    except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
            raise
        raise UsageError(_sentence(question, error, refused)) from error


def _refusal(action: int, first: str | None, second: str | None) -> str:
    """What the SQL tried to do."""
    if action == sqlite3.SQLITE_FUNCTION:
        return f"{second}()"
    if (first or "").startswith("sqlite_"):
        return "a change of the schema"
    return _ACTIONS.get(action, "this statement")


def _sentence(question: Question, error: Exception, refused: list[str]) -> str:
    """What was wrong with the SQL, in words."""
    words = str(error)
    if refused:
        return f"{question.name} may only read the map: {refused[0]} is refused"
    if "one statement" in words:
        return f"{question.name} holds several statements: ask one at a time"
    missing = re.search(r"binding parameter :(\w+)", words)
    if missing:
        return f"{question.name} needs {missing[1]}: {_signature(question)}"
    if words.startswith("Binding"):
        return f"{question.name} has a parameter without a name: write :name, not ?"
    return f"{question.name} does not run: {words}"

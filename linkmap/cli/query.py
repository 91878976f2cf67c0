"""`linkmap query`: named questions, and questions in SQL."""

import sys
from pathlib import Path

import click

from linkmap.asking import ask
from linkmap.cli.options import check_raw, db_option, format_option, hold_option, raw_option
from linkmap.cli.text import counted, note, print_rows
from linkmap.errors import UsageError
from linkmap.model import Value
from linkmap.questions import Question, find_question, parse_question, questions
from linkmap.store.indexing import ensure_indexed


@click.command()
@click.argument("name", required=False)
@click.option("--sql", help="Ask this SQL instead of a named question.")
@click.option(
    "--file", "sql_file", type=click.Path(path_type=Path), help="Ask the SQL in this file; - is standard input."
)
@click.option(
    "-p", "--param", "assignments", multiple=True, metavar="NAME=VALUE", help="Set a parameter; may be repeated."
)
@click.option("--limit", type=click.IntRange(min=0), help="Rows at most; 0 gives all.  [default: the question's own]")
@click.option("--explain", is_flag=True, help="Say what the question means and what it can be told.")
@format_option
@raw_option
@hold_option
@db_option
def query(
    name: str | None,
    sql: str | None,
    sql_file: Path | None,
    assignments: tuple[str, ...],
    limit: int | None,
    explain: bool,
    form: str,
    raw: bool,
    hold: bool,
    db: Path,
) -> None:
    """Ask a map a question by NAME, or in SQL; without either, list the questions.

    \b
    linkmap query in_degree --limit 5
    linkmap query anchors_of -p page=example.com/about
    linkmap query --sql "SELECT count(*) AS pages FROM page WHERE auxiliary = 0" --format json
    """
    if sum(given is not None for given in (name, sql, sql_file)) > 1:
        raise UsageError("give one of a question's name, --sql and --file")
    check_raw(form, raw=raw)
    question = _asked(name, sql, sql_file)
    if question is None:
        if assignments or limit is not None or explain:
            raise UsageError("name a question: `linkmap query` lists them all")
        print_rows(("question", "title"), [(each.name, each.title) for each in questions()], form)
    elif explain:
        _explain(question)
    else:
        _answer(db, question, _parameters(question, assignments), limit, form, raw=raw, hold=hold)


def _asked(name: str | None, sql: str | None, sql_file: Path | None) -> Question | None:
    if name is not None:
        return find_question(name)
    if sql is not None:
        return parse_question("this SQL", sql)
    if sql_file is not None:
        return parse_question("standard input" if str(sql_file) == "-" else str(sql_file), _read(sql_file))
    return None


def _read(path: Path) -> str:
    """The text of a file of SQL. Raises UsageError where it cannot be read."""
    try:
        written = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        return written.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}): name a file of SQL with --file") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not text in UTF-8: name a file of SQL with --file") from error


def _parameters(question: Question, assignments: tuple[str, ...]) -> dict[str, Value]:
    """The parameters as given, one NAME=VALUE each."""
    given: dict[str, Value] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name:
            raise UsageError(f"{assignment!r} is not NAME=VALUE: write `-p page=example.com/about`")
        if name in given:
            raise UsageError(f"the parameter {name} is given twice")
        given[name] = value if question.takes(name) else _number_or_text(value)
    return given


def _number_or_text(value: str) -> Value:
    """The value of a parameter without a declared type: a number only where the text is how it is written."""
    for convert in (int, float):
        try:
            number = convert(value)
        except ValueError:
            continue
        if str(number) == value:
            return number
    return value


def _answer(
    db: Path, question: Question, given: dict[str, Value], limit: int | None, form: str, *, raw: bool, hold: bool
) -> None:
    max_rows = None
    if limit is not None and question.takes("limit"):
        if "limit" in given:
            raise UsageError("the limit is given twice: use --limit alone")
        given["limit"] = limit or -1
    elif limit:
        max_rows = limit
    if question.needs == "indexes":
        built = ensure_indexed(db)
        if built:
            note(built)
    answer = ask(db, question, given, max_rows, hold=hold)
    for sentence in answer.notes:
        note(sentence)
    if form != "table":
        print_rows(answer.columns, answer.rows, form, raw=raw)
    elif answer.rows:
        print_rows(answer.columns, answer.rows, form)
        _note_cut(question, given, max_rows, len(answer.rows))
    else:
        note("No rows: the answer is empty.")


def _note_cut(question: Question, given: dict[str, Value], max_rows: int | None, rows: int) -> None:
    """Say so where there may be more rows than are shown."""
    defaults = {parameter.name: parameter.default for parameter in question.parameters}
    if str(rows) in (str(max_rows), str(given.get("limit", defaults.get("limit")))):
        note(f"The first {counted(rows, 'row')}; --limit 0 shows all.")


def _explain(question: Question) -> None:
    """Print title, explanation and parameters."""
    click.echo(f"{question.name}: {question.title}\n\n{question.explanation}")
    if question.parameters:
        click.echo("\nParameters:")
    for each in question.parameters:
        default = "required" if each.required else f"default {each.default!s}"
        taken = f": {', '.join(each.choices)}" if each.choices else ""
        click.echo(f"  {each.name} ({each.type}, {default}): {each.help}{taken}")

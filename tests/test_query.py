"""`linkmap query` and `linkmap.query`: how questions are found, told things, kept from writing, and printed."""

import csv
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from handmade import handmade
from maps import ROOT, command, environment, linkmap

from linkmap.asking import Answer, query
from linkmap.cli.text import FORMATS, safe, write_rows
from linkmap.errors import LinkmapError, UsageError
from linkmap.questions import Question, parse_question, questions

HOME = "https://a.test/"
ABOUT = "https://a.test/about"

HOSTILE = "\x1b[31m=red\x07\u202eevil\x9b2J\r\n\tend"
SHOWN = r"\x1b[31m=red\x07\u202eevil\x9b2J\x0d\x0a\x09end"
"""The same with every character that a terminal would act upon written out."""


@pytest.fixture
def map_db(tmp_path: Path) -> Path:
    """home -> about twice, about -> home: `HOSTILE`, and a formula."""
    path = tmp_path / "map.db"
    with handmade(path) as map:
        map.page(HOME, seed=True)
        map.link(HOME, ABOUT, "About")
        map.link(HOME, ABOUT, "=1+2")
        map.page(ABOUT, depth=1)
        map.link(ABOUT, HOME, HOSTILE)
    return path


# --- Finding a question


def test_every_file_has_a_title_an_explanation_and_parameters_with_help() -> None:
    for question in questions():
        assert question.title, question.name
        assert question.explanation, question.name
        assert all(parameter.help for parameter in question.parameters), question.name
        assert question.needs in (None, "indexes", "rank"), question.name


def test_every_parameter_of_the_sql_is_declared_and_used() -> None:
    for question in questions():
        used = set(re.findall(r":([a-z_]+)", re.sub(r"--.*", "", question.sql)))
        assert used == {parameter.name for parameter in question.parameters}, question.name


def as_documented(question: Question) -> str:
    """The section on a question in docs/queries.md, as its header gives it."""
    lines = [f"### {question.name}", "", f"**{question.title}.**", question.explanation, ""]
    for each in question.parameters:
        default = "required" if each.required else f"default {each.default}"
        lines.append(
            f"- `{each.name}` ({each.type}, {default}): {each.help}"
            + ": " * bool(each.choices)
            + ", ".join(each.choices)
        )
    return "\n".join(lines).strip()


def test_docs_explain_every_question_in_the_words_of_its_file() -> None:
    text = (ROOT / "docs" / "queries.md").read_text(encoding="utf-8")
    for question in questions():
        assert as_documented(question) in text, f"put this into docs/queries.md:\n{as_documented(question)}"
    documented = re.findall(r"^### (\w+)$", text, re.MULTILINE)
    assert sorted(documented) == [question.name for question in questions()]


def test_the_list_names_every_question_with_its_title(tmp_path: Path) -> None:
    done = linkmap("query", "--format", "ndjson", cwd=tmp_path)
    assert done.returncode == 0
    listed = [json.loads(line) for line in done.stdout.splitlines()]
    assert listed == [{"question": each.name, "title": each.title} for each in questions()]


def test_an_unknown_question_names_what_comes_near(map_db: Path) -> None:
    with pytest.raises(UsageError, match="there is no question 'in_degre': did you mean in_degree or out_degree"):
        query(map_db, "in_degre")
    with pytest.raises(UsageError, match="there is no question 'xyzzy': `linkmap query` lists them all"):
        query(map_db, "xyzzy")


def test_a_header_gives_title_explanation_needs_and_typed_defaults() -> None:
    question = parse_question(
        "mine",
        "-- title: Mine\n--\n-- What it\n-- means.\n--\n-- needs: rank\n-- param: n integer -1 How many\n"
        "-- param: share real 0.5\n-- param: who text required The name\n-- param: word text optional\n"
        "SELECT 1; -- param: late integer 1 not a header any more",
    )
    assert (question.title, question.explanation, question.needs) == ("Mine", "What it\nmeans.", "rank")
    assert [(each.name, each.type, each.required, each.default, each.help) for each in question.parameters] == [
        ("n", "integer", False, -1, "How many"),
        ("share", "real", False, 0.5, ""),
        ("who", "text", True, None, "The name"),
        ("word", "text", False, None, ""),
    ]


def test_choices_belong_to_the_text_parameter_above_them(map_db: Path) -> None:
    sql = "-- param: a text x\n-- param: b text optional\n-- choices: b two words, x\nSELECT :a, :b"
    assert [each.choices for each in parse_question("mine", sql).parameters] == [(), ("two words", "x")]
    assert query(map_db, sql, b="two words").rows == [("x", "two words")]
    assert query(map_db, sql, a="y").rows == [("y", None)]


@pytest.mark.parametrize(
    "header",
    ["-- choices: a x", "-- param: a text x\n-- choices: b x", "-- param: a integer 1\n-- choices: a 1",
     "-- param: a text x\n-- choices: a", "-- param: a text x\n-- choices: a y, z"],
)  # fmt: skip
def test_choices_of_nothing_that_takes_them_are_a_usage_error(map_db: Path, header: str) -> None:
    with pytest.raises(UsageError, match="choices"):
        query(map_db, f"{header}\nSELECT 1")


@pytest.mark.parametrize("line", ["n", "n integer", "n number 5 How many", "9 integer 5", "n integer five"])
def test_a_malformed_parameter_line_is_a_usage_error(map_db: Path, line: str) -> None:
    with pytest.raises(UsageError):
        query(map_db, f"-- param: {line}\nSELECT 1")


# --- Telling it things


def test_sql_and_parameters_are_bound_and_never_pasted(map_db: Path) -> None:
    answer = query(map_db, "SELECT :word AS word, :n + 1 AS more", word="x' OR 1 = 1; --", n=41)
    assert answer == Answer(("word", "more"), [("x' OR 1 = 1; --", 42)])


def test_defaults_of_a_header_are_bound(map_db: Path) -> None:
    sql = "-- param: n integer 5 How many\n-- param: word text optional\nSELECT :n AS n, :word AS word"
    assert query(map_db, sql).rows == [(5, None)]
    assert query(map_db, sql, n="7", word="x").rows == [(7, "x")]


@pytest.mark.parametrize(
    ("name", "parameters", "sentence"),
    [
        ("in_degree", {"limt": 3}, r"in_degree has no parameter limt: it has limit \(integer\)"),
        ("coverage", {"limit": 3}, "coverage has no parameter limit: it has none"),
        ("in_degree", {"limit": "many"}, "limit must be a whole number, not 'many'"),
        ("in_degree", {"limit": 2.5}, "limit must be a whole number, not 2.5"),
        ("in_degree", {"limit": True}, "limit must be a whole number, not True"),
        ("in_degree", {"limit": 2**63}, "limit must be a number of at most 64 bits"),
        ("anchors_of", {}, r"anchors_of needs page: it has page \(page, required\), limit \(integer\)"),
        ("anchors_of", {"page": None}, "page needs a value: The page's URL"),
        ("anchors_of", {"page": 7}, "page must be text, not 7"),
        ("SELECT :a AS a", {}, "SQL needs a: it has a"),
        ("SELECT :a AS a", {"b": 1}, "SQL has no parameter b: it has a"),
        ("SELECT :a AS a", {"a": 2**63}, "SQL does not run: .* too large"),
        ("SELECT ?", {}, r"SQL has a parameter without a name: write :name, not \?"),
        ("indexability", {"indexable": "maybe"}, "indexable must be one of yes, no, unknown, not 'maybe'"),
        ("indexability", {"reason": "nope"}, "reason must be one of blocked by robots.txt, redirect, .* not 'nope'"),
        ("indexability", {"reason": ""}, "reason must be one of blocked by robots.txt, .* not ''"),
        ("-- param: x real 1\nSELECT :x", {"x": "nan"}, "x must be a number, not 'nan'"),
        ("-- param: x real 1\nSELECT :x", {"x": "1e999"}, "x must be a number, not '1e999'"),
    ],
)
def test_a_wrong_parameter_is_a_usage_error_that_says_what_there_is(
    map_db: Path, name: str, parameters: dict[str, object], sentence: str
) -> None:
    with pytest.raises(UsageError, match=f"^{sentence}"):
        query(map_db, name, **parameters)


def test_a_page_is_found_in_any_spelling_and_a_near_one_is_named(map_db: Path) -> None:
    assert query(map_db, "anchors_of", page="HTTPS://A.test/about#x").rows == [("=1+2", 1, 1), ("About", 1, 1)]
    with pytest.raises(LinkmapError, match=r"has no page https://a.test/about/: did you mean https://a.test/about\?"):
        query(map_db, "anchors_of", page="a.test/about/")
    with pytest.raises(LinkmapError, match=r"has no page https://z.test/, and none of the host z\.test"):
        query(map_db, "links_between", source="a.test", target="z.test")


# --- Only reading


@pytest.mark.parametrize(
    ("sql", "refused"),
    [
        ("ATTACH 'other.db' AS other", "ATTACH or VACUUM"),
        ("VACUUM INTO 'copy.db'", "ATTACH or VACUUM"),
        ("PRAGMA journal_mode = wal", "PRAGMA"),
        ("PRAGMA query_only = 0", "PRAGMA"),
        ("INSERT INTO rel VALUES (7, 'x', 0)", "INSERT"),
        ("UPDATE page SET depth = 0", "UPDATE"),
        ("DELETE FROM page", "DELETE"),
        ("WITH x AS (SELECT 1) DELETE FROM page", "DELETE"),
        ("BEGIN IMMEDIATE ", "BEGIN or COMMIT"),
        ("DROP TABLE page", "a change of the schema"),
        ("CREATE TEMP TABLE x (y)", "a change of the schema"),
        ("SELECT load_extension('x')", r"load_extension\(\)"),
        ("SELECT * FROM pragma_table_info('page')", "a change of the schema"),
    ],
)
def test_whatever_is_not_reading_is_refused_and_changes_nothing(map_db: Path, sql: str, refused: str) -> None:
    before = map_db.read_bytes()
    with pytest.raises(UsageError, match=f"^SQL may only read the map: {refused} is refused$"):
        query(map_db, sql)
    assert map_db.read_bytes() == before
    assert [entry.name for entry in map_db.parent.iterdir()] == ["map.db"]


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3) SELECT i FROM n", [(1,), (2,), (3,)]),
        ("SELECT count(*) FROM links", [(3,)]),
        ("SELECT value FROM json_each('[1, 2]')", [(1,), (2,)]),
        ("SELECT CAST(x'ff41' AS TEXT)", [("\ufffdA",)]),
        ("SELECT 1 WHERE 0 -- ;", []),
    ],
)
def test_reading_is_allowed_in_all_its_forms(map_db: Path, sql: str, rows: list[tuple[object, ...]]) -> None:
    assert query(map_db, sql).rows == rows


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("SELECT 1; SELECT 2", "SQL holds several statements: ask one at a time"),
        ("-- nothing but this\n", "SQL asks nothing: give it one SELECT"),
        ("SELEC 1", 'SQL does not run: near "SELEC": syntax error'),
        ("SELECT * FROM nowhere", "SQL does not run: no such table: nowhere"),
        ("SELECT 1 \0 2", "SQL does not run: .*null character"),
        ("SELECT '\ud800' AS x", "SQL does not run: .*surrogates not allowed"),
    ],
)
def test_sql_that_is_no_question_is_a_sentence(map_db: Path, sql: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=f"^{sentence}"):
        query(map_db, sql)


def test_ctrl_c_interrupts_a_question_without_end(map_db: Path) -> None:
    """The alarm stands for the key: Python hands both to the same function, on the main thread."""
    earlier = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt):
            query(map_db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)


def test_a_map_being_written_can_be_asked(map_db: Path) -> None:
    with closing(sqlite3.connect(map_db, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = wal")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM link")
        assert query(map_db, "SELECT count(*) FROM links").rows == [(3,)]
        writer.execute("COMMIT")
        assert query(map_db, "SELECT count(*) FROM links").rows == [(0,)]


# --- The command line


def test_a_table_is_aligned_and_says_what_the_limit_cut(map_db: Path) -> None:
    done = linkmap("query", "in_degree", "--limit", 1, cwd=map_db.parent)
    assert done.returncode == 0
    assert done.stdout == (
        "in_degree  in_links  in_hosts  outcome  url\n"
        "---------  --------  --------  -------  ---------------\n"
        "        1         1         1  fetched  https://a.test/\n"
    )
    assert done.stderr == "The first 1 row; --limit 0 shows all.\n"


def test_limit_zero_shows_all(map_db: Path) -> None:
    done = linkmap("query", "anchors_of", "-p", "page=a.test/about", "--limit", 0, "--format", "csv", cwd=map_db.parent)
    assert list(csv.reader(io.StringIO(done.stdout))) == [
        ["anchor", "links", "source_pages"],
        ["'=1+2", "1", "1"],  # a spreadsheet would have computed it
        ["About", "1", "1"],
    ]
    assert done.stderr == ""


def test_sql_and_file_are_cut_by_limit_and_take_parameters(map_db: Path) -> None:
    sql = "SELECT :start + column1 AS n, typeof(:zip) AS zip FROM (VALUES (0), (1), (2))"
    (map_db.parent / "mine.sql").write_text(sql + ";\n", encoding="utf-8")
    wanted = '{"n": 40, "zip": "text"}\n{"n": 41, "zip": "text"}\n'
    parameters = ("-p", "start=40", "--param", "zip=007", "--limit", 2, "--format", "ndjson")
    assert linkmap("query", "--sql", sql, *parameters, cwd=map_db.parent).stdout == wanted
    assert linkmap("query", "--file", "mine.sql", *parameters, cwd=map_db.parent).stdout == wanted
    assert linkmap("query", "--file", "-", *parameters, cwd=map_db.parent, stdin=sql).stdout == wanted


def test_a_shipped_file_can_be_asked_as_a_file(map_db: Path) -> None:
    arguments = ("--format", "json", "--limit", 1)
    by_name = linkmap("query", "in_degree", *arguments, cwd=map_db.parent)
    by_file = linkmap("query", "--file", ROOT / "queries" / "in_degree.sql", *arguments, cwd=map_db.parent)
    assert json.loads(by_name.stdout) == [
        {"in_degree": 1, "in_links": 1, "in_hosts": 1, "outcome": "fetched", "url": HOME}
    ]
    assert by_file.stdout == by_name.stdout


@pytest.mark.parametrize(
    ("form", "printed"), [("table", ""), ("csv", "n\n"), ("tsv", "n\n"), ("json", "[]\n"), ("ndjson", "")]
)
def test_an_empty_answer_is_said_beside_a_table_and_empty_elsewhere(map_db: Path, form: str, printed: str) -> None:
    done = linkmap("query", "--sql", "SELECT 1 AS n WHERE 0", "--format", form, cwd=map_db.parent)
    assert done.stdout == printed
    assert done.stderr == ("No rows: the answer is empty.\n" if form == "table" else "")
    assert done.returncode == 0


def test_explain_prints_meaning_and_parameters(tmp_path: Path) -> None:
    done = linkmap("query", "--explain", "anchors_of", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("anchors_of: The words by which other pages link to a page\n\nlinks counts")
    assert done.stdout.endswith(
        "Parameters:\n"
        "  page (page, required): The page's URL\n"
        "  limit (integer, default 20): Rows at most; -1 gives all\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["in_degre"], 2, "Error: there is no question 'in_degre': did you mean in_degree or out_degree?\n"),
        (["in_degree", "--sql", "SELECT 1"], 2, "Error: give one of a question's name, --sql and --file\n"),
        (["--limit", "3"], 2, "Error: name a question: `linkmap query` lists them all\n"),
        (["--file", "-"], 2, "Error: standard input asks nothing: give it one SELECT\n"),
        (["in_degree", "-p", "limit"], 2, "Error: 'limit' is not NAME=VALUE: write `-p page=example.com/about`\n"),
        (["in_degree", "-p", "limit=1", "--limit", "2"], 2, "Error: the limit is given twice: use --limit alone\n"),
        (["in_degree", "-p", "limit=1", "-p", "limit=2"], 2, "Error: the parameter limit is given twice\n"),
        (["in_degree", "-p", "limit=x"], 2, "Error: limit must be a whole number, not 'x'\n"),
        (
            ["--file", "none.sql"],
            2,
            "Error: none.sql cannot be read (No such file or directory): name a file of SQL with --file\n",
        ),
        (["--file", "map.db"], 2, "Error: map.db is not text in UTF-8: name a file of SQL with --file\n"),
        (["--sql", ""], 2, "Error: this SQL asks nothing: give it one SELECT\n"),
        (["--sql", "DELETE FROM page"], 2, "Error: this SQL may only read the map: DELETE is refused\n"),
        (["pagerank"], 1, "Error: nothing in map.db is ranked yet: run `linkmap rank` first\n"),
        (
            ["coverage", "--db", "no.db"],
            1,
            "Error: no map at no.db: make one with `linkmap crawl SEED --db no.db`, or name another with --db\n",
        ),
    ],
)  # fmt: skip
def test_every_mistake_is_one_sentence(map_db: Path, arguments: list[str], code: int, sentence: str) -> None:
    done = linkmap("query", *arguments, cwd=map_db.parent, stdin="-- nothing")
    assert (done.returncode, done.stdout, done.stderr) == (code, "", sentence)


def test_old_degrees_are_computed_before_the_question_and_said(tmp_path: Path) -> None:
    with handmade(tmp_path / "map.db", finished=False) as map:
        map.link(HOME, ABOUT)
    first = linkmap("query", "in_degree", "--format", "tsv", cwd=tmp_path)
    assert first.stderr == "Built the indexes and degrees that map.db lacked.\n"
    assert first.stdout.splitlines()[1:] == [f"1\t1\t1\tpending\t{ABOUT}", f"0\t0\t0\tfetched\t{HOME}"]
    second = linkmap("query", "in_degree", "--format", "tsv", cwd=tmp_path)
    assert (second.stdout, second.stderr) == (first.stdout, "")


def test_a_terminal_without_unicode_gets_escapes_and_no_traceback(map_db: Path) -> None:
    done = subprocess.run(
        command("query", "--sql", "SELECT 'caf\u00e9 \u4e2d' AS word"),
        cwd=map_db.parent,
        env={**environment(), "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        capture_output=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == rb"caf\xe9 \u4e2d"


# --- Formats and hostile text


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_prints_what_a_terminal_would_act_upon(map_db: Path, form: str) -> None:
    done = linkmap("query", "anchors_of", "-p", "page=a.test", "--format", form, cwd=map_db.parent)
    assert done.returncode == 0
    assert re.findall("[^\n\x20-\x7e]", done.stdout.replace("\t", "" if form == "tsv" else "\t")) == []
    if form == "tsv":
        assert done.stdout.splitlines()[1] == r"\x1b[31m=red\x07\u202eevil\x9b2J\r\n\tend" + "\t1\t1"
    elif "json" in form:
        found = json.loads(done.stdout)
        assert (found[0] if form == "json" else found)["anchor"] == HOSTILE  # nothing is lost
    else:
        assert SHOWN in done.stdout


def test_harmless_letters_of_any_script_are_left_alone() -> None:
    text = "Zürich 中文 עברית \u200cفارسی\u200c 👩\u200d💻 a\u00a0b"
    assert safe(text) == text


@pytest.mark.parametrize(
    "character",
    ["\x00", "\x1b", "\x7f", "\x85", "\u200b", "\u200f", "\u2028", "\u2066", "\ufeff", "\ud800", "\U000e0041"],
)
def test_characters_that_steer_or_hide_are_shown(character: str) -> None:
    assert safe(f"a{character}b").isascii()
    assert safe(f"a{character}b").isprintable()


def written(form: str, columns: list[str], rows: list[tuple[object, ...]], width: int | None = None) -> str:
    out = io.StringIO()
    write_rows(out, columns, rows, form, width)
    return out.getvalue()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_cells_that_a_spreadsheet_would_compute_are_quoted(start: str) -> None:
    row = next(csv.reader(io.StringIO(written("csv", ["x"], [(f"{start}1",)]).split("\n", 1)[1])))
    assert row == [f"'{safe(start)}1"]


def test_csv_numbers_stay_numbers() -> None:
    assert written("csv", ["a", "b", "c", "d"], [(-1, -0.5, None, b"\x01\xff")]) == "a,b,c,d\n-1,-0.5,,01ff\n"


def test_tsv_cells_can_be_told_apart_and_read_back() -> None:
    assert written("tsv", ["a", "b"], [("tab\there", "back\\slash\nline"), (None, 1.5)]) == (
        "a\tb\ntab\\there\tback\\\\slash\\nline\n\t1.5\n"
    )


def test_json_is_valid_for_every_value_that_sqlite_has() -> None:
    rows = [("é\x1b\u2028", 1, 0.1, None, b"\xff"), (1e999, -1e999, "", 0, "\U000e0041")]
    text = written("json", ["a", "b", "a", "c", "d"], rows)
    assert "é\\u001b\\u2028" in text
    assert json.loads(text) == [
        {"a": "é\x1b\u2028", "b": 1, "a_3": 0.1, "c": None, "d": "ff"},
        {"a": None, "b": None, "a_3": "", "c": 0, "d": "\U000e0041"},  # JSON has no infinity
    ]
    assert written("ndjson", ["a", "b", "a", "c", "d"], rows).count("\n") == 2


def test_a_table_counts_wide_letters_as_two_columns() -> None:
    assert written("table", ["word", "n"], [("中文", 1), ("ab", 20)]) == ("word   n\n----  --\n中文   1\nab    20\n")


def test_a_table_is_folded_to_the_terminal_and_nothing_is_cut() -> None:
    """24 columns: n takes 1, a gap 2, so that 21 are left; 中 does not fit into the last of the first 21."""
    rows = [(1, "https://a.test/long/path"), (2, "x" * 20 + "中文")]
    assert written("table", ["n", "url"], rows, width=24).splitlines() == [
        "n  url",
        "-  ---------------------",
        "1  https://a.test/long/p",
        "   ath",
        "2  xxxxxxxxxxxxxxxxxxxx",
        "   中文",
    ]


def test_a_narrow_terminal_still_gets_eight_columns_each() -> None:
    lines = written("table", ["one", "two"], [("a" * 12, "b" * 12)], width=4).splitlines()
    assert lines[2:] == ["aaaaaaaa  bbbbbbbb", "aaaa      bbbb"]


def test_floats_of_a_table_are_short_and_of_csv_exact() -> None:
    assert written("table", ["x"], [(0.1 + 0.2,)]).splitlines()[-1] == "0.3"
    assert written("csv", ["x"], [(0.1 + 0.2,)]).splitlines()[-1] == "0.30000000000000004"


def test_a_reader_that_stops_early_is_told_nothing(map_db: Path) -> None:
    sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200000) SELECT i FROM n"
    read, write = os.pipe()
    process = subprocess.Popen(
        command("query", "--sql", sql, "--format", "csv"),
        cwd=map_db.parent,
        env=environment(),
        stdout=write,
        stderr=subprocess.PIPE,
    )
    os.close(write)
    with os.fdopen(read) as lines:
        assert next(lines) == "i\n"
    assert process.communicate(timeout=60)[1] == b""

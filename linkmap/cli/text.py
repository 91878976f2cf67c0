"""Rows as a table, csv, tsv, json or ndjson, and strings from the web made safe to print.

URLs, anchors and details are written by strangers: whatever could steer a terminal, turn the direction of
the text or hide in it is shown as an escape such as \\x1b, in every format.
"""

from __future__ import annotations

import csv
import json
import math
import re
import sys
from collections.abc import Iterable, Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING, TextIO

import click

from linkmap.spreadsheet import FORMULA_STARTS

if TYPE_CHECKING:
    from linkmap.model import Value  # else to load the model would be a tenth of what `status` takes

FORMATS = ("table", "csv", "tsv", "json", "ndjson")

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # turn the direction of the text around them
    "\u200b\u2028\u2029\u2060-\u2065\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # are not seen
    "\ud800-\udfff]"  # are no characters
)
_TSV_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_GAP = "  "
_NARROWEST = 8
"""No column of a table is folded below this width."""


def safe(text: str) -> str:
    """The text with every character that could do harm on a terminal shown as an escape."""
    return _UNSAFE.sub(_escape, text)


def counted(number: int, thing: str) -> str:
    """A number and what it counts: `1 page`, `2,000 pages`."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def write_rows(
    out: TextIO,
    columns: Sequence[str],
    rows: Iterable[Sequence[Value]],
    form: str,
    width: int | None = None,
    *,
    raw: bool = False,
) -> None:
    """Write the rows in one of FORMATS. A table is folded to the width, where there is one; raw csv has formulas."""
    if form == "table":
        _write_table(out, columns, list(rows), width)
    elif form == "csv":
        _write_csv(out, columns, rows, raw=raw)
    elif form == "tsv":
        _write_tsv(out, columns, rows)
    elif form == "json":
        _write_json(out, columns, rows)
    else:
        for row in _objects(columns, rows):
            out.write(f"{row}\n")


def print_rows(columns: Sequence[str], rows: Iterable[Sequence[Value]], form: str, *, raw: bool = False) -> None:
    """Write the rows to standard output; a table is folded where that is a terminal."""
    out = standard_output()
    write_rows(out, columns, rows, form, _terminal_width() if out.isatty() else None, raw=raw)


def _terminal_width() -> int:
    import shutil  # which `status` does without

    return shutil.get_terminal_size().columns


def standard_output() -> TextIO:
    """Standard output, to which any text can be written: a terminal may have another encoding than UTF-8."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    return sys.stdout


def json_text(value: object) -> str:
    """A JSON text on several lines, its strings safe to print."""
    lines = json.dumps(value, ensure_ascii=False, indent=2).split("\n")  # of JSON's own; those in strings are escaped
    return "\n".join(_UNSAFE.sub(_json_escape, line) for line in lines)


def note(sentence: str) -> None:
    """Say something beside the rows, on standard error."""
    click.echo(safe(sentence), err=True)


def csv_cell(value: Value, *, raw: bool = False) -> Value:
    """The value as a spreadsheet may have it: a text that would be a formula gets a ' before it, unless `raw`."""
    if isinstance(value, str):
        return f"'{safe(value)}" if not raw and value.startswith(FORMULA_STARTS) else safe(value)
    return value.hex() if isinstance(value, bytes) else value


def _escape(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _write_csv(out: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Value]], *, raw: bool) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([csv_cell(column, raw=raw) for column in columns])
    writer.writerows([csv_cell(value, raw=raw) for value in row] for row in rows)


def _write_tsv(out: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    for row in (columns, *rows):
        out.write(tsv_line(row))


def tsv_line(row: Sequence[Value]) -> str:
    """A row as one line of TSV: tabs, line ends and backslashes in its cells are escaped."""
    return "\t".join(safe(_plain(value).translate(_TSV_ESCAPES)) for value in row) + "\n"


def _write_json(out: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    separator = "[\n"
    for row in _objects(columns, rows):
        out.write(f"{separator}{row}")
        separator = ",\n"
    out.write("[]\n" if separator == "[\n" else "\n]\n")


def _objects(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterable[str]:
    """Every row as a JSON object. Of columns that share a name, the later ones get a number."""
    names = [name if name not in columns[:place] else f"{name}_{place + 1}" for place, name in enumerate(columns)]
    for row in rows:
        values = {name: _json_value(value) for name, value in zip(names, row, strict=True)}
        yield _UNSAFE.sub(_json_escape, json.dumps(values, ensure_ascii=False))


def _json_value(value: Value) -> Value:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.hex() if isinstance(value, bytes) else value


def _json_escape(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]


def _plain(value: Value) -> str:
    if value is None:
        return ""
    return value.hex() if isinstance(value, bytes) else str(value)


def _write_table(out: TextIO, columns: Sequence[str], rows: Sequence[Sequence[Value]], width: int | None) -> None:
    """Numbers to the right, text to the left; what does not fit is folded inside its column, never cut."""
    cells = [[_table_cell(value) for value in row] for row in rows]
    headings = [safe(column) for column in columns]
    widths = [max(_width_of(text) for text in column) for column in zip(headings, *cells, strict=True)]
    if width is not None:
        widths = _fitted(widths, width - len(_GAP) * (len(widths) - 1))
    numeric = [all(isinstance(row[place], int | float | None) for row in rows) for place in range(len(columns))]
    for line in (headings, ["-" * each for each in widths], *cells):
        _write_line(out, line, widths, numeric)


def _table_cell(value: Value) -> str:
    return f"{value:.6g}" if isinstance(value, float) else safe(_plain(value))


def _write_line(out: TextIO, cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> None:
    folded = [_folded(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for depth in range(max(map(len, folded))):
        parts = []
        for chunks, width, right in zip(folded, widths, numeric, strict=True):
            text = chunks[depth] if depth < len(chunks) else ""
            padding = " " * (width - _width_of(text))
            parts.append(padding + text if right else text + padding)
        out.write(_GAP.join(parts).rstrip() + "\n")


def _fitted(widths: list[int], room: int) -> list[int]:
    """The widths with the widest made narrower, all to the same measure, until they fit the room."""
    limit = max(widths, default=0)
    while limit > _NARROWEST and sum(min(width, limit) for width in widths) > room:
        limit -= 1
    return [min(width, limit) for width in widths]


def _folded(text: str, width: int) -> list[str]:
    """The text in pieces of at most this width; a character wider than that stands alone."""
    if _width_of(text) <= width:
        return [text]
    if text.isascii():
        return [text[start : start + width] for start in range(0, len(text), width)]
    pieces, rest = [], iter(text)
    piece = next(rest)
    for character in rest:
        if _width_of(piece + character) > width:
            pieces.append(piece)
            piece = ""
        piece += character
    return [*pieces, piece]


def _width_of(text: str) -> int:
    """The columns that a terminal gives the text."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # here: rich takes 70 ms to import, and most answers do not need it

    return cell_len(text)

"""An edge list with the header source,target,weight: one line an edge, its ends by name.

Gephi's spreadsheet import, pandas and R take it as it is (Gephi compares the column names without case). A node
without an edge has no line. In .csv a cell that a spreadsheet would run as a formula has a `'` before it
(OWASP, CSV injection), unless the file is wanted raw; in .tsv nothing is quoted: a tab, line end or backslash in a
cell is `\\t`, `\\n`, `\\\\`.
"""

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from linkmap.export.elements import Elements, NamedEdge
from linkmap.spreadsheet import guarded

_HEADER = ("source", "target", "weight")
_BLOCK = 1_000
_TSV_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def generate_csv(elements: Elements, *, raw: bool = False) -> Iterator[str]:
    """The file, in pieces of some 100 KB; with `raw`, formulas as they are."""
    cell = str if raw else guarded
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    for number, (source, target, weight) in enumerate(elements.named_edges(), 1):
        writer.writerow((cell(source), cell(target), weight))
        if number % _BLOCK == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def generate_tsv(elements: Elements) -> Iterator[str]:
    """The file, in pieces of some 100 KB."""
    lines = ["\t".join(_HEADER)]
    for edge in elements.named_edges():
        lines.append(_tsv_line(edge))
        if len(lines) == _BLOCK:
            yield "\n".join(lines) + "\n"
            lines.clear()
    if lines:
        yield "\n".join(lines) + "\n"


def count_csv(file: BinaryIO) -> tuple[None, int]:
    """The edges that a CSV reader finds in the file; nodes are not counted."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    rows = sum(1 for row in csv.reader(text) if len(row) == len(_HEADER))
    text.detach()  # closing it would close the file, which is not ours
    return None, rows - 1


def count_tsv(file: BinaryIO) -> tuple[None, int]:
    """The edges in the file, a line each; nodes are not counted."""
    return None, sum(1 for line in file if line.count(b"\t") == len(_HEADER) - 1) - 1


def _tsv_line(edge: NamedEdge) -> str:
    return f"{edge.source.translate(_TSV_ESCAPES)}\t{edge.target.translate(_TSV_ESCAPES)}\t{edge.weight}"

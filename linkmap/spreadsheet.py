"""Cells of CSV that a spreadsheet would compute: text from the web must not become a formula there. Pure."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""OWASP, CSV injection; the full-width signs count for spreadsheets of East Asian languages."""


def guarded(cell: str) -> str:
    """The cell with a ' before it where a spreadsheet would run it, so that it shows the text instead."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell

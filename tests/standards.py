"""Test data of web standards, read in place beside the checkout; a test that wants it is skipped without it."""

import json
from pathlib import Path
from typing import Any

import pytest

_FOLDER = Path(__file__).parents[2] / "shared" / "data"


def standard_bytes(name: str) -> bytes:
    """The bytes of a data file, such as `encoding/tests1.dat`."""
    path = _FOLDER / name
    if not path.exists():
        pytest.skip(f"needs {name} in ../shared/data beside the checkout")
    return path.read_bytes()


def standard_json(name: str) -> Any:
    """What a JSON data file holds, such as `wpt/urltestdata.json`."""
    return json.loads(standard_bytes(name))

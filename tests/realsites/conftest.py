"""The packages: those in the folder that LINKMAP_REALSITES names, or fetched anew."""

import os
from pathlib import Path

import pytest

from .packages import UnavailableError, unpack


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the unpacked packages share, which is the root of their site."""
    named = os.environ.get("LINKMAP_REALSITES")
    folder = Path(named) if named else tmp_path_factory.mktemp("packages")
    if not named:
        try:
            unpack(folder)
        except UnavailableError as reason:
            pytest.skip(str(reason))
    return folder / "usr" / "share"

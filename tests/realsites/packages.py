"""The documentation packages, fetched with apt and unpacked without being installed.

`python -m tests.realsites.packages FOLDER [--all]` unpacks them for the tests, which look at LINKMAP_REALSITES first.
"""

import shutil
import subprocess
import sys
from pathlib import Path

QUICK = ("apache2-doc", "debian-policy", "git-doc", "postgresql-doc-15", "python3.11-doc", "sqlite3-doc")
"""What every run of the tests reads."""
LONG = ("fp-docs-3.2.2", "libstdc++-12-doc")
"""What takes minutes more, most of them the oracle's: crawled where it was fetched, by `--all`."""


class UnavailableError(Exception):
    """Why the packages cannot be had on this machine, in words."""


def unpack(folder: Path, packages: tuple[str, ...] = QUICK) -> None:
    """Unpack the packages below the folder, as `dpkg-deb -x` does. Raises UnavailableError."""
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise UnavailableError(f"{tool} is not on this machine")
    folder.mkdir(parents=True, exist_ok=True)
    settings = ("APT::Sandbox::User=root", "Acquire::Retries=1", "Acquire::http::Timeout=20")
    options = [word for setting in settings for word in ("-o", setting)]
    _run(folder, ["apt-get", "-q", *options, "download", *packages])
    for archive in sorted(folder.glob("*.deb")):
        _run(folder, ["dpkg-deb", "-x", str(archive), str(folder)])
        archive.unlink()


def _run(folder: Path, command: list[str]) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=300)
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or [f"exit code {error.returncode}"])[-1]
        raise UnavailableError(f"{command[0]} failed: {last}") from error
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"{command[0]} did not end within 300 s") from error


if __name__ == "__main__":
    wanted = QUICK + LONG if "--all" in sys.argv[2:] else QUICK
    try:
        unpack(Path(sys.argv[1]), wanted)
    except UnavailableError as reason:
        sys.exit(f"{', '.join(wanted)}: {reason}")

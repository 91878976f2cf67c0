"""The two errors that linkmap raises for whoever runs it."""


class LinkmapError(Exception):
    """What the operator can mend: the message says what was wrong and what to do."""


class UsageError(LinkmapError):
    """The command or call itself is at fault (exit code 2)."""

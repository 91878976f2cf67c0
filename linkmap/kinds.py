"""Choices of link kinds as people write them: names and groups in, sorted names out, and a mask for quick tests."""

from collections.abc import Iterable
from functools import lru_cache

from linkmap.errors import UsageError
from linkmap.model import NAVIGATION_KINDS, LinkKind

RECORDED_KINDS = frozenset(LinkKind) - {LinkKind.CSS}
"""Recorded unless other kinds are named; style sheets take a parser of their own, and time."""

_DEFAULT = "default"
_WORDS = {kind.word: kind for kind in LinkKind}
_GROUPS = {"navigation": NAVIGATION_KINDS, "all": frozenset(LinkKind)}


def listed(written: str | Iterable[str]) -> Iterable[str]:
    """The words of a text with commas between them, or of a list."""
    return [word for word in written.split(",") if word.strip()] if isinstance(written, str) else written


def chosen_kinds(written: str | Iterable[str], default: frozenset[LinkKind], option: str) -> tuple[str, ...]:
    """The names of the kinds that are meant, sorted, each once. Raises UsageError naming the option.

    `written` is a text with commas or a list of words; a word is a kind or a group: `default` (the kinds given
    here), `navigation` or `all`.
    """
    if fault := fault_of_kinds(written):
        raise UsageError(f"{option}: {fault}")
    groups = {_DEFAULT: default, **_GROUPS}
    chosen: set[LinkKind] = set()
    for name in map(_name, listed(written)):
        chosen |= groups[name] if name in groups else {_WORDS[name]}
    return tuple(sorted(kind.word for kind in chosen))


def fault_of_kinds(written: str | Iterable[str]) -> str | None:
    """What is wrong with a choice of kinds, in words, or None."""
    known = [_DEFAULT, *_GROUPS, *_WORDS]
    for name in map(_name, listed(written)):
        if name not in known:
            return f"{name!r} is no kind of link: give some of {', '.join(known)}, with commas between"
    return None


def _name(word: str) -> str:
    return word.strip().lower() if isinstance(word, str) else word


@lru_cache(maxsize=16)
def kinds_mask(words: tuple[str, ...]) -> int:
    """A bit 2^id for every kind, by name. Asked for with every job, and of few sets."""
    return sum(1 << _WORDS[word] for word in words)

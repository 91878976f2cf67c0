"""Choices of link kinds as people write them: names and groups in, sorted names out, and a mask for quick tests."""

from collections.abc import Iterable
from functools import lru_cache

from linkmap.model import NAVIGATION_KINDS, LinkKind, UsageError

RECORDED_KINDS = frozenset(LinkKind) - {LinkKind.CSS}
"""Recorded unless other kinds are named; style sheets take a parser of their own, and time."""

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
    groups = {"default": default, **_GROUPS}
    chosen: set[LinkKind] = set()
    for word in listed(written):
        name = word.strip().lower() if isinstance(word, str) else word
        if name in groups:
            chosen |= groups[name]
        elif name in _WORDS:
            chosen.add(_WORDS[name])
        else:
            known = ", ".join([*groups, *_WORDS])
            raise UsageError(f"{option}: {name!r} is no kind of link: give some of {known}, with commas between")
    return tuple(sorted(kind.word for kind in chosen))


@lru_cache(maxsize=16)
def kinds_mask(words: tuple[str, ...]) -> int:
    """A bit 2^id for every kind, by name. Asked for with every job, and of few sets."""
    return sum(1 << _WORDS[word] for word in words)

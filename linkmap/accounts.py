"""The accounting: how many pages have which outcome, of the whole map, and what changed of each host in a batch."""

import json
from collections import Counter, defaultdict

from linkmap.model import Outcome, State

_STATES = tuple(State)
_PLACES = {outcome: _STATES.index(outcome.state) for outcome in Outcome}
"""Outcome -> the place of its state."""


class Accounts:
    """Pages by outcome, auxiliary ones apart, and by host and state what is to be added to the store."""

    def __init__(self) -> None:
        self.pages: Counter[Outcome] = Counter()
        self.auxiliary: Counter[Outcome] = Counter()
        self._moves: defaultdict[int, list[int]] = defaultdict(lambda: [0] * len(_STATES))

    def enter(self, host: int, outcome: Outcome, *, auxiliary: bool) -> None:
        """Count a page that is new to the map, or to its pages; host 0: none."""
        (self.auxiliary if auxiliary else self.pages)[outcome] += 1
        if host and not auxiliary:
            self._moves[host][_PLACES[outcome]] += 1

    def move(self, host: int, before: Outcome, outcome: Outcome, *, auxiliary: bool, number: int = 1) -> None:
        """Count pages of a host (0: none) under another outcome."""
        counts = self.auxiliary if auxiliary else self.pages
        counts[before] -= number
        counts[outcome] += number
        if host and not auxiliary and _PLACES[before] != _PLACES[outcome]:
            self._moves[host][_PLACES[before]] -= number
            self._moves[host][_PLACES[outcome]] += number

    def take_moves(self) -> list[tuple[int, int, int, int, int]]:
        """What changed since the last call: pending, done, failed and excluded pages to add, and their host."""
        moves = [
            (pending, done, failed, excluded, host) for host, (pending, done, failed, excluded) in self._moves.items()
        ]
        self._moves.clear()
        return moves

    def to_json(self) -> str:
        """The accounting of the map, as it is stored with the run."""
        return json.dumps(
            {
                name: {outcome.word: number for outcome, number in sorted(counts.items()) if number}
                for name, counts in (("page", self.pages), ("auxiliary", self.auxiliary))
            }
        )

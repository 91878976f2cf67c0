"""Which URLs tell by themselves that a site makes them up without end. Pure.

The same pages are left whatever the order of answers. The thresholds are above what real sites have
(docs/decisions/0013).
"""

from linkmap.model import Outcome
from linkmap.scope import Exclusion
from linkmap.shapes import origin_and_path

MOST_CHARACTERS = 2_000
MOST_SEGMENTS = 20
MOST_IN_A_ROW = 2
"""Times that a segment, or a row of two or three, may follow itself in a path, the first included."""
MOST_SAME = 4
"""Times that a segment may stand in a path."""
_LONGEST_NAME = 100


def endless_url(url: str) -> Exclusion | None:
    """Why a URL alone tells that it was made up, or None: it is too long, too deep, or repeats itself."""
    if len(url) > MOST_CHARACTERS:
        return _named(f"long URL: over {MOST_CHARACTERS:,} characters", url)
    if url.count("/") < MOST_IN_A_ROW + 3:
        return None
    _, path = origin_and_path(url)
    segments = path.split("/")[1:]
    if not segments[-1]:
        segments.pop()
    if len(segments) > MOST_SEGMENTS:
        return _named(f"deep path: over {MOST_SEGMENTS} segments", url)
    if len(set(segments)) == len(segments):
        return None
    for place in range(len(segments) - MOST_IN_A_ROW):
        for size in (1, 2, 3):
            if _rows(segments, place, size) > MOST_IN_A_ROW:
                return _named(f"repeated path: /{'/'.join(segments[place : place + size])}"[:_LONGEST_NAME], url)
    for segment in segments[: len(segments) - MOST_SAME]:
        if segments.count(segment) > MOST_SAME:
            return _named(f"repeated path: /{segment}"[:_LONGEST_NAME], url)
    return None


def _rows(segments: list[str], place: int, size: int) -> int:
    """How often the segments from a place on follow themselves, counted up to what is allowed and one more."""
    row, times = segments[place : place + size], 1
    while times <= MOST_IN_A_ROW and segments[place + times * size : place + (times + 1) * size] == row:
        times += 1
    return times


def _named(what: str, url: str) -> Exclusion:
    origin, path = origin_and_path(url)
    return Exclusion(Outcome.TRAP, f"{what} under {origin}/{path.split('/')[1]}"[: 2 * _LONGEST_NAME])

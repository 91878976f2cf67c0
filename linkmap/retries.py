"""Whether a failed request is worth another, and when: pure judgements of one answer."""

from linkmap.model import Outcome, Visit
from linkmap.settings import MAX_TRIES

LEAST_BACKOFF_S = 0.25

_RETRIED = frozenset({Outcome.TIMEOUT, Outcome.CONNECT_ERROR, Outcome.DNS_ERROR, Outcome.SERVER_ERROR})
_REFUSING = frozenset(
    {
        Outcome.CLIENT_ERROR,
        Outcome.BLOCKED,
        Outcome.SERVER_ERROR,
        Outcome.PROTOCOL_ERROR,
        Outcome.CONNECT_ERROR,
        Outcome.TIMEOUT,
    }
)
_SLOWED = frozenset({429, 503})


def slows_host(visit: Visit) -> bool:
    """Whether the server asks for fewer requests altogether (RFC 6585, 4; RFC 9110, 15.6.4)."""
    return visit.status in _SLOWED


def refuses_head(visit: Visit) -> bool:
    """Whether the answer to a HEAD may be about the method more than about the page, so that GET must be tried."""
    return visit.outcome in _REFUSING and not slows_host(visit)


def pause_s(visit: Visit, tries: int, delay_s: float) -> float:
    """Seconds that an answer asks to wait: its Retry-After, else four times longer with every try."""
    backoff_s = _backoff_s(tries, delay_s)
    return backoff_s if visit.retry_after_s is None else visit.retry_after_s


def retry_wait_s(visit: Visit, tries: int, delay_s: float) -> float | None:
    """Seconds until the next try of a request that was tried `tries` times before, or None for no other."""
    if tries + 1 >= MAX_TRIES or not (slows_host(visit) or visit.outcome in _RETRIED):
        return None
    return max(pause_s(visit, tries, delay_s), _backoff_s(tries, delay_s))


def _backoff_s(tries: int, delay_s: float) -> float:
    return max(delay_s, LEAST_BACKOFF_S) * 4.0**tries

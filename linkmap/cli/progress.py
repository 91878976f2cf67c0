"""How a running crawl shows itself, on standard error: live on a terminal, a plain line now and then elsewhere."""

from collections import deque
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from linkmap.cli.text import counted, safe
from linkmap.crawling import Progress
from linkmap.model import Outcome, State, Visit

_PLAIN_EVERY_S = 5.0
_RATE_OVER_S = 5.0


class Display:
    """The display of one crawl; use it as a context manager."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._quiet = quiet
        self._verbose = verbose and not quiet
        is_live = self._console.is_terminal and not quiet
        self._live = Live(console=self._console, transient=True, auto_refresh=False) if is_live else None
        self._recent: deque[tuple[float, int]] = deque()
        self._told_at = 0.0

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def update(self, progress: Progress) -> None:
        """Show how the crawl stands."""
        self._recent.append((progress.seconds, progress.responses))
        while self._recent[0][0] < progress.seconds - _RATE_OVER_S:
            self._recent.popleft()
        if self._live is not None:
            self._live.update(Text(status_line(progress, self._rate())), refresh=True)
        elif not self._quiet and progress.seconds - self._told_at >= _PLAIN_EVERY_S:
            self._told_at = progress.seconds
            self.say(status_line(progress, self._rate()))

    def answer(self, url: str, visit: Visit) -> None:
        """Show one answer, where every one is wanted."""
        if self._verbose:
            what = visit.status if visit.status is not None else visit.outcome.word
            detail = f"  {visit.detail}" if visit.detail else ""
            self.say(safe(f"{what}  {visit.seconds:.2f} s  {url}{detail}"))

    def say(self, sentence: str) -> None:
        """Print a line, above the live one where there is one."""
        self._console.print(Text(sentence))

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._live is not None:
            self._live.stop()

    def _rate(self) -> float:
        (first_at, first), (last_at, last) = self._recent[0], self._recent[-1]
        return (last - first) / (last_at - first_at) if last_at > first_at else 0.0


def status_line(progress: Progress, rate: float) -> str:
    """Time, pages of this run, rate, hosts at work, queue, and the failures by class."""
    parts = [
        f"{int(progress.seconds) // 60}:{int(progress.seconds) % 60:02}",
        counted(progress.responses, "page"),
        f"{rate:,.1f}/s",
        f"{counted(progress.hosts_at_work, 'host')} at work",
        f"{progress.counts[Outcome.PENDING]:,} queued",
    ]
    failures = [
        f"{number:,} {outcome.word}"
        for outcome, number in sorted(progress.counts.items())
        if number and outcome.state is State.FAILED
    ]
    return "  ".join(parts) + (f"  failed: {', '.join(failures)}" if failures else "")

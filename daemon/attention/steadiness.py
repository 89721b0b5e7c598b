"""When a need counts as begun or ended: after it has been so for a while. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class News:
    """Kinds that begin and end to need a person."""

    started: tuple[str, ...]
    stopped: tuple[str, ...]


class Steadiness:
    """Takes counts as they come, and says what has been so for long enough.

    Args:
        after: seconds that a need, or its absence, has to last.
    """

    def __init__(self, after: float) -> None:
        self._after = after
        #: whether each kind needs somebody, and since when
        self._seen: dict[str, tuple[bool, float]] = {}
        self._told: set[str] = set()

    def see(self, counts: Mapping[str, int], now: float) -> None:
        """Take in counts; a kind that is not among them stays as it was. `now` is in seconds that pass evenly."""
        for kind, count in counts.items():
            if kind not in self._seen or self._seen[kind][0] != (count > 0):
                self._seen[kind] = (count > 0, now)

    def news(self, now: float) -> News:
        """What has begun and ended for good, and is not told yet."""
        settled = {kind: needed for kind, (needed, since) in self._seen.items() if now >= since + self._after}
        started = tuple(kind for kind, needed in settled.items() if needed and kind not in self._told)
        return News(started, tuple(kind for kind, needed in settled.items() if not needed and kind in self._told))

    def told(self, news: News) -> None:
        """Somebody has taken the news."""
        self._told = self._told.union(news.started).difference(news.stopped)

    def next_at(self, now: float) -> float | None:
        """When there may be news next although nothing changes; None where there may not."""
        times = [
            since + self._after
            for kind, (needed, since) in self._seen.items()
            if needed != (kind in self._told) and since + self._after > now
        ]
        return min(times, default=None)

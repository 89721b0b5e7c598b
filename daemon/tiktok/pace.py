"""How fast a shop may be asked: TikTok limits calls per app and shop, and tells nobody how many. Pure.

Source: Partner Center, "Rate limits": after HTTP 429 wait 1 s x 2^n and up to 0.5 s more, at most 60 s.
"""

from dataclasses import dataclass

_LONGEST_SECONDS = 60.0
_JITTER_SECONDS = 0.5
#: of a server's own wish; longer ones are asked again then
_LONGEST_WISH_SECONDS = 3600.0
#: between the calls that try whether a limited shop may go on
_PROBE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How one shop is going. Times are seconds of one monotonic clock."""

    #: rate limits met in a row
    refusals: int = 0
    #: when the last one was met
    since: float = 0.0
    #: no call before
    until: float = 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next call may go; 0.0: now."""
        return max(0.0, self.until - now) if self.refusals else 0.0

    def admitted(self, now: float) -> "Pace":
        """A call goes now; after a refusal others keep a distance until one succeeds."""
        if not self.refusals:
            return self
        return Pace(self.refusals, self.since, now + _PROBE_SECONDS)

    def refused(self, began: float, now: float, random: float, wish: float | None = None) -> "Pace":
        """A call met the limit.

        Args:
            began: when that call went; those that were on their way together count once.
            now: the time.
            random: uniform in [0, 1).
            wish: seconds that the server asked for.
        """
        wish = min(max(wish or 0.0, 0.0), _LONGEST_WISH_SECONDS)
        if self.refusals and began <= self.since:
            return Pace(self.refusals, self.since, max(self.until, now + wish))
        pause = min(_LONGEST_SECONDS - _JITTER_SECONDS, 2.0 ** min(self.refusals, 10)) + random * _JITTER_SECONDS
        return Pace(self.refusals + 1, now, now + max(pause, wish))

"""The wall clock under suspicion: what it says is compared with the time that has really passed."""

import asyncio
import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from .messages import iso

#: a clock before this was never set
SENSIBLE_YEAR = 2025
#: a time server moves a clock by less without a word
_TOLERANCE_SECONDS = 60.0
_LOOK_SECONDS = 5.0
#: adjtimex(2): the clock is not synchronised
_STA_UNSYNC = 0x0040
_DAY, _HOUR, _MINUTE = 86400, 3600, 60


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why the wall clock is not believed, in words, and by how many seconds it may be ahead; negative: behind."""

    words: str
    ahead: float


class WallClock:
    """Tells whether the wall clock can be believed.

    Args:
        wall: Unix seconds.
        steady: seconds that pass evenly, asleep too (CLOCK_BOOTTIME).
        synchronised: whether a time server keeps the clock right; None: not known.
        changed: told when the doubt begins, changes or ends.
    """

    def __init__(
        self,
        wall: Callable[[], float],
        steady: Callable[[], float],
        synchronised: Callable[[], bool | None],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._synchronised = synchronised
        self._changed = changed
        self._start = wall() - steady()
        self._told: str | None = None

    def doubt(self) -> Doubt | None:
        """Why the clock is not believed now; None where it is."""
        now = self._wall()
        if datetime.fromtimestamp(now, UTC).year < SENSIBLE_YEAR:
            return Doubt(f"the clock says {iso(now)}, which cannot be right", float("-inf"))
        ahead = now - self._steady() - self._start
        if abs(ahead) <= _TOLERANCE_SECONDS:
            return None
        if self._synchronised():
            self._start += ahead  # the time server has put it right
            return None
        where = "ahead of" if ahead > 0 else "behind"
        return Doubt(f"the clock jumped, and is {_long(abs(ahead))} {where} the time since labeld started", ahead)

    async def run(self) -> None:
        """Look at it again and again until cancelled."""
        while True:
            doubt = self.doubt()
            words = doubt.words if doubt else None
            if words != self._told:
                self._told = words
                self._changed()
            await asyncio.sleep(_LOOK_SECONDS)

    @property
    def warning(self) -> str | None:
        """The doubt, what follows from it and what to do, for page and doctor."""
        doubt = self.doubt()
        if doubt is None:
            return None
        advice = "set it right (timedatectl); where it is right now, restart labeld"
        return f"{doubt.words}. Labels with a time after which they are useless may be held. {advice}"


class _Timex(ctypes.Structure):
    """The beginning of `struct timex`, and room for the rest (adjtimex(2))."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


def clock_synchronised() -> bool | None:
    """Whether the kernel's clock is kept right by NTP or PTP; None where the kernel does not tell. Needs no rights."""
    timex = _Timex()  # modes = 0: only read
    if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex)) < 0:
        return None
    return not timex.status & _STA_UNSYNC


def stale(useful_until: float | None, now: float, doubt: Doubt | None) -> str | None:
    """Why a label is not to be printed without asking, as it may be of no use any more; None where it is. Pure."""
    if useful_until is None:
        return None
    if doubt is None:
        return f"it was useful until {iso(useful_until)}: ask before it is printed" if useful_until < now else None
    if max(now, now - doubt.ahead) <= useful_until:
        return None
    return f"it is useful until {iso(useful_until)}, and {doubt.words}: ask before it is printed"


def _long(seconds: float) -> str:
    for unit, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= unit:
            count = round(seconds / unit)
            return f"{count} {name}{'s' * (count != 1)}"
    return f"{seconds:.0f} s"

"""Whether the database can be used now: told once when it cannot be, and once when it can be again."""

import asyncio
import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

#: between two tries of a database that failed
RETRY_SECONDS = 1.0
#: a disk with room for some commits and not for others is not told of at each of them
_QUIET_SECONDS = 60.0
#: what SQLite says, and what a technician does about it
_ADVICE = {
    "full": "make room on its disk",
    "readonly": "its disk is read-only: see dmesg, and mount it for writing again",
    "unable to open": "its disk is read-only or gone, or labeld may not write there: mount it for writing",
    "locked": "another program holds it: end that",
    "I/O error": "its disk fails or has a quota: see dmesg",
    "malformed": "it is damaged: stop labeld and run labeld doctor",
}


def with_advice(because: str) -> str:
    """SQLite's words, and what to do."""
    advice = next((advice for words, advice in _ADVICE.items() if words in because), None)
    return f"{because}; {advice}" if advice else because


class Health:
    """How the last use of the database went.

    Attributes:
        trouble: why it cannot be used, in one sentence; None while it can be.
    """

    def __init__(self, changed: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.trouble: str | None = None
        self._changed = changed
        self._clock = clock
        self._sound = asyncio.Event()
        self._sound.set()
        self._failing = asyncio.Event()
        self._since = 0.0
        self._told_at: float | None = None
        self._told = False

    def failed(self, because: str) -> None:
        """The database could not be used."""
        if self.trouble == because:
            return
        now, first = self._clock(), self.trouble is None
        self.trouble = because
        self._sound.clear()
        self._failing.set()
        if first:
            self._since = now
            self._told = self._told_at is None or now - self._told_at >= _QUIET_SECONDS
            if self._told:
                self._told_at = now
                log.error("%s. Nothing is accepted or sent to a printer until it can be", because)
        self._changed()

    def recovered(self) -> None:
        """A commit worked."""
        if self.trouble is None:
            return
        self.trouble = None
        self._failing.clear()
        self._sound.set()
        if self._told:
            log.warning("the database can be written again, after %.0f s", self._clock() - self._since)
        self._changed()

    async def failing(self) -> None:
        """Wait until the database cannot be used."""
        await self._failing.wait()

    async def recovery(self) -> None:
        """Wait before another try: a moment, and until a commit has worked where none did."""
        await asyncio.sleep(RETRY_SECONDS)
        await self._sound.wait()

"""Figures of each printer for the floor view: labels per hour, labels left on its roll, its last label."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import TypedDict

from ..job import Job
from ..messages import iso
from ..printers import PrinterView
from ..store import Roll
from . import roll_words

if TYPE_CHECKING:
    from ..app import App

HOURS = 12
_HOUR = 3600.0
#: seconds for which what needs many rows is not counted again
_FRESH = 30.0


class RollJson(TypedDict):
    """The roll in a printer: labels on it when it was put in, and about how many are left."""

    labels: int
    left: int
    at: str | None
    by: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What a printer did of late: labels in each of the last hours, oldest first, and what is left on its roll."""

    per_hour: tuple[int, ...]
    roll: RollJson | None


class Counting:
    """Counts for all printers at once, and not again for a while."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._turn = asyncio.Lock()
        self._at = 0.0
        self._printers: Sequence[str] = ()
        self._pace: dict[str, list[int]] = {}
        #: labels sent since a roll was put in, by printer, where its counter does not tell
        self._sent: dict[tuple[str, Roll], int] = {}

    async def get(self, now: float) -> dict[str, Figures]:
        """The figures of every printer; `now` is Unix seconds."""
        store, views = self._app.store, list(self._app.printers)
        rolls = await store.rolls()
        async with self._turn:
            names = [view.name for view in views]
            # a clock that was set back counts anew too
            if not 0 <= now - self._at < _FRESH or names != self._printers:
                self._pace = await store.pace(names, now, spans=HOURS, seconds=_HOUR)
                self._sent = {}
                self._at, self._printers = now, names
            return {view.name: await self._figures(view, rolls.get(view.name)) for view in views}

    async def _figures(self, view: PrinterView, roll: Roll | None) -> Figures:
        return Figures(tuple(self._pace[view.name]), None if roll is None else await self._roll(view, roll))

    async def _roll(self, view: PrinterView, roll: Roll) -> RollJson:
        serial = view.identity.serial or view.settings.own_serial
        used = roll_words.counted(roll, serial, view.odometer)
        if used is None:
            key = (view.name, roll)
            if key not in self._sent:
                self._sent[key] = await self._app.store.labels_since(view.name, roll.at)
            used = self._sent[key]
        return RollJson(labels=roll.labels, left=max(roll.labels - used, 0), at=iso(roll.at), by=roll.who)

    async def last(self) -> dict[str, Job]:
        """The job that each printer was sent last."""
        found = await self._app.store.last_printed([view.name for view in self._app.printers])
        return {job.printer: job for job in found if job.printer}

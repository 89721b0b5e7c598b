"""SIGHUP: the configuration is read again, and what can change while labels print is put into force."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from pydantic import ValidationError

from ..config.errors import ConfigError
from ..config.load import Loaded
from ..config.section import Section
from ..config.settings import Settings
from . import sdnotify
from .finding.adoption import Adoption, words_of

log = logging.getLogger(__name__)

#: keys that are put into force without a restart
LIVE = ("printers", "groups", "routes", "default_printer", "log_level")


class Reloading:
    """Reads the configuration again when that is asked for.

    Args:
        read: reads it; raises ConfigError.
    """

    def __init__(self, read: Callable[[], Loaded]) -> None:
        self._read = read
        self._asked = asyncio.Event()
        #: what is wrong with the file, or waits for a restart, a line each
        self.warnings: tuple[str, ...] = ()

    def ask(self) -> None:
        """The configuration is to be read again, soon."""
        self._asked.set()

    async def run(self, adoption: Adoption, started: Settings, changed: Callable[[], None]) -> None:
        """Reload until cancelled.

        Args:
            adoption: takes new settings over, in turn with what is adopted.
            started: the settings that labeld started with.
            changed: told when `warnings` may be others.
        """
        while True:
            await self._asked.wait()
            self._asked.clear()
            # systemd asks for the time, to know which reload this is (sd_notify(3))
            sdnotify.notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
            try:
                status = await self._reload(adoption, started)
            except Exception as error:
                log.exception("the configuration could not be reloaded")
                status = f"the configuration could not be reloaded: {type(error).__name__}: {error}"
            sdnotify.notify(f"READY=1\nSTATUS={status}")
            changed()

    async def _reload(self, adoption: Adoption, started: Settings) -> str:
        try:
            loaded = await adoption.reload(self._read, partial(in_force, started))
        except ConfigError as error:
            for fault in error.faults:
                log.warning("%s", fault)
            log.warning("the configuration is wrong: nothing is changed")
            self.warnings = tuple(f"the configuration was not reloaded: {fault}" for fault in error.faults)
            return "the configuration is wrong and was not reloaded"
        new = loaded.settings
        logging.getLogger().setLevel(new.log_level.upper())
        self.warnings = tuple(f"restart labeld: {key} is changed in the configuration" for key in waiting(started, new))
        for line in (*loaded.refused, *self.warnings):
            log.warning("%s", line)
        log.info("reloaded: %d printers, %d groups, %d rules", len(new.printers), len(new.groups), len(new.routes))
        return "the configuration is reloaded" + ("; some of it waits for a restart" if self.warnings else "")


def in_force(started: Settings, new: Settings) -> Settings:
    """What can change while labels print as `new` has it, and all else as labeld started. Pure.

    Raises:
        ConfigError: these do not go together.
    """
    values = {key: getattr(new if key in LIVE else started, key) for key in Settings.model_fields}
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigError([f"{words_of(error)}: it needs a restart"]) from None


def waiting(started: Section, new: Section, above: str = "") -> Iterator[str]:
    """Dotted keys that differ and wait for a restart. Pure."""
    for key in type(started).model_fields:
        before, after = getattr(started, key), getattr(new, key)
        if before == after or (not above and key in LIVE):
            continue
        if isinstance(before, Section) and type(before) is type(after):
            yield from waiting(before, after, f"{above}{key}.")
        elif isinstance(before, Mapping) and isinstance(after, Mapping):
            names = sorted({*before, *after})
            yield from (f"{above}{key}.{name}" for name in names if before.get(name) != after.get(name))
        else:
            yield f"{above}{key}"

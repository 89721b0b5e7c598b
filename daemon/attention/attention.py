"""Watches what needs a person, and tells."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import StoreUnavailable
from ..messages import attention_payload
from .needs import SILENT, needs
from .webhook import Webhook

if TYPE_CHECKING:
    from ..app import App

log = logging.getLogger(__name__)

#: between two looks while much changes, and while nothing does
_BUSY_SECONDS, _QUIET_SECONDS = 5.0, 60.0


class Attention:
    """Counts what needs a person whenever something changed.

    Args:
        app: what is looked at.
        sent: told that a message waits for the broker.
        wall: Unix seconds.

    Raises:
        ConfigError: the webhook's secret cannot be read.
    """

    def __init__(self, app: "App", sent: Callable[[], None], wall: Callable[[], float] = time.time) -> None:
        self._app = app
        self._sent = sent
        self._wall = wall
        self._topic = f"{app.settings.topic_prefix}/attention"
        self._published: dict[str, int] | None = None
        notify = app.settings.notify
        self._webhook = Webhook(notify, app.settings.site) if notify.url else None

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            if self._webhook is not None:
                tasks.create_task(self._webhook.run(), name="webhook")
            with self._app.bus.listen() as changes:
                while True:
                    await self._look()
                    await asyncio.sleep(_BUSY_SECONDS)
                    try:
                        async with asyncio.timeout(_QUIET_SECONDS):
                            await changes.get()
                    except TimeoutError:
                        pass
                    while not changes.empty():
                        changes.get_nowait()

    async def _look(self) -> None:
        try:
            work = await self._app.store.open_work()
        except StoreUnavailable:
            work = None
        counts = needs(self._app, work)
        if self._webhook is not None:
            self._webhook.see(counts)
        told = {kind: count for kind, count in counts.items() if kind not in SILENT}
        if work is None or told == self._published:
            return
        now = self._wall()
        try:
            await self._app.store.publish(self._topic, attention_payload(told, now), now, retain=True)
        except StoreUnavailable as error:
            log.info("what needs a person is not told: %s", error)
        else:
            self._published = told
            self._sent()

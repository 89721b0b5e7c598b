"""What labeld hears of TikTok by itself, put together: webhooks and the poller. Both only make label events."""

import asyncio
import random
from collections.abc import Callable, Collection
from dataclasses import dataclass

from ...config.settings import Settings
from ..actions import Actions
from ..intake import Intake
from ..store import Store
from .api import Api
from .authority import app_secret
from .handling import Handling
from .inbox import Inbox
from .poller import Poller


@dataclass(frozen=True, slots=True)
class Following:
    """What is used of it; None where it is not."""

    inbox: Inbox | None = None
    poller: Poller | None = None

    def shops_ready(self, shops: Collection[str]) -> None:
        """These shops can be asked now."""
        for one in (self.inbox, self.poller):
            if one is not None:
                one.shops_ready(shops)

    async def run(self) -> None:
        """Hear and ask until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for one in (self.inbox, self.poller):
                if one is not None:
                    tasks.create_task(one.run())


async def follow(
    settings: Settings,
    api: Api | None,
    store: Store,
    intake: Intake,
    actions: Actions,
    clock: Callable[[], float],
    steady: Callable[[], float],
) -> Following:
    """What of it the configuration asks for, with what was left to do when labeld stopped.

    Args:
        settings: what is asked for.
        api: TikTok; None where it is not used.
        store: keeps what is to be done, and how far.
        intake: takes what is made of it.
        actions: holds labels.
        clock: Unix seconds.
        steady: seconds that no step of the clock changes.

    Raises:
        ConfigError: the app's secret is not there.
        StoreUnavailable: the database cannot be read.
    """
    inbox = poller = None
    if api is not None and settings.tiktok.webhooks.enabled:
        handling = Handling(settings, api, store, intake, actions, clock)
        secret = app_secret(settings.tiktok)
        inbox = Inbox(settings, secret, store, handling.do, clock, steady, random.random)
        await inbox.load()
    if api is not None and settings.tiktok.poll.enabled:
        poller = Poller(settings, api, store, intake, clock, steady, random.random)
    return Following(inbox, poller)

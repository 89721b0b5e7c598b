"""Committed messages to the broker, in order, each until it is acknowledged: at least once, in equal bytes."""

import asyncio
from collections.abc import Callable

import aiomqtt

from .errors import StoreUnavailable
from .store import Store

#: messages under way at once; more wait on disk
_BATCH = 100
#: an acknowledgement comes behind the events that a flood brings
_PUBACK_SECONDS = 120.0


class Outbox:
    """Sends what the store holds for MQTT; a message is forgotten only after its PUBACK."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._wake = asyncio.Event()

    def poke(self) -> None:
        """Something may have been committed."""
        self._wake.set()

    async def run(self, client: aiomqtt.Client) -> None:
        """Publish for as long as the connection lasts.

        Raises:
            aiomqtt.MqttError: the connection ended; what was not acknowledged is sent again later.
            StoreUnavailable: what was acknowledged cannot be forgotten, and is sent again later.
        """
        while True:
            self._wake.clear()
            while batch := await self._store.outbox(_BATCH):
                async with asyncio.TaskGroup() as tasks:
                    # tasks start in order and paho queues in order, so each topic keeps its order
                    for message in batch:
                        send = client.publish(
                            message.topic, message.payload, 1, message.retain, timeout=_PUBACK_SECONDS
                        )
                        tasks.create_task(send)
                await self._store.published([message.id for message in batch])
            await self._wake.wait()


class PrinterStates:
    """The latest state of each printer on its way to the outbox, retained; one that is overtaken is never sent."""

    def __init__(self, store: Store, outbox: Outbox, topic_prefix: str, clock: Callable[[], float]) -> None:
        self._store = store
        self._outbox = outbox
        self._prefix = topic_prefix
        self._clock = clock
        self._news: dict[str, bytes] = {}
        self._wake = asyncio.Event()

    def put(self, printer: str, payload: bytes) -> None:
        """A printer's state is another."""
        self._news[printer] = payload
        self._wake.set()

    async def run(self) -> None:
        """Commit them until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._news:
                name = next(iter(self._news))
                payload = self._news.pop(name)
                try:
                    topic = f"{self._prefix}/printers/{name}/state"
                    await self._store.publish(topic, payload, self._clock(), retain=True)
                    self._outbox.poke()
                except StoreUnavailable:
                    self._news.setdefault(name, payload)
                    await self._store.health.recovery()

"""Committed messages to the broker, in order, each until it is acknowledged."""

import asyncio

import aiomqtt

from .store import Store


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
        """
        while True:
            self._wake.clear()
            while batch := await self._store.outbox():
                async with asyncio.TaskGroup() as tasks:
                    # tasks start in order and paho queues in order, so each topic keeps its order
                    for message in batch:
                        tasks.create_task(client.publish(message.topic, message.payload, 1, message.retain))
                await self._store.published([message.id for message in batch])
            await self._wake.wait()

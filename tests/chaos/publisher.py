"""Who publishes label events, and who listens to what labeld says of them: clients of the broker, as users have."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiomqtt
from tests.integration.harness import PREFIX

from labeld.daemon.events import digest

READY = f"{PREFIX}/labels/ready"
CANCELED = f"{PREFIX}/labels/canceled"
#: numbers of what is published beside the events: the same label again, and notices
AGAIN, NOTICES = 1000, 2000
_PAUSE = 0.2
_AGAIN = 1.5
_PUBACK = 3.0


@dataclass(slots=True)
class Log:
    """What is seen from outside.

    Attributes:
        tries: how often each event was published, by number.
        acknowledged: the events that the broker acknowledged.
        answered: the events of which labeld said something, by `event_id` or, when rejected, by digest.
        messages: labeld's messages in the order in which they came: topic and payload.
    """

    tries: Counter[int] = field(default_factory=Counter)
    acknowledged: set[int] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    messages: list[tuple[str, bytes]] = field(default_factory=list)

    def heard(self, topic: str, payload: bytes) -> None:
        """Note a message of labeld."""
        self.messages.append((topic, payload))
        said = json.loads(payload)
        names = (said.get(name) for name in ("event_id", "duplicate_event_id", "digest"))
        self.answered |= {str(name) for name in names if name}

    def heard_last_of(self, jobs: Iterable[Mapping[str, Any]]) -> bool:
        """Whether the last that came of each job is what the API shows of it."""
        last = {(said := json.loads(payload)).get("job_id"): said.get("state") for _, payload in self.messages}
        return all(last.get(job["id"]) == job["state"] for job in jobs)


def answers_of(event: str, payload: bytes) -> set[str]:
    """What labeld calls an event when it answers."""
    return {event, digest(READY, payload)}


async def publish(
    port: int, log: Log, number: int, payload: bytes, names: set[str], *, patient: bool, topic: str = READY
) -> None:
    """Publish until the broker acknowledges; a `patient` publisher until labeld answers."""
    while True:
        log.tries[number] += 1
        with contextlib.suppress(aiomqtt.MqttError, TimeoutError, OSError):
            async with asyncio.timeout(_PUBACK), aiomqtt.Client("127.0.0.1", port) as client:
                await client.publish(topic, payload, 1)
                log.acknowledged.add(number)
        if number not in log.acknowledged:
            await asyncio.sleep(_PAUSE)
        elif not patient:
            return
        else:
            await asyncio.sleep(_AGAIN)
            if names & log.answered:
                return


async def listen(port: int, log: Log, ready: asyncio.Event) -> None:
    """Hear all that labeld says of events and jobs, in a session that the broker keeps, until cancelled."""
    while True:
        with contextlib.suppress(aiomqtt.MqttError, OSError):
            async with aiomqtt.Client("127.0.0.1", port, identifier="listener", clean_session=False) as client:
                await client.subscribe([(f"{PREFIX}/jobs/+", 1), (f"{PREFIX}/events/rejected", 1)])
                ready.set()
                async for message in client.messages:
                    log.heard(str(message.topic), bytes(message.payload))
        await asyncio.sleep(_PAUSE)

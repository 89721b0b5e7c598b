"""`kill -9` at each step of a job's life, then a start: the steps, and what became of the labels.

The steps are named here, from outside: the process that is to die has the functions between two of them wrapped.
`python -m tests.chaos.steps FOLDER [--apart] [--mute]` prints the outcomes of one printer as JSON.
"""

import argparse
import asyncio
import json
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from labeld.daemon.rendering.pool import RenderPool
from labeld.daemon.sources.mqtt import ManualAckClient
from labeld.daemon.store import Store
from labeld.daemon.witness import Witness
from labeld.drivers.raw import RawSession

from . import labels, publisher
from .floor import Floor, settle_in
from .judge import AT_REST, Event, Evidence, Verdict, judge
from .schedule import PRINTERS, Publication

#: the seed in whose name the labels are made
_SEED = 99_999_999
_PATIENCE = 60.0


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _before(owner: Any, name: str) -> None:
    setattr(owner, name, lambda *_, **__: _die())


def _after(owner: Any, name: str) -> None:
    real = getattr(owner, name)

    async def dying(*arguments: Any, **named: Any) -> Any:
        value = await real(*arguments, **named)
        _die()
        return value

    setattr(owner, name, dying)


def _after_acknowledgement() -> None:
    real = ManualAckClient.acknowledge

    def dying(self: ManualAckClient, message: Any) -> None:
        real(self, message)
        _die()

    ManualAckClient.acknowledge = dying  # type: ignore[method-assign]


def _half_sent() -> None:
    async def dying(self: RawSession, payload: bytes) -> None:
        self._writer.write(payload[: len(payload) // 2])
        await self._drain()
        # long enough for the printer to have it
        await asyncio.sleep(0.2)
        _die()

    RawSession.send = dying  # type: ignore[method-assign]


def _outbox(wrap: Callable[[Any, str], None]) -> None:
    """As `wrap` says of the moment in which messages are forgotten, once one of a job is among them."""
    real = Store.outbox

    async def watched(self: Any, limit: int = 20) -> Any:
        batch = await real(self, limit)
        if any("/jobs/" in message.topic for message in batch):
            wrap(Store, "published")
        return batch

    Store.outbox = watched  # type: ignore[method-assign]


_OUTCOME = "the outcome is to be committed"
#: each step in the order of a job's life, in words, and how a process is made to die there
STEPS: dict[str, Callable[[], None]] = {
    "the event is read": partial(_before, Store, "accept"),
    "the event is committed": partial(_after, Store, "accept"),
    "the event is acknowledged": _after_acknowledgement,
    "the label is to be rendered": partial(_before, RenderPool, "render"),
    "the label is rendered": partial(_after, RenderPool, "render"),
    "the artwork is committed": partial(_after, Store, "save_artwork"),
    "the printer is asked, the intent is to be committed": partial(_before, Store, "begin_attempt"),
    "the intent is committed": partial(_after, Store, "begin_attempt"),
    "half of the bytes are sent": _half_sent,
    "all bytes are sent": partial(_after, RawSession, "send"),
    "the evidence is in": partial(_after, Witness, "gather"),
    _OUTCOME: partial(_before, Store, "end_attempt"),
    "the outcome is committed": partial(_after, Store, "end_attempt"),
    "a status is published": partial(_outbox, _before),
    "the outbox has forgotten it": partial(_outbox, _after),
}
#: what is tried: one death, or a second one while the first is settled
DEATHS = (
    *((step,) for step in STEPS),
    ("the intent is committed", _OUTCOME),
    ("half of the bytes are sent", _OUTCOME),
    ("all bytes are sent", _OUTCOME),
)


def kill_at(step: str) -> None:
    """Let this process kill itself at a step, the first time that a job comes to it."""
    STEPS[step]()


async def play(folder: Path, *, apart: bool, mute: bool) -> tuple[dict[str, dict[str, Any]], Verdict]:
    """A label for each of `DEATHS` on one printer; gives their outcomes, and the verdict on all."""
    printer = PRINTERS[1]
    warm_up, *publications = [Publication(0, number, "zpl", printer) for number in range(len(DEATHS) + 1)]
    numbers = {one.number: labels.event_id(_SEED, one.number) for one in (warm_up, *publications)}
    log, ready = publisher.Log(), asyncio.Event()
    async with Floor(folder, apart=apart, mute=mute, environment={"CHAOS_KILL_AT": ""}) as floor:
        listening = asyncio.create_task(publisher.listen(floor.broker.port, log, ready))
        await ready.wait()
        await floor.work()
        # a counter is believed to stand still only where it was seen moving
        await _publish(floor, log, warm_up)
        jobs = await _settled(floor, log, 1)
        for one, steps in zip(publications, DEATHS, strict=True):
            deaths = len(floor.daemon.wrong)
            await floor.restart_daemon(*({"CHAOS_KILL_AT": step} for step in steps))
            await _publish(floor, log, one)
            jobs = await _settled(floor, log, one.number + 1)
            assert len(floor.daemon.wrong) == deaths + len(steps), f"it did not come to this: {steps}"
        await floor.close()
        listening.cancel()
    paper = tuple(labels.read_paper(printer, folder / printer))
    events = {labels.tracking(_SEED, number): Event(event_id) for number, event_id in numbers.items()}
    verdict = judge(Evidence(events, {}, tuple(jobs), tuple(log.messages), paper, whole=True))
    outcomes = {}
    for one, steps in zip(publications, DEATHS, strict=True):
        job = next(job for job in jobs if job["event_id"] == numbers[one.number])
        copies = sum(labels.tracking(_SEED, one.number) in sheet.texts for sheet in paper)
        outcomes["; at the next start: ".join(steps)] = {
            "paper": copies,
            "state": job["state"],
            "outcome": job["outcome"],
            "message": job["message"],
        }
    return outcomes, verdict


async def _publish(floor: Floor, log: publisher.Log, one: Publication) -> None:
    payload = labels.payload(_SEED, one, 0.0)
    await publisher.publish(floor.broker.port, log, one.number, payload, set(), patient=False)


async def _settled(floor: Floor, log: publisher.Log, count: int) -> list[dict[str, Any]]:
    """All jobs, once there are so many, all at rest, and all that labeld says of them has come."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            await asyncio.sleep(0.2)
            jobs: list[dict[str, Any]] = (await floor.get("/api/v1/jobs?limit=200") or {}).get("jobs", [])
            if len(jobs) == count and log.heard_last_of(jobs) and all(job["state"] in AT_REST for job in jobs):
                return jobs


def main() -> None:
    """Play one printer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--apart", action="store_true")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--counted", action="store_true")
    kind.add_argument("--mute", action="store_true")
    options = parser.parse_args()
    settle_in(apart=options.apart)
    outcomes, verdict = asyncio.run(play(options.folder, apart=options.apart, mute=options.mute))
    print(json.dumps({"outcomes": outcomes, "wrongs": verdict.wrongs}))


if __name__ == "__main__":
    main()

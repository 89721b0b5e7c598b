"""One run, in a process of its own: play a schedule on a floor, wait until all is settled, and judge.

`python -m tests.chaos.run SEED FOLDER [--apart] [--bug NAME]` prints the verdict as JSON.
"""

import argparse
import asyncio
import dataclasses
import json
import os
import signal
import time
from collections.abc import Coroutine
from pathlib import Path

from labeld.daemon.events import digest

from . import judge, labels, publisher
from .floor import Floor, settle_in
from .judge import AT_REST, Event, Evidence, Verdict
from .schedule import PRINTERS, Fault, Kind, Schedule, schedule

#: a limit against hanging: all is mended by then, and nothing but labeld's own pauses may take time
_PATIENCE = 60.0
#: after all is settled; a second copy would come out now
_QUIET = 1.0


class Player:
    """Plays a schedule on a floor."""

    def __init__(self, floor: Floor, plan: Schedule) -> None:
        self._floor = floor
        self._plan = plan
        begun = time.time()
        self.payloads = {one.number: labels.payload(plan.seed, one, begun) for one in plan.publications}
        self._broker = asyncio.Lock()
        self._printers = {name: asyncio.Lock() for name in PRINTERS}
        self.log = publisher.Log()
        self.acts: list[str] = []

    async def play(self) -> None:
        """Let everything happen, each at its time, until all is mended again."""
        async with asyncio.TaskGroup() as tasks:
            for one in self._plan.publications:
                tasks.create_task(self._at(one.at, self._publish(one.number)))
            for fault in self._plan.faults:
                tasks.create_task(self._at(fault.at, self._happen(fault)))

    def names(self, number: int) -> set[str]:
        """What labeld may call an event when it answers."""
        return publisher.answers_of(labels.event_id(self._plan.seed, number), self.payloads[number])

    async def _at(self, moment: float, act: Coroutine[None, None, None]) -> None:
        await asyncio.sleep(moment)
        await act

    async def _publish(self, number: int) -> None:
        port, payload, patient = self._floor.broker.port, self.payloads[number], self._plan.patient
        await publisher.publish(port, self.log, number, payload, self.names(number), patient=patient)

    async def _of_parcel(self, fault: Fault) -> None:
        number = fault.amount
        if fault.kind is Kind.SAME_LABEL:
            place, topic = publisher.AGAIN + number, publisher.READY
            payload = labels.again(self.payloads[number], other_bytes=bool(number % 2))
            names = publisher.answers_of(json.loads(payload)["event_id"], payload)
        else:
            place, topic, names = publisher.NOTICES + number, publisher.CANCELED, set()
            payload = json.dumps({"order_ids": [labels.tracking(self._plan.seed, number)]}).encode()
        # nothing answers a notice that reaches no job yet
        patient = self._plan.patient and bool(names)
        port = self._floor.broker.port
        await publisher.publish(port, self.log, place, payload, names, patient=patient, topic=topic)

    def canceled(self, number: int) -> bool:
        """Whether the broker has an event that says that the order of this one is canceled."""
        return publisher.NOTICES + number in self.log.acknowledged

    async def _happen(self, fault: Fault) -> None:
        floor = self._floor
        match fault.kind:
            case Kind.DAEMON_KILL:
                floor.daemon.strike(signal.SIGKILL, fault.seconds)
            case Kind.DAEMON_RESTART:
                floor.daemon.strike(signal.SIGTERM, fault.seconds)
            case Kind.DISK_FULL:
                await asyncio.to_thread(floor.disk.fill, floor.daemon.pid)
                await asyncio.sleep(fault.seconds)
                floor.disk.clear(floor.daemon.pid)
            case Kind.CLOCK_STEP:
                fresh = floor.clock.with_suffix(".new")
                fresh.write_text(str(fault.amount))
                fresh.replace(floor.clock)
            case Kind.DUPLICATE:
                await self._publish(fault.amount)
            case Kind.SAME_LABEL | Kind.NOTICE:
                await self._of_parcel(fault)
            case Kind.CANCEL:
                await self._cancel(labels.event_id(self._plan.seed, fault.amount))
            case Kind.BROKER_RESTART | Kind.BROKER_KILL:
                async with self._broker:
                    number = signal.SIGTERM if fault.kind is Kind.BROKER_RESTART else signal.SIGKILL
                    await floor.restart_broker(number, fault.seconds)
            case Kind.CUT | Kind.CUT_LATER | Kind.STALL | Kind.DELAY:
                await self._network(fault)
            case _:
                await self._printer(fault)

    async def _printer(self, fault: Fault) -> None:
        begin, end = f"set {fault.kind}", f"clear {fault.kind}"
        if fault.kind is Kind.POWER_CYCLE:
            begin, end = "off", "on"
        elif fault.kind is Kind.RESET:
            begin = f"set {fault.kind}={fault.amount}"
        # one that is off cannot be switched off
        async with self._printers[fault.printer]:
            self._floor.zebras.tell(fault.printer, begin)
            await asyncio.sleep(fault.seconds)
            self._floor.zebras.tell(fault.printer, end)

    async def _network(self, fault: Fault) -> None:
        proxy = self._floor.proxy
        match fault.kind:
            case Kind.CUT:
                proxy.cut()
            case Kind.CUT_LATER:
                proxy.cut_after = fault.amount
                await asyncio.sleep(fault.seconds)
                proxy.cut_after = 0
            case Kind.STALL:
                proxy.stall()
                await asyncio.sleep(fault.seconds)
                proxy.flow()
            case Kind.DELAY:
                proxy.delay = fault.seconds / 5
                await asyncio.sleep(2 * fault.seconds)
                proxy.delay = 0.0

    async def _cancel(self, event_id: str) -> None:
        found = await self._floor.get(f"/api/v1/jobs?q={event_id}")
        for job in (found or {}).get("jobs", ()):
            status = await self._floor.post(f"/api/v1/jobs/{job['id']}/cancel")
            self.acts.append(f"cancel {event_id}: it was {job['state']}, answer {status}")


async def settled(floor: Floor, player: Player, plan: Schedule) -> list[dict[str, object]]:
    """All jobs, once labeld has answered every event, nothing is on its way and its last words have come; or late."""
    numbers = [one.number for one in plan.publications]
    wanted = sum(one.form != "broken" for one in plan.publications)
    log = player.log
    # a broker that was killed may have lost labeld's last words
    broker_killed = any(fault.kind is Kind.BROKER_KILL for fault in plan.faults)
    ends = time.monotonic() + _PATIENCE
    jobs: list[dict[str, object]] = []
    while time.monotonic() < ends:
        await asyncio.sleep(0.2)
        answer = await floor.get("/api/v1/jobs?limit=200")
        if answer is None:
            continue
        jobs = answer["jobs"]
        heard = broker_killed or log.heard_last_of(jobs)
        heard &= plan.patient or all(player.names(one) & log.answered for one in numbers)
        void = {labels.tracking(plan.seed, number) for number in numbers if player.canceled(number)}
        told = plan.patient or not any(judge.still_wanted(job) for job in jobs if job["tracking_number"] in void)
        if len(jobs) >= wanted and heard and told and all(job["state"] in AT_REST for job in jobs):
            return jobs
    return jobs


def _evidence(plan: Schedule, player: Player, jobs: list[dict[str, object]], folder: Path) -> Evidence:
    """What the judge may look at."""
    events: dict[str, Event] = {}
    refused: dict[str, str] = {}
    for one in plan.publications:
        text = labels.tracking(plan.seed, one.number)
        if one.number not in player.log.acknowledged:
            continue
        if one.form == "broken":
            refused[text] = digest(publisher.READY, player.payloads[one.number])
        else:
            name = labels.event_id(plan.seed, one.number)
            events[text] = Event(name, one.copies, canceled=player.canceled(one.number))
    paper = (sheet for name in PRINTERS for sheet in labels.read_paper(name, folder / name))
    whole = not any(fault.kind is Kind.BROKER_KILL for fault in plan.faults)
    return Evidence(events, refused, tuple(jobs), tuple(player.log.messages), tuple(paper), whole)


async def run(plan: Schedule, folder: Path, *, apart: bool, environment: dict[str, str]) -> tuple[Verdict, list[str]]:
    """Play, wait, judge; gives the verdict and what was seen on the way."""
    stepped = any(fault.kind is Kind.CLOCK_STEP for fault in plan.faults)
    extra = environment | ({"CHAOS_CLOCK": str(folder / "clock")} if stepped else {})
    async with Floor(folder, apart=apart, mute=plan.mute, environment=extra) as floor:
        player = Player(floor, plan)
        ready = asyncio.Event()
        listening = asyncio.create_task(publisher.listen(floor.broker.port, player.log, ready))
        await ready.wait()
        await floor.work()
        await player.play()
        jobs = await settled(floor, player, plan)
        await asyncio.sleep(_QUIET)
        await floor.close()
        listening.cancel()
        left = floor.left_behind()
    verdict = judge.judge(_evidence(plan, player, jobs, folder))
    verdict.wrongs += [f"left behind: {one}" for one in left]
    if not any(fault.kind is Kind.DISK_FULL for fault in plan.faults):
        # it may refuse to start on a full disk, in one line; systemd tries again
        verdict.wrongs += [f"ended by itself: status {status}" for status in floor.daemon.wrong]
    _, traceback, words = floor.daemon.log.partition("Traceback")
    if traceback:
        verdict.wrongs.append(f"in the daemon's log: {traceback}{words[:3000]}")
    return verdict, player.acts


def main() -> None:
    """Run one seed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--apart", action="store_true")
    parser.add_argument("--bug", default="")
    options = parser.parse_args()
    settle_in(apart=options.apart)
    environment = {"CHAOS_BUG": options.bug} if options.bug else {}
    begun = time.monotonic()
    verdict, acts = asyncio.run(
        run(schedule(options.seed), options.folder, apart=options.apart, environment=environment)
    )
    found = dataclasses.asdict(verdict) | {"acts": acts, "seconds": time.monotonic() - begun, "cpu": _cpu()}
    print(json.dumps(found))


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main()

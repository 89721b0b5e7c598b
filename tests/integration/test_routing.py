"""Rules, groups and stock in a running daemon, with simulated printers that run out and go away."""

import asyncio
import contextlib
import json
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from labeld.drivers.virtual.server import VirtualPrinter
from labeld.renderers.media import Media

from .harness import LABELS, PATIENCE, Broker, Labeld, event, publish, publisher
from .test_cli import labeld as command

pytestmark = pytest.mark.peer

GROUP = '[groups.packing]\nprinters = ["one", "two"]\n[[routes]]\nto = "packing"\n'


def box(number: int) -> bytes:
    """A label that no other looks like."""
    return f"^XA^FO50,50^GB{100 + 5 * number},200,8^FS^XZ".encode()


@contextlib.asynccontextmanager
async def floor(
    folder: Path, printers: Mapping[str, VirtualPrinter], more: str, broker: Broker
) -> AsyncIterator[Labeld]:
    """The printers, and the daemon connected to them."""
    async with contextlib.AsyncExitStack() as stack:
        for printer in printers.values():
            await stack.enter_async_context(printer)
        yield await stack.enter_async_context(Labeld(folder / "state", broker.port, printers, more=more))


def zebra(serial: str, seconds: float = 0.01, **more: Any) -> VirtualPrinter:
    return VirtualPrinter(port=0, serial=serial, seconds_per_label=seconds, **more)


async def send(broker: Broker, numbers: Sequence[int], **fields: object) -> None:
    async with publisher(broker.port) as client:
        for number in numbers:
            await publish(client, event(number, box(number), **fields))


def prints(*printers: VirtualPrinter) -> Counter[str]:
    """How often each label came out, wherever."""
    return Counter(label.sha256 for printer in printers for label in printer.labels)


async def words(labeld: Labeld, job: Mapping[str, Any]) -> list[str]:
    """A job's ledger."""
    return [entry["words"] for entry in (await labeld.get(f"/api/v1/jobs/{job['id']}"))["timeline"]]


async def until_seen(labeld: Labeld, **states: str) -> None:
    """Wait until printers are known to be so."""
    async with asyncio.timeout(PATIENCE):
        while True:
            known = {one["name"]: one["state"] for one in (await labeld.get("/api/v1/printers"))["printers"]}
            if all(known[name] == state for name, state in states.items()):
                return
            await asyncio.sleep(0.05)


async def until(labeld: Labeld, true: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """The jobs, newest first, once something is true of them."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if true(jobs := await labeld.jobs()):
                return jobs
            await asyncio.sleep(0.02)


async def until_held(labeld: Labeld) -> dict[str, Any]:
    (job,) = await labeld.settled(1)
    assert job["state"] == "pending-held", job
    return job


async def test_rules_send_labels_where_they_say(tmp_path: Path, broker: Broker) -> None:
    one, two = zebra("ONE"), zebra("TWO")
    rules = '[[routes]]\ncarrier = "usps"\ntags = ["fragile", "glass"]\nto = "two"\n'
    async with floor(tmp_path, {"one": one, "two": two}, rules, broker) as labeld:
        await send(broker, [1], carrier="USPS", tags=["Glass"])
        await send(broker, [2], carrier="USPS")
        jobs = {job["event_id"]: job for job in await labeld.settled(2)}
        assert {name: (job["printer"], job["outcome"]) for name, job in jobs.items()} == {
            "event-1": ("two", "confirmed"),
            "event-2": ("one", "confirmed"),
        }
        assert "rule 1 (carrier USPS, tags Glass) leads to printer two" in (await words(labeld, jobs["event-1"]))[0]


async def test_what_a_rule_holds_waits_for_a_person_and_is_compared_then(tmp_path: Path, broker: Broker) -> None:
    one, two = zebra("ONE"), zebra("TWO")
    rules = '[[routes]]\ntags = "cbt"\nhold = "collected by TikTok: pack it apart"\n'
    async with floor(tmp_path, {"one": one, "two": two}, rules, broker) as labeld:
        await send(broker, [1], tags=["CBT"], printer="two", package_id="1152")
        job = await until_held(labeld)
        assert (job["reason"], job["printer"]) == ("job-held-by-rule", "two")
        assert job["message"] == "rule 1 (tags CBT) holds it: collected by TikTok: pack it apart"
        assert two.received == 0
        # the same parcel by other bytes, without the tag, takes its place; then the held one is another label
        await send(broker, [2], printer="two", package_id="1152")
        jobs = {job["event_id"]: job for job in await labeld.settled(2)}
        assert (jobs["event-1"]["state"], jobs["event-2"]["state"]) == ("canceled", "completed")
        await send(broker, [3], tags=["CBT"], package_id="1152")
        (job,) = [job for job in await labeld.settled(3) if job["event_id"] == "event-3"]
        assert job["reason"] == "job-held-by-rule"
        await labeld.post(f"/api/v1/jobs/{job['id']}/move", printer="one")
        jobs_now = await until(labeld, lambda jobs: jobs[0]["reason"] == "other-label-of-parcel")
        assert (jobs_now[0]["printer"], one.received) == ("one", 0)


async def test_a_group_prints_on_the_sister_that_has_paper(tmp_path: Path, broker: Broker) -> None:
    one, two = zebra("ONE", faults=["media-empty"]), zebra("TWO")
    async with floor(tmp_path, {"one": one, "two": two}, GROUP, broker) as labeld:
        await until_seen(labeld, one="stopped", two="idle")
        await send(broker, range(8))
        jobs = await labeld.settled(8)
        assert {(job["printer"], job["outcome"]) for job in jobs} == {("two", "confirmed")}
        assert "before one (media empty, 0 waiting)" in (await words(labeld, jobs[-1]))[0]
    assert (one.received, sorted(prints(two).values())) == (0, [1] * 8)


async def test_a_group_shares_the_load_of_ready_printers(tmp_path: Path, broker: Broker) -> None:
    one, two, three = zebra("ONE", 0.1), zebra("TWO", 0.1), zebra("THREE", faults=["cover-open"])
    group = GROUP.replace('["one"', '["three", "one"')
    async with floor(tmp_path, {"one": one, "two": two, "three": three}, group, broker) as labeld:
        await until_seen(labeld, one="idle", two="idle", three="stopped")
        await send(broker, range(20))
        assert {job["outcome"] for job in await labeld.settled(20)} == {"confirmed"}
    assert sorted(prints(one, two).values()) == [1] * 20
    assert min(one.odometer, two.odometer) >= 5
    assert three.received == 0


async def test_what_waits_for_a_printer_that_runs_out_moves_and_comes_back_shared(
    tmp_path: Path, broker: Broker
) -> None:
    one, two = zebra("ONE", 0.05, faults=["media-empty@2"]), zebra("TWO", 1.0)
    async with floor(tmp_path, {"one": one, "two": two}, GROUP, broker) as labeld:
        await until_seen(labeld, one="idle", two="idle")
        await send(broker, range(30))
        await until_seen(labeld, one="stopped")

        def waiting(jobs: list[dict[str, Any]]) -> set[str]:
            return {job["printer"] for job in jobs if job["state"] == "pending"}

        jobs = await until(labeld, lambda jobs: waiting(jobs) == {"two"})
        said = [line for job in jobs for line in await words(labeld, job)]
        assert any("moved from one (media empty, " in line and line.endswith("had been sent") for line in said), said
        one.clear_fault("media-empty")
        jobs = await labeld.settled(30)
        assert {job["outcome"] for job in jobs} == {"confirmed"}
        said = [line for job in jobs for line in await words(labeld, job)]
        assert any("moved from two (ready, " in line and "to one (ready, " in line for line in said), said
    assert sorted(prints(one, two).values()) == [1] * 30
    assert one.odometer > 3


async def test_a_sister_that_goes_away_loses_and_doubles_nothing(tmp_path: Path, broker: Broker) -> None:
    one, two = zebra("ONE", 0.05, out=tmp_path / "one"), zebra("TWO", 0.05)
    async with floor(tmp_path, {"one": one, "two": two}, GROUP, broker) as labeld:
        await until_seen(labeld, one="idle", two="idle")
        await send(broker, range(40))
        await one.wait_printed(3)
        await one.stop()
        await two.wait_printed(12)
        await labeld.stop(signal.SIGKILL)
        await labeld.start()
        # what was on its way to a printer may wait for it or for a person; all else is printed by the sister
        await until(labeld, lambda jobs: sum(job["state"] == "completed" for job in jobs) >= 38)
        await one.start()
        jobs = await labeld.settled(40)
        held = [job for job in jobs if job["state"] == "pending-held"]
        assert {job["outcome"] for job in jobs} - {"confirmed"} <= {"unknown", "not-printed"}
    out = prints(one, two)
    assert max(out.values()) == 1
    # whoever is asked about a label may find that it came out; at most the one at each printer is asked about
    assert 40 - len(held) <= len(out) <= 40
    assert len(held) <= 2


async def test_a_job_that_moves_to_another_resolution_is_drawn_again(tmp_path: Path, broker: Broker) -> None:
    one, two = zebra("ONE", faults=["paused"]), zebra("TWO", dpi=300)
    async with floor(tmp_path, {"one": one, "two": two}, GROUP, broker) as labeld:
        await two.stop()
        await until_seen(labeld, one="stopped", two="stopped")
        async with publisher(broker.port) as client:
            await publish(client, event(1, (LABELS / "usps-a6.pdf").read_bytes()))
        (job,) = await until(labeld, lambda jobs: [job["reason"] for job in jobs] == ["job-queued"])
        assert job["printer"] == "one"
        await two.start()
        (job,) = await labeld.settled(1)
        (label,) = await two.wait_labels(1)
        assert (job["printer"], job["outcome"], label.zpl[:10]) == ("two", "confirmed", b"^XA^PW1200")
        assert "rendered for two at 300 dpi on na_index-4x6_4x6in" in "\n".join(await words(labeld, job))
    assert one.received == 0


async def test_other_stock_is_asked_about_and_printed_when_a_person_says_so(tmp_path: Path, broker: Broker) -> None:
    one, two = zebra("ONE"), zebra("TWO", media=Media.parse("100x150mm"))
    async with floor(tmp_path, {"one": one, "two": two}, "", broker) as labeld:
        await send(broker, [1], media="100x150mm")
        job = await until_held(labeld)
        assert job["reason"] == "resources-are-not-ready"
        assert job["message"].startswith("it is for 100x150mm stock, and one has 4x6in")
        assert (job["actions"], job["has_preview"], one.received) == (["release", "move", "cancel"], True, 0)
        await labeld.post(f"/api/v1/jobs/{job['id']}/release")
        (job,) = await labeld.settled(1)
        assert (job["printer"], job["outcome"], one.odometer) == ("one", "confirmed", 1)
        await send(broker, [2], media="100x150mm", printer="one")
        job = (await until(labeld, lambda jobs: jobs[0]["state"] == "pending-held"))[0]
        await labeld.post(f"/api/v1/jobs/{job['id']}/move", printer="two")
        job = (await labeld.settled(2))[0]
        assert (job["printer"], job["outcome"], two.odometer) == ("two", "confirmed", 1)
        assert any("moved from one to two by a program (" in line for line in await words(labeld, job))


async def test_a_group_chooses_the_printer_with_the_stock(tmp_path: Path, broker: Broker) -> None:
    one, two = zebra("ONE"), zebra("TWO", media=Media.parse("100x150mm"))
    async with floor(tmp_path, {"one": one, "two": two}, GROUP, broker) as labeld:
        await send(broker, range(4), media="om_small-photo_100x150mm")
        assert {job["printer"] for job in await labeld.settled(4)} == {"two"}
    assert (one.odometer, two.odometer) == (0, 4)


async def test_a_job_is_moved_by_hand_while_nothing_was_sent(tmp_path: Path, broker: Broker) -> None:
    one, two = zebra("ONE", faults=["cover-open"]), zebra("TWO")
    async with floor(tmp_path, {"one": one, "two": two}, "", broker) as labeld:
        await until_seen(labeld, one="stopped")
        await send(broker, [1])
        (job,) = await until(labeld, bool)
        path = f"/api/v1/jobs/{job['id']}/move"
        assert "no printer 'three'" in (await labeld.post(path, printer="three"))["detail"]
        assert 'say where to: {"printer": "name"}' in (await labeld.post(path, to="two"))["detail"]
        assert (await labeld.post(path, printer="two"))["printer"] == "two"
        (job,) = await labeld.settled(1)
        assert (job["outcome"], job["printer"]) == ("confirmed", "two")
        assert "completed" in (await labeld.post(path, printer="one"))["detail"]
    assert (one.received, two.odometer) == (0, 1)


async def test_route_tells_the_way_of_an_event(tmp_path: Path) -> None:
    config = tmp_path / "labeld.toml"
    config.write_text(
        '[printers.one]\nuri = "socket://127.0.0.1:9101"\n'
        '[printers.two]\nuri = "socket://127.0.0.1:9102"\nmedia = "100x150mm"\n'
        f'{GROUP.split("[[")[0]}[[routes]]\ncarrier = "UPS"\nto = "one"\n[[routes]]\ndocument_type = '
        '["SHIPPING_LABEL"]\nto = "packing"\n[[routes]]\nto = "two"\n'
    )

    async def route(**fields: object) -> tuple[int, list[str]]:
        data = json.dumps(event(1, b"x", **fields)).encode()
        done = await command("route", "-", "--config", config, stdin=data)
        assert done.err == "", done.err
        return done.code, done.out.decode().splitlines()

    lack = "it is for 4x6in stock, and two has 100x150mm"
    assert await route(carrier="USPS", media="4x6in") == (
        0,
        [
            "rule 1 -> one: does not match: carrier is USPS, not UPS",
            "rule 2 -> packing: matches: document_type SHIPPING_LABEL",
            "rule 3 -> two: not looked at, as rule 2 matches",
            "rule 2 (document_type SHIPPING_LABEL) leads to group packing",
            "group packing: one of one, two, ready and with least to print",
            "one (socket://127.0.0.1:9101, 203 dpi): 4x6in stock, as asked",
            f"two (socket://127.0.0.1:9102, 203 dpi): not printed unasked, as {lack}",
        ],
    )
    code, lines = await route(carrier="UPS", media="100x150mm")
    assert code == 5
    assert lines[-1].startswith("one (socket://127.0.0.1:9101, 203 dpi): not printed unasked")
    assert (await route(printer="nowhere"))[0] == 1
    refused = await command("route", "-", "--config", config, stdin=b"{}")
    assert (refused.code, refused.err) == (4, "labeld: -: asset is missing\n")

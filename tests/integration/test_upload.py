"""Merged files over the API and the command line: split, printed once, and whole after a kill at any moment."""

import asyncio
import json
import signal
from collections import defaultdict
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.merged_files import label, labels, merged, pic, slip
from tests.papers import blank

from labeld.drivers.virtual.server import VirtualPrinter
from labeld.renderers.media import Media

from .harness import PATIENCE, PREFIX, Broker, Labeld, publisher
from .test_cli import labeld as command

pytestmark = pytest.mark.peer

ORDERS = ("576653688135258171", "576653688135258172")
MIXED = merged(
    label(pic(901), ORDERS[0]),
    slip(ORDERS[0], 1, 2),
    slip(ORDERS[0], 2, 2),
    label(pic(902), ORDERS[1], raster=True),
    slip(ORDERS[1]),
    label(pic(903), raster=True, readable=False),
    blank,
    label(pic(901), ORDERS[0]),
)


def zebra() -> VirtualPrinter:
    return VirtualPrinter("127.0.0.1", 0, seconds_per_label=0.01)


async def upload(labeld: Labeld, data: bytes, **query: str) -> tuple[int, dict[str, Any]]:
    url = f"http://127.0.0.1:{labeld.web_port}/api/v1/uploads"
    async with aiohttp.ClientSession() as http, http.post(url, data=data, params=query) as reply:
        return reply.status, await reply.json(content_type=None)


async def until(labeld: Labeld, upload_id: str, *states: str) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        while True:
            found: dict[str, Any] = await labeld.get(f"/api/v1/uploads/{upload_id}")
            if found["state"] in states:
                return found
            await asyncio.sleep(0.02)


async def test_a_file_of_65_pages_becomes_65_labels_each_told_by_its_own_number(tmp_path: Path) -> None:
    told = defaultdict[str, list[str]](list)
    async with Broker(tmp_path / "broker") as broker, publisher(broker.port) as listener, zebra() as printer:
        await listener.subscribe(f"{PREFIX}/jobs/+", 1)

        async def hear() -> None:
            async for message in listener.messages:
                job = json.loads(bytes(message.payload))
                told[job["tracking_number"]].append(job["state"])
                if sum(states[-1] == "completed" for states in told.values()) == 65:
                    return

        async with Labeld(tmp_path / "state", broker.port, {"zebra": printer}) as labeld:
            status, new = await upload(labeld, labels(65))
            assert status == 202
            ready = await until(labeld, new["id"], "ready")
            assert (ready["pages"], ready["labels"], ready["known"], ready["unnumbered"]) == (65, 65, 0, 0)
            assert await labeld.jobs() == []
            await labeld.post(f"/api/v1/uploads/{new['id']}/print")
            done = await until(labeld, new["id"], "done")
            async with asyncio.timeout(PATIENCE):
                await hear()
            numbers = [pic(number) for number in range(1, 66)]
            assert [item["tracking_number"] for item in done["items"]] == numbers
            assert set(told) == set(numbers)
            for states in told.values():
                assert [states[0], states[-1]] == ["pending", "completed"]
                assert "processing" in states
            assert printer.odometer == 65
            jobs = {job["tracking_number"]: job for job in await labeld.jobs()}
            assert [jobs[item["tracking_number"]]["id"] for item in done["items"]] == [i["job"] for i in done["items"]]
            assert sorted(jobs.values(), key=lambda job: job["id"]) == [jobs[number] for number in numbers]

            # the same file, and another with one label more: only that one is new
            _, again = await upload(labeld, labels(65))
            ready = await until(labeld, again["id"], "ready")
            assert (ready["labels"], ready["known"]) == (0, 65)
            _, more = await upload(labeld, labels(66), confirm="yes")
            done = await until(labeld, more["id"], "done")
            assert [item["duplicate"] for item in done["items"]] == [True] * 65 + [False]
            assert len(await labeld.settled(66)) == 66
            assert printer.odometer == 66
            log = labeld.log
        assert "Sample Person" not in log
        assert numbers[0] not in log


async def test_slips_never_reach_label_stock_and_a_label_without_number_waits(tmp_path: Path) -> None:
    async with (
        Broker(tmp_path / "broker") as broker,
        zebra() as printer,
        Labeld(tmp_path / "state", broker.port, {"zebra": printer}) as labeld,
    ):
        _, new = await upload(labeld, MIXED, printer="zebra")
        ready = await until(labeld, new["id"], "ready")
        assert [(item["kind"], item["pages"], item["tracking_number"]) for item in ready["items"]] == [
            ("label", [1], pic(901)),
            ("slip", [2, 3], pic(901)),
            ("label", [4], pic(902)),
            ("slip", [5], pic(902)),
            ("unnumbered", [6], None),
        ]
        assert (ready["blank"], ready["same"], ready["slips_to"]) == ([7], [[8, 1]], None)
        await labeld.post(f"/api/v1/uploads/{new['id']}/print")
        await until(labeld, new["id"], "done")
        jobs = await labeld.settled(3)
        held = [job for job in jobs if job["state"] == "pending-held"]
        assert [(job["reason"], job["message"]) for job in held] == [
            ("no-tracking-number", "no tracking number can be read on page 6 of an uploaded file")
        ]
        assert len(jobs) == 3
        assert printer.odometer == 2
        await labeld.post(f"/api/v1/jobs/{held[0]['id']}/release")
        async with asyncio.timeout(PATIENCE):
            while printer.odometer < 3:  # noqa: ASYNC110 - the printer tells nobody
                await asyncio.sleep(0.02)


async def test_slips_go_to_the_printer_for_documents_with_their_label(tmp_path: Path) -> None:
    rule = '[[routes]]\npages = "document"\nto = "paper"\n'
    sheets = VirtualPrinter("127.0.0.1", 0, seconds_per_label=0.01, media=Media.parse("a4"), serial="PAPER1")
    async with (
        Broker(tmp_path / "broker") as broker,
        zebra() as printer,
        sheets as paper,
        Labeld(tmp_path / "state", broker.port, {"zebra": printer, "paper": paper}, more=rule) as labeld,
    ):
        _, new = await upload(labeld, MIXED, confirm="yes", unnumbered="leave", printer="zebra")
        done = await until(labeld, new["id"], "done")
        assert done["slips_to"] == "paper"
        jobs = await labeld.settled(4)
        went = sorted((job["printer"], job["tracking_number"], job["labels"]) for job in jobs)
        assert went == [
            ("paper", pic(901), 2),
            ("paper", pic(902), 1),
            ("zebra", pic(901), 1),
            ("zebra", pic(902), 1),
        ]


async def test_what_was_canceled_may_be_uploaded_again(tmp_path: Path) -> None:
    async with (
        Broker(tmp_path / "broker") as broker,
        zebra() as printer,
        Labeld(tmp_path / "state", broker.port, {"zebra": printer}) as labeld,
    ):
        await labeld.post("/api/v1/printers/zebra/pause")
        file = merged(label(pic(1)), label(pic(2)))
        _, new = await upload(labeld, file, confirm="yes")
        done = await until(labeld, new["id"], "done")
        await labeld.post(f"/api/v1/jobs/{done['items'][0]['job']}/cancel")
        _, again = await upload(labeld, file)
        ready = await until(labeld, again["id"], "ready")
        assert [item["known"] is None for item in ready["items"]] == [True, False]
        await labeld.post(f"/api/v1/uploads/{again['id']}/print")
        done = await until(labeld, again["id"], "done")
        assert [item["duplicate"] for item in done["items"]] == [False, True]
        await labeld.post("/api/v1/printers/zebra/resume")
        await labeld.settled(3)
        assert printer.odometer == 2


@pytest.mark.parametrize("seconds", [0.0, 0.4])
async def test_a_kill_leaves_all_of_it_or_a_file_that_goes_on_by_itself(tmp_path: Path, seconds: float) -> None:
    async with Broker(tmp_path / "broker") as broker, zebra() as printer:
        labeld = Labeld(tmp_path / "state", broker.port, {"zebra": printer})
        async with labeld:
            status, new = await upload(labeld, labels(20), confirm="yes")
            assert status == 202
            await asyncio.sleep(seconds)
            await labeld.stop(signal.SIGKILL)
            await labeld.start()
            done = await until(labeld, new["id"], "done")
            assert len({item["job"] for item in done["items"]}) == 20
            jobs = await labeld.settled(20)
            assert len(jobs) == 20
            # a label on its way at the kill may wait for an answer; none prints twice
            assert {job["tracking_number"] for job in jobs} == {pic(number) for number in range(1, 21)}
            assert printer.odometer <= 20


async def test_what_is_no_merged_file_is_refused_in_one_line(tmp_path: Path) -> None:
    async with (
        Broker(tmp_path / "broker") as broker,
        zebra() as printer,
        Labeld(tmp_path / "state", broker.port, {"zebra": printer}) as labeld,
    ):
        for data, words in ((b"", "the file is empty: upload the PDF that Seller Center gives"),):
            status, problem = await upload(labeld, data)
            assert status in (413, 422)
            assert words in problem["detail"]
        for data, words in (
            (b"<html><body>expired</body></html>", "this is a web page, not a label"),
            (b"^XA^FDlabel^FS^XZ", "only a PDF or one picture"),
            (MIXED[: len(MIXED) // 2], "cut off"),
        ):
            _, new = await upload(labeld, data, confirm="yes")
            failed = await until(labeld, new["id"], "failed")
            assert words in failed["message"]
        assert (await upload(labeld, MIXED, slips="eat"))[1]["detail"] == "slips may be print or leave"
        assert await labeld.jobs() == []


async def test_a_discarded_file_prints_nothing_and_is_gone(tmp_path: Path) -> None:
    async with (
        Broker(tmp_path / "broker") as broker,
        zebra() as printer,
        Labeld(tmp_path / "state", broker.port, {"zebra": printer}) as labeld,
    ):
        _, new = await upload(labeld, labels(2))
        await until(labeld, new["id"], "ready")
        url = f"http://127.0.0.1:{labeld.web_port}/api/v1/uploads/{new['id']}"
        async with aiohttp.ClientSession() as http, http.delete(url) as reply:
            assert reply.status == 204
        assert (await labeld.get("/api/v1/uploads"))["uploads"] == []
        assert "upload it again" in (await labeld.get(f"/api/v1/uploads/{new['id']}"))["detail"]
        assert await labeld.jobs() == []


async def test_the_command_line_asks_before_it_prints_and_tells_each_job(tmp_path: Path) -> None:
    (tmp_path / "merged.pdf").write_bytes(MIXED)
    async with (
        Broker(tmp_path / "broker") as broker,
        zebra() as printer,
        Labeld(tmp_path / "state", broker.port, {"zebra": printer}) as labeld,
    ):
        split = ("print", tmp_path / "merged.pdf", "--split", "--config", labeld.config)
        asked = await command(*split)
        assert asked.code == 1
        assert "nothing was printed: say --yes" in asked.err
        assert await labeld.jobs() == []
        done = await command(*split, "--yes", "--wait", "--unnumbered", "leave")
        assert done.code == 0, done.err
        for words in (
            "8 pages: 2 labels for zebra",
            "2 packing slips left out",
            "page 8 is the same as page 1",
            pic(902),
        ):
            assert words in done.out.decode()
        assert printer.odometer == 2
        again = await command(*split, "--yes", "--unnumbered", "leave")
        assert again.out.decode().count("came before: nothing more is printed") == 2
        assert printer.odometer == 2

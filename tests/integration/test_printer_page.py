"""A printer's own page, and pausing, resuming and testing it."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import zxingcpp
from PIL import Image

from labeld.daemon.errors import StoreUnavailable
from labeld.daemon.job import JobState
from labeld.drivers.printer import Identity, PrinterState
from labeld.drivers.profile import Profile
from labeld.drivers.virtual.server import VirtualPrinter
from labeld.renderers import testlabel

from .harness import LABELS, PATIENCE, Broker, Labeld, event
from .test_cli import labeld
from .web_browser import browser
from .web_floor import NUMBER, Floor, get, problem


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    """A served page over an empty store."""
    async with Floor(tmp_path) as running:
        yield running


async def shown(floor: Floor, path: str) -> str:
    async with floor.http.get(path) as reply:
        assert reply.status == 200, await reply.text()
        return await reply.text()


async def until(asked: Labeld | aiohttp.ClientSession, path: str, key: str, wanted: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await asked.get(path)
            if isinstance(answer, aiohttp.ClientResponse):
                answer = await answer.json()
            if answer[key] == wanted:
                return
            await asyncio.sleep(0.05)


async def test_all_that_is_known_of_a_printer_is_told(floor: Floor) -> None:
    floor.see("zebra-01", PrinterState.STOPPED, "media-empty")
    done = await floor.confirm(await floor.submit(NUMBER))
    held = await floor.lose_sight(await floor.submit("9400100000000000009999"))
    waiting = await floor.submit("9400100000000000008888")
    other = await floor.confirm(await floor.submit("9400100000000000007777", station="pack-03"))
    answer = await get(floor, "/api/v1/printers/zebra-01")
    assert (answer["state"], answer["advice"], answer["serial"]) == ("stopped", "load labels", "TEST-zebra-01")
    assert {job["id"] for job in answer["waiting"]} == {held.id, waiting.id}
    assert [job["id"] for job in answer["last"]] == [done.id]
    assert (answer["capabilities"]["width"], answer["capabilities"]["height"]) == (812, 1219)
    artwork = await floor.store.artwork(done.id)
    assert artwork is not None
    before, after = "".join(answer["says"]["label"]).encode().split("…".encode())
    assert artwork.payload.startswith(before)
    assert artwork.payload.endswith(after)
    html = await shown(floor, "/printers/zebra-01")
    for words in ("Load labels", "TEST-zebra-01", "^PW812", "device.unique_id", "darkness (^MD)", NUMBER[-4:]):
        assert words in html
    assert other.id not in html
    assert 'href="/printers/zebra-01"' in await shown(floor, "/")
    for path in ("/printers/none", "/api/v1/printers/none"):
        async with floor.http.get(path) as reply:
            assert "no printer 'none'" in await problem(reply, 404)


async def test_no_act_is_offered_for_a_label_on_a_raw_port(floor: Floor) -> None:
    job = await floor.submit(NUMBER)
    assert "cancel" in (await get(floor, f"/api/v1/jobs/{job.id}"))["actions"]
    await floor.send(job)
    assert (await get(floor, f"/api/v1/jobs/{job.id}"))["actions"] == []
    (shown_by_printer,) = (await get(floor, "/api/v1/printers/zebra-01"))["waiting"]
    assert shown_by_printer["actions"] == []
    async with floor.http.post(f"/api/v1/jobs/{job.id}/cancel") as reply:
        await problem(reply, 409)


async def test_what_was_learned_of_a_printer_is_told(floor: Floor) -> None:
    floor.see("zebra-01", PrinterState.IDLE)
    learned = Profile(0.0, 86400.0, Identity("TEST-zebra-01"), paces=(0.4, 0.5, 0.6), firsts=(1.0,))
    await floor.store.keep_profile("elsewhere", learned)
    # one that tells no number is known by its place
    await floor.store.keep_profile("zebra-02 socket://127.0.0.1:9102", Profile(0.0, 3.0))
    answer = await get(floor, "/api/v1/printers/zebra-01")
    assert answer["profile"]["firsts"] == [1.0]
    assert (await get(floor, "/api/v1/printers/zebra-02"))["profile"]["last_seen"] == 3.0
    listed = (await get(floor, "/api/v1/printers"))["printers"]
    assert [one["seconds_per_label"] for one in listed] == [0.5, None, None]
    html = await shown(floor, "/printers/zebra-01")
    assert "What was learned" in html
    assert "0.5 s, by the median of 3" in html


async def test_a_paused_printer_says_who_paused_it_beside_its_own_state(floor: Floor) -> None:
    floor.see("zebra-01", PrinterState.IDLE)
    headers = {"User-Agent": "wms/3"}
    async with floor.http.post("/api/v1/printers/zebra-01/pause", headers=headers) as reply:
        view = await reply.json()
    assert (view["state"], view["reasons"], view["paused"]["by"]) == ("idle", [], "a program (wms/3)")
    async with floor.http.post("/api/v1/printers/zebra-01/pause") as reply:
        assert (await reply.json())["paused"] == view["paused"]
    await floor.submit(NUMBER)
    html = await shown(floor, "/")
    assert "1 paused printer keeps labels waiting" in html
    assert "Paused here" in html
    assert "waits until somebody resumes zebra-01" in html
    # its own PAUSE is something else
    floor.see("zebra-02", PrinterState.STOPPED, "paused")
    assert (await get(floor, "/api/v1/printers/zebra-02"))["paused"] is None
    async with floor.http.post("/api/v1/printers/zebra-01/resume") as reply:
        assert (await reply.json())["paused"] is None
    assert "Paused here" not in await shown(floor, "/")
    for verb in ("pause", "resume", "test-label"):
        async with floor.http.post(f"/api/v1/printers/none/{verb}") as reply:
            await problem(reply, 404)


async def test_a_pause_outlives_the_daemon(tmp_path: Path) -> None:
    async with Floor(tmp_path) as floor:
        await floor.app.printer_acts.pause("zebra-01", who="Kim")
    async with Floor(tmp_path) as floor:
        view = floor.printers["zebra-01"]
        assert view.pause is not None
        assert view.pause.who == "Kim"
        await floor.app.printer_acts.resume("zebra-01", who="Kim")
    async with Floor(tmp_path) as floor:
        assert floor.printers["zebra-01"].pause is None


async def test_a_pause_that_cannot_be_kept_is_none(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise StoreUnavailable("the database cannot be written: disk full")

    monkeypatch.setattr(floor.store, "pause", fail)
    with pytest.raises(StoreUnavailable, match="disk full"):
        await floor.app.printer_acts.pause("zebra-01", who="Kim")
    assert floor.printers["zebra-01"].pause is None


async def test_the_buttons_of_a_printer_work_without_the_script(floor: Floor) -> None:
    for verb, paused in (("pause", True), ("resume", False)):
        async with floor.http.post(f"/printers/zebra-01/{verb}", allow_redirects=False) as reply:
            assert (reply.status, reply.headers["Location"]) == (303, "/printers/zebra-01")
        assert (floor.printers["zebra-01"].pause is not None) is paused
    async with floor.http.post("/printers/zebra-01/test-label", allow_redirects=False) as reply:
        assert reply.status == 303
    (job,) = await floor.store.jobs()
    assert job.source == "test label"


async def test_a_test_label_is_first_in_the_queue_and_is_not_asked_for_twice(floor: Floor) -> None:
    await floor.submit(NUMBER)
    async with floor.http.post("/api/v1/printers/zebra-01/test-label") as reply:
        assert reply.status == 201
        made = await reply.json()
    assert (made["test"], made["printer"]) == (True, "zebra-01")
    async with floor.http.post("/api/v1/printers/zebra-01/test-label") as reply:
        assert "a test label to print already" in await problem(reply, 409)
    await until(floor.http, f"/api/v1/jobs/{made['id']}", "reason", "job-queued")
    assert [job.id for job in await floor.store.queue("zebra-01")] == [made["id"]]
    assert "Test label" in await shown(floor, f"/jobs/{made['id']}")
    timeline = (await get(floor, f"/api/v1/jobs/{made['id']}"))["timeline"]
    assert timeline[0]["words"].startswith("accepted from test label; asked for by a program")
    await floor.app.printer_acts.pause("zebra-02", who="Kim")
    async with floor.http.post("/api/v1/printers/zebra-02/test-label") as reply:
        assert "paused by Kim" in await problem(reply, 409)


@pytest.mark.peer
async def test_nothing_prints_while_paused_and_a_test_label_is_confirmed_after(
    tmp_path: Path, broker: Broker, zebra: VirtualPrinter
) -> None:
    daemon = Labeld(tmp_path / "state", broker.port, {"zebra": zebra})
    async with daemon:
        await daemon.post("/api/v1/printers/zebra/pause")
        job = (await daemon.post("/api/v1/jobs", **event(1, (LABELS / "usps-a6.pdf").read_bytes())))["id"]
        await until(daemon, f"/api/v1/jobs/{job}", "reason", "job-queued")
    async with daemon:
        # it asks the paused printer how it is, and sends it nothing
        await until(daemon, "/api/v1/printers/zebra", "state", "idle")
        assert (await daemon.get(f"/api/v1/jobs/{job}"))["state"] == "pending"
        assert zebra.received == 0
        listed = (await labeld("printers", "zebra", "--config", daemon.config)).out.decode()
        assert "Paused by a program" in listed
        await daemon.post("/api/v1/printers/zebra/resume")
        (printed,) = await daemon.settled(1)
        assert printed["outcome"] == "confirmed"
        made = await daemon.post("/api/v1/printers/zebra/test-label")
        jobs = await daemon.settled(2)
        assert [(one["id"], one["outcome"]) for one in jobs] == [(made["id"], "confirmed"), (job, "confirmed")]
        async with asyncio.timeout(PATIENCE):
            # both, though the database is told of the second one much later
            while len((await daemon.get("/api/v1/printers/zebra"))["profile"]["firsts"]) != 2:  # noqa: ASYNC110 - no signal
                await asyncio.sleep(0.05)
        _, test = await zebra.wait_labels(2)
        assert test.png is not None
        with Image.open(io.BytesIO(test.png)) as picture:
            codes = {code.text for code in zxingcpp.read_barcodes(picture.convert("L"))}
        assert codes == {testlabel.BARCODE, testlabel.QR_CODE}
        table = (await labeld("jobs", "--state", "completed", "--printer", "zebra", "--config", daemon.config)).out
        assert table.count(b"completed") == 2
        story = (await labeld("jobs", made["id"], "--config", daemon.config)).out.decode()
        assert "accepted from test label" in story
        assert "the printer's counter moved by 1" in story
        listed = (await labeld("printers", "--config", daemon.config, COLUMNS="160")).out.decode()
        assert "Ready" in listed
        assert "TEST0203" in listed


@pytest.mark.peer
async def test_a_browser_pauses_and_resumes_at_phone_width(floor: Floor, tmp_path: Path) -> None:
    floor.see("zebra-01", PrinterState.IDLE)
    done = await floor.confirm(await floor.submit(NUMBER))
    async with browser(tmp_path / "browser") as window:
        await window.devtools(
            "Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=True
        )
        await window.open(floor.url)
        await window.run("document.querySelector('.printer h3 a').click()")
        await window.until("location.pathname === '/printers/zebra-01'")
        await window.run("window.neverReloaded = true")
        await window.until("document.querySelector('.device')")
        assert await window.run("return document.documentElement.scrollWidth") == 360
        button = "document.querySelector('form[action$=\"{}\"] button')"
        assert await window.run(f"return {button.format('pause')}.getBoundingClientRect().height") >= 44
        await window.run(f"{button.format('pause')}.click()")
        await window.until(button.format("resume"))
        assert floor.printers["zebra-01"].pause is not None
        # live by the stream: the state changes without a click
        floor.see("zebra-01", PrinterState.STOPPED, "cover-open")
        await window.until("document.querySelector('.advice')?.textContent.includes('Close the print head')")
        await window.run(f"{button.format('resume')}.click()")
        await window.until(button.format("test-label"))
        await window.run(f"{button.format('test-label')}.click()")
        await window.until("document.body.textContent.includes('Test label')")
        assert await window.run("return window.neverReloaded && document.getElementById('trouble').hidden")
        assert await window.run(f"return document.body.innerHTML.includes('{done.id}')")
    assert (await floor.store.open_jobs("zebra-01", (JobState.PENDING,), limit=5))[0].source == "test label"

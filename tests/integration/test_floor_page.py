"""The floor view and a parcel's page: rolls, scanning, evidence, undoing, refused events, blurred pictures."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from labeld.daemon.errors import EventRejected
from labeld.daemon.job import JobState
from labeld.drivers.printer import PrinterState

from .web_browser import Browser, browser
from .web_floor import NUMBER, Floor, get, page, problem, settings

AXE = Path(__file__).parents[1] / "bench" / "node_modules" / "axe-core" / "axe.min.js"
TOPIC = "labeld/test/labels/ready"


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    """A served page over an empty store."""
    async with Floor(tmp_path) as running:
        yield running


async def refuse(floor: Floor, event: bytes) -> int:
    """The number of a refused event."""
    with pytest.raises(EventRejected):
        await floor.app.intake.json(event, source="mqtt", topic=TOPIC)
    return (await floor.store.rejections(limit=1))[0].id


async def typed(window: Browser, text: str) -> None:
    """Type as a hand scanner does, with Enter at the end."""
    for sign in text:
        await window.devtools("Input.dispatchKeyEvent", type="keyDown", key=sign, text=sign)
        await window.devtools("Input.dispatchKeyEvent", type="keyUp", key=sign)
    await window.devtools(
        "Input.dispatchKeyEvent", type="keyDown", key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r"
    )


# Rolls


async def test_labels_left_on_a_roll_are_counted_by_the_printers_own_counter(floor: Floor) -> None:
    floor.see("zebra-01", PrinterState.IDLE)
    async with floor.http.post("/api/v1/printers/zebra-01/roll", json={"labels": 500}) as reply:
        assert (await reply.json())["roll"]["left"] == 500
    floor.printed += 40
    floor.see("zebra-01", PrinterState.IDLE)
    assert "About 460 labels left on the roll" in await page(floor)
    floor.printed += 440
    floor.see("zebra-01", PrinterState.IDLE)
    floor.bus.tell("job", "printed")
    assert '<p class="left few">About 20 labels left on the roll</p>' in await page(floor)
    async with floor.http.post("/printers/zebra-01/roll", data={"metres": "31,08"}) as reply:  # without the script
        assert "About 200 labels left" in await reply.text()
    async with floor.http.post("/api/v1/printers/zebra-01/roll", json={"labels": "many"}) as reply:
        assert "labels is a number" in await problem(reply, 400)
    async with floor.http.post("/api/v1/printers/nobody/roll", json={"metres": 10}) as reply:
        assert "no printer" in await problem(reply, 404)
    async with floor.http.post("/api/v1/printers/zebra-01/roll", json={"labels": 0}) as reply:
        assert (await reply.json())["roll"] is None


async def test_labels_left_are_counted_by_what_was_sent_where_the_printer_has_no_counter(floor: Floor) -> None:
    await floor.app.printer_acts.new_roll("zebra-01", 50, who="test")
    await floor.confirm(await floor.submit(NUMBER))
    await floor.lose_sight(await floor.submit("9400100000000000009999"))
    answer = await get(floor, "/api/v1/printers/zebra-01")
    assert (answer["roll"]["left"], answer["labels_per_hour"]) == (48, [0] * 11 + [2])
    text = await page(floor)
    assert "About 48 labels left on the roll" in text
    assert "2 labels in the last hour, 2 in 12 hours" in text


# Finding


async def test_a_label_is_found_by_its_order(floor: Floor) -> None:
    job = await floor.submit(NUMBER, order_ids=["576461413038785752", "576461413038785753"])
    async with floor.http.post("/", data={"q": "576461413038785753"}, allow_redirects=False) as reply:
        assert (reply.status, reply.headers["Location"]) == (303, f"/jobs/{job.id}")
    found = await get(floor, "/api/v1/jobs?q=576461413038785752")
    assert [one["id"] for one in found["jobs"]] == [job.id]


@pytest.mark.peer
async def test_a_scan_finds_its_parcel_wherever_the_focus_is_but_in_a_form(floor: Floor, tmp_path: Path) -> None:
    job, other = await floor.submit(NUMBER), await floor.submit("9400100000000000009999")
    async with browser(tmp_path / "browser") as window:
        await window.open(f"{floor.url}/jobs/{other.id}")
        # Enter must not press the button that has the focus
        await window.run("document.querySelector('[data-key=\"hold-\"] button').focus()")
        await typed(window, f"42090210{NUMBER}")
        await window.until(f"location.pathname === '/jobs/{job.id}'")
        assert (await floor.store.get(other.id)).state is JobState.PENDING
        await window.run("document.querySelector('#who').open = true; document.querySelector('#who input').focus()")
        await typed(window, "pack-07")
        await window.until("document.querySelector('#who summary').textContent === 'You are pack-07'")
        assert await window.run("return location.pathname") == f"/jobs/{job.id}"
        await window.run("document.querySelector('[data-key=\"hold-\"] button').click()")
        await window.until("document.querySelector('#done .undo')?.textContent === 'Print it after all'")
        held = await floor.store.get(job.id)
        assert (held.state, held.message) == (JobState.HELD, "held by pack-07 at the status page")
        await window.run("document.querySelector('#done .undo').click()")
        await window.until("document.querySelector('#done').textContent === 'It is as it was.'")
        words = [one.words for one in await floor.store.timeline(job.id)]
        assert "released by pack-07 at the status page" in words


@pytest.mark.peer
async def test_a_parcels_page_has_its_evidence_and_prints_again_for_a_reason(floor: Floor, tmp_path: Path) -> None:
    job = await floor.confirm(await floor.submit(NUMBER))
    async with browser(tmp_path / "browser") as window:
        await window.open(f"{floor.url}/jobs/{job.id}")
        assert "the printer's own counter says so" in await window.run(
            "return document.querySelector('.evidence').textContent"
        )
        chip = "document.querySelector('.chips button[value=Torn]')"
        await window.run(f"{chip}.click()")
        assert await window.run(f"return {chip}.textContent") == "Tap again to print"
        await window.run(f"{chip}.click()")
        await window.until("document.querySelector('#done .undo')?.textContent === 'Cancel that'")
        (again,) = [one for one in await floor.store.jobs() if one.reprint_of == job.id]
        words = [one.words for one in await floor.store.timeline(job.id)]
        assert any("Torn" in line and "somebody at the status page" in line for line in words)
        await window.run("document.querySelector('#done .undo').click()")
        await window.until("document.querySelector('#done').textContent === 'It is as it was.'")
        assert (await floor.store.get(again.id)).state is JobState.CANCELED


async def test_the_first_view_of_a_hundred_printers_is_small(tmp_path: Path) -> None:
    printers = {f"zebra-{place:03}": {"uri": f"socket://127.0.0.1:{9100 + place}"} for place in range(100)}
    async with Floor(tmp_path, settings(tmp_path, printers=printers, default_printer="zebra-000")) as floor:
        floor.see("zebra-050", PrinterState.STOPPED, "paused")
        assert "Press PAUSE on the printer" in (text := await page(floor))
        # what needs somebody is the first
        assert text.index('data-key="printer-zebra-050"') < text.index('data-key="printer-zebra-000"')
        size = 0
        for path in ("/", "/static/page.css", "/static/page.js"):
            async with floor.http.get(path, headers={"Accept-Encoding": "gzip"}) as reply:
                size += int(reply.headers["Content-Length"])
        assert size < 100_000


# Refused events


async def test_a_refused_event_is_corrected_and_sent_again(floor: Floor) -> None:
    event = {"event_id": "e-1", "asset": {"content": "XlhBXkZPNTAsNTBeR0IzMDAsMjAwLDheRlNeWFo="}, "copies": 0}
    number = await refuse(floor, json.dumps(event).encode())
    async with floor.http.get(f"/rejections/{number}") as reply:
        assert "&#34;copies&#34;: 0" in await reply.text()
    # still wrong: kept as another one
    wrong = json.dumps(event | {"copies": -1})
    async with floor.http.post(f"/rejections/{number}", data={"event": wrong}) as reply:
        second = int(reply.url.name)
        assert "got &#39;-1&#39;" in await reply.text()
    assert [one.id for one in await floor.store.rejections()] == [second]
    corrected = json.dumps(event | {"copies": 1})
    headers = {"Cookie": "labeld-who=Maria%0a"}
    async with floor.http.post(f"/rejections/{second}", data={"event": corrected}, headers=headers) as reply:
        assert reply.url.path.startswith("/jobs/")
        job_id = reply.url.name
    assert (await floor.store.get(job_id)).event_id == "e-1"
    assert await floor.store.rejections() == []
    async with floor.http.get(f"/rejections/{second}") as reply:
        assert f"Sent again by Maria at the status page: job {job_id}." in await reply.text()
    async with floor.http.post(f"/rejections/{second}", data={"event": corrected}) as reply:
        assert "is answered" in await problem(reply, 409)
    async with floor.http.get("/rejections/99") as reply:
        assert "no refused event 99" in await problem(reply, 404)


async def test_a_refused_event_that_comes_again_is_shown_again(floor: Floor) -> None:
    event = b'{"event_id": "e-1", "asset": {"url": "https://example.invalid/x?token=secret"}, "copies": 0}'
    number = await refuse(floor, event)
    async with floor.http.get(f"/rejections/{number}") as reply:
        text = await reply.text()
    assert "secret" not in text
    assert "Only the beginning" in text or "without what opens them" in text
    async with floor.http.post(f"/rejections/{number}", data={"dismiss": "yes"}) as reply:
        assert reply.url.path == "/"
    assert await floor.store.rejections() == []
    assert await refuse(floor, event) == number


# Privacy and reach


async def test_a_name_is_kept_in_the_browser_and_nothing_else_is(floor: Floor) -> None:
    async with floor.http.post("/who", data={"who": " pack-01 \x1b"}, allow_redirects=False) as reply:
        cookie = reply.headers["Set-Cookie"]
    assert cookie.startswith("labeld-who=pack-01;")
    assert "SameSite=Strict" in cookie
    async with floor.http.post("/who", data={"who": "labeld"}) as reply:
        assert "choose another name" in await problem(reply, 400)
    async with floor.http.post("/who", data={"who": ""}, allow_redirects=False) as reply:
        assert 'labeld-who=""' in reply.headers["Set-Cookie"]


@pytest.mark.peer
async def test_pictures_are_blurred_until_they_are_tapped(tmp_path: Path) -> None:
    chosen = settings(tmp_path, web={"port": 0, "blur_pictures": True})
    async with Floor(tmp_path, chosen) as floor, browser(tmp_path / "browser") as window:
        job = await floor.submit(NUMBER)
        await window.open(floor.url)
        image = f"document.querySelector('[data-key=\"job-{job.id}\"] img')"
        blurred = f"return getComputedStyle({image}).filter"
        assert "blur" in await window.run(blurred)
        await window.run(f"{image}.click()")
        assert await window.run(blurred) == "none"
        await floor.confirm(job)  # the page is merged with a new one
        await window.until(f"{image}.closest('.card').querySelector('.sign').textContent.trim() === 'Printed'")
        assert await window.run(blurred) == "none"
        await window.run(f"{image}.click()")
        await window.until(f"location.pathname === '/jobs/{job.id}'")
        assert "blur" in await window.run("return getComputedStyle(document.querySelector('.sheet img')).filter")


@pytest.mark.peer
@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: scripts/setup bench")
async def test_axe_finds_nothing_serious(floor: Floor, tmp_path: Path) -> None:
    floor.see("zebra-01", PrinterState.IDLE)
    floor.see("zebra-02", PrinterState.STOPPED, "cover-open")
    await floor.app.printer_acts.new_roll("zebra-01", 500, who="test")
    printed = await floor.confirm(await floor.submit(NUMBER, station="pack-01"))
    unknown = await floor.lose_sight(await floor.submit("9400100000000000009999", station="pack-03"))
    waiting = await floor.submit("9400100000000000008888", station="pack-01")
    number = await refuse(floor, b'{"asset": {"content": ""}, "copies": 0}')
    paths = ["/", "/printers/zebra-01", f"/rejections/{number}", "/upload", "/import"]
    paths += [f"/jobs/{job.id}" for job in (printed, unknown, waiting)]
    axe, found = AXE.read_text(), []
    async with browser(tmp_path / "browser") as window:
        for width, height, scheme in ((390, 844, "dark"), (1366, 768, "light")):
            await window.devtools(
                "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
            )
            media = [{"name": "prefers-color-scheme", "value": scheme}]
            await window.devtools("Emulation.setEmulatedMedia", features=media)
            for path in paths:
                await window.open(floor.url + path)
                await window.run(axe)
                # what has just arrived is see-through for a moment
                await window.run("for (const one of document.getAnimations()) one.finish()")
                result = await window.run("return axe.run(document, {resultTypes: ['violations']})")
                found += [
                    (path, width, one["id"], one["impact"], [node["target"] for node in one["nodes"]][:3])
                    for one in result["violations"]
                ]
                assert await window.run("return document.documentElement.scrollWidth <= innerWidth"), (path, width)
    assert found == []

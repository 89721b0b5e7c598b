"""The status page and the HTTP API, asked as browsers, programs and attackers ask them."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from labeld.daemon.errors import IllegalTransition, StoreUnavailable
from labeld.daemon.job import Job, JobState, Reason, allowed_acts
from labeld.daemon.web import search
from labeld.drivers.printer import PrinterState

from .web_browser import browser
from .web_floor import BOX, NUMBER, PATIENCE, Floor, event, get, label, page, problem, settings


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    """A served page over an empty store."""
    async with Floor(tmp_path) as running:
        yield running


# Submitting


async def test_a_json_event_becomes_a_job_and_comes_again_as_a_duplicate(floor: Floor) -> None:
    body = event(NUMBER, label(NUMBER), station="pack-03")
    async with floor.http.post("/api/v1/jobs", json=body) as reply:
        assert reply.status == 201
        job = await reply.json()
        assert reply.headers["Location"] == f"/api/v1/jobs/{job['id']}"
    assert (job["printer"], job["tracking_number"], job["duplicates"]) == ("zebra-02", NUMBER, 0)
    async with floor.http.post("/api/v1/jobs", json=body) as reply:
        assert reply.status == 200
        again = await reply.json()
    assert (again["id"], again["duplicates"]) == (job["id"], 1)


@pytest.mark.parametrize("where", ["query", "form"])
async def test_a_file_prints_where_it_is_told(floor: Floor, where: str) -> None:
    data = label(NUMBER)
    if where == "form":
        form = aiohttp.FormData({"station": "returns"})
        form.add_field("file", data, filename="label.png", content_type="image/png")
        reply = await floor.http.post("/api/v1/jobs", data=form)
    else:
        reply = await floor.http.post("/api/v1/jobs?station=returns", data=data, headers={"Content-Type": "image/png"})
    assert reply.status == 201, await reply.text()
    job = await reply.json()
    assert job["printer"] == "returns"
    async with floor.http.get(f"/api/v1/jobs/{job['id']}/asset") as reply:
        assert await reply.read() == data
        assert reply.content_type == "application/octet-stream"
        assert reply.headers["Content-Disposition"].startswith("attachment")
        assert reply.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_same_idempotency_key_and_bytes_are_one_job_after_the_window_too(floor: Floor) -> None:
    data, key = label(NUMBER), {"Idempotency-Key": "order-1"}
    first = await floor.http.post("/api/v1/jobs", data=data, headers=key)
    floor.store._window = 0.0
    again = await floor.http.post("/api/v1/jobs", data=data, headers=key)
    other = await floor.http.post("/api/v1/jobs", data=data, headers={"Idempotency-Key": "order-2"})
    assert [reply.status for reply in (first, again, other)] == [201, 200, 201]
    assert (await first.json())["id"] == (await again.json())["id"]


async def test_a_malformed_event_is_refused_in_words_and_listed(floor: Floor) -> None:
    async with floor.http.post("/api/v1/jobs", json={"copies": 0, "asset": {"content": "x"}}) as reply:
        assert "copies" in await problem(reply, 422)
    (rejection,) = (await get(floor, "/api/v1/rejections"))["rejections"]
    assert "copies" in rejection["reason"]
    assert (rejection["times"], rejection["source"]) == (1, "http")
    assert "copies" in await page(floor)


async def test_a_form_without_a_file_says_which_field_is_missing(floor: Floor) -> None:
    form = aiohttp.FormData({"printer": "zebra-01"}, default_to_multipart=True)
    async with floor.http.post("/api/v1/jobs", data=form) as reply:
        assert "`file`" in await problem(reply, 400)


async def test_a_database_that_cannot_commit_asks_to_come_again(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise StoreUnavailable("the database cannot be written: disk full")

    monkeypatch.setattr(floor.store, "accept", fail)
    async with floor.http.post("/api/v1/jobs", data=b"x") as reply:
        assert "disk full" in await problem(reply, 503)
        assert int(reply.headers["Retry-After"]) > 0


# Reading


async def test_jobs_come_newest_first_in_pages(floor: Floor) -> None:
    made = [(await floor.submit(f"{NUMBER[:-1]}{n}", BOX)).id for n in range(5)]
    seen: list[str] = []
    path = "/api/v1/jobs?limit=2"
    while True:
        answer = await get(floor, path)
        seen += [job["id"] for job in answer["jobs"]]
        if answer["next"] is None:
            break
        path = f"/api/v1/jobs?limit=2&before={answer['next']}"
    assert seen == made[::-1]


@pytest.mark.parametrize(
    "text", [NUMBER, f"42090210{NUMBER}", f"]C1420902101234{NUMBER}", "9400 1000 0000 0000 0010 61", f"event-{NUMBER}"]
)
async def test_search_understands_what_a_scanner_sends(floor: Floor, text: str) -> None:
    job = await floor.submit(NUMBER)
    other = await floor.submit("9400100000000000009999")
    async with floor.http.get("/api/v1/jobs", params={"q": text}) as reply:
        assert [found["id"] for found in (await reply.json())["jobs"]] == [job.id]
    async with floor.http.post("/", data={"q": text}) as reply:
        html = await reply.text()
    assert html.count(f'data-key="job-{job.id}"') == 1
    assert other.id not in html
    assert "<b>9999</b>" not in html  # an id may hold these digits by chance


def test_blank_text_means_no_number() -> None:
    assert search.meanings(" \t ") == ()


async def test_jobs_are_filtered_by_state(floor: Floor) -> None:
    held = await floor.submit(NUMBER, printer="nowhere")
    await floor.submit("9400100000000000009999")
    answer = await get(floor, "/api/v1/jobs?state=pending-held")
    assert [job["id"] for job in answer["jobs"]] == [held.id]


async def test_a_job_tells_its_life(floor: Floor) -> None:
    job = await floor.confirm(await floor.submit(NUMBER))
    answer = await get(floor, f"/api/v1/jobs/{job.id}")
    assert (answer["state"], answer["outcome"], answer["evidence"]) == ("completed", "confirmed", "counted")
    assert answer["received_at"].endswith("Z")
    states = [entry["state"] for entry in answer["timeline"]]
    assert states == ["pending", "pending", "processing", "completed"]
    (attempt,) = answer["attempts"]
    assert (attempt["outcome"], attempt["evidence"]) == ("confirmed", "counted")
    assert (attempt["serial"], attempt["labels"]) == ("TEST0203", 1)
    assert attempt["started_at"] <= attempt["ended_at"]
    async with floor.http.get(f"/jobs/{job.id}") as reply:
        html = await reply.text()
    assert all(entry["words"].split("'")[0] in html for entry in answer["timeline"])
    assert "the printer&#39;s counter moved" in html


async def test_the_preview_is_the_dots_and_is_not_sent_twice(floor: Floor) -> None:
    job = await floor.submit(NUMBER)
    path = f"/api/v1/jobs/{job.id}/preview.png"
    async with floor.http.get(path) as reply:
        assert reply.status == 200
        assert reply.headers["Cache-Control"].startswith("private")
        picture, tag = await reply.read(), reply.headers["ETag"]
    assert picture.startswith(b"\x89PNG")
    assert (int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])) == (812, 1219)
    async with floor.http.get(path, headers={"If-None-Match": tag}) as reply:
        assert (reply.status, await reply.read()) == (304, b"")
    async with floor.http.get(f"{path}?page=2") as reply:
        assert "no page 2" in await problem(reply, 404)


async def test_a_job_without_a_picture_says_why(floor: Floor) -> None:
    job = await floor.submit(NUMBER, b"not a label")
    assert job.state is JobState.ABORTED
    async with floor.http.get(f"/api/v1/jobs/{job.id}/preview.png") as reply:
        assert job.message in await problem(reply, 404)


async def test_printers_tell_state_advice_and_queue(floor: Floor) -> None:
    floor.see("zebra-01", PrinterState.STOPPED, "cover-open")
    await floor.submit(NUMBER)
    await floor.lose_sight(await floor.submit("9400100000000000009999"))
    first = (await get(floor, "/api/v1/printers"))["printers"][0]
    assert first["name"] == "zebra-01"
    assert (first["state"], first["reasons"], first["advice"]) == ("stopped", ["cover-open"], "close the print head")
    assert (first["queued"], first["held"], first["serial"]) == (1, 1, "TEST-zebra-01")
    html = await page(floor)
    assert "Close the print head" in html
    assert "1 printer needs you, 1 label waits for an answer" in html


# Acting


async def test_a_person_answers_and_the_job_ends(floor: Floor) -> None:
    job = await floor.lose_sight(await floor.submit(NUMBER))
    html = await page(floor)
    assert "Is this label in your hand?" in html
    async with floor.http.post(f"/api/v1/jobs/{job.id}/settle", json={"printed": True}) as reply:
        assert (await reply.json())["state"] == "completed"
    async with floor.http.post(f"/api/v1/jobs/{job.id}/settle", json={"printed": True}) as reply:
        assert "nobody asked" in await problem(reply, 409)
    assert "Is this label in your hand?" not in await page(floor)


async def test_an_answer_that_is_none_changes_nothing(floor: Floor) -> None:
    job = await floor.lose_sight(await floor.submit(NUMBER))
    for body in (b"", b"{", b'{"printed": "yes"}', b"[]"):
        async with floor.http.post(f"/api/v1/jobs/{job.id}/settle", data=body) as reply:
            await problem(reply, 400)
    assert await floor.store.get(job.id) == job


async def test_the_buttons_work_without_the_script(floor: Floor) -> None:
    unseen = await floor.lose_sight(await floor.submit(NUMBER))
    waiting = await floor.submit("9400100000000000009999")
    for path, data in ((f"/jobs/{unseen.id}/settle", {"printed": "false"}), (f"/jobs/{waiting.id}/cancel", {})):
        async with floor.http.post(path, data=data, allow_redirects=False) as reply:
            assert (reply.status, reply.headers["Location"]) == (303, "/")
    assert (await floor.store.get(unseen.id)).state is JobState.PENDING
    assert (await floor.store.get(waiting.id)).state is JobState.CANCELED
    async with floor.http.post(f"/jobs/{unseen.id}/settle", data={}) as reply:
        await problem(reply, 400)


async def test_a_label_moves_by_its_page_with_and_without_the_script(floor: Floor) -> None:
    lost = await floor.submit(NUMBER, printer="nowhere")
    async with floor.http.get(f"/jobs/{lost.id}") as reply:
        html = await reply.text()
    assert '<option value="zebra-02">zebra-02: 4x6in, 300 dpi</option>' in html
    data = {"printer": "zebra-02"}
    async with floor.http.post(f"/jobs/{lost.id}/move", data=data, allow_redirects=False) as reply:
        assert (reply.status, reply.headers["Location"]) == (303, "/")
    moved = await floor.store.get(lost.id)
    assert (moved.printer, moved.state, moved.requested_printer) == ("zebra-02", JobState.PENDING, "zebra-02")
    for body in (b"", b"[]", b'{"printer": 7}'):
        async with floor.http.post(f"/api/v1/jobs/{lost.id}/move", data=body) as reply:
            await problem(reply, 400)
    async with floor.http.post(f"/api/v1/jobs/{lost.id}/move", json={"printer": "nowhere"}) as reply:
        assert "no printer 'nowhere'" in await problem(reply, 409)
    done = await floor.confirm(await floor.submit("9400100000000000009999"))
    async with floor.http.get(f"/jobs/{done.id}") as reply:
        assert "<select" not in await reply.text()


@pytest.mark.parametrize("reason", list(Reason))
async def test_offered_actions_are_those_that_succeed(floor: Floor, reason: Reason) -> None:
    for state in (JobState.PENDING, JobState.HELD):
        for verb in ("cancel", "release", "move", "settle"):
            job = await floor.submit(f"{state}-{verb}", BOX, tracking_number=None)
            await floor.store.move(job.id, JobState.HELD, reason, "for this test", time.time())
            job = await floor.store.move(job.id, state, reason, "for this test", time.time())
            assert (verb in allowed_acts(job)) == await _succeeds(floor, job, verb)


async def _succeeds(floor: Floor, job: Job, verb: str) -> bool:
    try:
        if verb == "settle":
            await floor.app.actions.settle(job.id, printed=True, who="test")
        elif verb == "move":
            await floor.app.actions.move(job.id, "zebra-02", who="test")
        else:
            await getattr(floor.app.actions, verb)(job.id, who="test")
    except IllegalTransition:
        return False
    return True


# Watching


async def events(reply: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, Any]]:
    """Name and data of each event of a stream."""
    name = ""
    async for line in reply.content:
        key, _, value = line.decode().rstrip("\n").partition(": ")
        if key == "event":
            name = value
        elif key == "data":
            yield name, json.loads(value)


async def test_the_stream_tells_changes_as_they_are_committed(floor: Floor) -> None:
    async with asyncio.timeout(PATIENCE), floor.http.get("/api/v1/events") as reply:
        assert reply.content_type == "text/event-stream"
        stream = events(reply)
        floor.see("zebra-02", PrinterState.STOPPED, "media-empty")
        name, data = await anext(stream)
        assert (name, data["name"], data["advice"]) == ("printer", "zebra-02", "load labels")
        job = await floor.submit(NUMBER)
        name, data = await anext(stream)
        assert (name, data["id"], data["tracking_number"]) == ("job", job.id, NUMBER)
        floor.app.broker.state.connected = True
        floor.app.bus.tell("broker", "")
        while name != "broker":
            name, data = await anext(stream)
        assert data["connected"] is True
        async with floor.http.post("/api/v1/jobs", json=[]) as refused:
            await problem(refused, 422)
        name, data = await anext(stream)
        assert (name, data["source"]) == ("rejection", "http")


async def test_the_server_stops_at_once_under_open_streams(tmp_path: Path) -> None:
    floor = Floor(tmp_path)
    async with aiohttp.ClientSession() as session, asyncio.timeout(PATIENCE):
        await floor.__aenter__()
        reply = await session.get(f"{floor.url}/api/v1/events")
        await reply.content.readline()
        await floor.__aexit__()
        await reply.content.read()
        assert reply.content.at_eof()


async def test_the_probes_tell_loop_database_and_broker(floor: Floor) -> None:
    assert (await get(floor, "/healthz"))["status"] == "alive"
    answer = await get(floor, "/readyz")
    assert (answer["status"], answer["broker"]["connected"]) == ("ready", False)
    async with floor.store._engine.connect() as connection:
        await connection.exec_driver_sql("ALTER TABLE jobs RENAME TO lost")
        await connection.exec_driver_sql("COMMIT")
    async with floor.http.get("/readyz") as reply:
        assert "no such table" in await problem(reply, 503)
    async with floor.http.get("/api/v1/jobs") as reply:
        assert "no such table" in await problem(reply, 503)


async def test_the_empty_page_says_how_to_begin(tmp_path: Path) -> None:
    async with Floor(tmp_path, settings(tmp_path, printers={}, default_printer=None)) as floor:
        html = await page(floor)
    assert "labeld/test/labels/ready" in html
    assert "[printers.&lt;name&gt;]" in html
    assert "No refused events" in html


async def test_the_page_is_as_new_as_the_last_change(floor: Floor) -> None:
    assert NUMBER[-4:] not in await page(floor)
    job = await floor.submit(NUMBER)
    assert f"job-{job.id}" in await page(floor)
    await floor.app.actions.cancel(job.id, who="test")
    assert "Canceled" in await page(floor)
    floor.app.broker.state.connected = True
    assert "Broker connected" in await page(floor)


# Seeing


@pytest.mark.peer
async def test_a_browser_shows_a_label_as_it_prints_and_takes_the_answer(floor: Floor, tmp_path: Path) -> None:
    old = await floor.confirm(await floor.submit(NUMBER))
    async with browser(tmp_path / "browser") as window:
        await window.open(floor.url)
        shown = "document.querySelector('[data-key=\"job-{}\"] {}')"
        # only the script writes ages
        await window.until(f"/now|ago/.test({shown.format(old.id, 'time')}.textContent)")
        await window.run("window.neverReloaded = true")
        new = await floor.lose_sight(await floor.submit("9400100000000000009999"))
        yes = await window.until(shown.format(new.id, ".yes") + "?.getBoundingClientRect().height")
        assert yes >= 44
        await window.until(shown.format(new.id, "img") + ".naturalWidth === 812")
        await window.run(shown.format(new.id, ".yes") + ".click()")
        await window.until(shown.format(new.id, ".sign") + ".textContent.trim() === 'Printed'")
        assert (await floor.store.get(new.id)).state is JobState.COMPLETED
        order = "return [...document.querySelectorAll('.labels .card')].map(card => card.dataset.key)"
        assert await window.run(order) == [f"job-{new.id}", f"job-{old.id}"]
        assert await window.run("return document.getElementById('lost').hidden && window.neverReloaded")


@pytest.mark.peer
async def test_a_browser_moves_a_label_to_the_printer_that_is_chosen(floor: Floor, tmp_path: Path) -> None:
    job = await floor.submit(NUMBER)
    async with browser(tmp_path / "browser") as window:
        await window.open(f"{floor.url}/jobs/{job.id}")
        await window.run("document.querySelector('select').value = 'returns'")
        await window.run("document.querySelector('select').form.querySelector('button').click()")
        await window.until("document.querySelector('.facts').textContent.includes('returns')")
        assert await window.run("return document.getElementById('trouble').hidden")
    assert (await floor.store.get(job.id)).printer == "returns"


@pytest.mark.peer
async def test_a_browser_searches_what_a_scanner_types_and_tells_when_the_daemon_is_gone(tmp_path: Path) -> None:
    async with Floor(tmp_path) as floor, browser(tmp_path / "browser") as window:
        wanted = await floor.submit(NUMBER)
        await floor.submit("9400100000000000009999")
        await window.open(floor.url)
        await window.until("document.querySelectorAll('.card').length === 2")
        await window.run(
            f"const box = document.getElementById('q'); box.value = '420902101234{NUMBER}'; box.form.requestSubmit()"
        )
        await window.until(f"location.href === '{floor.url}/jobs/{wanted.id}' && document.querySelector('.job')")
        await window.run("document.querySelector('[data-all]').click()")
        await window.until("document.querySelectorAll('.card').length === 2")
        await floor.__aexit__()
        await window.until("!document.getElementById('lost').hidden")

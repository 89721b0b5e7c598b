"""Held labels on the page and over HTTP: counted by station and reason, and released together."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from labeld.daemon.job import Job, JobState, Reason
from labeld.daemon.store import Pause

from .web_browser import browser
from .web_floor import Floor, get, page, problem


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    """A served page over an empty store."""
    async with Floor(tmp_path) as running:
        yield running


async def stale(floor: Floor, number: int, station: str) -> Job:
    """A label that was left over from an outage."""
    job = await floor.submit(f"94001000000000000{number:05}", station=station)
    because = "it waited 8 h, and zebra-01 could not print for 8 h: ask before it is printed"
    return await floor.store.move(job.id, JobState.HELD, Reason.STALE, because, job.updated_at)


async def test_a_waiting_label_is_held_and_released_over_http(floor: Floor) -> None:
    job = await floor.submit("9400100000000000000001", station="pack-01")
    assert "hold" in (await get(floor, f"/api/v1/jobs/{job.id}"))["actions"]
    browsers = {"Sec-Fetch-Site": "same-origin"}
    why = {"reason": "box is\nbroken"}
    async with floor.http.post(f"/api/v1/jobs/{job.id}/hold", json=why, headers=browsers) as reply:
        held = await reply.json()
    assert (held["state"], held["reason"]) == ("pending-held", "job-held-by-user")
    assert held["message"] == "held by somebody at the status page: box is broken"
    async with floor.http.post(f"/api/v1/jobs/{job.id}/hold") as reply:
        assert "cannot be held" in await problem(reply, 409)
    async with floor.http.post(f"/jobs/{job.id}/release") as reply:
        assert reply.status == 200
    assert (await floor.store.get(job.id)).state is JobState.PENDING
    async with floor.http.post(f"/jobs/{job.id}/hold") as reply:  # the button, without the script
        assert reply.status == 200
    assert (await floor.store.get(job.id)).reason == Reason.HELD_BY_USER
    async with floor.http.post(f"/api/v1/jobs/{job.id}/hold", json={"reason": 3}) as reply:
        assert "say why" in await problem(reply, 400)


async def test_held_labels_are_counted_and_released_by_station_and_reason(floor: Floor) -> None:
    jobs = [await stale(floor, number, "pack-02" if number else "pack-01") for number in range(3)]
    held = (await get(floor, "/api/v1/holds"))["holds"]
    assert [(one["station"], one["count"], one["releasable"]) for one in held] == [
        ("pack-02", 2, True),
        ("pack-01", 1, True),
    ]
    async with floor.http.post("/api/v1/jobs/release", json={"station": "pack-02", "reason": Reason.STALE}) as reply:
        assert await reply.json() == {"released": 2, "left": 0}
    states = [(await floor.store.get(job.id)).state for job in jobs]
    assert states == [JobState.HELD, JobState.PENDING, JobState.PENDING]
    async with floor.http.post("/api/v1/jobs/release", json={"station": 1, "reason": "x"}) as reply:
        assert "say which" in await problem(reply, 400)
    async with floor.http.post("/api/v1/jobs/release", json={"station": None, "reason": "outcome-unknown"}) as reply:
        assert "cannot be released together" in await problem(reply, 409)


async def test_the_page_says_why_labeld_paused_a_printer(floor: Floor) -> None:
    because = "the last 3 labels in a row did not print for sure; the last one: it <stood> still"
    floor.printers.paused("zebra-01", Pause(1_790_000_000.0, "labeld", because))
    assert "did not print for sure; the last one: it &lt;stood&gt; still" in await page(floor)
    (view,) = [one for one in (await get(floor, "/api/v1/printers"))["printers"] if one["name"] == "zebra-01"]
    assert view["paused"] == {"by": "labeld", "at": "2026-09-21T14:13:20.000Z", "because": because}


async def test_a_browser_releases_a_group_with_two_taps(floor: Floor, tmp_path: Path) -> None:
    jobs = [await stale(floor, number, "pack-02" if number > 1 else "pack-01") for number in range(4)]
    async with browser(tmp_path / "browser") as window:
        await window.open(floor.url)
        await window.until("document.querySelectorAll('.group').length === 2")
        press = "document.querySelector('[data-key$=\"-pack-02\"] button')"
        await window.run(f"{press}.click()")
        assert await window.run(f"return {press}.textContent") == "Tap again to print 2"
        assert [(await floor.store.get(job.id)).state for job in jobs] == 4 * [JobState.HELD]
        await window.run(f"{press}.click()")
        await window.until("document.querySelectorAll('.group').length === 1")
    assert [(await floor.store.get(job.id)).state for job in jobs] == 2 * [JobState.HELD] + 2 * [JobState.PENDING]

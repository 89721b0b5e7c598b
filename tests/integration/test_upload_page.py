"""The page of merged files in a browser, dropped and chosen, with and without its script."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from tests.merged_files import label, labels, merged, pic

from .test_upload import MIXED
from .web_browser import Browser, browser
from .web_floor import PATIENCE, Floor

pytestmark = pytest.mark.peer

_DROP = """
const raw = atob("%s"), data = new Uint8Array(raw.length), dropped = new DataTransfer();
for (let place = 0; place < raw.length; place++) data[place] = raw.charCodeAt(place);
dropped.items.add(new File([data], "%s", { type: "application/pdf" }));
const zone = document.getElementById("zone");
zone.dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true }));
"""


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    async with Floor(tmp_path) as running:
        yield running


@pytest.fixture
async def window(tmp_path: Path) -> AsyncIterator[Browser]:
    async with browser(tmp_path / "browser") as opened:
        yield opened


async def drop(window: Browser, data: bytes, name: str) -> None:
    await window.run(_DROP % (base64.b64encode(data).decode(), name))


async def test_a_dropped_file_is_read_shown_and_printed_when_somebody_says_so(floor: Floor, window: Browser) -> None:
    await window.open(f"{floor.url}/")
    await window.run("document.querySelector('a[href=\"/upload\"]').click()")
    await window.until("document.getElementById('zone') && document.readyState === 'complete'")
    await window.run("document.querySelector('[name=station]').value = 'pack-03'")
    await drop(window, MIXED, "labels of today.pdf")
    await window.until(
        "document.querySelector('.upload[data-state=ready] .name')?.textContent === 'labels of today.pdf'"
    )
    counts = await window.run("return [...document.querySelectorAll('.counts li')].map((one) => one.innerText)")
    assert counts[0] == "2 labels for zebra-02"
    assert counts[1].startswith("2 packing slips left out: ")
    assert counts[2:] == [
        "1 label without a number that can be read",
        "1 page is in the file twice",
        "1 blank page left out",
    ]
    await window.until("document.querySelector('.strangers img').naturalWidth > 100")
    assert await floor.store.jobs() == []
    # what somebody chose stays while the page is drawn again
    await window.run("document.querySelector('[name=unnumbered]').value = 'leave'; return load()")
    await window.run("document.querySelector('.upload .yes').click()")
    await window.until("document.querySelector('.upload[data-state=done]')")
    assert {job.tracking_number for job in await floor.store.jobs()} == {pic(901), pic(902)}
    assert {job.printer for job in await floor.store.jobs()} == {"zebra-02"}
    assert await window.run("return document.getElementById('trouble').hidden")

    await drop(window, MIXED, "again.pdf")
    await window.until("document.querySelector('.upload[data-state=ready]')")
    assert "2 are here already and not printed twice" in await window.run(
        "return document.querySelector('.upload[data-state=ready]').innerText"
    )


async def test_what_cannot_be_read_says_so_in_one_line_and_can_be_discarded(floor: Floor, window: Browser) -> None:
    await window.open(f"{floor.url}/upload")
    await drop(window, b"", "empty.pdf")
    told = "empty.pdf: the file is empty: upload the PDF that Seller Center gives"
    await window.until(f"document.querySelector('#sending .bad')?.textContent === '{told}'")
    await drop(window, b"<html><body>expired", "page.pdf")
    await window.until("document.querySelector('.upload[data-state=failed]')")
    assert "web page, not a label" in await window.run("return document.querySelector('.upload .why').textContent")
    await window.run("document.querySelector('[data-discard] button').click()")
    await window.until("!document.querySelector('.upload')")


async def test_it_fits_a_phone_and_everything_has_a_name(floor: Floor, window: Browser) -> None:
    await window.devtools("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=2, mobile=True)
    await window.open(f"{floor.url}/upload")
    await drop(window, MIXED, "a-long-name-without-a-blank-" * 5 + ".pdf")
    await window.until("document.querySelector('.upload[data-state=ready]')")
    await window.run("document.querySelector('.pages').open = true")
    assert await window.run("return document.documentElement.scrollWidth") == 360
    nameless = """return [...document.querySelectorAll("main select, main input:not([type=hidden])")].filter((one) =>
        !one.labels?.length && !one.getAttribute("aria-label")).length"""
    assert await window.run(nameless) == 0
    assert await window.run("return [...document.querySelectorAll('main button')].every((one) => one.innerText)")


async def test_the_forms_do_without_the_script(floor: Floor) -> None:
    form = aiohttp.FormData()
    form.add_field("station", "pack-01")
    form.add_field("file", merged(label(pic(1)), label(pic(2))), filename="labels.pdf")
    async with floor.http.post("/upload", data=form) as reply:
        assert (reply.status, reply.url.path) == (200, "/upload")
    (shown,) = await floor.app.uploads.all()
    async with asyncio.timeout(PATIENCE):
        while (await floor.app.uploads.get(shown.upload.id)).upload.state != "ready":  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)
    for _ in range(2):
        async with floor.http.post(f"/upload/{shown.upload.id}/print", data={"unnumbered": "hold"}) as reply:
            assert reply.status == 200
    async with asyncio.timeout(PATIENCE):
        while len(await floor.store.jobs()) < 2:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)
    async with floor.http.post(f"/upload/{shown.upload.id}/discard") as reply:
        assert "No files are waiting" in await reply.text()
    assert [job.tracking_number for job in await floor.store.jobs()] == [pic(2), pic(1)]


async def test_only_so_many_files_wait_and_an_equal_one_is_no_second(floor: Floor) -> None:
    for number in range(16):
        async with floor.http.post("/api/v1/uploads", data=labels(1, first=number)) as reply:
            assert reply.status == 202
    async with floor.http.post("/api/v1/uploads", data=labels(1, first=3)) as reply:
        assert reply.status == 200
    async with floor.http.post("/api/v1/uploads", data=labels(1, first=99)) as reply:
        assert reply.status == 409
        assert "print or discard one of them first" in (await reply.json(content_type=None))["detail"]
    async with floor.http.post("/api/v1/uploads", data=labels(1), headers={"Sec-Fetch-Site": "cross-site"}) as reply:
        assert reply.status == 403

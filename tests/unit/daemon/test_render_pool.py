"""The pool of render processes: what it answers, and that its processes are replaced."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from tests import rendering

from labeld.config.services import RenderSettings
from labeld.daemon.rendering.pool import RenderFailed, RenderPool, _may_be_sent
from labeld.renderers import pages
from labeld.renderers.asset import EPL, PDF, TSPL, ZPL
from labeld.renderers.bitmap import Bitmap
from labeld.renderers.media import Resolution
from labeld.renderers.write import write

LABEL = (Path(__file__).parents[3] / "daemon/demo/labels/usps-a6.pdf").read_bytes()
REQUEST = replace(rendering.REQUEST, tracking_number="9400100000000000000000")


@pytest.fixture
async def pool() -> AsyncIterator[RenderPool]:
    settings = RenderSettings(workers=1, timeout_seconds=3.0, memory_bytes=768 << 20)
    async with RenderPool(settings) as running:
        yield running


async def test_a_label_becomes_a_payload_and_a_picture(pool: RenderPool) -> None:
    rendered = await pool.render(REQUEST, LABEL)
    assert rendered.labels == 1
    assert rendered.payload.startswith(b"^XA^PW812")
    assert (await pool.preview(rendered.payload, width=812, height=1219, dpi=203)).startswith(b"\x89PNG")


async def test_a_fault_is_told_with_its_reason_and_its_picture(pool: RenderPool) -> None:
    stranger = replace(REQUEST, tracking_number="1Z999AA10123456784")
    with pytest.raises(RenderFailed, match="not tracking number 1Z999AA10123456784") as caught:
        await pool.render(stranger, LABEL)
    assert caught.value.kind == "SymbolLost"
    assert caught.value.faulty.startswith(b"^XA")


@pytest.mark.parametrize("document_format", [TSPL, EPL])
async def test_a_printer_gets_its_language_and_a_fault_its_picture(pool: RenderPool, document_format: str) -> None:
    request = replace(REQUEST, document_format=document_format, copies=2)
    rendered = await pool.render(request, LABEL)
    assert rendered.labels == 2
    zpl = await pool.render(REQUEST, LABEL)
    size = {"width": 812, "height": 1219, "dpi": 203}
    assert await pool.preview(rendered.payload, **size) == await pool.preview(zpl.payload, **size)
    with pytest.raises(RenderFailed, match="not tracking number") as caught:
        await pool.render(replace(request, tracking_number="1Z999AA10123456784"), LABEL)
    assert await pool.preview(caught.value.faulty, **size) == await pool.preview(zpl.payload, **size)


async def test_a_killed_worker_is_replaced_and_its_job_retried(pool: RenderPool) -> None:
    (worker,) = _workers()
    work = asyncio.create_task(pool.render(REQUEST, LABEL))
    await asyncio.sleep(0)
    worker.kill()
    assert (await work).labels == 1


async def test_a_killed_fork_server_is_replaced(pool: RenderPool) -> None:
    (server,) = rendering.fork_servers()
    (worker,) = server.children()
    work = asyncio.create_task(pool.render(REQUEST, LABEL))
    await asyncio.sleep(0)
    server.kill()
    assert (await work).labels == 1
    assert rendering.fork_servers() != [server]
    assert _gone([server, worker])
    assert (await pool.render(REQUEST, LABEL)).labels == 1


async def test_a_process_is_replaced_after_its_documents_and_its_predecessor_is_no_zombie() -> None:
    async with RenderPool(RenderSettings(workers=1, documents_per_process=2)) as pool:
        seen = []
        for _ in range(4):
            seen += [worker.pid for worker in _workers()]
            assert (await pool.render(REQUEST, LABEL)).labels == 1
        first, again, second, once_more = seen
        assert (first, second) == (again, once_more)
        assert first != second
        assert not psutil.pid_exists(first)


async def test_no_process_is_left() -> None:
    async with RenderPool(RenderSettings(workers=2)):
        (server,) = rendering.fork_servers()
        processes = [server, *server.children()]
        assert len(processes) == 3
    assert _gone(processes)


def _workers() -> list[psutil.Process]:
    (server,) = rendering.fork_servers()
    return server.children()


def _gone(processes: list[psutil.Process]) -> bool:
    """Whether all end within the test's patience."""
    _, alive = psutil.wait_procs(processes, timeout=30)
    return not alive


@pytest.mark.parametrize(
    ("payload", "labels", "sent"),
    [
        (b"^XA^PW812^FO9,9^GB99,99,3^FS^PQ2^XZ", 2, True),
        (b"^XA^PW812^FO9,9^GB99,99,3^FS^PQ2^XZ", 1, False),  # the counter would move once too often
        (b"^XA^FO9,9^GB99,99,3^FS^XZ~JR", 1, False),
        (b"^XA^FO9,9^GB99,99,3^FS^JUS^XZ", 1, False),
        (b'! U1 setvar "device.languages" "epl"\r\n', 1, False),
        (b"^XA^FO9,9^GB99,99,3^FS", 1, False),
        (b"\x1b@hello", 1, False),
    ],
)
def test_only_zpl_that_passes_the_allow_list_again_goes_to_a_printer(payload: bytes, labels: int, sent: bool) -> None:
    assert _may_be_sent(payload, labels, REQUEST) is sent


@pytest.mark.parametrize("document_format", [ZPL, TSPL, EPL])
def test_only_the_printers_own_language_as_labeld_writes_it_goes_to_a_printer(document_format: str) -> None:
    request = replace(REQUEST, document_format=document_format)
    label = Bitmap.from_bits(np.indices((1219, 812)).sum(axis=0) % 7 == 0)
    data = write([label, label], document_format, Resolution(203), "z64", 3)
    assert _may_be_sent(data, 6, request)
    assert not _may_be_sent(data, 2, request)  # nobody would miss the others
    for other in {ZPL, TSPL, EPL} - {document_format}:
        assert not _may_be_sent(data, 6, replace(request, document_format=other))
    for more in (b"~JR", b"\x1b!R", b"SET CUTTER ON\r\n", b"^default\n", b"UN\n", data[:-1]):
        assert not _may_be_sent(data + more, 6, request), more
        assert not _may_be_sent(more + data, 6, request), more


async def test_a_queue_that_draws_gets_the_verified_dots_as_pages(pool: RenderPool) -> None:
    request = replace(REQUEST, document_format=PDF, copies=2)
    rendered = await pool.render(request, LABEL)
    assert rendered.labels == 2
    ((label, copies),) = pages.read(rendered.payload, 812, 1218, 203)
    assert copies == 2
    picture = await pool.preview(rendered.payload, width=812, height=1218, dpi=203)
    assert Bitmap.from_png(picture) == label


async def test_zpl_is_drawn_for_such_a_queue_and_a_stock_that_dots_do_not_fill_is_told(pool: RenderPool) -> None:
    zpl = b"^XA^FO40,40^GB700,900,4^FS^PQ3^XZ^XA^FO40,40^GB700,900,9^FS^XZ"
    rendered = await pool.render(replace(REQUEST, document_format=PDF, tracking_number=None, media="a6"), zpl)
    assert rendered.labels == 4
    assert len(list(pages.read(rendered.payload, 839, 1182, 203))) == 4
    assert any("a6" in note or "105x148mm is no whole number of dots" in note for note in rendered.notes)


async def test_a_fault_is_shown_for_such_a_queue_too(pool: RenderPool) -> None:
    request = replace(REQUEST, document_format=PDF, tracking_number="1Z999AA10123456784")
    with pytest.raises(RenderFailed, match="not tracking number") as caught:
        await pool.render(request, LABEL)
    picture = await pool.preview(caught.value.faulty, width=812, height=1218, dpi=203)
    assert picture.startswith(b"\x89PNG")


def test_only_pages_as_labeld_writes_them_go_to_a_queue() -> None:
    request = replace(REQUEST, document_format=PDF)
    label = Bitmap.from_bits(np.indices((1218, 812)).sum(axis=0) % 7 == 0)
    data = pages.for_queue([label, label], 203, 3)
    assert _may_be_sent(data, 6, request)
    assert not _may_be_sent(data, 2, request)
    assert not _may_be_sent(data + b" ", 6, request)
    assert not _may_be_sent(data, 6, replace(request, document_format=ZPL))
    assert not _may_be_sent(data, 6, replace(request, media="4x4in"))
    assert not _may_be_sent(LABEL, 1, request)

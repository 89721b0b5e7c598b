"""Hostile documents in real render processes: each is answered in one clear line, and the next label prints."""

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from tests.rendering import REQUEST

from labeld.config.services import RenderSettings
from labeld.daemon.job import Reason
from labeld.daemon.rendering import process as render_process
from labeld.daemon.rendering.pool import RenderFailed, RenderPool
from labeld.renderers import pdf

from . import hostile

LABEL = (Path(__file__).parents[3] / "daemon/demo/labels/usps-a6.pdf").read_bytes()
#: what must be refused, and how
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "RC4, 40 bits": (lambda: hostile.encrypted_rc4(40), "needs a password"),
    "RC4, 128 bits": (lambda: hostile.encrypted_rc4(128), "needs a password"),
    "AES": (hostile.encrypted_aes, "needs a password"),
    "XFA form": (hostile.xfa, "is an XFA form"),
    "cut off": (lambda: LABEL[: len(LABEL) // 2], "is cut off"),
    "noise": (lambda: b"%PDF-1.7\n" + b"\xff" * 100_000 + b"%%EOF", "is damaged"),
    "10,000 pages": (lambda: hostile.pages(10_000), "has 10000 pages"),
    "5 m page": (lambda: hostile.pdf(b"0 0 9 9 re f", box=b"0 0 14400 14400"), "5080 x 5080 mm"),
    "nested forms": (hostile.nested, "crashed the renderer twice|took longer|more memory"),
    "slow shade": (hostile.slow, "page 1 took longer than 3 s"),
    "slow shade on the last page": (lambda: hostile.slow(3), "page 3 took longer than 3 s"),
    "deflated twice": (hostile.inflating, "crashed the renderer twice|took longer|more memory|blank"),
    "cyclic page tree": (hostile.cyclic, "page"),
    "deep arrays": (hostile.deep, "blank|damaged"),
    "PNG of 2.5 gigapixels": (lambda: hostile.png(50_000, 50_000), "exceeds limit"),
    "PNG without its pixels": (lambda: hostile.png(9_000, 9_000), "damaged or cut off"),
    "TIFF of 2.5 gigapixels": (lambda: hostile.tiff(50_000, 50_000), "exceeds limit"),
    "TIFF without its pixels": (lambda: hostile.tiff(9_000, 9_000), "damaged or cut off"),
    "JPEG of 4 gigapixels": (lambda: hostile.jpeg(65_000, 65_000), "exceeds limit"),
    "ZPL bomb": (hostile.zpl_bomb, "."),
    "ZPL of impossible sizes": (lambda: b"^XA^GFA,9,999999999,9999,:Z64:eJz:0000^XZ", "."),
    "gzip bomb": (hostile.gzip_bomb, "unpacks to more than the limit"),
}
#: what may print, for it can be drawn; or be refused
DRAWN: dict[str, Callable[[], bytes]] = {
    "form that draws itself": hostile.selfish,
    "picture of 400 megapixels": lambda: hostile.picture(20_000),
    "JPEG without its pixels": lambda: hostile.jpeg(9_000, 9_000),
}


@pytest.fixture
async def pool() -> AsyncIterator[RenderPool]:
    async with RenderPool(RenderSettings(workers=1, timeout_seconds=3.0, memory_bytes=768 << 20)) as running:
        yield running


@pytest.mark.parametrize("name", REFUSED)
async def test_it_is_refused_in_one_line_and_the_next_label_prints(pool: RenderPool, name: str) -> None:
    make, words = REFUSED[name]
    with pytest.raises(RenderFailed, match=words) as caught:
        await pool.render(REQUEST, make())
    assert len(str(caught.value).splitlines()) == 1
    assert (await pool.render(REQUEST, LABEL)).labels == 1


@pytest.mark.parametrize("name", DRAWN)
async def test_it_is_drawn_or_refused_and_the_next_label_prints(pool: RenderPool, name: str) -> None:
    try:
        assert (await pool.render(REQUEST, DRAWN[name]())).labels == 1
    except RenderFailed as error:
        assert len(str(error).splitlines()) == 1
    assert (await pool.render(REQUEST, LABEL)).labels == 1


async def test_a_document_that_needs_too_much_memory_is_told_so() -> None:
    picture = io.BytesIO()
    Image.new("RGB", (9_900, 9_900), "white").save(picture, "PNG")
    settings = RenderSettings(workers=1, timeout_seconds=60, memory_bytes=384 << 20)
    async with RenderPool(settings) as pool:
        with pytest.raises(RenderFailed, match="more memory than a label should") as caught:
            await pool.render(REQUEST, picture.getvalue())
        assert caught.value.reason == "document-format-error"
        assert (await pool.render(REQUEST, LABEL)).labels == 1


async def test_three_crashes_in_a_row_cost_three_labels(pool: RenderPool) -> None:
    for _ in range(3):
        with pytest.raises(RenderFailed, match="crashed the renderer twice"):
            await pool.render(REQUEST, hostile.inflating())
    assert (await pool.render(REQUEST, LABEL)).labels == 1


async def test_a_page_that_hangs_delays_no_other_label() -> None:
    async with RenderPool(RenderSettings(workers=2, timeout_seconds=600)) as pool:
        hanging = asyncio.create_task(pool.render(REQUEST, hostile.slow()))
        for _ in range(5):
            assert (await pool.render(REQUEST, LABEL)).labels == 1
        assert not hanging.done()
        hanging.cancel()
        await asyncio.wait([hanging])
        # both processes serve again
        both = [pool.render(REQUEST, LABEL) for _ in range(4)]
        assert [rendered.labels for rendered in await asyncio.gather(*both)] == [1, 1, 1, 1]


async def test_the_time_limit_is_for_a_page_and_not_for_the_document() -> None:
    document = hostile.pages(65, content=b"[0.02 0.02] 0 d 0.1 w " + b"0 0 m 288 432 l S 0 432 m 288 0 l S " * 2)
    async with RenderPool(RenderSettings(workers=1, timeout_seconds=1.5)) as pool:
        assert (await pool.render(REQUEST, document)).labels == 65


async def test_a_time_out_is_a_fault_of_this_host_for_a_person_to_see(pool: RenderPool) -> None:
    with pytest.raises(RenderFailed) as caught:
        await pool.render(REQUEST, hostile.slow())
    assert caught.value.reason == Reason.FAILED


async def test_a_pool_that_can_start_no_process_says_so(pool: RenderPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    await pool._server.close()
    with pytest.raises(RenderFailed, match="no render process can be started") as caught:
        await pool.render(replace(REQUEST, copies=2), LABEL)
    assert caught.value.reason == Reason.FAILED
    monkeypatch.undo()
    assert (await pool.render(REQUEST, LABEL)).labels == 1


def test_the_pool_counts_as_many_pages_as_the_renderers_take() -> None:
    assert render_process.MAX_PAGES == pdf.MAX_PAGES

"""Render processes, started ahead: a document that crashes or hangs one costs its own job only."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from types import TracebackType
from typing import Any, Self

from ...config.services import RenderSettings
from ...renderers import payload as payloads
from ...renderers.asset import ZPL
from ...renderers.contents import MAX_MERGED, Contents, PageReading, PageSurvey
from ...renderers.errors import RenderError
from ...renderers.media import Resolution
from ...renderers.tracking import Tracking
from ..errors import DaemonError
from ..job import Reason
from ..observer import Observer
from . import confine
from .process import MAX_PAGES, ForkServer, NoProcess, RenderProcess, TooSlow

log = logging.getLogger(__name__)

_MAX_WORDS, _MAX_PAGE_WORDS = 1000, 200
#: of a page of a merged file: letters of a number, numbers that may be its parcel's, others
_MAX_NUMBER, _MAX_NUMBERS, _MAX_MENTIONS = 40, 8, 50
#: letters of a SHA-256
_DIGEST = 64
_NONSENSE = "the renderer's answer makes no sense: the document is hostile"


class RenderFailed(DaemonError):
    """A document could not be rendered; `reason` is an IPP job-state-reasons keyword.

    `kind` is the name of the renderers' error, or empty when the process died or took too long. `faulty`
    is the payload that must not print, for a picture of its fault, or empty.
    """

    def __init__(self, message: str, reason: str, kind: str = "", faulty: bytes = b"") -> None:
        super().__init__(message)
        self.reason = reason
        self.kind = kind
        self.faulty = faulty


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderRequest:
    """What to make of an asset; the fields are `renderers.convert.Target`'s."""

    media: str
    dpi: int
    graphic_encoding: str
    scaling: str
    design_dpi: int | None
    copies: int
    tracking_number: str | None
    media_type: str | None
    max_bytes: int
    printable_width: int | None = None
    repair: bool = False
    zpl_policy: str = "refuse"
    document_format: str = ZPL
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rendered:
    """A payload, how many labels it makes, and what the technician should know about it."""

    payload: bytes
    labels: int
    notes: tuple[str, ...]


class RenderPool:
    """A fixed number of render processes; requests wait for a free one in order."""

    def __init__(self, settings: RenderSettings, observer: Observer | None = None) -> None:
        self._settings = settings
        self._observer = observer or Observer()
        self._server = ForkServer(settings.memory_bytes)
        self._all = [RenderProcess(self._server) for _ in range(settings.workers)]
        self._idle: asyncio.LifoQueue[RenderProcess] = asyncio.LifoQueue()

    async def __aenter__(self) -> Self:
        for lack in confine.lacks():
            log.warning("render processes are less confined than they should be: %s", lack)
        for process in self._all:
            await process.restart()
            self._idle.put_nowait(process)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._all:
            await process.end()
        await self._server.close()

    async def render(self, request: RenderRequest, asset: bytes) -> Rendered:
        """Make the payload of an asset.

        Raises:
            RenderFailed: with the reason in words.
        """
        fields = {name: getattr(request, name) for name in RenderRequest.__slots__}
        header, payload = await self._ask({"kind": "render", **fields}, asset)
        labels, notes = header.get("labels"), header.get("notes")
        # a taken-over worker may say anything: a label that nobody counts would be sent before it is noticed
        if not isinstance(labels, int) or labels < 1 or not payload or not isinstance(notes, list):
            raise RenderFailed(_NONSENSE, Reason.FAILED)
        if not await asyncio.to_thread(_may_be_sent, payload, labels, request):
            raise RenderFailed(_NONSENSE, Reason.FAILED)
        return Rendered(payload, labels, tuple(map(str, notes)))

    async def survey(self, request: RenderRequest, asset: bytes, contents: Contents) -> tuple[PageSurvey, ...]:
        """Sort the pages of an asset for the request's stock and for a document printer; none of what has no pages.

        Raises:
            RenderFailed: it cannot be looked at.
        """
        fields = {name: getattr(request, name) for name in RenderRequest.__slots__}
        header, _ = await self._ask({"kind": "survey", **fields, **asdict(contents)}, asset)
        found = header.get("pages")
        if not isinstance(found, list) or len(found) > MAX_PAGES:
            raise RenderFailed(_NONSENSE, Reason.FAILED)
        return tuple(_page(number, one) for number, one in enumerate(found, 1))

    async def looks(
        self, asset: bytes, *, media_type: str | None, design_dpi: int | None, pages: tuple[int, ...], max_bytes: int
    ) -> dict[int, str]:
        """Of each page with ink, or of `pages` alone, a digest of its dots at 203 dpi and its barcodes.

        Raises:
            RenderFailed: it cannot be drawn.
        """
        header = {"media_type": media_type, "design_dpi": design_dpi, "pages": pages, "max_bytes": max_bytes}
        reply, _ = await self._ask({"kind": "looks", **header}, asset)
        found = reply.get("looks")
        if not isinstance(found, list) or len(found) > MAX_PAGES:
            raise RenderFailed(_NONSENSE, Reason.FAILED)
        return dict(map(_look, found))

    async def read(self, asset: bytes, first: int, *, max_bytes: int, most: int = 10) -> tuple[int, list[PageReading]]:
        """How many pages a merged file has, and what up to `most` of them from `first` on show.

        Raises:
            RenderFailed: it cannot be read.
        """
        header = {"kind": "read", "media_type": None, "max_bytes": max_bytes, "first": first, "most": most}
        reply, _ = await self._ask(header, asset)
        count, found = reply.get("count"), reply.get("pages")
        if not isinstance(count, int) or not 1 <= count <= MAX_MERGED or not isinstance(found, list):
            raise RenderFailed(_NONSENSE, Reason.FAILED)
        if len(found) != min(most, count + 1 - first):
            raise RenderFailed(_NONSENSE, Reason.FAILED)
        return count, [_reading(number, one) for number, one in enumerate(found, first)]

    async def picture(self, asset: bytes, number: int, *, max_bytes: int) -> bytes:
        """Page `number` (from 1) of a merged file as a small PNG for people.

        Raises:
            RenderFailed: it cannot be drawn.
        """
        _, png = await self._ask({"kind": "picture", "media_type": None, "max_bytes": max_bytes, "page": number}, asset)
        return png

    async def carve(self, asset: bytes, groups: Sequence[tuple[int, ...]], *, max_bytes: int) -> list[bytes]:
        """Documents of some pages each of a merged file.

        Raises:
            RenderFailed: it cannot be parted.
        """
        header = {"kind": "carve", "media_type": None, "max_bytes": max_bytes, "groups": groups}
        reply, data = await self._ask(header, asset)
        sizes = reply.get("sizes")
        if not isinstance(sizes, list) or len(sizes) != len(groups):
            raise RenderFailed(_NONSENSE, Reason.FAILED)
        if not all(isinstance(size, int) and size > 0 for size in sizes) or sum(sizes) != len(data):
            raise RenderFailed(_NONSENSE, Reason.FAILED)
        ends = list(accumulate(sizes))
        return [data[end - size : end] for end, size in zip(ends, sizes, strict=True)]

    async def preview(self, payload: bytes, *, width: int, height: int, dpi: int, page: int = 1) -> bytes:
        """The dots of one label of a payload as a PNG.

        Raises:
            RenderFailed: nothing in the payload can be drawn.
        """
        header = {"kind": "preview", "width": width, "height": height, "dpi": dpi, "page": page}
        _, picture = await self._ask(header, payload)
        return picture

    async def _ask(self, header: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
        for last in (False, True):
            process = await self._idle.get()
            began = time.monotonic()
            try:
                await process.start()
                reply, payload = await process.ask(header, data, self._settings.timeout_seconds)
                self._told(header, data, "refused" if "error" in reply else "done", began)
                if process.documents >= self._settings.documents_per_process or reply.get("exhausted"):
                    await process.restart()
            except NoProcess as error:
                if last:
                    raise RenderFailed(str(error), Reason.FAILED) from error
                continue
            except TooSlow as error:
                self._told(header, data, "slow", began)
                await process.restart()
                what = f"page {error.page}" if error.page else "the document"
                limit = self._settings.timeout_seconds
                raise RenderFailed(f"{what} took longer than {limit:g} s to draw", Reason.FAILED) from None
            except (asyncio.IncompleteReadError, OSError, ValueError):
                self._told(header, data, "crashed", began)
                await process.restart()
                if last:
                    raise RenderFailed(
                        "the document crashed the renderer twice: it is damaged or hostile", "document-format-error"
                    ) from None
                continue
            except BaseException:
                # cancelled in the middle: the socket holds half a reply
                await process.restart()
                raise
            finally:
                self._idle.put_nowait(process)
            if "error" in reply:
                # one line of a length that a page can show, whoever wrote it
                message = " ".join(str(reply["error"]).split())[:_MAX_WORDS]
                raise RenderFailed(message, str(reply.get("reason"))[:60], str(reply.get("kind")), payload)
            return reply, payload
        raise AssertionError  # the second failure raised

    def _told(self, header: dict[str, Any], data: bytes, result: str, began: float) -> None:
        if header["kind"] == "render":
            self._observer.drawn(data, result, time.monotonic() - began)


def _page(number: int, found: object) -> PageSurvey:
    match found:
        case ["label" | "document" | "doubt" | "blank" as kind, str(words)]:
            return PageSurvey(number, kind, " ".join(words.split())[:_MAX_PAGE_WORDS])
    raise RenderFailed(_NONSENSE, Reason.FAILED)


def _reading(number: int, found: object) -> PageReading:
    match found:
        case {
            "number": said,
            "kind": "label" | "sheet" | "plain" | "blank" as kind,
            "slip": bool(slip),
            "written": bool(written),
            "numbers": list(numbers),
            "mentions": list(mentions),
            "digest": str(digest),
        } if said == number and len(digest) in (0, _DIGEST):
            known = all(isinstance(one, str) and len(one) <= _MAX_NUMBER for one in mentions)
            if known and len(numbers) <= _MAX_NUMBERS and len(mentions) <= _MAX_MENTIONS:
                return PageReading(number, kind, slip, written, tuple(map(_tracking, numbers)), tuple(mentions), digest)
    raise RenderFailed(_NONSENSE, Reason.FAILED)


def _tracking(found: object) -> Tracking:
    match found:
        case {"rank": 0 | 1 | 2 as rank, "number": str(number), "carrier": None | str() as carrier}:
            if number.isalnum() and len(number) <= _MAX_NUMBER and len(carrier or "") <= _MAX_NUMBER:
                return Tracking(rank, number, carrier)
    raise RenderFailed(_NONSENSE, Reason.FAILED)


def _look(found: object) -> tuple[int, str]:
    match found:
        case [int(number), str(digest)] if len(digest) == _DIGEST:
            return number, digest
    raise RenderFailed(_NONSENSE, Reason.FAILED)


def _may_be_sent(payload: bytes, labels: int, request: RenderRequest) -> bool:
    """Whether a payload is in the printer's language, within bounds, and prints as many labels as it is said to."""
    paper = payloads.paper_of(request.media, request.printable_width, request.dpi, request.document_format)
    resolution = Resolution(request.dpi)
    try:
        return payloads.labels_in(payload, request.document_format, *resolution.size(paper), resolution) == labels
    except RenderError:
        return False

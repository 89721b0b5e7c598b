"""Uploads from their bytes to their jobs: read page by page, shown, and made jobs in one commit once confirmed."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from pydantic import ValidationError

from ...config.settings import Settings
from ...renderers.contents import PageReading
from ..dispatcher import Dispatcher
from ..errors import EventRejected, IllegalTransition, NoSuchUpload, StoreUnavailable
from ..event_fields import in_words
from ..events import AssetSource, LabelEvent, LabelReady, digest
from ..job import new_job_id
from ..rendering.pool import RenderFailed, RenderPool
from ..routing import Route, Wish, wish_of
from ..store import NewJob, Store, Upload
from ..store.uploads import OPEN
from .sorting import Item, Sorted, sort_pages

log = logging.getLogger(__name__)

SOURCE, TOPIC = "upload", "/api/v1/uploads"
#: files that wait to be confirmed
_MOST = 16
#: pages that are looked at in one request of a render process, so that a label in a hurry waits for no more
_CHUNK = 5
_KEPT_SECONDS, _LOOK_SECONDS = 24 * 3600.0, 600.0
#: how much a file may have grown by the wrapping of base64
_WRAPPED = 1.5

Slips = Literal["print", "leave"]
Unnumbered = Literal["hold", "print", "leave"]


@dataclass(frozen=True, slots=True)
class Choices:
    """What becomes of packing slips, and of labels on which no tracking number can be read.

    Attributes:
        slips: `print` sends them to the printer for documents, where there is one; without it they are left out.
        unnumbered: `hold` makes them jobs that a person looks at first.
    """

    slips: Slips = "print"
    unnumbered: Unnumbered = "hold"

    @classmethod
    def of(cls, slips: object, unnumbered: object) -> "Choices":
        """What a person says; None is the usual.

        Raises:
            EventRejected: it is none of the possible answers.
        """
        slips, unnumbered = slips or cls().slips, unnumbered or cls().unnumbered
        for name, value, possible in (("slips", slips, Slips), ("unnumbered", unnumbered, Unnumbered)):
            if value not in get_args(possible):
                raise EventRejected(f"{name} may be {' or '.join(get_args(possible))}")
        return cls(slips, unnumbered)  # type: ignore[arg-type]  # they are among the possible


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an upload is read: pages done, of how many (0: not known yet)."""

    done: int
    of: int


@dataclass(frozen=True, slots=True)
class Shown:
    """An upload as a person sees it.

    Attributes:
        progress: while it is read.
        known: of each item the job that it is already, or None.
        labels_to: where its labels go, and why.
        slips_to: where its packing slips go, and why; none: they are left out.
    """

    upload: Upload
    progress: Progress
    known: tuple[str | None, ...]
    labels_to: Route
    slips_to: Route


class Uploads:
    """Takes files in and makes their jobs, one file at a time and in the order that they came."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        pool: RenderPool,
        dispatcher: Dispatcher,
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._max_bytes = settings.intake.max_asset_bytes
        self._store = store
        self._pool = pool
        self._dispatcher = dispatcher
        self._clock = clock
        self._progress: dict[str, Progress] = {}
        self._wake = asyncio.Event()

    def apply(self, settings: Settings) -> None:
        """Take over new settings of printers."""
        self._settings = settings

    async def add(
        self, data: bytes, *, station: str | None, printer: str | None, choices: Choices | None
    ) -> tuple[Shown, bool]:
        """Commit a file, which is then read; gives it, and whether it is new.

        Args:
            data: a PDF with labels of many parcels, perhaps packing slips between, or one picture.
            station: packing desk that wants it.
            printer: printer or group by name.
            choices: print it at once, so; None: when somebody confirms it.

        Raises:
            EventRejected: it is empty or too large, or a name is none.
            UploadRefused: too many wait already.
            StoreUnavailable: nothing was committed.
        """
        if not data:
            raise EventRejected("the file is empty: upload the PDF that Seller Center gives")
        if len(data) > self._max_bytes * _WRAPPED:
            limit = self._max_bytes / (1 << 20)
            raise EventRejected(f"the file is larger than {limit:.0f} MiB (intake.max_asset_bytes): upload it in parts")
        _fields(Item("label", (1,), None, None, ""), station, printer)
        now = self._clock()
        key = await asyncio.to_thread(digest, f"{TOPIC} {station} {printer}", data)
        said = None if choices is None else asdict(choices)
        new = Upload(new_job_id(now, secrets.randbits(62)), now, key, "reading", "", station, printer, None, None, said)
        upload, fresh = await self._store.add_upload(new, data, most=_MOST)
        self._wake.set()
        if choices is not None and not upload.confirmed:
            upload = await self._confirm(upload.id, choices)
        return await self.show(upload), fresh

    async def get(self, upload_id: str) -> Shown:
        """One upload.

        Raises:
            NoSuchUpload: there is none, or it is forgotten.
        """
        return await self.show(await self._store.upload(upload_id))

    async def picture(self, upload_id: str, number: int) -> bytes:
        """Page `number` (from 1) of a file whose jobs are not made yet, as a PNG for people.

        Raises:
            NoSuchUpload: its bytes are gone.
            RenderFailed: it has no such page.
        """
        data = await self._store.upload_data(upload_id)
        return await self._pool.picture(data, number, max_bytes=self._max_bytes)

    async def all(self) -> list[Shown]:
        """All that are not forgotten, newest first."""
        return [await self.show(one) for one in await self._store.uploads()]

    async def confirm(self, upload_id: str, choices: Choices) -> Shown:
        """Make the jobs of an upload; one that is done, or about to be, stays as it is.

        Raises:
            NoSuchUpload: there is none.
            IllegalTransition: it could not be read.
        """
        return await self.show(await self._confirm(upload_id, choices))

    async def discard(self, upload_id: str) -> None:
        """Forget an upload; jobs that it became stay.

        Raises:
            NoSuchUpload: there is none.
            IllegalTransition: its jobs are being made.
        """
        await self._store.forget_upload(upload_id)

    async def run(self) -> None:
        """Read and make jobs until cancelled; what a stop left goes on."""
        while True:
            self._wake.clear()
            try:
                await self._store.forget_uploads(self._clock() - _KEPT_SECONDS)
                for upload in reversed(await self._store.uploads()):
                    if upload.state == "reading" or (upload.state == "ready" and upload.confirmed):
                        await self._do(upload)
            except StoreUnavailable:
                await self._store.health.recovery()
                continue
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def show(self, upload: Upload) -> Shown:
        """An upload with what is known about it now."""
        items = [] if upload.content is None else items_of(upload.content)
        known = {} if upload.state == "done" else await self._known(items)
        progress = self._progress.get(upload.id, Progress(0, 0))
        labels = self._dispatcher.route(
            Wish(printer=upload.printer, station=upload.station, document_type="SHIPPING_LABEL")
        )
        return Shown(upload, progress, tuple(known.get(item.key) for item in items), labels, self._slips_to(upload))

    async def _confirm(self, upload_id: str, choices: Choices) -> Upload:
        upload = await self._store.upload(upload_id)
        if upload.confirmed and upload.state != "failed":
            return upload
        # one that is still read is printed when it is
        upload = await self._store.change_upload(upload_id, OPEN, choices=asdict(choices), message="")
        self._wake.set()
        return upload

    async def _do(self, upload: Upload) -> None:
        try:
            if upload.state == "reading":
                upload = await self._read(upload)
            if upload.confirmed:
                await self._print(upload)
        except (NoSuchUpload, IllegalTransition) as error:
            log.info("upload %s: %s", upload.id, error)
        except (RenderFailed, EventRejected) as error:
            await self._fail(upload, str(error))
        except StoreUnavailable:
            raise
        except Exception as error:
            log.exception("upload %s could not be read", upload.id)
            await self._fail(upload, f"labeld failed on this file: {type(error).__name__}")
        finally:
            self._progress.pop(upload.id, None)

    async def _fail(self, upload: Upload, because: str) -> None:
        try:
            await self._store.change_upload(upload.id, OPEN, state="failed", message=because, data=None)
        except (NoSuchUpload, IllegalTransition) as error:
            log.info("upload %s: %s", upload.id, error)

    async def _read(self, upload: Upload) -> Upload:
        data = await self._store.upload_data(upload.id)
        count, readings = 1, list[PageReading]()
        while len(readings) < count:
            count, found = await self._pool.read(data, len(readings) + 1, max_bytes=self._max_bytes, most=_CHUNK)
            readings += found
            self._progress[upload.id] = Progress(len(readings), count)
        content = _content(sort_pages(readings))
        return await self._store.change_upload(upload.id, ("reading",), state="ready", pages=count, content=content)

    async def _print(self, upload: Upload) -> None:
        if upload.content is None or upload.choices is None:
            raise EventRejected("the file was not read")
        choices, items = Choices(**upload.choices), items_of(upload.content)
        slips_to = self._slips_to(upload)
        wanted = [(place, item) for place, item in enumerate(items) if not _left_out(item, choices, slips_to)]
        carved = await self._carve(upload, [item.pages for _, item in wanted])
        now = self._clock()
        news = list[NewJob]()
        try:
            for number, ((_, item), data) in enumerate(zip(wanted, carved, strict=True)):
                # a hair later each, so that they keep the order of the file
                news.append(self._new_job(upload, item, data, slips_to, choices, now + number * 1e-5))
            taken = await self._store.accept_upload(upload.id, news, upload.content, [place for place, _ in wanted])
        except BaseException:
            self._forget(new.id for new in news)
            raise
        self._forget(new.id for new, accepted in zip(news, taken, strict=True) if accepted.duplicate)
        known = sum(accepted.duplicate for accepted in taken)
        log.info("upload %s: %d jobs, %d were there already", upload.id, len(taken) - known, known)

    async def _carve(self, upload: Upload, groups: Sequence[tuple[int, ...]]) -> list[bytes]:
        data = await self._store.upload_data(upload.id)
        carved = list[bytes]()
        for place in range(0, len(groups), _CHUNK * 4):
            carved += await self._pool.carve(data, groups[place : place + _CHUNK * 4], max_bytes=self._max_bytes)
        return carved

    def _new_job(
        self, upload: Upload, item: Item, data: bytes, slips_to: Route, choices: Choices, now: float
    ) -> NewJob:
        job_id = self._store.new_id(now)
        if item.kind == "slip":
            # by name, for whatever moves it later must not take label stock for it
            fields, route = _fields(item, upload.station, slips_to.printer), slips_to
        else:
            fields = _fields(item, upload.station, upload.printer)
            route = self._dispatcher.route(wish_of(fields), job_id=job_id)
        asks = item.kind == "unnumbered" and choices.unnumbered == "hold"
        pages = _pages(item.pages)
        return NewJob(
            job_id,
            # known for ever by what its pages look like
            LabelEvent(item.key, True, fields, data, None),
            SOURCE,
            TOPIC,
            route,
            now,
            redelivered=True,
            unnumbered=f"no tracking number can be read on {pages} of an uploaded file" if asks else None,
            by_hand=True,
        )

    def _slips_to(self, upload: Upload) -> Route:
        """Where packing slips go: to a printer that is for documents, never to label stock unasked."""
        stations = (
            () if upload.printer not in self._settings.printers else self._settings.printers[upload.printer].stations
        )
        station = upload.station or next(iter(stations), None)
        return self._dispatcher.route(Wish(station=station, document_type="PACKING_SLIP", documents=True))

    def _forget(self, job_ids: Iterable[str]) -> None:
        for job_id in job_ids:
            self._dispatcher.forget(job_id)

    async def _known(self, items: Sequence[Item]) -> dict[str, str]:
        """By key of an item the job that it is already."""
        numbers = {item.number for item in items if item.number is not None}
        found = await self._store.known_pages({item.key for item in items}, numbers)
        known = {key: job.id for key, job in found}
        by_number = {
            (job.tracking_number, job.document_type == "PACKING_SLIP" or job.role == "slip"): job.id for _, job in found
        }
        for item in items:
            if item.number is not None and (job_id := by_number.get((item.number, item.kind == "slip"))):
                known.setdefault(item.key, job_id)
        return known


def items_of(content: dict[str, Any]) -> list[Item]:
    """The items of an upload, as they are kept."""
    return [
        Item(one["kind"], tuple(one["pages"]), one["number"], one["carrier"], one["key"]) for one in content["items"]
    ]


def _content(found: Sorted) -> dict[str, Any]:
    return {
        "items": [asdict(item) | {"job": None, "duplicate": False} for item in found.items],
        "blank": list(found.blank),
        "same": [[page, first] for page, first in found.same.items()],
    }


def _left_out(item: Item, choices: Choices, slips_to: Route) -> bool:
    if item.kind == "slip":
        return choices.slips == "leave" or slips_to.printer is None
    return item.kind == "unnumbered" and choices.unnumbered == "leave"


def _fields(item: Item, station: str | None, printer: str | None) -> LabelReady:
    try:
        return LabelReady(
            asset=AssetSource(content="raw"),
            tracking_number=item.number,
            carrier=item.carrier,
            document_type="PACKING_SLIP" if item.kind == "slip" else "SHIPPING_LABEL",
            station=station,
            printer=printer,
        )
    except ValidationError as error:
        raise EventRejected(in_words(error)) from None


def _pages(numbers: Sequence[int]) -> str:
    return f"page{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"

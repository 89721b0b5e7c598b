"""Merged files that a person uploaded: kept whole before they are answered, and made jobs in one commit."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ..errors import IllegalTransition, NoSuchUpload, UploadRefused
from ..job import Job
from ..parcels import live
from . import schema
from .accepting import Accepting
from .rows import Accepted, NewJob, Upload, job_from, upload_from

_uploads = schema.uploads.c
#: all but its bytes
_COLUMNS = [column for column in _uploads if column is not _uploads.data]
_ONE = select(*_COLUMNS).where(_uploads.id == bindparam("upload"))
#: states in which its file is still needed
OPEN = ("reading", "ready")
_KNOWN = select(schema.jobs).where(
    schema.jobs.c.event_key.in_(bindparam("keys", expanding=True))
    | schema.jobs.c.tracking_number.in_(bindparam("numbers", expanding=True))
)


class Uploads(Accepting):
    """What is done to uploads; each is one commit."""

    async def add_upload(self, upload: Upload, data: bytes, *, most: int) -> tuple[Upload, bool]:
        """Keep a file, or find the open upload that it already is; gives that, and whether it is new.

        Raises:
            UploadRefused: `most` are open already.
        """

        async def change(connection: AsyncConnection) -> tuple[Upload, bool]:
            query = select(*_COLUMNS).where(_uploads.digest == upload.digest, _uploads.state.in_(OPEN))
            row = (await connection.execute(query)).mappings().first()
            if row is not None:
                return upload_from(row), False
            count = select(func.count()).select_from(schema.uploads).where(_uploads.state.in_(OPEN))
            if (await connection.scalar(count) or 0) >= most:
                raise UploadRefused(f"{most} uploaded files wait already: print or discard one of them first")
            values = {name: getattr(upload, name) for name in Upload.__slots__}
            await connection.execute(insert(schema.uploads).values(**values, data=data))
            return upload, True

        return await self._writer.do(change)

    async def upload(self, upload_id: str) -> Upload:
        """One upload.

        Raises:
            NoSuchUpload: there is none, or it is forgotten.
        """
        async with self._reading() as connection:
            return await self._upload(connection, upload_id)

    async def uploads(self) -> list[Upload]:
        """All that are not forgotten, newest first."""
        async with self._reading() as connection:
            rows = await connection.execute(select(*_COLUMNS).order_by(_uploads.id.desc()))
            return [upload_from(row) for row in rows.mappings()]

    async def upload_data(self, upload_id: str) -> bytes:
        """The bytes of a file whose jobs are not made yet.

        Raises:
            NoSuchUpload: they are gone.
        """
        async with self._reading() as connection:
            data: bytes | None = await connection.scalar(select(_uploads.data).where(_uploads.id == upload_id))
        if data is None:
            raise NoSuchUpload(upload_id)
        return data

    async def change_upload(self, upload_id: str, was: Collection[str], **columns: Any) -> Upload:
        """Change an upload that is in one of some states.

        Raises:
            NoSuchUpload: there is none.
            IllegalTransition: it is in another state.
        """

        async def change(connection: AsyncConnection) -> Upload:
            found = await self._upload(connection, upload_id)
            if found.state not in was:
                raise IllegalTransition(f"the uploaded file is {found.state} by now")
            await connection.execute(update(schema.uploads).where(_uploads.id == upload_id).values(**columns))
            return await self._upload(connection, upload_id)

        return await self._writer.do(change)

    async def accept_upload(
        self, upload_id: str, news: Sequence[NewJob], content: dict[str, Any], places: Sequence[int]
    ) -> list[Accepted]:
        """Commit all jobs of an upload, and that it is done: all of it, or nothing, and no second time.

        Args:
            upload_id: an upload that is read and confirmed.
            news: its jobs.
            content: what is kept of it; the id of each job goes into `items`.
            places: in `items`, of each of `news`.

        Raises:
            NoSuchUpload, IllegalTransition: it is done already, or gone.
        """

        async def change(connection: AsyncConnection) -> list[Accepted]:
            found = await self._upload(connection, upload_id)
            if found.state != "ready":
                raise IllegalTransition(f"the uploaded file is {found.state} by now")
            taken = [await self._take_in(connection, new) for new in news]
            items = [dict(item) for item in content["items"]]
            for place, accepted in zip(places, taken, strict=True):
                items[place] |= {"job": accepted.job.id, "duplicate": accepted.duplicate}
            columns = {"state": "done", "data": None, "content": {**content, "items": items}}
            await connection.execute(update(schema.uploads).where(_uploads.id == upload_id).values(**columns))
            return taken

        def told(taken: list[Accepted]) -> None:
            for new, accepted in zip(news, taken, strict=True):
                self._taken(new, accepted)

        return await self._writer.do(change, told)

    async def forget_upload(self, upload_id: str) -> None:
        """Delete an upload whose jobs are not being made.

        Raises:
            NoSuchUpload: there is none.
            IllegalTransition: its jobs are being made.
        """

        async def change(connection: AsyncConnection) -> None:
            found = await self._upload(connection, upload_id)
            if found.state in OPEN and found.confirmed:
                raise IllegalTransition("its labels are being made jobs: cancel those")
            await connection.execute(delete(schema.uploads).where(_uploads.id == upload_id))

        await self._writer.do(change)

    async def forget_uploads(self, before: float) -> None:
        """Delete uploads that came before then, but for those whose jobs are being made."""

        async def change(connection: AsyncConnection) -> None:
            undone = _uploads.state.in_(OPEN) & _uploads.choices.is_not(None)
            old = (_uploads.received_at < before) & ~undone
            await connection.execute(delete(schema.uploads).where(old))

        await self._writer.do(change)

    async def known_pages(self, keys: Collection[str], numbers: Collection[str]) -> list[tuple[str, Job]]:
        """Live jobs of pages with these keys, or of parcels with these tracking numbers, each with its key."""
        async with self._reading() as connection:
            rows = (await connection.execute(_KNOWN, {"keys": list(keys), "numbers": list(numbers)})).mappings()
            found = [(row["event_key"], job_from(row)) for row in rows]
        return [(key, job) for key, job in found if live(job)]

    async def _upload(self, connection: AsyncConnection, upload_id: str) -> Upload:
        row = (await connection.execute(_ONE, {"upload": upload_id})).mappings().first()
        if row is None:
            raise NoSuchUpload(upload_id)
        return upload_from(row)

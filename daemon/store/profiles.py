"""Learned profiles in the database: by serial number, or by place for printers that tell none."""

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from ...drivers.profile import Profile
from ...drivers.profile_words import profile_from, profile_json
from . import schema
from .journal import Journal

#: printers that are remembered: who answers tells its number, and may tell another one each time
_MOST = 1000


class Profiles(Journal):
    """The part of the store that keeps profiles."""

    async def profile(self, serial: str) -> Profile | None:
        """What was learned of the printer with this serial number."""
        return await self._profile(schema.profiles.c.id == _id(serial, ""))

    async def profile_at(self, place: str) -> Profile | None:
        """What was learned of the printer that was at a place last."""
        return await self._profile(schema.profiles.c.place == place)

    async def _profile(self, condition: ColumnElement[bool]) -> Profile | None:
        table = schema.profiles.c
        query = select(table.learned).where(condition).order_by(table.last_seen.desc()).limit(1)
        async with self._reading() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else profile_from(row.learned)

    async def keep_profile(self, place: str, profile: Profile) -> None:
        """Write down what was learned of the printer at `place`; of too many, the ones not seen for longest go."""
        serial = profile.identity.serial
        row = {"place": place, "last_seen": profile.last_seen, "learned": profile_json(profile)}
        statement = (
            insert(schema.profiles)
            .values(id=_id(serial, place), serial=serial, **row)
            .on_conflict_do_update(index_elements=[schema.profiles.c.id], set_=row)
        )
        latest = select(schema.profiles.c.id).order_by(schema.profiles.c.last_seen.desc()).limit(_MOST)

        async def change(connection: AsyncConnection) -> None:
            await connection.execute(statement)
            await connection.execute(delete(schema.profiles).where(schema.profiles.c.id.not_in(latest)))

        await self._writer.do(change)


def _id(serial: str | None, place: str) -> str:
    return f"place {place}" if serial is None else f"serial {serial}"

"""TikTok's tokens in the database: a row for each shop, both tokens sealed, written whole in one commit."""

from dataclasses import asdict, dataclass, field

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from . import schema
from .journal import Journal


@dataclass(frozen=True, slots=True)
class ShopTokens:
    """The authorization of a shop. Times are Unix seconds.

    Attributes:
        access, refresh: sealed.
        refresh_expires: None where TikTok did not tell.
        refreshing_since: a refresh was asked for, and its answer is not written down.
        refused: why the refresh token is good for nothing, so that the seller must authorize again.
        error: what the last try to refresh ended in, where it failed.
        alerted: the last warning that was given that the authorization ends, in days before; 0: that it has ended.
    """

    shop: str
    access: bytes = field(repr=False)
    refresh: bytes = field(repr=False)
    access_expires: float
    refresh_expires: float | None
    seller: str | None
    region: str | None
    scopes: tuple[str, ...]
    authorized_at: float
    refreshed_at: float
    refreshing_since: float | None = None
    refused: str | None = None
    error: str | None = None
    error_at: float | None = None
    alerted: int | None = None


class Tokens(Journal):
    """The part of the store that keeps tokens."""

    async def tokens(self) -> dict[str, ShopTokens]:
        """All tokens by shop."""
        async with self._reading() as connection:
            rows = (await connection.execute(select(schema.tokens))).mappings().all()
        found = [ShopTokens(**{**row, "scopes": tuple(row["scopes"])}) for row in rows]
        return {one.shop: one for one in found}

    async def keep_tokens(self, row: ShopTokens, alert: tuple[str, bytes, float] | None = None) -> None:
        """Commit a shop's row in place of its former one, and with it an alert: topic, payload, time."""

        async def change(connection: AsyncConnection) -> None:
            await connection.execute(delete(schema.tokens).where(schema.tokens.c.shop == row.shop))
            await connection.execute(insert(schema.tokens).values(**asdict(row) | {"scopes": list(row.scopes)}))
            if alert is not None:
                await self._publish(connection, *alert)

        await self._writer.do(change)

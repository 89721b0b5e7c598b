"""Pictures of labels for browsers: the exact dots, drawn once and kept for a while."""

import asyncio
import hashlib
from collections import OrderedDict

from ..rendering.pool import RenderPool
from ..store.rows import Artwork

_KEPT = 96


def tag(artwork: Artwork, page: int) -> str:
    """A name for one picture that changes whenever its dots could: its HTTP entity tag."""
    size = f"{artwork.width}x{artwork.height}@{artwork.dpi}#{page}:".encode()
    return hashlib.sha256(size + artwork.payload).hexdigest()[:32]


class Pictures:
    """Draws previews one at a time: however many browsers look, the pool's other processes are left to printing."""

    def __init__(self, pool: RenderPool) -> None:
        self._pool = pool
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._turn = asyncio.Lock()

    async def get(self, artwork: Artwork, page: int) -> bytes:
        """One label of an artwork as a PNG.

        Raises:
            RenderFailed: nothing in the artwork can be drawn.
        """
        key = tag(artwork, page)
        async with self._turn:
            picture = self._kept.get(key)
            if picture is None:
                picture = await self._pool.preview(
                    artwork.payload, width=artwork.width, height=artwork.height, dpi=artwork.dpi, page=page
                )
                self._kept[key] = picture
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return picture

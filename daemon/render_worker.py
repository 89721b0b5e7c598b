"""What a render process does: it answers frames, confined, until its socket ends."""

import os
import signal
from collections.abc import Callable
from typing import Any

from ..renderers import convert
from ..renderers.asset import unwrap
from ..renderers.errors import AssetRefused, RenderError, SymbolLost
from ..renderers.media import Media, Resolution
from ..renderers.payload import draw
from . import confine, frames

_Reply = tuple[dict[str, Any], bytes]


def serve(descriptor: int) -> None:
    """Answer the frames of a stream socket until it ends.

    The first frame, empty, says that this process is ready. `{"page": n}` before an answer says that page `n` is
    begun: the daemon's time limit is for a page.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with os.fdopen(descriptor, "rb") as requests, os.fdopen(os.dup(descriptor), "wb") as replies:
        frames.write(replies, {}, b"")
        while (frame := frames.read(requests)) is not None:
            header, data = frame

            def begin(page: int, seconds: float = header["seconds"]) -> None:
                confine.allow_processor(seconds)
                frames.write(replies, {"page": page}, b"")

            confine.allow_processor(header["seconds"])
            try:
                reply, payload = _REQUESTS[header["kind"]](header, data, begin)
            except RenderError as error:
                reply = {"error": str(error), "reason": error.reason, "kind": type(error).__name__}
                faulty = error.artwork if isinstance(error, SymbolLost) else None
                payload = b"" if faulty is None else faulty.data
            except MemoryError:
                # the heap may be in pieces: the daemon takes a fresh process
                reply, payload = _refusal("the document needs more memory than a label should"), b""
                reply["exhausted"] = True
            frames.write(replies, reply, payload)


def _render(header: dict[str, Any], data: bytes, begin: Callable[[int], None]) -> _Reply:
    target = convert.Target(
        media=Media.parse(header["media"]),
        resolution=Resolution(header["dpi"]),
        document_format=header["document_format"],
        graphic_encoding=header["graphic_encoding"],
        scaling=header["scaling"],
        printable_width=header["printable_width"],
        repair=header["repair"],
        zpl_policy=header["zpl_policy"],
        design_dpi=header["design_dpi"],
        copies=header["copies"],
        tracking_number=header["tracking_number"],
    )
    asset = unwrap(data, header["media_type"], header["max_bytes"])
    artwork = convert.convert(asset, target, begin)
    return {"labels": artwork.labels, "notes": list(artwork.notes)}, artwork.data


def _preview(header: dict[str, Any], data: bytes, _begin: Callable[[int], None]) -> _Reply:
    resolution = Resolution(header["dpi"])
    (bitmap, missing), pages = draw(data, header["width"], header["height"], resolution, header["page"])
    return {"pages": pages, "missing": list(missing)}, bitmap.to_png(resolution)


_REQUESTS = {"render": _render, "preview": _preview}


def _refusal(message: str) -> dict[str, Any]:
    return {"error": message, "reason": AssetRefused.reason, "kind": AssetRefused.__name__}

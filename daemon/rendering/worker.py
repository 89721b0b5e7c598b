"""What a render process does: it answers frames, confined, until its socket ends."""

import hashlib
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from ...renderers import convert, merged, pages, survey
from ...renderers.artwork import PageArtwork
from ...renderers.asset import PDF, unwrap
from ...renderers.contents import Contents
from ...renderers.errors import AssetRefused, RenderError, SymbolLost
from ...renderers.media import Media, Resolution
from ...renderers.payload import draw, paper_of
from . import confine, frames

_Reply = tuple[dict[str, Any], bytes]
#: stock on which every page of a label document has its own size
_LARGE = Media.parse("220x360mm")


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
                payload = b"" if faulty is None else _written([faulty], faulty.data, header)
            except MemoryError:
                # the heap may be in pieces: the daemon takes a fresh process
                reply, payload = _refusal("the document needs more memory than a label should"), b""
                reply["exhausted"] = True
            frames.write(replies, reply, payload)


def _render(header: dict[str, Any], data: bytes, begin: Callable[[int], None]) -> _Reply:
    target = _target(header)
    asset = unwrap(data, header["media_type"], header["max_bytes"])
    artwork = convert.convert(asset, target, begin)
    notes = list(artwork.notes)
    dpi = target.resolution.dpi
    if target.document_format == PDF and not Media.parse(header["media"]).whole_at(dpi):
        short = target.media.short
        notes.append(f"{short} is no whole number of dots at {dpi} dpi: its queue may move it by one or draw one twice")
    return {"labels": artwork.labels, "notes": notes}, _written(artwork.pages, artwork.data, header)


def _survey(header: dict[str, Any], data: bytes, begin: Callable[[int], None]) -> _Reply:
    asset = unwrap(data, header["media_type"], header["max_bytes"])
    contents = Contents(label=header["label"], slip=header["slip"], numbers=tuple(header["numbers"]))
    found = survey.survey(asset, _target(header), contents, begin)
    return {"pages": [[page.kind, page.words] for page in found]}, b""


def _looks(header: dict[str, Any], data: bytes, begin: Callable[[int], None]) -> _Reply:
    asset = unwrap(data, header["media_type"], header["max_bytes"])
    target = convert.Target(media=_LARGE, resolution=Resolution(203), design_dpi=header["design_dpi"], verify=False)
    found = []
    for number in header["pages"] or range(1, convert.page_count(asset) + 1):
        begin(number)
        with suppress(convert.BlankPage):
            found.append([number, _look(convert.convert_page(asset, number, target, hold=False))])
    return {"looks": found}, b""


def _look(labels: Sequence[PageArtwork]) -> str:
    """A digest of a page's dots and of what its barcodes say."""
    digest = hashlib.sha256()
    for label in labels:
        bitmap = label.bitmap
        dots = label.data if bitmap is None else bitmap.rows.tobytes()
        size = None if bitmap is None else (bitmap.width, bitmap.height)
        said = sorted((str(symbol.format), symbol.text) for symbol in (*label.symbols, *label.lost))
        digest.update(repr((size, len(dots), said)).encode())
        digest.update(dots)
    return digest.hexdigest()


def _read(header: dict[str, Any], data: bytes, begin: Callable[[int], None]) -> _Reply:
    asset = unwrap(data, header["media_type"], header["max_bytes"])
    count, first = merged.count(asset), header["first"]
    found = []
    for number in range(first, min(first + header["most"], count + 1)):
        begin(number - first + 1)
        found.append(asdict(merged.read_page(asset, number)))
    return {"count": count, "pages": found}, b""


def _picture(header: dict[str, Any], data: bytes, _begin: Callable[[int], None]) -> _Reply:
    return {}, merged.picture(unwrap(data, header["media_type"], header["max_bytes"]), header["page"])


def _carve(header: dict[str, Any], data: bytes, _begin: Callable[[int], None]) -> _Reply:
    asset = unwrap(data, header["media_type"], header["max_bytes"])
    carved = [merged.carve(asset, tuple(numbers)) for numbers in header["groups"]]
    return {"sizes": [len(one) for one in carved]}, b"".join(carved)


def _target(header: dict[str, Any]) -> convert.Target:
    document_format, dpi = header["document_format"], header["dpi"]
    return convert.Target(
        media=paper_of(header["media"], None, dpi, document_format),
        resolution=Resolution(dpi),
        document_format=document_format,
        graphic_encoding=header["graphic_encoding"],
        scaling=header["scaling"],
        printable_width=header["printable_width"],
        repair=header["repair"],
        zpl_policy=header["zpl_policy"],
        design_dpi=header["design_dpi"],
        copies=header["copies"],
        tracking_number=header["tracking_number"],
        pages=tuple(header["pages"]),
    )


def _written(labels: Sequence[PageArtwork], data: bytes, header: dict[str, Any]) -> bytes:
    """`data`; for a queue that draws PDF instead the dots of the labels as pages, for those were verified."""
    if header["document_format"] != PDF:
        return data
    bitmaps = [label.bitmap for label in labels if label.bitmap is not None for _ in range(label.copies)]
    return pages.for_queue(bitmaps, header["dpi"], header["copies"])


def _preview(header: dict[str, Any], data: bytes, _begin: Callable[[int], None]) -> _Reply:
    resolution = Resolution(header["dpi"])
    (bitmap, missing), count = draw(data, header["width"], header["height"], resolution, header["page"])
    return {"pages": count, "missing": list(missing)}, bitmap.to_png(resolution)


_REQUESTS = {
    "render": _render,
    "survey": _survey,
    "looks": _looks,
    "read": _read,
    "carve": _carve,
    "picture": _picture,
    "preview": _preview,
}


def _refusal(message: str) -> dict[str, Any]:
    return {"error": message, "reason": AssetRefused.reason, "kind": AssetRefused.__name__}

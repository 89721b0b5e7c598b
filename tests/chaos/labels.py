"""The labels of a run: each a Code 128 of its event's own tracking number, on small stock."""

import base64
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import zxingcpp
from PIL import Image
from reportlab.graphics.barcode.code128 import Code128
from reportlab.pdfgen.canvas import Canvas

from .schedule import Publication

MEDIA = "76x38mm"
_POINTS = (76 / 25.4 * 72, 38 / 25.4 * 72)
#: behind the id of an event that brings the same label as another one
AGAIN = "-again"


def event_id(seed: int, number: int) -> str:
    """The `event_id` of an event."""
    return f"chaos-{seed}-{number}"


def again(payload: bytes, *, other_bytes: bool) -> bytes:
    """Another event with the label of this one, its id with `AGAIN` behind it."""
    body = json.loads(payload)
    if other_bytes and "asset" in body:
        body["asset"] = {"content": base64.b64encode(base64.b64decode(body["asset"]["content"]) + b"\n").decode()}
    return json.dumps(body | {"event_id": body["event_id"] + AGAIN}).encode()


def tracking(seed: int, number: int) -> str:
    """The tracking number of an event, different in every run."""
    return f"CH{seed:08d}N{number:03d}"


def payload(seed: int, one: Publication, begun: float) -> bytes:
    """What its publisher sends: a JSON label event, the same each time; a broken one has no label in it.

    `begun` is the Unix time at which the run began.
    """
    text = tracking(seed, one.number)
    body: dict[str, object] = {"event_id": event_id(seed, one.number), "tracking_number": text, "copies": one.copies}
    body["order_ids"] = [text]
    if one.printer is not None:
        body["printer"] = one.printer
    if one.useful is not None:
        body["useful_until"] = datetime.fromtimestamp(begun + one.useful, UTC).isoformat()
    if one.form != "broken":
        data = _pdf(text) if one.form == "pdf" else _zpl(text)
        body["asset"] = {"content": base64.b64encode(data).decode()}
    return json.dumps(body).encode()


def _zpl(text: str) -> bytes:
    return f"^XA^FO40,40^BY2^BCN,120,Y,N,N^FD{text}^FS^FO40,220^A0N,30,30^FDlabel of a run^FS^XZ".encode()


def _pdf(text: str) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=_POINTS, invariant=1)
    # 2 dots of 1/8 mm for a module
    Code128(text, barWidth=0.25 / 25.4 * 72, barHeight=40).drawOn(canvas, 10, 40)
    canvas.drawString(20, 20, "label of a run")
    canvas.save()
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One piece of paper: the printer it came out of, its counter then, and what its barcodes say."""

    printer: str
    odometer: int
    texts: tuple[str, ...]


def read_paper(printer: str, tray: Path) -> Iterator[Sheet]:
    """Every label in a printer's tray, read by its barcodes as a parcel's sorter would."""
    log = tray / "paper.jsonl"
    for line in log.read_text("utf-8").splitlines() if log.exists() else ():
        odometer = json.loads(line)["odometer"]
        picture = tray / f"{odometer:06d}.png"
        texts: tuple[str, ...] = ()
        if picture.exists():
            with Image.open(picture) as image:
                texts = tuple(symbol.text for symbol in zxingcpp.read_barcodes(image.convert("L")))
        yield Sheet(printer, odometer, texts)

"""The same documents through the pure functions: what is only Python here, pictures in a child that may crash."""

import os
import resource
import signal
import time
from pathlib import Path

import numpy as np

from labeld.renderers import image
from labeld.renderers.asset import MAX_BYTES, PDF, ZPL, Asset, unwrap
from labeld.renderers.errors import RenderError
from labeld.renderers.media import Media, Resolution
from labeld.renderers.zpl import allowlist, design, graphic_field, label, lexer, picture

from .judge import Outcome, unclear

_STOCK = Media.parse("4x6in")
_SIZE = (812, 1219)
_MEMORY = 1 << 30
_SECONDS = 60


def look(data: bytes) -> Outcome:
    """Unwrap a document and take it apart, and judge what was raised."""
    began = time.perf_counter()
    words, fault = "", ""
    try:
        asset = unwrap(data)
        if asset.document_format == ZPL:
            kind, fault = _zpl(asset.data)
        elif asset.document_format == PDF:
            kind = PDF
        else:
            kind, fault = _in_child(asset)
        if len(asset.data) > MAX_BYTES:
            fault = f"unwrap gave {len(asset.data)} bytes"
    except RenderError as error:
        kind, words = f"refused: {error.reason}", str(error)
        fault = unclear(words)
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        kind, fault = "raised", f"an error that nobody caught: {named(error)}"
    return Outcome(kind, words, time.perf_counter() - began, fault)


def _zpl(data: bytes) -> tuple[str, str]:
    commands = lexer.lex(data)
    if b"".join(data[command.start : command.end] for command in commands) != data:
        return "ZPL", "the commands are not the ZPL again"
    for command in commands:
        if command.name == "^GF":
            try:
                bitmap = graphic_field.decode(command.parameters)
            except RenderError as error:
                if fault := unclear(str(error)):
                    return "ZPL", fault
            else:
                if graphic_field.decode(graphic_field.encode(bitmap, "rle")[3:]) != bitmap:
                    return "ZPL", "^GF does not come back from run lengths"
    design.design_resolution(data, _STOCK, Resolution(203))
    screened = allowlist.screen(data, commands, _SIZE[0])
    again = allowlist.screen(screened.zpl, lexer.lex(screened.zpl), _SIZE[0])
    if lexer.lex(again.zpl) != lexer.lex(screened.zpl):
        return "ZPL", "what was screened is screened again"
    label.quantities(screened.zpl)
    picture.draw(screened.zpl, *_SIZE)
    return "ZPL", ""


def _in_child(asset: Asset) -> tuple[str, str]:
    """Open the pages of a picture in a child process; what it found, or how it ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            _, most = resource.getrlimit(resource.RLIMIT_AS)
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY * 2, most))
            signal.alarm(_SECONDS)
            os.write(writing, "\n".join(_opened(asset)).encode("utf-8", "replace")[:4000])
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        said = answer.read().decode()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}", ""
    kind, _, fault = said.partition("\n")
    return (kind, fault) if kind else ("nothing", "the child said nothing")


def _opened(asset: Asset) -> tuple[str, str]:
    try:
        for number in range(1, min(image.page_count(asset), 3) + 1):
            sheet = image.open_page(asset, number, _STOCK)
            if sheet.grey.dtype != np.uint8 or sheet.grey.ndim != 2 or not all(side > 0 for side in sheet.size):
                return asset.document_format, f"grey {sheet.grey.dtype}{sheet.grey.shape}, size {sheet.size}"
    except RenderError as error:
        return f"refused: {error.reason}", unclear(str(error))
    except MemoryError:
        return "too much memory", ""
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        return "raised", f"an error that nobody caught: {named(error)}"
    return asset.document_format, ""


def named(error: Exception) -> str:
    """The error, and where it was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" in {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{error!r:.300}{where}"

"""Where the time of a conversion goes: clocks around the calls into libraries."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pypdfium2.raw as raw
import zxingcpp

from labeld.renderers import packing
from labeld.renderers.symbols import maxicode

#: Whose function is timed, and under which name: what labeld calls through the module, at each call.
_CALLS: tuple[tuple[str, ModuleType, str], ...] = (
    *(("PDFium: load", raw, name) for name in ("FPDF_LoadMemDocument64", "FPDF_LoadPage", "FPDF_CloseDocument")),
    ("PDFium: draw", raw, "FPDF_RenderPageBitmap"),
    ("zxing", zxingcpp, "read_barcodes"),
    ("MaxiCode search", maxicode, "read"),
    ("deflate", packing, "_compress"),
)
PARTS = tuple(dict.fromkeys(part for part, _, _ in _CALLS))


@contextmanager
def metered() -> Iterator[tuple[dict[str, float], dict[str, int]]]:
    """Seconds and calls of each of `PARTS` within the context; of nested ones the inner has its time alone."""
    seconds: dict[str, float] = defaultdict(float)
    calls: dict[str, int] = defaultdict(int)
    inner = [0.0]

    def timed(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            inner.append(0.0)
            begun = time.perf_counter()
            try:
                return function(*args, **options)
            finally:
                spent = time.perf_counter() - begun
                seconds[part] += spent - inner.pop()
                calls[part] += 1
                inner[-1] += spent

        return call

    originals = [(module, name, getattr(module, name)) for _, module, name in _CALLS]
    for (part, module, name), (_, _, function) in zip(_CALLS, originals, strict=True):
        setattr(module, name, timed(part, function))
    try:
        yield seconds, calls
    finally:
        for module, name, function in originals:
            setattr(module, name, function)

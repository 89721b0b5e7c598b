"""The ZPL cases beside the checkout, and their own scorer with labeld as its renderer."""

import importlib.util
import json
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, TypeVar

from labeld.renderers.media import Resolution

from . import door

FOLDER = Path(__file__).parents[3] / "shared/conformance/zpl"
CASES = FOLDER / "cases"
SMOKE = FOLDER / "smoke"

#: A renderer's answer to a job of the scorer: its error, and the seconds that it took.
Answer = tuple[str | None, float]
#: What the scorer says of a case: f1, f1_small, iou, barcodes_hit, missing, note and more.
Row = dict[str, Any]
Result = TypeVar("Result")


class Renderer(Protocol):
    """What the scorer asks for pictures: it writes that of label `index` of the file `zpl` to the file `png`."""

    def render(self, job: dict[str, Any]) -> Answer:
        """Answer a job, never raise."""


@dataclass(frozen=True, slots=True)
class Case:
    """A ZPL file with its reference picture of `width` x `height` dots at 8 dots/mm."""

    entry: dict[str, Any]

    @property
    def name(self) -> str:
        """Its name in the manifest."""
        return str(self.entry["name"])

    @property
    def group(self) -> str:
        """What it is a case of: `carrier`, `barcode`, ..."""
        return str(self.entry["group"])

    @property
    def zpl(self) -> bytes:
        """The label."""
        return (CASES / str(self.entry["zpl"])).read_bytes()

    @property
    def reference(self) -> Path:
        """The picture it should give."""
        return CASES / str(self.entry["png"])

    @property
    def index(self) -> int:
        """Which of the labels in the file, from 0."""
        return int(self.entry.get("label_index", 0))

    @property
    def width(self) -> int:
        """In dots of 1/8 mm."""
        return int(self.entry["width_px"])

    @property
    def height(self) -> int:
        """In dots of 1/8 mm."""
        return int(self.entry["height_px"])

    @property
    def symbols(self) -> frozenset[tuple[str, str]]:
        """Format and text of every barcode that is read from the reference."""
        return frozenset((barcode["format"], barcode["text"]) for barcode in self.entry["barcodes"])


class Labeld:
    """labeld, in this process; `dots_seconds` is what the last label took without its PNG."""

    dots_seconds = 0.0

    def render(self, job: dict[str, Any]) -> Answer:
        """Draw the label asked for and write its PNG."""
        zpl = Path(job["zpl"]).read_bytes()
        began = time.perf_counter()
        try:
            dpi = round(job["dpi"])
            drawn = door.labels(zpl, job["width_px"], job["height_px"], dpi)[job["index"]]
            self.dots_seconds = time.perf_counter() - began
            png = drawn.to_png(Resolution(dpi))
        except Exception as error:  # noqa: BLE001 - any fault is that case's failure
            return f"{type(error).__name__}: {error}", time.perf_counter() - began
        took = time.perf_counter() - began
        Path(job["png"]).write_bytes(png)
        return None, took


def cases(groups: Iterable[str] = ()) -> list[Case]:
    """Every case of the manifest, or of some groups; none where they are absent."""
    manifest = CASES / "manifest.json"
    if not manifest.is_file():
        return []
    wanted = set(groups)
    found = (Case(entry) for entry in json.loads(manifest.read_text())["cases"])
    return [case for case in found if not wanted or case.group in wanted]


def smoke() -> Iterator[tuple[str, bytes, int, int]]:
    """Real ZPL without a picture: name, ZPL, and the paper in dots of 1/8 mm that its name tells."""
    for path in sorted(SMOKE.glob("*.zpl")):
        width, _, height = path.stem.rpartition("-")[2].partition("x")
        millimetres = (int(width), int(height)) if width.isdigit() and height.isdigit() else (102, 152)
        yield path.name, path.read_bytes(), millimetres[0] * 8, millimetres[1] * 8


@cache
def scorer() -> ModuleType:
    """The scorer of the cases, imported from beside them. It needs SciPy."""
    spec = importlib.util.spec_from_file_location("zpl_score", FOLDER / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def score(case: Case, renderer: Renderer | None = None, overlays: Path | None = None) -> Row:
    """Score a renderer, labeld by default, on a case; `overlays`: a folder for its picture over the reference."""
    settings = Namespace(dpi_mode="nominal", allow_name=False, keep=None, diff=overlays, diff_below=2.0)
    with tempfile.TemporaryDirectory(prefix="zpl-score-") as folder:
        row: Row = scorer().score_case(case.entry, str(CASES), renderer or Labeld(), folder, settings)
    return row


def in_two_processes(function: Callable[[Case], Result], chosen: Iterable[Case]) -> list[Result]:
    """The results of a function that can be pickled: reading barcodes takes time, and holds no lock."""
    # spawned ones would leave a process behind that tracks their locks
    with ProcessPoolExecutor(2, get_context("fork")) as pool:
        return list(pool.map(function, chosen, chunksize=4))

"""The pages that are measured: carriers' files where they lie beside the checkout, else the demo's own labels."""

import io
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pypdfium2 as pdfium
from tests.integration.harness import LABELS, ROOT

CARRIERS = ROOT.parent / "shared/labels"
#: 4x6 in, A6 and 100x150 mm, and what is meant to be one of them.
_SHORT_MM, _LONG_MM = (97.0, 106.0), (146.0, 155.0)
_A4_MM = (210.0, 297.0)
#: So many pages of each file: a batch of ten alike is not ten labels.
_MOST_PAGES = 3


@dataclass(frozen=True, slots=True)
class Page:
    """A page as a PDF file of its own at `path`, its size in mm; `real`: some carrier's, not made for tests."""

    name: str
    path: Path
    data: bytes
    width: float
    height: float
    real: bool

    @property
    def is_label(self) -> bool:
        """Whether it is 4x6 in or as good as that, upright or lying."""
        short, long = sorted((self.width, self.height))
        return _SHORT_MM[0] <= short <= _SHORT_MM[1] and _LONG_MM[0] <= long <= _LONG_MM[1]

    @property
    def is_a4(self) -> bool:
        """Whether it is A4, upright or lying."""
        sides = sorted((self.width, self.height))
        return all(abs(side - wanted) < 1 for side, wanted in zip(sides, _A4_MM, strict=True))

    @property
    def stock(self) -> str:
        """Stock as large as the page, as `Media.parse` reads it: what peers assume."""
        return f"{self.width:.2f}x{self.height:.2f}mm"


def pages(folder: Path) -> tuple[list[Page], str]:
    """All pages, written one by one into `folder`, and where they come from in words."""
    if CARRIERS.is_dir():
        cases = json.loads((CARRIERS / "manifest.json").read_text())["cases"]
        files = [(CARRIERS / "cases" / case["file"], case["synthetic"] is False) for case in cases]
        where = f"the first {_MOST_PAGES} pages of {len(files)} carriers' and made-up PDFs beside the checkout"
    else:
        files = [(path, False) for path in sorted(LABELS.glob("*.pdf"))]
        where = f"ONLY the demo's {len(files)} labels: there are no carriers' labels beside this checkout"
    return [page for path, real in files for page in _split(path, folder, real=real)], where


def _split(path: Path, folder: Path, *, real: bool) -> Iterator[Page]:
    data = path.read_bytes()
    with closing(pdfium.PdfDocument(data)) as document:
        for index in range(min(len(document), _MOST_PAGES)):
            width, height = (side * 25.4 / 72 for side in document.get_page_size(index))
            name = f"{path.stem}-{index + 1}"
            alone = data if len(document) == 1 else _alone(document, index)
            file = folder / f"{name}.pdf"
            file.write_bytes(alone)
            yield Page(name, file, alone, width, height, real)


def _alone(document: pdfium.PdfDocument, index: int) -> bytes:
    with closing(pdfium.PdfDocument.new()) as single:
        single.import_pages(document, [index])
        buffer = io.BytesIO()
        single.save(buffer)
    return buffer.getvalue()

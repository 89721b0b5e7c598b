"""What is said of each barcode is what the source says and what scans from the dots."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from tests.unit.renderers.marks import FORMATS, GS1, Mark, page
from tests.unit.renderers.paper import DPI_203, DPI_300, code128, pdf

from labeld.renderers import symbols
from labeld.renderers.artwork import PageArtwork, Target
from labeld.renderers.asset import unwrap
from labeld.renderers.bitmap import Bitmap
from labeld.renderers.convert import convert_page
from labeld.renderers.errors import SymbolLost
from labeld.renderers.image import RasterSheet
from labeld.renderers.media import Media, Resolution
from labeld.renderers.pdf import open_page
from labeld.renderers.placement import Box, Placement, Size
from labeld.renderers.proof import prove
from labeld.renderers.symbols import Verdict
from labeld.renderers.symbols.regions import Window

SQUARE = Media.parse("100x150mm")
#: quarters that a symbol is turned by, as zxing-cpp tells them
TURNED = {0: 0, 1: 90, 2: 180, 3: 270}


def label(data: bytes, dpi: int = 203, media: Media = SQUARE, *, repair: bool = False) -> PageArtwork:
    target = Target(media=media, resolution=Resolution(dpi), verify=False, repair=repair)
    (one,) = convert_page(unwrap(data), 1, target)
    return one


def told(artwork: PageArtwork) -> list[tuple[str, str, str]]:
    return [(one.status, one.symbol.format, shown(one.symbol.text)) for one in artwork.verdicts]


def shown(text: str) -> str:
    """Without what zxing-cpp writes for a group separator."""
    return text.replace("<GS>", "\x1d")


def scanned(artwork: PageArtwork) -> list[tuple[str, str]]:
    """What a scanner reads from the dots, knowing nothing."""
    assert artwork.bitmap is not None
    return sorted((one.format, shown(one.text)) for one in symbols.read(artwork.bitmap))


def bits(artwork: PageArtwork) -> NDArray[np.bool_]:
    assert artwork.bitmap is not None
    return artwork.bitmap.bits()


def as_pixels(data: bytes, fineness: int) -> RasterSheet:
    """A PDF page of 100 x 150 mm as PDFium draws it at so many pixels per dot."""
    with open_page(data, 1) as sheet:
        grey = sheet.draw(Placement(0, 1.0, 0, 0, (0, 0, *sheet.size), ""), DPI_203, (0, 0, 800, 1200), fineness)
    return RasterSheet(grey, (8.0 * fineness, 8.0 * fineness))


def in_a_column(kind: str, module: float) -> tuple[list[Mark], tuple[float, float]]:
    """A symbol in four turns, one below the other, and a page for them."""
    marks, y = [], 5.0
    for turns in range(4):
        marks.append(Mark(kind, 5, y, module, turns=turns))
        y += marks[-1].size[1] + 8
    return marks, (max(100.0, *(10 + mark.size[0] for mark in marks)), y)


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_in_four_turns_says_what_the_source_says(kind: str, dpi: int) -> None:
    marks, (width, length) = in_a_column(kind, 0.375)
    media = Media.parse(f"{width:.0f}x{length:.0f}mm")
    artwork = label(page(marks, (media.width / 100, media.length / 100)), dpi, media)
    assert told(artwork) == [("scans", mark.format, shown(mark.says)) for mark in marks]
    for mark, verdict in zip(marks, artwork.verdicts, strict=True):
        assert verdict.symbol.orientation % 360 == TURNED[mark.turns]
        wide, high = mark.size
        place = (mark.x, mark.y, mark.x + wide, mark.y + high)
        unit = float(Resolution(dpi).dots_per_mm)
        assert np.allclose(verdict.symbol.position, [side * unit for side in place], atol=12)
    assert artwork.lost == ()


@pytest.mark.parametrize("dpi", [203, 300])
def test_all_formats_together(dpi: int) -> None:
    marks = [
        Mark("Code 128", 5, 5, 0.375),
        Mark(GS1, 5, 26, 0.375),
        Mark("Code 39", 5, 47, 0.25),
        Mark("ITF", 62, 5, 0.25),
        Mark("Codabar", 55, 68, 0.25),
        Mark("EAN-13", 5, 68, 0.33),
        Mark("QR Code", 5, 90, 0.5),
        Mark("Data Matrix", 30, 90, 0.5),
        Mark("Aztec", 55, 90, 0.5),
        Mark("PDF417", 5, 112, 0.375),
        Mark("MaxiCode", 62, 112),
    ]
    artwork = label(page(marks, (100, 150)), dpi)
    expected = sorted((mark.format, shown(mark.says)) for mark in marks)
    assert sorted((kind, text) for status, kind, text in told(artwork) if status == "scans") == expected
    assert scanned(artwork) == expected


@pytest.mark.parametrize("module", [0.17, 0.2])
@pytest.mark.parametrize("turns", [0, 1])
def test_bars_too_fine_for_the_dots_are_lost_and_the_label_is_held_with_its_picture(module: float, turns: int) -> None:
    data = page([Mark("Code 128", 10, 40, module, turns=turns)], (100, 150))
    artwork = label(data)
    assert told(artwork) == [("lost", "Code 128", "TT0123456789")]
    assert artwork.symbols == ()
    said = "1 barcode(s) do not scan from the dots at 203 dpi: Code 128 'TT0123456789'"
    assert artwork.notes == (said,)
    with pytest.raises(SymbolLost) as caught:
        convert_page(unwrap(data), 1, Target(media=SQUARE, resolution=DPI_203))
    assert str(caught.value) == said
    held = caught.value.artwork
    assert held is not None and held.bitmap == artwork.bitmap
    assert bits(held)[330:430, 80:140].any(), "the picture shows the fault"
    assert told(label(data, 600)) == [("scans", "Code 128", "TT0123456789")]


@pytest.mark.parametrize("value", [0.4, 0.6, 0.8])
@pytest.mark.parametrize("module", [0.375, 0.5, 0.75])
@pytest.mark.parametrize("kind", ["Code 128", "QR Code", "Data Matrix", "PDF417", "Aztec"])
def test_a_symbol_in_grey_is_as_black_as_a_black_one(kind: str, module: float, value: float) -> None:
    text = "TT0123" if kind == "Code 128" else ""
    black, grey = (label(page([Mark(kind, 8, 40, module, text, grey=one)], (100, 150))) for one in (0.0, value))
    assert told(grey) == told(black) == [("scans", kind, shown(text or FORMATS[kind][1]))]
    assert scanned(grey) == scanned(black) == [(kind, shown(text or FORMATS[kind][1]))]
    assert (bits(grey) != bits(black)).mean() < 1e-3


@pytest.mark.parametrize("tint", [0.9, 0.75, 0.6])
@pytest.mark.parametrize("kind", ["Code 128", "QR Code"])
def test_no_dot_of_a_tint_lies_in_a_barcodes_window(kind: str, tint: float) -> None:
    mark = Mark(kind, 20, 40, 0.5, tint=tint)
    artwork = label(page([mark], (100, 150)))
    assert told(artwork) == [("scans", kind, mark.says)]
    bare = label(page([replace(mark, tint=1.0)], (100, 150)))
    wide, high = mark.size
    window = np.s_[int((mark.y - 2) * 8) : int((mark.y + high + 2) * 8), 18 * 8 : int((22 + wide) * 8)]
    assert np.array_equal(bits(artwork)[window], bits(bare)[window])


def test_a_tint_is_shown_where_no_barcode_is() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFillGray(0.6)
        canvas.rect(10 * mm, 10 * mm, 60 * mm, 30 * mm, stroke=0, fill=1)
        Mark("Code 128", 10, 40, 0.5, tint=0.6).draw(canvas, (100, 150))

    artwork = label(pdf([draw], (100, 150)))
    area = bits(artwork)[112 * 8 : 138 * 8, 12 * 8 : 68 * 8]
    assert abs(area.mean() - 0.4) < 0.02
    assert told(artwork) == [("scans", "Code 128", "TT0123456789")]


@pytest.mark.parametrize("kind", ["QR Code", "Data Matrix"])
def test_white_on_black_alone_is_read(kind: str) -> None:
    artwork = label(page([Mark(kind, 10, 40, 0.5, grey=1.0, tint=0.0)], (100, 150)))
    assert told(artwork) == [("scans", kind, FORMATS[kind][1])]


def test_of_two_equal_symbols_the_one_that_is_gone_is_lost() -> None:
    whole, fine = Mark("Code 128", 10, 20, 0.375), Mark("Code 128", 10, 80, 0.17)
    artwork = label(page([whole, fine], (100, 150)))
    assert sorted(told(artwork)) == [("lost", "Code 128", "TT0123456789"), ("scans", "Code 128", "TT0123456789")]
    (gone,) = artwork.lost
    assert gone.position[1] > 600
    assert len(label(page([whole, replace(fine, module=0.375)], (100, 150))).symbols) == 2


def test_what_is_overprinted_in_the_source_is_not_asked_of_the_dots() -> None:
    def draw(canvas: Canvas) -> None:
        for y in (20, 80):
            Mark("Code 128", 10, y).draw(canvas, (100, 150))
        canvas.rect(20 * mm, 50 * mm, 25 * mm, 22 * mm, stroke=0, fill=1)

    assert told(label(pdf([draw], (100, 150)))) == [("scans", "Code 128", "TT0123456789")]


def test_a_line_through_the_bars_leaves_them() -> None:
    def draw(canvas: Canvas) -> None:
        Mark("Code 128", 10, 40, 0.375, high=20).draw(canvas, (100, 150))
        canvas.rect(5 * mm, 96 * mm, 60 * mm, 8 * mm, stroke=0, fill=1)  # all of the band that is read first

    assert told(label(pdf([draw], (100, 150)))) == [("scans", "Code 128", "TT0123456789")]


@pytest.mark.parametrize("dpi", [203, 300])
def test_neighbours_are_told_apart(dpi: int) -> None:
    marks = [Mark("Code 128", 6, 10 + 13 * line, 0.25, f"PARCEL00{line}", high=10) for line in range(6)]
    marks += [Mark("Code 128", 50, 10 + 13 * line, 0.25, f"ROUTE{line}", high=10) for line in range(6)]
    marks += [Mark("QR Code", 6 + 20 * column, 100, 0.375, f"QR{column}") for column in range(4)]
    artwork = label(page(marks, (100, 150)), dpi)
    expected = sorted((mark.format, mark.says) for mark in marks)
    assert sorted((kind, text) for status, kind, text in told(artwork) if status == "scans") == expected


@pytest.mark.parametrize("dpi", [203, 300])
def test_symbols_at_the_papers_edge(dpi: int) -> None:
    marks = [
        Mark("QR Code", 0, 0, 0.5, "CORNER1"),
        Mark("Data Matrix", 91.5, 1, 0.5, "CORNER2"),
        Mark("Code 128", 3, 135.0, 0.375, "EDGE3"),
        Mark("Code 128", 85.0, 60, 0.375, "EDGE4", turns=1),
    ]
    artwork = label(page(marks, (100, 150)), dpi)
    assert sorted(one.text for one in artwork.symbols) == ["CORNER1", "CORNER2", "EDGE3", "EDGE4"]
    assert artwork.lost == ()


def test_bars_of_broken_dots_are_sampled_more_evenly() -> None:
    data = pdf([lambda canvas: code128(canvas, "TT0123456789", 10.03, 70, 0.3)], (100, 150))
    (verdict,) = label(data).verdicts
    assert (verdict.status, verdict.sampler) == ("scans", "centres of 3x3")
    after = verdict.quality
    # the same dots without that: what PDFium draws at one pixel a dot
    plain = as_pixels(data, 1)
    (usual,) = prove(plain, Placement(0, 1.0, 0, 0, (0, 0, *plain.size), ""), DPI_203, (800, 1200)).verdicts
    before = usual.quality
    assert before is not None and after is not None
    assert usual.sampler == ""
    assert after.unevenness + abs(after.growth) < before.unevenness + abs(before.growth) - 0.1


@pytest.mark.parametrize("kind", ["Code 128", GS1, "Code 39", "ITF", "Codabar", "EAN-13"])
def test_repair_makes_modules_whole_and_leaves_the_text(kind: str) -> None:
    data = page([Mark(kind, 15.03, 40.05, 0.3)], (100, 150))
    without, repaired = label(data), label(data, repair=True)
    (before,), (after,) = without.verdicts, repaired.verdicts
    assert not before.repaired and before.quality is not None and not before.quality.whole
    assert after.quality is not None and after.quality.whole
    assert after.repaired and repaired.notes == (after.repaired,)
    assert told(repaired) == told(without) == [("scans", Mark(kind, 0, 0).format, FORMATS[kind][1])]
    assert scanned(repaired) == scanned(without)


def test_a_maxicode_that_nobody_can_read_is_unverified_and_printed() -> None:
    def draw(canvas: Canvas) -> None:
        Mark("MaxiCode", 30, 40).draw(canvas, (100, 150))
        canvas.setFillGray(1)
        canvas.rect(30 * mm, 84 * mm, 30 * mm, 7 * mm, stroke=0, fill=1)
        canvas.rect(30 * mm, 104 * mm, 30 * mm, 7 * mm, stroke=0, fill=1)

    data = pdf([draw], (100, 150))
    (artwork,) = convert_page(unwrap(data), 1, Target(media=SQUARE, resolution=DPI_203))
    assert [(one.status, one.symbol.format, one.symbol.text) for one in artwork.verdicts] == [
        ("unverified", "MaxiCode", "")
    ]
    assert "a MaxiCode cannot be read in the source, so it is not verified" in artwork.notes
    assert artwork.lost == ()


@dataclass(frozen=True, slots=True)
class TwoFaced:
    """A page that shows something else to whom looks closer."""

    coarse: RasterSheet
    fine: RasterSheet
    engine: str = "pillow"
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> Size:
        """Width and height in 1/100 mm."""
        return self.coarse.size

    def ink_box(self) -> Box | None:
        """The ink of what is seen from afar."""
        return self.coarse.ink_box()

    def draw(
        self, placement: Placement, resolution: Resolution, window: Window, fineness: float = 1.0
    ) -> NDArray[np.uint8]:
        """The one face at one pixel a dot, and the other at more."""
        face = self.fine if fineness > 1 else self.coarse
        return face.draw(placement, resolution, window, fineness)

    def second_opinion(self) -> None:
        """None."""


def face(*marks: Mark) -> RasterSheet:
    """A page of 100 x 150 mm, three pixels a dot."""
    return as_pixels(page(marks, (100, 150)), 3)


def proven(coarse: RasterSheet, fine: RasterSheet) -> tuple[Bitmap, tuple[Verdict, ...]]:
    sheet = TwoFaced(coarse, fine)
    proof = prove(sheet, Placement(0, 1.0, 0, 0, (0, 0, *sheet.size), ""), DPI_203, (800, 1200))
    return proof.bitmap, proof.verdicts


def test_what_the_dots_misread_is_judged_by_the_source() -> None:
    wrong, right = Mark("Code 128", 10, 40, text="WRONG1"), Mark("Code 128", 10, 40, text="RIGHT1")
    bitmap, (verdict,) = proven(face(wrong), face(right))
    assert (verdict.status, verdict.symbol.text, bool(verdict.sampler)) == ("scans", "RIGHT1", True)
    assert [one.text for one in symbols.read(bitmap)] == ["RIGHT1"]


def test_what_the_dots_misread_and_no_sampling_brings_back_is_lost() -> None:
    wrong, fine = Mark("Code 128", 10, 40, text="WRONG1"), Mark("Code 128", 10, 40, 0.14, text="RIGHT1234567")
    _, verdicts = proven(face(wrong), face(fine))
    assert [(one.status, one.symbol.text) for one in verdicts] == [("lost", "RIGHT1234567")]


@pytest.mark.parametrize("dpi", [DPI_203, DPI_300])
def test_a_blank_page_proves_nothing(dpi: Resolution) -> None:
    sheet = RasterSheet(np.full((300, 200), 255, np.uint8), (8.0, 8.0))
    proof = prove(sheet, Placement(0, 1.0, 0, 0, (0, 0, *sheet.size), ""), dpi, (200, 300))
    assert (proof.verdicts, proof.notes, proof.lost, proof.bitmap.ink_box()) == ((), (), 0, None)

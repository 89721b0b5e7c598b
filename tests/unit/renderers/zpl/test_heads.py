"""Sizes that ZPL leaves to the printer: those of the head that it is made for, wherever it prints."""

import pytest
from tests.unit.renderers.paper import FOUR_BY_SIX
from tests.unit.renderers.zpl.printed import ink

from labeld.renderers.artwork import PageArtwork, Target
from labeld.renderers.asset import Asset
from labeld.renderers.convert import convert_page
from labeld.renderers.media import Resolution
from labeld.renderers.zpl.lexer import lex
from labeld.renderers.zpl.scaling import CannotRescale, rescaled

#: A symbol of each kind whose size the head decides, and text in a font that it has cells of its own for.
FIELDS = {
    "^BD": b"^FO80,80^BD4^FDMAXICODE^FS",
    "^BQ": b"^FO80,80^BQN,2^FDQA,ABCDEF123^FS",
    "^B0": b"^FO80,80^B0N^FDABCDEF123^FS",
    "^BR": b"^FO80,80^BRN,1^FD1234567890123^FS",
    "^BT": b"^FO80,80^BTN^FD123456,A12345^FS",
    "^AE": b"^FO80,80^AEN,%d^FDHEAD^FS",
    "^AH": b"^FO80,80^AHN,%d^FDHEAD^FS",
}
SIZES = {"^AE": {203: 28, 300: 42, 600: 84}, "^AH": {203: 21, 300: 34, 600: 68}}
HEADS = (203, 300, 600)


def of_head(name: str, head: int) -> bytes:
    """The field as somebody writes it for this head."""
    field = FIELDS[name]
    return b"^XA" + (field % SIZES[name][head] if name in SIZES else field) + b"^XZ"


def page(zpl: bytes, design: int, head: int) -> PageArtwork:
    (one,) = convert_page(Asset(zpl, "application/vnd.zebra-zpl"), 1, Target(
        media=FOUR_BY_SIX, resolution=Resolution(head), design_dpi=design
    ))  # fmt: skip
    return one


def measured(one: PageArtwork, head: int) -> tuple[float, float]:
    """Width and height of the ink in millimetres."""
    assert one.bitmap is not None
    box = one.bitmap.ink_box()
    assert box is not None
    per_mm = float(Resolution(head).dots_per_mm)
    return (box[2] - box[0]) / per_mm, (box[3] - box[1]) / per_mm


@pytest.mark.parametrize("design", HEADS)
def test_a_maxicode_is_as_large_for_every_head(design: int) -> None:
    found = [measured(page(of_head("^BD", design), design, head), head) for head in HEADS]
    assert found == [pytest.approx((25.0, 24.1), abs=0.15)] * 3


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("design", HEADS)
@pytest.mark.parametrize("head", HEADS)
def test_another_head_prints_what_the_first_would(name: str, design: int, head: int) -> None:
    zpl = of_head(name, design)
    there = measured(page(zpl, design, design), design)
    # modules are whole dots of each head: the 1.35 of a TLC39 for finer ones are one at 203 dpi
    near = 0.36 if name == "^BT" and head == 203 else 0.12 if name in SIZES else 0.02
    assert measured(page(zpl, design, head), head) == pytest.approx(there, rel=near, abs=0.3)


@pytest.mark.parametrize(("name", "sizes"), [("^BQ", (42, 63, 126)), ("^B0", (30, 45, 90)), ("^BR", (190, 285, 570))])
def test_modules_without_a_size_are_those_of_the_head(name: str, sizes: tuple[int, ...]) -> None:
    for head, size in zip(HEADS, sizes, strict=True):
        box = ink(of_head(name, head), 812, 1218, head, head)
        assert box is not None
        assert box[2] - box[0] == size


@pytest.mark.parametrize(
    ("zpl", "design", "head", "scaled"),
    [
        (b"^BTN^FD123456,A^FS", 203, 300, b"^BTN,3,,59,3,6^FD"),
        (b"^BTN,3,,50^FD123456,A^FS", 203, 300, b"^BTN,4,,74,3,6^FD"),
        (b"^BTN^FD123456,A^FS", 300, 203, b"^BTN,1,,41,1,3^FD"),
        (b"^BTN^FD123456,A^FS", 300, 600, b"^BTN^FD"),
        (b"^BQN,2^FDQA,A^FS", 203, 300, b"^BQN,2^FD"),
        (b"^BQN,2^FDQA,A^FS", 300, 203, b"^BQN,2^FD"),
        (b"^BQN,2^FDQA,A^FS", 152, 203, b"^BQN,2,1^FD"),
        (b"^AEN,28^FDA^FS", 203, 300, b"^AEN,42^FD"),
        (b"^AEN,56,30^FDA^FS", 203, 300, b"^AEN,84,40^FD"),
        (b"^AEN^FDA^FS", 203, 300, b"^AEN^FD"),
        (b"^AHN,34^FDA^FS", 300, 600, b"^AHN,68^FD"),
    ],
)
def test_sizes_that_the_printer_would_choose_otherwise_are_named(
    zpl: bytes, design: int, head: int, scaled: bytes
) -> None:
    before, after = (Resolution(dpi).dots_per_mm for dpi in (design, head))
    result = rescaled(lex(b"^XA^FO9,9" + zpl + b"^XZ"), float(after / before), dots_per_mm=float(before))
    assert scaled in result.zpl


@pytest.mark.parametrize(
    ("zpl", "head", "words"),
    [
        (b"^AEN^FDA^FS", 600, "the bitmap font E at byte 10 has no size within 12%"),
        (b"^ADN^FDA^FS", 600, "the bitmap font D at byte 10 has no size within 12%"),
        (b"^MUM^BTN^FD123456,A^FS", 300, "^BT at byte 14 takes the printer's usual size"),
        (b"^MUM^AEN,5^FDA^FS", 300, "the bitmap font E at byte 14 has its size in other units"),
    ],
)
def test_what_the_printer_would_print_at_another_size_is_left_to_dots(zpl: bytes, head: int, words: str) -> None:
    with pytest.raises(CannotRescale) as caught:
        rescaled(lex(b"^XA^FO99,9" + zpl + b"^XZ"), float(Resolution(head).dots_per_mm / 8))
    assert str(caught.value).startswith(words)

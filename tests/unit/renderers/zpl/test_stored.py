"""Graphics and labels in the printer's memory, and what a document may ask for at most."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.renderers.bitmap import Bitmap
from labeld.renderers.errors import AssetRefused
from labeld.renderers.media import Resolution
from labeld.renderers.zpl.lexer import lex
from labeld.renderers.zpl.scene import Frame, Mark, Scene
from labeld.renderers.zpl.stored import Budget, Memory, stem

STAIRS = Bitmap.from_bits(np.tri(8, 8, dtype=np.bool_))
PNG = STAIRS.to_png(Resolution(203))


def holding(zpl: bytes) -> Memory:
    memory = Memory()
    for command in lex(zpl):
        memory.download(command)
    return memory


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("R:LOGO.GRF", "LOGO"),
        ("logo", "LOGO"),
        (" E:logo.png ", "E:LOGO"),
        ("r:A.B.GRF", "A.B"),
        ("R:", ""),
        (".GRF", ".GRF"),
        ("", ""),
    ],
)
def test_names_are_compared_without_extension_and_the_usual_device(text: str, name: str) -> None:
    assert stem(text) == name


def test_downloads_of_both_kinds() -> None:
    for zpl in (
        b"~DGR:S.GRF,8,1,80C0E0F0F8FCFEFF",
        b"~DGS,8,1,\r\n80C0\r\nE0F0F8FCFEFF\r\n",
        b"~DYR:S,A,G,8,1,80C0E0F0F8FCFEFF",
        b"~DYR:S,P,P,%d,,%b" % (len(PNG), PNG),
    ):
        assert holding(zpl).recalled("S", 1.0) == STAIRS, zpl[:9]
    assert holding(b"~DYE:ARIAL,B,T,4,,abcd").recalled("ARIAL", 1.0) is None, "a font is no graphic"
    assert Memory().recalled("S", 1.0) is None


@pytest.mark.parametrize(
    ("zpl", "words"),
    [
        (b"~DGR:S.GRF,8", "~DG at byte 0 does not begin with a name and two lengths"),
        (b"~DYR:S", "~DY at byte 0 does not begin"),
        (b"~DGR:S,8,0,FF", "cannot have 0 in a row"),
        (b"~DGR:S,999999999,999,FF", "too large"),
        (b"~DGR:S,2,1,:Z64:AAAA:0000", "checksum|damaged"),
        (b"~DYR:S,P,P,9,,\x89PNG\r\n\x1a\nx", "PNG"),
    ],
)
def test_damaged_downloads_are_refused(zpl: bytes, words: str) -> None:
    with pytest.raises(AssetRefused, match=words):
        holding(zpl)


@given(st.integers(-5, 20), st.integers(-5, 20), st.sampled_from([0.5, 1.0, 1.475, 2.0]))
def test_graphics_are_enlarged_by_whole_dots_one_to_ten(across: int, down: int, scale: float) -> None:
    found = holding(b"~DGS,8,1,80C0E0F0F8FCFEFF").recalled("S", scale, across, down)
    across, down = (min(max(times, 1), 10) for times in (across, down))
    assert found is not None
    assert (found.width, found.height) == (round(8 * across * scale), round(8 * down * scale))
    if scale == 1.0:
        assert np.array_equal(found.bits(), STAIRS.bits().repeat(down, axis=0).repeat(across, axis=1))


def test_a_graphic_is_made_once_for_each_size() -> None:
    memory = holding(b"~DGS,8,1,80C0E0F0F8FCFEFF")
    first = memory.recalled("S", 2.0, 3, 2)
    left = memory.budget.bytes
    assert memory.recalled("S", 2.0, 3, 2) is first
    assert memory.budget.bytes == left
    assert memory.recalled("S", 2.0, 2, 3) != first


def test_a_new_graphic_takes_the_place_of_the_old_one() -> None:
    memory = holding(b"~DGS,8,1,80C0E0F0F8FCFEFF")
    scene = Scene(16, 4, (Mark(Frame(0, 0, 16, 4, 1), "black", 0),))
    memory.keep_image("S", scene)
    image = memory.recalled("S", 2.0)
    assert image is not None
    assert (image.width, image.height, int(image.bits().sum())) == (16, 4, 36), "it is in the dots of the printer"
    memory.download(lex(b"~DGS,1,1,FF")[0])
    assert memory.recalled("S", 1.0) == Bitmap.from_bits(np.ones((1, 8), np.bool_))


def test_a_field_that_is_drawn_again_is_not_decoded_again() -> None:
    memory = Memory()
    (command,) = lex(b"^GFA,8,8,1,80C0E0F0F8FCFEFF")
    assert memory.sent(command, 1.0) == STAIRS
    left = memory.budget.bytes
    assert memory.sent(command, 1.0) == STAIRS
    assert memory.budget.bytes == left == Budget().bytes - 8


def test_each_part_of_the_budget_ends() -> None:
    budget = Budget(bytes=10, work=10, characters=10, barcodes=1)
    for spend, words in ((budget.keep, "too large"), (budget.draw, "draws too much"), (budget.write, "characters")):
        spend(10)
        with pytest.raises(AssetRefused, match=words):
            spend(1)
    budget.encode()
    with pytest.raises(AssetRefused, match="barcodes"):
        budget.encode()

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.renderers.errors import MediaError
from labeld.renderers.media import Media, Resolution


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4x6in", (812, 1219)),
        ("101.5x101.5mm", (812, 812)),
        ("101.625x203.25mm", (813, 1626)),
        ("a6", (840, 1184)),
    ],
)
def test_a_stock_has_whole_dots(text: str, size: tuple[int, int]) -> None:
    assert Resolution(203).size(Media.parse(text)) == size


@given(st.integers(40, 15_999), st.integers(40, 15_999))
def test_a_stock_told_in_eighths_of_a_millimetre_has_as_many_dots(across: int, down: int) -> None:
    media = Media.parse(f"{across / 8}x{down / 8}mm")
    assert Resolution(203).size(media) == (across, down)


@pytest.mark.parametrize("text", ["", "4x6", "4 by 6in", "0x6in", "4x6in4", "3000x10mm"])
def test_no_stock(text: str) -> None:
    with pytest.raises(MediaError, match="media"):
        Media.parse(text)

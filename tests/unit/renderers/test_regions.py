import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from tests.unit.renderers.marks import FORMATS, modules

from labeld.renderers.bitmap import Bitmap
from labeld.renderers.symbols import regions
from labeld.renderers.symbols.regions import Window, dense, grown, meet, merged

WIDTH, HEIGHT = 812, 1219
FINE = [kind for kind in FORMATS if kind != "MaxiCode"]
#: matrix symbols of a carrier's length: smaller ones are not always seen
TEXTS = {
    "Data Matrix": "1Z999AA10123456784 JANE DOE, 1 MAIN STREET, SPRINGFIELD 90210 " * 2,
    "Aztec": "1Z999AA10123456784 JANE DOE, 1 MAIN STREET, SPRINGFIELD 90210 " * 2,
}


def symbol(kind: str, module: float, turns: int = 0, high: int = 60) -> NDArray[np.bool_]:
    """A symbol's dots at so many dots a module: each is what lies at its centre."""
    grid = modules(kind, TEXTS.get(kind, FORMATS[kind][1]))
    tall = high if len(grid) == 1 else round(len(grid) * module)
    down = np.arange(tall) * len(grid) // tall
    across = ((np.arange(round(grid.shape[1] * module)) + 0.5) / module).astype(int).clip(max=grid.shape[1] - 1)
    return np.rot90(grid[down][:, across], -turns)


def paper(*placed: tuple[NDArray[np.bool_], int, int]) -> NDArray[np.uint8]:
    """Packed rows of white paper with dots at (x, y)."""
    bits = np.zeros((HEIGHT, WIDTH), np.bool_)
    for dots, x, y in placed:
        bits[y : y + dots.shape[0], x : x + dots.shape[1]] = dots
    return Bitmap.from_bits(bits).rows


def covers(window: Window, other: Window, slack: int = 0) -> bool:
    return (
        window[0] <= other[0] + slack
        and window[1] <= other[1] + slack
        and window[2] >= other[2] - slack
        and window[3] >= other[3] - slack
    )


@pytest.mark.parametrize("kind", [kind for kind in FINE if kind != "PDF417"])
@given(st.floats(1.5, 2.6), st.integers(0, 3), st.data())
@settings(max_examples=25)
def test_fine_symbols_are_found_wherever_they_are(kind: str, module: float, turns: int, data: st.DataObject) -> None:
    dots = symbol(kind, module, turns)
    high, wide = dots.shape
    x, y = data.draw(st.integers(0, WIDTH - wide)), data.draw(st.integers(0, HEIGHT - high))
    windows = dense(paper((dots, x, y)), WIDTH)
    assert any(covers(window, (x, y, x + wide, y + high)) for window in windows), windows
    for left, top, right, bottom in windows:
        assert 0 <= left < right <= WIDTH
        assert 0 <= top < bottom <= HEIGHT
        assert meet((left, top, right, bottom), (x, y, x + wide, y + high))


@given(st.floats(1.5, 2.6), st.integers(0, 3), st.integers(0, WIDTH - 330), st.integers(0, HEIGHT - 330))
@settings(max_examples=40)
def test_of_a_fine_pdf417_most_is_found(module: float, turns: int, x: int, y: int) -> None:
    dots = symbol("PDF417", module, turns)
    seen = np.zeros((HEIGHT, WIDTH), np.bool_)
    for left, top, right, bottom in dense(paper((dots, x, y)), WIDTH):
        seen[top:bottom, left:right] = True
    assert seen[y : y + dots.shape[0], x : x + dots.shape[1]].mean() > 0.7


@given(st.sampled_from(FINE), st.sampled_from(FINE), st.integers(0, 3), st.integers(0, 3))
@settings(max_examples=25)
def test_what_is_known_is_left_out_and_the_rest_is_not(one: str, other: str, turns: int, more: int) -> None:
    first, second = symbol(one, 2, turns), symbol(other, 2, more)
    known = (100, 60, 100 + first.shape[1], 60 + first.shape[0])
    rest = (100, 640, 100 + second.shape[1], 640 + second.shape[0])
    rows = paper((first, 100, 60), (second, 100, 640))
    assert [window for window in dense(rows, WIDTH, [known]) if meet(window, known)] == []
    assert any(covers(window, rest) for window in dense(rows, WIDTH, [known]))
    assert dense(rows, WIDTH, [known, rest]) == ()
    assert rows.any(), "the picture itself is as it was"


def test_white_black_and_large_type_are_nothing() -> None:
    assert dense(paper(), WIDTH) == ()
    assert dense(np.full((HEIGHT, -(-WIDTH // 8)), 255, np.uint8), WIDTH) == ()
    picture = Image.new("L", (WIDTH, HEIGHT), 255)
    draw = ImageDraw.Draw(picture)
    for line, text in enumerate(("JANE DOE", "TT0123456789", "90210", "GROUND", "ABC-42", "DEPOT 7")):
        draw.text((20, 40 + line * 190), text, 0, font=ImageFont.load_default(size=120))
    assert dense(Bitmap.from_grey(np.asarray(picture)).rows, WIDTH) == ()


@pytest.mark.parametrize("module", [5.0, 6.0])
@pytest.mark.parametrize("kind", ["QR Code", "Data Matrix", "Aztec"])
def test_broad_modules_are_no_suspects(kind: str, module: float) -> None:
    assert dense(paper((symbol(kind, module), 104, 200)), WIDTH) == ()


@pytest.mark.parametrize("size", [(1, 1), (7, 9), (8, 63), (63, 8), (64, 64), (65, 70), (100, 13)])
def test_small_pictures_are_looked_at_too(size: tuple[int, int]) -> None:
    width, height = size
    bits = np.random.default_rng(1).random((height, width)) < 0.5
    for left, top, right, bottom in dense(Bitmap.from_bits(bits).rows, width):
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height


@pytest.mark.parametrize("turns", range(4))
def test_a_checkerboard_is_found_to_the_corner(turns: int) -> None:
    board = np.indices((80, 80)).sum(axis=0) // 2 % 2 == 0
    bits = np.zeros((200, 200), np.bool_)
    bits[:80, :80] = board
    bits = np.rot90(bits, turns)
    (window,) = dense(Bitmap.from_bits(bits).rows, 200)
    lines, columns = np.flatnonzero(bits.any(axis=1)), np.flatnonzero(bits.any(axis=0))
    assert covers(window, (int(columns[0]), int(lines[0]), int(columns[-1]) + 1, int(lines[-1]) + 1))


boxes = st.builds(
    lambda x, y, wide, high: (x, y, x + wide, y + high),
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(1, 25),
    st.integers(1, 25),
)


@given(st.lists(boxes, max_size=12))
def test_merged_windows_cover_all_and_overlap_no_more(windows: list[Window]) -> None:
    done = merged(windows)
    assert all(any(covers(one, window) for one in done) for window in windows)
    assert not any(meet(one, other) for place, one in enumerate(done) for other in done[:place])
    assert list(done) == sorted(done, key=lambda window: (window[1], window[0]))
    assert set(merged(reversed(windows))) == set(done)
    assert set(merged(done)) == set(done)
    # a side of each is the side of one that went in: nothing grows for nothing
    for side in range(4):
        assert {one[side] for one in done} <= {window[side] for window in windows}
    if not any(meet(one, other) for place, one in enumerate(windows) for other in windows[:place]):
        assert set(done) == set(windows)


def test_merged_windows_that_only_touch_stay_apart() -> None:
    assert merged([(0, 0, 5, 5), (5, 0, 9, 5), (0, 5, 5, 9)]) == ((0, 0, 5, 5), (5, 0, 9, 5), (0, 5, 5, 9))
    assert merged([(0, 0, 5, 5), (4, 4, 9, 9)]) == ((0, 0, 9, 9),)
    assert merged([(0, 0, 2, 2), (8, 8, 9, 9), (1, 1, 9, 3), (8, 2, 9, 9)]) == ((0, 0, 9, 9),)


@given(boxes, st.integers(0, 30))
def test_grown_windows_stay_in_the_picture(window: Window, margin: int) -> None:
    left, top, right, bottom = grown(window, margin, 90, 90)
    assert covers((left, top, right, bottom), window)
    assert 0 <= left <= window[0] and window[2] <= right <= 90
    assert 0 <= top <= window[1] and window[3] <= bottom <= 90
    assert (left, right) == (max(window[0] - margin, 0), min(window[2] + margin, 90))


def flooded(mask: NDArray[np.bool_]) -> set[Window]:
    """The boxes of parts that touch by a side or a corner, by flooding."""
    left = {(int(y), int(x)) for y, x in np.argwhere(mask)}
    found: set[Window] = set()
    while left:
        part, edge = set(), [left.pop()]
        while edge:
            y, x = edge.pop()
            part.add((y, x))
            around = {(y + down, x + across) for down in (-1, 0, 1) for across in (-1, 0, 1)} & left
            left -= around
            edge.extend(around)
        lines, columns = [y for y, _ in part], [x for _, x in part]
        found.add((min(columns), min(lines), max(columns) + 1, max(lines) + 1))
    return found


@given(arrays.arrays(np.bool_, st.tuples(st.integers(1, 14), st.integers(1, 14))))
@settings(max_examples=150)
def test_connected_parts_are_what_a_flood_reaches(mask: NDArray[np.bool_]) -> None:
    assert set(regions.connected(mask)) == flooded(mask)


@pytest.mark.parametrize("share", [0.2, 0.4, 0.6])
def test_connected_parts_of_large_masks(share: float) -> None:
    mask = np.random.default_rng(3).random((60, 70)) < share
    assert set(regions.connected(mask)) == flooded(mask)


@given(
    arrays.arrays(np.bool_, st.tuples(st.integers(1, 40), st.integers(1, 40))),
    st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4))),
)
def test_edges_are_counted_along_each_line_but_for_blank_cells(
    bits: NDArray[np.bool_], cells: set[tuple[int, int]]
) -> None:
    height, width = bits.shape
    blank = np.zeros((-(-height // 8), -(-width // 8)), np.bool_)
    for line, column in cells:
        blank[line : line + 1, column : column + 1] = True
    seen = ~np.kron(blank, np.ones((8, 8), np.bool_))[:height, :width].astype(np.bool_)
    padded = np.zeros((height, -(-width // 8) * 8), np.bool_)
    padded[:, :width] = bits
    inside = ~np.kron(blank, np.ones((8, 8), np.bool_))[:height].astype(np.bool_)
    across = ((padded[:, 1:] != padded[:, :-1]) & inside[:, 1:]).sum(axis=1).max(initial=0)
    down = ((bits[1:] != bits[:-1]) & seen[1:]).sum(axis=0).max(initial=0)
    assert regions.most_edges(np.packbits(bits, axis=1), blank) == max(across, down)


def test_lines_of_type_as_dense_as_a_symbol_are_none() -> None:
    bits = np.zeros((200, 200), np.bool_)
    bits[40:160, 40:160] = np.random.default_rng(3).random((120, 120)) < 0.5
    rows = Bitmap.from_bits(bits).rows
    assert dense(rows, 200)
    bits[40:160:12] = bits[41:160:12] = False
    assert not dense(Bitmap.from_bits(bits).rows, 200)

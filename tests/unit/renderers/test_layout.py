from random import Random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labeld.renderers.layout import Region, find_labels
from labeld.renderers.media import Media
from labeld.renderers.placement import Box

from .layouts import WITH_LABELS, WITHOUT
from .pages import A4, COARSE, FINE, Label, Pen, Scene
from .paper import FOUR_BY_SIX

SEEDS = st.integers(0, 10_000)


def look(scene: Scene, media: Media = FOUR_BY_SIX, fine: bool = True) -> tuple[tuple[Region, ...], list[Box], float]:
    """What is found on a page, the truth, and one pixel in 1/100 mm."""
    grey, per_mm, symbols, truth = scene.page(FINE if fine else COARSE)
    return find_labels(grey, per_mm, symbols, media), truth, 100 / per_mm


def agree(found: tuple[Region, ...], truth: list[Box], pixel: float) -> bool:
    """Whether the boxes are the same in the same order, to a pixel."""
    return len(found) == len(truth) and all(
        abs(one - two) <= pixel + 1
        for region, box in zip(found, truth, strict=True)
        for one, two in zip(region.box, box, strict=True)
    )


@pytest.mark.parametrize("kind", sorted(set(WITH_LABELS) - {"dashed_frame"}))
@pytest.mark.parametrize("seed", range(6))
def test_labels_of_every_kind_of_page_are_found(kind: str, seed: int) -> None:
    found, truth, pixel = look(WITH_LABELS[kind](Random(seed)), fine=seed % 2 == 0)  # noqa: S311
    assert agree(found, truth, pixel)


@pytest.mark.parametrize("kind", sorted(WITHOUT))
@pytest.mark.parametrize("seed", range(6))
def test_documents_and_labels_larger_than_the_stock_are_left_alone(kind: str, seed: int) -> None:
    assert look(WITHOUT[kind](Random(seed)))[0] == ()  # noqa: S311


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(WITH_LABELS)), SEEDS, st.booleans())
def test_what_is_found_is_the_label_and_nothing_less(kind: str, seed: int, fine: bool) -> None:
    found, truth, pixel = look(WITH_LABELS[kind](Random(seed)), fine=fine)  # noqa: S311
    assert found == () or agree(found, truth, pixel)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(WITHOUT)), SEEDS, st.booleans())
def test_nothing_is_found_where_there_is_no_label_for_the_stock(kind: str, seed: int, fine: bool) -> None:
    assert look(WITHOUT[kind](Random(seed)), fine=fine)[0] == ()  # noqa: S311


BOXES = st.tuples(
    st.integers(0, 180), st.integers(0, 260), st.integers(1, 120), st.integers(1, 120), st.sampled_from((0, 90, 200))
)


@settings(max_examples=80, deadline=None)
@given(st.lists(BOXES, min_size=1, max_size=25), st.sets(st.integers(0, 24), max_size=4))
@example([(10, 10, 100, 150, 0), (10, 170, 180, 60, 0)], {0})
def test_no_region_cuts_ink_or_exceeds_the_stock(boxes: list[tuple[int, int, int, int, int]], coded: set[int]) -> None:
    per_mm = 4.0
    grey = np.full((1188, 840), 255, np.uint8)
    symbols: list[Box] = []
    for number, (x, y, width, height, shade) in enumerate(boxes):
        right, bottom = min(x + width, 209), min(y + height, 296)
        grey[y * 4 : bottom * 4, x * 4 : right * 4] = shade
        if number in coded:
            symbols.append((x * 100.0, y * 100.0, right * 100.0, bottom * 100.0))
    for region in find_labels(grey, per_mm, symbols, FOUR_BY_SIX):
        left, top, right, bottom = (round(side * per_mm / 100) for side in region.box)
        sides = sorted((region.box[2] - region.box[0], region.box[3] - region.box[1]))
        assert sides[0] <= FOUR_BY_SIX.width + 15.01
        assert sides[1] <= FOUR_BY_SIX.length + 15.01
        ink = np.pad(grey, 1, constant_values=255) < 250
        assert not ink[top, left + 1 : right + 1].any()
        assert not ink[bottom + 1, left + 1 : right + 1].any()
        assert not ink[top + 1 : bottom + 1, left].any()
        assert not ink[top + 1 : bottom + 1, right + 1].any()


def test_an_empty_page_has_no_label() -> None:
    assert find_labels(np.full((1188, 840), 255, np.uint8), 4.0, (), FOUR_BY_SIX) == ()


def test_a_page_whose_ink_fits_is_one_label() -> None:
    found, truth, pixel = look(Scene(A4, (Label(50, 60, 90, 140),)))
    assert agree(found, truth, pixel)
    assert found[0].because == "all ink of the page"
    assert found[0].left_out == ()


def test_it_says_where_the_label_is_and_what_is_left_off() -> None:
    found, truth, pixel = look(Scene(A4, (Label(20, 20, 150, 100, turn=90),), lambda pen: _prose(pen, 160)))
    assert agree(found, truth, pixel)
    assert found[0].because == "the label in the upper half of the page; what lies apart from it is left off"
    assert found[0].left_out
    assert all(box[1] > 15000 for box in found[0].left_out)


def test_labels_are_given_top_to_bottom_and_left_to_right() -> None:
    places = [(4.0, 4.0), (109.0, 5.0), (4.5, 152.0), (109.0, 151.5)]
    found, _, _ = look(Scene(A4, tuple(Label(x, y, 96, 140) for x, y in reversed(places))))
    assert [(round(region.box[0] / 100), round(region.box[1] / 100)) for region in found] == [
        (4, 4), (109, 5), (4, 152), (109, 152),
    ]  # fmt: skip


def test_three_of_four_labels_are_three() -> None:
    places = [(4, 4), (109, 4), (4, 152)]
    found, truth, pixel = look(Scene(A4, tuple(Label(x, y, 96, 140, "loose") for x, y in places)))
    assert agree(found, truth, pixel)
    assert {region.because for region in found} == {"one of 3 labels on the page"}


def test_a_tinted_page_is_paper() -> None:
    scene = Scene(A4, (Label(20, 20, 150, 100, turn=90),), lambda pen: _prose(pen, 160), tint=0.95)
    grey, per_mm, symbols, _ = scene.page()
    plain = Scene(A4, scene.labels, scene.rest).page()
    found = find_labels(grey, per_mm, symbols, FOUR_BY_SIX)
    assert agree(found, plain[3], 100 / per_mm)


def test_a_footer_below_the_label_stays_with_it() -> None:
    def rest(pen: Pen) -> None:
        pen.text(20, 160, "Reference 4711", 8)
        _prose(pen, 200)

    found, truth, _ = look(Scene(A4, (Label(20, 20, 95, 132),), rest))
    assert len(found) == 1
    assert found[0].box[:2] == pytest.approx(truth[0][:2], abs=13)
    assert 15900 < found[0].box[3] < 16100


def test_a_dashed_frame_to_cut_along_is_not_of_the_label() -> None:
    def rest(pen: Pen) -> None:
        for x1, y1, x2, y2 in ((15, 15, 125, 15), (15, 175, 125, 175), (15, 15, 15, 175), (125, 15, 125, 175)):
            pen.rule(x1, y1, x2, y2, 0.8, (3, 2))
        _prose(pen, 200)

    found, truth, pixel = look(Scene(A4, (Label(20, 20, 100, 150),), rest))
    assert found == () or agree(found, truth, pixel)


def test_without_a_barcode_a_label_is_found_only_beside_a_cut_line() -> None:
    def rest(pen: Pen) -> None:
        pen.rule(148.5, 4, 148.5, 206, 0.8, (2, 2))
        pen.prose(10, 20, 120, 30, Random(1))  # noqa: S311

    scene = Scene(A4[::-1], (Label(170, 20, 100, 150, "ruled"),), rest)
    grey, per_mm, _, truth = scene.page()
    assert agree(find_labels(grey, per_mm, (), FOUR_BY_SIX), truth, 100 / per_mm)
    scene = Scene(A4[::-1], scene.labels, lambda pen: _prose(pen, 180))
    grey, per_mm, _, _ = scene.page()
    assert find_labels(grey, per_mm, (), FOUR_BY_SIX) == ()


def test_without_a_barcode_prose_beside_a_cut_line_is_no_label() -> None:
    def rest(pen: Pen) -> None:
        pen.rule(148.5, 4, 148.5, 206, 0.8, (2, 2))
        pen.prose(10, 20, 125, 25, Random(1))  # noqa: S311
        pen.prose(160, 20, 60, 5, Random(1))  # noqa: S311

    grey, per_mm, _, _ = Scene(A4[::-1], (), rest).page()
    assert find_labels(grey, per_mm, (), FOUR_BY_SIX) == ()


@pytest.mark.parametrize(("white", "count"), [(20, 1), (5, 0)])
def test_without_a_barcode_a_framed_label_is_found_where_all_else_is_far(white: int, count: int) -> None:
    scene = Scene(A4, (Label(20, 20, 100, 150),), lambda pen: _prose(pen, 170 + white))
    grey, per_mm, _, _ = scene.page()
    assert len(find_labels(grey, per_mm, (), FOUR_BY_SIX)) == count


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 999), st.integers(1, 300), st.integers(1, 300), st.sampled_from((0.5, 1.0, 4.0)))
def test_noise_of_any_size_is_taken(seed: int, height: int, width: int, per_mm: float) -> None:
    random = np.random.default_rng(seed)
    grey = np.where(random.random((height, width)) < random.choice((0.001, 0.02, 0.5)), 0, 255).astype(np.uint8)
    for region in find_labels(grey, per_mm, [(0.0, 0.0, 500.0, 500.0)], FOUR_BY_SIX):
        assert region.box[0] >= 0
        assert region.box[2] <= width * 100 / per_mm


def _prose(pen: Pen, y: float) -> None:
    pen.prose(15, y, 180, 8, Random(3))  # noqa: S311

"""How far shapes are said to reach against the ink that they leave."""

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given

from labeld.renderers.bitmap import Bitmap
from labeld.renderers.zpl.extent import Extent, extent
from labeld.renderers.zpl.raster import rasterise
from labeld.renderers.zpl.scene import Dots, Shape, Text

from .scenes import SHAPES, boxes, line, scene

WIDTH, HEIGHT = 120, 90
FAR = 500


def test_what_reaches_beyond_the_paper() -> None:
    reach = Extent((-3, 5, 130, 40), 9)
    assert reach.beyond(WIDTH, HEIGHT) == (3, -5, 10, -50)
    assert not reach.misses(WIDTH, HEIGHT)
    for box in ((-9, 0, 0, 9), (120, 0, 130, 9), (0, -9, 9, 0), (0, 90, 9, 99)):
        assert Extent(box, 0).misses(WIDTH, HEIGHT)


def test_shapes_without_ink() -> None:
    blank = Bitmap.from_bits(np.zeros((9, 9), np.bool_))
    for shape in (boxes(5, 5), Dots(-5, 5, blank), line("   ", -5, 5), Text(5, 5, 0, line("a", 0, 0).style, ())):
        assert extent(shape, WIDTH, HEIGHT) is None


@given(SHAPES)
def test_ink_lies_where_it_is_said_to(shape: Shape) -> None:
    moved: dict[str, Any] = {"x": shape.x + FAR, "y": shape.y + FAR}
    far = replace(shape, **moved)
    ink = rasterise(scene(far, width=1200, height=1200)).ink_box()
    reach = extent(shape, WIDTH, HEIGHT)
    shown = rasterise(scene(shape, width=WIDTH, height=HEIGHT)).ink_box()
    if reach is None or reach.misses(WIDTH, HEIGHT):
        assert shown is None
        return
    assert reach.work > 0
    if ink is None:
        return
    left, top, right, bottom = (side - FAR for side in ink)
    box = reach.box
    assert box[0] <= left and box[1] <= top and right <= box[2] and bottom <= box[3]
    if isinstance(shape, Text | Dots) and max(reach.beyond(WIDTH, HEIGHT)) > 0:
        assert box == (left, top, right, bottom)

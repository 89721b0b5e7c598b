"""Whatever a barcode command is asked for, a symbol of bounded size comes out, or a clear refusal."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeld.renderers.zpl.symbology import DRAWERS, draw
from labeld.renderers.zpl.symbology.model import Request, Symbol, Unprintable

#: Far beyond any label, and far from the end of 32 bits.
MOST_DOTS = 100_000_000
MOST_BOXES = 200_000
SCALES = (0.5, 1.0, 1500 / 127 / 8, 3000 / 127 / 8, 6.0)

NUMBERS = st.one_of(st.integers(-9, 400).map(float), st.floats())
VALUES = st.lists(
    st.one_of(st.none(), st.just(""), NUMBERS, st.sampled_from("NYABCDEFKMRUI0123456789_~"), st.text(max_size=5)),
    max_size=9,
).map(tuple)
OPENINGS = st.sampled_from(
    [
        "",
        "QA,",
        "MM,A",
        "MM,B9999",
        "HM,N123,A",
        "D0102FF,MM,K",
        "003840123456789",
        "[)>\x1e01\x1d96",
        "123456,",
        ">;",
        ">:",
    ]
)
ALPHABETS = st.sampled_from(
    [
        "0123456789",
        "A1B2 -./+%$",
        "ABCD0123",
        ">:;0A5<1",
        "_1d~",
        ",N A",
        "\xe9\xff\x00\x1d",
        "\u0663\xb2\u4e2d\U0001f4e6",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=60),
    st.builds(str.__add__, OPENINGS, ALPHABETS.flatmap(lambda alphabet: st.text(alphabet, max_size=120))),
    # long ones, of which chance would make few
    st.builds(lambda part, length: (part * length)[:3000], ALPHABETS, st.integers(0, 3000)),
)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Whatever a field may come to."""
    text = draw(TEXTS)
    return Request(
        draw(VALUES),
        text.encode(draw(st.sampled_from(["utf-8", "latin-1"])), "replace")[:3000],
        text,
        module=draw(st.integers(1, 30)),
        ratio=draw(st.floats(2.0, 3.0)),
        height=draw(st.sampled_from([1, 10, 300, 32_000])),
        scale=draw(st.sampled_from(SCALES)),
        cap_height=draw(st.floats(1.0, 500.0)),
    )


@pytest.mark.parametrize("command", sorted(DRAWERS))
@given(asked=requests())
@settings(deadline=None)
def test_only_symbols_and_clear_refusals_come_out(command: str, asked: Request) -> None:
    try:
        symbol = draw(command, asked)
    except Unprintable as refusal:
        said = str(refusal)
        assert said
        assert len(said) < 500
        assert said.isprintable()
        return
    assert isinstance(symbol, Symbol)
    check(symbol)


def check(symbol: Symbol) -> None:
    """Sizes are positive and bounded, and bars lie inside: only guard bars and marks below hang out of them."""
    assert 0 < symbol.width < MOST_DOTS
    assert 0 < symbol.height < MOST_DOTS
    if symbol.bitmap is not None:
        assert (symbol.bitmap.width, symbol.bitmap.height) == (symbol.width, symbol.height)
        return
    edges = symbol.edges
    assert edges.dtype == np.int32
    assert 0 < len(edges) < MOST_BOXES
    assert edges.min() >= 0
    assert (edges[:, 0] < edges[:, 2]).all()
    assert (edges[:, 1] < edges[:, 3]).all()
    assert edges[:, 2].max() <= symbol.width
    assert edges[:, 3].max() <= symbol.height + 13 * 6 + 1
    for caption in symbol.captions:
        assert all(math.isfinite(each) for each in (caption.left, caption.right, caption.baseline))


@pytest.mark.parametrize("command", sorted(DRAWERS))
@pytest.mark.parametrize("data", [b"0" * 3000, b"A1b;" * 750, bytes(range(256)) * 11, b"QA," + b"\xe9" * 2997])
def test_long_data_is_a_symbol_or_refused(command: str, data: bytes) -> None:
    asked = Request(("N", 99_999.0, 99_999.0, 99_999.0, 99_999.0), data, data.decode("latin-1"), module=30)
    try:
        check(draw(command, asked))
    except Unprintable as refusal:
        assert len(str(refusal)) < 500

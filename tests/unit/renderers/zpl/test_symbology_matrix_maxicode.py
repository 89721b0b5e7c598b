import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.renderers.zpl.matrixcodes import CASES, SCALES, dots, draw, reference, request

from labeld.renderers.symbols.maxicode import read
from labeld.renderers.zpl.symbology.maxicode import encoded
from labeld.renderers.zpl.symbology.model import Request, Symbol, Unprintable

UPS = "4030405000  [)>\x1e01\x1d961Z08720000\x1dUPSN\x1d680RA4\x1d051\x1d\x1d1/1\x1d1\x1dN\x1d\x1dHALLEIN\x1d\x1e\x04"
latin = st.text(st.characters(codec="latin-1"), min_size=1, max_size=40)


def said(symbol: Symbol) -> str | None:
    grey = np.where(np.pad(dots(symbol), 60), np.uint8(0), np.uint8(255))
    (found,) = read(grey)
    return found.text


@pytest.mark.skipif(not CASES.is_dir(), reason="no reference pictures beside this checkout")
def test_a_maxicode_is_dot_for_dot_nearly_the_reference() -> None:
    symbol = draw("^BD", request(3.0, data=UPS))
    # the whole label is printed upside down: dots on an edge fall the other way
    picture = reference("unit_ups_maxicode", symbol, 812 - 792, 1624 - 1193, turned=True)
    drawn = dots(symbol)
    assert (picture & drawn).sum() > 0.97 * (picture | drawn).sum()


@pytest.mark.parametrize("scale", [0.75, *SCALES])
def test_a_maxicode_reads_at_every_resolution(scale: float) -> None:
    symbol = draw("^BD", request(3.0, data=UPS, scale=scale))
    assert abs(symbol.width - 200 * scale) <= 1
    assert abs(symbol.height - 193 * scale) <= 1
    assert said(symbol) == symbol.text
    assert symbol.format == "MaxiCode"


@pytest.mark.parametrize(
    ("head", "scale"),
    [(8.0, 1.0), (300 / 25.4, 1.0), (600 / 25.4, 1.0), (300 / 25.4, 203.2 / 300), (8.0, 600 / 203.2)],
)
def test_a_maxicode_is_as_large_on_every_head(head: float, scale: float) -> None:
    symbol = draw("^BD", request(3.0, data=UPS, dots_per_mm=head, scale=scale))
    assert symbol.width / scale / head == pytest.approx(25.0, abs=0.13)
    assert symbol.height / scale / head == pytest.approx(24.1, abs=0.13)
    assert said(symbol) == symbol.text


@given(latin, st.sampled_from([4.0, 5.0, 6.0]))
def test_a_maxicode_of_any_letters_says_them(data: str, mode: float) -> None:
    try:
        symbol = draw("^BD", Request((mode,), data.encode("latin-1"), data))
    except Unprintable:
        return
    assert said(symbol) == symbol.text


@given(
    st.integers(0, 999),
    st.integers(0, 999),
    st.text(string.digits, min_size=9, max_size=9),
    st.text(string.ascii_letters + string.digits + " .,", max_size=30),
)
def test_the_carriers_codes_of_mode_2_come_back(service: int, country: int, postal: str, rest: str) -> None:
    symbol = draw("^BD", request(2.0, data=f"{service:03}{country:03}{postal}[)>\x1e01\x1d96{rest}"))
    assert said(symbol) == symbol.text
    assert f"96{postal}␝{country:03}␝{service:03}␝" in symbol.text


@given(st.text(string.ascii_uppercase + string.digits + " ", min_size=6, max_size=6))
def test_the_carriers_codes_of_mode_3_come_back(postal: str) -> None:
    symbol = draw("^BD", request(3.0, data=f"001124{postal}REST"))
    assert (said(symbol) or "").replace("<GS>", "\x1d") == f"{postal}\x1d124\x1d001\x1dREST"


def test_a_part_of_several_says_which() -> None:
    whole, _ = encoded(b"ABC", 4)
    part, _ = encoded(b"ABC", 4, (1 << 3 | 2,))
    assert (whole != part).any()
    assert said(draw("^BD", request(4.0, 2.0, 3.0, data="ABC"))) == "ABC"


@pytest.mark.parametrize(
    ("mode", "data", "why"),
    [
        (2.0, "", "no data"),
        (2.0, "00284010045", "nine digits"),
        (2.0, "0028401004AAAAA", "nine digits"),
        (3.0, "ABC840123456", "three digits of service class"),
        (3.0, "001840ab", "six capitals"),
        (4.0, "A" * 100, "no room"),
        (7.0, "A", "no mode 7"),
    ],
)
def test_a_maxicode_that_cannot_be_says_so(mode: float, data: str, why: str) -> None:
    with pytest.raises(Unprintable, match=why):
        draw("^BD", request(mode, data=data))

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.renderers.zpl.grammar import LENGTHS, NUMBERS, PARAMETERS, Value, graphic_data, read
from labeld.renderers.zpl.lexer import Command, lex


def _only(zpl: bytes) -> Command:
    (command,) = lex(zpl)
    return command


@pytest.mark.parametrize(
    ("zpl", "values"),
    [
        (b"^FO37.5,5", (37.5, 5.0, None)),
        (b"^FO 10 , 20 ,2", (10.0, 20.0, 2.0)),
        (b"^FO1\r\n0,x,-5", (10.0, None, -5.0)),
        (b"^FO,.5,1e9", (None, 0.5, 1.0)),
        (b"^FO-,.,+.", (None, None, None)),
        (b"^FT", (None, None, None)),
        (b"^fo5,6", (5.0, 6.0, None)),
        (b"^A0N,30,20", ("0", "N", 30.0, 20.0)),
        (b"^AdN,0,0", ("D", "N", 0.0, 0.0)),
        (b"^A0,30", ("0", "", 30.0, None)),
        (b"^A", ("", "", None, None)),
        (b"^A@r,9,,E:X.TTF", ("R", 9.0, None, "E:X.TTF")),
        (b"^BCN,186.966", ("N", 186.966, "", "", "", "")),
        (b"^BXN,5,200,,,,~\r\n", ("N", 5.0, 200.0, None, None, None, "~", None)),
        (b"^BQ,2,5.9,h", ("", 2.0, 5.0, "H", None)),
        (b"^CF,0,0,0", ("", 0.0, 0.0)),
        (b"^GB184,,8", (184.0, None, 8.0, "", None)),
        (b"^GB1,2,3,W,4,5,6", (1.0, 2.0, 3.0, "W", 4.0)),
        (b"^BY96,96", (96.0, 96.0, None)),
        (b"^FH", ("",)),
        (b"^FHa", ("a",)),
        (b"^FDa, b,c ", ("a, b,c ",)),
        (b'^FN12"Na,me"', (12.0, "Na,me")),
        (b"^FN", (None, "")),
        (b"^CI28,36,21,1,2", (28.0, "36,21,1,2")),
        (b"^MUd,150,300", ("D", 150.0, 300.0)),
        (b"^GFA,1,2,3,FF,00", ("A", 1.0, 2.0, 3.0)),
        (b"~DGR:A,2,1,FFFF", ("R:A", 2.0, 1.0)),
        (b"^PQ" + b"9" * 5000, (999_999_999.0, None, None, "", "")),
        (b"^QQ1,2", ()),
    ],
)
def test_parameters_are_read_as_printers_read_them(zpl: bytes, values: tuple[Value, ...]) -> None:
    assert read(_only(zpl)) == values


def test_units_multiply_lengths_only() -> None:
    assert read(_only(b"^FO1.5,2,1"), 8.0) == (12.0, 16.0, 1.0)
    assert read(_only(b"^BY.25,3,10"), 8.0) == (2.0, 3.0, 80.0)
    assert read(_only(b"^BQN,2,5"), 8.0)[2] == 5.0


def test_another_delimiter_cuts_the_parameters() -> None:
    command = Command("^FO", b"10;20,5", 0, 10, ";")
    assert read(command) == (10.0, 20.0, None)
    assert command.fields() == ["10", "20,5"]


def test_the_data_of_a_graphic_follows_its_parameters() -> None:
    assert graphic_data(_only(b"^GFA,1,2,3,FF,00")) == b"FF,00"
    assert graphic_data(_only(b"~DGR:A,2,1,FF")) == b"FF"
    assert graphic_data(_only(b"^GFA,1,2,3")) == b""


def test_every_default_lies_in_its_range() -> None:
    for name, parameters in PARAMETERS.items():
        for parameter in parameters:
            assert parameter.kind in NUMBERS or parameter.lowest is parameter.highest is None, name
            if isinstance(parameter.default, float) and parameter.lowest is not None:
                assert parameter.lowest <= parameter.default <= (parameter.highest or math.inf), name
            elif parameter.letters and parameter.default:
                assert str(parameter.default) in parameter.letters, name


@given(st.sampled_from(sorted(PARAMETERS)), st.binary(max_size=90), st.sampled_from([1.0, 8.0]))
def test_anything_is_read_into_the_types_of_the_table(name: str, parameters: bytes, factor: float) -> None:
    values = read(Command(name, parameters, 0, 0), factor)
    assert len(values) == len(PARAMETERS[name])
    for value, parameter in zip(values, PARAMETERS[name], strict=True):
        if parameter.kind in NUMBERS:
            assert value is None or (isinstance(value, float) and abs(value) < 1e9 * 8)
            assert value is None or parameter.kind in LENGTHS or parameter.kind == "ratio" or value == int(value)
        else:
            assert isinstance(value, str)
            assert parameter.kind not in ("letter", "sign") or len(value) <= 1

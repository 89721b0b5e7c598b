"""`^GF` there and back, what is refused, and what other programs make of it."""

import binascii
import importlib.util
import re
import sys
import tracemalloc
import zlib
from base64 import b64decode, b64encode
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from tests.unit.renderers.paper import FOUR_BY_SIX, dots, shipping

from labeld.renderers.asset import unwrap
from labeld.renderers.bitmap import Bitmap
from labeld.renderers.convert import Target, convert
from labeld.renderers.errors import AssetRefused
from labeld.renderers.media import Resolution
from labeld.renderers.zpl.graphic_field import Encoding, decode, decode_graphic, encode
from labeld.renderers.zpl.lexer import binary_fault, lex

ENCODINGS: list[Encoding] = ["ascii", "rle", "b64", "z64"]
SAMPLES = Path(__file__).parents[3].parent / "shared/conformance/zpl"


@st.composite
def bitmaps(draw: st.DrawFn) -> Bitmap:
    """Rows as labels have them: white, black, repeated, in long runs, and at random; any width."""
    width = draw(st.integers(1, 90) | st.sampled_from([1671, 1680, 1688, 3352, 3360, 3400]))
    kinds = draw(st.lists(st.sampled_from("white black same runs any".split()), min_size=1, max_size=8))  # noqa: SIM905
    random = np.random.default_rng(draw(st.integers(0, 99)))
    rows = [np.zeros(width, np.bool_)]
    for kind in kinds:
        if kind in ("white", "black"):
            rows.append(np.full(width, kind == "black"))
        elif kind == "same":
            rows.append(rows[-1])
        elif kind == "runs":
            rows.append(np.arange(width) // int(random.integers(1, width + 1)) % 2 == 1)
        else:
            rows.append(random.random(width) < 0.5)
    return Bitmap.from_bits(np.array(rows[1:]))


def whole(bitmap: Bitmap) -> Bitmap:
    """As wide as its bytes: what a field says of its width."""
    return Bitmap(8 * bitmap.rows.shape[1], bitmap.height, bitmap.rows)


@given(bitmaps(), st.sampled_from(ENCODINGS))
@example(Bitmap.blank(1, 1), "rle")
@example(Bitmap.from_bits(np.ones((2, 8 * 1000), np.bool_)), "rle")
@example(
    Bitmap.from_bits(np.tile([False, False, True, False], (2, 840))), "rle"
)  # 840 nibbles: two of the longest runs
def test_decoding_undoes_encoding(bitmap: Bitmap, encoding: Encoding) -> None:
    field = encode(bitmap, encoding)
    assert decode(field[3:]) == whole(bitmap)
    (command,) = lex(field)
    assert (command.name, command.parameters) == ("^GF", field[3:]), "nothing in it reads as a command"
    assert re.fullmatch(rb"\^GFA,(\d+),\1,\d+,[0-9A-Za-z,:!+/=]*", field)


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_binary_fields_are_their_bytes(rows: NDArray[np.uint8]) -> None:
    field = b"B,%d,%d,%d,%s" % (rows.size, rows.size, rows.shape[1], rows.tobytes())
    assert decode(field) == Bitmap(8 * rows.shape[1], rows.shape[0], rows)


@pytest.mark.parametrize(
    ("nibbles", "text"),
    [(2, b"AA"), (3, b"IA"), (20, b"gA"), (39, b"gYA"), (400, b"zA"), (419, b"zYA"), (420, b"zYAA"), (422, b"zYAIA")],
)
def test_run_lengths_count_as_the_guide_says(nibbles: int, text: bytes) -> None:
    row = np.full((1, nibbles // 2 + 1), 0xAA, np.uint8)
    row[0, -1] = 0xB1 if nibbles % 2 == 0 else 0xAB
    assert encode(Bitmap(8 * row.size, 1, row), "rle").rpartition(b",")[2] == text + (b"B" if nibbles % 2 else b"B1")


def test_run_lengths_longer_than_we_write_them_add_up() -> None:
    assert decode(b"A,500,500,500,HzgzA,") == decode(b"A,500,500,500," + b"A" * 822)


@pytest.mark.parametrize("name", [b"B64", b"Z64"])
def test_line_ends_within_base64_count_for_nothing(name: bytes) -> None:
    raw = np.packbits(dots(80, 40), axis=1).tobytes()
    text = b64encode(raw if name == b"B64" else zlib.compress(raw))
    lines = b"\r\n".join(text[start : start + 60] for start in range(0, len(text), 60))
    data = b":%s:%s\n:%04x" % (name, lines, binascii.crc_hqx(text, 0))
    for declared in (b"", b"400", b"1", b"%d" % (len(text) + 5)):
        assert decode(b"A,%s,400,10,%s\n" % (declared, data)).rows.tobytes() == raw


def test_a_wrong_checksum_is_refused_with_both_values() -> None:
    text = b64encode(bytes(4))
    right = binascii.crc_hqx(text, 0)
    with pytest.raises(AssetRefused, match=f"checksum is {right ^ 0x1000:04X}, its data gives {right:04X}"):
        decode(b"A,4,4,2,:B64:%s:%04X" % (text, right ^ 0x1000))


def packed(content: bytes) -> bytes:
    """A `:Z64:` text around `content`, which need not be a zlib stream."""
    text = b64encode(content)
    return b":Z64:%s:%04X" % (text, binascii.crc_hqx(text, 0))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (zlib.compress(bytes(range(200)))[:100], "cut off"),
        (zlib.compress(bytes(range(200)))[:-1] + b"!", "damaged: .*incorrect data check"),
        (b"\x78\x9c" + b"\xff" * 20, "damaged"),
        (b"", "cut off"),
    ],
)
def test_a_damaged_stream_is_refused_though_its_checksum_is_right(content: bytes, words: str) -> None:
    with pytest.raises(AssetRefused, match=words):
        decode(b"A,200,200,2," + packed(content))


def test_compressed_binary_is_refused_in_words() -> None:
    with pytest.raises(AssetRefused, match=r"\^GFC packs its dots in a way that is not published"):
        decode(b"C,4,4,2,abcd")


@given(
    st.one_of(
        st.binary(),
        st.tuples(
            st.sampled_from([b"A,,", b"A,9,", b"a,1,", b"B,1,", b"C,1,", b" A , 5 ,"]),
            st.sampled_from([b"0,0,", b"8,1,", b"64,8,", b"65,8,", b"12500000,1,", b"12500000,12500000,", b"7,9,"]),
            st.one_of(
                st.binary(),
                st.text("0AFgz,!:GY \n", max_size=60).map(str.encode),
                st.binary().map(packed),
                st.binary().map(zlib.compress).map(packed),
                st.binary().map(packed).map(lambda text: text[:-3]),
            ),
        ).map(b"".join),
    )
)
def test_any_bytes_are_read_or_refused(parameters: bytes) -> None:
    try:
        bitmap = decode(parameters, 100_000)
    except AssetRefused as error:
        assert str(error).isprintable()
    else:
        assert bitmap.rows.size <= 100_000 + bitmap.rows.shape[1]


@pytest.mark.parametrize(
    "data",
    [
        packed(zlib.compress(bytes(100_000_000))),
        b"z" * 1_000_000 + b"F",
        b":" * 1_000_000,
        b"!," * 500_000,
        b"zF" * 500_000,
    ],
    ids=["zlib bomb", "one long run", "repeats", "fills", "runs"],
)
def test_small_graphics_take_little_memory_whatever_their_data_says(data: bytes) -> None:
    tracemalloc.start()
    try:
        bitmap = decode_graphic(data, 8000, 100)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert bitmap.height == 80
    assert peak < 2 * len(data) + 200_000


@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_z64_is_no_larger_than_zlibs_usual_packing_and_begins_as_printers_know_it(dpi: int) -> None:
    (page,) = convert(unwrap(shipping()), Target(media=FOUR_BY_SIX, resolution=Resolution(dpi))).pages
    assert page.bitmap is not None
    for bitmap in (page.bitmap, Bitmap.blank(page.bitmap.width, page.bitmap.height)):
        text = encode(bitmap, "z64").split(b":")[2]
        content = b64decode(text)
        assert content.startswith(b"\x78\x9c")
        assert zlib.decompress(content) == bitmap.rows.tobytes()
        assert len(content) <= len(zlib.compress(bitmap.rows.tobytes()))


def test_without_libdeflate_zlib_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    from labeld.renderers import packing

    monkeypatch.setitem(sys.modules, "deflate", None)
    spec = importlib.util.spec_from_file_location("packing_without_libdeflate", packing.__file__)
    assert spec is not None and spec.loader is not None
    plain = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plain)
    raw = Bitmap.from_bits(dots(80, 20)).rows.tobytes()
    assert plain.zlib_packed(raw) == zlib.compress(raw, 6)


@given(bitmaps())
def test_zebrafy_reads_ours_and_we_read_zebrafys(bitmap: Bitmap) -> None:
    zebrafy = pytest.importorskip("zebrafy")
    for encoding in ENCODINGS:
        (read,) = zebrafy.ZebrafyZPL("^XA" + encode(bitmap, encoding).decode("ascii") + "^FS^XZ").to_images()
        assert Bitmap.from_grey(np.asarray(read.convert("L"))) == whole(bitmap)
    for name in ("ASCII", "ASCII_COMPRESSED", "B64", "Z64"):
        for width in (None, 70):
            made = zebrafy.GraphicField(bitmap.to_image(), format=name, string_line_break=width).get_graphic_field()
            assert decode(made.encode("ascii").removesuffix(b"^FS")[3:]) == whole(bitmap)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="no samples of other people's ZPL beside this checkout")
def test_graphics_of_carriers_and_drivers_are_read_or_refused_for_a_known_reason() -> None:
    read, refused = 0, {}
    for path in sorted(SAMPLES.rglob("*.zpl")):
        try:
            for command in lex(path.read_bytes()):
                if binary_fault(command):
                    raise AssetRefused(binary_fault(command))  # noqa: TRY301  # as the allow-list does
                if command.name == "^GF":
                    assert decode(command.parameters).ink_box() is not None, path.name
                elif command.name == "~DG":
                    _, total, per_row, data = command.parameters.split(b",", 3)
                    assert decode_graphic(data, int(total), int(per_row)).ink_box() is not None, path.name
                else:
                    continue
                read += 1
        except AssetRefused as error:
            refused[path.name] = str(error)
    assert read >= 40
    assert refused == {
        # its binary graphics lost their bytes on the way through a text file
        "carrier_usps_apo.zpl": "is cut off: it declares 4888 bytes and has 0",
    }

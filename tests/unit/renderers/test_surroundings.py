"""What is said around a label's dots is what the encoder writes."""

import numpy as np
import pytest

from labeld.renderers import surroundings
from labeld.renderers.asset import EPL, PDF, TSPL, ZPL
from labeld.renderers.bitmap import Bitmap
from labeld.renderers.media import Resolution
from labeld.renderers.write import write
from labeld.renderers.zpl.allowlist import DROPPED
from labeld.renderers.zpl.graphic_field import Encoding

WIDTH, HEIGHT, RESOLUTION = 300, 200, Resolution(203)


def payload(document_format: str, encoding: Encoding = "z64") -> bytes:
    dots = np.zeros((HEIGHT, WIDTH), np.bool_)
    dots[0, 5] = dots[HEIGHT - 1, 7] = True
    return write([Bitmap.from_bits(dots)], document_format, RESOLUTION, encoding)


@pytest.mark.parametrize("encoding", ["ascii", "rle", "b64", "z64"])
def test_zpl_is_told_command_by_command(encoding: Encoding) -> None:
    said = surroundings.said(ZPL, WIDTH, HEIGHT, RESOLUTION, encoding)
    before, after = "".join(said).split("…")
    written = payload(ZPL, encoding).decode("latin-1")
    assert written.startswith(before)
    assert written.endswith(after)
    assert before.endswith({"z64": ":Z64:", "b64": ":B64:"}.get(encoding, ","))


@pytest.mark.parametrize("language", [TSPL, EPL])
def test_other_languages_are_told_line_by_line(language: str) -> None:
    blank, *lines = surroundings.said(language, WIDTH, HEIGHT, RESOLUTION, "z64")
    written = payload(language)
    assert blank == f"{len(written) - len(written.lstrip())} bytes of blank lines"
    at = 0
    for line in lines:
        at = written.index(line.removesuffix("…").encode(), at)


def test_a_page_is_told_by_its_size() -> None:
    (page,) = surroundings.said(PDF, 1200, 1800, Resolution(300), "z64")
    assert page == "a PDF page of 101.6 x 152.4 mm that holds 1200 x 1800 dots and nothing else"


def test_what_is_left_alone_is_in_no_label() -> None:
    names = {"^MD", "^PR", "^MN", "^MT", "^MM", "~TA", "^LT", "^ML", "~JS", "^JU"}
    assert surroundings.LEFT_ALONE[ZPL] == tuple(f"{DROPPED[name]} ({name})" for name in sorted(names, key=_place))
    assert not any(name.encode() in payload(ZPL) for name in names)
    assert not any(f"{word} ".encode() in payload(TSPL) for word in surroundings.LEFT_ALONE[TSPL])


def _place(name: str) -> int:
    return next(place for place, words in enumerate(surroundings.LEFT_ALONE[ZPL]) if name in words)

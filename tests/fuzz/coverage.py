"""Fuzzing led by coverage, with Atheris where it is installed: `python -m tests.fuzz.coverage [libFuzzer options]`.

`asset.unwrap`, the ZPL lexer and allow-list, and `graphic_field.decode`; a fault raises, and libFuzzer keeps the input.
"""

import sys

import atheris

with atheris.instrument_imports(include=["labeld.renderers"]):
    from labeld.renderers.asset import ZPL, unwrap
    from labeld.renderers.errors import RenderError
    from labeld.renderers.zpl import allowlist, graphic_field, lexer

from .judge import unclear


def entry(data: bytes) -> None:
    """One input: its first byte says what it is for."""
    try:
        if data[:1] < b"\x80":
            asset = unwrap(data[1:])
            if asset.document_format == ZPL:
                allowlist.screen(asset.data, lexer.lex(asset.data), 812)
        else:
            bitmap = graphic_field.decode(data[1:], 1 << 16)
            if graphic_field.decode(graphic_field.encode(bitmap, "rle")[3:]) != bitmap:
                raise AssertionError("^GF does not come back from run lengths")
    except RenderError as error:
        if fault := unclear(str(error)):
            raise AssertionError(fault) from error


if __name__ == "__main__":
    atheris.Setup(sys.argv, entry)
    atheris.Fuzz()

"""Fonts of a machine on which the packages are not installed."""

import string
from collections.abc import Iterator

import pytest

from labeld.renderers.zpl import fonts
from labeld.renderers.zpl.fonts import faces, font, missing, scalable, style, symbols

NAMES = ["0", *"ABCDEFGH", "P", "GS"]
ROLES = list(faces._SOURCES)


def forget() -> None:
    for cached in (faces.face, faces._own, scalable.place, symbols._place, fonts._fonts, fonts.style):
        cached.cache_clear()


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    forget()
    yield
    forget()


def uninstall(monkeypatch: pytest.MonkeyPatch, *roles: str) -> None:
    for role in ROLES:
        if role in roles:
            source = faces._SOURCES[role]
            gone = faces._Source(source.package, ("/nonexistent.ttf",), source.stand_ins)
            monkeypatch.setitem(faces._SOURCES, role, gone)
    forget()


@pytest.mark.parametrize("name", NAMES)
def test_without_any_package_text_is_as_wide_as_with_them(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    size = font(name).fit(60, None)
    text = "ABCDE" if name == "GS" else string.ascii_letters + string.digits + " .-/"
    full = [style(name, *size, 1.0).advance(char) for char in text]
    uninstall(monkeypatch, *ROLES)
    bare = style(name, *size, 1.0)
    assert [bare.advance(char) for char in text] == pytest.approx(full)
    assert bare.glyph(text[3]).bits.any()
    assert bare.outline(text[3])


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    uninstall(monkeypatch, "ocr a", "mono")
    assert {"fonts-ocr-a", "fonts-dejavu-core"} <= set(missing())
    uninstall(monkeypatch, *ROLES)
    assert list(missing()) == sorted({source.package for source in faces._SOURCES.values()})


def test_a_file_that_is_no_font_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    source = faces._Source("fonts-ocr-a", (__file__,), ("mono",))
    monkeypatch.setitem(faces._SOURCES, "ocr a", source)
    forget()
    assert "fonts-ocr-a" in missing()
    assert style("H", 21, 13, 1.0).glyph("8").bits.any()


def test_bytes_that_are_no_font_are_refused() -> None:
    with pytest.raises(ValueError, match="not a scalable font"):
        faces.Face(b"no font at all")
    with pytest.raises(ValueError, match="not a scalable font"):
        faces.Face("/nonexistent.ttf")

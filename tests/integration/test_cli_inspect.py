"""`labeld inspect`, and what `labeld convert` writes of a page with several labels, as their users type them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zxingcpp
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from labeld.renderers.zpl.label import labels_in

from .harness import LABELS
from .test_cli import labeld, picture_in, texts

PDF = LABELS / "usps-a6.pdf"
TEXT = "(420)62704(94)00100000000000000000"


def bars(canvas: Canvas, text: str, x: float, y: float, module: float = 0.375, high: float = 20) -> None:
    """Code 128 as vectors, its left bottom corner at (x, y) mm."""
    row = np.asarray(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code128).to_image(scale=1))
    for place in np.flatnonzero(row[row.shape[0] // 2] < 128).tolist():
        canvas.rect((x + place * module) * mm, y * mm, module * mm, high * mm, stroke=0, fill=1)


def document(
    path: Path, *texts_of_pages: str, size: tuple[float, float] = (101.6, 152.4), module: float = 0.375
) -> Path:
    canvas = Canvas(str(path), pagesize=(size[0] * mm, size[1] * mm), invariant=1)
    for text in texts_of_pages:
        if text:
            canvas.rect(8 * mm, 8 * mm, 80 * mm, 120 * mm)
            bars(canvas, text, 10, 60, module)
        canvas.showPage()
    canvas.save()
    return path


def four_up(path: Path, fine: int = 0) -> Path:
    """An A4 page of four framed labels, one of them with a second barcode that is too fine for 203 dpi."""
    canvas = Canvas(str(path), pagesize=(210 * mm, 297 * mm), invariant=1)
    for place in range(4):
        x, y = 6 + place % 2 * 104, 297 - 6 - 138 - place // 2 * 145
        canvas.rect(x * mm, y * mm, 94 * mm, 138 * mm)
        canvas.setFont("Helvetica", 12)
        for line, text in enumerate(("Jane Doe", "1 Main Street", "Springfield 90210", "GROUND")):
            canvas.drawString((x + 8) * mm, (y + 125 - line * 7) * mm, text)
        canvas.line(x * mm, (y + 95) * mm, (x + 94) * mm, (y + 95) * mm)
        canvas.drawString((x + 8) * mm, (y + 85) * mm, "TRACKING NUMBER")
        bars(canvas, f"PARCEL0000{place + 1}", x + 8, y + 40, 0.375, 35)
        canvas.drawString((x + 8) * mm, (y + 12) * mm, "REF 4711")
        if place + 1 == fine:
            bars(canvas, "FINE123456", x + 8, y + 17, 0.15, 18)
    canvas.save()
    return path


def names_in(folder: Path, pattern: str = "*") -> list[str]:
    return sorted(path.name for path in folder.glob(pattern))


async def told(*arguments: object, code: int = 0, stdin: bytes = b"") -> dict[str, Any]:
    """What `inspect --json` says."""
    done = await labeld("inspect", *arguments, "--json", stdin=stdin)
    assert (done.code, done.err) == (code, "")
    said: dict[str, Any] = json.loads(done.out)
    return said


async def test_inspect_tells_what_a_pdf_is_and_becomes() -> None:
    said = await told(PDF)
    assert list(said) == ["document_format", "bytes", "media", "dpi", "pages", "zpl"]
    assert said["document_format"] == "application/pdf"
    assert said["bytes"] == PDF.stat().st_size
    assert (said["media"], said["dpi"], said["zpl"]) == ("na_index-4x6_4x6in", 203, None)
    (page,) = said["pages"]
    assert list(page) == ["page", "size_mm", "ink_mm", "error", "labels"]
    assert (page["page"], page["size_mm"], page["error"]) == (1, [105.0, 148.0], None)
    left, top, right, bottom = page["ink_mm"]
    assert 0 <= left < right <= 105 and 0 <= top < bottom <= 148
    (label,) = page["labels"]
    assert (label["label"], label["drawn_by"], label["size"]) == ("1", "pdfium", [812, 1219])
    assert (label["placement"]["rotation"], label["placement"]["scale"]) == (0, 1.0)
    assert label["placement"]["because"].startswith("1:1: ")
    (symbol,) = label["symbols"]
    assert (symbol["format"], symbol["text"], symbol["status"]) == ("Code 128", TEXT, "scans")
    assert (symbol["repaired"], symbol["orientation"]) == (None, 0)
    left, top, right, bottom = symbol["position"]
    assert 0 <= left < right <= 812 and 0 <= top < bottom <= 1219
    quality = symbol["quality"]
    assert list(quality) == ["module", "whole", "unevenness", "growth", "quiet", "clipped"]
    assert quality["module"] > 1.5 and not quality["clipped"]
    assert min(quality["quiet"]) >= 5


async def test_inspect_measures_pictures(tmp_path: Path) -> None:
    assert (await labeld("convert", PDF, "--to", "png", "--dpi", "300", "-o", tmp_path / "a.png")).code == 0
    said = await told(tmp_path / "a.png", "--dpi", "300")
    (page,) = said["pages"]
    (label,) = page["labels"]
    assert (said["document_format"], page["size_mm"]) == ("image/png", [101.6, 152.4])
    assert (label["drawn_by"], label["size"]) == ("pillow", [1200, 1800])
    assert [(one["status"], one["text"]) for one in label["symbols"]] == [("scans", TEXT)]


async def test_inspect_lists_what_zpl_prints_and_what_is_refused(tmp_path: Path) -> None:
    zpl = (await labeld("convert", PDF, "--to", "zpl")).out
    said = await told("-", stdin=zpl * 2)
    assert said["document_format"] == "application/vnd.zebra-zpl"
    assert (said["zpl"]["labels"], said["zpl"]["design_dpi"], said["zpl"]["refused"]) == (2, 203, [])
    assert said["zpl"]["commands"]["^GF"] == said["zpl"]["commands"]["^XA"] == 2
    (page,) = said["pages"]
    assert (page["size_mm"], page["ink_mm"], page["error"]) == (None, None, None)
    assert [label["label"] for label in page["labels"]] == ["1-1", "1-2"]
    for label in page["labels"]:
        assert (label["placement"], label["size"]) == (None, [812, 1219])
        assert [(one["status"], one["text"]) for one in label["symbols"]] == [("scans", TEXT)]
    assert "the ZPL prints 2 labels" in page["labels"][0]["notes"]
    refused = tmp_path / "bad.zpl"
    refused.write_bytes(b"^XA^PW812^FO10,10^GB700,900,4^FS~JR^XZ")
    said = await told(refused, code=4)
    assert said["zpl"]["refused"] == ["~JR at byte 32"]
    assert said["zpl"]["commands"]["~JR"] == 1
    (page,) = said["pages"]
    assert [label["size"] for label in page["labels"]] == [[812, 1219]], "drawn, to be looked at"
    assert "~JR" in page["error"] and "\n" not in page["error"]
    (finding,) = [one for one in said["zpl"]["findings"] if one["severity"] == "error"]
    assert (finding["line"], finding["column"], finding["hint"]) == (1, 33, "leave it out")
    shown = await labeld("inspect", refused)
    assert (shown.code, shown.err) == (4, "")
    assert b"refused: ~JR at byte 32" in shown.out
    assert f"{refused}:1:33: error: ~JR restarts the printer: it is refused (leave it out)\n".encode() in shown.out
    assert b"cannot be printed so: " in shown.out


async def test_inspect_ends_as_convert_would(tmp_path: Path) -> None:
    fine = document(tmp_path / "fine.pdf", "TT0123456789", module=0.15)
    (page,) = (await told(fine, code=3))["pages"]
    assert [one["status"] for one in page["labels"][0]["symbols"]] == ["lost"]
    assert page["error"] is None
    (page,) = (await told(fine, "--dpi", "600"))["pages"]
    assert [one["status"] for one in page["labels"][0]["symbols"]] == ["scans"]
    blank = document(tmp_path / "blank.pdf", "")
    (page,) = (await told(blank, code=4))["pages"]
    assert (page["labels"], page["error"]) == ([], "the page is blank")
    zpl = b"^XA^PW812^FO10,10^GB700,900,4^FS^XZ"
    (page,) = (await told("-", "--dpi", "300", stdin=zpl))["pages"]
    assert page["error"] is None
    assert "made for 203 dpi, so scaled to 300 dpi command by command" in page["labels"][0]["notes"]
    (page,) = (await told("-", "--dpi", "300", "--design-dpi", "300", stdin=zpl))["pages"]
    assert not any("scaled" in note for note in page["labels"][0]["notes"])
    (page,) = (await told("-", code=4, stdin=b"^XA^FO9000,1^GB9,9,9^FS^XZ"))["pages"]
    assert page["error"] == "the ZPL prints a blank label"
    two = document(tmp_path / "two.pdf", "", "TT0123456789")
    said = await told(two)
    assert (await labeld("convert", two, "--to", "zpl")).code == 0, "a blank page among others is none too many"
    assert [len(page["labels"]) for page in said["pages"]] == [0, 1]
    assert [page["page"] for page in (await told(two, "--page", "2"))["pages"]] == [2]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["none.pdf"], 4, "No such file or directory"),
        (["cut.pdf"], 4, "cut off"),
        (["cut.pdf", "--json"], 4, "cut off"),
        (["noise"], 4, ""),
        (["good.pdf", "--media", "9x9"], 4, "media '9x9' is not known"),
        (["good.pdf", "--dpi", "204"], 2, "--dpi is 203, 300 or 600, not 204"),
        (["good.pdf", "--picture", "none/a.png"], 1, "none/a.png: cannot be written: "),
    ],
)
async def test_inspect_says_in_one_line_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.pdf").write_bytes(PDF.read_bytes())
    (tmp_path / "cut.pdf").write_bytes(PDF.read_bytes()[:1000])
    (tmp_path / "noise").write_bytes(bytes(range(256)))
    done = await labeld("inspect", *arguments)
    assert (done.code, done.out, done.err.count("\n")) == (code, b"", 1), done.err
    assert done.err.startswith("labeld: ")
    assert words in done.err


async def test_inspect_speaks_to_people_too(tmp_path: Path) -> None:
    two = document(tmp_path / "two.pdf", "TT0123456789", "TT9876543210")
    done = await labeld("inspect", two)
    lines = done.out.decode().splitlines()
    assert (done.code, done.err) == (0, "")
    assert lines[0] == f"application/pdf, {two.stat().st_size} bytes, 2 page(s)"
    assert [line.split(":")[0] for line in lines if line.startswith("page ")] == ["page 1", "page 2"]
    assert sum("scans" in line and "Code 128" in line for line in lines) == 2
    assert "TT9876543210" in done.out.decode()


async def test_the_picture_shows_each_page_beside_its_labels(tmp_path: Path) -> None:
    one = await labeld("inspect", PDF, "--picture", tmp_path / "one.png")
    assert one.code == 0, one.err
    # the page at 150 dpi, the label in its dots, and what is between them
    page, label = (621, 875), (812, 1219)
    assert picture_in(tmp_path / "one.png").size == (page[0] + label[0] + 3 * 24, label[1] + 34 + 24)
    three = document(tmp_path / "three.pdf", "TT0123456789", "", "TT9876543210")
    many = await labeld("inspect", three, "--picture", tmp_path / "many.png")
    assert many.code == 0
    assert names_in(tmp_path, "many*") == ["many-1.png", "many-2.png", "many-3.png"]
    assert picture_in(tmp_path / "many-3.png").size == (600 + 812 + 3 * 24, 1219 + 34 + 24)
    assert texts(picture_in(tmp_path / "many-3.png"))
    await labeld("inspect", three, "--page", "3", "--picture", tmp_path / "p{page}.png", "--dpi", "300")
    assert picture_in(tmp_path / "p3.png").size == (600 + 1200 + 3 * 24, 1800 + 34 + 24)


async def test_the_picture_of_zpl_is_its_dots_and_of_what_is_refused_the_reason(tmp_path: Path) -> None:
    zpl = (await labeld("convert", PDF, "--to", "zpl")).out
    assert (await labeld("inspect", "-", "--picture", tmp_path / "a.png", stdin=zpl)).code == 0
    assert picture_in(tmp_path / "a.png").size == (812 + 2 * 24, 1219 + 34 + 24)
    done = await labeld("inspect", "-", "--picture", tmp_path / "b.png", stdin=b"^XA^FDa^FS~JR^XZ")
    assert done.code == 4
    assert picture_in(tmp_path / "b.png").size == (812 + 400 + 3 * 24, 1219 + 34 + 24)


async def test_repair_is_shown_before_and_after(tmp_path: Path) -> None:
    label = document(tmp_path / "a.pdf", "TT0123456789", module=0.3)
    (without,) = (await told(label))["pages"][0]["labels"][0]["symbols"]
    assert (without["repaired"], without["quality"]["whole"]) == (None, False)
    done = await labeld("inspect", label, "--repair", "--json", "--picture", tmp_path / "a.png")
    assert (done.code, done.err) == (0, "")
    page = json.loads(done.out)["pages"][0]
    (repaired,) = page["labels"][0]["symbols"]
    assert (repaired["text"], repaired["status"], repaired["quality"]["whole"]) == ("TT0123456789", "scans", True)
    assert repaired["repaired"] in page["labels"][0]["notes"]
    assert picture_in(tmp_path / "a.png").width == 600 + 2 * 812 + 4 * 24
    done = await labeld("inspect", label, "--repair")
    assert b"repaired" in done.out


async def test_each_label_of_a_page_is_written_to_a_file_of_its_own(tmp_path: Path) -> None:
    sheet, out = four_up(tmp_path / "sheet.pdf"), tmp_path / "o"
    done = await labeld("convert", sheet, "--to", "png", "-o", f"{out}/")
    assert (done.code, done.err) == (0, "")
    names = [f"sheet-1-{part}.png" for part in (1, 2, 3, 4)]
    assert sorted(path.name for path in out.iterdir()) == names
    for part, name in enumerate(names, 1):
        assert picture_in(out / name).size == (812, 1219)
        assert texts(picture_in(out / name)) == [f"PARCEL0000{part}"]
    labels = (await told(sheet))["pages"][0]["labels"]
    assert [label["label"] for label in labels] == ["1-1", "1-2", "1-3", "1-4"]
    assert {label["placement"]["scale"] for label in labels} == {1.0}


async def test_labels_of_one_page_are_joined_in_one_file_of_zpl(tmp_path: Path) -> None:
    sheet = four_up(tmp_path / "sheet.pdf")
    done = await labeld("convert", sheet, "--to", "zpl", "-o", tmp_path / "all.zpl")
    assert (done.code, done.err) == (0, "")
    assert labels_in((tmp_path / "all.zpl").read_bytes()) == 4
    done = await labeld("convert", sheet, "--to", "pdf", "-o", tmp_path / "all.pdf")
    assert (done.code, done.err) == (0, "")
    pages = (await told(tmp_path / "all.pdf"))["pages"]
    assert [page["labels"][0]["symbols"][0]["text"] for page in pages] == [f"PARCEL0000{part}" for part in range(1, 5)]
    done = await labeld("convert", sheet, "--to", "png", "-o", tmp_path / "one.png")
    said = "holds several labels, which do not go into one file: give -o a folder, or a pattern with {name} and {page}"
    assert (done.code, done.err) == (2, f"labeld: {sheet} {said}\n")
    assert not (tmp_path / "one.png").exists()


async def test_where_one_label_of_a_page_loses_a_barcode_the_others_are_written(tmp_path: Path) -> None:
    sheet, out = four_up(tmp_path / "sheet.pdf", fine=2), tmp_path / "o"
    done = await labeld("convert", sheet, "--to", "png", "-o", f"{out}/")
    fault = "1 barcode(s) do not scan from the dots at 203 dpi: Code 128 'FINE123456'"
    assert (done.code, done.err) == (3, f"labeld: {sheet} label 2: {fault}\n")
    assert sorted(path.name for path in out.iterdir()) == ["sheet-1-1.png", "sheet-1-3.png", "sheet-1-4.png"]
    done = await labeld("convert", sheet, "--to", "png", "-o", f"{out}/", "--no-verify")
    assert (done.code, done.err) == (3, f"labeld: {sheet} label 2: {fault}\n")
    assert texts(picture_in(out / "sheet-1-2.png")) == ["PARCEL00002"]

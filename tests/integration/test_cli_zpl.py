"""What `labeld convert` and `labeld inspect` say of ZPL, as their users type them."""

import json
from pathlib import Path

import pytest

from labeld.renderers.zpl.label import labels_in

from .test_cli import labeld, picture_in, texts
from .test_cli_inspect import names_in

CODE = b"^FO100,300^BY2^BCN,200^FDTT0123456789^FS"
GOOD = b"^XA^PW812^LL1219^FO50,60^A0N,60^FDJane Doe^FS" + CODE + b"^FO20,20^GB772,1179,4^FS^XZ"
SECOND = GOOD.replace(b"TT0123456789", b"TT0000000002")
LOST = GOOD.replace(b"^XZ", b"^FO0,290^GB800,290,290^FS^XZ")
CUT_OFF = GOOD + GOOD.removesuffix(b"^XZ")


@pytest.mark.parametrize("kind", ["zpl", "tspl", "epl", "pdf", "png"])
async def test_zpl_that_is_cut_off_is_refused_whatever_it_becomes(tmp_path: Path, kind: str) -> None:
    out = tmp_path / f"a.{kind}"
    done = await labeld("convert", "-", "--to", kind, "-o", out, stdin=CUT_OFF)
    assert (done.code, done.err.count("\n"), out.exists()) == (4, 1, False), done.err
    assert "cut off" in done.err
    if kind in ("pdf", "png"):
        done = await labeld("convert", "-", "--to", kind, "-o", out, "--no-verify", stdin=CUT_OFF)
        assert (done.code, out.exists()) == (0, True), done.err
        assert done.err.startswith("labeld: -: note: a printer would not get this: the ZPL is cut off")


async def test_notes_that_matter_are_told_one_a_line(tmp_path: Path) -> None:
    wide = GOOD.replace(b"^GB772", b"^GB900")
    done = await labeld("convert", "-", "--to", "png", "-o", tmp_path / "a.png", stdin=wide)
    said = f"this prints 108 dots over the right edge of the label, where it is cut off (byte {wide.index(b'^GB900')})"
    assert (done.code, done.err) == (0, f"labeld: -: note: {said}\n")
    settings = GOOD.replace(b"^PW812", b"^PW812^PR4^MD10^MNY^PON^LH0,0^BY3").replace(b"^XA", b"^XA^DFR:A^FS^XZ^XA")
    for zpl in (GOOD, GOOD + SECOND, settings):
        done = await labeld("convert", "-", "--to", "zpl", stdin=zpl)
        assert (done.code, done.err) == (0, ""), done.err
    done = await labeld("convert", "-", "--to", "zpl", "--dpi", "300", stdin=GOOD)
    assert (done.code, done.err) == (
        0,
        "labeld: -: note: made for 203 dpi, so scaled to 300 dpi command by command\n",
    )


async def test_zpl_is_neither_scaled_nor_turned_against_the_users_word() -> None:
    done = await labeld("convert", "-", "--to", "zpl", "--dpi", "300", "--scale", "none", stdin=GOOD)
    assert (done.code, done.out, done.err.count("\n")) == (5, b"", 1)
    assert (await labeld("convert", "-", "--to", "zpl", "--scale", "none", stdin=GOOD)).code == 0
    for kind in ("zpl", "tspl"):
        done = await labeld("convert", "-", "--to", kind, "--rotate", "90", "--base64", stdin=GOOD)
        assert (done.code, done.out, done.err.count("\n")) == (4, b"", 1)
        assert "ZPL is not turned" in done.err
    assert (await labeld("convert", "-", "--to", "zpl", "--rotate", "0", stdin=GOOD)).code == 0


async def test_a_page_of_zpl_is_a_label_where_it_is_drawn(tmp_path: Path) -> None:
    out = tmp_path / "q.png"
    done = await labeld("convert", "-", "--to", "png", "--page", "2", "-o", out, stdin=GOOD + SECOND)
    assert (done.code, done.err) == (0, "")
    assert texts(picture_in(out)) == ["TT0000000002"]
    assert names_in(tmp_path) == ["q.png"]
    done = await labeld("convert", "-", "--to", "pdf", "--page", "1", "-o", tmp_path / "a.pdf", stdin=GOOD + SECOND)
    assert (done.code, done.err) == (0, "")
    done = await labeld("convert", "-", "--to", "pdf", "--page", "3", "-o", tmp_path / "b.pdf", stdin=GOOD + SECOND)
    assert (done.code, done.err) == (
        4,
        "labeld: -: the ZPL prints 2 different label(s), there is no label 3\n",
    )
    done = await labeld("convert", "-", "--to", "zpl", "--page", "2", stdin=GOOD + SECOND)
    assert done.code == 4
    assert labels_in((await labeld("convert", "-", "--to", "zpl", "--page", "1", stdin=GOOD + SECOND)).out) == 2


async def test_further_labels_have_their_own_number_and_are_told(tmp_path: Path) -> None:
    out, second = tmp_path / "q.png", tmp_path / "q-2.png"
    done = await labeld("convert", "-", "--to", "png", "-o", out, stdin=GOOD + SECOND)
    assert (done.code, done.err) == (0, f"labeld: -: label 2 is in {second}\n")
    assert [texts(picture_in(path)) for path in (out, second)] == [["TT0123456789"], ["TT0000000002"]]
    out.unlink()
    second.unlink()
    done = await labeld("convert", "-", "--to", "png", "-o", out, stdin=LOST + SECOND)
    assert done.code == 3
    assert done.err.splitlines()[-1] == f"labeld: -: label 2 is in {second}"
    assert (out.exists(), texts(picture_in(second))) == (False, ["TT0000000002"])


async def test_inspect_says_once_what_only_the_printer_holds(tmp_path: Path) -> None:
    path = tmp_path / "a.zpl"
    path.write_bytes(GOOD.replace(b"^FO50,60", b"^FO9,9^XGR:LOGO.GRF,1,1^FS^FO50,60"))
    done = await labeld("inspect", path)
    assert (done.code, done.err) == (0, "")
    assert done.out.count(b"LOGO") == 1, done.out.decode()
    assert (await labeld("convert", path, "--to", "zpl")).code == 0
    found = json.loads((await labeld("inspect", path, "--json")).out)["zpl"]["findings"]
    assert [(one["severity"], one["column"]) for one in found if "LOGO" in one["message"]] == [("error", 23)]


@pytest.mark.parametrize(
    ("zpl", "code"),
    [
        (GOOD, 0),
        (LOST, 3),
        (GOOD.replace(b"^XZ", b"^FO50,1300^A0N,40^FDlost line^FS^XZ"), 5),
        (CUT_OFF, 4),
        (LOST.replace(b"^FO50,60", b"^FO9,9^XGR:LOGO.GRF,1,1^FS^FO50,60"), 3),
    ],
)
async def test_inspect_of_zpl_ends_as_convert_does(zpl: bytes, code: int) -> None:
    assert (await labeld("convert", "-", "--to", "zpl", stdin=zpl)).code == code
    done = await labeld("inspect", "-", stdin=zpl)
    assert (done.code, done.err) == (code, "")

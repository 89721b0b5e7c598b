"""The command line as its users type it."""

import asyncio
import base64
import io
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from labeld.drivers.virtual.server import VirtualPrinter
from labeld.renderers.zpl.picture import draw

from .harness import LABELS, PATIENCE, ROOT, Broker, Labeld, Process, free_port

PDF = LABELS / "usps-a6.pdf"
DATA = PDF.read_bytes()


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: bytes
    err: str


async def labeld(*arguments: object, stdin: bytes = b"", **environ: str) -> Done:
    """Run a command to its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "labeld.daemon",
        *map(str, arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT / ".src"), **environ},
    )
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate(stdin)
    assert process.returncode is not None
    return Done(process.returncode, out, err.decode())


def picture_in(path: Path) -> Image.Image:
    """A picture file, read and closed."""
    with Image.open(path) as opened:
        opened.load()
        return opened.copy()


def texts(image: Image.Image) -> list[str]:
    """The barcodes of a picture."""
    return [code.text for code in zxingcpp.read_barcodes(image.convert("L"))]


async def test_convert_to_each_format_keeps_size_and_barcode(tmp_path: Path) -> None:
    png = await labeld("convert", PDF, "--to", "png", "--dpi", "300", "--media", "4x6in", "-o", tmp_path / "a.png")
    zpl = await labeld("convert", PDF, "--to", "zpl", "--dpi", "203", "--gf", "rle")
    pdf = await labeld("convert", PDF, "--to", "pdf", "-o", tmp_path / "a.pdf")
    assert [png.code, zpl.code, pdf.code] == [0, 0, 0], (png.err, zpl.err, pdf.err)
    picture = picture_in(tmp_path / "a.png")
    assert picture.size == (1200, 1800)
    assert texts(picture) == ["(420)62704(94)00100000000000000000"]
    assert zpl.out.startswith(b"^XA^PW812")
    ((bitmap, missing),) = draw(zpl.out, 812, 1219)
    assert (missing, texts(bitmap.to_image())) == ((), texts(picture))
    again = await labeld("convert", tmp_path / "a.pdf", "--to", "png", "-o", tmp_path / "b.png")
    assert again.code == 0
    assert picture_in(tmp_path / "b.png").size == (812, 1219)


async def test_convert_takes_stdin_and_wraps_base64() -> None:
    wrapped = base64.b64encode(base64.b64encode(DATA))
    done = await labeld("convert", "-", "--to", "zpl", "--base64", stdin=wrapped)
    assert (done.code, done.err) == (0, "")
    assert base64.b64decode(done.out).startswith(b"^XA")


async def test_convert_attempts_all_and_says_what_failed(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(DATA[:1000])
    out = f"{tmp_path}/{{name}}-{{page}}.png"
    done = await labeld("convert", broken, PDF, tmp_path / "none", LABELS / "parcel.png", "--to", "png", "-o", out)
    assert done.code == 4
    lines = done.err.splitlines()
    assert len(lines) == 2, done.err
    assert all(line.startswith(f"labeld: {tmp_path}/") for line in lines)
    assert [(tmp_path / name).exists() for name in ("parcel-1.png", "usps-a6-1.png", "broken-1.png")] == [
        True,
        True,
        False,
    ]


def fine_barcode(tmp_path: Path) -> Path:
    """A PDF whose barcode no 203 dpi head can print: modules of 0.17 mm."""
    code = zxingcpp.create_barcode("FINE0123456789", zxingcpp.BarcodeFormat.Code128)
    picture = Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=1, add_quiet_zones=True))
    raw = io.BytesIO()
    picture.resize((picture.width * 8, 200), Image.Resampling.NEAREST).save(raw, "PNG")
    path = tmp_path / "fine.pdf"
    canvas = Canvas(str(path), pagesize=(288, 432))
    canvas.drawInlineImage(Image.open(raw), 40, 200, width=picture.width * 0.17 * 72 / 25.4, height=60)
    canvas.save()
    return path


async def test_exit_codes_tell_lost_symbols_from_what_does_not_fit(tmp_path: Path) -> None:
    fine = fine_barcode(tmp_path)
    lost = await labeld("convert", fine, "--to", "png", "-o", tmp_path / "lost.png")
    assert (lost.code, (tmp_path / "lost.png").exists()) == (3, False), lost.err
    assert "do not scan" in lost.err
    kept = await labeld("convert", fine, "--to", "png", "--no-verify", "-o", tmp_path / "lost.png")
    assert (kept.code, (tmp_path / "lost.png").exists()) == (3, True), kept.err
    large = await labeld("convert", PDF, "--to", "zpl", "--media", "50x50mm", "--scale", "none")
    assert (large.code, large.out) == (5, b""), large.err
    refused = await labeld("convert", "-", "--to", "zpl", stdin=b"<html>")
    assert (refused.code, refused.err.count("\n")) == (4, 1)
    assert "web page" in refused.err


def document(path: Path, pages: int = 1) -> Path:
    """A PDF of so many pages without barcodes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    canvas = Canvas(str(path), pagesize=(288, 432))
    for _ in range(pages):
        canvas.drawString(72, 200, "label")
        canvas.showPage()
    canvas.save()
    return path


async def test_convert_overwrites_no_label_with_another(tmp_path: Path) -> None:
    three, out = document(tmp_path / "three.pdf", 3), tmp_path / "o"
    done = await labeld("convert", three, "--to", "png", "-o", f"{out}/{{name}}.png")
    said = f"{three} page 1 and {three} page 2 would both become {out}/three.png: use {{page}} in -o, or other names"
    assert (done.code, done.err) == (2, f"labeld: {said}\n")
    twins = [document(tmp_path / folder / "label.pdf") for folder in "ab"]
    done = await labeld("convert", *twins, "--to", "zpl", "-o", f"{out}/")
    assert (done.code, done.err.count("\n")) == (2, 1), done.err
    assert f"{twins[0]} and {twins[1]} would both become {out}/label-1.zpl" in done.err
    assert not out.exists()
    done = await labeld("convert", three, "--to", "png", "-o", f"{out}/{{name}}{{page:02}}.png")
    assert (done.code, len(list(out.iterdir()))) == (0, 3), done.err


@pytest.mark.parametrize("pattern", ["{nmae}.png", "{}.png", "{page", "{name.x}", "{page:s}"])
async def test_convert_says_what_a_pattern_may_hold(tmp_path: Path, pattern: str) -> None:
    done = await labeld("convert", PDF, "--to", "png", "-o", tmp_path / pattern)
    said = f"labeld: -o {tmp_path / pattern}: braces may hold name or page, and nothing else\n"
    assert (done.code, done.err) == (2, said)


async def test_convert_goes_on_where_one_label_cannot_be_written(tmp_path: Path) -> None:
    first, second = document(tmp_path / "first.pdf"), document(tmp_path / "second.pdf")
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "first").write_text("a file, no folder")
    done = await labeld("convert", first, second, "--to", "png", "-o", f"{tmp_path}/o/{{name}}/a.png")
    assert (done.code, done.err.count("\n")) == (1, 1), done.err
    assert done.err.startswith(f"labeld: {tmp_path}/o/first/a.png: cannot be written: ")
    assert picture_in(tmp_path / "o/second/a.png").size == (812, 1219)
    for out in (tmp_path / "none/a.png", "/dev/full"):
        done = await labeld("convert", first, "--to", "png", "-o", out)
        assert (done.code, done.err.count("\n")) == (1, 1), done.err
        assert f"labeld: {out}: cannot be written: " in done.err


async def test_the_exit_code_is_that_of_the_first_input_that_failed(tmp_path: Path) -> None:
    fine, broken, out = fine_barcode(tmp_path), tmp_path / "broken.pdf", tmp_path / "o"
    broken.write_bytes(DATA[:1000])
    done = await labeld("convert", PDF, fine, tmp_path / "none", broken, "--to", "png", "-o", f"{out}/")
    assert done.code == 3
    assert [line.split(": ")[1] for line in done.err.splitlines()] == [str(fine), f"{tmp_path}/none", str(broken)]
    done = await labeld("convert", broken, fine, "--to", "png", "-o", f"{out}/")
    assert done.code == 4


@pytest.mark.parametrize(("option", "dpi"), [("--dpi", 204), ("--dpi", 1200), ("--design-dpi", 50)])
async def test_convert_knows_three_heads(option: str, dpi: int) -> None:
    done = await labeld("convert", "-", "--to", "zpl", option, dpi, stdin=b"^XA^FO1,1^GB9,9,9^FS^XZ")
    assert (done.code, done.err) == (2, f"labeld: {option} is 203, 300 or 600, not {dpi}\n")


async def test_config_check_says_good_or_what_is_wrong(tmp_path: Path) -> None:
    good = await labeld("config", "check", "--config", ROOT / "config/labeld.toml")
    assert (good.code, good.out) == (0, b"good: site main, 1 printer, broker 127.0.0.1\n")
    wrong = tmp_path / "labeld.toml"
    wrong.write_text('[mqtt]\nhots = "x"\n')
    bad = await labeld("config", "check", "--config", wrong)
    assert (bad.code, bad.err) == (78, f"labeld: {wrong}: mqtt.hots: unknown key; did you mean 'host'?\n")
    assert (await labeld("run", "--config", wrong)).code == 78
    schema = json.loads((await labeld("config", "schema")).out)
    assert "printers" in schema["properties"]
    shown = json.loads((await labeld("config", "show", LABELD_SITE="north")).out)
    assert shown["site"] == "north"


@pytest.mark.peer
async def test_print_waits_for_the_outcome(tmp_path: Path, broker: Broker, zebra: VirtualPrinter) -> None:
    async with Labeld(tmp_path / "state", broker.port, {"zebra": zebra}) as daemon:
        printed = await labeld("print", PDF, "--printer", "zebra", "--wait", "--config", daemon.config)
        assert printed.code == 0, printed.err
        assert b"completed: the printer's counter moved by 1" in printed.out
        nobody = await labeld("print", "-", "--wait", "--printer", "none", "--config", daemon.config, stdin=b"^XA^XZ")
        assert nobody.code == 1
        assert b"there is no printer 'none'" in nobody.out
        jobs = json.loads((await labeld("jobs", "--json", "--config", daemon.config)).out)
        assert [job["state"] for job in jobs] == ["pending-held", "completed"]
        printers = json.loads((await labeld("printers", "--json", "--config", daemon.config)).out)
        assert [(one["name"], one["odometer"]) for one in printers] == [("zebra", 1)]
    gone = await labeld("print", PDF, "--config", daemon.config)
    assert gone.code == 1
    assert "labeld does not answer at" in gone.err


async def test_the_virtual_printer_prints_pictures_until_told_to_stop(tmp_path: Path) -> None:
    port = free_port()
    arguments = (f"--port={port}", "--dpi=203", "--media=4x6in", f"--out={tmp_path / 'paper'}", "--seconds=0.01")
    command = (sys.executable, "-m", "labeld.daemon", "virtual-printer", *arguments)
    async with Process(*command, log=tmp_path / "log") as printer:
        zpl = (await labeld("convert", PDF, "--to", "zpl")).out
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                    break
                except OSError:
                    await asyncio.sleep(0.05)
            writer.write(zpl)
            writer.write_eof()
            await reader.read()
            writer.close()
            await writer.wait_closed()
            while True:
                if "came out" in printer.log:
                    break
                await asyncio.sleep(0.05)
        assert await printer.stop() == 0
    assert "".join(texts(picture_in(tmp_path / "paper/000001.png"))).startswith("(420)62704")
    bad = await labeld("virtual-printer", "--fault", "tired")
    assert (bad.code, bad.err.count("\n")) == (2, 1)


async def test_the_demo_confirms_every_sample_and_believes_no_swallower() -> None:
    good = await labeld("demo", "--once")
    assert good.code == 0, good.err
    assert good.out.decode().count("confirmed") == 4
    bad = await labeld("demo", "--once", "--fault", "swallow")
    assert bad.code == 1
    assert bad.out.decode().count("not-printed") == 4

"""Labels that are put into a watched folder, by a daemon that is killed too."""

import asyncio
import base64
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from labeld.drivers.virtual.server import VirtualPrinter

from .harness import PATIENCE, Broker, Labeld

pytestmark = pytest.mark.peer


def zpl(words: str) -> bytes:
    """A label without a barcode."""
    return f"^XA^FO50,50^A0N,50,50^FD{words}^FS^XZ".encode()


def parcel(number: int) -> bytes:
    """A label with the tracking number of a parcel."""
    return f"^XA^FO50,50^BY2^BCN,200,Y,N,N^FD1Z000000{number}^FS^XZ".encode()


async def until(found: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(PATIENCE):
        while not found():  # noqa: ASYNC110 - the file system tells nobody
            await asyncio.sleep(0.02)


async def page_says(daemon: Labeld, words: str) -> None:
    """Wait until the page has these words."""
    async with asyncio.timeout(PATIENCE):
        while words not in (await daemon.bytes("/")).decode():  # noqa: ASYNC110 - asked as a browser asks
            await asyncio.sleep(0.05)


def files(folder: Path) -> list[str]:
    """Names of the files in it."""
    return sorted(path.name for path in folder.iterdir() if not path.is_dir())


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """The folder, with a station's in it."""
    folder = tmp_path / "inbox"
    (folder / "pack-01").mkdir(parents=True)
    return folder


@pytest.fixture
async def daemon(tmp_path: Path, broker: Broker, zebra: VirtualPrinter, inbox: Path) -> AsyncIterator[Labeld]:
    """A daemon that watches it."""
    running = Labeld(tmp_path / "state", broker.port, {"zebra": zebra})
    text = running.config.read_text()
    table = f'[folder]\npath = "{inbox}"\npoll_seconds = 0.05\nsettle_seconds = 0.1\npatience_seconds = 1\n'
    running.config.write_text(text + table)
    async with running:
        yield running


async def test_what_is_dropped_prints_once_and_is_moved(daemon: Labeld, inbox: Path, zebra: VirtualPrinter) -> None:
    (inbox / "pack-01/one.zpl").write_bytes(zpl("one"))
    (inbox / "two.zpl.json").write_text(json.dumps({"package_id": "1152", "copies": 2, "station": "pack-07"}))
    (inbox / "two.zpl").write_bytes(zpl("two"))
    (inbox / "three.json").write_text(
        json.dumps({"event_id": "three", "asset": {"content": base64.b64encode(zpl("three")).decode()}})
    )
    (inbox / "four.b64").write_bytes(base64.b64encode(zpl("four")))
    (inbox / ".hidden.zpl").write_bytes(zpl("hidden"))
    (inbox / "copying.zpl.part").write_bytes(zpl("part"))
    names = ["pack-01/one.zpl", "two.zpl", "two.zpl.json", "three.json", "four.b64"]
    await until(lambda: all((inbox / "done" / name).exists() for name in names))
    jobs = {job["package_id"] or job["event_id"] or job["station"]: job for job in await daemon.settled(4)}
    assert {job["state"] for job in jobs.values()} == {"completed"}
    assert (jobs["1152"]["station"], jobs["1152"]["copies"]) == ("pack-07", 2)
    assert "three" in jobs
    assert files(inbox) == [".hidden.zpl", "copying.zpl.part"]

    # dropped again on purpose, under another name and for another station
    (inbox / "again.zpl").write_bytes(zpl("one"))
    await until((inbox / "done/again.zpl").exists)
    assert jobs["pack-01"]["id"] in (inbox / "done/again.zpl.duplicate.txt").read_text()
    assert (await daemon.get(f"/api/v1/jobs/{jobs['pack-01']['id']}"))["duplicates"] == 1
    assert len(await daemon.jobs()) == 4
    # and under the very same name: what lies in done is kept
    (inbox / "two.zpl").write_bytes(zpl("another two"))
    await until(lambda: len(list((inbox / "done").glob("two*.zpl"))) == 2)
    await daemon.settled(5)
    assert zebra.odometer == 6


async def test_what_is_no_label_is_refused_in_words_and_stops_nobody(daemon: Labeld, inbox: Path) -> None:
    os.mkfifo(inbox / "pipe.zpl")
    (inbox / "link.zpl").symlink_to(daemon.config)
    (inbox / "pack-01/deeper").mkdir()
    (inbox / "letter.docx").write_bytes(b"PK")
    (inbox / "empty.pdf").touch()
    with (inbox / "huge.pdf").open("wb") as file:
        file.truncate(1 << 40)
    (inbox / "locked.zpl").write_bytes(zpl("locked"))
    (inbox / "locked.zpl").chmod(0)
    (inbox / "bad.zpl.json").write_text('{"copies": 0}')
    (inbox / "bad.zpl").write_bytes(zpl("bad"))
    (inbox / "alone.pdf.json").write_text('{"copies": 2}')
    (inbox / "broken.json").write_text('{"asset": }')
    os.mkfifo(inbox / os.fsdecode(b"n\xff\x1b[2J.zpl"))
    (inbox / "good.zpl").write_bytes(zpl("good"))
    refused = {
        "pipe.zpl": "pipe",
        "link.zpl": "symbolic link",
        "pack-01/deeper": "it is a folder",
        "letter.docx": "ends like no label's",
        "empty.pdf": "empty",
        "huge.pdf": "intake.max_asset_bytes",
        "bad.zpl": "copies",
        "alone.pdf.json": "alone.pdf",
        "broken.json": "not JSON",
    }
    if os.getuid():
        refused["locked.zpl"] = "let labeld's user read it"
    await until(lambda: all((inbox / f"failed/{name}.reason.txt").exists() for name in refused))
    for name, words in refused.items():
        line = (inbox / f"failed/{name}.reason.txt").read_text()
        assert words in line
        assert line.count("\n") == 1
    await until((inbox / "done/good.zpl").exists)
    await daemon.settled(1)
    assert (inbox / "failed/link.zpl").is_symlink()
    await until(lambda: not files(inbox))
    assert "copies" in str(await daemon.get("/api/v1/rejections"))
    assert "\x1b" not in daemon.log


async def test_a_file_is_taken_when_it_is_whole(daemon: Labeld, inbox: Path) -> None:
    data = zpl("slow")
    with (inbox / "slow.zpl").open("wb", buffering=0) as file:
        file.write(data[:10])
        await asyncio.sleep(0.5)
        assert (inbox / "slow.zpl").exists()
        file.write(data[10:])
    (inbox / "moved.tmp").write_bytes(zpl("moved"))
    (inbox / "moved.tmp").rename(inbox / "moved.zpl")
    await until(lambda: (inbox / "done/slow.zpl").exists() and (inbox / "done/moved.zpl").exists())
    jobs = await daemon.settled(2)
    assert {job["state"] for job in jobs} == {"completed"}
    assert data in [await daemon.bytes(f"/api/v1/jobs/{job['id']}/asset") for job in jobs]


async def test_a_daemon_that_dies_at_any_moment_prints_each_file_once(
    daemon: Labeld, inbox: Path, zebra: VirtualPrinter
) -> None:
    for number in range(40):
        (inbox / f"{number}.zpl").write_bytes(zpl(f"label {number}"))
        if number % 8 == 7:
            await asyncio.sleep(0.25)
            await daemon.stop(signal.SIGKILL)
            # a crash between commit and move: the file is still there
            for path in list((inbox / "done").glob("*.zpl"))[:2]:
                path.rename(inbox / path.name)
            await daemon.start()
    await until(lambda: not files(inbox))
    jobs = await daemon.settled(40)
    assert len(jobs) == 40
    assert {job["state"] for job in jobs} == {"completed"}
    assert zebra.odometer == 40
    assert len({path.read_bytes() for path in (inbox / "done").glob("*.zpl")}) == 40


async def test_nothing_is_taken_that_could_not_be_moved(daemon: Labeld, inbox: Path) -> None:
    await until((inbox / "failed").exists)
    (inbox / "done").rmdir()
    (inbox / "done").write_text("in the way")
    (inbox / "one.zpl").write_bytes(zpl("one"))
    await page_says(daemon, "ReadWritePaths")
    assert await daemon.jobs() == []
    (inbox / "done").unlink()
    await until((inbox / "done/one.zpl").exists)
    await daemon.settled(1)
    assert "ReadWritePaths" not in (await daemon.bytes("/")).decode()


async def test_a_folder_that_is_gone_is_waited_for(daemon: Labeld, inbox: Path) -> None:
    away = inbox.rename(inbox.with_name("away"))  # noqa: ASYNC240 - a test's folder
    await page_says(daemon, "mount it")
    away.rename(inbox)
    (inbox / "one.zpl").write_bytes(zpl("one"))
    await until((inbox / "done/one.zpl").exists)
    await daemon.settled(1)


async def test_a_table_takes_the_labels_beside_it(daemon: Labeld, inbox: Path, zebra: VirtualPrinter) -> None:
    room = inbox / "pack-01"
    for number in range(3):
        (room / f"{number}.zpl").write_bytes(parcel(number))
    rows = "".join(f"{number}.zpl,1Z000000{number},2\n" for number in range(4))
    (room / "orders.csv").write_text(f"file,Tracking ID,copies\n{rows}")
    await asyncio.sleep(0.5)
    assert await daemon.jobs() == []  # the last label is not there yet
    (room / "3.zpl").write_bytes(parcel(3))
    done = inbox / "done/pack-01"
    await until(lambda: (done / "orders.csv").exists() and not files(room))
    jobs = await daemon.settled(4)
    assert {(job["station"], job["copies"], job["state"]) for job in jobs} == {("pack-01", 2, "completed")}
    assert zebra.odometer == 8
    assert (done / "orders.csv.report.txt").read_text().startswith("imported: 4 new\nrow 2: new: ")

    # killed between the table's move and its labels'
    (done / "2.zpl").rename(room / "2.zpl")
    await until(lambda: not files(room))
    assert len(await daemon.jobs()) == 4

    (room / "bad.csv").write_text("file,Tracking ID\na.zpl,9.4E+21\nb.zpl,1Z9\n")
    (room / "a.zpl").write_bytes(zpl("a"))
    reason = inbox / "failed/pack-01/bad.csv.reason.txt"
    await until(lambda: reason.exists() and not files(room))
    first, second = reason.read_text().splitlines()
    assert first.startswith("row 2, 'Tracking ID' (column B): error: 9.4E+21 is what a spreadsheet makes")
    assert "nothing was imported (1 more are wrong)" in first
    assert second.startswith("row 3, 'file' (column A): error: the file 'b.zpl' did not come")
    assert (inbox / "failed/pack-01/a.zpl").exists()
    assert len(await daemon.jobs()) == 4
    assert "9.4E+21" in str(await daemon.get("/api/v1/rejections"))

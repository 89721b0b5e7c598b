"""Tables of labels: over HTTP, by the command line, on the page, and by a daemon that is killed in the middle."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from labeld.drivers.virtual.server import VirtualPrinter

from .harness import PATIENCE, Labeld, Process
from .web_browser import browser
from .web_floor import Floor, problem

NUMBERS = [f"94001118992231000012{number:02}" for number in range(10, 40)]


def zpl(number: str) -> bytes:
    """A label with `number` in its barcode."""
    return f"^XA^FO50,50^BY2^BCN,200,Y,N,N^FD{number}^FS^XZ".encode()


def table(count: int = 3, more: str = "") -> bytes:
    """Rows that name a file each."""
    rows = [f"{number},{number}.zpl,pack-03,1{number}" for number in NUMBERS[:count]]
    return ("Tracking ID,file,station,Order ID\n" + "\n".join(rows) + "\n" + more).encode()


def form(data: bytes, labels: dict[str, bytes], **fields: str) -> aiohttp.FormData:
    """What the page sends."""
    made = aiohttp.FormData(fields, quote_fields=False)
    made.add_field("table", data, filename="orders.csv", content_type="text/csv")
    for name, label in labels.items():
        made.add_field("files", label, filename=name, content_type="application/octet-stream")
    return made


def labels(count: int = 3) -> dict[str, bytes]:
    """Their files."""
    return {f"{number}.zpl": zpl(number) for number in NUMBERS[:count]}


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    """A served page over an empty store."""
    async with Floor(tmp_path) as running:
        yield running


async def test_a_dry_run_keeps_nothing_and_an_import_keeps_all(floor: Floor) -> None:
    async with floor.http.post("/api/v1/imports?dry_run=true", data=form(table(), labels())) as reply:
        assert reply.status == 200, await reply.text()
        dry = await reply.json()
    assert dry["counts"] == {"new": 3, "duplicate": 0, "skipped": 0, "error": 0}
    assert (dry["imported"], dry["rows"][0]["job"]) == (False, None)
    assert dry["rows"][0]["message"].startswith("for zebra-02: ")
    assert await floor.store.jobs(limit=10) == []

    async with floor.http.post("/api/v1/imports", data=form(table(), labels())) as reply:
        assert reply.status == 201, await reply.text()
        done = await reply.json()
    jobs = {job.id: job for job in await floor.store.jobs(limit=10)}
    assert [jobs[row["job"]].tracking_number for row in done["rows"]] == NUMBERS[:3]
    assert {job.station for job in jobs.values()} == {"pack-03"}
    data, _ = await floor.store.asset(done["rows"][1]["job"])
    assert data == zpl(NUMBERS[1])

    # the same again, with one more
    async with floor.http.post("/api/v1/imports", data=form(table(4), labels(4))) as reply:
        again = await reply.json()
    assert [row["result"] for row in again["rows"]] == ["duplicate"] * 3 + ["new"]
    assert [row["job"] for row in again["rows"][:3]] == [row["job"] for row in done["rows"]]
    assert len(await floor.store.jobs(limit=10)) == 4


async def test_one_wrong_row_keeps_all_out(floor: Floor) -> None:
    wrong = "9.40011E+21,a.zpl,pack-03,18\n1Z,missing.zpl,pack-03,19\n1Z2,b.zpl,pack-03,20\n"
    given = labels() | {"a.zpl": zpl("a"), "b.zpl": b"", "left over.zpl": zpl("over")}
    async with floor.http.post("/api/v1/imports", data=form(table(more=wrong), given)) as reply:
        assert "3 rows are wrong" in await problem(reply, 422)
        report = await reply.json(content_type=None)
    said = {row["row"]: (row["column"], row["message"]) for row in report["rows"] if row["result"] == "error"}
    assert said[5][0] == "'Tracking ID' (column A)"
    assert "digits are lost" in said[5][1]
    assert said[6] == (
        "'file' (column B)",
        "the file 'missing.zpl' did not come with the table: add it, or correct its name",
    )
    assert "empty" in said[7][1]
    assert report["notes"] == ["files that no row names: left over.zpl"]
    assert [row["result"] for row in report["rows"][:3]] == ["new"] * 3
    assert await floor.store.jobs(limit=10) == []


async def test_links_and_packages_are_label_events(floor: Floor) -> None:
    data = (
        b"Package ID;link;printer;shop\n"
        b"1152921504606846976;https://evil.example/label.pdf;zebra-01;\n"
        b"1152921504606846977;;zebra-9;acme\n1152921504606846978;;;\n"
    )
    async with floor.http.post("/api/v1/imports?dry_run=1", data=data, headers={"Content-Type": "text/csv"}) as reply:
        assert reply.status == 200, await reply.text()
        rows = (await reply.json())["rows"]
    assert [row["result"] for row in rows] == ["error"] * 3
    assert rows[0]["column"] == "'link' (column B)"
    assert "there is no printer or group 'zebra-9'; did you mean" in rows[1]["message"]
    assert "of which shop" in rows[2]["message"]
    assert "evil.example/label" not in json.dumps(rows)


async def test_what_is_no_table_is_a_problem(floor: Floor) -> None:
    async with floor.http.post("/api/v1/imports", data=form(b"PK\x03\x04", {})) as reply:
        assert "save it as CSV" in await problem(reply, 422)
    async with floor.http.post(
        "/api/v1/imports", data=aiohttp.FormData({"table": "x"}, default_to_multipart=True)
    ) as reply:
        assert "no table" in await problem(reply, 400)
    twice = form(table(1), labels(1))
    twice.add_field("files", b"x", filename=f"sub\\{NUMBERS[0]}.ZPL")
    async with floor.http.post("/api/v1/imports", data=twice) as reply:
        assert "two files are called" in await problem(reply, 422)


async def test_the_page_shows_rows_as_text(floor: Floor) -> None:
    evil = b'file,Tracking ID,carrier\n"<img src=x onerror=alert(1)>.pdf",1Z1,"<b>x</b>"\n'
    async with floor.http.post("/import", data=form(evil, {}, do="check")) as reply:
        assert reply.status == 200
        html = await reply.text()
    assert "&lt;img src=x" in html
    assert "<img src=x" not in html
    assert "1 row is wrong: an import would take nothing" in html
    async with floor.http.get("/") as reply:
        assert 'href="/import"' in await reply.text()


@pytest.mark.peer
async def test_a_browser_checks_imports_and_follows(floor: Floor, tmp_path: Path) -> None:
    files = "".join(f'files.items.add(new File(["{zpl(number).decode()}"], "{number}.zpl"));' for number in NUMBERS[:3])
    choose = (
        "const put = (name, fill) => { const files = new DataTransfer(); fill(files); "
        "document.querySelector(`[name=${name}]`).files = files.files; };"
        f"put('table', (files) => files.items.add(new File([{json.dumps(table().decode())}], 'orders.csv')));"
        f"put('files', (files) => {{ {files} }});"
    )
    async with browser(tmp_path / "browser") as window:
        await window.open(f"{floor.url}/import")
        assert await window.run("return document.querySelector('[value=import]').disabled")
        await window.run(choose + "document.querySelector('[value=check]').click();")
        await window.until("document.querySelectorAll('#result tbody tr').length === 3")
        assert await floor.store.jobs(limit=10) == []
        await window.until("!document.querySelector('[value=import]').disabled")
        await window.run("document.querySelector('[value=import]').click();")
        await window.until("document.querySelectorAll('[data-job]').length === 3")
        for job in await floor.store.jobs(limit=10):
            async with asyncio.timeout(PATIENCE):
                while (await floor.store.get(job.id)).reason != "job-queued":  # noqa: ASYNC110 - told once
                    await asyncio.sleep(0.02)
            await floor.confirm(await floor.store.get(job.id))
        await window.until("document.getElementById('count').textContent === '3 of 3 printed'")


@pytest.mark.peer
async def test_the_command_line_sends_the_files_beside_the_table(labeld: Labeld, tmp_path: Path) -> None:
    folder = tmp_path / "orders"
    folder.mkdir()
    (folder / "orders.csv").write_bytes(table())
    for name, data in labels().items():
        (folder / name).write_bytes(data)

    async def run(*more: str) -> tuple[int, str]:
        log = tmp_path / "import.log"
        log.write_text("")
        config = str(labeld.config)
        command = [sys.executable, "-m", "labeld.daemon", "import", str(folder / "orders.csv"), "-c", config]
        async with Process(*command, *more, log=log) as process:
            assert process.process is not None
            async with asyncio.timeout(PATIENCE):
                return await process.process.wait(), process.log

    code, said = await run("--dry-run")
    assert code == 0, said
    assert "nothing was imported: 3 new" in said
    assert await labeld.jobs() == []
    code, said = await run()
    assert (code, "imported: 3 new" in said) == (0, True)
    assert {job["state"] for job in await labeld.settled(3)} == {"completed"}
    (folder / "orders.csv").write_bytes(table(4))
    code, said = await run()
    assert code == 4
    assert f"'file' (column B): the file '{NUMBERS[3]}.zpl' did not come" in said


@pytest.mark.peer
async def test_a_daemon_that_is_killed_has_imported_all_or_nothing(labeld: Labeld, zebra: VirtualPrinter) -> None:
    url = f"http://127.0.0.1:{labeld.web_port}/api/v1/imports"

    async def send() -> Any:
        async with aiohttp.ClientSession() as http, http.post(url, data=form(table(30), labels(30))) as reply:
            return await reply.json(content_type=None)

    seen = []
    for pause in (0.0, 0.02, 0.05, 0.1):
        sending = asyncio.create_task(send())
        await asyncio.sleep(pause)
        await labeld.stop(signal.SIGKILL)
        await asyncio.gather(sending, return_exceptions=True)
        await labeld.start()
        seen.append(len(await labeld.jobs()))
        assert seen[-1] in (0, 30), seen
    report = await send()
    assert report["imported"]
    jobs = await labeld.settled(30)
    assert len(jobs) == 30
    assert {job["state"] for job in jobs} == {"completed"}
    assert zebra.odometer == 30

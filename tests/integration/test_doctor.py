"""`labeld doctor` beside its real peers, up and down."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labeld.config.load import load
from labeld.daemon.doctor import machine, service, tiktok
from labeld.daemon.doctor.finding import Mark
from labeld.daemon.store.engine import migrate
from labeld.daemon.tiktok.sandbox.server import Sandbox
from labeld.drivers.virtual.server import VirtualPrinter

from .cups_floor import Cups
from .harness import Broker, Labeld, free_port
from .shops import tables
from .test_cli import labeld

pytestmark = pytest.mark.peer


async def examined(config: Path, code: int) -> dict[str, dict[str, Any]]:
    """The worst finding of each check; the exit code is as it should be."""
    done = await labeld("doctor", "--json", "--config", config)
    assert done.code == code, (done.out, done.err)
    order = [Mark.OK, Mark.WARNING, Mark.FAULT]
    findings: list[dict[str, Any]] = sorted(json.loads(done.out), key=lambda one: order.index(one["mark"]))
    return {one["check"]: one for one in findings}


async def test_all_is_well_with_a_daemon_and_told_in_a_line_each(
    broker: Broker, zebra: VirtualPrinter, labeld: Labeld
) -> None:
    found = await examined(labeld.config, 0)
    assert found["daemon"]["found"].startswith("runs since 20")
    assert found["broker"]["mark"] != "fault"
    assert "TEST0203" in found["printer zebra"]["found"]
    assert found["test label"]["mark"] == "ok"
    # connected without a session that would stay (c1: clean)
    (line,) = [one for one in broker.log.splitlines() if "connected" in one and "labeld-doctor-" in one][:1]
    assert "c1" in line
    assert zebra.labels == ()


async def test_without_a_daemon_the_printer_itself_is_asked_and_prints_nothing(
    tmp_path: Path, broker: Broker, zebra: VirtualPrinter
) -> None:
    daemon = Labeld(tmp_path / "state", broker.port, {"zebra": zebra})
    zebra.set_fault("media-empty")
    found = await examined(daemon.config, 1)
    assert found["daemon"]["found"] == "does not run"
    printer = found["printer zebra"]
    assert (printer["mark"], printer["advice"]) == ("fault", "load labels")
    assert found["web port"]["mark"] == "ok"
    assert (zebra.labels, zebra.received) == ((), 0)


async def test_a_printer_that_is_found_by_its_number_is_listened_for(tmp_path: Path, broker: Broker) -> None:
    serial = f"DOCTOR{free_port()}"
    printer = VirtualPrinter(port=0, serial=serial, name=serial, announce=True, interfaces=["127.0.0.1"])
    async with printer as zebra:
        identities = {"zebra": f"serial:{serial}"}
        daemon = Labeld(tmp_path / "state", broker.port, {"zebra": zebra}, identities=identities, discovery=True)
        found = await examined(daemon.config, 1)
        assert serial in found["printer zebra"]["found"], found["printer zebra"]
        assert found["printer zebra"]["mark"] == "ok"


async def test_everything_down_is_told_at_once_with_what_to_do(tmp_path: Path) -> None:
    config = tmp_path / "labeld.toml"
    lines = (
        f'state_directory = "{tmp_path}"',
        f"[mqtt]\nport = {free_port()}",
        f"[web]\nport = {free_port()}",
        '[discovery]\ninterfaces = ["127.0.0.1"]',
        f'[printers.zebra]\nuri = "socket://127.0.0.1:{free_port()}"',
        f'[printers.queue]\nuri = "cups://127.0.0.1:{free_port()}/queue"',
    )
    config.write_text("\n".join(lines))
    found = await examined(config, 1)
    down = {check for check, one in found.items() if one["mark"] == "fault"}
    assert down == {"daemon", "broker", "printer zebra", "printer queue", "CUPS"}
    assert all(found[check]["advice"] for check in down)
    shown = await labeld("doctor", "--config", config)
    (line,) = [one for one in shown.out.decode().splitlines() if one.startswith("fault   broker")]
    assert "cannot be reached" in line
    config.write_text("site = 3")
    assert (await examined(config, 1))["configuration"]["mark"] == "fault"


async def test_a_broker_that_refuses_the_password_is_told_from_one_that_is_gone(
    tmp_path: Path, zebra: VirtualPrinter
) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("")
    async with Broker(tmp_path / "broker", ("allow_anonymous false", f"password_file {passwords}")) as broker:
        daemon = Labeld(tmp_path / "state", broker.port, {"zebra": zebra}, mqtt='username = "labeld"')
        found = (await examined(daemon.config, 1))["broker"]
    assert found["mark"] == "fault"
    assert "mqtt.username" in found["advice"]


async def test_a_port_that_another_program_has_is_a_fault(
    tmp_path: Path, broker: Broker, zebra: VirtualPrinter
) -> None:
    daemon = Labeld(tmp_path / "state", broker.port, {"zebra": zebra})
    stranger = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", daemon.web_port)
    async with stranger:
        assert (await examined(daemon.config, 1))["web port"]["mark"] == "fault"


async def test_queues_are_looked_at(tmp_path: Path) -> None:
    with await asyncio.to_thread(Cups().__enter__) as cups:
        await asyncio.to_thread(cups.add, "again", "socket://127.0.0.1:9", "raw", "printer-error-policy=retry-job")
        config = tmp_path / "labeld.toml"
        lines = [f'state_directory = "{tmp_path}"', f"[mqtt]\nport = {free_port()}", f"[web]\nport = {free_port()}"]
        lines += [f'[printers.{one}]\nuri = "cups://{cups.server}/{one}"' for one in ("again", "absent")]
        config.write_text("\n".join(lines))
        done = await labeld("doctor", "--json", "--config", config)
    queues = [one for one in json.loads(done.out) if one["check"] == "CUPS"]
    assert [(one["mark"], one["advice"].split(";")[0]) for one in queues] == [
        ("warning", "lpadmin -p again -o printer-error-policy=abort-job"),
        ("fault", "lpadmin -p absent adds it"),
    ]


def test_a_damaged_database_is_a_fault_and_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "labeld.sqlite3"
    migrate(path)
    (whole,) = machine.database(path, running=False)
    assert whole.found.endswith("whole")
    data = bytearray(path.read_bytes())
    data[4096:20000] = b"\xff" * (20000 - 4096)
    path.write_bytes(data)
    (damaged,) = machine.database(path, running=False)
    assert damaged.mark is Mark.FAULT
    # a daemon that has it open has checked it
    assert machine.database(path, running=True)[0].mark is Mark.OK
    assert path.read_bytes() == data


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few pages."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder))
    try:
        made = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        pytest.skip("nothing can be mounted here")
    if made.returncode:
        pytest.skip("nothing may be mounted here")
    yield folder
    subprocess.run(("umount", str(folder)), check=True)


def test_a_full_disk_is_a_fault(small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(b"x" * 64 * 1024)
    (found,) = machine.disk(small_disk)
    assert found.mark is Mark.FAULT
    assert "No space left" in found.found


async def test_the_way_to_tiktok_and_its_shops_are_looked_at(
    tmp_path: Path, broker: Broker, zebra: VirtualPrinter
) -> None:
    async with Sandbox(shops={"us": "US", "br": "BR"}) as sandbox:
        more = tables(sandbox, tmp_path)
        async with Labeld(tmp_path / "state", broker.port, {"zebra": zebra}, more=more) as daemon:
            await daemon.post("/api/v1/shops/us/authorize", code=sandbox.auth_code("us"))
            settings = load(daemon.config)
            found = await tiktok.look(settings, await service.ask(settings.state_directory, settings.web))
        asked = [one for one in found if one.check == "tiktok"]
        assert [one.found for one in asked] == ["127.0.0.1 answers, and the clocks agree"]
        marks = {one.check: one.mark for one in found}
        assert (marks["tiktok us"], marks["tiktok br"], marks["links"]) == (Mark.OK, Mark.FAULT, Mark.WARNING)

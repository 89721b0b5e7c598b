"""The unit, and what the daemon tells systemd."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from labeld.drivers.virtual.server import VirtualPrinter

from .harness import PATIENCE, ROOT, Broker, Labeld, program

pytestmark = pytest.mark.peer


async def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    analyze = program("systemd-analyze")
    # verify looks for the program, which is elsewhere here
    units = []
    for name in ("labeld.service", "labeld.socket", "labeld@.service"):
        text = (ROOT / "systemd" / name).read_text()
        unit = tmp_path / name.replace("@", "@dock")
        unit.write_text(text.replace("/opt/labeld/bin/labeld", sys.executable))
        units.append(str(unit))
    done = await asyncio.to_thread(
        lambda: subprocess.run([analyze, "verify", *units], capture_output=True, text=True, check=False)
    )
    assert (done.returncode, done.stderr) == (0, "")


async def test_the_manager_hears_ready_watchdog_and_stopping(
    tmp_path: Path, broker: Broker, zebra: VirtualPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.setblocking(False)
        monkeypatch.setitem(os.environ, "NOTIFY_SOCKET", address)
        monkeypatch.setitem(os.environ, "WATCHDOG_USEC", "200000")
        async with Labeld(tmp_path / "state", broker.port, {"zebra": zebra}) as daemon:
            heard = [await _hear(manager) for _ in range(4)]
            assert sorted(heard) == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]
            assert await daemon.stop() == 0
            last = [await _hear(manager)]
            while last[-1] != "STOPPING=1":
                last.append(await _hear(manager))
            assert set(last[:-1]) <= {"WATCHDOG=1"}


async def test_the_page_is_served_on_the_socket_of_systemd(
    tmp_path: Path, broker: Broker, zebra: VirtualPrinter
) -> None:
    activate = program("systemd-socket-activate")
    daemon = Labeld(tmp_path / "state", broker.port, {"zebra": zebra})
    text = daemon.config.read_text()
    # its own port is one that it cannot have
    daemon.config.write_text(text.replace(f"port = {daemon.web_port}", f"port = {broker.port}"))
    python = f"--setenv=PYTHONPATH={ROOT / '.src'}"
    daemon._command = (activate, f"--listen=127.0.0.1:{daemon.web_port}", python, *daemon._command)
    # the first who asks has it started, and waits for it
    async with daemon:
        assert (await daemon.get("/healthz")) is not None


async def test_the_unit_of_instances_is_the_unit() -> None:
    one, many = ((ROOT / "systemd" / name).read_text().splitlines() for name in ("labeld.service", "labeld@.service"))
    differing = {line.partition("=")[0] for line in {*one} ^ {*many} if not line.startswith("#")}
    assert differing == {"Description", "After", "ExecStart", "StateDirectory", "Also"}


@pytest.mark.parametrize("name", ["labeld.service", "labeld@.service"])
async def test_the_unit_exposes_little(tmp_path: Path, name: str) -> None:
    analyze = program("systemd-analyze")
    unit = tmp_path / name
    unit.write_text((ROOT / "systemd" / name).read_text())
    done = await asyncio.to_thread(
        lambda: subprocess.run(
            [analyze, "security", "--offline=true", "--threshold=15", "--no-pager", str(unit)],
            capture_output=True,
            text=True,
            check=False,
        )
    )
    assert done.returncode == 0, done.stdout + done.stderr


async def _hear(manager: socket.socket) -> str:
    async with asyncio.timeout(PATIENCE):
        return (await asyncio.get_running_loop().sock_recv(manager, 4096)).decode()

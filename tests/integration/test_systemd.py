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


async def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    analyze = program("systemd-analyze")
    # verify looks for the program, which is elsewhere here
    unit = tmp_path / "labeld.service"
    text = (ROOT / "systemd/labeld.service").read_text()
    assert "/opt/labeld/bin/labeld" in text
    unit.write_text(text.replace("/opt/labeld/bin/labeld", sys.executable))
    done = await asyncio.to_thread(
        lambda: subprocess.run([analyze, "verify", str(unit)], capture_output=True, text=True, check=False)
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


async def _hear(manager: socket.socket) -> str:
    async with asyncio.timeout(PATIENCE):
        return (await asyncio.get_running_loop().sock_recv(manager, 4096)).decode()

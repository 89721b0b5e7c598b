"""Printers on IPv6 loopback, and in a network of its own those on link-local addresses and those heard by broadcast."""

import asyncio
import shutil
import sys
import uuid
from typing import Any

import pytest

from labeld.daemon.finding.browser import Browser
from labeld.drivers.opening import open_driver
from labeld.drivers.virtual.server import VirtualPrinter

from .harness import ROOT
from .test_discovery import until

RUN = uuid.uuid4().hex[:8]
#: two cards of one machine, joined by a cable
CABLE = """
ip link set lo up && ip link add here type veth peer name there || exit 75
ip link set here up && ip link set there up && ip addr add 10.99.0.1/24 brd + dev here || exit 75
exec "$0" -m tests.integration.cable
"""


async def test_a_printer_on_ipv6_is_found_and_asked() -> None:
    more: dict[str, Any] = {"announce": True, "interfaces": ["127.0.0.1", "::1"]}
    async with (
        Browser(["127.0.0.1", "::1"]) as browser,
        VirtualPrinter("::1", 0, name=f"Six {RUN}", serial=f"SIX{RUN}", **more) as printer,
    ):
        found = await until(browser, lambda found: f"Six {RUN}" in found)
        (at,) = found[f"Six {RUN}"].endpoints
        assert at.uri == printer.uri == f"socket://[::1]:{printer.port}"
        async with open_driver(at.uri).connect() as session:
            assert (await session.observe()).identity.serial == f"SIX{RUN}"


@pytest.mark.peer
async def test_what_is_on_a_cable_is_found_with_its_interface_and_by_broadcast() -> None:
    unshare = shutil.which("unshare")
    if unshare is None or shutil.which("ip") is None:
        pytest.skip("unshare or ip is not installed")
    process = await asyncio.create_subprocess_exec(
        unshare,
        "--net",
        "sh",
        "-c",
        CABLE,
        sys.executable,
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT / '.src'}:{ROOT}", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    if process.returncode in (1, 75) and b"LINK" not in out and b"Traceback" not in err:
        pytest.skip(f"no network namespace here: {err.decode(errors='replace').strip()}")
    assert process.returncode == 0, err.decode(errors="replace")
    link, cast = (line.split() for line in out.decode().splitlines())
    assert link[0].startswith("socket://[fe80::")
    assert link[0].endswith(("%here]:9100", "%there]:9100"))  # both ends are this machine's, and both hear it
    assert link[1] == "LINK1"
    assert cast == ["socket://10.99.0.1:9100", "CAST1"]

"""Printers found by mDNS on loopback: announced by us, by Avahi, by ippeveprinter; hundreds; and swapped addresses."""

import asyncio
import contextlib
import json
import os
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from labeld.daemon.finding.browser import Browser
from labeld.drivers.devices import Device, merge
from labeld.drivers.dnssd import SERVICE_TYPE
from labeld.drivers.virtual.server import VirtualPrinter

from .harness import PATIENCE, ROOT, Broker, Labeld, die_with_parent, event, free_port, program, publish, publisher
from .test_cli import labeld as command_line

LO = ["127.0.0.1"]
#: others may run these tests on this host at the same time, and all hear each other
RUN = uuid.uuid4().hex[:8]
AVAHI = """\
[server]
host-name=labeld-test
allow-interfaces=lo
use-ipv6=no
[wide-area]
enable-wide-area=no
[publish]
publish-hinfo=no
publish-workstation=no
"""


async def until(browser: Browser, right: Callable[[dict[str, Device]], object]) -> dict[str, Device]:
    """The devices by name, once they are right."""
    async with asyncio.timeout(PATIENCE):
        while True:
            browser.changed.clear()
            devices = {device.name: device for device in merge(browser.services)}
            if right(devices):
                return devices
            await browser.changed.wait()


def announcing(host: str, port: int, name: str, serial: str, seconds_per_label: float = 0.01) -> VirtualPrinter:
    """A printer that tells loopback of itself."""
    more: dict[str, Any] = {"announce": True, "interfaces": LO, "seconds_per_label": seconds_per_label}
    return VirtualPrinter(host, port, name=name, serial=serial, **more)


async def test_a_printer_appears_moves_and_leaves() -> None:
    async with Browser(LO) as browser:
        async with announcing("127.0.0.2", 0, f"Wandering {RUN}", f"WANDER{RUN}") as printer:
            there = await until(browser, lambda found: f"Wandering {RUN}" in found)
            assert [at.uri for at in there[f"Wandering {RUN}"].endpoints] == [printer.uri]
            await asyncio.sleep(1.2)  # an address younger than a second is kept (RFC 6762 section 10.2)
            await printer.unplug()
            printer.plug("127.0.0.3")
            await printer.tell()
            moved = await until(
                browser,
                lambda found: (
                    f"Wandering {RUN}" in found
                    and [at.uri for at in found[f"Wandering {RUN}"].endpoints] == [printer.uri]
                ),
            )
            assert moved[f"Wandering {RUN}"].key == there[f"Wandering {RUN}"].key
        await until(browser, lambda found: f"Wandering {RUN}" not in found)


async def test_addresses_of_this_host_are_no_printers_on_a_network() -> None:
    zeroconf = AsyncZeroconf(interfaces=LO)
    info = AsyncServiceInfo(
        SERVICE_TYPE,
        f"Trap {RUN}.{SERVICE_TYPE}",
        port=22,
        parsed_addresses=["127.0.0.1", "0.0.0.0", "224.0.0.251", "192.0.2.7", "fe80::1"],  # noqa: S104 - announced
        server=f"trap-{RUN}.local.",
    )
    try:
        await (await zeroconf.async_register_service(info))
        async with Browser(LO) as browser:
            found = await until(browser, lambda found: f"Trap {RUN}" in found)
            assert {at.address for at in found[f"Trap {RUN}"].endpoints} == {"127.0.0.1", "192.0.2.7"}
            outside = Browser()  # does not listen: what would it take of the same record?
            (key,) = (key for key in browser._names if key[1] == info.name)
            kept = outside._service(key, info)
            assert kept is not None
            assert kept.addresses == ("192.0.2.7",)
    finally:
        await zeroconf.async_unregister_all_services()
        await zeroconf.async_close()


@contextlib.asynccontextmanager
async def bus_and_avahi(folder: Path) -> AsyncIterator[dict[str, str]]:
    """Avahi on loopback with a message bus of its own; gives the environment of its clients."""
    if os.geteuid() != 0:
        pytest.skip("avahi-daemon writes its PID below /run")
    if any(process.name() == "avahi-daemon" for process in psutil.process_iter()):
        pytest.skip("an avahi-daemon runs on this machine, and there can only be one")
    daemon, dbus = program("avahi-daemon"), program("dbus-daemon")
    address = f"unix:path={folder}/bus"
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address}
    (folder / "avahi.conf").write_text(AVAHI)
    flags = ("--no-drop-root", "--no-chroot", "--no-rlimits", "--no-proc-title")
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(
            running(dbus, "--session", f"--address={address}", "--nofork", "--nopidfile", env=environment)
        )
        async with asyncio.timeout(PATIENCE):
            while not (folder / "bus").exists():  # noqa: ASYNC110 - no signal
                await asyncio.sleep(0.02)
        await stack.enter_async_context(running(daemon, "-f", str(folder / "avahi.conf"), *flags, env=environment))
        async with asyncio.timeout(PATIENCE):
            while await exit_status("avahi-browse", "-at", env=environment):  # noqa: ASYNC110 - no signal
                await asyncio.sleep(0.05)
        yield environment


@contextlib.asynccontextmanager
async def running(*command: str, env: dict[str, str]) -> AsyncIterator[None]:
    """A program as long as the context."""
    silent = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, env=env, stdout=silent, stderr=silent)
    try:
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def exit_status(*command: str, env: dict[str, str]) -> int:
    silent = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        program(command[0]), *command[1:], env=env, stdout=silent, stderr=silent
    )
    return await process.wait()


@pytest.mark.peer
async def test_avahi_and_ippeveprinter_are_understood_and_understand_us(tmp_path: Path) -> None:
    publisher, ippeveprinter = program("avahi-publish"), program("ippeveprinter")
    txt = ("txtvers=1", "ty=ZTC ZD421-300dpi ZPL", "note=Desk 4", "UUID=cbf40622-0000-3000-8000-94ddf83a5d08")
    async with bus_and_avahi(tmp_path) as env, Browser(LO) as browser:
        async with contextlib.AsyncExitStack() as stack:
            services = (("_pdl-datastream._tcp", "6101"), ("_ipp._tcp", "631"), ("_printer._tcp", "0"))
            for kind, port in services:
                name = "Avahi's Zebra" if kind != "_ipp._tcp" else "Avahi's Zebra (IPP)"
                await stack.enter_async_context(running(publisher, "-s", name, kind, port, *txt, env=env))
            found = await until(
                browser, lambda found: "Avahi's Zebra" in found and len(found["Avahi's Zebra"].services) == 2
            )
            zebra = found["Avahi's Zebra"]
            assert zebra.schemes == ("socket", "ipp")
            assert {at.port for at in zebra.endpoints} == {6101}
            assert "127.0.0.1" in {at.address for at in zebra.endpoints}
            assert (zebra.advert.speaks_zpl, zebra.advert.dpi, zebra.advert.note) == (True, 300, "Desk 4")
        await until(browser, lambda found: "Avahi's Zebra" not in found)
        command = (ippeveprinter, "-p", str(free_port()), "-d", str(tmp_path), "Peer of CUPS")
        async with running(*command, env=env):
            found = await until(
                browser, lambda found: "Peer of CUPS" in found and "ipp" in found["Peer of CUPS"].schemes
            )
            assert found["Peer of CUPS"].endpoints == ()  # IPP, and an LPD name that is only defended
            assert "lpd" not in found["Peer of CUPS"].schemes
            assert found["Peer of CUPS"].uuid
        async with announcing("127.0.0.1", 0, f"Ours {RUN}", f"OURS{RUN}"):
            seen = await asyncio.create_subprocess_exec(
                program("avahi-browse"), "-rpt", "_pdl-datastream._tcp", env=env, stdout=asyncio.subprocess.PIPE
            )
            out, _ = await seen.communicate()
    line = next(line for line in out.decode().splitlines() if line.startswith("=") and f"Ours\\032{RUN};" in line)
    assert '"pdl=application/vnd.zebra-zpl"' in line


async def own_network(*command: str | Path) -> tuple[str, ...]:
    """The command in a network of its own, where nobody else announces anything; as it is where there may be none."""
    apart = ("unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$0" "$@"')
    with contextlib.suppress(OSError):
        silent = asyncio.subprocess.DEVNULL
        probe = await asyncio.create_subprocess_exec(*apart, "true", stdout=silent, stderr=silent)
        if await probe.wait() == 0:
            return (*apart, *map(str, command))
    return tuple(map(str, command))


@pytest.mark.peer
async def test_two_hundred_printers_of_which_fifty_return_elsewhere() -> None:
    watching = await asyncio.create_subprocess_exec(
        *await own_network(sys.executable, "-W", "error", "-m", "tests.integration.weather"),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / '.src'}:{ROOT}"},
        stdout=asyncio.subprocess.PIPE,
        preexec_fn=die_with_parent,
    )
    out, _ = await watching.communicate()
    assert watching.returncode == 0
    told = json.loads(out)
    # announcements are taken in by bunches, by a fixed number of tasks, and what left leaves nothing
    assert told["changes"] <= 40
    assert told["tasks"] <= 24
    assert told["memory"] < 64 * 2**20
    assert told["kept"] <= 60


async def _settle_by_looking(daemon: Labeld, *printers: VirtualPrinter) -> None:
    """A label that was on its way when its cable was pulled is put to a person, who looks at the paper."""
    while any(job["state"] != "completed" for job in await daemon.settled(100)):
        for job in await daemon.jobs():
            path, number = f"/api/v1/jobs/{job['id']}", int(job["event_id"].removeprefix("event-"))
            if "settle" in job["actions"]:
                out = any(b"-%03d^" % number in label.zpl for printer in printers for label in printer.labels)
                await daemon.post(f"{path}/settle", printed=out)
            elif "release" in job["actions"]:
                await daemon.post(f"{path}/release")


@pytest.mark.peer
async def test_no_label_comes_out_of_the_wrong_printer_when_two_swap_addresses(tmp_path: Path, broker: Broker) -> None:
    async with contextlib.AsyncExitStack() as stack:
        # slow enough that each swap comes in the middle of the work
        one = await stack.enter_async_context(announcing("127.0.0.2", 0, "One", f"SWAP1{RUN}", 0.15))
        two = await stack.enter_async_context(announcing("127.0.0.3", one.port, "Two", f"SWAP2{RUN}", 0.15))
        identities = {"one": f"serial:SWAP1{RUN}", "two": f"serial:SWAP2{RUN}"}
        printers = {"one": one, "two": two}
        daemon = Labeld(tmp_path / "state", broker.port, printers, identities=identities, discovery=True)
        await stack.enter_async_context(daemon)
        client = await stack.enter_async_context(publisher(broker.port))

        async def printed(count: int) -> None:
            async with asyncio.timeout(PATIENCE):
                while len(one.labels) + len(two.labels) < count:  # noqa: ASYNC110 - two printers
                    await asyncio.sleep(0.01)

        async def swap(*, told: bool) -> None:
            if told:
                await asyncio.sleep(1.2)  # an address younger than a second is kept (RFC 6762 section 10.2)
            hosts = one.host, two.host
            await one.unplug()
            await two.unplug()
            one.plug(hosts[1])
            two.plug(hosts[0])
            if told:
                await one.tell()
                await two.tell()

        for number in range(100):
            name = ("one", "two")[number % 2]
            zpl = f"^XA^FO50,50^A0N,60,60^FD{name}-{number:03}^FS^XZ".encode()
            await publish(client, event(number, zpl, printer=name))
        await printed(10)
        await swap(told=True)
        await printed(55)
        await swap(told=False)  # for a while each answers where the other announced itself
        await printed(70)
        await one.tell()
        await two.tell()
        await swap(told=True)
        assert len(one.labels) < 50
        assert len(two.labels) < 50
        await _settle_by_looking(daemon, one, two)
        shown = {printer["name"]: printer for printer in (await daemon.get("/api/v1/printers"))["printers"]}
        async with asyncio.timeout(PATIENCE):
            known: dict[str, str] = {}
            while known != {f"SWAP1{RUN}": "one", f"SWAP2{RUN}": "two"}:
                found = (await daemon.get("/api/v1/candidates"))["candidates"]
                known = {
                    candidate["serial"]: candidate["printer"] for candidate in found if RUN in str(candidate["serial"])
                }
    for name, printer, parity in (("one", one, 0), ("two", two, 1)):
        wanted = [f"^FD{name}-{number:03}^FS".encode() for number in range(parity, 100, 2)]
        assert sorted(label.zpl[label.zpl.index(b"^FD") : -3] for label in printer.labels) == wanted
        assert (shown[name]["serial"], shown[name]["uri"]) == (printer.serial, printer.uri)


@pytest.mark.peer
async def test_a_stranger_is_shown_and_gets_nothing_until_it_is_adopted(tmp_path: Path, broker: Broker) -> None:
    async with contextlib.AsyncExitStack() as stack:
        zebra = await stack.enter_async_context(VirtualPrinter(port=0, serial="STATIC01", seconds_per_label=0.01))
        stranger = await stack.enter_async_context(announcing("127.0.0.1", 0, f"Line <b>{RUN}</b>", f"STRANGER{RUN}"))
        daemon = Labeld(tmp_path / "state", broker.port, {"zebra": zebra}, discovery=True)
        await daemon.start()
        stack.push_async_callback(daemon.__aexit__)
        async with asyncio.timeout(PATIENCE):
            while True:
                found = (await daemon.get("/api/v1/candidates"))["candidates"]
                found = [one for one in found if one["serial"] == f"STRANGER{RUN}"]
                if found:
                    break
                await asyncio.sleep(0.05)
        page = (await daemon.bytes("/")).decode()
        assert f"Line &lt;b&gt;{RUN}&lt;/b&gt;" in page
        assert f'name="identity" value="serial:STRANGER{RUN}"' in page
        assert f'name="name" value="line-b-{RUN}-b"' in page
        listed = (await command_line("printers", "--config", daemon.config)).out.decode()
        assert f'identity = "serial:STRANGER{RUN}"' in listed
        # what announces itself is found without the daemon too, and asked nothing
        heard = await command_line("printers", "--discover", "--seconds=2", "--json", "--config", daemon.config)
        (told,) = (one for one in json.loads(heard.out) if one["name"] == f"Line <b>{RUN}</b>")
        assert (told["printer"], told["resolution"]) == (None, 203)
        assert told["identity"].startswith("uuid:")
        # adopted by the very lines that were shown
        await daemon.stop()
        daemon.config.write_text(daemon.config.read_text() + found[0]["configuration"] + "\n")
        await daemon.start()
        assert stranger.received == 0
        async with publisher(broker.port) as client:
            await publish(client, event(1, b"^XA^FO9,9^GB99,99,9^FS^XZ", printer=f"line-b-{RUN}-b"))
        (job,) = await daemon.settled(1)
        assert (job["outcome"], stranger.odometer, zebra.odometer) == ("confirmed", 1, 0)

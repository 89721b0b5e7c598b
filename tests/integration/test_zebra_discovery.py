"""Zebras that announce nothing: found by their own discovery (UDP 4201) on loopback, and followed."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labeld.drivers.virtual.server import VirtualPrinter

from .harness import PATIENCE, Broker, Labeld, event, publish, publisher
from .test_cli import labeld as command_line

RUN = uuid.uuid4()
#: part of loopback in which hardly anybody else tests at the same time
PART = f"127.{16 + RUN.bytes[0] // 2}.{RUN.bytes[1]}"


def silent(host: int, name: str, serial: str) -> VirtualPrinter:
    """A printer that announces nothing, at the port that its discovery does not tell."""
    return VirtualPrinter(
        f"{PART}.{host}", 9100, name=name, serial=serial, seconds_per_label=0.01, zebra_discovery=True
    )


def label(number: int) -> bytes:
    return f"^XA^FO50,50^A0N,60,60^FD{number}^FS^XZ".encode()


async def printer_is(daemon: Labeld, name: str, right: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What the API says of a printer, once it is right."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found: list[dict[str, Any]] = (await daemon.get("/api/v1/printers"))["printers"]
            shown = next(one for one in found if one["name"] == name)
            if right(shown):
                return shown
            await asyncio.sleep(0.05)


@pytest.mark.peer
async def test_it_is_found_followed_and_never_taken_for_another(tmp_path: Path, broker: Broker) -> None:
    async with contextlib.AsyncExitStack() as stack:
        desk = await stack.enter_async_context(silent(10, f"Desk {RUN}"[:25], "DESK1"))
        line = silent(11, "Line", "LINE1")
        await line.start()
        stack.push_async_callback(line.stop)
        identities = {"desk": "serial:DESK1", "line": "name:Line"}
        daemon = Labeld(
            tmp_path / "state",
            broker.port,
            {"desk": desk, "line": line},
            identities=identities,
            discovery=True,
            zebra_networks=[f"{PART}.0/26"],
        )
        heard = await command_line("printers", "--discover", "--seconds=1", "--json", "--config", daemon.config)
        told = {one["name"]: (one["printer"], one["uris"]) for one in json.loads(heard.out)}
        assert told["Line"] == ("line", [line.uri])
        assert told[desk.name] == (None, [desk.uri])  # a serial number is only told when asked
        await daemon.start()
        stack.push_async_callback(daemon.__aexit__)
        client = await stack.enter_async_context(publisher(broker.port))
        await publish(client, event(1, label(1), printer="desk"))
        await publish(client, event(2, label(2), printer="line"))
        assert {job["outcome"] for job in await daemon.settled(2)} == {"confirmed"}
        # it moves, and a stranger gets its address
        await desk.unplug()
        stranger = await stack.enter_async_context(silent(10, "Stranger", "OTHER1"))
        desk.plug(f"{PART}.40")
        await publish(client, event(3, label(3), printer="desk"))
        assert {job["outcome"] for job in await daemon.settled(3)} == {"confirmed"}
        assert (desk.odometer, line.odometer, stranger.received) == (2, 1, 0)
        assert (await printer_is(daemon, "desk", lambda _: True))["uri"] == desk.uri
        # labeld starts again, and another printer has taken name and address
        await daemon.stop()
        await line.stop()
        async with silent(11, "Line", "OTHER2") as usurper:
            await daemon.start()
            await publish(client, event(4, label(4), printer="line"))
            shown = await printer_is(daemon, "line", lambda one: "printer-identity-mismatch" in one["reasons"])
            assert 'if it was replaced, set serial = "OTHER2"' in shown["message"]
        assert usurper.received == 0
        async with silent(12, "Line", "LINE1") as line:
            assert {job["outcome"] for job in await daemon.settled(4)} == {"confirmed"}
            assert line.odometer == 1

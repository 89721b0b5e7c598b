"""SIGHUP while labels flow: printers, groups and rules change, and each label comes out once."""

import asyncio
import signal
from collections import Counter
from pathlib import Path

import pytest

from labeld.config.errors import ConfigError
from labeld.config.settings import Settings
from labeld.daemon.reloading import in_force, waiting

from .harness import PATIENCE, Broker, Labeld
from .test_routing import floor, prints, send, zebra

pytestmark = pytest.mark.peer


async def test_printers_groups_and_rules_change_while_labels_flow(tmp_path: Path, broker: Broker) -> None:
    one, two = zebra("ONE", seconds=0.05), zebra("TWO")
    async with two, floor(tmp_path, {"one": one}, "", broker) as daemon:
        first = daemon.config.read_text()
        flow = asyncio.create_task(_flow(broker))
        table = f'[printers.two]\nuri = "{two.uri}"\nstations = ["desk"]\n'
        group = '[groups.both]\nprinters = ["one", "two"]\n[[routes]]\nstation = "pack"\nto = "both"\n'
        await _reload(daemon, first + table + group, "reloaded: 2 printers, 1 groups, 1 rules")
        await send(broker, [100], station="desk")
        # from here on the group's other printer is known to be ready
        async with asyncio.timeout(PATIENCE):
            while True:
                if (await daemon.get("/api/v1/jobs?q=event-100&state=completed"))["jobs"]:
                    break
                await asyncio.sleep(0.02)
        await send(broker, range(101, 109), station="pack")
        await _reload(daemon, first.replace("[printers.one]", "[printers.one]\ncolour = 1"), "nothing is changed")
        # its settings change under the labels that it has
        other = first.replace("[printers.one]", '[printers.one]\nstations = ["dock"]')
        await _reload(daemon, other.replace('site = "test"', 'site = "other"') + table, "site is changed")
        assert b"site is changed in the configuration" in await daemon.bytes("/")
        await _reload(daemon, first + table, "reloaded: 2 printers, 0 groups")
        await send(broker, [109], station="pack")
        await flow
        jobs = await daemon.settled(40)
        assert Counter(job["state"] for job in jobs) == {"completed": 40}, jobs
        assert Counter(prints(one, two).values()) == {1: 40}
        where = {job["event_id"]: job["printer"] for job in jobs}
        assert where["event-100"] == "two"
        assert where["event-109"] == "one"
        assert "two" in {where[f"event-{number}"] for number in range(101, 109)}
        assert b"is changed in the configuration" not in await daemon.bytes("/")


def test_what_needs_a_restart_is_told_and_stays() -> None:
    old = Settings.model_validate({"printers": {"a": {"uri": "socket://10.0.0.1"}}, "web": {"port": 1}})
    new = Settings.model_validate(
        {
            "printers": {"b": {"uri": "socket://10.0.0.2"}},
            "routes": [{"to": "b"}],
            "default_printer": "b",
            "log_level": "debug",
            "web": {"port": 2},
            "mqtt": {"host": "elsewhere"},
            "tiktok": {"shops": {"us": {"shop_id": "1", "market": "US"}}},
        }
    )
    assert list(waiting(old, new)) == ["mqtt.host", "web.port", "tiktok.shops.us"]
    now = in_force(old, new)
    assert (set(now.printers), now.default_printer, now.log_level) == ({"b"}, "b", "debug")
    assert (now.web.port, now.mqtt.host, now.tiktok) == (1, old.mqtt.host, old.tiktok)
    found = {"printers": {"c": {"identity": "serial:X1", "media": "4x6in"}}}
    with pytest.raises(ConfigError, match=r"discovery.enabled = true.*restart"):
        in_force(Settings.model_validate({"discovery": {"enabled": False}}), Settings.model_validate(found))


async def _flow(broker: Broker) -> None:
    for number in range(30):
        await send(broker, [number])


async def _reload(daemon: Labeld, text: str, told: str) -> None:
    """Change the file, and wait until the log has `told` once more."""
    before = daemon.log.count(told)
    daemon.config.write_text(text)
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGHUP)
    async with asyncio.timeout(PATIENCE):
        while True:
            if daemon.log.count(told) > before:
                return
            await asyncio.sleep(0.02)

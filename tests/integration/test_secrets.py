"""What a run with TikTok leaves behind: no token, secret or link in what is kept or told, and no address in the end."""

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import pytest

from labeld.daemon.job import Removed
from labeld.daemon.store import Store
from labeld.daemon.tiktok.sandbox.server import Sandbox
from labeld.drivers.virtual.server import VirtualPrinter

from .harness import ENDED, PATIENCE, PREFIX, Broker, Labeld, event, publish, publisher
from .shops import authorize, tables
from .test_parcels import until

pytestmark = pytest.mark.peer

SIGN = "5ec3e75ec3e75ec3e7"
#: each is told of in its own words, in logs and on the page
_FAULTS = (
    "expired-token",
    "rate-limit",
    "unavailable",
    "garbage",
    "dropped",
    "empty-url",
    "truncated",
    "link-unavailable",
    "token-unavailable",
)
STREET = "12 ELM STREET"
ZPL = f"^XA^FO30,30^A0N,40,40^FDJANE DOE^FS^FO30,80^A0N,40,40^FD{STREET}^FS^XZ".encode()


def columns(path: Path) -> Iterator[tuple[str, str]]:
    """Every text of a database, with the name of its column."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - the names are the schema's own
            names = [one[0] for one in rows.description]
            for row in rows:
                for name, value in zip(names, row, strict=True):
                    if isinstance(value, str):
                        yield f"{table}.{name}", value


async def test_a_run_with_tiktok_tells_no_secret_and_keeps_no_address(
    tmp_path: Path, broker: Broker, zebra: VirtualPrinter
) -> None:
    sandbox = Sandbox(shops={"us": "US"}, packages=4, token_seconds=3, seed=2)
    told: list[str] = []
    async with sandbox, publisher(broker.port) as client:
        more = tables(sandbox, tmp_path)
        daemon = Labeld(tmp_path / "labeld", broker.port, {"zebra": zebra}, more=more)
        listening = asyncio.create_task(listen(broker.port, told))
        async with daemon:
            await authorize(daemon, sandbox)
            for fault in _FAULTS:
                sandbox.fault(f"{fault}*1")
            for package in sandbox.packages.values():
                asset = {"tiktok": {"shop": "us", "package_id": package.package_id}}
                await publish(client, {"event_id": package.package_id, "asset": asset})
            await publish(client, event("address", ZPL))
            link = f"{sandbox.base_url}/wsos_v2/oec_fulfillment_doc_tts/object/wsos1?expire=9999999999&sign={SIGN}"
            await publish(client, {"event_id": "link", "asset": {"url": link}})
            await publish(client, {"event_id": "bad", "asset": {"url": f"https://example.com/?sign={SIGN}"}})
            jobs = await until(daemon, lambda jobs: sum(job["state"] == "completed" for job in jobs) == 5)
            shown = [str(await daemon.get(f"/api/v1/{kind}")) for kind in ("jobs", "rejections", "shops", "printers")]
            shown += [str(await daemon.get(f"/api/v1/jobs/{job['id']}")) for job in jobs]
            shown += [(await daemon.bytes(path)).decode() for path in ("/", "/readyz", f"/jobs/{jobs[0]['id']}")]
            assert any(job["event_id"] == "link" and job["state"] not in ENDED - {"pending-held"} for job in jobs)
            for job in jobs:
                if job["state"] != "completed":
                    await daemon.post(f"/api/v1/jobs/{job['id']}/cancel")
        listening.cancel()
        grants = [sandbox.grant("us")]
        secrets = [sandbox.app_secret, SIGN, *(grant.access_token for grant in grants)]
        pattern = re.compile("|".join(map(re.escape, secrets)) + r"|TTP_\w{8}|ROW_\w{8}|sign=[0-9a-f]")
    database = daemon.config.parent / "labeld.sqlite3"
    everything = {"log": daemon.log, "MQTT": "".join(told), "API": "".join(shown)}
    assert len(told) > 5
    for name, text in [*everything.items(), *columns(database)]:
        found = pattern.search(text)
        assert found is None, f"{name}: {text[max(0, found.start() - 80) : found.end() + 40]}"
    kept = b"".join(path.read_bytes() for path in database.parent.glob("labeld.sqlite3*"))
    assert (STREET.encode() in kept, SIGN.encode() in kept) == (True, False)
    await forget(database)
    left = b"".join(path.read_bytes() for path in database.parent.glob("labeld.sqlite3*"))
    assert STREET.encode() not in left
    assert not any(package.tracking_number.encode() in left for package in sandbox.packages.values())


async def listen(port: int, told: list[str]) -> None:
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe(f"{PREFIX}/#", 1)
        async for message in client.messages:
            line = f"{message.topic} {bytes(message.payload).decode()}"
            told += [] if str(message.topic).endswith("/labels/ready") else [line]


async def forget(database: Path) -> None:
    """Remove what is personal of all that ended, as time does."""
    late = 1e11
    async with asyncio.timeout(PATIENCE), Store(database, topic_prefix=PREFIX) as store:
        for removed, remove in ((None, store.remove_labels), (Removed.LABEL, store.remove_personal)):
            while ids := await store.outlived(removed, late):
                await remove(ids)
        while await store.remove_messages(late):
            pass

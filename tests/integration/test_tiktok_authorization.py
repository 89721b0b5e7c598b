"""A shop's authorization from the command line to the database, with a token host on loopback that rotates tokens."""

import asyncio
import contextlib
import json
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest
from aiohttp import web
from tests.token_host import CODE, SECRET, TokenHost

from labeld.drivers.virtual.server import VirtualPrinter

from .harness import PATIENCE, PREFIX, Broker, Labeld, publisher

DAY = 86400.0


@pytest.fixture
async def host() -> AsyncIterator[TokenHost]:
    async with TokenHost().serving() as serving:
        yield serving


async def cli(labeld: Labeld, *words: str, stdin: str = "") -> tuple[int, str]:
    """Exit status and what was said of `labeld tiktok …`."""
    command = (sys.executable, "-m", "labeld.daemon", "tiktok", *words)
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**labeld._env, "LABELD_URL": f"http://127.0.0.1:{labeld.web_port}"},
    )
    async with asyncio.timeout(PATIENCE):
        said, _ = await process.communicate(stdin.encode())
    assert process.returncode is not None
    return process.returncode, said.decode()


@pytest.fixture
async def labeld(tmp_path: Path, broker: Broker, zebra: VirtualPrinter, host: TokenHost) -> AsyncIterator[Labeld]:
    """A daemon with two shops, not started."""
    secret, key = tmp_path / "app-secret", tmp_path / "token-key"
    secret.write_text(f"{SECRET}\n")
    secret.chmod(0o600)
    shops = "".join(f'[tiktok.shops.{name}]\nshop_id = "{name}"\nmarket = "US"\n' for name in ("us", "other"))
    tiktok = (
        f'[tiktok]\napp_key = "key"\nservice_id = "77"\nauthority = "{host.origin}"\n'
        f'app_secret_file = "{secret}"\ntoken_key_file = "{key}"\n{shops}'
    )
    daemon = Labeld(tmp_path / "state", broker.port, {"zebra": zebra}, more=tiktok)
    said = await cli(daemon, "key", str(key))
    assert said[0] == 0
    assert (await cli(daemon, "key", str(key)))[0] == 1  # it is there
    try:
        yield daemon
    finally:
        if daemon.process is not None and daemon.process.returncode is None:
            await daemon.stop(signal.SIGKILL)


def texts(database: Path) -> str:
    """Everything in the database that is text, and every message in the outbox."""
    found: list[str] = []
    with contextlib.closing(sqlite3.connect(database)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608 - names from the schema
                found += [str(value) for value in row if value is not None]
    return "\n".join(found)


async def test_a_shop_is_authorized_refreshed_and_told_of_and_no_secret_is_seen_anywhere(
    labeld: Labeld, broker: Broker, host: TokenHost, tmp_path: Path
) -> None:
    host.refresh_life = 20 * DAY
    said: list[str] = []

    async def run(*words: str, stdin: str = "", status: int = 0) -> str:
        code, text = await cli(labeld, *words, stdin=stdin)
        said.append(text)
        assert code == status, text
        return text

    async with publisher(broker.port) as client:
        await client.subscribe(f"{PREFIX}/#", 1)
        await labeld.start()
        assert "shop us is not authorized: run labeld tiktok authorize us" in await run("status", status=1)
        back = f"https://shop.example/back?app_key=key&code={CODE}&locale=en"
        text = await run("authorize", "us", stdin=f"{back}\n")
        assert "https://services.us.tiktokshop.com/open/authorize?service_id=77" in text
        assert "us: authorized" in text
        assert "Ace Candles (US)" in text
        assert "there is no code in that" in await run("authorize", "us", "--code", "a b", status=2)
        assert "36004004" in await run("authorize", "other", "--code", "-", stdin="wrong-code\n", status=1)
        host.issued.append("wrong-code")
        unknown = await labeld.post("/api/v1/shops/nobody/refresh")
        assert (unknown["status"], unknown["detail"]) == (404, "there is no shop 'nobody'; configured: us, other")
        assert "us: authorized" in await run("refresh", "us")
        host.codes.add("second")
        said.append(str(await labeld.post("/api/v1/shops/other/authorize", code="second")))
        text = await run("status")
        assert text.count("ends in 19 days") == 2
        alert = await _alert(client)
        assert alert["kind"] == "tiktok-authorization-ends"
        assert "run labeld tiktok authorize" in alert["message"]
        host.good.clear()
        assert "shop us needs authorization: TikTok says 36004001" in await run("refresh", "us", status=1)
        status = (await labeld.bytes("/api/v1/shops")).decode()
        assert [shop["error"] is None for shop in json.loads(status)["shops"]] == [False, True]
        front = (await labeld.bytes("/")).decode()
        assert "Shop us needs authorization" in front
        said += [
            front,
            status,
            (await labeld.bytes("/readyz")).decode(),
        ]
        await labeld.stop()
    said += [labeld.log, texts(tmp_path / "state/labeld.sqlite3")]
    for secret in host.issued:
        assert secret not in "\n".join(said)
    assert host.refreshes == 2


async def _alert(client: aiomqtt.Client) -> dict[str, str]:
    async with asyncio.timeout(PATIENCE):
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            assert b"TTP_" not in message.payload
            if message.topic.value == f"{PREFIX}/alerts":
                told: dict[str, str] = json.loads(message.payload)
                return told
    raise AssertionError("the connection ended")


@pytest.mark.parametrize("kill_old", [False, True], ids=["the old one is still taken", "the old one is void"])
async def test_killed_between_a_refresh_and_its_commit(labeld: Labeld, host: TokenHost, kill_old: bool) -> None:
    host.kill_old = kill_old
    await labeld.start()
    assert (await cli(labeld, "authorize", "us", "--code", CODE))[0] == 0

    async def kill(request: web.Request) -> web.StreamResponse:
        answer = host.issue(request.query["refresh_token"])  # TikTok has made new tokens by now
        await labeld.stop(signal.SIGKILL)
        return answer

    host.odd = kill
    with contextlib.suppress(Exception):
        await labeld.post("/api/v1/shops/us/refresh")
    host.odd = None
    await labeld.start()
    async with asyncio.timeout(PATIENCE):
        while host.refreshes < 2:  # by itself, at once  # noqa: ASYNC110 - another process tells nobody
            await asyncio.sleep(0.02)
    async with asyncio.timeout(PATIENCE):
        while True:
            us = (await labeld.get("/api/v1/shops"))["shops"][0]
            if us["warning"] or us["refreshed_at"] != us["authorized_at"]:
                break
            await asyncio.sleep(0.02)
    if kill_old:
        assert "the answer to the refresh of" in us["warning"]
        assert us["warning"].endswith("run labeld tiktok authorize us")
        assert us["authorized"]  # for as long as the access token lives
    else:
        assert (us["warning"], us["trouble"], us["error"]) == (None, None, None)

"""Label events over Debian's mosquitto, through the daemon process, onto the simulated printer."""

import asyncio
import base64
import contextlib
import hashlib
import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import aiohttp
import aiomqtt
import pytest

from labeld.drivers.virtual.server import VirtualPrinter

from .harness import LABELS, PATIENCE, PREFIX, Broker, Labeld, Process, event, program, publish, publisher

pytestmark = pytest.mark.peer

PDF = (LABELS / "usps-a6.pdf").read_bytes()
PLUGINS = sorted(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"))
PNG = (LABELS / "parcel.png").read_bytes()


async def test_each_form_of_event_prints_once(broker: Broker, zebra: VirtualPrinter, labeld: Labeld) -> None:
    cloud = {
        "specversion": "1.0",
        "id": "1",
        "source": "/shops/1",
        "type": "com.tiktokshop.label.ready.v1",
        "data": event("inside", (LABELS / "qr-100x150.pdf").read_bytes()),
    }
    async with publisher(broker.port) as client:
        await publish(client, event("plain", PDF, tracking_number="9400100000000000000000"))
        await publish(client, cloud)
        await publish(client, PNG, "printers/zebra/print")
        await publish(client, (LABELS / "zpl-base64.txt").read_bytes(), "printers/zebra/print")
        jobs = await labeld.settled(4)
    assert [job["outcome"] for job in jobs] == ["confirmed"] * 4, jobs
    assert zebra.odometer == 4
    assert all(label.complete for label in await zebra.wait_labels(4))


async def test_the_same_event_prints_once_however_often_it_comes(
    broker: Broker, zebra: VirtualPrinter, labeld: Labeld
) -> None:
    async with publisher(broker.port) as client:
        for _ in range(5):
            await publish(client, event(1, PDF))
            await publish(client, PNG, "printers/zebra/print")
        # messages are taken in order: when the last is a job, all before it were counted
        await publish(client, event("last", PDF))
        jobs = await labeld.settled(3)
    assert sorted(job["duplicates"] for job in jobs) == [0, 4, 4]
    assert zebra.odometer == 3


async def test_mosquitto_pub_prints_a_file(broker: Broker, zebra: VirtualPrinter, labeld: Labeld) -> None:
    command = [program("mosquitto_pub"), "-p", str(broker.port), "-q", "1", "-t", f"{PREFIX}/printers/zebra/print"]
    command += ["-f", str(LABELS / "parcel.png")]
    await asyncio.to_thread(lambda: subprocess.run(command, check=True))
    (job,) = await labeld.settled(1)
    assert (job["outcome"], zebra.odometer) == ("confirmed", 1)


async def test_states_and_rejections_are_published(broker: Broker, labeld: Labeld) -> None:
    async with publisher(broker.port) as client:
        await client.subscribe(f"{PREFIX}/#", 1)
        await publish(client, event("told", PDF))
        await publish(client, b"{broken")
        states: list[str] = []
        rejected: list[str] = []
        presence: dict[str, bytes] = {}
        async with asyncio.timeout(PATIENCE):
            async for message in client.messages:
                topic = str(message.topic).removeprefix(f"{PREFIX}/")
                if topic.startswith("jobs/"):
                    states.append(json.loads(bytes(message.payload))["state"])
                elif topic == "events/rejected":
                    rejected.append(json.loads(bytes(message.payload))["reason"])
                elif topic.endswith("/state") or topic.startswith("hosts/"):
                    presence[topic.split("/")[0]] = bytes(message.payload)
                if "completed" in states and rejected and {"hosts", "printers"} <= presence.keys():
                    break
    assert states == ["pending", "pending", "processing", "completed"]
    assert rejected[0].startswith("the event is not JSON")
    assert presence["hosts"] == b"online"
    assert json.loads(presence["printers"])["state"] == "idle"


async def test_a_killed_daemon_is_offline_for_others(broker: Broker, labeld: Labeld) -> None:
    async with publisher(broker.port) as client:
        await client.subscribe(f"{PREFIX}/hosts/+", 1)
        await labeld.stop(signal.SIGKILL)
        async with asyncio.timeout(PATIENCE):
            seen = [bytes((await anext(client.messages)).payload) for _ in range(2)]
    assert seen == [b"online", b"offline"]


async def test_a_broker_outage_loses_and_doubles_nothing(broker: Broker, zebra: VirtualPrinter, labeld: Labeld) -> None:
    async with publisher(broker.port) as client:
        for number in range(10):
            await publish(client, event(number, PDF))
    await broker.stop()
    await broker.start()
    async with publisher(broker.port) as client:
        for number in range(5, 20):
            await publish(client, event(number, PDF))
        jobs = await labeld.settled(20)
    assert {job["outcome"] for job in jobs} == {"confirmed"}
    assert zebra.odometer == 20


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
async def test_what_is_published_while_labeld_is_away_prints_when_it_is_back(
    protocol: str, tmp_path: Path, broker: Broker, zebra: VirtualPrinter
) -> None:
    daemon = Labeld(tmp_path / "state", broker.port, {"zebra": zebra}, mqtt=f'protocol = "{protocol}"')
    async with daemon:
        assert await daemon.stop() == 0, daemon.log
        async with publisher(broker.port) as client:
            for number in range(3):
                await publish(client, event(number, PDF))
        await daemon.start()
        await daemon.settled(3)
    assert zebra.odometer == 3


async def test_password(tmp_path: Path, zebra: VirtualPrinter) -> None:
    users, secret = tmp_path / "users", tmp_path / "secret"
    secret.write_text("correct horse\n")
    secret.chmod(0o600)
    command = [program("mosquitto_passwd"), "-b", "-c", str(users), "labeld", "correct horse"]
    await asyncio.to_thread(lambda: subprocess.run(command, check=True))
    access = ("allow_anonymous false", f"password_file {users}")
    mqtt = f'username = "labeld"\npassword_file = "{secret}"'
    async with (
        Broker(tmp_path / "broker", access) as broker,
        Labeld(tmp_path / "state", broker.port, {"zebra": zebra}, mqtt=mqtt) as daemon,
        publisher(broker.port, username="labeld", password="correct horse") as client,
    ):
        await publish(client, event(1, PDF))
        await daemon.settled(1)
    assert zebra.odometer == 1


async def test_tls_with_client_certificates(tmp_path: Path, zebra: VirtualPrinter) -> None:
    authority = _certificates(tmp_path)
    access = (
        f"cafile {authority}",
        f"certfile {tmp_path}/server.pem",
        f"keyfile {tmp_path}/server.key",
        "require_certificate true",
        "use_identity_as_username true",
    )
    client_pair = f'certificate_file = "{tmp_path}/client.pem"\nkey_file = "{tmp_path}/client.key"'
    mqtt = f'host = "localhost"\n[mqtt.tls]\nca_file = "{authority}"\n{client_pair}'
    tls = aiomqtt.TLSParameters(
        ca_certs=str(authority), certfile=f"{tmp_path}/client.pem", keyfile=f"{tmp_path}/client.key"
    )
    async with (
        Broker(tmp_path / "broker", access) as broker,
        Labeld(tmp_path / "state", broker.port, {"zebra": zebra}, mqtt=mqtt) as daemon,
        aiomqtt.Client("localhost", broker.port, tls_params=tls) as client,
    ):
        await publish(client, event(1, PDF))
        await daemon.settled(1)
    assert zebra.odometer == 1


def _certificates(folder: Path) -> Path:
    """An authority, and a server and a client that it vouches for, made by openssl."""
    openssl = program("openssl")

    def run(*arguments: str | Path) -> None:
        subprocess.run([openssl, *arguments], check=True, capture_output=True, cwd=folder)

    run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test CA")
    (folder / "names").write_text("subjectAltName=DNS:localhost")
    for name in ("server", "client"):
        run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", "/CN=a")
        signer = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names")
        run("x509", "-req", "-in", f"{name}.csr", *signer, "-out", f"{name}.pem")
    return folder / "ca.pem"


async def test_the_asset_is_kept_as_it_came(broker: Broker, labeld: Labeld) -> None:
    async with publisher(broker.port) as client:
        await publish(client, event(1, PDF))
        (job,) = await labeld.settled(1)
    stored = await labeld.bytes(f"/api/v1/jobs/{job['id']}/asset")
    assert hashlib.sha256(base64.b64decode(stored)).digest() == hashlib.sha256(PDF).digest()


async def test_a_label_of_another_parcel_is_held_with_its_picture(
    broker: Broker, zebra: VirtualPrinter, labeld: Labeld
) -> None:
    async with publisher(broker.port) as client:
        await publish(client, event(1, PDF, tracking_number="9400100000000000000017"))
        (job,) = await labeld.settled(1)
    assert (job["state"], zebra.odometer) == ("pending-held", 0)
    assert job["message"].endswith("not tracking number 9400100000000000000017")
    picture = await labeld.bytes(f"/api/v1/jobs/{job['id']}/preview.png")
    assert picture.startswith(b"\x89PNG")


async def test_a_broker_that_refuses_the_subscription_is_not_called_connected(
    tmp_path: Path, zebra: VirtualPrinter
) -> None:
    if not PLUGINS:
        pytest.skip("mosquitto's dynamic security plugin is not installed")
    rules = tmp_path / "rules.json"
    access = {"publishClientSend": True, "publishClientReceive": True, "subscribe": False, "unsubscribe": True}
    rules.write_text(json.dumps({"defaultACLAccess": access, "clients": [], "groups": [], "roles": []}))
    lines = ("allow_anonymous true", f"plugin {PLUGINS[0]}", f"plugin_opt_config_file {rules}")
    async with Broker(tmp_path / "broker", lines) as broker:
        daemon = Labeld(tmp_path / "state", broker.port, {"zebra": zebra})
        await Process.start(daemon)
        try:
            state = await _broker_state(daemon, "refuses the subscription")
        finally:
            assert await daemon.stop() == 0
    assert state["connected"] is False


async def _broker_state(daemon: Labeld, words: str) -> dict[str, Any]:
    """What the daemon says of its broker, once it says `words`."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                state: dict[str, Any] = (await daemon.get("/readyz"))["broker"]
                if words in state["message"]:
                    return state
            await asyncio.sleep(0.05)

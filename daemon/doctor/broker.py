"""Whether the broker takes labeld, and keeps what it acknowledged. No session is left behind."""

import asyncio
import contextlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

import aiomqtt
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY
from paho.mqtt.reasoncodes import ReasonCode

from ...config.errors import ConfigError
from ...config.load import read_secret
from ...config.settings import Settings
from ..broker import tls_context
from .finding import Finding, fault, ok, warning

_ANSWER_SECONDS = 5.0
#: mosquitto retains these; others may take a while, or have none
_TOLD_SECONDS = 0.7
_TOLD = {
    "$SYS/broker/version": "version",
    "$SYS/broker/publish/messages/dropped": "dropped",
}
#: where Debian's mosquitto is configured
MOSQUITTO = Path("/etc/mosquitto")
_KEEP = "install config/mosquitto.conf as /etc/mosquitto/conf.d/labeld.conf, and restart it"


@dataclass(frozen=True, slots=True)
class Told:
    """What the broker said: whether each topic may be subscribed to, and of itself."""

    refused: tuple[str, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)


def judge(address: str, told: Told, configuration: Iterable[str]) -> list[Finding]:
    """What a broker that was reached says; `configuration` are the lines of a mosquitto on this machine."""
    about = told.about.get("version", "")
    name = f"{about} at {address}" if about else address
    if told.refused:
        advice = "give labeld's user access to it in the broker's ACL"
        return [fault("broker", f"{name} refuses the subscription to {', '.join(told.refused)}", advice)]
    found = [ok("broker", f"{name} takes labeld")]
    dropped = told.about.get("dropped", "0")
    if dropped.isdigit() and int(dropped):
        found.append(warning("broker", f"it has dropped {dropped} messages since its start", f"{_KEEP}: no limit"))
    if "mosquitto" in about and (lacks := lacking(configuration)):
        found.append(warning("broker", f"its configuration has {' and '.join(lacks)}: it may lose labels", _KEEP))
    return found


def listens(configuration: Iterable[str], port: int) -> bool:
    """Whether a mosquitto with this configuration listens on a port."""
    words = [line.split() for line in configuration]
    ports = {line[1] for line in words if len(line) > 1 and line[0] in ("listener", "port")}
    return str(port) in (ports or {"1883"})


def lacking(configuration: Iterable[str]) -> list[str]:
    """What a mosquitto.conf lacks to keep what it acknowledged; empty too where there is none to read."""
    values: dict[str, str] = {}
    for line in configuration:
        key, _, value = line.strip().partition(" ")
        if key and not key.startswith("#"):
            values[key] = value.strip()
    if not values:
        return []
    lacks = []
    if values.get("persistence") != "true":
        lacks.append("no persistence true")
    if values.get("max_queued_messages", "1000") != "0":
        lacks.append("no max_queued_messages 0")
    return lacks


async def look(settings: Settings) -> list[Finding]:
    """Connect as labeld does, under another name."""
    mqtt = settings.mqtt
    address = f"{mqtt.host}:{mqtt.port}"
    try:
        password = await asyncio.to_thread(read_secret, mqtt.password_file, "mqtt-password")
        tls = None if mqtt.tls is None else await asyncio.to_thread(tls_context, mqtt.tls)
    except ConfigError as error:
        return [fault("broker", str(error), "correct the configuration")]
    five = mqtt.protocol == "5"
    client = aiomqtt.Client(
        mqtt.host,
        mqtt.port,
        username=mqtt.username,
        password=password,
        identifier=f"labeld-doctor-{secrets.token_hex(6)}",
        protocol=aiomqtt.ProtocolVersion.V5 if five else aiomqtt.ProtocolVersion.V311,
        # nothing is kept for this name (MQTT 5: a session without an expiry ends with its connection)
        clean_session=None if five else True,
        clean_start=five or MQTT_CLEAN_START_FIRST_ONLY,
        tls_context=tls,
        timeout=_ANSWER_SECONDS,
    )
    try:
        async with client:
            told = await _listen(client, settings.topic_prefix)
    except (aiomqtt.MqttError, OSError) as error:
        return [_unreachable(address, str(error))]
    lines = await asyncio.to_thread(mosquitto_lines, MOSQUITTO) if _is_here(mqtt.host) else []
    return judge(address, told, lines if listens(lines, mqtt.port) else ())


def _unreachable(address: str, because: str) -> Finding:
    lower = because.lower()
    if "author" in lower or "user name" in lower:
        advice = "check mqtt.username and its password (mqtt.password_file, or the credential mqtt-password)"
        return fault("broker", f"{address} refuses labeld: {because}", advice)
    if "certificate" in lower or "ssl" in lower or "tls" in lower:
        return fault("broker", f"{address}: {because}", "check [mqtt.tls]: certificates and the port")
    return fault(
        "broker",
        f"{address} cannot be reached: {because}",
        "start it: systemctl start mosquitto; check mqtt.host and mqtt.port",
    )


async def _listen(client: aiomqtt.Client, prefix: str) -> Told:
    wanted = [(f"{prefix}/labels/ready", 0), (f"{prefix}/printers/+/print", 0)]
    granted = await client.subscribe(wanted)
    # 128 and above are refusals (MQTT 3.1.1 section 3.9.3, MQTT 5 section 3.9.3)
    codes = [code.value if isinstance(code, ReasonCode) else code for code in granted]
    refused = tuple(topic for (topic, _), code in zip(wanted, codes, strict=True) if code >= 128)
    await client.unsubscribe([topic for topic, _ in wanted])
    about: dict[str, str] = {}
    with contextlib.suppress(TimeoutError, aiomqtt.MqttError):
        await client.subscribe([(topic, 0) for topic in _TOLD])
        async with asyncio.timeout(_TOLD_SECONDS):
            async for message in client.messages:
                if key := _TOLD.get(str(message.topic)):
                    # it comes from outside
                    about[key] = bytes(message.payload)[:80].decode(errors="replace")
                if len(about) == len(_TOLD):
                    break
    return Told(refused, about)


def mosquitto_lines(folder: Path) -> list[str]:
    """The lines of mosquitto's configuration; none where it cannot be read."""
    lines: list[str] = []
    for file in (folder / "mosquitto.conf", *sorted(folder.glob("conf.d/*.conf"))):
        with contextlib.suppress(OSError):
            lines += file.read_text(errors="replace").splitlines()
    return lines


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

"""The link to the MQTT broker: connects for ever, feeds the MQTT source, drains the outbox."""

import asyncio
import logging
import random
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiomqtt
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ..config.errors import ConfigError
from ..config.load import read_secret
from ..config.services import MqttSettings, TlsSettings
from ..config.settings import Settings
from .errors import StoreUnavailable, first_cause
from .outbox import Outbox
from .retry import backoff
from .sources.mqtt import ManualAckClient, MqttSource

log = logging.getLogger(__name__)

_EXPECTED = (aiomqtt.MqttError, OSError)


@dataclass(slots=True)
class BrokerState:
    """How the link is, for the status page."""

    address: str
    connected: bool = False
    message: str = "not connected yet"


class BrokerLink:
    """Keeps one MQTT connection alive for both directions."""

    def __init__(
        self,
        settings: Settings,
        source: MqttSource,
        outbox: Outbox,
        recovery: Callable[[], Awaitable[None]],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        mqtt = settings.mqtt
        self._settings = settings
        self._source = source
        self._outbox = outbox
        self._recovery = recovery
        self._changed = changed
        self._presence = f"{settings.topic_prefix}/hosts/{socket.gethostname()}"
        self._password = read_secret(mqtt.password_file, "mqtt-password")
        self._tls = None if mqtt.tls is None else tls_context(mqtt.tls)
        self.state = BrokerState(f"{mqtt.host}:{mqtt.port}")

    async def run(self, stop: asyncio.Event) -> None:
        """Stay connected until `stop` is set, then say goodbye; what is committed but not acknowledged comes again."""
        failures = 0
        while not stop.is_set():
            try:
                async with self._client() as client:
                    await self._subscribe(client)
                    failures = 0
                    await self._serve(client, stop)
            except* Exception as group:  # noqa: BLE001 - whatever breaks the link, it is made again
                failures += 1
                await self._recover(first_cause(group), failures, stop)

    async def _recover(self, reason: BaseException, failures: int, stop: asyncio.Event) -> None:
        if isinstance(reason, StoreUnavailable):
            # nothing can be accepted, and the broker keeps events better than memory does
            self._is(False, f"waiting, as {reason}")
            await _first(stop.wait(), self._recovery())
            return
        if not isinstance(reason, _EXPECTED):
            log.error("broker %s: a fault of labeld", self.state.address, exc_info=reason)
        pause = backoff(failures, random.random())  # noqa: S311 - spreads load, guards nothing
        self._is(False, f"{reason}; trying again")
        log.warning("broker %s: %s; next try in %.1f s", self.state.address, reason, pause)
        await _sleep(pause, stop)

    async def _subscribe(self, client: ManualAckClient) -> None:
        granted = await client.subscribe(self._source.subscriptions)
        codes = [code.value if isinstance(code, ReasonCode) else code for code in granted]
        for (topic, _), code in zip(self._source.subscriptions, codes, strict=True):
            # SUBACK: 128 and above are refusals (MQTT 3.1.1 section 3.9.3, MQTT 5 section 3.9.3)
            if code >= 128:
                raise aiomqtt.MqttError(f"the broker refuses the subscription to {topic}: give labeld access to it")

    async def _serve(self, client: ManualAckClient, stop: asyncio.Event) -> None:
        await client.publish(self._presence, "online", 1, retain=True)
        self._is(True, "connected")
        log.info("broker %s: connected", self.state.address)
        try:
            async with asyncio.TaskGroup() as tasks:
                serving = [
                    tasks.create_task(self._source.run(client), name="mqtt-source"),
                    tasks.create_task(self._outbox.run(client), name="outbox"),
                ]
                await stop.wait()
                for task in serving:
                    task.cancel()
            self._is(False, "stopped")
            await client.publish(self._presence, "offline", 1, retain=True)
        except* StoreUnavailable:
            # the broker publishes the last will only where a client is lost
            await client.publish(self._presence, "offline", 1, retain=True)
            raise

    def _is(self, connected: bool, message: str) -> None:
        self.state.connected, self.state.message = connected, message
        self._changed()

    def _client(self) -> ManualAckClient:
        mqtt = self._settings.mqtt
        five = mqtt.protocol == "5"
        return ManualAckClient(
            mqtt.host,
            mqtt.port,
            username=mqtt.username,
            password=self._password,
            identifier=self._settings.client_id,
            protocol=aiomqtt.ProtocolVersion.V5 if five else aiomqtt.ProtocolVersion.V311,
            clean_session=None if five else False,
            clean_start=False if five else MQTT_CLEAN_START_FIRST_ONLY,
            properties=_connect_properties(mqtt) if five else None,
            keepalive=mqtt.keepalive_seconds,
            will=aiomqtt.Will(self._presence, "offline", 1, retain=True),
            tls_context=self._tls,
        )


def tls_context(tls: TlsSettings) -> ssl.SSLContext:
    """A client context that verifies the broker.

    Raises:
        ConfigError: a certificate or key cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
        if tls.certificate_file is not None:
            context.load_cert_chain(tls.certificate_file, tls.key_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError([f"mqtt.tls: {error}"]) from error
    return context


def _connect_properties(mqtt: MqttSettings) -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no annotation
    properties.SessionExpiryInterval = mqtt.session_expiry_seconds
    properties.ReceiveMaximum = mqtt.max_inflight
    return properties


async def _first(*things: Awaitable[object]) -> None:
    """Wait for the first of them."""
    tasks = [asyncio.ensure_future(one) for one in things]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def _sleep(seconds: float, stop: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return

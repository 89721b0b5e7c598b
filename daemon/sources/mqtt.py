"""Label events from MQTT: QoS 1, persistent session, PUBACK only after the commit."""

import asyncio
import contextlib
import logging
import socket
import ssl
from typing import Any

import aiomqtt
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.client import MQTTMessage

from ..errors import EventRejected
from ..intake import Intake
from ..notices import CLOUDEVENT_TYPES, Kind

log = logging.getLogger(__name__)

#: messages of together so many bytes are read ahead of their commits; a larger one alone
INFLIGHT_BYTES = 64 * 1024 * 1024
#: what a message takes besides its payload
_OVERHEAD_BYTES = 2048


class ManualAckClient(aiomqtt.Client):
    """aiomqtt with two things of paho's that it hides: manual acknowledgement, and the DUP flag.

    aiomqtt 2.5 acknowledges when a message is in its memory queue, which a crash would lose. And it has the loop
    watch a socket's number some time after paho asked for it, when the socket may be closed and its number another's.

    mosquitto sends all that it has after a reconnect, whatever waits for acknowledgement (it is told to queue without a
    limit), and QoS 0 knows none: at `INFLIGHT_BYTES` the socket is not read until some are done. Not earlier: the
    answers to what the outbox sends, and to pings, come behind the events.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._inflight = 0
        self._paused = False
        # the outbox publishes side by side on purpose; aiomqtt would warn of each
        self.pending_calls_threshold = 1000
        self._client.manual_ack_set(True)
        self._client.on_message = self._on_message
        self._redelivered: set[int] = set()

    def _on_publish(self, client: PahoClient, *args: Any) -> None:
        super()._on_publish(client, *args)
        # tcp(7): a broker with Nagle's algorithm holds the next event back until this PUBACK's segment is acknowledged,
        # which the kernel delays by up to 40 ms, and again after each time that it was told not to
        connection: Any = client.socket()  # paho's type has no options
        with contextlib.suppress(OSError, AttributeError):  # it is closing, or closed
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def _on_message(self, client: PahoClient, userdata: Any, message: MQTTMessage) -> None:
        if message.dup:
            self._redelivered.add(message.mid)
        self._inflight += len(message.payload) + _OVERHEAD_BYTES
        super()._on_message(client, userdata, message)

    @property
    def _full(self) -> bool:
        return self._inflight >= INFLIGHT_BYTES

    def _on_socket_open(self, client: PahoClient, userdata: Any, sock: Any) -> None:
        super()._on_socket_open(client, userdata, sock)
        # in place of aiomqtt's reader, which never stops
        self._loop.call_soon_threadsafe(self._read_when_ready)

    def _read_when_ready(self) -> None:
        sock = self._client.socket()
        if sock is not None and sock.fileno() > -1:
            self._loop.add_reader(sock.fileno(), self._read)

    def _read(self) -> None:
        try:
            while not self._full:
                self._client.loop_read()
                sock = self._client.socket()
                # TLS may hold bytes that the loop does not hear of
                if not isinstance(sock, ssl.SSLSocket) or not sock.pending():
                    break
        except Exception as error:  # noqa: BLE001 - whatever breaks it, the connection is over
            if not self._disconnected.done():
                self._disconnected.set_exception(error)
        sock = self._client.socket()
        if self._full and sock is not None and sock.fileno() > -1:
            self._paused = self._loop.remove_reader(sock.fileno())

    def _on_socket_register_write(self, client: PahoClient, userdata: Any, sock: Any) -> None:  # noqa: ARG002 - paho's
        def write() -> None:
            try:
                client.loop_write()
            except Exception as error:  # noqa: BLE001 - whatever breaks it, the connection is over
                if not self._disconnected.done():
                    self._disconnected.set_exception(error)

        def watch() -> None:
            if sock.fileno() > -1:
                self._loop.add_writer(sock.fileno(), write)

        # paho calls this from the thread that connects, too
        self._loop.call_soon_threadsafe(watch)

    def was_redelivered(self, message: aiomqtt.Message) -> bool:
        """Whether the broker sends this message again: DUP is set, or it is a retained one."""
        return message.retain or message.mid in self._redelivered

    def acknowledge(self, message: aiomqtt.Message) -> None:
        """Be done with a message: send the PUBACK of a QoS 1 one (MQTT 3.1.1 section 3.4), and read on."""
        self._redelivered.discard(message.mid)
        if message.qos:
            self._client.ack(message.mid, message.qos)
        self._inflight -= len(bytes(message.payload)) + _OVERHEAD_BYTES
        if self._paused and not self._full:
            self._paused = False
            self._read_when_ready()
            self._loop.call_soon(self._read)


class MqttSource:
    """Reads one connection's messages into the intake."""

    def __init__(self, intake: Intake, topic_prefix: str, max_inflight: int) -> None:
        self._intake = intake
        self._ready = f"{topic_prefix}/labels/ready"
        self._raw = f"{topic_prefix}/printers/"
        self._notices: dict[str, Kind] = {f"{topic_prefix}/labels/{kind}": kind for kind in CLOUDEVENT_TYPES}
        self.subscriptions = [(topic, 1) for topic in (self._ready, *self._notices, f"{self._raw}+/print")]
        self._max_inflight = max_inflight

    async def run(self, client: ManualAckClient) -> None:
        """Take messages until the connection ends.

        Messages are committed side by side, and acknowledged in the order in which they came, as MQTT
        demands (3.1.1 section 4.6).

        Raises:
            aiomqtt.MqttError: the connection ended.
            StoreUnavailable: a message could not be committed; it stays with the broker.
        """
        begun: asyncio.Queue[tuple[aiomqtt.Message, asyncio.Task[None]]] = asyncio.Queue(self._max_inflight)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._acknowledge(client, begun), name="mqtt-acknowledge")
            async for message in client.messages:
                work = self._take(message, redelivered=client.was_redelivered(message))
                await begun.put((message, tasks.create_task(work, name="mqtt-message")))

    async def _acknowledge(
        self, client: ManualAckClient, begun: "asyncio.Queue[tuple[aiomqtt.Message, asyncio.Task[None]]]"
    ) -> None:
        while True:
            message, taken = await begun.get()
            await taken
            client.acknowledge(message)

    async def _take(self, message: aiomqtt.Message, *, redelivered: bool) -> None:
        topic, payload = str(message.topic), bytes(message.payload)
        try:
            if topic == self._ready:
                await self._intake.json(payload, source="mqtt", topic=topic, redelivered=redelivered)
            elif topic in self._notices:
                await self._intake.notice(self._notices[topic], payload, source="mqtt", topic=topic)
            else:
                printer = topic.removeprefix(self._raw).removesuffix("/print")
                await self._intake.raw(payload, source="mqtt", topic=topic, printer=printer, redelivered=redelivered)
        except EventRejected:
            # the reason may quote the event: it is on the page, and on MQTT, not in a log
            log.warning("an event on %s was rejected", topic)

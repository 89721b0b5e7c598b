"""An MQTT broker inside the process (amqtt, MQTT 3.1.1): for the demo only, it keeps nothing on disk."""

import contextlib
import socket
from collections.abc import AsyncIterator

from amqtt.broker import Broker


@contextlib.asynccontextmanager
async def embedded_broker() -> AsyncIterator[int]:
    """Run a broker on a free loopback port, which is given."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await broker.start()
    try:
        yield port
    finally:
        await broker.shutdown()

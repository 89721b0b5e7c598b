"""The simulated Zebra answers Zebra's own discovery (UDP 4201).

Written from the captured packet alone (jfr.im/blog/2024/09/zebra-network-discovery-protocol), apart from
`drivers.zebra_discovery`, so that the two check each other.
"""

import asyncio
import contextlib
import socket

from .machine import Machine

_ASKED = b".,:\x01\x00\x00"


def packet(machine: Machine, host: str) -> bytes:
    """What the machine answers at `host`, field by field in the order of the capture, and as long."""
    address = socket.inet_aton(host)
    fields = (
        (b":,.\x03", 4),
        (b"79071", 8),  # product number
        (machine.model.encode("ascii", "replace"), 20),
        (b"1166A", 7),  # date code
        (machine.firmware.encode("ascii", "replace"), 10),
        (b"ZBR\x00a", 5),
        (machine.hardware_address, 6),
        (machine.serial.encode("ascii", "replace"), 10),
        (b"\x01\x00", 2),
        (address, 4),
        (b"\xff\xff\xff\x00", 4),
        (address[:3] + b"\x01", 4),  # gateway
        (machine.name.encode("ascii", "replace"), 25),
    )
    return b"".join(field[:length].ljust(length, b"\x00") for field, length in fields).ljust(0xA0, b"\x00")


class Answers:
    """A machine that answers, from `begin` to `end`; on an address of IPv4, for the protocol knows no other."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._task: asyncio.Task[None] | None = None

    def begin(self, host: str) -> None:
        """Answer at `host`.

        Raises:
            OSError: the port is taken.
        """
        asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            asked.setblocking(False)
            asked.bind((host, 4201))
        except BaseException:
            asked.close()
            raise
        self._task = asyncio.create_task(self._answer(asked, host), name=f"virtual printer {self._machine.serial}: UDP")

    async def end(self) -> None:
        """Answer no more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _answer(self, asked: socket.socket, host: str) -> None:
        loop = asyncio.get_running_loop()
        with asked:
            while True:
                # who asked may be gone
                with contextlib.suppress(OSError):
                    question, peer = await loop.sock_recvfrom(asked, 64)
                    if question == _ASKED:
                        await loop.sock_sendto(asked, packet(self._machine, host), peer)

"""Zebra's own discovery (UDP 4201): the question, and what the replies tell. Pure.

Zebra does not publish it. A captured reply is taken apart at jfr.im/blog/2024/09/zebra-network-discovery-protocol;
public readers of it agree on product number (offset 4), name (12), firmware (39), IP address (72), system name (84).
The hardware address at 54 is read from the capture: it begins with Zebra's own 00:07:4D, and its last three bytes are,
in decimal, the serial number that stands behind it at 60. So that number may be the network card's, not the printer's,
and ten bytes do not hold every printer's. All of it is a hint: who it is, a printer is asked in the conversation.
"""

from dataclasses import dataclass

from .devices import Service
from .dnssd import Advert, shown

#: UDP port of question and answer.
PORT = 4201
#: What the printers of a network are asked; it prints nothing and changes nothing.
QUESTION = bytes.fromhex("2e2c3a010000")

_MAGIC = b":,."
#: the byte behind it: replies of another kind have other fields
_LAYOUT = 3
_RAW_PORT = 9100
_NAME, _FIRMWARE, _HARDWARE = slice(12, 32), slice(39, 49), slice(54, 60)
_SERIAL, _SYSTEM = slice(60, 70), slice(84, 109)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a print server says of itself; texts are empty and values None where the reply is too short for them.

    `hardware_address` is 12 hexadecimal digits, `system_name` its host name.
    """

    name: str = ""
    firmware: str = ""
    hardware_address: str | None = None
    serial: str = ""
    system_name: str = ""


def parse(packet: bytes) -> Reply | None:
    """Read a reply of any length; None for what is none. Fields of a layout that is not known are left out."""
    if not packet.startswith(_MAGIC):
        return None
    if packet[len(_MAGIC) : len(_MAGIC) + 1] != bytes([_LAYOUT]):
        return Reply()
    return Reply(
        name=_text(packet[_NAME]),
        firmware=_text(packet[_FIRMWARE]),
        hardware_address=_hardware(packet[_HARDWARE]),
        serial=_text(packet[_SERIAL]),
        system_name=_text(packet[_SYSTEM]),
    )


def service(reply: Reply, address: str) -> Service:
    """What answered from `address`, like what announces itself. Its raw port is not told: 9100 is what they leave with.

    That it speaks ZPL is not told either, but it is a Zebra.
    """
    told = (("firmware", reply.firmware), ("serial number", reply.serial))
    return Service(
        "socket",
        reply.system_name or f"{reply.name or 'Zebra'} at {address}",
        reply.system_name or address,
        _RAW_PORT,
        (address,),
        Advert(
            make_and_model=reply.name,
            note=", ".join(f"{what} {value}" for what, value in told if value),
            manufacturer="Zebra",
            languages=("ZPL",),
            hardware_address=reply.hardware_address,
        ),
    )


def _text(field: bytes) -> str:
    return shown(field.partition(b"\0")[0].decode("ascii", "replace").replace("\ufffd", ""))


def _hardware(field: bytes) -> str | None:
    # the lowest bit of the first byte marks groups; nobody has zeros
    return field.hex() if len(field) == 6 and any(field) and not field[0] & 1 else None

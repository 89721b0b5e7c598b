"""Zebra's own discovery: a captured reply, the simulated printer's, and whatever else comes from the network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.drivers.virtual.answers import packet
from labeld.drivers.virtual.machine import Machine
from labeld.drivers.zebra_discovery import Reply, parse, service
from labeld.renderers.media import Media

#: jfr.im/blog/2024/09/zebra-network-discovery-protocol, offsets 0 to 5f
CAPTURED = bytes.fromhex(
    "3a2c2e033739303731000000 5a656272614e657420576972656420505300 0000 3131363641 0000 5635362e31372e31315a"
    "5a42520061 00074d4108bd 34323632303737 000000 0100 0a01009e ffffff00 0a010001 5a425234323632303737 0000"
)


def test_a_captured_reply_is_read() -> None:
    reply = Reply(
        name="ZebraNet Wired PS",
        firmware="V56.17.11Z",
        hardware_address="00074d4108bd",
        serial="4262077",
        system_name="ZBR4262077",
    )
    assert len(CAPTURED) == 0x60
    assert parse(CAPTURED) == reply
    assert reply.hardware_address is not None
    assert int(reply.hardware_address[6:], 16) == int(reply.serial)
    told = service(reply, "192.0.2.7")
    assert (told.instance, told.port, told.addresses) == ("ZBR4262077", 9100, ("192.0.2.7",))
    assert told.advert.speaks_zpl
    assert told.advert.note == "firmware V56.17.11Z, serial number 4262077"


@pytest.mark.parametrize("length", range(len(CAPTURED)))
def test_a_short_reply_tells_what_it_has(length: int) -> None:
    reply = parse(CAPTURED[:length])
    if length < 3:
        assert reply is None
        return
    assert reply is not None
    assert (reply.hardware_address is None) == (length < 60)
    assert "ZBR4262077".startswith(reply.system_name)
    assert service(reply, "192.0.2.7").instance


def test_the_simulated_printer_answers_alike() -> None:
    machine = Machine(
        name="Desk 4", serial="D4J204501234", dpi=203, media=Media.parse("4x6in"), seconds_per_label=1, buffer_bytes=1
    )
    reply = parse(packet(machine, "127.0.0.9"))
    assert reply == Reply(
        name="ZTC ZD421-203dpi ZPL",
        firmware="V93.21.26Z",
        hardware_address=machine.hardware_address.hex(),
        serial="D4J2045012",  # ten bytes
        system_name="Desk 4",
    )
    assert reply.hardware_address is not None
    assert reply.hardware_address.startswith("02")


@pytest.mark.parametrize("card", ["000000000000", "ffffffffffff", "01074d4108bd"])
def test_an_address_that_no_card_has_is_none(card: str) -> None:
    reply = parse(CAPTURED[:54] + bytes.fromhex(card) + CAPTURED[60:])
    assert reply is not None
    assert reply.hardware_address is None


def test_a_reply_of_another_layout_is_a_zebra_and_no_more() -> None:
    assert parse(b":,.\x04" + CAPTURED[4:]) == Reply()
    assert service(Reply(), "192.0.2.7").instance == "Zebra at 192.0.2.7"


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda tail: b":,.\x03" + tail))
def test_no_packet_makes_reading_fail(data: bytes) -> None:
    reply = parse(data)
    assert (reply is None) == (not data.startswith(b":,."))
    if reply is not None:
        texts = (reply.name, reply.firmware, reply.serial, reply.system_name)
        assert all(text.isascii() and (text.isprintable() or not text) and len(text) <= 25 for text in texts)
        assert service(reply, "192.0.2.7").offered

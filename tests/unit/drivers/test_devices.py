"""Services become devices: each in one, whatever the order, however often they are told."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.drivers.devices import Device, Endpoint, Service, Wanted, merge
from labeld.drivers.dnssd import SERVICE_TYPES, Advert, from_txt

ZEBRA = Service("socket", "Zebra", "zebra.local", 9100, ("192.0.2.7",), Advert(make_and_model="ZTC ZD421", uuid="u-1"))
PLACES = st.sampled_from(["192.0.2.1", "192.0.2.2", "127.0.0.1", "2001:db8::1", "fe80::1%2"])
SERVICES = st.builds(
    Service,
    scheme=st.sampled_from([*SERVICE_TYPES, "http"]),
    instance=st.sampled_from(["Zebra", "Zebra (2)", "Brother", ""]),
    host=st.sampled_from(["a.local", "A.local", "b.local", ""]),
    port=st.sampled_from([0, 1, 9100, 65535, 70000]),
    addresses=st.lists(PLACES, max_size=3).map(tuple),
    advert=st.builds(
        Advert,
        make_and_model=st.sampled_from(["", "ZTC ZD421", "ztc zd421"]),
        uuid=st.sampled_from([None, "u-1", "u-2"]),
        note=st.sampled_from(["", "line 2"]),
        label_printer=st.booleans(),
        hardware_address=st.sampled_from([None, "00074d000001", "00074d000002"]),
    ),
)


@given(st.lists(SERVICES, max_size=12), st.randoms(use_true_random=False))
def test_every_offered_service_is_in_one_device_whatever_the_order(
    services: list[Service], rand: random.Random
) -> None:
    devices = merge(services)
    told = [service for device in devices for service in device.services]
    assert len(told) == len(set(told))
    assert set(told) == {service for service in services if service.offered}
    again = services * 2
    rand.shuffle(again)
    assert merge(again) == devices
    assert len({device.key for device in devices}) == len(devices)


@given(st.lists(SERVICES, max_size=12))
def test_a_uuid_is_one_device(services: list[Service]) -> None:
    devices = merge(services)
    for uuid in ("u-1", "u-2"):
        assert sum(device.uuid == uuid for device in devices) <= 1
    for device in devices:
        assert len({service.advert.uuid for service in device.services} - {None}) <= 1
        assert all(at.address and 0 < at.port < 65536 for at in device.endpoints)


def test_protocols_and_interfaces_are_one_printer() -> None:
    ipp = replace(ZEBRA, scheme="ipp", port=631, advert=Advert(make_and_model="ZTC ZD421", note="line 2"))
    defended = replace(ZEBRA, scheme="lpd", port=0)
    over_wifi = replace(ZEBRA, host="zebra-wifi.local", addresses=("2001:db8::7", "198.51.100.7"))
    (device,) = merge([ipp, defended, over_wifi, ZEBRA])
    assert device.schemes == ("socket", "ipp")
    assert device.advert.note == "line 2"
    assert [at.uri for at in device.endpoints] == [
        "socket://192.0.2.7:9100",
        "socket://198.51.100.7:9100",
        "socket://[2001:db8::7]:9100",
    ]


def test_two_queues_of_one_host_without_a_name_are_two_printers() -> None:
    plain = replace(ZEBRA, advert=Advert())
    assert len(merge([plain, replace(plain, instance="Other")])) == 2


def test_a_service_without_uuid_does_not_choose_between_two() -> None:
    other = replace(ZEBRA, advert=replace(ZEBRA.advert, uuid="u-2"))
    bare = replace(ZEBRA, scheme="ipp", advert=Advert(make_and_model="ZTC ZD421"))
    assert [device.uuid for device in merge([ZEBRA, other, bare])] == ["u-1", "u-2", None]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("serial:D4J204501234", "serial", "D4J204501234"),
        ("UUID: urn:uuid:CBF40622-0000", "uuid", "cbf40622-0000"),
        ("name: Zebra: line 2 ", "name", "Zebra: line 2"),
        ("mac:00:07:4D:41-08-bd", "mac", "00074d4108bd"),
    ],
)
def test_an_identity_is_read(text: str, kind: str, value: str) -> None:
    wanted = Wanted.parse(text)
    assert (wanted.kind, wanted.value) == (kind, value)
    assert Wanted.parse(str(wanted)) == wanted


@pytest.mark.parametrize(
    "text", ["", "serial:", "mac:00:11", "mac:00074d4108bg", "D4J2", "name:\x1b[2J", "name:" + "x" * 300]
)
def test_what_names_no_printer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not of the form serial:"):
        Wanted.parse(text)


def test_what_answers_by_its_card_is_the_printer_of_its_host_name_else_of_its_address() -> None:
    card = Service(
        "socket", "ZBR1", "ZBR1", 9100, ("192.0.2.9",), Advert(make_and_model="PS", hardware_address="00074d000001")
    )
    named = replace(ZEBRA, host="zbr1.local")
    at_its_address = replace(ZEBRA, addresses=("192.0.2.9",), advert=Advert(uuid="u-2"))
    both = {device.uuid: device for device in merge([card, named, at_its_address])}
    assert both["u-1"].hardware_address == "00074d000001"
    assert both["u-1"].name == "Zebra"
    assert [at.address for at in both["u-1"].endpoints] == ["192.0.2.7", "192.0.2.9"]
    assert both["u-2"].hardware_address is None
    (one,) = merge([card, at_its_address])
    assert (one.key, one.hardware_address) == ("uuid:u-2", "00074d000001")
    (moved,) = merge([card, replace(card, addresses=("192.0.2.10",))])
    assert moved.key == "mac:00074d000001"
    assert Wanted.parse("mac:00:07:4d:00:00:01").fits(moved)
    assert not Wanted.parse("mac:00:07:4d:00:00:02").fits(moved)
    tail = replace(ZEBRA, advert=Advert(uuid="cbf40622-0000-3000-8000-00074d000002"))
    assert Wanted.parse("mac:00:07:4d:00:00:02").fits(Device((tail,)))


def test_only_the_announced_one_fits() -> None:
    device = Device((ZEBRA,))
    assert Wanted.parse("uuid:U-1").fits(device)
    assert Wanted.parse("name:zebra").fits(device)
    assert not Wanted.parse("name:Zebra (2)").fits(device)
    assert not Wanted.parse("serial:Zebra").fits(device)
    assert device.endpoints == (Endpoint("192.0.2.7", 9100),)


@pytest.mark.parametrize(
    ("ty", "stock"),
    [
        (b"Label printer 4x6in", "4x6in"),
        (b"Label printer 100 x 150 mm, 203dpi", "100x150mm"),
        (b"Zebra ZPL 4-inch/203dpi/Direct-Thermal", None),
        (b"4x6in or 4x8in", None),
        (b"0x0mm", None),
        (b"999x999in", None),
    ],
)
def test_a_stock_in_the_name_is_a_hint(ty: bytes, stock: str | None) -> None:
    found = from_txt({b"ty": ty}).stock
    assert (found.short if found else None) == stock


def test_a_name_cannot_move_the_cursor_or_turn_the_text() -> None:
    assert from_txt({b"ty": "Zebra\x1b[2J\u202e\r\nZD421".encode()}).make_and_model == "Zebra[2JZD421"

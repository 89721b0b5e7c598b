"""The registry against simulated printers on loopback, with announcements handed to it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import pytest

from labeld.config.printers import PrinterSettings
from labeld.config.services import DiscoverySettings
from labeld.config.settings import Settings
from labeld.daemon.finding.discovery import Discovery
from labeld.drivers.devices import Device, Endpoint, Service, Wanted
from labeld.drivers.dnssd import ZPL, Advert
from labeld.drivers.errors import ConnectionLost, PrinterOffline, WrongPrinter
from labeld.drivers.located import LocatedDriver
from labeld.drivers.opening import open_driver
from labeld.drivers.printer import Identity
from labeld.drivers.raw import RawDriver
from labeld.drivers.virtual.answers import packet
from labeld.drivers.virtual.server import VirtualPrinter
from labeld.drivers.zebra_discovery import parse, service

PATIENCE = 30.0


class Clock:
    """Seconds that pass when told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Rig:
    """A registry that is told what is announced."""

    def __init__(self, **printers: dict[str, object]) -> None:
        self.clock = Clock()
        self.moved: list[str] = []
        self.changes = 0
        self.learnt: list[str] = []
        self.settings = {name: PrinterSettings.model_validate(one) for name, one in printers.items()}
        self.discovery = Discovery(
            DiscoverySettings(), self.settings, open_at, self._changed, self.moved.append, self.clock
        )

    def _changed(self) -> None:
        self.changes += 1

    async def _learn(self, serial: str) -> None:
        self.learnt.append(serial)

    def driver(self, name: str, serial: str | None = None) -> LocatedDriver:
        """The driver of a printer that is found; `serial` is what was learnt before."""
        printer = self.settings[name]
        wanted = printer.wanted
        assert wanted is not None
        asking = partial(open_at, hardware_address=wanted.kind == "mac")
        known = printer.own_serial or serial
        return LocatedDriver(wanted, known, self.discovery, asking, lambda _uri: None, self._learn)

    async def serial_of(self, name: str) -> str | None:
        """Who answers when a printer is spoken to."""
        async with self.driver(name).connect() as session:
            return (await session.observe()).identity.serial

    @contextlib.asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """Candidates are asked who they are."""
        task = asyncio.create_task(self.discovery._ask_all())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def knows(self, *serials: str) -> None:
        """Wait until these have answered."""
        async with asyncio.timeout(PATIENCE):
            while not set(serials) <= {one.serial for one in self.discovery.candidates()}:  # noqa: ASYNC110 - no signal
                await asyncio.sleep(0.01)


def open_at(uri: str, *, hardware_address: bool = False) -> RawDriver:
    driver = open_driver(uri, connect_timeout=2, reply_timeout=0.5, hardware_address=hardware_address)
    assert isinstance(driver, RawDriver)
    return driver


def announced(printer: VirtualPrinter, uuid: str | None = None, **advert: object) -> Service:
    told = Advert(**({"formats": (ZPL,), "uuid": uuid or printer.serial.lower()} | advert))  # type: ignore[arg-type]
    return Service("socket", printer.name, f"{printer.serial}.local", printer.port, (printer.host,), told)


@pytest.fixture
async def first() -> AsyncIterator[VirtualPrinter]:
    async with VirtualPrinter("127.0.0.2", 0, name="First", serial="AAA1", seconds_per_label=0.01) as printer:
        yield printer


@pytest.fixture
async def second(first: VirtualPrinter) -> AsyncIterator[VirtualPrinter]:
    async with VirtualPrinter("127.0.0.3", first.port, name="Second", serial="BBB2", seconds_per_label=0.01) as printer:
        yield printer


async def swap(first: VirtualPrinter, second: VirtualPrinter) -> None:
    hosts = first.host, second.host
    await first.unplug()
    await second.unplug()
    second.plug(hosts[0])
    first.plug(hosts[1])


async def test_a_printer_is_found_by_its_serial_number_after_candidates_were_asked(
    first: VirtualPrinter, second: VirtualPrinter
) -> None:
    rig = Rig(zebra={"identity": "serial:BBB2"})
    with pytest.raises(PrinterOffline, match="serial:BBB2 has not announced itself"):
        await rig.serial_of("zebra")
    rig.discovery.take([announced(first), announced(second)])
    async with rig.asking():
        await rig.knows("AAA1", "BBB2")
    assert await rig.serial_of("zebra") == "BBB2"
    assert "zebra" in rig.moved
    assert {one.serial: one.printer for one in rig.discovery.candidates()} == {"AAA1": None, "BBB2": "zebra"}


@pytest.mark.parametrize("identity", ["uuid:aaa1", "name:First", "serial:AAA1"])
async def test_it_is_followed_to_another_address(first: VirtualPrinter, identity: str) -> None:
    rig = Rig(zebra={"identity": identity})
    rig.discovery.take([announced(first)])
    if identity.startswith("serial"):
        async with rig.asking():
            await rig.knows("AAA1")
    driver = rig.driver("zebra")
    async with driver.connect() as session:
        await session.observe()
    await first.unplug()
    first.plug("127.0.0.9")
    with pytest.raises(PrinterOffline):
        async with driver.connect():
            pass
    rig.moved.clear()
    rig.discovery.take([announced(first)])
    assert rig.moved == ["zebra"]
    async with driver.connect() as session:
        assert (await session.observe()).identity.serial == "AAA1"
    assert driver.uri == first.uri


@pytest.mark.parametrize("kind", ["uuid", "serial"])
async def test_printers_that_swapped_addresses_get_nothing_meant_for_the_other(
    first: VirtualPrinter, second: VirtualPrinter, kind: str
) -> None:
    names = {"uuid": ("aaa1", "bbb2"), "serial": ("AAA1", "BBB2")}[kind]
    rig = Rig(one={"identity": f"{kind}:{names[0]}"}, two={"identity": f"{kind}:{names[1]}"})
    before = [announced(first), announced(second)]
    rig.discovery.take(before)
    async with rig.asking():
        if kind == "serial":
            await rig.knows("AAA1", "BBB2")
        drivers = {"AAA1": rig.driver("one"), "BBB2": rig.driver("two")}
        for serial, driver in drivers.items():
            async with driver.connect() as session:
                assert (await session.observe()).identity.serial == serial
        await swap(first, second)  # and the network has not heard of it
        with pytest.raises(WrongPrinter, match=r"BBB2 answers at 127\.0\.0\.2"):
            async with drivers["AAA1"].connect() as session:
                await session.observe()
        assert rig.moved[-1:] == (["two"] if kind == "serial" else rig.moved[-1:])
        async with drivers["BBB2"].connect() as session:  # by then it is known where this one answers
            assert (await session.observe()).identity.serial == "BBB2"
        rig.discovery.take([announced(first), announced(second)])
        for serial, driver in drivers.items():
            async with asyncio.timeout(PATIENCE):
                while True:
                    with contextlib.suppress(WrongPrinter, PrinterOffline):
                        async with driver.connect() as session:
                            assert (await session.observe()).identity.serial == serial
                            await session.send(f"^XA^FO9,9^GB9,9,{9 if serial == 'AAA1' else 8}^FS^XZ".encode())
                            break
                    await asyncio.sleep(0.01)
    assert [label.zpl for label in await first.wait_labels(1)] == [b"^XA^FO9,9^GB9,9,9^FS^XZ"]
    assert [label.zpl for label in await second.wait_labels(1)] == [b"^XA^FO9,9^GB9,9,8^FS^XZ"]


async def test_nothing_is_sent_before_the_printer_said_who_it_is(first: VirtualPrinter) -> None:
    rig = Rig(zebra={"identity": "uuid:aaa1", "serial": "OTHER"})
    rig.discovery.take([announced(first)])
    async with rig.driver("zebra").connect() as session:
        with pytest.raises(WrongPrinter, match="has not said who it is"):
            await session.send(b"^XA^FDprivate^FS^XZ")
        with pytest.raises(WrongPrinter, match="AAA1 answers at"):
            await session.observe()
        with pytest.raises(WrongPrinter) as caught:
            await session.send(b"^XA^FDprivate^FS^XZ")
        with pytest.raises(WrongPrinter):
            await session.discard_partial()
    assert (first.received, caught.value.sent, caught.value.reason) == (0, 0, "printer-identity-mismatch")


async def test_a_silent_one_is_not_known(first: VirtualPrinter) -> None:
    first.set_fault("silent")
    rig = Rig(zebra={"identity": "uuid:aaa1"})
    rig.discovery.take([announced(first)])
    async with rig.driver("zebra").connect() as session:
        await session.observe()
        with pytest.raises(WrongPrinter):
            await session.send(b"^XA^XZ")
    assert first.received == 0


async def test_only_candidates_that_claim_zpl_are_asked_and_each_once() -> None:
    asked: list[bytes] = []

    async def office(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(office, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    rig = Rig(zebra={"identity": "serial:AAA1"})
    laser = Service(
        "socket", "Office", "office.local", port, ("127.0.0.1",), Advert(formats=("application/postscript",))
    )
    async with server, rig.asking():
        rig.discovery.take([laser])
        await asyncio.sleep(0.2)
        assert asked == []
        rig.discovery.take([replace(laser, instance="Zebra AAA1")])  # its name is what is looked for
        async with asyncio.timeout(PATIENCE):
            while not asked:  # noqa: ASYNC110 - no signal
                await asyncio.sleep(0.01)
        rig.clock.now += 1  # less than the pause
        rig.discovery._wake.set()
        await asyncio.sleep(0.2)
    assert asked == [b'! U1 getvar "device.languages"\r\n']


@pytest.mark.parametrize(("hangs_up", "times"), [(False, 1), (True, 3)])
async def test_one_that_answers_in_no_zpl_is_let_alone(hangs_up: bool, times: int) -> None:
    asked: list[bytes] = []

    async def epl(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            asked.append(await reader.read(100))
            if not hangs_up:
                await reader.read()
        writer.close()

    server = await asyncio.start_server(epl, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    rig = Rig(zebra={"identity": "serial:AAA1"})
    service = Service("socket", "Old", "old.local", port, ("127.0.0.1",), Advert(formats=(ZPL,)))
    async with server, rig.asking():
        rig.discovery.take([service])
        async with asyncio.timeout(PATIENCE):
            while not rig.discovery._answers:
                rig.clock.now += 1000
                rig.discovery._wake.set()
                await asyncio.sleep(0.05)
        for _ in range(3):
            rig.clock.now += 1000
            rig.discovery._wake.set()
            await asyncio.sleep(0.05)
    assert asked == [b'! U1 getvar "device.languages"\r\n'] * times
    assert rig.discovery.candidates()[0].serial is None


async def test_one_printer_under_two_names_is_not_asked_in_turns_for_ever(first: VirtualPrinter) -> None:
    rig = Rig(zebra={"identity": "serial:AAA1"}, lost={"identity": "serial:NOWHERE"})
    over_wifi = replace(announced(first, uuid="other"), host="wifi.local")
    await first.unplug()
    first.plug("0.0.0.0")  # noqa: S104 - answers at all of loopback
    rig.discovery.take([announced(first), replace(over_wifi, addresses=("127.0.0.8",))])
    asked = 0
    ask = rig.discovery._ask

    async def count(device: Device) -> None:
        nonlocal asked
        asked += 1
        await ask(device)

    rig.discovery._ask = count  # type: ignore[method-assign]
    async with rig.asking():
        await rig.knows("AAA1")
        for _ in range(100):
            rig.clock.now += 6
            rig.discovery._wake.set()
            await asyncio.sleep(0.005)
    assert 2 <= asked <= 2 * 9
    assert await rig.serial_of("zebra") == "AAA1"


@pytest.mark.parametrize("address", ["fe80::1%lo", "::1", "127.0.0.1"])
def test_every_kind_of_address_is_a_uri(address: str) -> None:
    assert open_at(Endpoint(address, 9100).uri).host == address


async def test_a_static_printer_keeps_its_address_to_itself(first: VirtualPrinter) -> None:
    rig = Rig(static={"uri": first.uri}, zebra={"identity": "uuid:aaa1"})
    await rig.discovery.hear([announced(first)])
    assert rig.discovery.where(Wanted.parse("uuid:aaa1"), None) == ()
    assert rig.discovery._askable() == []
    (candidate,) = rig.discovery.candidates()
    assert candidate.printer is not None


async def test_names_of_hosts_are_looked_up_side_by_side_and_those_of_queues_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = Rig(
        one={"uri": "socket://one.example"}, two={"uri": "socket://two.example:6101"}, queue={"uri": "cups://queue"}
    )
    all_asked = asyncio.Barrier(2)

    async def look_up(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        assert host in ("one.example", "two.example")
        await all_asked.wait()
        return [(2, 1, 6, "", ("192.0.2.1" if host == "one.example" else "192.0.2.2", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
    advert = Advert(formats=(ZPL,))
    found = [Service("socket", at, at, 9100, (at,), advert) for at in ("192.0.2.1", "192.0.2.2", "192.0.2.3")]
    await rig.discovery.hear(found)
    assert [one.printer for one in rig.discovery.candidates()] == ["one", None, None]


async def test_a_static_printer_at_a_link_local_address_is_known_by_its_interface_too() -> None:
    rig = Rig(static={"uri": "socket://[fe80::1%lo]:9100"})
    await rig.discovery.hear([Service("socket", "Z", "z.local", 9100, ("fe80::1%lo",), Advert(formats=(ZPL,)))])
    assert [candidate.printer for candidate in rig.discovery.candidates()] == ["static"]
    assert rig.discovery._askable() == []


async def test_conversations_at_one_address_wait_for_each_other() -> None:
    discovery, at, order = Rig().discovery, Endpoint("192.0.2.7", 9100), []

    async def speak(number: int) -> None:
        async with discovery.turn(at):
            order.append(number)
            await asyncio.sleep(0.01)
            order.append(number)

    await asyncio.gather(*(speak(number) for number in range(3)))
    assert order == [0, 0, 1, 1, 2, 2]


def test_what_left_is_forgotten() -> None:
    rig = Rig(zebra={"identity": "serial:KEPT"})
    for number in range(50):
        advert = Advert(formats=(ZPL,), uuid=f"u-{number}")
        rig.discovery.take(
            [Service("socket", f"Z{number}", f"z{number}.local", 9100, (f"192.0.2.{number + 1}",), advert)]
        )
        rig.discovery.heard(Endpoint(f"192.0.2.{number + 1}", 9100), Identity(f"S{number}" if number else "KEPT"))
    discovery = rig.discovery
    assert len(discovery._answers) == len(discovery._places) == 1
    assert discovery._homes == {"KEPT": "uuid:u-0", "S49": "uuid:u-49"}
    changes = rig.changes
    discovery.take([device for found in discovery.candidates() for device in found.device.services])
    assert rig.changes == changes


async def test_a_broken_conversation_is_no_other_printer(first: VirtualPrinter) -> None:
    rig = Rig(zebra={"identity": "uuid:aaa1"})
    rig.discovery.take([announced(first)])
    async with rig.driver("zebra").connect() as session:
        await session.observe()
        first.power_cycle()
        with pytest.raises(ConnectionLost):
            for _ in range(100):
                await session.observe()


def answered(printer: VirtualPrinter) -> Service:
    """What Zebra's own discovery told of it; its port is one that nobody else tests with."""
    reply = parse(packet(printer._machine, printer.host))
    assert reply is not None
    return replace(service(reply, printer.host), port=printer.port)


async def test_one_without_a_serial_number_is_known_by_its_hardware_address() -> None:
    async with (
        VirtualPrinter("127.0.0.2", 0, name="First", serial="", seconds_per_label=0) as first,
        VirtualPrinter("127.0.0.3", first.port, name="Second", serial="", seconds_per_label=0) as second,
    ):
        card = first._machine.hardware_address.hex(":")
        rig = Rig(zebra={"identity": f"mac:{card}"})
        rig.discovery.take([answered(first), answered(second)])
        driver = rig.driver("zebra")
        async with driver.connect() as session:
            with pytest.raises(WrongPrinter, match="has not said who it is"):
                await session.send(b"^XA^FO9,9^GB99,99,9^FS^XZ")
            seen = await session.observe()
            assert (seen.identity.serial, seen.identity.hardware_address) == (None, card.replace(":", ""))
            await session.send(b"^XA^FO9,9^GB99,99,9^FS^XZ")
        await first.wait_printed(1)
        await swap(first, second)  # nobody has told it yet
        async with driver.connect() as session:
            with pytest.raises(WrongPrinter, match=f"answers at 127.0.0.2:{first.port}; mac:"):
                await session.observe()
            with pytest.raises(WrongPrinter):
                await session.send(b"^XA^FO9,9^GB99,99,9^FS^XZ")
        rig.discovery.take([answered(first), answered(second)])
        async with driver.connect() as session:
            await session.observe()
            await session.send(b"^XA^FO9,9^GB99,99,9^FS^XZ")
        await first.wait_printed(2)
        assert (first.odometer, second.odometer, rig.learnt) == (2, 0, [])


async def test_one_that_tells_no_hardware_address_is_not_printed_on_by_it(first: VirtualPrinter) -> None:
    rig = Rig(zebra={"identity": "mac:021122334455"})
    rig.discovery.take([announced(first, uuid="cbf40622-0000-3000-8000-021122334455")])
    driver = rig.driver("zebra")
    driver._open_at = open_at  # as of a printer that does not answer the question
    async with driver.connect() as session:
        with pytest.raises(WrongPrinter, match="tells no hardware address"):
            await session.observe()
        with pytest.raises(WrongPrinter):
            await session.send(b"^XA^XZ")
    assert first.received == 0


async def test_the_serial_number_that_was_learnt_counts_after_a_restart(
    first: VirtualPrinter, second: VirtualPrinter
) -> None:
    rig = Rig(zebra={"identity": "name:First"})
    rig.discovery.take([announced(first)])
    async with rig.driver("zebra").connect() as session:
        await session.observe()
        await session.observe()
    assert rig.learnt == ["AAA1"]
    # labeld starts again, and another one has taken the name
    rig = Rig(zebra={"identity": "name:First"})
    rig.discovery.take([replace(announced(second), instance="First")])
    async with rig.driver("zebra", serial="AAA1").connect() as session:
        with pytest.raises(
            WrongPrinter, match=r'BBB2 answers .* is looked for; if it was replaced, set serial = "BBB2"'
        ):
            await session.observe()
    # a person says so
    rig = Rig(zebra={"identity": "name:First", "serial": "BBB2"})
    rig.discovery.take([replace(announced(second), instance="First")])
    async with rig.driver("zebra", serial="AAA1").connect() as session:
        await session.observe()
    assert rig.learnt == ["BBB2"]


async def test_no_label_leaves_before_the_serial_number_is_kept(first: VirtualPrinter) -> None:
    async def full(_serial: str) -> None:
        raise OSError("disk full")

    rig = Rig(zebra={"identity": "uuid:aaa1"})
    rig.discovery.take([announced(first)])
    driver = rig.driver("zebra")
    driver._learnt = full
    for _ in range(2):
        async with driver.connect() as session:
            with pytest.raises(OSError, match="disk full"):
                await session.observe()
            with pytest.raises(WrongPrinter):
                await session.send(b"^XA^XZ")


async def test_one_that_is_adopted_by_its_address_is_no_candidate_any_more(first: VirtualPrinter) -> None:
    rig = Rig()
    services = [announced(first)]
    await rig.discovery.hear(services)
    assert [one.printer for one in rig.discovery.candidates()] == [None]
    rig.discovery.apply(Settings.model_validate({"printers": {"zebra": {"uri": first.uri}}}))
    changes = rig.changes
    await rig.discovery.hear(services)  # nothing else was announced
    assert [one.printer for one in rig.discovery.candidates()] == ["zebra"]
    assert rig.changes > changes

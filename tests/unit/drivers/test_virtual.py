import asyncio
import contextlib
import hashlib
import json
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from labeld.drivers import zebra
from labeld.drivers.dnssd import SERVICE_TYPE, from_txt
from labeld.drivers.virtual import Fault, FaultKind, Label, VirtualPrinter
from labeld.drivers.virtual.machine import OTHERS_LABEL, Machine, Printed, quantity
from labeld.drivers.virtual.scanner import CancelAll, Event, Format, Query, Scanner
from labeld.renderers.media import Media

LABEL = b"^XA^FO10,10^GB100,100,4^FS^XZ"


def machine(*faults: str, seconds_per_label: float = 1, buffer_bytes: int = 4096, dpi: int = 203) -> Machine:
    return Machine(
        name="Front desk",
        serial="D2J1",
        dpi=dpi,
        media=Media.parse("4x6in"),
        seconds_per_label=seconds_per_label,
        buffer_bytes=buffer_bytes,
        faults=[Fault.parse(fault) for fault in faults],
    )


def all_printed(printer: Machine, now: float) -> list[Printed]:
    labels = []
    while label := printer.advance(now):
        labels.append(label)
    return labels


def ask(printer: Machine, question: bytes) -> list[zebra.Reply]:
    return zebra.ReplyReader().feed(printer.receive(question))


# --- faults


@pytest.mark.parametrize(
    "text", ["media-empty", "reset-after=4096", "slow-reader=1000@2", "power-cycle@3", "paused@20B", "silent"]
)
def test_a_fault_reads_as_it_is_written(text: str) -> None:
    assert str(Fault.parse(text)) == text


@pytest.mark.parametrize("text", ["", "fire", "reset-after", "slow-reader=0", "paused=3", "paused@", "paused@-1"])
def test_a_fault_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="fault"):
        Fault.parse(text)


# --- scanner


def scan(*pieces: bytes) -> list[Event]:
    scanner = Scanner()
    return [event for piece in pieces for event in scanner.feed(piece)]


def test_a_status_question_is_seen_at_once_inside_a_format() -> None:
    scanner = Scanner()
    assert scanner.feed(b"^XA^FO10,10~HS") == [Query("HS", inside=True)]
    assert scanner.partial
    assert scanner.feed(b"^FDx^FS^XZ") == [Format(b"^XA^FO10,10^FDx^FS^XZ")]
    assert not scanner.partial


def test_a_new_start_aborts_the_partial_format() -> None:
    assert scan(b"^XA^FDlost^FS^XA^FDkept^FS^XZ") == [Format(b"^XA^FDkept^FS^XZ")]


def test_binary_graphics_are_taken_by_count() -> None:
    binary = b"^XA^GFB,12,12,4,^XZ~HS^XA~JA" + b"^FS^XZ"
    assert scan(binary) == [Format(binary)]


def test_a_prefix_ends_ascii_graphics() -> None:
    assert scan(b"^XA^GFA,100,100,4,FFFF^XZ") == [Format(b"^XA^GFA,100,100,4,FFFF^XZ")]


def test_variables_are_asked_between_formats() -> None:
    stream = b'! U1 setvar "a.b" "c"\r\n! U1 getvar "appl.name"\r\n' + LABEL + b'! U1 getvar "x"\r\n'
    assert scan(stream) == [Query("appl.name", sgd=True), Format(LABEL), Query("x", sgd=True)]


def test_a_download_belongs_to_the_format_after_it() -> None:
    download = b"~DGR:A.GRF,8,1,!00FF\r\n"
    assert scan(download + LABEL + LABEL) == [Format(download + LABEL), Format(LABEL)]


def test_cancel_all_drops_the_partial_format() -> None:
    assert scan(b"^XA^FDx~JA^FS^XZ") == [CancelAll()]


_TOKENS = [
    b"^XA", b"^XZ", b"~HS", b"~HQES", b"~HI", b"~JA", b"~DGR:X,1,1,", b"^GFB,6,6,1,", b"^GFA,6,6,1,", b"^", b"~", b"!",
    b'! U1 getvar "a"\r\n', b"^FDhello^FS", b"FF\r\n", b"abc", b"\x00\xff",
]  # fmt: skip


@given(st.lists(st.sampled_from(_TOKENS) | st.binary(max_size=4), max_size=20).map(b"".join), st.data())
def test_where_the_network_cuts_makes_no_difference(stream: bytes, data: st.DataObject) -> None:
    one = data.draw(st.integers(0, len(stream)))
    two = data.draw(st.integers(one, len(stream)))
    assert scan(stream) == scan(stream[:one], stream[one:two], stream[two:])


# --- machine


@pytest.mark.parametrize(
    ("zpl", "labels"),
    [
        (LABEL, 1),
        (b"^XA^FDx^FS^PQ3^XZ", 3),
        (b"^xa^fdx^fs^pq2,0,1^xz", 2),
        (b"^XA^FDx^FS^PQ3^PQ2^XZ", 2),
        (b"^XA^FDx^FS^PQ0^XZ", 1),
        (b"^XA^PW812^LH0,0^XZ", 0),
        (b"^XA^FO1,1^FD \r\n^FS^XZ", 0),
        (b"^XA^XGR:LOGO.GRF,1,1^FS^XZ", 1),
        (b"^XA^DFR:T.ZPL^FO1,1^FN1^FS^XZ", 0),
    ],
)
def test_what_a_format_puts_on_paper(zpl: bytes, labels: int) -> None:
    assert quantity(zpl) == labels
    printer = machine(seconds_per_label=0)
    printer.receive(zpl)
    assert len(all_printed(printer, 0)) == printer.odometer == labels


def test_a_stored_format_counts_where_it_is_recalled() -> None:
    printer = machine(seconds_per_label=0)
    printer.receive(b"^XA^DFR:A.ZPL^FO1,1^FN1^FS^PQ3^XZ^XA^XFa^FS^FN1^FDx^FS^XZ^XA^XFR:A.ZPL^FN1^FDy^FS^PQ2^XZ")
    out = all_printed(printer, 0)
    assert [one.zpl for one in out] == [b"^XA^FO1,1^FN1^FS^PQ3^FS^FN1^FDx^FS^XZ"] * 3 + [
        b"^XA^FO1,1^FN1^FS^PQ3^FN1^FDy^FS^PQ2^XZ"
    ] * 2
    printer.power_cycle()
    printer.receive(b"^XA^XFR:A.ZPL^FN1^FDy^FS^XZ")
    assert len(all_printed(printer, 0)) == 1


def test_labels_take_their_time_one_after_the_other() -> None:
    printer = machine()
    printer.receive(b"^XA^FDx^FS^PQ2^XZ" + LABEL)
    assert printer.advance(100) is None
    assert printer.next_due == 101
    assert [(label.copy, label.copies) for label in all_printed(printer, 102)] == [(1, 2), (2, 2)]
    (status,) = ask(printer, b"~HS")
    assert isinstance(status, zebra.HostStatus)
    assert (status.formats_buffered, status.labels_remaining) == (0, 1)
    assert [label.odometer for label in all_printed(printer, 103)] == [3]
    assert printer.next_due is None


def test_the_label_in_motion_is_not_counted_when_media_runs_out() -> None:
    printer = machine()
    printer.receive(LABEL)
    printer.advance(0)
    printer.set_fault(Fault(FaultKind.MEDIA_EMPTY))
    assert printer.advance(5) is None
    printer.clear_fault(FaultKind.MEDIA_EMPTY)
    assert printer.advance(5) is None
    assert [label.odometer for label in all_printed(printer, 6)] == [1]


def test_time_spent_idle_does_not_print_the_next_label_early() -> None:
    printer = machine()
    printer.receive(LABEL + b"^XA^PW812^XZ")
    printer.advance(0)
    assert len(all_printed(printer, 1)) == 1
    printer.receive(LABEL)
    assert printer.advance(50) is None
    assert printer.next_due == 51


def test_a_fault_begins_at_a_byte() -> None:
    printer = machine(f"media-empty@{len(LABEL)}B", seconds_per_label=0)
    printer.receive(LABEL[:-1])
    assert not printer.blocked
    printer.receive(LABEL[-1:])
    assert all_printed(printer, 0) == []


def test_power_goes_in_the_middle_of_a_label() -> None:
    printer = machine("power-cycle@10B", seconds_per_label=0)
    printer.receive(LABEL[:9])
    assert not printer.take_power_loss()
    printer.receive(LABEL[9:12])
    assert printer.take_power_loss()
    printer.receive(LABEL[12:] + LABEL)
    assert len(all_printed(printer, 0)) == 1


def test_labels_of_others_come_out_when_none_of_ours_waits() -> None:
    printer = machine("busy")
    printer.receive(LABEL)
    out = [label.zpl for now in (0, 1, 2, 3, 4) if (label := printer.advance(now))]
    assert out == [LABEL, OTHERS_LABEL]
    (status,) = ask(printer, b"~HS")
    assert isinstance(status, zebra.HostStatus)
    assert status.formats_buffered == 1
    printer.clear_fault(FaultKind.BUSY)
    assert [label.zpl for label in all_printed(printer, 9)] == [OTHERS_LABEL]
    assert all_printed(printer, 20) == []


def test_another_printer_at_its_address_holds_nothing_of_ours() -> None:
    printer = machine()
    printer.receive(LABEL + LABEL[:9])
    printer.set_fault(Fault(FaultKind.OTHER_PRINTER))
    (status,) = ask(printer, b"~HS")
    assert status == zebra.HostStatus(label_length=1219)
    assert ask(printer, zebra.getvar(zebra.SERIAL)) == [zebra.Value("D2J1-OTHER")]
    printer.clear_fault(FaultKind.OTHER_PRINTER)
    (status,) = ask(printer, b"~HS")
    assert isinstance(status, zebra.HostStatus)
    assert (status.formats_buffered, status.partial_format) == (1, True)


@pytest.mark.parametrize(("fault", "counts"), [("odometer-reset", (0, 1, 2)), ("odometer-reset@1", (0, 0, 1))])
def test_the_counter_begins_anew_once(fault: str, counts: tuple[int, ...]) -> None:
    printer = machine(fault, seconds_per_label=0)
    seen = [printer.odometer]
    for _ in range(2):
        printer.receive(LABEL)
        all_printed(printer, 0)
        seen.append(printer.odometer)
    assert tuple(seen) == counts


def test_room_shrinks_while_formats_wait_and_comes_back() -> None:
    printer = machine("media-empty", buffer_bytes=100)
    printer.receive(LABEL)
    printer.receive(LABEL)
    assert printer.room == 100 - 2 * len(LABEL)
    printer.receive(b"^XA^FD" + b"x" * 80)
    assert printer.room == 0
    printer.receive(b"^FS^XZ")
    printer.clear_fault(FaultKind.MEDIA_EMPTY)
    all_printed(printer, 0)
    assert len(all_printed(printer, 3)) == 3
    assert printer.room == 100


def test_a_format_leaves_the_buffer_when_its_label_begins() -> None:
    printer = machine("media-empty", buffer_bytes=100)
    printer.receive(LABEL + LABEL)
    printer.clear_fault(FaultKind.MEDIA_EMPTY)
    printer.advance(0)
    assert printer.room == 100 - len(LABEL)


def test_cancel_all_empties_the_printer() -> None:
    printer = machine()
    printer.receive(LABEL + LABEL)
    printer.advance(0)
    printer.receive(b"~JA")
    assert all_printed(printer, 10) == []
    (status,) = ask(printer, b"~HS")
    assert zebra.status_from(status if isinstance(status, zebra.HostStatus) else None, None).drained


@pytest.mark.parametrize(("dpi", "length"), [(203, 1219), (300, 1800), (600, 3600)])
def test_twin_and_parser_agree_on_who_it_is(dpi: int, length: int) -> None:
    printer = machine(dpi=dpi)
    assert ask(printer, b"~HI") == [zebra.HostIdentification(f"ZTC ZD421-{dpi}dpi ZPL", "V93.21.26Z", dpi)]
    assert ask(printer, b"~HS") == [zebra.HostStatus(label_length=length)]
    assert ask(printer, b"~HQES") == [zebra.ExtendedStatus()]
    assert ask(printer, zebra.getvar(zebra.SERIAL)) == [zebra.Value("D2J1")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("head.resolution.in_dpi", "203"),
        ("ezpl.print_width", "812"),
        ("zpl.label_length", "1219"),
        ("device.languages", "zpl"),
        ("odometer.total_label_count", "0"),
        ("odometer.total_print_length", "0 INCHES, 0 CENTIMETERS"),
        ("head.latch", "ok"),
        ("media.status", "ok"),
        ("device.friendly_name", "Front desk"),
        ("device.product_name", "ZTC ZD421-203dpi ZPL"),
        ("appl.name", "V93.21.26Z"),
        ("ip.port_single_conn", "9300"),
        ("device.nonsense", None),
        ("Head.Latch", None),
    ],
)
def test_the_twin_knows_its_variables(name: str, value: str | None) -> None:
    assert ask(machine(), zebra.getvar(name)) == [zebra.Value(value)]


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_no_bytes_stop_the_printer(pieces: list[bytes]) -> None:
    printer = machine(seconds_per_label=0)
    for piece in pieces:
        printer.receive(piece)
        all_printed(printer, 0)
    printer.receive(b"~JA\r\n")
    # an open quote or a binary graphic may still swallow what follows, as on the real one; switching off helps
    printer.power_cycle()
    printer.receive(LABEL)
    count = printer.odometer
    all_printed(printer, 0)
    assert printer.odometer == count + 1


# --- the whole printer


async def say(printer: VirtualPrinter, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(printer.host, printer.port)
    writer.write(data)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def pictures(out: Path) -> list[str]:
    return sorted(path.name for path in out.glob("*.png"))


async def test_paper_is_pictures_a_log_and_a_counter_that_stays(tmp_path: Path) -> None:
    heard: list[Label] = []
    async with VirtualPrinter(port=0, seconds_per_label=0, out=tmp_path, serial="D2J1") as printer:
        printer.on_label(heard.append)
        await say(printer, b"^XA^FO10,10^GB100,100,4^FS^PQ2^XZ")
        labels = await printer.wait_labels(2)
    assert [label.complete for label in labels] == [True, True]
    assert tuple(heard) == labels
    async with VirtualPrinter(port=0, seconds_per_label=0, out=tmp_path, serial="D2J1") as printer:
        assert printer.odometer == 2
        await say(printer, LABEL)
        await printer.wait_labels(1)
    assert pictures(tmp_path) == ["000001.png", "000002.png", "000003.png"]
    lines = [json.loads(line) for line in (tmp_path / "paper.jsonl").read_text().splitlines()]
    assert [(line["sequence"], line["odometer"], line["copy"], line["copies"]) for line in lines] == [
        (1, 1, 1, 2),
        (2, 2, 2, 2),
        (3, 3, 1, 1),
    ]
    assert lines[2]["sha256"] == hashlib.sha256(LABEL).hexdigest()
    assert (tmp_path / "000003.png").read_bytes().startswith(b"\x89PNG")


async def test_the_paper_of_another_printer_is_not_continued(tmp_path: Path) -> None:
    async with VirtualPrinter(port=0, seconds_per_label=0, out=tmp_path, serial="A") as printer:
        await say(printer, LABEL)
        await printer.wait_printed(1)
    with pytest.raises(ValueError, match="not of B"):
        await VirtualPrinter(port=0, out=tmp_path, serial="B").start()


async def test_what_cannot_be_drawn_is_printed_all_the_same(tmp_path: Path) -> None:
    def broken(*_: object) -> tuple[bytes | None, tuple[str, ...]]:
        raise RecursionError("too deep")

    async with VirtualPrinter(port=0, seconds_per_label=0, out=tmp_path, draw=broken) as printer:
        await say(printer, LABEL + LABEL)
        labels = await printer.wait_labels(2)
    assert [(label.odometer, label.png, label.complete) for label in labels] == [(1, None, False), (2, None, False)]
    assert labels[0].not_drawn == ("RecursionError: too deep",)


async def test_a_listener_that_fails_does_not_stop_the_printer() -> None:
    async def fails(_: Label) -> None:
        raise RuntimeError("listener")

    async with VirtualPrinter(port=0, seconds_per_label=0) as printer:
        printer.on_label(fails)
        await say(printer, LABEL + LABEL)
        assert len(await printer.wait_labels(2)) == 2


async def test_diagnostic_mode_puts_something_else_on_paper() -> None:
    async with VirtualPrinter(port=0, seconds_per_label=0, faults=["hex-dump"]) as printer:
        await say(printer, LABEL)
        (label,) = await printer.wait_labels(1)
    assert label.hex_dump
    assert not label.complete


async def test_without_its_cable_nothing_listens_and_what_it_holds_is_printed() -> None:
    async with VirtualPrinter(port=0, seconds_per_label=0, faults=[f"unplugged@{len(LABEL)}B"]) as printer:
        with pytest.raises(ConnectionResetError):
            await say(printer, LABEL)
        await printer.wait_printed(1)
        with pytest.raises(OSError):  # refused, or reset where it had not noticed
            await say(printer, LABEL)
        printer.clear_fault("unplugged")
        while printer.odometer == 1:
            with contextlib.suppress(OSError):  # it does not listen yet
                await say(printer, LABEL)
                await printer.wait_printed(2)


async def test_stopping_leaves_no_task_and_no_port(tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    printer = VirtualPrinter(port=0, seconds_per_label=0, out=tmp_path)
    await printer.start()
    _, writer = await asyncio.open_connection(printer.host, printer.port)
    writer.write(LABEL * 20)
    await printer.wait_printed(20)
    await printer.stop()
    assert asyncio.all_tasks() == before
    assert len(printer.labels) == 20
    assert len((tmp_path / "paper.jsonl").read_text().splitlines()) == 20
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(printer.host, printer.port)
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    await printer.stop()


async def test_a_port_that_is_taken_is_an_error() -> None:
    async with VirtualPrinter(port=0) as printer:
        with pytest.raises(OSError, match="in use"):
            await VirtualPrinter(port=printer.port).start()


async def test_it_announces_itself_by_dns_sd() -> None:
    name = f"labeld twin {uuid.uuid4()}"
    async with VirtualPrinter(
        port=0, name=name, serial=uuid.uuid4().hex, announce=True, interfaces=["127.0.0.1"]
    ) as printer:
        listener = AsyncZeroconf(interfaces=["127.0.0.1"])
        try:
            info = AsyncServiceInfo(SERVICE_TYPE, f"{name}.{SERVICE_TYPE}")
            assert await info.async_request(listener.zeroconf, 5000)
        finally:
            await listener.async_close()
        assert info.port == printer.port
        assert info.parsed_addresses() == ["127.0.0.1"]
    advert = from_txt(info.properties)
    assert advert.speaks_zpl
    assert advert.label_printer
    assert advert.dpi == 203

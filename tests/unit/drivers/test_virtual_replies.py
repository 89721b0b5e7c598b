"""The twin's replies against the guides' words, and against the parser that shares nothing with it."""

import ast
from pathlib import Path

import pytest

from labeld.drivers import virtual, zebra
from labeld.drivers.printer import PrinterState
from labeld.drivers.virtual import Fault
from labeld.drivers.virtual.machine import Machine
from labeld.drivers.virtual.replies import SGD, ZPL
from labeld.renderers.media import Media

#: as PRINTERS.md §1.1 shows a healthy one
HEALTHY = b"\x02030,0,0,1225,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n"


def machine(*faults: str) -> Machine:
    printer = Machine(
        name='The "front" desk',
        serial="D2J1",
        dpi=203,
        media=Media.parse("4x6in"),
        seconds_per_label=1,
        buffer_bytes=4096,
        odometer=31084,
        faults=[Fault.parse(fault) for fault in faults],
    )
    printer.length = 1225
    return printer


def fields(reply: bytes) -> list[list[str]]:
    """The three strings of ~HS, field by field."""
    strings = reply.decode().split("\x03\r\n")
    assert strings.pop() == ""
    assert all(string.startswith("\x02") for string in strings)
    return [string[1:].split(",") for string in strings]


def test_a_healthy_status_is_the_guides_to_the_byte() -> None:
    assert machine().receive(b"~HS") == HEALTHY
    plain = HEALTHY.replace(b"\x02", b"").replace(b"\x03", b"").rstrip(b"\r\n")
    assert machine().receive(b'! U1 getvar "device.host_status"\r\n') == b'"' + plain + b'"'


@pytest.mark.parametrize(
    ("fault", "string", "field"),
    [
        ("media-empty", 0, 1),
        ("paused", 0, 2),
        ("hex-dump", 0, 6),
        ("over-temperature", 0, 11),
        ("cover-open", 1, 2),
        ("ribbon-out", 1, 3),
        ("label-waiting", 1, 7),
    ],
)
def test_a_fault_is_told_in_its_own_field(fault: str, string: int, field: int) -> None:
    healthy, told = fields(HEALTHY), fields(machine(fault).receive(b"~HS"))
    assert [len(one) for one in told] == [12, 11, 2]
    assert (healthy[string][field], told[string][field]) == ("0", "1")
    # a label waits in peel-off mode (r = 1) alone, and only thermal transfer (q = 1) is out of ribbon
    beside = {"label-waiting": {(1, 5)}, "ribbon-out": {(1, 4)}}.get(fault, set())
    different = {(s, f) for s in range(3) for f, value in enumerate(told[s]) if value != healthy[s][f]}
    assert different == {(string, field)} | beside


@pytest.mark.parametrize(
    ("faults", "errors"),
    [
        ([], "0 00000000 00000000"),
        (["media-empty", "cover-open"], "1 00000000 00000005"),
        (["media-empty", "paused"], "1 00000000 00010001"),
        (["ribbon-out"], "1 00000000 00000002"),
        (["over-temperature"], "1 00000000 00000010"),
    ],
)
def test_the_extended_status_is_one_block_of_flags_and_groups(faults: list[str], errors: str) -> None:
    reply = machine(*faults).receive(b"~HQES").decode()
    assert (reply[0], reply[-1]) == ("\x02", "\x03")
    words = " ".join(reply[1:-1].split())
    assert words == f"PRINTER STATUS ERRORS: {errors} WARNINGS: 0 00000000 00000000"


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        (b"~HI", b"\x02ZTC ZD421-203dpi ZPL,V93.21.26Z,8,8192KB,X\x03\r\n"),
        (b"~HD", b""),
        (b'! U1 getvar "odometer.total_label_count"\r\n', b'"31084"'),
        (b'! U1 getvar "device.unique_id" ', b'"D2J1"'),
        (b'! U1 getvar "device.friendly_name"\r\n', b"\"The 'front' desk\""),
        (b'! U1 getvar "head.latch"\r\n', b'"ok"'),
        (b'! U1 getvar "ip.port_single_conn"\r\n', b'"9300"'),
        (b'! U1 getvar "Head.Latch"\r\n', b'"?"'),
        (b'! U1 getvar "HS"\r\n', b'"?"'),
    ],
)
def test_other_replies_to_the_byte(question: bytes, reply: bytes) -> None:
    assert machine().receive(question) == reply


def test_words_of_sgd_for_what_is_wrong() -> None:
    asked = b'! U1 getvar "head.latch"\r\n! U1 getvar "media.status"\r\n! U1 getvar "odometer.total_label_count"\r\n'
    assert machine("media-empty", "cover-open", "no-counter").receive(asked) == b'"open""out""?"'


def test_every_transcript_says_where_it_is_written() -> None:
    sections = {transcript.source.rpartition("PRINTERS.md ")[2] for transcript in (*ZPL.values(), *SGD.values())}
    assert sections == {"§1.1", "§1.2", "§1.3", "§1.4"}


def test_the_twin_takes_nothing_from_the_parser() -> None:
    """Its imports from this layer are its own modules and what DNS-SD needs."""
    taken = set()
    for path in Path(virtual.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 2:
                taken |= {node.module} if node.module else {alias.name for alias in node.names}
    assert taken == {"dnssd"}


@pytest.mark.parametrize(
    ("fault", "state", "reason"),
    [
        ("media-empty", PrinterState.STOPPED, "media-empty"),
        ("ribbon-out", PrinterState.STOPPED, "marker-supply-empty"),
        ("cover-open", PrinterState.STOPPED, "cover-open"),
        ("over-temperature", PrinterState.STOPPED, "over-temperature"),
        ("paused", PrinterState.STOPPED, "paused"),
        ("hex-dump", PrinterState.STOPPED, "diagnostic-mode"),
        ("label-waiting", PrinterState.IDLE, "output-area-full"),
    ],
)
def test_twin_and_parser_agree_on_what_is_wrong(fault: str, state: PrinterState, reason: str) -> None:
    reader = zebra.ReplyReader()
    status, extended = reader.feed(machine(fault).receive(b"~HS~HQES"))
    assert isinstance(status, zebra.HostStatus)
    assert isinstance(extended, zebra.ExtendedStatus)
    seen = zebra.status_from(status, None)
    assert (seen.state, seen.reasons) == (state, frozenset({reason}))
    only = {"hex-dump", "label-waiting"}  # ~HS alone tells these
    assert zebra.status_from(None, extended).reasons == (frozenset() if fault in only else frozenset({reason}))

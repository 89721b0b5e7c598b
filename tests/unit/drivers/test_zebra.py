import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.drivers import zebra
from labeld.drivers.printer import PrinterState, PrinterStatus
from labeld.drivers.zebra import ExtendedStatus, Garbage, HostIdentification, HostStatus, Reply, ReplyReader, Value

HEALTHY = b"\x02030,0,0,1225,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n"
IDENTITY = b"\x02ZTC ZD420-203dpi ZPL,V93.20.15Z,8,4194304\x03\r\n"
OUT_AND_PAUSED = b"\x02\r\n PRINTER STATUS\r\n ERRORS: 1 00000000 00010001\r\n WARNINGS: 1 00000000 00000008\r\n\x03"


def read(*pieces: bytes) -> list[Reply]:
    reader = ReplyReader()
    return [reply for piece in pieces for reply in reader.feed(piece)]


def host_status(first: str, second: str = "000,0,0,0,0,2,4,0,00000000,1,000") -> HostStatus:
    (reply,) = read(f"\x02{first}\x03\r\n\x02{second}\x03\r\n\x021234,0\x03\r\n".encode())
    assert isinstance(reply, HostStatus)
    return reply


def test_the_illustrated_host_status_is_idle_and_drained() -> None:
    (reply,) = read(HEALTHY)
    assert reply == HostStatus(label_length=1225)
    status = zebra.status_from(HostStatus(label_length=1225), None)
    assert (status.state, status.reasons, status.drained) == (PrinterState.IDLE, frozenset(), True)


def test_each_field_of_host_status_is_read_from_its_place() -> None:
    status = host_status("030,1,1,0812,007,1,1,1,000,1,1,1", "000,0,1,1,0,2,4,1,00000042,1,000")
    assert status == HostStatus(
        paper_out=True,
        paused=True,
        label_length=812,
        formats_buffered=7,
        buffer_full=True,
        diagnostic=True,
        partial_format=True,
        memory_corrupt=True,
        under_temperature=True,
        over_temperature=True,
        head_up=True,
        ribbon_out=True,
        label_waiting=True,
        labels_remaining=42,
    )


def test_the_third_string_ends_the_reply_not_the_first() -> None:
    reader = ReplyReader()
    first, second, third = HEALTHY.split(b"\r\n")[:3]
    assert reader.feed(first + b"\r\n") == []
    assert reader.feed(second) == []
    assert reader.incomplete
    assert reader.feed(third) == [HostStatus(label_length=1225)]
    assert not reader.incomplete


@pytest.mark.parametrize(
    ("field", "dpi"), [("6", 152), ("8", 203), ("12", 300), ("24", 600), ("8 dots/mm", 203), ("7", None), ("", None)]
)
def test_host_identification_gives_the_nominal_resolution(field: str, dpi: int | None) -> None:
    assert read(f"\x02ZD421,V93,{field},8192KB,X\x03\r\n".encode()) == [HostIdentification("ZD421", "V93", dpi)]


@pytest.mark.parametrize(
    ("block", "digits"),
    [
        (b"\r\n  MAC ADDRESS\r\n   00:07:4d:2c:e0:7a\r\n", "00074d2ce07a"),  # guide: ~HQ, example 3
        (b"MAC ADDRESS\r\n00:07:4D:2C:E0:7A", "00074d2ce07a"),
        (b"MAC ADDRESS\r\n00:07:4d:2c:e0:7a 00:07:4d:2c:e0:7b", None),
        (b"MAC ADDRESS\r\n00:07:4d:2c:e0:7a:01", None),
        (b"MAC ADDRESS\r\n?", None),
    ],
)
def test_a_hardware_address_is_read(block: bytes, digits: str | None) -> None:
    replies = zebra.ReplyReader().feed(b"\x02" + block + b"\x03")
    frame = b"\x02" + block + b"\x03"
    assert replies == [zebra.Garbage(frame) if digits is None else zebra.HardwareAddress(digits)]


def test_extended_status_tells_errors_from_warnings() -> None:
    (reply,) = read(OUT_AND_PAUSED)
    assert reply == ExtendedStatus(error=True, errors=0x10001, warning=True, warnings=8)
    status = zebra.status_from(None, ExtendedStatus(error=True, errors=0x10001, warning=True, warnings=8))
    assert status.state is PrinterState.STOPPED
    assert status.reasons == {"media-empty", "paused", "media-low"}
    assert status.formats_buffered is None


def test_a_warning_does_not_stop_a_printer() -> None:
    status = zebra.status_from(None, ExtendedStatus(warning=True, warnings=0x2))
    assert (status.state, status.reasons) == (PrinterState.IDLE, frozenset({"printhead-dirty"}))


def test_an_error_that_nobody_knows_stops_as_other() -> None:
    for unknown in (ExtendedStatus(error=True), ExtendedStatus(True, 0x400), ExtendedStatus(True, 0, 1)):
        assert zebra.status_from(None, unknown).reasons == {"other"}
        assert zebra.status_from(None, unknown).state is PrinterState.STOPPED


@pytest.mark.parametrize(
    ("first", "second", "state", "reason"),
    [
        ("030,1,0,1225,000,0,0,0,000,0,0,0", "000,0,0,0,0,2,4,0,00000000", PrinterState.STOPPED, "media-empty"),
        ("030,0,1,1225,000,0,0,0,000,0,0,0", "000,0,0,0,0,2,4,0,00000000", PrinterState.STOPPED, "paused"),
        ("030,0,0,1225,000,0,1,0,000,0,0,0", "000,0,0,0,0,2,4,0,00000000", PrinterState.STOPPED, "diagnostic-mode"),
        ("030,0,0,1225,000,0,0,0,000,0,0,1", "000,0,0,0,0,2,4,0,00000000", PrinterState.STOPPED, "over-temperature"),
        ("030,0,0,1225,000,0,0,0,000,0,0,0", "000,0,1,0,0,2,4,0,00000000", PrinterState.STOPPED, "cover-open"),
        ("030,0,0,1225,000,0,0,0,000,0,0,0", "000,0,0,1,1,2,4,0,00000000", PrinterState.STOPPED, "marker-supply-empty"),
        ("030,0,0,1225,000,0,0,0,000,0,1,0", "000,0,0,0,0,2,4,0,00000000", PrinterState.IDLE, "under-temperature"),
        ("030,0,0,1225,003,1,0,0,000,0,0,0", "000,0,0,0,0,2,4,0,00000000", PrinterState.PROCESSING, "buffer-full"),
        ("030,0,0,1225,000,0,0,0,000,0,0,0", "000,0,0,0,0,2,1,1,00000002", PrinterState.PROCESSING, "output-area-full"),
    ],
)
def test_host_status_in_ipp_words(first: str, second: str, state: PrinterState, reason: str) -> None:
    status = zebra.status_from(host_status(first, second), None)
    assert (status.state, status.reasons) == (state, frozenset({reason}))


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_host_status_comes_as_a_variable_too(end: str) -> None:
    strings = ["030,1,0,0812,003,0,0,0,000,0,0,0", "000,0,1,0,0,2,4,0,00000042,1,000", "1234,0"]
    told = zebra.parse_host_status(end.join(strings))
    assert told == HostStatus(paper_out=True, label_length=812, formats_buffered=3, head_up=True, labels_remaining=42)
    assert zebra.parse_host_status(end.join(strings[:1])) is None


@pytest.mark.parametrize("text", ["", "?", "31084", "zpl", "ok", "1489 INCHES, 3784 CENTIMETERS", "a,b\nc,d"])
def test_other_values_are_no_host_status(text: str) -> None:
    assert zebra.parse_host_status(text) is None


@given(st.text() | st.lists(st.text("0123456789,", max_size=40), max_size=4).map("\n".join))
def test_any_text_is_a_host_status_or_none(text: str) -> None:
    told = zebra.parse_host_status(text)
    assert told is None or zebra.status_from(told, None).state is not PrinterState.UNKNOWN


@pytest.mark.parametrize(
    ("latch", "media", "state", "reasons"),
    [
        ("open", "ok", PrinterState.STOPPED, {"cover-open"}),
        ("ok", "out", PrinterState.STOPPED, {"media-empty"}),
        ("open", "out", PrinterState.STOPPED, {"cover-open", "media-empty"}),
        ("ok", "ok", PrinterState.UNKNOWN, set()),
        (None, None, PrinterState.UNKNOWN, set()),
        ("out", "open", PrinterState.UNKNOWN, set()),
    ],
)
def test_latch_and_media_can_stop_a_printer_but_not_clear_it(
    latch: str | None, media: str | None, state: PrinterState, reasons: set[str]
) -> None:
    assert zebra.status_from_variables(latch, media) == PrinterStatus(state, frozenset(reasons))


@pytest.mark.parametrize(
    ("languages", "zpl"),
    [
        ("zpl", True),
        ("epl_zpl", True),
        ("hybrid_xml_zpl", True),
        ("epl", False),
        ("line_print", False),
        ("apl-d", False),
    ],
)
def test_the_language_is_told_by_its_name(languages: str, zpl: bool) -> None:
    assert zebra.speaks_zpl(languages) is zpl


def test_no_reply_is_unknown_never_idle() -> None:
    status = zebra.status_from(None, None)
    assert (status.state, status.ready, status.drained) == (PrinterState.UNKNOWN, False, False)


@pytest.mark.parametrize("tail", [b"", b"\r\n", b"\x00", b"\r\n\x00"])
def test_a_variable_ends_at_its_closing_quote(tail: bytes) -> None:
    assert read(b'"31084"' + tail, b'"?"' + tail) == [Value("31084"), Value(None)]


def test_a_status_reply_inside_a_cut_off_variable_is_still_read() -> None:
    assert read(b'"310', HEALTHY) == [Garbage(b'"310'), HostStatus(label_length=1225)]


def test_text_is_garbage() -> None:
    assert read(b"Malformed status response\r\n") == [Garbage(b"Malformed status response")]
    assert read(b"\x02hello\x03") == [Garbage(b"\x02hello\x03")]


def test_an_endless_frame_is_given_up() -> None:
    replies = read(b"\x02" + b"0" * 5000, IDENTITY)
    assert isinstance(replies[0], Garbage)
    assert replies[1:] == [HostIdentification("ZTC ZD420-203dpi ZPL", "V93.20.15Z", 203)]


@pytest.mark.parametrize("name", ['a"b', "a\r\n~JA", "", "a b", "é"])
def test_only_a_variables_name_can_be_asked(name: str) -> None:
    with pytest.raises(ValueError, match="not the name"):
        zebra.getvar(name)


@given(st.lists(st.binary(max_size=64), max_size=8))
def test_no_bytes_make_the_reader_fail(pieces: list[bytes]) -> None:
    reader = ReplyReader()
    for piece in pieces:
        for reply in reader.feed(piece):
            if isinstance(reply, HostStatus):
                assert zebra.status_from(reply, None).state is not PrinterState.UNKNOWN


_NOISE = st.sampled_from([b"\x02", b"\x03", b'"', b",", b"0", b"?", b"\r\n", b"A", HEALTHY, IDENTITY, OUT_AND_PAUSED])


@given(st.lists(_NOISE, max_size=30).map(b"".join), st.data())
def test_where_the_network_cuts_makes_no_difference(stream: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(stream)))
    whole, parts = (_meant(read(stream))), (_meant(read(stream[:cut], stream[cut:])))
    assert whole == parts


def _meant(replies: list[Reply]) -> list[Reply]:
    return [reply for reply in replies if not isinstance(reply, Garbage)]


@given(st.text(st.characters(exclude_characters='"\x02', exclude_categories=["Cs"]), max_size=60))
def test_any_value_comes_back_from_its_quotes(text: str) -> None:
    assert read(f'"{text}"'.encode()) == [Value(None if text == "?" else text)]

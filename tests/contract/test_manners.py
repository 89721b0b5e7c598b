"""Real printers' manners, played line by line: late, dropped, doubled and foreign answers."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from labeld.drivers.errors import ConnectionLost, DriverError, OtherLanguage, PrinterStalled, ReplyMalformed
from labeld.drivers.printer import PrinterState, Question
from labeld.drivers.raw import RawDriver, RawSession

LABEL = b"^XA^FO10,10^GB100,100,4^FS^XZ"
HEALTHY = b"\x02030,0,0,1225,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n"
WAITING = HEALTHY.replace(b",1225,000", b",1225,003")
IDENTITY = b"\x02ZTC ZD420-203dpi ZPL,V93.20.15Z,8,4194304\x03\r\n"

Script = Callable[[bytes, Callable[[bytes], None]], None]


@asynccontextmanager
async def scripted(script: Script, *, reply_timeout: float = 0.3) -> AsyncIterator[RawSession]:
    """A session with a printer that `script` plays: it gets each line and a function that answers."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            script(line.strip(), writer.write)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        driver = RawDriver("127.0.0.1", server.sockets[0].getsockname()[1], reply_timeout=reply_timeout)
        async with driver.connect() as session:
            yield session


def zebra(answers: dict[bytes, bytes]) -> Script:
    return lambda line, say: say(answers.get(line, b""))


SERIAL, COUNT = b'! U1 getvar "device.unique_id"', b'! U1 getvar "odometer.total_label_count"'
LANGUAGES = b'! U1 getvar "device.languages"'
HOST, LATCH, MEDIA = (b'! U1 getvar "%s"' % name for name in (b"device.host_status", b"head.latch", b"media.status"))
EMPTY = b'"030,0,0,1225,000,0,0,0,000,0,0,0\r\n000,0,0,0,0,2,4,0,00000000,1,000\r\n1234,0"'
EXTENDED = b"\x02\r\n PRINTER STATUS\r\n ERRORS: 0 00000000 00000000\r\n WARNINGS: 0 00000000 00000000\r\n\x03"
ALL = {LANGUAGES: b'"zpl"', b"~HI": IDENTITY, b"~HS": HEALTHY, SERIAL: b'"D2J1"\r\n\x00', COUNT: b'"7"\r\n'}


async def test_line_ends_and_nul_after_a_value_are_passed_over() -> None:
    async with scripted(zebra(ALL), reply_timeout=10) as session:
        for _ in range(3):
            seen = await session.observe()
            assert (seen.identity.serial, seen.odometer, seen.status.state) == ("D2J1", 7, PrinterState.IDLE)


async def test_what_a_printer_calls_itself_is_harmless_on_a_terminal_and_short() -> None:
    identity = b"\x02Z\x1b[2JD\x07,V\x9b1,8,1\x03\r\n"
    serial = '"S\x1b\n1\u202e'.encode() + b"9" * 3000 + b'"'
    async with scripted(zebra(ALL | {b"~HI": identity, SERIAL: serial}), reply_timeout=10) as session:
        told = (await session.observe()).identity
    assert (told.model, told.firmware, told.serial) == ("Z[2JD", "V1", "S1" + "9" * 62)


async def test_a_printer_without_counter_is_asked_once() -> None:
    asked: list[bytes] = []

    def script(line: bytes, say: Callable[[bytes], None]) -> None:
        asked.append(line)
        say((ALL | {COUNT: b'"?"', SERIAL: b'"?"'})[line])

    async with scripted(script, reply_timeout=10) as session:
        seen = [await session.observe() for _ in range(3)]
    assert [(look.odometer, look.identity.serial) for look in seen] == [(None, None)] * 3
    assert asked.count(COUNT) == 1


async def test_a_clone_without_sgd_still_tells_its_status() -> None:
    async with scripted(zebra({b"~HI": IDENTITY, b"~HS": HEALTHY})) as session:
        seen = await session.observe()
    assert (seen.status.state, seen.odometer) == (PrinterState.IDLE, None)


async def test_a_spared_question_is_not_asked() -> None:
    asked: list[bytes] = []

    def script(line: bytes, say: Callable[[bytes], None]) -> None:
        asked.append(line)
        say((ALL | {b"~HQES": EXTENDED})[line])

    async with scripted(script, reply_timeout=10) as session:
        seen = await session.observe(lambda _: frozenset({Question.STATUS, Question.VARIABLES}))
        assert asked == [b"~HI", b"~HQES"]
        assert (seen.status.state, seen.identity.serial, seen.odometer) == (PrinterState.IDLE, None, None)
        assert seen.answers == {Question.IDENTIFICATION: True, Question.EXTENDED: True}
    asked.clear()
    async with scripted(script, reply_timeout=10) as session:
        # of the firmware that answers, other things are known
        seen = await session.observe(lambda who: frozenset() if who.firmware else frozenset({Question.VARIABLES}))
        assert asked == [b"~HI", b"~HS", SERIAL, COUNT]
        assert (seen.identity.serial, seen.odometer) == ("D2J1", 7)


async def test_nothing_is_asked_where_every_question_is_spared() -> None:
    asked: list[bytes] = []
    async with scripted(lambda line, _: asked.append(line)) as session:
        seen = await session.observe(lambda _: frozenset(Question))
        assert (seen.status.state, seen.answers) == (PrinterState.UNKNOWN, {})
        assert "never answered" in seen.status.message
        await session.send(b"^XA^XZ\n")
    assert asked == [b"^XA^XZ"]


async def test_a_thorough_look_hears_warnings_that_the_status_does_not_tell() -> None:
    warned = EXTENDED.replace(b"WARNINGS: 0 00000000 00000000", b"WARNINGS: 1 00000000 00000008")
    async with scripted(zebra(ALL | {b"~HQES": warned}), reply_timeout=10) as session:
        assert (await session.observe()).status.reasons == frozenset()
        seen = await session.observe(thorough=True)
    assert (seen.status.state, seen.status.reasons) == (PrinterState.IDLE, frozenset({"media-low"}))
    assert seen.status.formats_buffered == 0


@pytest.mark.parametrize(
    ("variables", "state", "reasons"),
    [
        (
            {HOST: b'"030,0,1,1225,000,0,0,0,000,0,0,0\r\n000,0,0,0,0,2,4,0,00000000,1,000\r\n1234,0"'},
            "stopped",
            "paused",
        ),
        ({HOST: b'"?"', LATCH: b'"open"', MEDIA: b'"ok"'}, "stopped", "cover-open"),
        ({HOST: b'"?"', LATCH: b'"ok"', MEDIA: b'"out"'}, "stopped", "media-empty"),
        ({HOST: b'"?"', LATCH: b'"ok"', MEDIA: b'"ok"'}, "unknown", ""),
        ({}, "unknown", ""),
    ],
)
async def test_where_status_stays_out_variables_tell_what_is_wrong(
    variables: dict[bytes, bytes], state: str, reasons: str
) -> None:
    answers = {question: answer for question, answer in ALL.items() if question != b"~HS"}
    async with scripted(zebra(answers | variables)) as session:
        seen = await session.observe()
    assert (seen.status.state, " ".join(seen.status.reasons)) == (state, reasons)
    assert (seen.identity.serial, seen.odometer) == ("D2J1", 7 if variables else None)


async def test_a_late_host_status_does_not_pass_for_a_fresh_one() -> None:
    """It stays out before the payload and comes after it: "idle and empty" would then be a lie."""
    held: list[bytes] = []

    def script(line: bytes, say: Callable[[bytes], None]) -> None:
        if line == HOST and not held:
            held.append(EMPTY)
        elif line == HOST:
            say(EMPTY.replace(b",1225,000", b",1225,003"))
        elif line not in (b"~HS", b"~HQES"):
            say(held[0] if line == SERIAL and held else b"")
            say(ALL.get(line, b""))

    async with scripted(script) as session:
        assert (await session.observe()).status.state is PrinterState.UNKNOWN
        assert (await session.observe()).status.formats_buffered == 3


@pytest.mark.parametrize("late", [False, True])
async def test_a_printer_that_tells_another_language_is_asked_nothing_more(late: bool) -> None:
    asked: list[bytes] = []

    def script(line: bytes, say: Callable[[bytes], None]) -> None:
        asked.append(line)
        if line == (b"~HI" if late else LANGUAGES):
            say(b'"line_print"')

    async with scripted(script) as session:
        with pytest.raises(OtherLanguage, match=r"in line mode .* set device\.languages to zpl"):
            await session.observe()
        assert (await session.observe()).status.state is PrinterState.UNKNOWN
    assert asked == [LANGUAGES, b"~HI"][: 1 + late]


async def test_a_late_language_does_not_pass_for_the_serial_number() -> None:
    def script(line: bytes, say: Callable[[bytes], None]) -> None:
        if line != LANGUAGES:
            say((b'"zpl"' if line == b"~HI" else b"") + ALL[line])

    async with scripted(script) as session:
        seen = await session.observe()
    assert (seen.identity.serial, seen.odometer) == ("D2J1", 7)


@pytest.mark.parametrize("words", [b"HS\r\n", b"Malformed status response\r\n", b"\x02IPL\x03", b"@\x00\x00\x00"])
async def test_another_language_is_told_once_and_never_asked_again(words: bytes) -> None:
    asked: list[bytes] = []

    def script(line: bytes, say: Callable[[bytes], None]) -> None:
        asked.append(line)
        say(words)

    async with scripted(script, reply_timeout=10) as session:
        with pytest.raises(ReplyMalformed):
            await session.observe()
        assert (await session.observe()).status.state is PrinterState.UNKNOWN
    assert len(asked) == 1


async def test_a_late_status_does_not_pass_for_a_fresh_one() -> None:
    """~HS before the payload stays out and comes after it: "idle and empty" would then be a lie."""
    late: list[bytes] = []

    def script(line: bytes, say: Callable[[bytes], None]) -> None:
        if line in (b"~HS", b"~HQES") and len(late) < 2:
            late.append(HEALTHY if line == b"~HS" else b"")
        elif line == b"~HS":
            say(late[0] + WAITING)
            late[0] = b""
        else:
            say(ALL.get(line, b""))

    async with scripted(script) as session:
        before = await session.observe()
        assert before.status.state is PrinterState.UNKNOWN
        await session.send(LABEL + b"\n")
        after = await session.observe()
    assert after.status.formats_buffered == 3


async def test_a_status_that_was_dropped_does_not_make_the_session_deaf() -> None:
    blocked = True

    def script(line: bytes, say: Callable[[bytes], None]) -> None:
        if not blocked or line == b"~HI" or line.startswith(b"!"):
            say(ALL.get(line, b""))

    async with scripted(script) as session:
        for _ in range(3):
            assert (await session.observe()).status.state is PrinterState.UNKNOWN
        blocked = False
        seen = [await session.observe(), await session.observe()]
    assert seen[1].status.state is PrinterState.IDLE


async def test_a_late_count_or_serial_does_not_pass_for_a_count() -> None:
    held: list[bytes] = []
    counts = iter([b'"100"', b'"101"', b'"102"', b'"103"'])

    def script(line: bytes, say: Callable[[bytes], None]) -> None:
        answer = next(counts) if line == COUNT else (ALL | {SERIAL: b'"42"'})[line]
        if line == COUNT and not held:
            held.append(answer)  # comes with the next answer
        elif line.startswith(b"!") and held and held[0]:
            say(held[0] + answer)
            held[0] = b""
        else:
            say(answer)

    async with scripted(script) as session:
        seen = [(await session.observe()).odometer for _ in range(3)]
    assert seen == [None, 101, 102]


async def test_an_answer_that_was_not_waited_for_does_not_pass_for_the_next_one() -> None:
    held: list[bytes] = []
    asked = asyncio.Event()

    def script(line: bytes, say: Callable[[bytes], None]) -> None:
        if line == b"~HS" and not asked.is_set():
            held.append(HEALTHY)
            asked.set()
        elif line == b"~HS":
            say(b"".join(held) + WAITING)
            held.clear()
        else:
            say(ALL.get(line, b""))

    async with scripted(script, reply_timeout=10) as session:
        look = asyncio.create_task(session.observe())
        await asked.wait()
        look.cancel()
        with pytest.raises(asyncio.CancelledError):
            await look
        assert (await session.observe()).status.formats_buffered == 3


async def test_a_serial_number_asked_twice_does_not_pass_for_a_count() -> None:
    asked = asyncio.Event()
    held: list[bytes] = []

    def script(line: bytes, say: Callable[[bytes], None]) -> None:
        if line == SERIAL and not asked.is_set():
            held.append(b'"42"')
            asked.set()
        elif line == SERIAL:
            say(held[0])
        else:
            say((b'"42"' if line == COUNT else b"") + ALL[line])

    async with scripted(script, reply_timeout=10) as session:
        look = asyncio.create_task(session.observe())
        await asked.wait()
        look.cancel()
        with pytest.raises(asyncio.CancelledError):
            await look
        seen = await session.observe()
    assert (seen.identity.serial, seen.odometer) == ("42", 7)


async def test_a_mute_printer_is_asked_two_questions_and_no_more() -> None:
    asked: list[bytes] = []
    async with scripted(lambda line, _: asked.append(line), reply_timeout=0.05) as session:
        for _ in range(3):
            await session.observe()
        await session.send(b"^XA^XZ\n")
    assert asked == [LANGUAGES, b"~HI", b"^XA^XZ"]


async def test_a_connection_closed_before_the_payload_is_safe_to_repeat() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        driver = RawDriver("127.0.0.1", server.sockets[0].getsockname()[1])
        async with driver.connect() as session:
            with pytest.raises(ConnectionLost) as looked:
                await session.observe()
            with pytest.raises(ConnectionLost) as sent:
                await session.send(LABEL)
    assert (looked.value.sent, sent.value.sent) == (0, 0)


async def test_a_printer_that_must_not_be_asked_is_not() -> None:
    heard: list[bytes] = []
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())
        writer.close()
        done.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        driver = RawDriver("127.0.0.1", server.sockets[0].getsockname()[1], ask=False)
        async with driver.connect() as session:
            assert (await session.observe()).status.state is PrinterState.UNKNOWN
            await session.send(LABEL)
        await done.wait()
    assert heard == [LABEL]


@pytest.mark.parametrize(("manner", "fault"), [("resets", ConnectionLost), ("stalls", PrinterStalled), ("slow", None)])
async def test_a_label_is_sent_to_a_mute_printer_when_it_has_arrived(
    manner: str, fault: type[DriverError] | None
) -> None:
    """The kernel would take all of it at once; the printer's buffers are smaller."""
    label = bytes(40_000)
    given_up, over = asyncio.Event(), asyncio.Event()
    heard = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        with contextlib.suppress(OSError):
            heard += len(await reader.read(4000))
            if manner == "stalls":
                await given_up.wait()
            while manner == "slow" and (data := await reader.read(4000)):
                heard += len(data)
                await asyncio.sleep(0)
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        over.set()

    connection = socket.create_server(("127.0.0.1", 0))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    async with await asyncio.start_server(serve, sock=connection, limit=2048):
        limit = 0.3 if manner == "stalls" else 60.0
        driver = RawDriver("127.0.0.1", connection.getsockname()[1], ask=False, progress_timeout=limit)
        caught = None
        try:
            async with driver.connect() as session:
                await session.send(label)
        except DriverError as error:
            caught = error
        given_up.set()
        await over.wait()
    if fault is None:
        assert (caught, heard) == (None, len(label))
    else:
        assert isinstance(caught, fault)
        assert caught.sent == len(label)

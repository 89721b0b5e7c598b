"""Questions to a Zebra over one byte stream, and which answer belongs to which question."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import TypeVar

from . import zebra
from .dnssd import shown
from .errors import OtherLanguage, ReplyMalformed
from .printer import Identity, Observation, PrinterState, PrinterStatus, Question, Spare, ask_all

_READ = 4096
_NOT_ASKED = (
    "it is not asked how it is, for it never answered and may print questions as text: set it to ZPL and switch it "
    "off and on, or set ask = false"
)

#: signs of a name that are kept: whoever answers may send thousands
_LONGEST_NAME = 64

_Tilde = TypeVar("_Tilde", zebra.HostStatus, zebra.HostIdentification, zebra.ExtendedStatus, zebra.HardwareAddress)
_QUESTIONS: dict[type[zebra.Reply], tuple[Question | None, bytes]] = {
    zebra.HostStatus: (Question.STATUS, zebra.HOST_STATUS_QUERY),
    zebra.HostIdentification: (Question.IDENTIFICATION, zebra.HOST_IDENTIFICATION_QUERY),
    zebra.ExtendedStatus: (Question.EXTENDED, zebra.EXTENDED_STATUS_QUERY),
    zebra.HardwareAddress: (None, zebra.HARDWARE_ADDRESS_QUERY),
}


def questions(unasked: frozenset[Question] = frozenset(), *, hardware_address: bool = False) -> tuple[bytes, ...]:
    """What `Dialogue.observe` asks a printer that answers all, in order; `unasked` are spared."""
    if Question.IDENTIFICATION in unasked:
        return ()
    asked = [
        (Question.VARIABLES, zebra.getvar(zebra.LANGUAGES)),
        (Question.IDENTIFICATION, zebra.HOST_IDENTIFICATION_QUERY),
        (Question.STATUS, zebra.HOST_STATUS_QUERY),
        (None, zebra.HARDWARE_ADDRESS_QUERY if hardware_address else b""),
        (Question.VARIABLES, zebra.getvar(zebra.SERIAL)),
        (Question.VARIABLES, zebra.getvar(zebra.LABEL_COUNT)),
    ]
    return tuple(words for question, words in asked if words and question not in unasked)


def _name(text: str) -> str:
    """What a printer calls itself, safe for a terminal."""
    return shown(text)[:_LONGEST_NAME]


class Dialogue:
    """One conversation in ZPL and SGD.

    Replies carry no number, and a late one must not pass for a fresh one: an idle status from before the payload
    would look like "nothing was printed". So the dialogue remembers which questions are unanswered. A reply of a
    kind that is still owed is taken for the old one, until a reply to a later question of another kind shows that
    the printer passed over the unanswered ones ("fence"): printers answer in the order they are asked.

    With `hardware_address` it is asked for that too: a question that emulations leave unanswered, which takes time.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        name: str,
        reply_timeout: float,
        hardware_address: bool,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._name = name
        self._reply_timeout = reply_timeout
        self._hardware_address = hardware_address
        self._asks = True
        self._message = ""  # why nothing is asked
        self._replies = zebra.ReplyReader()
        self._arrived: list[zebra.Reply] = []
        self._spoke = False  # a well-formed reply came: the printer speaks our language
        self._answers: dict[Question, bool] = {}
        self._owed: Counter[type[zebra.Reply]] = Counter()
        self._identity = Identity()
        self._language_owed = False
        self._serial_reply: zebra.Value | None = None
        self._variables = True
        self._counts = True
        self._fenced = True  # False: a variable's reply is owed, and the serial number must come first
        self._refenced = False  # spare replies with the serial number may be on their way
        self._introduced = self._serial_asked = False
        self._woke = False  # replies came that may be old

    async def observe(self, spare: Spare = ask_all, *, thorough: bool = False) -> Observation:
        """Ask identity (first time), status, then the counter: after "empty" every label is in the count.

        Each question takes at most `reply_timeout`; a printer that answers none is asked two, and no more.

        Args:
            spare: which questions are not worth their time.
            thorough: ask `~HQES` too where `~HS` is answered: it alone knows warnings.

        Raises:
            OSError: the connection is lost.
            OtherLanguage: the printer is not set to ZPL; nothing is asked any more.
            ReplyMalformed: the first answer was not ZPL's; nothing is asked any more.
        """
        if self._asks and self._writer.transport.get_write_buffer_size():  # it reads nothing: do not pile up
            return Observation(self._identity, PrinterStatus(PrinterState.UNKNOWN))
        if self._asks and not self._introduced:
            self._introduced = True
            # mute: it takes bytes and tells nothing; do not try its patience, or its paper
            self._asks = await self._introduce(spare(self._identity))
        if not self._asks:
            return self._seen(PrinterStatus(PrinterState.UNKNOWN, message=self._message))
        unasked = spare(self._identity)
        self._variables &= Question.VARIABLES not in unasked
        status = await self._status(unasked, thorough=thorough)
        if status.state is PrinterState.UNKNOWN and not self._fenced:
            return self._seen(status)  # it was asked for its state in every way, and is silent altogether
        if self._hardware_address:
            self._hardware_address = False
            if (told := await self._tilde(zebra.HardwareAddress)) is not None:
                self._identity = replace(self._identity, hardware_address=told.digits)
        return self._seen(status, await self._count())  # learns the serial number too

    def _seen(self, status: PrinterStatus, count: int | None = None) -> Observation:
        return Observation(self._identity, status, count, answers=dict(self._answers))

    async def _introduce(self, unasked: frozenset[Question]) -> bool:
        """Ask for the language and the model; False when the printer is not to be asked more.

        The language comes first, as an SGD variable: a Zebra that is set to line mode or EPL understands this
        question all the same, while it would print `~HI` or `~HS` as a line of text. Only where it stays out is
        `~HI` asked, for printers that know no SGD; one that is silent on both has at most those two on paper.
        """
        if Question.IDENTIFICATION in unasked:
            self._message = _NOT_ASKED
            return False
        if Question.VARIABLES not in unasked:
            self._language_owed = True
            language = await self._variable(zebra.LANGUAGES)
            if language is not None:
                self._heard_language(language)
        answer = await self._tilde(zebra.HostIdentification)
        if answer is not None:
            self._identity = Identity(None, _name(answer.model), _name(answer.firmware), answer.dpi)
        return self._spoke

    def _heard_language(self, language: zebra.Value) -> None:
        self._language_owed = False
        if language.text is None or zebra.speaks_zpl(language.text):
            return
        self._asks = False
        mode = "in line mode" if language.text == "line_print" else f"set to {language.text[:40]!r}"
        raise OtherLanguage(f"{self._name} is {mode} and would print labels as text: set device.languages to zpl")

    async def _status(self, unasked: frozenset[Question], *, thorough: bool) -> PrinterStatus:
        self._woke = False
        host_status = extended = None
        if Question.STATUS not in unasked:
            host_status = await self._tilde(zebra.HostStatus)
        if Question.EXTENDED not in unasked and (thorough or host_status is None):
            extended = await self._tilde(zebra.ExtendedStatus)
        if host_status is None and extended is None:
            # replies come again but may be old ones: another kind of question tells, and the status is asked anew
            if self._woke and await self._tilde(zebra.HostIdentification):
                host_status = await self._tilde(zebra.HostStatus)
            if host_status is None:
                return await self._status_from_variables()
        return zebra.status_from(host_status, extended)

    async def _status_from_variables(self) -> PrinterStatus:
        """How a printer is that answers neither `~HS` nor `~HQES`, as Zebra's guide says of blocked ones."""
        answer = await self._fresh(zebra.HOST_STATUS)
        if answer is not None and answer.text and (host_status := zebra.parse_host_status(answer.text)):
            return zebra.status_from(host_status, None)
        latch = await self._fresh(zebra.HEAD_LATCH) if answer is not None else None
        media = await self._fresh(zebra.MEDIA_STATUS) if latch is not None else None
        return zebra.status_from_variables(latch.text if latch else None, media.text if media else None)

    async def _serial(self) -> bool:
        """Learn the serial number; False for a printer without variables."""
        if not self._variables or self._serial_reply is not None:
            return self._variables
        if self._language_owed:
            return False  # its reply would pass for the serial number
        self._refenced = self._serial_asked  # then interrupted: a spare reply may be on its way
        self._serial_asked = True
        answer = await self._variable(zebra.SERIAL)
        if answer is None:
            self._variables = False  # asking again would cost its time each look
            return False
        self._serial_reply = answer
        self._identity = replace(self._identity, serial=_name(answer.text or "") or None)
        return True

    async def _fresh(self, name: str) -> zebra.Value | None:
        """Ask for a variable in such a way that an older reply cannot pass for its own."""
        if not await self._serial():
            return None
        if not self._fenced:
            self._refenced = True
            if await self._variable(zebra.SERIAL, equal=self._serial_reply) is None:
                return None
        self._fenced = False  # until the reply is here: a cancelled question is owed an answer too
        answer = await self._variable(name, unequal=self._serial_reply if self._refenced else None)
        self._fenced = answer is not None
        return answer

    async def _count(self) -> int | None:
        if not await self._serial() or not self._counts:
            return None
        count = await self._fresh(zebra.LABEL_COUNT)
        if count is None:
            return None
        text = count.text or ""
        if not (text.isdecimal() and text.isascii() and len(text) <= 18):
            self._counts = False
            return None
        return int(text)

    async def _tilde(self, kind: type[_Tilde]) -> _Tilde | None:
        """Ask, and wait for the answer to this very question; None when it stays out."""
        question, words = _QUESTIONS[kind]
        await self._put(words)
        self._owed[kind] += 1  # now, since a cancelled question is owed an answer too
        try:
            async with asyncio.timeout(self._reply_timeout) as limit:
                while True:
                    reply = await self._next()
                    if isinstance(reply, kind) and self._owed[kind] == 1:
                        self._owed.clear()  # fence: what was asked before is not coming any more
                        if self._language_owed:  # e.g. an emulation without SGD
                            self._language_owed = self._variables = False
                        self._note(question, answered=True)
                        return reply
                    self._settle(reply)
        except TimeoutError:
            if not limit.expired():
                raise
            self._note(question, answered=False)
            return None

    def _note(self, question: Question | None, *, answered: bool) -> None:
        if question is not None:
            self._answers[question] = answered or self._answers.get(question, False)

    def _settle(self, reply: zebra.Reply) -> None:
        if isinstance(reply, zebra.Value) and self._language_owed:
            self._answers[Question.VARIABLES] = True
            self._heard_language(reply)
        kind = type(reply)
        if self._owed[kind]:
            self._owed[kind] -= 1
            self._woke = True

    async def _variable(
        self, name: str, *, equal: zebra.Value | None = None, unequal: zebra.Value | None = None
    ) -> zebra.Value | None:
        """Ask for an SGD variable; other replies are passed over, as are values that cannot be its."""
        await self._put(zebra.getvar(name))
        try:
            async with asyncio.timeout(self._reply_timeout) as limit:
                while True:
                    reply = await self._next()
                    if not isinstance(reply, zebra.Value):
                        self._settle(reply)
                    elif reply != unequal and equal in (None, reply):
                        self._answers[Question.VARIABLES] = True
                        return reply
        except TimeoutError:
            if not limit.expired():
                raise
            self._answers.setdefault(Question.VARIABLES, False)
            return None

    async def _put(self, question: bytes) -> None:
        """Write a question; what came unasked until now is old."""
        if self._reader.at_eof() or self._writer.transport.is_closing():
            raise ConnectionResetError("the printer closed the connection")
        for reply in self._arrived:
            self._settle(reply)
        self._arrived.clear()
        self._writer.write(question)

    async def _next(self) -> zebra.Reply:
        while not self._arrived:
            data = await self._reader.read(_READ)
            if not data:
                raise ConnectionResetError("the printer closed the connection")
            for reply in self._replies.feed(data):
                self._take(reply)
        return self._arrived.pop(0)

    def _take(self, reply: zebra.Reply) -> None:
        if not isinstance(reply, zebra.Garbage):
            self._spoke = True
            self._arrived.append(reply)
        elif not self._spoke:
            self._asks = False
            raise ReplyMalformed(f"{self._name} does not answer in ZPL but with {reply.data[:40]!r}")

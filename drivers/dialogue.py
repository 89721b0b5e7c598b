"""Questions to a Zebra over one byte stream, and which answer belongs to which question."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import TypeVar

from . import zebra
from .errors import ReplyMalformed
from .printer import Identity, Observation, PrinterState, PrinterStatus

_READ = 4096

_Tilde = TypeVar("_Tilde", zebra.HostStatus, zebra.HostIdentification, zebra.ExtendedStatus, zebra.HardwareAddress)
_QUESTIONS: dict[type[zebra.Reply], bytes] = {
    zebra.HostStatus: zebra.HOST_STATUS_QUERY,
    zebra.HostIdentification: zebra.HOST_IDENTIFICATION_QUERY,
    zebra.ExtendedStatus: zebra.EXTENDED_STATUS_QUERY,
    zebra.HardwareAddress: zebra.HARDWARE_ADDRESS_QUERY,
}


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
        self._replies = zebra.ReplyReader()
        self._arrived: list[zebra.Reply] = []
        self._spoke = False  # a well-formed reply came: the printer speaks our language
        self._owed: Counter[type[zebra.Reply]] = Counter()
        self._identity = Identity()
        self._serial_reply: zebra.Value | None = None
        self._variables = True
        self._counts = True
        self._fenced = True  # False: a counter's reply is owed, and the serial number must come first
        self._refenced = False  # spare replies with the serial number may be on their way
        self._introduced = self._serial_asked = False
        self._woke = False  # replies came that may be old

    async def observe(self) -> Observation:
        """Ask identity (first time), status, then the counter: after "empty" every label is in the count.

        Each question takes at most `reply_timeout`; a printer that answers none is asked two, and no more.

        Raises:
            OSError: the connection is lost.
            ReplyMalformed: the first answer was not ZPL's; nothing is asked any more.
        """
        unknown = PrinterStatus(PrinterState.UNKNOWN)
        if not self._asks or self._writer.transport.get_write_buffer_size():  # it reads nothing: do not pile up
            return Observation(self._identity, unknown)
        if not self._introduced:
            self._introduced = True
            answer = await self._tilde(zebra.HostIdentification)
            if answer is not None:
                self._identity = Identity(None, answer.model, answer.firmware, answer.dpi)
        status = await self._status()
        if not self._spoke:
            self._asks = False  # mute: it takes bytes and tells nothing; do not try its patience, or its paper
            return Observation(self._identity, unknown)
        if self._hardware_address:
            self._hardware_address = False
            if (told := await self._tilde(zebra.HardwareAddress)) is not None:
                self._identity = replace(self._identity, hardware_address=told.digits)
        count = await self._count()  # learns the serial number too
        return Observation(self._identity, status, count)

    async def _status(self) -> PrinterStatus:
        self._woke = False
        host_status = await self._tilde(zebra.HostStatus)
        extended = None
        if host_status is None and self._spoke:
            extended = await self._tilde(zebra.ExtendedStatus)
            # replies come again but may be old ones: another kind of question tells, and the status is asked anew
            if extended is None and self._woke and await self._tilde(zebra.HostIdentification):
                host_status = await self._tilde(zebra.HostStatus)
        return zebra.status_from(host_status, extended)

    async def _count(self) -> int | None:
        if not self._variables:
            return None
        if self._serial_reply is None:
            self._refenced = self._serial_asked  # then interrupted: a spare reply may be on its way
            self._serial_asked = True
            answer = await self._variable(zebra.SERIAL)
            if answer is None:
                self._variables = False  # e.g. an emulation without SGD: asking again would cost its time each look
                return None
            self._serial_reply = answer
            self._identity = replace(self._identity, serial=answer.text or None)
        if not self._counts:
            return None
        if not self._fenced:
            self._refenced = True
            if await self._variable(zebra.SERIAL, equal=self._serial_reply) is None:
                return None
        self._fenced = False  # until the count is here: a cancelled question is owed an answer too
        count = await self._variable(zebra.LABEL_COUNT, unequal=self._serial_reply if self._refenced else None)
        if count is None:
            return None
        self._fenced = True
        text = count.text or ""
        if not (text.isdecimal() and text.isascii() and len(text) <= 18):
            self._counts = False
            return None
        return int(text)

    async def _tilde(self, kind: type[_Tilde]) -> _Tilde | None:
        """Ask, and wait for the answer to this very question; None when it stays out."""
        await self._put(_QUESTIONS[kind])
        self._owed[kind] += 1  # now, since a cancelled question is owed an answer too
        try:
            async with asyncio.timeout(self._reply_timeout) as limit:
                while True:
                    reply = await self._next()
                    if isinstance(reply, kind) and self._owed[kind] == 1:
                        self._owed.clear()  # fence: what was asked before is not coming any more
                        return reply
                    self._settle(reply)
        except TimeoutError:
            if not limit.expired():
                raise
            return None

    def _settle(self, reply: zebra.Reply) -> None:
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
                        return reply
        except TimeoutError:
            if not limit.expired():
                raise
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

"""Cuts the byte stream that reaches a Zebra into queries and formats, however the network cut it.

ZPL II Programming Guide: a `~` command is obeyed at once wherever it stands, also inside a format and between
formats that wait; `^XA` inside a format aborts the partial one; a prefix ends the data of an ASCII `^GF`, while
the bytes of a binary one are taken by count.
"""

import re
from dataclasses import dataclass, field

_PREFIX = re.compile(rb"[\^~]")
_START = re.compile(rb"[\^~!]")
_GETVAR = re.compile(rb'! U1 getvar "([^"\r\n]{0,256})"[ \r\n]')
_LINE_END = re.compile(rb"[\r\n]")
_BINARY = re.compile(rb"\^[Gg][Ff][BbCc],([0-9]{1,9}),[0-9]*,[0-9]*,")
#: A format longer than this is dropped: no printer has more, and the twin shares its host's memory.
_LONGEST = 64 << 20
_LONGEST_LINE = 512


@dataclass(frozen=True, slots=True)
class Query:
    """A question: `HS`, `HI`, `HQES`, `HQSN` and so on, or an SGD variable (`sgd` true); `inside` a format or not."""

    name: str
    sgd: bool = False
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Format:
    """A complete `^XA ... ^XZ`, with the downloads (`~DG`) that came before it; or a line of `text` that is no ZPL."""

    zpl: bytes
    text: bool = False


@dataclass(frozen=True, slots=True)
class CancelAll:
    """`~JA`: cancel everything that waits."""


Event = Query | Format | CancelAll


@dataclass(slots=True)
class Scanner:
    """Fed with bytes, gives events. `partial` is true from `^XA` to `^XZ`."""

    _input: bytearray = field(default_factory=bytearray)
    _format: bytearray = field(default_factory=bytearray)
    _before: bytearray = field(default_factory=bytearray)
    _binary: int = 0
    partial: bool = False
    #: bytes of formats and downloads taken so far, without the questions
    taken: int = 0

    @property
    def partial_bytes(self) -> int:
        """How much of an unfinished format is held."""
        return len(self._format)

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes; give what they complete, in order."""
        self._input += data
        events: list[Event] = []
        at = 0
        while at < len(self._input):
            step, event = self._inside(at) if self.partial else self._between(at)
            if event is not None:
                events.append(event)
            if step == 0:
                break
            at += step
        del self._input[:at]
        return events

    def clear(self) -> None:
        """Forget everything: the power went."""
        self._input.clear()
        self._drop_format()
        self._before.clear()

    def _drop_format(self) -> None:
        self._format.clear()
        self._binary = 0
        self.partial = False

    def _keep(self, at: int, length: int) -> int:
        """Move bytes from the input into what is being collected."""
        target = self._format if self.partial else self._before
        target += self._input[at : at + length]
        self.taken += length
        if len(target) > _LONGEST:
            target.clear()
            self._drop_format()
        return length

    def _between(self, at: int) -> tuple[int, Event | None]:
        data = self._input
        match = _START.search(data, at)
        if match is None or match.start() > at:
            end = match.start() if match else len(data)
            # a download's data belongs to the format that follows; line ends between formats to nobody
            return (self._keep(at, end - at) if self._before else end - at), None
        if data[at] == 0x21:
            return self._sgd(at)
        if len(data) - at < 3:
            return 0, None
        command = bytes(data[at : at + 3]).upper()
        if command == b"^XA":
            self.partial = True
            self._format += self._before
            self._before.clear()
            return self._keep(at, 3), None
        if command == b"^XZ":
            return 3, None
        if command[:1] == b"~" and command != b"~DG":
            return self._tilde(at, command)
        return self._keep(at, 3), None

    def _inside(self, at: int) -> tuple[int, Event | None]:
        data = self._input
        if self._binary:
            length = min(self._binary, len(data) - at)
            self._binary -= length
            return self._keep(at, length), None
        match = _PREFIX.search(data, at)
        if match is None or match.start() > at:
            return self._keep(at, (match.start() if match else len(data)) - at), None
        if len(data) - at < 3:
            return 0, None
        command = bytes(data[at : at + 3]).upper()
        if command == b"^XZ":
            self._keep(at, 3)
            done = Format(bytes(self._format))
            self._drop_format()
            return 3, done
        if command == b"^XA":
            self._drop_format()
            self.partial = True
            return self._keep(at, 3), None
        if command == b"^GF":
            return self._graphic(at), None
        if command[:1] == b"~" and command != b"~DG":
            return self._tilde(at, command)
        return self._keep(at, 3), None

    def _graphic(self, at: int) -> int:
        head = bytes(self._input[at : at + 64])
        binary = _BINARY.match(head)
        if binary:
            self._binary = min(int(binary[1]), _LONGEST)
            return self._keep(at, binary.end())
        if len(head) < 64 and re.fullmatch(rb"\^[Gg][Ff]([BbCc][0-9,]*)?", head):
            return 0  # the counts are still to come
        return self._keep(at, 3)

    def _tilde(self, at: int, command: bytes) -> tuple[int, Event | None]:
        name = command[1:].decode("latin-1")
        if name == "HQ":
            if len(self._input) - at < 5:
                return 0, None
            what = bytes(self._input[at + 3 : at + 5]).decode("latin-1").upper()
            return 5, Query("HQ" + what, inside=self.partial)
        if name in ("HS", "HI"):
            return 3, Query(name, inside=self.partial)
        if name == "JX":
            self._drop_format()
            return 3, None
        if name == "JA":
            self._drop_format()
            self._before.clear()
            return 3, CancelAll()
        return 3, None

    def _sgd(self, at: int) -> tuple[int, Event | None]:
        data = self._input
        head = bytes(data[at : at + 4])
        if not b"! U1".startswith(head):
            return (self._keep(at, 1) if self._before else 1), None  # `!` also fills rows in a ~DG
        match = _GETVAR.match(data, at)
        if match:
            return match.end() - at, Query(match[1].decode("latin-1"), sgd=True)
        end = _LINE_END.search(data, at)
        if end:
            return end.end() - at, None  # setvar, do and the rest: the twin has no settings
        if len(data) - at > _LONGEST_LINE:
            return 1, None
        return 0, None

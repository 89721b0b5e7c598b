"""Cuts the byte stream that reaches a Zebra outside of ZPL: SGD is obeyed in every mode, the rest is lines of text.

Zebra SGD guide, device.languages: a printer set to `line_print` or `epl` is set back by SGD over the same connection.
That a question in ZPL comes out as a printed line: anmoljain10/react-native-zebra-bluetooth-printer issues 2 and 40.
"""

import re
from dataclasses import dataclass, field

from .scanner import Event, Format, Query

_LINE = re.compile(rb"[^\r\n]*[\r\n]")
_GETVAR = re.compile(rb'! U1 getvar "([^"\r\n]{0,256})" *')
#: A longer one is cut: it would not fit on the paper either.
_LONGEST = 512


@dataclass(slots=True)
class LineScanner:
    """Fed with bytes, gives questions by SGD, and each other line as a `Format` of text."""

    _input: bytearray = field(default_factory=bytearray)
    taken: int = 0

    def feed(self, data: bytes, *, sgd: bool) -> list[Event]:
        """Take bytes; give what they complete, in order. `sgd`: whether SGD is understood, or is text too."""
        self._input += data
        events: list[Event] = []
        while line := self._next():
            asked = _GETVAR.fullmatch(line.rstrip()) if sgd else None
            if asked:
                events.append(Query(asked[1].decode("latin-1"), sgd=True))
            elif line.strip() and not (sgd and line.startswith(b"! U1 ")):
                self.taken += len(line)
                events.append(Format(line.strip(), text=True))
        return events

    def _next(self) -> bytes:
        match = _LINE.match(self._input)
        end = match.end() if match else len(self._input) if len(self._input) > _LONGEST else 0
        line = bytes(self._input[: min(end, _LONGEST)])
        del self._input[: len(line)]
        return line

    def clear(self) -> None:
        """Forget everything: the power went."""
        self._input.clear()

"""What can be wrong with the simulated Zebra, and how a fault is written on the command line."""

import re
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """Each fault by the name people type."""

    #: out of labels: stops in the middle of a batch, continues when cleared
    MEDIA_EMPTY = "media-empty"
    #: out of ribbon
    RIBBON_OUT = "ribbon-out"
    #: print head open
    COVER_OPEN = "cover-open"
    #: the head is too hot: stops until it has cooled
    OVER_TEMPERATURE = "over-temperature"
    #: PAUSE was pressed
    PAUSED = "paused"
    #: peel-off mode, and the label before was not taken: the next one waits for that
    LABEL_WAITING = "label-waiting"
    #: labels of somebody else, by USB say, come out whenever none of the network's waits
    BUSY = "busy"
    #: answers no question at all, and prints
    SILENT = "silent"
    #: ~HS gets no answer while it is out of media or ribbon, open or too hot, as Zebra's guide says; ~HQES still does
    SILENT_WHEN_BLOCKED = "silent-when-blocked"
    #: reads nothing, as with a full receive buffer, and prints what it holds
    STALLED = "stalled"
    #: resets each connection once this many bytes of formats came over it; at the first question with 0
    RESET_AFTER = "reset-after"
    #: takes this many bytes per second
    SLOW_READER = "slow-reader"
    #: the network cable is out: its connection breaks, nothing listens, what it holds is printed
    UNPLUGGED = "unplugged"
    #: another printer got its address: its connection breaks, who answers is empty and has another number and count
    OTHER_PRINTER = "other-printer"
    #: loses power once, when the next format has arrived (or at `@`): buffer gone, counter kept
    POWER_CYCLE = "power-cycle"
    #: diagnostic mode: puts formats on paper as hexadecimal
    HEX_DUMP = "hex-dump"
    #: knows neither ZPL nor SGD: puts every line on paper as text, questions too, and answers none
    LINE_MODE = "line-mode"
    #: takes formats and never prints them
    SWALLOW = "swallow"
    #: does not tell its label counter, as older models do
    NO_COUNTER = "no-counter"
    #: its label counter begins at 0 again, once
    ODOMETER_RESET = "odometer-reset"


#: No label comes out.
BLOCKING = frozenset(
    {
        FaultKind.MEDIA_EMPTY,
        FaultKind.RIBBON_OUT,
        FaultKind.COVER_OPEN,
        FaultKind.OVER_TEMPERATURE,
        FaultKind.PAUSED,
        FaultKind.LABEL_WAITING,
    }
)
#: Of these the guide says that ~HS gets no answer.
MUTE = frozenset({FaultKind.MEDIA_EMPTY, FaultKind.RIBBON_OUT, FaultKind.COVER_OPEN, FaultKind.OVER_TEMPERATURE})
_UNITS = {FaultKind.RESET_AFTER: "BYTES", FaultKind.SLOW_READER: "BYTES_PER_S"}
_FORM = re.compile(r"(?P<kind>[a-z-]+)(?:=(?P<number>[0-9]{1,12}))?(?:@(?P<after>[0-9]{1,9})(?P<bytes>b)?)?")


def form(kind: FaultKind) -> str:
    """How a fault is written, e.g. `reset-after=BYTES`."""
    return f"{kind}={_UNITS[kind]}" if kind in _UNITS else str(kind)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    `number` is bytes or bytes per second; `after` how many more labels are printed, or bytes of formats come
    (`in_bytes`), before it begins.
    """

    kind: FaultKind
    number: int = 0
    after: int = 0
    in_bytes: bool = False

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """Read `media-empty`, `reset-after=4096`, `power-cycle@3`, `paused@2000B`.

        Raises:
            ValueError: the fault is not known, or its number is missing, unwanted or of no use.
        """
        match = _FORM.fullmatch(text.strip().lower())
        if match is None or match["kind"] not in {kind.value for kind in FaultKind}:
            raise ValueError(f"fault {text!r} is not known: use one of {', '.join(FaultKind)}")
        kind, number = FaultKind(match["kind"]), match["number"]
        if (kind in _UNITS) != (number is not None) or (kind is FaultKind.SLOW_READER and int(number or 0) == 0):
            wanted = form(kind) if kind in _UNITS else f"{kind} without a number"
            raise ValueError(f"fault {text!r} is not complete: write {wanted}")
        return cls(kind, int(number or 0), int(match["after"] or 0), match["bytes"] is not None)

    def __str__(self) -> str:
        number = f"={self.number}" if self.kind in _UNITS else ""
        begins = f"@{self.after}{'B' if self.in_bytes else ''}" if self.after or self.in_bytes else ""
        return f"{self.kind}{number}{begins}"

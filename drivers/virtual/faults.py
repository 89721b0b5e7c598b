"""What can be wrong with the simulated Zebra, and how a fault is written on the command line."""

import re
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """Each fault by the name people type."""

    #: out of labels: stops in the middle of a batch, continues when cleared
    MEDIA_EMPTY = "media-empty"
    #: print head open
    COVER_OPEN = "cover-open"
    #: PAUSE was pressed
    PAUSED = "paused"
    #: answers no question at all, and prints
    SILENT = "silent"
    #: ~HS gets no answer while out of media or open, as Zebra's guide says of ~HS; ~HQES still does
    SILENT_WHEN_BLOCKED = "silent-when-blocked"
    #: resets the connection once this many bytes of formats came over it
    RESET_AFTER = "reset-after"
    #: takes this many bytes per second
    SLOW_READER = "slow-reader"
    #: loses power once, when the next format has arrived (or after N labels): buffer gone, counter kept
    POWER_CYCLE = "power-cycle"
    #: diagnostic mode: puts formats on paper as hexadecimal
    HEX_DUMP = "hex-dump"
    #: tells no label count, as a GK420t does
    NO_COUNTER = "no-counter"
    #: knows neither ZPL nor SGD: puts every line on paper as text, questions too, and answers none
    LINE_MODE = "line-mode"
    #: takes formats and never prints them
    SWALLOW = "swallow"


_WITH_NUMBER = frozenset({FaultKind.RESET_AFTER, FaultKind.SLOW_READER})
_FORM = re.compile(r"(?P<kind>[a-z-]+)(?:=(?P<number>[0-9]{1,12}))?(?:@(?P<after>[0-9]{1,9}))?")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault; `number` is bytes or bytes per second, `after` the labels to print before it begins."""

    kind: FaultKind
    number: int = 0
    after: int = 0

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """Read `media-empty`, `reset-after=4096`, `power-cycle@3`.

        Raises:
            ValueError: the fault is not known, or its number is missing, unwanted or zero.
        """
        match = _FORM.fullmatch(text.strip().lower())
        if match is None or match["kind"] not in {kind.value for kind in FaultKind}:
            raise ValueError(f"fault {text!r} is not known: use one of {', '.join(FaultKind)}")
        kind = FaultKind(match["kind"])
        number = int(match["number"] or 0)
        if (kind in _WITH_NUMBER) != (number > 0) or (match["number"] is not None and kind not in _WITH_NUMBER):
            wanted = f"{kind}=BYTES" if kind in _WITH_NUMBER else f"{kind} without a number"
            raise ValueError(f"fault {text!r} is not complete: write {wanted}")
        return cls(kind, number, int(match["after"] or 0))

    def __str__(self) -> str:
        number = f"={self.number}" if self.kind in _WITH_NUMBER else ""
        return f"{self.kind}{number}{f'@{self.after}' if self.after else ''}"

"""Aztec encodation: the fewest bits that say the data (ISO/IEC 24778 section 7.2)."""

from itertools import permutations

_UPPER, _LOWER, _MIXED, _PUNCTUATION, _DIGIT = range(5)
_WIDTH = (5, 5, 5, 5, 4)


def _characters() -> tuple[dict[bytes, int], ...]:
    """The code of each character, or pair of characters, in each mode."""
    upper = {b" ": 1} | {bytes([65 + place]): 2 + place for place in range(26)}
    lower = {b" ": 1} | {bytes([97 + place]): 2 + place for place in range(26)}
    mixed = b" \x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x1b\x1c\x1d\x1e\x1f@\\^_`|~\x7f"
    marks = b"!\"#$%&'()*+,-./:;<=>?[]{}"
    punctuation = {b"\r": 1, b"\r\n": 2, b". ": 3, b", ": 4, b": ": 5} | {
        bytes([mark]): 6 + place for place, mark in enumerate(marks)
    }
    digits = {b" ": 1, b",": 12, b".": 13} | {bytes([48 + place]): 2 + place for place in range(10)}
    return upper, lower, {bytes([each]): 1 + place for place, each in enumerate(mixed)}, punctuation, digits


_CODES = _characters()
#: Latches from mode to mode, as (code, width) each.
_LATCH: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {
    (_UPPER, _LOWER): ((28, 5),),
    (_UPPER, _MIXED): ((29, 5),),
    (_UPPER, _DIGIT): ((30, 5),),
    (_UPPER, _PUNCTUATION): ((29, 5), (30, 5)),
    (_LOWER, _UPPER): ((30, 5), (14, 4)),
    (_LOWER, _MIXED): ((29, 5),),
    (_LOWER, _DIGIT): ((30, 5),),
    (_LOWER, _PUNCTUATION): ((29, 5), (30, 5)),
    (_MIXED, _UPPER): ((29, 5),),
    (_MIXED, _LOWER): ((28, 5),),
    (_MIXED, _DIGIT): ((29, 5), (30, 5)),
    (_MIXED, _PUNCTUATION): ((30, 5),),
    (_PUNCTUATION, _UPPER): ((31, 5),),
    (_PUNCTUATION, _LOWER): ((31, 5), (28, 5)),
    (_PUNCTUATION, _MIXED): ((31, 5), (29, 5)),
    (_PUNCTUATION, _DIGIT): ((31, 5), (30, 5)),
    (_DIGIT, _UPPER): ((14, 4),),
    (_DIGIT, _LOWER): ((14, 4), (28, 5)),
    (_DIGIT, _MIXED): ((14, 4), (29, 5)),
    (_DIGIT, _PUNCTUATION): ((14, 4), (29, 5), (30, 5)),
}
#: Shifts for one character.
_SHIFT = {
    (_UPPER, _PUNCTUATION): (0, 5),
    (_LOWER, _PUNCTUATION): (0, 5),
    (_MIXED, _PUNCTUATION): (0, 5),
    (_DIGIT, _PUNCTUATION): (0, 4),
    (_LOWER, _UPPER): (28, 5),
    (_DIGIT, _UPPER): (15, 4),
}
_BINARY_SHIFT = f"{31:05b}"
_LONGEST_SHORT_RUN, _LONGEST_RUN = 31, 2047 + 31
_FAR = 1 << 30


def _bits(tokens: tuple[tuple[int, int], ...]) -> str:
    return "".join(f"{code:0{width}b}" for code, width in tokens)


_LATCH_BITS = [[_bits(_LATCH.get((mode, other), ())) for other in range(5)] for mode in range(5)]
#: How each character or pair can be said without leaving a mode: the bits, by mode and length.
_SAID = tuple(
    {
        part: _bits((shift, (code, _WIDTH[other])))
        for (home, other), shift in _SHIFT.items()
        if home == mode
        for part, code in _CODES[other].items()
    }
    | {part: _bits(((code, _WIDTH[mode]),)) for part, code in _CODES[mode].items()}
    for mode in range(5)
)


def channel(number: int) -> str:
    """The bits that begin an extended channel (ECI), in upper case mode."""
    digits = str(number)
    return f"{0:05b}{0:05b}{len(digits):03b}" + "".join(f"{int(digit) + 2:04b}" for digit in digits)


class _Ways:
    """The cheapest way to each place in the data and each mode there."""

    def __init__(self, places: int) -> None:
        self.costs = [[_FAR] * 5 for _ in range(places)]
        #: From which place and mode each was reached, and the bits in between; binary runs have none yet.
        self.back: list[list[tuple[int, int, str] | None]] = [[None] * 5 for _ in range(places)]
        self.costs[0][_UPPER] = 0

    def reach(self, place: int, mode: int, cost: int, back: tuple[int, int, str]) -> None:
        if cost < self.costs[place][mode]:
            self.costs[place][mode] = cost
            self.back[place][mode] = back

    def latch(self, at: int) -> None:
        before = tuple(self.costs[at])
        for mode, other in permutations(range(5), 2):
            latch = _LATCH_BITS[mode][other]
            if before[mode] < _FAR:
                self.reach(at, other, before[mode] + len(latch), (at, mode, latch))

    def say(self, at: int, mode: int, data: bytes) -> None:
        cost = self.costs[at][mode]
        for part in (data[at : at + 2], data[at : at + 1]):
            said = _SAID[mode].get(part)
            if said:
                self.reach(at + len(part), mode, cost + len(said), (at, mode, said))
        if mode in (_UPPER, _LOWER, _MIXED) and data[at : at + 1] not in _CODES[mode]:
            rest = len(data) - at
            for run in {*range(1, min(rest, _LONGEST_SHORT_RUN) + 1), min(rest, _LONGEST_RUN)}:
                head = 10 if run <= _LONGEST_SHORT_RUN else 21
                self.reach(at + run, mode, cost + head + 8 * run, (at, mode, ""))


def encoded(data: bytes) -> str:
    """The fewest bits that say `data`, from upper case mode on, as a string of 0 and 1."""
    ways = _Ways(len(data) + 1)
    for at in range(len(data)):
        ways.latch(at)
        for mode in range(5):
            ways.say(at, mode, data)
    place = len(data)
    mode = min(range(5), key=lambda each: ways.costs[place][each])
    parts: list[str] = []
    while (back := ways.back[place][mode]) is not None:
        at, mode, bits = back
        parts.append(bits or _binary(data[at:place]))
        place = at
    return "".join(reversed(parts))


def _binary(run: bytes) -> str:
    """A binary shift and its bytes."""
    short = len(run) <= _LONGEST_SHORT_RUN
    length = f"{len(run):05b}" if short else f"{0:05b}{len(run) - _LONGEST_SHORT_RUN:011b}"
    return _BINARY_SHIFT + length + "".join(f"{byte:08b}" for byte in run)

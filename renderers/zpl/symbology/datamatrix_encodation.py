"""Data Matrix encodation: which codewords say the data (ISO/IEC 16022 section 5.2 and annex P)."""

from dataclasses import dataclass, field

#: FNC1 among the bytes of the data.
FNC1 = 256

#: Modes, and the codeword that latches to each from ASCII.
_ASCII, _C40, _TEXT, _X12, _EDIFACT, _BASE256 = range(6)
_LATCH = {_C40: 230, _TEXT: 239, _X12: 238, _EDIFACT: 240, _BASE256: 231}
_UNLATCH, _PAD, _UPPER_SHIFT, _FNC1_CODEWORD = 254, 129, 235, 232
_MACROS = {b"[)>\x1e05\x1d": 236, b"[)>\x1e06\x1d": 237}
_MACRO_END = (0x1E, 0x04)
#: The most that any symbol holds.
MOST_CODEWORDS = 1558

_DIGITS = frozenset(range(48, 58))
_CAPITALS = frozenset(range(65, 91))
_SMALL = frozenset(range(97, 123))
_X12_ENDS = frozenset(b"\r*>")
_X12_SET = _DIGITS | _CAPITALS | _X12_ENDS | {32}
_C40_BASIC = _DIGITS | _CAPITALS | {32}
_TEXT_BASIC = _DIGITS | _SMALL | {32}
_SHIFT_2 = b"!\"#$%&'()*+,-./:;<=>?@[\\]^_"


@dataclass(slots=True)
class _Stream:
    """Codewords so far, and the values that do not fill a codeword yet."""

    codewords: list[int] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)
    mode: int = _ASCII
    #: Where the bytes of a Base 256 run begin.
    run: int = 0
    #: Which mode was left, and before which character.
    left: tuple[int, int] = (_ASCII, -1)


def codewords(data: tuple[int, ...], capacities: tuple[int, ...]) -> tuple[int, ...] | None:
    """The padded codewords for the smallest of `capacities` (ascending) that holds `data`; None if none does.

    `data` is bytes and FNC1. Modes are chosen by looking ahead as annex P of the standard has it.
    """
    stream = _Stream()
    end = len(data)
    at = 0
    for opening, macro in _MACROS.items():
        if data[:7] == tuple(opening) and end >= 9 and data[-2:] == _MACRO_END:
            stream.codewords.append(macro)
            at, end = 7, end - 2
            data = data[:end]
    while at < end:
        at = _step(stream, data, at)
        if len(stream.codewords) > MOST_CODEWORDS:
            return None
    _close_run(stream)
    used = len(stream.codewords) + len(stream.pending)
    capacity = next((capacity for capacity in capacities if capacity >= used), None)
    while capacity is not None:
        whole = _finished(stream, data, capacity)
        if whole is not None:
            return whole
        capacity = next((larger for larger in capacities if larger > capacity), None)
    return None


def _step(stream: _Stream, data: tuple[int, ...], at: int) -> int:
    """Encode what is at `at` or change the mode there; where to go on."""
    if stream.mode == _ASCII:
        return _ascii(stream, data, at)
    if stream.mode == _EDIFACT:
        foreign = not 32 <= data[at] <= 94
        if foreign or (len(stream.pending) == 3 and _look_ahead(data, at, _EDIFACT) != _EDIFACT):
            stream.codewords += _edifact([*stream.pending, 31])
            return _left(stream, at)
        stream.pending.append(data[at] & 63)
        if len(stream.pending) == 4:
            stream.codewords += _edifact(stream.pending)
            stream.pending = []
        return at + 1
    if stream.mode == _X12 and data[at] not in _X12_SET:
        stream.codewords += [_UNLATCH, *_tail(stream, data[:at])]
        return _left(stream, at)
    if (stream.mode == _BASE256 or not stream.pending) and _look_ahead(data, at, stream.mode) != stream.mode:
        if stream.mode == _BASE256:
            _close_run(stream)
        else:
            stream.codewords.append(_UNLATCH)
        return _left(stream, at)
    if stream.mode == _BASE256:
        stream.codewords.append(data[at])
        return at + 1
    stream.pending += _values(data[at], stream.mode)
    _flush(stream)
    return at + 1


def _left(stream: _Stream, at: int) -> int:
    stream.left = stream.mode, at
    stream.pending, stream.mode = [], _ASCII
    return at


def _edifact(values: list[int]) -> list[int]:
    """One to four EDIFACT values in as few codewords as they need."""
    a, b, c, d = (*values, 0, 0, 0)[:4]
    return [a << 2 | b >> 4, (b & 15) << 4 | c >> 2, (c & 3) << 6 | d][: (6 * len(values) + 7) // 8]


def _ascii(stream: _Stream, data: tuple[int, ...], at: int) -> int:
    value = data[at]
    if value in _DIGITS and at + 1 < len(data) and data[at + 1] in _DIGITS:
        stream.codewords.append(10 * (value - 48) + data[at + 1] - 48 + 130)
        return at + 2
    mode = _look_ahead(data, at, _ASCII)
    # looking ahead from either side may choose the other one: then it is ASCII
    if mode != _ASCII and (mode, at) != stream.left:
        stream.codewords.append(_LATCH[mode])
        stream.mode = mode
        stream.run = len(stream.codewords)
        return at
    stream.codewords += _in_ascii(value)
    return at + 1


def _in_ascii(value: int) -> list[int]:
    if value == FNC1:
        return [_FNC1_CODEWORD]
    return [_UPPER_SHIFT, value - 127] if value > 127 else [value + 1]


def _values(value: int, mode: int) -> list[int]:
    """The values of one character in C40, Text or X12."""
    if mode == _X12:
        return [b"\r*> ".find(value) if value in b"\r*> " else value - 44 if value in _DIGITS else value - 51]
    if value == FNC1:
        return [1, 27]
    shift = [1, 30] if value > 127 else []
    value &= 127
    if value == 32:
        return [*shift, 3]
    if value in _DIGITS:
        return [*shift, value - 44]
    if value in (_CAPITALS if mode == _C40 else _SMALL):
        return [*shift, value - (51 if mode == _C40 else 83)]
    if value < 32:
        return [*shift, 0, value]
    if value in _SHIFT_2:
        return [*shift, 1, _SHIFT_2.index(value)]
    if mode == _TEXT and value in _CAPITALS:
        return [*shift, 2, value - 64]
    return [*shift, 2, value - 96]


def _flush(stream: _Stream) -> None:
    while len(stream.pending) >= 3:
        packed = 1600 * stream.pending[0] + 40 * stream.pending[1] + stream.pending[2] + 1
        stream.codewords += divmod(packed, 256)
        stream.pending = stream.pending[3:]


def _close_run(stream: _Stream) -> None:
    """Put the length before a Base 256 run and scramble it."""
    if stream.mode != _BASE256:
        return
    length = len(stream.codewords) - stream.run
    header = [length] if length <= 249 else [length // 250 + 249, length % 250]
    run = header + stream.codewords[stream.run :]
    del stream.codewords[stream.run :]
    for value in run:
        place = len(stream.codewords) + 1
        stream.codewords.append((value + 149 * place % 255 + 1) & 255)


def _finished(stream: _Stream, data: tuple[int, ...], capacity: int) -> tuple[int, ...] | None:
    """All codewords for a symbol of `capacity`: what is pending, unlatch and pads; None if they are too many."""
    whole = list(stream.codewords)
    left = capacity - len(whole)
    if stream.mode == _EDIFACT:
        whole += _last_edifact(stream, data, left)
    elif stream.mode in (_C40, _TEXT, _X12):
        whole += _last_triplet(stream, data, left)
    if len(whole) > capacity:
        return None
    if len(whole) < capacity:
        whole.append(_PAD)
    while len(whole) < capacity:
        scrambled = _PAD + 149 * (len(whole) + 1) % 253 + 1
        whole.append(scrambled if scrambled <= 254 else scrambled - 254)
    return tuple(whole)


def _last_edifact(stream: _Stream, data: tuple[int, ...], left: int) -> list[int]:
    last = [code for value in data[len(data) - len(stream.pending) :] for code in _in_ascii(value)]
    if left <= 2 and len(last) <= left:
        # with so little room left, what follows is ASCII without an unlatch
        return last
    return _edifact([*stream.pending, 31])


def _last_triplet(stream: _Stream, data: tuple[int, ...], left: int) -> list[int]:
    count = len(stream.pending)
    last = _tail(stream, data)
    if count == 2 and stream.mode != _X12:
        # filled up with a shift that shifts nothing
        last = list(divmod(1600 * stream.pending[0] + 40 * stream.pending[1] + 1, 256))
        return [*last, _UNLATCH] if left > 2 else last
    if count == 0:
        return [_UNLATCH] if left else []
    return last if left == count == 1 and len(last) == 1 else [_UNLATCH, *last]


def _tail(stream: _Stream, data: tuple[int, ...]) -> list[int]:
    """In ASCII, the characters of which something is pending."""
    count, characters = 0, 0
    while count < len(stream.pending):
        characters += 1
        count += len(_values(data[len(data) - characters], stream.mode))
    return [code for value in data[len(data) - characters :] for code in _in_ascii(value)]


def _look_ahead(data: tuple[int, ...], start: int, mode: int) -> int:
    """Which mode annex P chooses at `start`, being in `mode`. Codewords are counted in twelfths."""
    first = 0 if mode == _ASCII else 12
    counts = [first, first + 12, first + 12, first + 12, first + 12, first + 15]
    counts[mode] = 0
    for at in range(start, len(data)):
        _weigh(counts, data[at])
        if at >= start + 3:
            chosen = _decided(counts, data, at)
            if chosen is not None:
                return chosen
    whole = [_rounded_up(count) for count in counts]
    return min((_ASCII, _C40, _X12, _TEXT, _EDIFACT, _BASE256), key=lambda each: whole[each])


def _rounded_up(twelfths: int) -> int:
    return -(-twelfths // 12) * 12


def _weigh(counts: list[int], value: int) -> None:
    """Add one character's codewords in each mode (annex P, steps l to q)."""
    high = 127 < value < FNC1
    if value in _DIGITS:
        counts[_ASCII] += 6
    else:
        counts[_ASCII] = _rounded_up(counts[_ASCII]) + (24 if high else 12)
    other = 32 if high else 16
    counts[_C40] += 8 if value in _C40_BASIC else other
    counts[_TEXT] += 8 if value in _TEXT_BASIC else other
    counts[_X12] += 8 if value in _X12_SET else 52 if high else 40
    counts[_EDIFACT] += 9 if 32 <= value <= 94 else 51 if high else 39
    counts[_BASE256] += 12
    if value == FNC1:
        counts[_EDIFACT] += 72
        counts[_BASE256] += 36


def _decided(counts: list[int], data: tuple[int, ...], at: int) -> int | None:
    """The mode that is clearly best after some characters (annex P, step r)."""

    def ahead(mode: int, *others: int) -> bool:
        return all(counts[mode] + 12 < counts[other] for other in others)

    if all(counts[_ASCII] + 12 <= count for count in counts[1:]):
        return _ASCII
    if counts[_BASE256] + 12 <= counts[_ASCII] or ahead(_BASE256, _EDIFACT, _TEXT, _X12, _C40):
        return _BASE256
    for mode in (_EDIFACT, _TEXT, _X12):
        if ahead(mode, *(other for other in range(6) if other != mode)):
            return mode
    if not ahead(_C40, _ASCII, _BASE256, _EDIFACT, _TEXT) or counts[_C40] > counts[_X12]:
        return None
    return _X12 if counts[_C40] == counts[_X12] and _ends_x12(data[at:]) else _C40


def _ends_x12(rest: tuple[int, ...]) -> bool:
    """Whether one of X12's own separators comes before anything that X12 has not."""
    for value in rest:
        if value in _X12_ENDS:
            return True
        if value not in _X12_SET:
            break
    return False

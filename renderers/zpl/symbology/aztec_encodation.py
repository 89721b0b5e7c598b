"""Aztec encodation: the bits that say the data, mode by mode (ISO/IEC 24778 section 7.2)."""

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
    (_LOWER, _UPPER): ((29, 5), (29, 5)),
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
#: Fewer characters in a row than these are shifted to where there is a shift.
_LATCHED = 3
_PAIRS = (b"\r\n", b". ", b", ", b": ")
#: Every byte's modes as bits; none for those that only a binary shift says.
_MODES = tuple(sum(1 << mode for mode in range(5) if bytes([byte]) in _CODES[mode]) for byte in range(256))


def channel(number: int) -> str:
    """The bits that begin an extended channel (ECI), in upper case mode."""
    digits = str(number)
    return f"{0:05b}{0:05b}{len(digits):03b}" + "".join(f"{int(digit) + 2:04b}" for digit in digits)


def encoded(data: bytes) -> str:
    """The bits that say `data`, from upper case mode on, as a string of 0 and 1.

    Characters of several modes go with their neighbours; one or two in a row are shifted to, more are latched to.
    """
    parts: list[str] = []
    now = _UPPER
    for mode, units in _runs(data):
        if mode is None:
            if now in (_PUNCTUATION, _DIGIT):
                # from there no binary shift leads
                parts.append(_bits(_LATCH[now, _UPPER]))
                now = _UPPER
            parts += _binary(b"".join(units))
            continue
        shift = _SHIFT.get((now, mode)) if len(units) < _LATCHED else None
        if shift is None and mode != now:
            parts.append(_bits(_LATCH[now, mode]))
            now = mode
        for unit in units:
            said = (_CODES[mode][unit], _WIDTH[mode])
            parts.append(_bits((shift, said) if shift else (said,)))
    return "".join(parts)


def _bits(tokens: tuple[tuple[int, int], ...]) -> str:
    return "".join(f"{code:0{width}b}" for code, width in tokens)


def _runs(data: bytes) -> list[tuple[int | None, list[bytes]]]:
    """Characters and pairs in a row that are said in one mode; None is binary."""
    blocks: list[tuple[int, list[bytes]]] = []
    at = 0
    while at < len(data):
        pair = data[at : at + 2]
        unit, modes = (pair, 1 << _PUNCTUATION) if pair in _PAIRS else (pair[:1], _MODES[pair[0]])
        if blocks and blocks[-1][0] == modes:
            blocks[-1][1].append(unit)
        else:
            blocks.append((modes, [unit]))
        at += len(unit)
    runs: list[tuple[int | None, list[bytes]]] = []
    for modes, (_, units) in zip(_settled([modes for modes, _ in blocks]), blocks, strict=True):
        mode = modes.bit_length() - 1 if modes else None
        if runs and runs[-1][0] == mode:
            runs[-1][1].extend(units)
        else:
            runs.append((mode, list(units)))
    return runs


def _settled(blocks: list[int]) -> list[int]:
    """One mode for each block, as a bit: what it shares with the one before, then with the one after."""
    for place, modes in enumerate(blocks):
        if place == 0:
            blocks[0] = modes & -modes
        else:
            blocks[place] = modes & blocks[place - 1] or modes
    if blocks:
        blocks[-1] &= -blocks[-1]
    for place in range(len(blocks) - 2, 0, -1):
        blocks[place] = blocks[place] & blocks[place + 1] or blocks[place]
    # what fits neither is punctuation before mixed, and lower before upper case
    return [next((bit for bit in (8, 4, 2, 1, 16) if bit & modes), 0) for modes in blocks]


def _binary(data: bytes) -> list[str]:
    """Binary shifts and their bytes."""
    parts: list[str] = []
    for start in range(0, len(data), _LONGEST_RUN):
        run = data[start : start + _LONGEST_RUN]
        short = len(run) <= _LONGEST_SHORT_RUN
        length = f"{len(run):05b}" if short else f"{0:05b}{len(run) - _LONGEST_SHORT_RUN:011b}"
        parts += [_BINARY_SHIFT, length, *(f"{byte:08b}" for byte in run)]
    return parts

"""How many codewords PDF417 data takes (ISO/IEC 15438 section 5.4 and annex N)."""

from collections.abc import Callable
from itertools import groupby

_TEXT, _BYTE, _NUMBER = "text", "byte", "number"
#: The sub-modes of text compaction, as bits: capitals, small letters, mixed, punctuation.
_UPPER, _LOWER, _MIXED, _PUNCTUATION = 1, 2, 4, 8
#: Latches between them: how many values each takes.
_LATCHES = {
    _UPPER: {_LOWER: 1, _MIXED: 1, _PUNCTUATION: 2},
    _LOWER: {_UPPER: 2, _MIXED: 1, _PUNCTUATION: 2},
    _MIXED: {_UPPER: 1, _LOWER: 1, _PUNCTUATION: 1},
    _PUNCTUATION: {_UPPER: 1, _LOWER: 2, _MIXED: 2},
}
_LONGEST_NUMBER = 44


def _submodes(value: int) -> int:
    modes = 0
    for bit, values in (
        (_UPPER, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ "),
        (_LOWER, b"abcdefghijklmnopqrstuvwxyz "),
        (_MIXED, b"0123456789&\r\t,:#-.$/+%*=^ "),
        (_PUNCTUATION, b";<>@[\\]_`~!\r\t,:\n-.$/\"|*()?{}'"),
    ):
        modes |= bit if value in values else 0
    return modes


_SUBMODES = tuple(_submodes(value) for value in range(256))


def codewords(data: bytes) -> int:
    """Codewords of `data` alone, text, digits and bytes each in its own compaction, by the rules of annex N."""
    count = 0
    at = 0
    for first, (kind, length) in enumerate(_blocks(data)):
        if kind == _TEXT:
            count += (first > 0) + (_text_values(data[at : at + length]) + 1) // 2
        elif kind == _BYTE:
            count += 2 if length == 1 else 1 + 5 * (length // 6) + length % 6
        else:
            whole, rest = divmod(length, _LONGEST_NUMBER)
            count += 1 + 15 * whole + (rest // 3 + 1 if rest else 0)
        at += length
    return count


def _kind(value: int) -> str:
    if 48 <= value <= 57:
        return _NUMBER
    return _TEXT if _SUBMODES[value] else _BYTE


def _blocks(data: bytes) -> list[tuple[str, int]]:
    """Which compaction which part of the data is in; what is too short goes with its neighbours."""
    blocks: list[tuple[str, int]] = []
    for kind, run in groupby(data, _kind):
        length = sum(1 for _ in run)
        while kind == _NUMBER and length > _LONGEST_NUMBER:
            blocks.append((kind, _LONGEST_NUMBER))
            length -= _LONGEST_NUMBER
        blocks.append((kind, length))
    return _joined(_smoothed(_joined(_smoothed(blocks, _of_number)), _of_text))


def _smoothed(blocks: list[tuple[str, int]], rule: Callable[[str, int, str, str], str]) -> list[tuple[str, int]]:
    changed = list(blocks)
    for place, (kind, length) in enumerate(blocks):
        before = changed[place - 1][0] if place else ""
        after = changed[place + 1][0] if place + 1 < len(blocks) else ""
        changed[place] = (rule(kind, length, before, after), length)
    return changed


def _of_number(kind: str, length: int, before: str, after: str) -> str:
    if kind != _NUMBER:
        return kind
    if not before or not after:
        beside = before or after
        short = length < (7 if before else 8) if beside == _TEXT else length == 1
        return beside if beside and short else kind
    if before == _BYTE and length < 4:
        return after if after in (_BYTE, _TEXT) else kind
    if before == _TEXT and after == _BYTE and length < 5:
        return _TEXT
    return _TEXT if before in (_TEXT, _NUMBER) and after == _TEXT and length < 8 else kind


def _of_text(kind: str, length: int, before: str, after: str) -> str:
    if kind != _TEXT or not before:
        return kind
    if not after:
        return _BYTE if before == _BYTE and length == 1 else kind
    beside = (before == _BYTE) + (after == _BYTE)
    return _BYTE if (beside == 2 and length < 5) or (beside == 1 and length < 3) else kind


def _joined(blocks: list[tuple[str, int]]) -> list[tuple[str, int]]:
    joined: list[tuple[str, int]] = []
    for kind, length in blocks:
        if joined and joined[-1][0] == kind and joined[-1] != (_NUMBER, _LONGEST_NUMBER):
            joined[-1] = (kind, joined[-1][1] + length)
        else:
            joined.append((kind, length))
    return joined


def _text_values(data: bytes) -> int:
    """Values of text compaction, of which two make a codeword, shifts and latches counted."""
    count, now = 0, _UPPER
    for place, value in enumerate(data):
        modes = _SUBMODES[value]
        if modes & now:
            count += 1
            continue
        both = modes & _SUBMODES[data[place + 1]] if place + 1 < len(data) else 0
        if not both and (modes & _PUNCTUATION or (modes & _UPPER and now == _LOWER)):
            count += 2
            continue
        wanted = both or modes
        new = wanted & -wanted
        count += _LATCHES[now][new] + 1
        now = new
    return count

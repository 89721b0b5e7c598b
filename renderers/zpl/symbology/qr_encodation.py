"""QR Code encodation: which bits say the data (ISO/IEC 18004 section 7.4)."""

from itertools import groupby

_NUMERIC, _ALPHANUMERIC, _BYTE = 1, 2, 4
_CHARACTERS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
#: Bits of the count by the three groups of versions: 1 to 9, 10 to 26, 27 to 40.
_COUNTS = {_NUMERIC: (10, 12, 14), _ALPHANUMERIC: (9, 11, 13), _BYTE: (8, 16, 16)}
#: Shorter runs of a mode go with their neighbour of another, by those groups.
_SHORTEST = {
    (_BYTE, _ALPHANUMERIC): (7, 8, 9),
    (_BYTE, _NUMERIC): (3, 4, 5),
    (_ALPHANUMERIC, _NUMERIC): (6, 8, 10),
}


def group(version: int) -> int:
    """Which of the three groups a version is in."""
    return 0 if version < 10 else 1 if version < 27 else 2


def channel(number: int) -> str:
    """The bits of an extended channel (ECI) up to 127."""
    return f"0111{number:08b}"


def part(place: int, total: int, parity: int) -> str:
    """The bits that make a symbol one of several (structured append); `place` counts from 0."""
    return f"0011{place:04b}{total - 1:04b}{parity:08b}"


def encoded(data: bytes, versions: int) -> str:
    """The bits that say `data` in a symbol of a group of versions, without terminator."""
    return "".join(_segment(mode, run, versions) for mode, run in _runs(data, versions))


def _mode(byte: int) -> int:
    if 48 <= byte <= 57:
        return _NUMERIC
    return _ALPHANUMERIC if byte in _CHARACTERS else _BYTE


def _runs(data: bytes, versions: int) -> list[tuple[int, bytes]]:
    """What is said in which mode."""
    blocks = [(mode, bytes(run)) for mode, run in groupby(data, _mode)]
    modes = [mode for mode, _ in blocks]
    for places, step in ((range(len(blocks) - 1), 1), (range(len(blocks) - 1, 0, -1), -1)):
        for place in places:
            shortest = _SHORTEST.get((modes[place], modes[place + step]))
            if shortest and len(blocks[place + step][1]) < shortest[versions]:
                modes[place + step] = modes[place]
    runs: list[tuple[int, bytes]] = []
    for mode, (_, run) in zip(modes, blocks, strict=True):
        if runs and runs[-1][0] == mode:
            runs[-1] = (mode, runs[-1][1] + run)
        else:
            runs.append((mode, run))
    return runs


def _segment(mode: int, run: bytes, versions: int) -> str:
    head = f"{mode:04b}{len(run):0{_COUNTS[mode][versions]}b}"
    if mode == _NUMERIC:
        parts = [run[at : at + 3] for at in range(0, len(run), 3)]
        return head + "".join(f"{int(digits):0{3 * len(digits) + 1}b}" for digits in parts)
    if mode == _BYTE:
        return head + "".join(f"{byte:08b}" for byte in run)
    values = [_CHARACTERS.index(byte) for byte in run]
    pairs = [f"{45 * first + second:011b}" for first, second in zip(values[::2], values[1::2], strict=False)]
    return head + "".join(pairs) + (f"{values[-1]:06b}" if len(values) % 2 else "")

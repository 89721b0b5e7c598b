"""ZPL to try the renderer with: labels written by chance, and ways to spoil labels."""

import re
from collections.abc import Callable
from random import Random

from .zpl_hostile import z64

#: No spoiled label becomes longer.
MOST_BYTES = 400_000

Mutation = Callable[[Random, list[bytes], list[bytes]], list[bytes]]

_COMMAND = re.compile(rb"[\^~]?[^\^~]*", re.DOTALL)
_NUMBER = re.compile(rb"\d+")
_NUMBERS = (
    b"", b"0", b"1", b"2", b"3", b"7", b"8", b"10", b"11", b"30", b"50", b"99", b"100", b"255", b"256", b"999", b"1000",
    b"9999", b"32000", b"32001", b"65536", b"99999", b"99999999", b"2147483648", b"-1", b"-32000", b"0.001", b"1.5",
    b"1e9", b".", b"+5", b" 5", b"\xb2", b"9" * 400,
)  # fmt: skip
_LETTERS = (b"", b"N", b"R", b"I", b"B", b"Y", b"W", b"A", b"D", b"U", b"M", b"n", b"Z", b"0", b"\xff")
_TEXTS = (
    b"", b"A", b"0", b"12345678", b"123456789012", b"TT0123456789", b">:TT>5012345", b">;>8001234>6A>7", b"QA,label",
    b"MM,N0123,AAC-42,B0004abcd", b"HA", b"A1B2C3A", b"A123456A", b"0101123456789011", b"_1_dABC_d010", b"\xff\xfe\x80",
    b"003840123840000[)>\x1e01\x1d9612\x1d", "caf\xe9 \u4e2d\u6587 \u0e2a \u0639 \U0001f4e6".encode(), b"\xed\xa0\x80",
    b"word " * 400, b"x" * 3000, b"0" * 3000, b"_5E_7E_0D_ZZ_", b"\r\n\t\0", rb"\\&\-\\", rb"\&" * 50, b"%d#" * 40,
)  # fmt: skip
#: Of every command that draws or counts: what its parameters are, n numbers, l letters.
_FORMS = {
    b"^FO": b"nnl", b"^FT": b"nnl", b"^LH": b"nn", b"^GB": b"nnnln", b"^GC": b"nnl", b"^GD": b"nnnll", b"^GE": b"nnnl",
    b"^GS": b"lnn", b"^A0": b"lnn", b"^AA": b"lnn", b"^AG": b"lnn", b"^AZ": b"lnn", b"^A9": b"lnn", b"^CF": b"lnn",
    b"^BY": b"nnn", b"^FB": b"nnnln", b"^TB": b"lnn", b"^FW": b"ll", b"^FP": b"ln", b"^CI": b"n", b"^LS": b"n",
    b"^LT": b"n", b"^PW": b"n", b"^LL": b"n", b"^PQ": b"nnnl", b"^PO": b"l", b"^PM": b"l", b"^LR": b"l", b"^JM": b"l",
    b"^MU": b"lnn", b"^FR": b"", b"^FH": b"l", b"^FN": b"n", b"^SN": b"nnl", b"^SF": b"ln", b"^B0": b"lnlnlnn",
    b"^B1": b"llnll",
    b"^B2": b"lnlll", b"^B3": b"llnll", b"^B4": b"lnll", b"^B5": b"lnll", b"^B7": b"lnnnnl", b"^B8": b"lnll",
    b"^B9": b"lnlll", b"^BA": b"lnlll", b"^BB": b"lnlnnl", b"^BC": b"lnllll", b"^BD": b"nnn", b"^BE": b"lnll",
    b"^BF": b"lnn", b"^BI": b"lnll", b"^BJ": b"lnll", b"^BK": b"llnllll", b"^BL": b"lnl", b"^BM": b"llnlll",
    b"^BO": b"lnlnlnn", b"^BP": b"llnll", b"^BQ": b"lnnln", b"^BR": b"lnnnnn", b"^BS": b"lnll", b"^BT": b"lnnnnn",
    b"^BU": b"lnlll", b"^BX": b"lnnnnnln", b"^BZ": b"lnlln",
}  # fmt: skip


def written(rng: Random) -> bytes:
    """A label by chance: fields of known commands with likely and unlikely parameters."""
    zpl = []
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        zpl.append(b"^XA")
        for _unused in range(rng.choice((1, 3, 10, 40))):
            if rng.random() < 0.3:
                zpl.append(_command(rng, rng.choice(list(_FORMS))))
            zpl.append(_command(rng, rng.choice((b"^FO", b"^FO", b"^FT"))))
            drawing = rng.choice([name for name in _FORMS if name[1:2] in (b"A", b"B", b"G")])
            zpl.append(_command(rng, drawing))
            if rng.random() < 0.1:
                zpl.append(_graphic(rng))
            zpl.append(rng.choice((b"^FD", b"^FD", b"^FD", b"^FV", b"^FH^FD")) + rng.choice(_TEXTS) + b"^FS")
        zpl.append(b"^XZ")
    return b"".join(zpl)


def mutate(rng: Random, zpl: bytes, other: bytes) -> tuple[bytes, tuple[str, ...]]:
    """One to six mutations of `zpl`, and their names; `other` is a label to take commands from."""
    commands, stolen = (_COMMAND.findall(each)[:20_000] for each in (zpl, other))
    names = []
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        mutation = rng.choice(MUTATIONS)
        changed = mutation(rng, commands, stolen)
        if sum(map(len, changed)) <= max(MOST_BYTES, len(zpl)):
            commands = changed
            names.append(mutation.__name__.strip("_"))
    return b"".join(commands), tuple(names)


def _command(rng: Random, name: bytes) -> bytes:
    parameters = []
    for kind in _FORMS[name].decode():
        if kind == "n":
            likely = b"%d" % rng.choice((rng.randrange(12), rng.randrange(60), rng.randrange(1200)))
            parameters.append(likely if rng.random() < 0.8 else rng.choice(_NUMBERS))
        else:
            parameters.append(rng.choice(_LETTERS))
    return name + b",".join(parameters[: rng.randrange(len(parameters) + 1)] if rng.random() < 0.4 else parameters)


def _graphic(rng: Random) -> bytes:
    per_row, rows = rng.choice((1, 3, 100)), rng.choice((1, 8, 300))
    data = rng.randbytes(per_row * rows)
    coded = rng.choice((data.hex().upper().encode(), z64(data), b"zF,!:gA" * 9, data.hex().encode()[: per_row * 3]))
    return b"^GFA,%d,%d,%d,%s" % (len(data), rng.choice((len(data), 99999999, 1)), per_row, coded)


def _repeat(rng: Random, commands: list[bytes], _: list[bytes]) -> list[bytes]:
    begin, end = _some(rng, commands)
    return commands[:begin] + commands[begin:end] * rng.choice((2, 2, 5, 300)) + commands[end:]


def _remove(rng: Random, commands: list[bytes], _: list[bytes]) -> list[bytes]:
    begin, end = _some(rng, commands)
    return commands[:begin] + commands[end:]


def _swap(rng: Random, commands: list[bytes], _: list[bytes]) -> list[bytes]:
    changed = list(commands)
    if changed:
        one, other = rng.randrange(len(changed)), rng.randrange(len(changed))
        changed[one], changed[other] = changed[other], changed[one]
    return changed


def _steal(rng: Random, commands: list[bytes], stolen: list[bytes]) -> list[bytes]:
    at, (begin, end) = rng.randrange(len(commands) + 1), _some(rng, stolen)
    return commands[:at] + stolen[begin:end] + commands[at:]


def _write(rng: Random, commands: list[bytes], _: list[bytes]) -> list[bytes]:
    at = rng.randrange(len(commands) + 1)
    return [*commands[:at], _command(rng, rng.choice(list(_FORMS))), *commands[at:]]


def _number(rng: Random, commands: list[bytes], _: list[bytes]) -> list[bytes]:
    return _each(rng, commands, lambda one: _replaced(rng, one, _NUMBER, rng.choice(_NUMBERS)))


def _parameter(rng: Random, commands: list[bytes], _: list[bytes]) -> list[bytes]:
    def change(one: bytes) -> bytes:
        parts = one.split(b",")
        parts[rng.randrange(len(parts))] = rng.choice(_NUMBERS + _LETTERS)
        return b",".join(parts)

    return _each(rng, commands, change)


def _rename(rng: Random, commands: list[bytes], _: list[bytes]) -> list[bytes]:
    return _each(rng, commands, lambda one: rng.choice(list(_FORMS)) + one[3:])


def _text(rng: Random, commands: list[bytes], _: list[bytes]) -> list[bytes]:
    return [
        one[:3] + rng.choice(_TEXTS) if one.startswith((b"^FD", b"^FV", b"^SN")) and rng.random() < 0.3 else one
        for one in commands
    ]


def _byte(rng: Random, commands: list[bytes], _: list[bytes]) -> list[bytes]:
    def change(one: bytes) -> bytes:
        at = rng.randrange(len(one) + 1)
        return one[:at] + rng.choice((b"", rng.randbytes(1), b"^", b"~", b",", b"\r\n", b"\\")) + one[at + 1 :]

    return _each(rng, commands, change)


def _cut(rng: Random, commands: list[bytes], _: list[bytes]) -> list[bytes]:
    return _each(rng, commands, lambda one: one[: rng.randrange(len(one) + 1)])


def _replaced(rng: Random, one: bytes, what: re.Pattern[bytes], by: bytes) -> bytes:
    spans = [match.span() for match in what.finditer(one[:2000])]
    if not spans:
        return one
    begin, end = rng.choice(spans)
    return one[:begin] + by + one[end:]


def _each(rng: Random, commands: list[bytes], change: Callable[[bytes], bytes]) -> list[bytes]:
    """Change some commands."""
    changed = list(commands)
    for _ in range(rng.choice((1, 1, 3, 10)) if changed else 0):
        at = rng.randrange(len(changed))
        changed[at] = change(changed[at])
    return changed


def _some(rng: Random, commands: list[bytes]) -> tuple[int, int]:
    begin = rng.randrange(len(commands) + 1)
    return begin, min(len(commands), begin + rng.choice((1, 1, 4, 30)))


MUTATIONS: tuple[Mutation, ...] = (
    _repeat, _remove, _swap, _steal, _write, _number, _number, _parameter, _parameter, _rename, _text, _byte, _cut,
)  # fmt: skip

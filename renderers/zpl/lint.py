"""What is wrong with ZPL, like a compiler says it: where, how bad, what, and what to do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ..media import Resolution
from .allowlist import DROPPED, RECALLS, RESIDENT, judged
from .findings import Finding, Severity
from .grammar import LENGTHS, NUMBERS, PARAMETERS, Parameter, Value, read
from .lexer import DATA, FIELD_DATA, Command

#: More findings than anybody reads.
MAX_FINDINGS = 500

#: What well-known commands that are refused would do.
_WOULD: Final = {
    "~JR": "restarts the printer", "~JA": "cancels all jobs in the printer", "~JX": "cancels a format that is not done",
    "~JP": "pauses the printer and cancels a format", "~JD": "prints everything in hexadecimal", "~JC": "calibrates",
    "~JG": "calibrates and prints a graph", "~JL": "measures the label length", "^JZ": "changes the reprint on errors",
    "^JI": "starts a program in the printer", "~JI": "starts a program in the printer", "^JB": "formats its memory",
    "~JB": "resets its optional memory", "^SX": "sets alerts", "^SQ": "stops alerts", "^KN": "renames the printer",
    "^KP": "sets its password", "^KL": "sets its language", "~KB": "discharges its battery", "^NS": "sets its network",
    "^NC": "sets its network", "~NC": "sets its network", "~NR": "sets its network", "^ND": "sets its network",
    "^NI": "sets its network", "^CM": "renames its memories", "^EF": "erases its formats", "~EF": "erases its formats",
    "^EG": "erases its graphics", "~EG": "erases its graphics", "^HH": "asks the printer", "^HV": "asks the printer",
    "^HW": "asks the printer", "^HG": "asks the printer", "^HZ": "asks the printer", "~HS": "asks the printer",
    "~HI": "asks the printer", "~HM": "asks the printer", "~HQ": "asks the printer", "~HU": "asks the printer",
    "~WC": "prints the configuration", "~WQ": "prints the status", "^WD": "prints a directory", "^ST": "sets its clock",
    "^TO": "copies stored objects", "^SL": "sets its clock", "^SP": "starts printing early", "^SC": "sets its port",
    "~PR": "prints the last label again", "^JJ": "sets its port", "^RF": "writes an RFID tag", "^RS": "sets its RFID",
    "^RW": "sets its RFID", "^WV": "checks an RFID tag", "^FL": "links fonts", "^CO": "sets its memory",
}  # fmt: skip
_SYMBOLS = frozenset(name for name in PARAMETERS if name.startswith("^B") and name != "^BY")
#: Symbols whose module `^BY` gives not.
_OWN_MODULE = {"^BQ": 2, "^BX": 1, "^B0": 1, "^BO": 1, "^BR": 2}
_FIXED_MODULE = frozenset({"^BD", "^BT", "^B5", "^BZ"})
_SMALLEST_MM = 0.24
_BEGINS_FIELD = frozenset({"^FO", "^FT"})


def lint(
    zpl: bytes,
    commands: Sequence[Command],
    findings: Iterable[Finding] = (),
    resolution: Resolution = Resolution(203),  # noqa: B008  # a frozen value
) -> tuple[Finding, ...]:
    """What there is to say of `commands` of `zpl`, and the `findings` of others, in the order of their places.

    `resolution` is the one for which the ZPL was made. Of more than `MAX_FINDINGS` the errors come first, then the
    warnings.
    """
    linter = _Linter(resolution)
    for verdict in judged(commands):
        if verdict.action == "keep":
            linter.keep(verdict.command, verdict.reason)
        elif verdict.action == "drop":
            linter.drop(verdict.command, verdict.reason)
        else:
            linter.refuse(verdict.command, verdict.reason)
        linter.look(verdict.command)
    linter.end()
    found = [*linter.found, *findings]
    if len(found) > MAX_FINDINGS:
        found = sorted(found, key=lambda one: ("error", "warning", "note").index(one.severity))[:MAX_FINDINGS]
    return _placed(zpl, sorted(found, key=lambda one: one.start))


def _placed(zpl: bytes, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, which are in order, with their lines and columns."""
    placed = []
    line, begin, seen = 1, 0, 0
    for finding in findings:
        line += zpl.count(b"\n", seen, finding.start)
        last = zpl.rfind(b"\n", seen, finding.start)
        begin = begin if last < 0 else last + 1
        seen = max(seen, finding.start)
        placed.append(replace(finding, line=line, column=finding.start - begin + 1))
    return tuple(placed)


@dataclass(slots=True)
class _Linter:
    """The place in the label, and what was found so far."""

    resolution: Resolution
    found: list[Finding] = field(default_factory=list)
    label: Command | None = None
    begun: Command | None = None
    data: Command | None = None
    placed: bool = False
    recalled: bool = False
    module: float = 2.0
    in_dots: bool = True
    encoding: float = 0.0
    letters: set[str] = field(default_factory=lambda: set(RESIDENT))

    def add(self, command: Command, severity: Severity, message: str, hint: str = "") -> None:
        self.found.append(Finding(command.start, severity, message, hint))

    def keep(self, command: Command, reason: str) -> None:
        if reason and command.name in RECALLS:
            self.add(command, "warning", reason, "send it with the label: ~DG or ^DF before it")
        elif reason and not (command.name in FIELD_DATA and _is_utf8(command.parameters)):  # `_data` says more
            self.add(command, "note", reason)

    def drop(self, command: Command, reason: str) -> None:
        if command.name:
            if reason or command.parameters[:1] not in (b"^", b"~", b","):
                self.add(command, "note", reason or f"{command.name}: printers get the label with the usual prefixes")
        elif command.parameters.strip():
            self.add(command, "note", "text outside of commands is not printed", "begin remarks with ^FX")

    def refuse(self, command: Command, reason: str) -> None:
        name = command.name
        if len(name) != 3 or not name[1:].isalnum():
            hint = "write ^ and ~ in printed text as _5E and _7E, with ^FH before ^FD"
        elif name in _WOULD:
            reason, hint = f"{name} {_WOULD[name]}: it is refused", "leave it out"
        elif name not in PARAMETERS and name not in DROPPED:
            reason, hint = (
                f"{name} is no command that labels may use: it is refused",
                "look for a slip, or leave it out",
            )
        else:
            hint = ""
        self.add(command, "error", reason.replace(f" at byte {command.start}", ""), hint)

    def look(self, command: Command) -> None:
        """Whatever is wrong with one command at its place."""
        name = command.name
        if name in ("^XA", "^XZ"):
            self._frame(command)
        elif name == "^FS":
            self.begun = self.data = None
            self.placed = False
        elif name in _BEGINS_FIELD:
            self._begin(command)
        elif name in FIELD_DATA:
            self._data(command)
        if name in PARAMETERS and name not in DATA:
            values = read(command)
            self._ranges(command, values)
            self._remember(command, values)

    def end(self) -> None:
        if self.label is not None:
            self.add(
                self.label, "error", "the label has no end: nothing of it is printed", "write ^XZ after its last ^FS"
            )

    def _frame(self, command: Command) -> None:
        if command.name == "^XA":
            if self.label is not None:
                self.add(command, "warning", "^XA inside of a label", "write ^XZ at the end of the label before")
            self.label, self.recalled = command, False
        else:
            if self.label is None:
                self.add(command, "warning", "^XZ without ^XA before it")
            self._unended(command)
            self.label = None
        self.begun = self.data = None
        self.placed = False

    def _begin(self, command: Command) -> None:
        self._unended(command)
        self.begun, self.data, self.placed = command, None, True

    def _unended(self, command: Command) -> None:
        if self.data is not None:
            self.add(self.data, "warning", f"the field is not ended before {command.name}", "write ^FS after its data")

    def _data(self, command: Command) -> None:
        name = command.name
        if self.label is None:
            self.add(command, "error", f"{name} outside of a label is not printed", "write ^XA before it")
        elif not (self.placed or self.recalled) and command.parameters.strip():
            self.add(
                command, "warning", f"{name} has no place: it prints in the top left corner", "write ^FO before it"
            )
        if self.data is not None:
            self.add(self.data, "warning", "the field has data twice: the first is lost", "write ^FS after each")
        self.data = command if command.parameters.strip() else self.data
        if self.encoding != 28 and _is_utf8(command.parameters):
            self.add(command, "warning", "the data is UTF-8 and would print as other letters", "write ^CI28 after ^XA")

    def _ranges(self, command: Command, values: tuple[Value, ...]) -> None:
        parts = command.fields()
        if command.name == "^A":  # the font stands before the first parameter without a delimiter
            parts = [parts[0][:1], parts[0][1:], *parts[1:]]
        elif command.name in ("^FN", "^CI"):
            return
        for parameter, value, part in zip(PARAMETERS[command.name], values, parts, strict=False):
            wrong = _wrong(parameter, value, part, self.in_dots)
            if wrong:
                self.add(command, "warning", f"{command.name}: {wrong}", "printers take another value or none")

    def _remember(self, command: Command, values: tuple[Value, ...]) -> None:
        name = command.name
        if name == "^MU":
            self.in_dots = values[0] in ("", "D")
        elif name == "^CI":
            self.encoding = values[0] if isinstance(values[0], float) else 0.0
        elif name == "^CW":
            self.letters.add(str(values[0]))
        elif name == "^XF":
            self.recalled = True  # the places are in the stored format
        elif name == "^BY":
            self.module = values[0] if isinstance(values[0], float) else self.module
        elif name in _SYMBOLS:
            self._symbol(command, values)
        elif name in ("^A", "^CF", "^A@"):
            self._font(command, values)

    def _font(self, command: Command, values: tuple[Value, ...]) -> None:
        if command.name == "^A@":
            if values[3] and not str(values[3]).upper().startswith("R:"):
                self.add(command, "warning", f"the font {str(values[3])[:40]!r} must be in the printer", _FONT_HINT)
        elif values[0] and values[0] not in self.letters:
            self.add(command, "warning", f"the font {values[0]!r} must be in the printer", _FONT_HINT)

    def _symbol(self, command: Command, values: tuple[Value, ...]) -> None:
        name = command.name
        if name in _FIXED_MODULE or not self.in_dots:
            return
        module = values[_OWN_MODULE[name]] if name in _OWN_MODULE else self.module
        if not isinstance(module, float) or not module:
            return
        size = module / float(self.resolution.dots_per_mm)
        if size < _SMALLEST_MM:
            least = -int(-_SMALLEST_MM * float(self.resolution.dots_per_mm) // 1)
            where = "in it" if name in _OWN_MODULE else "with ^BY"
            self.add(command, "warning", f"{name}: modules of {module:g} dots ({size:.2f} mm) are hard to scan",
                     f"give {least} dots or more {where}")  # fmt: skip


_FONT_HINT = "text is drawn with font 0 where it is not"


def _wrong(parameter: Parameter, value: Value, part: str, in_dots: bool) -> str:
    """What is wrong with one parameter, in words; empty where nothing is."""
    if parameter.kind in NUMBERS:
        if value is None:
            return f"{parameter.name} is {part[:20]!r}, which is no number" if part else ""
        if parameter.lowest is None or parameter.highest is None or (parameter.kind in LENGTHS and not in_dots):
            return ""
        if isinstance(value, float) and value and not parameter.lowest <= value <= parameter.highest:
            return f"{parameter.name} is {value:g}, beyond {parameter.lowest:g} to {parameter.highest:g}"
    elif value and parameter.letters and str(value) not in parameter.letters:
        return f"{parameter.name} is {part[:20]!r}, none of {' '.join(parameter.letters)}"
    return ""


def _is_utf8(data: bytes) -> bool:
    """Whether it holds letters beyond ASCII, in UTF-8."""
    if data.isascii():
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True

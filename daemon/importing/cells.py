"""What a cell says, and what spreadsheets do to long numbers. Pure."""

import re
from collections import Counter
from collections.abc import Sequence

#: a formula that holds a text: what programs write so that Excel leaves a number alone
_WRAPPED = re.compile(r'=\s*"((?:[^"]|"")*)"')
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE]\+\d+|[+-]?\d+[.,]\d+[eE]\d+")
_DECIMAL = re.compile(r"\d+[.,]\d+")
#: digits that a number of a spreadsheet holds; those after it become zeros
_EXACT = 15
#: zeros in their place that are no chance any more
_SUSPICIOUS = 3
#: numbers of one length among which a shorter one stands out, and by how many digits it may be shorter
_ENOUGH, _ZEROS = 3, 2
_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u202a\u202c"))


def plain(cell: str) -> str:
    """A cell as it was meant: without its wrapping formula, the apostrophe before it, and what is not seen.

    TikTok ends numbers with a tab, which keeps Excel from taking them for numbers.
    """
    text = cell.translate(_INVISIBLE).replace("\u00a0", " ").strip()
    if wrapped := _WRAPPED.fullmatch(text):
        text = wrapped[1].replace('""', '"').strip()
    return text.removeprefix("'").strip()


def damage(text: str) -> str | None:
    """What a spreadsheet did to a number or name, and what to do; None where nothing is seen."""
    again = "export the table again and import it without opening it, or make the column text before"
    if _SCIENTIFIC.fullmatch(text):
        return f"{text} is what a spreadsheet makes of a long number, and its digits are lost: {again}"
    if _DECIMAL.fullmatch(text):
        return f"{text} is a number with decimals, which no number of a parcel is: {again}"
    if text.startswith("#") and text.rstrip("#") == "":
        return f"{text} is a column that was too narrow: {again}"
    if text.startswith(("=", "#REF!", "#N/A", "#VALUE!", "#NAME?")):
        return f"{text[:40]} is a formula, and not its value: save the table as CSV from the spreadsheet"
    return None


def rounded(numbers: Sequence[str]) -> bool:
    """Whether long numbers of a column end in zeros where a spreadsheet keeps no digits."""
    tails = [number[_EXACT:] for number in numbers if number.isdigit() and len(number) > _EXACT]
    return sum(map(len, tails)) >= _SUSPICIOUS and not any(tail.strip("0") for tail in tails)


def shortened(numbers: Sequence[str]) -> tuple[int, frozenset[str]]:
    """How many digits most numbers of one carrier have, and those that seem to have lost leading zeros beside them."""
    lengths = Counter(map(len, numbers))
    if not lengths or not all(number.isdigit() and number[0] != "0" for number in numbers):
        return 0, frozenset()
    length, times = lengths.most_common(1)[0]
    if times < _ENOUGH or times * 4 < len(numbers) * 3:
        return 0, frozenset()
    return length, frozenset(number for number in numbers if length - _ZEROS <= len(number) < length)

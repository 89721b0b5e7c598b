"""Labels left on a roll and labels per hour, as words and as a drawing. Pure."""

from collections.abc import Sequence

from ..store import Roll

#: between two labels of a roll, in 1/100 mm; 3 mm are usual for die-cut stock
_GAP = 300
#: so few labels are told in another colour
_FEW, _FEW_PART = 25, 0.05
_BAR, _HEIGHT = 8, 24


def counted(roll: Roll, serial: str | None, odometer: int | None) -> int | None:
    """Labels that a printer's own counter counted since its roll was put in; None where the counter does not tell.

    Another printer stands there where the serial number is another one; a counter that went back was reset.
    """
    if roll.odometer is None or odometer is None or serial != roll.serial or odometer < roll.odometer:
        return None
    return odometer - roll.odometer


def on_metres(metres: float, length: int) -> int:
    """Labels of `length` 1/100 mm on so many metres, with the usual gap."""
    return int(metres * 100_000 / (length + _GAP))


def few(labels: int, left: int) -> bool:
    """Whether the next roll should be at hand."""
    return left <= min(max(_FEW, _FEW_PART * labels), labels / 2)


def left_words(left: int) -> str:
    """What is left, as a person counts."""
    if left == 0:
        return "The roll should be empty: enter the new one"
    if left > 100:
        left = round(left, -1)
    return f"About {left} label{'s' * (left != 1)} left on the roll"


def plot_words(per_hour: Sequence[int]) -> str:
    """Labels per hour, for whoever does not see the plot."""
    latest, total = per_hour[-1], sum(per_hour)
    if not total:
        return f"No label in the last {len(per_hour)} hours"
    return f"{latest} label{'s' * (latest != 1)} in the last hour, {total} in {len(per_hour)} hours"


def plot_size(per_hour: Sequence[int]) -> tuple[int, int]:
    """Width and height of the plot's own units."""
    return _BAR * len(per_hour), _HEIGHT


def plot_path(per_hour: Sequence[int]) -> str:
    """Bars as the path of an SVG, the oldest hour first, the highest as high as the plot."""
    most = max(*per_hour, 1)
    bars = []
    for place, labels in enumerate(per_hour):
        # what printed at all is seen
        high = max(round(_HEIGHT * labels / most), 2) if labels else 1
        bars.append(f"M{_BAR * place} {_HEIGHT}v-{high}h{_BAR - 2}v{high}z")
    return "".join(bars)

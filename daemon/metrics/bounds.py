"""Labels of metrics: few values, whatever comes in."""

from collections.abc import Collection

#: what stands for all values that are too many, or not known
OTHER = "other"


class Bounded:
    """Lets through the first `most` values and calls the rest `OTHER`: a series that began stays for good."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[str] = set()

    def __call__(self, value: str) -> str:
        """The label for a value."""
        if value not in self._known:
            if len(self._known) >= self._most:
                return OTHER
            self._known.add(value)
        return value


def one_of(value: str | None, known: Collection[str], without: str = "none") -> str:
    """The label for a value of a set that the configuration or the program gives; `without` where there is none."""
    if not value:
        return without
    return value if value in known else OTHER

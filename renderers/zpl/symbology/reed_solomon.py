"""Reed-Solomon error correction over fields of powers of two."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

#: From so many error codewords on whole arrays are faster.
_MANY = 100


def corrected(data: Sequence[int], errors: int, polynomial: int, first: int = 1) -> list[int]:
    """The error codewords after `data`.

    `polynomial` makes the field, its highest bit the field's size; `first` is the exponent of the generator's first
    root.
    """
    powers, logs = _field(polynomial)
    factors = _generator(errors, polynomial, first)
    order = len(powers)
    if errors >= _MANY:
        table, exponents = np.array(powers, np.int64), np.array(factors, np.int64)
        row: NDArray[np.int64] = np.zeros(errors, np.int64)
        for value in data:
            lead = int(row[0]) ^ value
            row = np.append(row[1:], 0)
            if lead:
                row ^= np.where(exponents < 0, 0, table[(exponents + logs[lead]) % order])
        many: list[int] = row.tolist()
        return many
    rest = [0] * errors
    for value in data:
        lead = rest[0] ^ value
        rest = [*rest[1:], 0]
        if lead:
            log = logs[lead]
            rest = [
                old if factor < 0 else old ^ powers[(log + factor) % order]
                for old, factor in zip(rest, factors, strict=True)
            ]
    return rest


@lru_cache(maxsize=8)
def _field(polynomial: int) -> tuple[list[int], list[int]]:
    """The powers of 2, and the logarithm of each element."""
    size = 1 << (polynomial.bit_length() - 1)
    powers = [1]
    for _ in range(size - 2):
        following = powers[-1] << 1
        powers.append(following ^ polynomial if following >= size else following)
    logs = [0] * size
    for exponent, value in enumerate(powers):
        logs[value] = exponent
    return powers, logs


@lru_cache(maxsize=128)
def _generator(errors: int, polynomial: int, first: int) -> tuple[int, ...]:
    """Logarithms of the generator's factors without the highest, -1 for a factor of 0."""
    powers, logs = (np.array(each, np.int64) for each in _field(polynomial))
    factors = np.ones(1, np.int64)
    for root in range(first, first + errors):
        multiplied = np.where(factors == 0, 0, powers[(logs[factors] + root) % len(powers)])
        factors = np.append(factors, 0) ^ np.append(0, multiplied)
    found = np.where(factors[1:] == 0, -1, logs[factors[1:]])
    return tuple(int(each) for each in found)

"""Barcodes as ZPL asks for them, in whole device dots."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from . import linear, matrix
from .model import Request, Symbol, Unprintable

__all__ = ["DRAWERS", "draw"]

#: Who draws what a barcode command asks for.
DRAWERS: Final = MappingProxyType[str, Callable[[Request], Symbol]]({**linear.DRAWERS, **matrix.DRAWERS})


def draw(name: str, request: Request) -> Symbol:
    """The barcode of the command `name` (`^BC`).

    Raises:
        Unprintable: the data cannot be a barcode of this kind, or there is no such kind.
    """
    drawer = DRAWERS.get(name)
    if drawer is None:
        raise Unprintable("labeld does not know this kind of barcode")
    return drawer(request)

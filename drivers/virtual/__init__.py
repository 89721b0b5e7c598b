"""A simulated Zebra that ships with the product: for tests, demos, sandboxes and training."""

from .faults import Fault, FaultKind
from .paper import Label
from .server import VirtualPrinter

__all__ = ["Fault", "FaultKind", "Label", "VirtualPrinter"]

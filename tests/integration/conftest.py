"""The floor of a small warehouse, on loopback."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from labeld.daemon.store import Store
from labeld.drivers.virtual.server import VirtualPrinter

from .harness import Broker, Labeld


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    """A running mosquitto."""
    async with Broker(tmp_path / "broker") as running:
        yield running


@pytest.fixture
async def zebra(tmp_path: Path) -> AsyncIterator[VirtualPrinter]:
    """A quick 203 dpi printer with 4x6 in stock."""
    async with VirtualPrinter(port=0, serial="TEST0203", seconds_per_label=0.01, out=tmp_path / "paper") as printer:
        yield printer


@pytest.fixture
async def labeld(tmp_path: Path, broker: Broker, zebra: VirtualPrinter) -> AsyncIterator[Labeld]:
    """The daemon, connected to both."""
    async with Labeld(tmp_path / "state", broker.port, {"zebra": zebra}) as running:
        yield running


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A database of its own."""
    async with Store(tmp_path / "labeld.sqlite3", topic_prefix="p") as opened:
        yield opened

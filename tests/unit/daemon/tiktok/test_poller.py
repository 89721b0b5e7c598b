"""How far a shop is polled: nothing is missed, and nothing old comes."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from labeld.config.settings import Settings
from labeld.config.sources import PollSettings, ShopSettings, TikTokSettings
from labeld.daemon.fetching.document import NeedsPerson, TryLater
from labeld.daemon.store import Store
from labeld.daemon.tiktok.order import event_id
from labeld.daemon.tiktok.packages import Package
from labeld.daemon.tiktok.poller import Poller

SHOP = ShopSettings(shop_id="7494", market="US")
NOW = 1_795_000_000.0


class Floor:
    """A poller of one shop with TikTok's answers as they are written down here."""

    def __init__(self, store: Store, look_back: float = 0.0) -> None:
        self.store = store
        self.wall, self.steady = NOW, 100.0
        self.packages: list[Package | Exception] = []
        self.asked: list[float] = []
        self.taken: list[str] = []
        self.trouble: str | None = None
        tiktok = TikTokSettings(
            app_key="k", shops={"us": SHOP}, poll=PollSettings(enabled=True, look_back_hours=look_back)
        )
        settings = Settings(tiktok=tiktok)
        tokens = SimpleNamespace(trouble=lambda _shop: self.trouble)
        api = cast("Any", SimpleNamespace(tokens=tokens, packages=SimpleNamespace(search=self._search)))
        intake = cast("Any", SimpleNamespace(json=self._take))
        self.poller = Poller(settings, api, store, intake, lambda: self.wall, lambda: self.steady, lambda: 0.5)

    async def _search(self, _shop: str, since: float) -> AsyncIterator[Package]:
        self.asked.append(since)
        for one in self.packages:
            if isinstance(one, Exception):
                raise one
            if one.updated_at >= since:
                yield one

    async def _take(self, event: bytes, **_where: str) -> None:
        self.taken.append(event.decode())

    async def look(self) -> None:
        await self.poller._look("us")

    async def reached(self) -> float:
        found = await self.store.polled("us")
        assert found is not None
        return found.reached


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(tmp_path / "labeld.sqlite3", topic_prefix="p") as opened:
        yield opened


@pytest.fixture
def floor(store: Store) -> Floor:
    return Floor(store)


def package(number: int, after: float, status: str = "PROCESSING") -> Package:
    return Package(str(number), status, ("5",), updated_at=int(NOW + after))


async def test_the_first_poll_begins_when_labeld_did(floor: Floor) -> None:
    floor.packages = [package(1, -10), package(2, 1800)]
    floor.trouble = "not authorized"
    with pytest.raises(NeedsPerson):
        await floor.look()
    assert await floor.store.polled("us") is None
    floor.trouble, floor.wall, floor.steady = None, NOW + 3600, 3700.0
    await floor.look()
    assert floor.asked == [NOW]
    assert len(floor.taken) == 1
    assert '"tiktok:7494:2:label"' in floor.taken[0]
    await floor.look()
    # never before that, with the overlap too
    assert floor.asked[1] == max(NOW, NOW + 1800 - 300)


async def test_a_look_back_is_for_the_first_time(store: Store) -> None:
    floor = Floor(store, look_back=2.0)
    await floor.look()
    later = Floor(store, look_back=48.0)
    await later.look()
    assert (floor.asked, later.asked) == ([NOW - 7200], [NOW - 7200])


async def test_a_step_of_the_clock_changes_nothing(floor: Floor) -> None:
    floor.packages = [package(1, 600)]
    await floor.look()
    for wall in (NOW + 10**8, NOW - 10**8):
        floor.wall = wall
        await floor.look()
    assert await floor.reached() == NOW + 600
    assert floor.asked == [NOW, NOW + 300, NOW + 300]


async def test_what_came_before_an_error_need_not_come_again(floor: Floor) -> None:
    floor.packages = [package(1, 100), package(2, 900), TryLater("busy"), package(3, 1000)]
    with pytest.raises(TryLater):
        await floor.look()
    assert await floor.reached() == NOW + 900
    floor.packages = [package(3, 1000), package(2, 900), TryLater("busy"), package(4, 950)]
    with pytest.raises(TryLater):
        await floor.look()
    # they did not come in order: one that is older may be behind the error
    assert await floor.reached() == NOW + 900


async def test_what_is_over_or_known_makes_no_event(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {event_id(SHOP, "2")}

    async def knows(_store: Store, event: str) -> bool:
        return event in known

    monkeypatch.setattr(Store, "knows_event", knows)
    sellers = Package("4", "PROCESSING", ("5",), shipping_type="SELLER", updated_at=int(NOW + 4))
    floor.packages = [package(1, 1, "CANCELLED"), package(2, 2), package(3, 3), sellers]
    await floor.look()
    assert ["tiktok:7494:3:label" in one for one in floor.taken] == [True]
    assert await floor.reached() == NOW + 4


async def test_a_shop_that_cannot_be_polled_for_long_is_told_of(floor: Floor) -> None:
    for failures in (1, 2):
        floor.poller._failed("us", TryLater("TikTok is overloaded"), failures)
    assert not floor.poller.warnings
    floor.steady += 601
    told: list[str] = list(floor.poller.warnings)
    assert "TikTok is overloaded" in told[0]
    floor.trouble = "not authorized"
    assert not floor.poller.warnings

"""Orders that are looked at before their labels print, and packages that changed."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.daemon.fetching.document import NoLabel, TryLater
from labeld.daemon.tiktok.orders import Check, Orders, Standing, of_orders
from labeld.daemon.tiktok.packages import Package, Packages, read_package
from labeld.daemon.tiktok.shops import Shops

from .api import CIPHER, PACKAGE, Api, client, failure, serving, settings, shop, success

DETAIL = f"/fulfillment/202309/packages/{PACKAGE}"
SEARCH = "/fulfillment/202309/packages/search"
ORDERS = "/order/202507/orders"
ORDER = "576461413038785752"


@contextlib.asynccontextmanager
async def looking(*, check_order: bool = True) -> AsyncIterator[tuple[Api, Orders, Packages]]:
    async with serving(Api()) as api:
        its = settings(api, us=shop(check_order=check_order))
        async with client(api, settings=its) as one:
            shops = Shops(one, its)
            packages = Packages(one, shops, its)
            yield api, Orders(one, shops, packages, its), packages


def package(status: str = "PROCESSING", *orders: str) -> dict[str, Any]:
    return success(package_id=PACKAGE, package_status=status, orders=[{"id": one} for one in orders or (ORDER,)])


def order(status: str = "AWAITING_COLLECTION", name: str = ORDER, **more: Any) -> dict[str, Any]:
    return {"id": name, "status": status, "is_on_hold_order": False, "is_buyer_request_cancel": False, **more}


@pytest.mark.parametrize(
    ("orders", "standing", "because"),
    [
        ([order()], Standing.PRINT, ""),
        ([order("SOMETHING_NEW")], Standing.PRINT, ""),
        ([order(is_buyer_request_cancel=True)], Standing.HOLD, "its buyer asks: answer that in Seller Center"),
        ([order("ON_HOLD")], Standing.HOLD, "is ON_HOLD at TikTok"),
        ([order(is_on_hold_order=True)], Standing.HOLD, "is ON_HOLD at TikTok"),
        ([order("UNPAID")], Standing.HOLD, "is not paid"),
        ([order("CANCELLED")], Standing.CANCEL, f"order {ORDER} is canceled"),
        ([order("CANCELLED"), order(name="2")], Standing.HOLD, "others in this package are not"),
        ([order("CANCELLED"), order("CANCELLED", "2")], Standing.CANCEL, f"orders {ORDER}, 2 are canceled"),
        ([order(name="2")], Standing.HOLD, f"does not know order {ORDER}"),
        ([], Standing.HOLD, f"does not know order {ORDER}"),
    ],
)
async def test_orders_decide_whether_a_label_prints(
    orders: list[dict[str, Any]], standing: Standing, because: str
) -> None:
    async with looking() as (api, one, _):
        api.standing[DETAIL] = package("PROCESSING", ORDER, *(["2"] if len(orders) > 1 else []))
        api.standing[ORDERS] = success(orders=orders)
        check = await one.check("us", PACKAGE)
        assert check.standing is standing
        assert because in check.because
        assert api.asked[-1].query["ids"].split(",")[0] == ORDER


@pytest.mark.parametrize(
    ("status", "standing"),
    [("CANCELLED", Standing.CANCEL), ("FULFILLING", Standing.HOLD), ("COMPLETED", Standing.HOLD)],
)
async def test_a_package_that_is_canceled_or_gone_is_not_asked_about_further(status: str, standing: Standing) -> None:
    async with looking() as (api, one, _):
        api.standing[DETAIL] = package(status)
        assert (await one.check("us", PACKAGE)).standing is standing
        assert len(api.asked) == 1


async def test_the_events_orders_stand_in_for_those_that_tiktok_does_not_name_fifty_at_a_time() -> None:
    async with looking() as (api, one, _):
        names = [str(number) for number in range(60)]
        api.script += [
            success(package_status="PROCESSING"),
            success(orders=[order(name=name) for name in names[:50]]),
            success(orders=[order(name=name) for name in names[50:]]),
        ]
        assert await one.check("us", PACKAGE, [*names, "not an id"]) == Check(Standing.PRINT)
        assert [len(asked.query.get("ids", "").split(",")) for asked in api.asked[1:]] == [50, 10]


async def test_orders_that_are_not_of_the_package_do_not_count() -> None:
    async with looking() as (api, one, _):
        api.standing[DETAIL] = package()
        api.standing[ORDERS] = success(orders=[order()])
        assert await one.check("us", PACKAGE, ["1001"]) == Check(Standing.PRINT)
        assert api.asked[-1].query["ids"] == ORDER


async def test_a_package_without_orders_is_held() -> None:
    async with looking() as (api, one, _):
        api.standing[DETAIL] = success(package_status="PROCESSING")
        assert (await one.check("us", PACKAGE)).standing is Standing.HOLD


async def test_nothing_is_asked_where_the_shop_does_not_want_it() -> None:
    async with looking(check_order=False) as (api, one, _):
        assert await one.check("us", PACKAGE) == Check(Standing.PRINT)
        assert api.asked == []


async def test_packages_that_changed_come_page_by_page() -> None:
    async with looking() as (api, _, packages):
        api.script += [
            success(
                packages=[
                    {"id": "1", "status": "PROCESSING", "orders": [{"id": "a"}, {"id": "a"}], "update_time": 5},
                    {"status": "without an id"},
                    "nothing",
                ],
                next_page_token="page=2&",
            ),
            success(packages=[{"id": 2, "tracking_number": "T", "shipping_provider_name": "USPS"}], next_page_token=""),
        ]
        found = [one async for one in packages.search("us", 1_795_000_000.9)]
        assert found == [
            Package("1", "PROCESSING", ("a",), updated_at=5),
            Package("2", None, (), "T", "USPS"),
        ]
        first, second = api.asked
        assert first.body == {"package_status": "PROCESSING", "update_time_ge": 1_795_000_000}
        assert first.query["page_size"] == "50"
        assert first.query["shop_cipher"] == CIPHER
        assert "page_token" not in first.query
        assert second.query["page_token"] == "page=2&"
        assert second.body == first.body


async def test_pages_that_go_round_in_a_circle_end() -> None:
    async with looking() as (api, _, packages):
        api.standing[SEARCH] = success(packages=[{"id": "1"}], next_page_token="same")
        assert len([one async for one in packages.search("us", 0.0)]) == 2


async def test_a_search_that_fails_between_two_pages_keeps_what_came() -> None:
    async with looking() as (api, _, packages):
        api.script += [success(packages=[{"id": "1"}], next_page_token="2"), failure(36009003)]
        found = []
        with pytest.raises(TryLater):
            async for one in packages.search("us", 0.0):
                found.append(one.id)  # noqa: PERF401  # what came before the error is looked at
        assert found == ["1"]


async def test_another_sellers_package_is_none() -> None:
    async with looking() as (api, one, _):
        api.standing[DETAIL] = failure(21008111, "The order or package does not belong to the current seller.")
        with pytest.raises(NoLabel, match="not this shop's"):
            await one.check("us", PACKAGE)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
NAMES = ("id", "package_id", "status", "package_status", "orders", "tracking_number", "update_time")


@given(st.dictionaries(st.sampled_from([*NAMES, "is_buyer_request_cancel", "is_on_hold_order"]), ANYTHING))
def test_fields_of_any_kind_are_read_or_left(data: dict[str, Any]) -> None:
    assert read_package(data, PACKAGE).id
    assert of_orders((ORDER,), [data, {**data, "id": ORDER}]).standing in Standing


@pytest.mark.parametrize("told", [1_795_000_000_000, -5, "soon", True, None, 10**30])
def test_a_time_that_is_none_moves_nothing(told: object) -> None:
    assert read_package({"id": "1", "update_time": told}, PACKAGE).updated_at == 0
    assert read_package({"id": "1", "update_time": 1_795_000_000}, PACKAGE).updated_at == 1_795_000_000

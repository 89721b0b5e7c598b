"""What asks TikTok, against the sandbox, which was written without it: signatures, shapes and errors agree."""

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from labeld.config.settings import Settings
from labeld.daemon.demo.shops import with_shops
from labeld.daemon.fetching.document import FetchFailed, NeedsPerson, NoLabel, TryLater
from labeld.daemon.fetching.download import Downloads
from labeld.daemon.store import Store
from labeld.daemon.tiktok.api import Api, open_api
from labeld.daemon.tiktok.orders import Standing
from labeld.daemon.tiktok.sandbox.drawing import DOCUMENT_TYPES
from labeld.daemon.tiktok.sandbox.server import Sandbox
from labeld.daemon.tiktok.vault import open_vault
from labeld.renderers.asset import PDF, PNG, ZPL, unwrap
from labeld.renderers.convert import page_count


@dataclass
class Site:
    sandbox: Sandbox
    api: Api
    downloads: Downloads


@contextlib.asynccontextmanager
async def site(folder: Path, sandbox: Sandbox) -> AsyncIterator[Site]:
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(sandbox)
        settings = await with_shops(Settings(state_directory=folder), sandbox)
        shops = {name: shop.model_copy(update={"check_order": True}) for name, shop in settings.tiktok.shops.items()}
        tiktok = settings.tiktok.model_copy(update={"shops": shops})
        settings = settings.model_copy(update={"tiktok": tiktok})
        store = await stack.enter_async_context(Store(folder / "labeld.sqlite3", topic_prefix="labeld"))
        api = await open_api(settings, store, open_vault(settings), time.monotonic, lambda: None, stack)
        assert api is not None
        yield Site(sandbox, api, await stack.enter_async_context(Downloads(settings.links, 1 << 20)))


async def test_every_document_of_every_market_comes(tmp_path: Path) -> None:
    async with site(tmp_path, Sandbox(shops={"us": "US", "br": "BR"})) as one:
        for shop, label in (("us", PDF), ("br", ZPL)):
            package = one.sandbox.add(shop)
            for kind in DOCUMENT_TYPES:
                if kind == "INVOICE_LABEL" and shop == "us":
                    with pytest.raises(NoLabel):
                        await one.api.documents.link(shop, package.package_id, kind)
                    continue
                found = await one.api.documents.link(shop, package.package_id, kind)
                asset = unwrap((await one.downloads.get(found.url)).data)
                fixed = {"SHIPPING_LABEL_PICTURE": PNG, "HAZMAT_LABEL": PDF, "INVOICE_LABEL": PDF}
                assert asset.document_format == fixed.get(kind, label)
                if asset.document_format == PDF:
                    assert page_count(asset) == (2 if kind == "SHIPPING_LABEL_AND_PACKING_SLIP" else 1)
                assert found.tracking_number == package.tracking_number
        assert one.sandbox.log()["codes"] == {}


async def test_orders_are_looked_at_and_packages_found(tmp_path: Path) -> None:
    async with site(tmp_path, Sandbox()) as one:
        add = one.sandbox.add
        standings = {
            add("us").package_id: Standing.PRINT,
            add("us", on_hold=True).package_id: Standing.HOLD,
            add("us", cancel_requested=True).package_id: Standing.HOLD,
            add("us", order_status="CANCELLED").package_id: Standing.CANCEL,
            add("us", order_status="IN_TRANSIT").package_id: Standing.HOLD,
        }
        for package_id, standing in standings.items():
            assert (await one.api.orders.check("us", package_id)).standing is standing
        printable = {add("us").package_id for _ in range(60)} | set(list(standings)[:3])
        assert {package.id async for package in one.api.packages.search("us", 0)} == printable
        assert one.sandbox.log()["calls"]["packages_search"] == 2


#: those that slow the shop down, or take its authorization away, come last
_FAULTS: tuple[tuple[str, type[FetchFailed] | None], ...] = (
    ("expired-token*1", None),
    ("no-tracking*1", None),
    ("slow=0.1*1", None),
    ("not-ready*1", TryLater),
    ("empty-url*1", TryLater),
    ("unavailable*1", TryLater),
    ("garbage*1", TryLater),
    ("dropped*2", TryLater),
    ("error=36009007*1", TryLater),
    ("error=21042102*1", NoLabel),
    ("error=21008106*1", NoLabel),
    ("error=105005*1", NeedsPerson),
    ("error=36009033*1", NeedsPerson),
    ("error=106001*1", NeedsPerson),
    ("revoked*1", NeedsPerson),
    ("authorization-ended*1", NeedsPerson),
    ("rate-limit=99*1", TryLater),
)


async def test_a_fault_of_one_shop_ends_as_it_should_and_is_no_other_shops(tmp_path: Path) -> None:
    async with site(tmp_path, Sandbox(shops={"us": "US", "vn": "VN"}, packages=2)) as one:
        us, vn = one.sandbox.packages.values()
        await one.api.documents.link("us", us.package_id, "SHIPPING_LABEL")
        for fault, expected in _FAULTS:
            one.sandbox.fault(fault, shop="us")
            with contextlib.nullcontext() if expected is None else pytest.raises(expected):
                await one.api.documents.link("us", us.package_id, "SHIPPING_LABEL")
            assert one.sandbox.log()["waiting"] == [], fault
            assert (await one.api.documents.link("vn", vn.package_id, "SHIPPING_LABEL")).url
            if fault in ("revoked*1", "authorization-ended*1"):
                with pytest.raises(NeedsPerson):
                    await one.api.documents.link("us", us.package_id, "SHIPPING_LABEL")
                await one.api.tokens.authorize("us", one.sandbox.auth_code("us"))
            if not fault.startswith("rate-limit"):
                assert (await one.api.documents.link("us", us.package_id, "SHIPPING_LABEL")).url


async def test_a_document_that_does_not_come_is_tried_again_or_given_up(tmp_path: Path) -> None:
    faults: tuple[tuple[str, type[FetchFailed] | None], ...] = (
        ("link-unavailable*1", TryLater),
        ("link-dropped*2", TryLater),
        ("truncated*1", TryLater),
        ("partial*1", TryLater),
        ("html*1", NoLabel),
        ("expired-link*1", NoLabel),
        ("wrong-host*1", NoLabel),
        ("slow-link=0.1*1", None),
    )
    async with site(tmp_path, Sandbox(packages=1)) as one:
        (package,) = one.sandbox.packages.values()
        for fault, expected in faults:
            one.sandbox.fault(fault)
            found = await one.api.documents.link("us", package.package_id, "SHIPPING_LABEL")
            with contextlib.nullcontext() if expected is None else pytest.raises(expected):
                await one.downloads.get(found.url)
            assert one.sandbox.log()["waiting"] == [], fault


@pytest.mark.parametrize("one_refresh", [False, True])
async def test_tokens_that_are_lost_on_their_way_are_asked_for_again_where_that_can_be(
    tmp_path: Path, one_refresh: bool
) -> None:
    async with site(tmp_path, Sandbox(one_refresh=one_refresh)) as one:
        stale = await one.api.tokens.access("us")
        one.sandbox.fault("token-dropped*2")
        with pytest.raises(NeedsPerson if one_refresh else TryLater):
            await one.api.tokens.refresh("us", stale)
        if not one_refresh:
            await one.api.tokens.renew("us")
            assert await one.api.tokens.access("us") != stale

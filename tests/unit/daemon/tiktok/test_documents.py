"""A package's link: what is asked for in which market, and what an answer means."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import ValidationError

from labeld.config.sources import ShopSettings, TikTokSettings
from labeld.daemon.fetching.document import NeedsPerson, NoLabel, TryLater
from labeld.daemon.tiktok.documents import Found, ShippingDocuments
from labeld.daemon.tiktok.shops import Shops

from .api import CIPHER, DOCUMENTS, LINK, PACKAGE, Api, Clock, client, failure, serving, settings, shop, success

AUTHORIZED = "/authorization/202309/shops"
OURS = {"id": "7000714532876273420", "name": "ours", "region": "US", "cipher": CIPHER, "code": "USLCBA4"}


@contextlib.asynccontextmanager
async def documents(
    its: ShopSettings | None = None, monotonic: Clock | None = None, **changes: Any
) -> AsyncIterator[tuple[Api, ShippingDocuments]]:
    async with serving(Api()) as api:
        configured = settings(api, us=its or shop()).model_copy(update=changes)
        async with client(api, settings=configured) as one:
            shops = Shops(one, configured, monotonic=monotonic or Clock())
            yield api, ShippingDocuments(one, shops, configured)


@pytest.mark.parametrize(
    ("kind", "its", "parameters"),
    [
        ("SHIPPING_LABEL", {}, {"document_size": "A6"}),
        ("SHIPPING_LABEL", {"document_size": "A5"}, {"document_size": "A5"}),
        ("PACKING_SLIP", {}, {"document_size": "A6"}),
        ("SHIPPING_LABEL_AND_PACKING_SLIP", {}, {"document_size": "A6"}),
        ("SHIPPING_LABEL_PICTURE", {"document_size": "A5"}, {}),
        ("HAZMAT_LABEL", {}, {}),
        ("INVOICE_LABEL", {"market": "BR"}, {}),
        ("SHIPPING_LABEL", {"market": "BR", "document_format": "ZPL"}, {"document_format": "ZPL"}),
        ("PACKING_SLIP", {"market": "MX", "document_format": "ZPL"}, {"document_format": "ZPL"}),
        ("SHIPPING_LABEL_PICTURE", {"market": "MX", "document_format": "ZPL"}, {}),
        ("HAZMAT_LABEL", {"market": "MX", "document_format": "ZPL"}, {}),
        ("INVOICE_LABEL", {"market": "BR", "document_format": "ZPL"}, {}),
    ],
)
async def test_each_type_is_asked_for_as_its_market_has_it(
    kind: str, its: dict[str, str], parameters: dict[str, str]
) -> None:
    async with documents(shop(**its)) as (api, one):
        api.standing[DOCUMENTS] = success(doc_url=LINK, tracking_number="9400100000000000000000")
        assert await one.link("us", PACKAGE, kind) == Found(LINK, "9400100000000000000000")
        sent = {name: value for name, value in api.asked[0].query.items() if name not in ("app_key", "timestamp")}
        sent.pop("sign", None)
        assert sent == {"document_type": kind, "shop_cipher": CIPHER, **parameters}


async def test_what_tiktok_does_not_have_is_not_asked_for() -> None:
    async with documents() as (api, one):
        with pytest.raises(NoLabel, match="INVOICE_LABEL in BR only, and shop us is in US"):
            await one.link("us", PACKAGE, "INVOICE_LABEL")
        with pytest.raises(NoLabel, match="no document 'PICK_LIST'"):
            await one.link("us", PACKAGE, "PICK_LIST")
        for odd in ("", "1/../2", "1?x=1", "1\n2", "9" * 65, "é"):
            with pytest.raises(NoLabel, match="not a package id"):
                await one.link("us", odd, "SHIPPING_LABEL")
        with pytest.raises(NeedsPerson, match=r"no shop 'uss'.*did you mean 'us'"):
            await one.link("uss", PACKAGE, "SHIPPING_LABEL")
        assert api.asked == []


def test_zpl_where_there_is_none_is_an_error_of_the_configuration() -> None:
    with pytest.raises(ValidationError, match=r"shops\.us\.document_format: TikTok has no ZPL in US, only in BR, MX"):
        TikTokSettings(shops={"us": shop(document_format="ZPL")})
    assert TikTokSettings(shops={"us": shop(document_format="ZPL")}, zpl_markets=("US",)).shops


@pytest.mark.parametrize(
    "data", [{}, {"doc_url": ""}, {"doc_url": " "}, {"doc_url": None}, {"doc_url": 7}, {"doc_url": "h" * 5000}]
)
async def test_a_link_that_is_not_there_yet_is_asked_for_again(data: dict[str, Any]) -> None:
    async with documents() as (api, one):
        api.standing[DOCUMENTS] = success(**data)
        with pytest.raises(TryLater, match="no document of package 1152921504606846976 yet"):
            await one.link("us", PACKAGE, "SHIPPING_LABEL")


@pytest.mark.parametrize(("number", "known"), [(None, None), ("", None), (12345, "12345"), (True, None), ([1], None)])
async def test_a_tracking_number_may_be_absent_or_something_else(number: object, known: str | None) -> None:
    async with documents() as (api, one):
        api.standing[DOCUMENTS] = success(doc_url=LINK, tracking_number=number)
        assert (await one.link("us", PACKAGE, "SHIPPING_LABEL")).tracking_number == known


async def test_a_link_is_not_shown() -> None:
    assert LINK not in repr(Found(LINK, "1"))


async def test_versions_are_configured() -> None:
    async with documents(versions=TikTokSettings().versions.model_copy(update={"shipping_documents": "202701"})) as (
        api,
        one,
    ):
        api.standing[DOCUMENTS.replace("202309", "202701")] = success(doc_url=LINK)
        assert (await one.link("us", PACKAGE, "SHIPPING_LABEL")).url == LINK
        api.standing.clear()
        with pytest.raises(NeedsPerson, match=r"check tiktok\.api and tiktok\.versions"):
            await one.link("us", PACKAGE, "SHIPPING_LABEL")


async def test_a_cipher_that_is_not_configured_is_asked_once_and_again_after_an_hour() -> None:
    clock = Clock()
    async with documents(shop(shop_cipher=None), clock) as (api, one):
        api.standing[AUTHORIZED] = success(shops=["?", {"id": "1", "cipher": "other"}, OURS])
        api.standing[DOCUMENTS] = success(doc_url=LINK)
        await asyncio.gather(*(one.link("us", PACKAGE, "SHIPPING_LABEL") for _ in range(5)))
        assert [asked.path for asked in api.asked].count(AUTHORIZED) == 1
        assert {asked.query["shop_cipher"] for asked in api.asked if asked.path == DOCUMENTS} == {CIPHER}
        clock.now += 3600
        await one.link("us", PACKAGE, "SHIPPING_LABEL")
        assert [asked.path for asked in api.asked].count(AUTHORIZED) == 2


async def test_a_cipher_that_failed_is_asked_again_and_who_goes_away_takes_it_from_nobody() -> None:
    async with documents(shop(shop_cipher=None)) as (api, one):
        api.standing[DOCUMENTS] = success(doc_url=LINK)
        api.script.append(failure(36009003))
        with pytest.raises(TryLater, match="internal error"):
            await one.link("us", PACKAGE, "SHIPPING_LABEL")
        api.standing[AUTHORIZED] = success(shops=[OURS])
        hasty = asyncio.create_task(one.link("us", PACKAGE, "SHIPPING_LABEL"))
        patient = asyncio.create_task(one.link("us", PACKAGE, "SHIPPING_LABEL"))
        await asyncio.sleep(0)
        hasty.cancel()
        assert (await patient).url == LINK


@pytest.mark.parametrize("shops", [None, [], [{"id": "1", "cipher": "c"}], [{**OURS, "cipher": ""}]])
async def test_a_token_of_another_shop_needs_a_person(shops: object) -> None:
    async with documents(shop(shop_cipher=None)) as (api, one):
        api.standing[AUTHORIZED] = success(shops=shops)
        with pytest.raises(NeedsPerson, match=r"not for shop_id 7000714532876273420.*tiktok\.shops\.us\.shop_id"):
            await one.link("us", PACKAGE, "SHIPPING_LABEL")

"""The stand-in of TikTok Shop's API against TikTok's own vectors, words and shapes, by a client of a few lines."""

import asyncio
import hashlib
import hmac
import json
import tomllib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from labeld.config.settings import Settings
from labeld.daemon.tiktok.sandbox.drawing import DOCUMENT_TYPES, draw
from labeld.daemon.tiktok.sandbox.faults import Fault, FaultKind, form
from labeld.daemon.tiktok.sandbox.gate import signature, webhook_signature
from labeld.daemon.tiktok.sandbox.server import Sandbox
from labeld.daemon.tiktok.sandbox.world import Package, check_digit
from labeld.renderers.artwork import Target
from labeld.renderers.asset import unwrap
from labeld.renderers.convert import convert, page_count
from labeld.renderers.media import Media, Resolution

NOW = 1_790_000_000


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


class Caller:
    """Signs and calls; what is given in `query` replaces what it would write itself, None leaves it out."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession, clock: Clock, shop: str = "us") -> None:
        self.sandbox, self.session, self.clock = sandbox, session, clock
        self.shop = sandbox.shops[shop]
        self.grant = sandbox.grant(shop)

    async def __call__(
        self, path: str, method: str = "GET", body: str = "", token: str | None = None, **query: str | None
    ) -> tuple[int, dict[str, Any]]:
        own = {
            "app_key": self.sandbox.app_key,
            "timestamp": str(int(self.clock.now)),
            "shop_cipher": self.shop.cipher,
        }
        whole = {name: value for name, value in (own | query).items() if value is not None}
        text = path + "".join(name + whole[name] for name in sorted(whole)) + body
        secret = self.sandbox.app_secret
        sign = hmac.new(secret.encode(), f"{secret}{text}{secret}".encode(), hashlib.sha256).hexdigest()
        headers = {"x-tts-access-token": self.grant.access_token if token is None else token}
        if body:
            headers["Content-Type"] = "application/json"
        answer = await self.session.request(
            method,
            self.sandbox.base_url + path,
            params={"sign": sign} | whole,
            data=body.encode() or None,
            headers=headers,
        )
        return answer.status, json.loads(await answer.read())

    async def label(self, package: Package, token: str | None = None, **query: str | None) -> dict[str, Any]:
        path = f"/fulfillment/202309/packages/{package.package_id}/shipping_documents"
        whole: Any = {"document_type": "SHIPPING_LABEL"} | query
        return (await self(path, token=token, **whole))[1]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def sandbox(clock: Clock) -> AsyncIterator[Sandbox]:
    async with Sandbox(shops={"us": "US", "br": "BR", "vn": "VN"}, packages=3, clock=clock) as sandbox:
        yield sandbox


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def call(sandbox: Sandbox, session: aiohttp.ClientSession, clock: Clock) -> Caller:
    return Caller(sandbox, session, clock)


def of(sandbox: Sandbox, shop: str = "us") -> Package:
    return next(one for one in sandbox.packages.values() if one.shop == shop)


@pytest.mark.parametrize(
    ("secret", "path", "query", "body", "sign"),
    [
        (
            "e59af819cc",
            "/authorization/202309/shops",
            {"timestamp": "1623812664", "app_key": "29a39d", "access_token": "not signed", "sign": "nor this"},
            b"",
            "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8",
        ),
        (
            "app_secret",
            "/test-api",
            {"foo": "bar"},
            b"",
            "d3cb7fe11ecae942802ceeca67e7cf10120cc12f1517d45fbc1c8cfe5413c80f",
        ),
        (
            "e59af819cc",
            "/fulfillment/202309/packages/ship",
            {"app_key": "29a39d", "timestamp": "1623812664", "shop_cipher": "ROW_xkMbgAAAeVAQra0eZWebFQq5aIK"},
            b'{"packages":[{"id":"1152921504606846976","handover_method":"DROP_OFF"}]}',
            "6c4d320bbdbe98a9c5efaacdcd6392db28d92fb7ceb11e9d1fbd0c334ef3521e",
        ),
    ],
)
def test_signatures_are_those_of_the_published_examples(
    secret: str, path: str, query: dict[str, str], body: bytes, sign: str
) -> None:
    assert signature(secret, path, query.items(), body) == sign


def test_the_webhook_signature_is_that_of_the_published_example() -> None:
    body = (
        b'{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507","timestamp":1718305585,'
        b'"data":{"is_on_hold_order":true,"order_id":"576653688135258178","order_status":"UNPAID",'
        b'"update_time":1718305585}}'
    )
    assert (
        webhook_signature("123", "abcdef", body) == "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"
    )


async def test_a_seller_consents_and_the_shop_and_its_label_are_told(
    sandbox: Sandbox, session: aiohttp.ClientSession, clock: Clock, call: Caller
) -> None:
    query = {
        "app_key": sandbox.app_key,
        "app_secret": sandbox.app_secret,
        "auth_code": sandbox.auth_code("us"),
        "grant_type": "authorized_code",
    }
    for code in (0, 36004004):  # a code is good once
        told = await (await session.get(f"{sandbox.base_url}/api/v2/token/get", params=query)).json()
        assert told["code"] == code
        if code == 0:
            tokens = told["data"]
    assert tokens["access_token_expire_in"] == NOW + 7 * 86400
    status, told = await call("/authorization/202309/shops", token=tokens["access_token"], shop_cipher=None)
    assert (status, told["code"]) == (200, 0)
    (shop,) = told["data"]["shops"]
    assert (shop["id"], shop["region"], shop["cipher"]) == (call.shop.shop_id, "US", call.shop.cipher)
    package = of(sandbox)
    told = await call.label(package)
    assert told["data"]["tracking_number"] == package.tracking_number
    answer = await session.get(told["data"]["doc_url"])
    data = await answer.read()
    assert answer.status == 206
    assert answer.headers["Content-Range"] == f"bytes 0-{len(data) - 1}/{len(data)}"
    assert data == draw(package, "SHIPPING_LABEL", "A6", "PDF").data
    clock.now += 86400
    assert (await session.get(told["data"]["doc_url"])).status == 403


async def test_tokens_are_refreshed_and_end(
    sandbox: Sandbox, session: aiohttp.ClientSession, clock: Clock, call: Caller
) -> None:
    async def refresh(token: str) -> dict[str, Any]:
        query = {
            "app_key": sandbox.app_key,
            "app_secret": sandbox.app_secret,
            "refresh_token": token,
            "grant_type": "refresh_token",
        }
        answer = await session.get(f"{sandbox.base_url}/api/v2/token/refresh", params=query)
        told: dict[str, Any] = await answer.json()
        return told

    clock.now += 7 * 86400
    status, told = await call("/authorization/202309/shops", shop_cipher=None)
    assert (status, told["code"]) == (401, 105002)
    tokens = (await refresh(call.grant.refresh_token))["data"]
    assert tokens["refresh_token"] != call.grant.refresh_token
    assert tokens["refresh_token_expire_in"] == NOW + 365 * 86400
    _, told = await call("/authorization/202309/shops", token=tokens["access_token"], shop_cipher=None)
    assert told["code"] == 0
    sandbox.fault("token-dropped*2")  # aiohttp asks again once where the connection was used before
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await refresh(tokens["refresh_token"])
    sandbox.fault("authorization-ended*1")
    _, told = await call("/authorization/202309/shops", token=tokens["access_token"], shop_cipher=None)
    assert told["code"] == 105002
    assert (await refresh(tokens["refresh_token"]))["code"] == 36004001
    sandbox.world.revoke("us")
    assert (await refresh(tokens["refresh_token"]))["code"] == 36004005


async def test_a_refresh_token_that_was_used_may_be_dead(clock: Clock) -> None:
    sandbox = Sandbox(one_refresh=True, clock=clock)
    first = sandbox.grant("us")
    second = sandbox.world.refresh(first.refresh_token)
    assert second is not None
    assert sandbox.world.refresh(first.refresh_token) is None
    assert sandbox.world.refresh(second.refresh_token) is not None


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ({"app_key": "another"}, 36009004, "Invalid `app_key`"),
        ({"timestamp": str(NOW - 301)}, 36009004, "earlier than 5 minutes"),
        ({"timestamp": str(NOW + 31)}, 36009004, "more than 30 seconds"),
        ({"timestamp": "-1"}, 36009004, "lesser than 0"),
        ({"timestamp": str(NOW * 1000)}, 36009004, "timestamp"),
        ({"timestamp": None}, 36009004, "timestamp"),
        ({"timestamp": "--1"}, 36009004, "timestamp"),
        ({"sign": ""}, 36009004, "required signature"),
        ({"sign": "0" * 64}, 106001, "`sign`"),
        ({"token": ""}, 36009004, "x-tts-access-token"),
        ({"token": "TTP_never"}, 36009004, "x-tts-access-token"),
        ({"shop_cipher": None}, 106013, "shop_cipher"),
        ({"shop_cipher": "GCP_other"}, 101000, "x-tts-access-token"),
        ({"shop_id": "1"}, 36009004, "shop_id"),
        ({"size": "A6"}, 36009004, "Unexpected parameter"),
        ({"document_type": "PICK_LIST"}, 36009004, "document_type"),
        ({"document_size": "0"}, 36009004, "document_size"),
        ({"document_format": "ZPL"}, 36009004, "ZPL"),
        ({"document_type": "INVOICE_LABEL"}, 36009004, "INVOICE_LABEL"),
    ],
)
async def test_what_tiktok_would_not_accept_is_refused_in_its_words(
    sandbox: Sandbox, call: Caller, query: dict[str, str | None], code: int, words: str
) -> None:
    told = await call.label(of(sandbox), **query)
    assert told["code"] == code
    assert words in told["message"]
    assert len(told["request_id"]) == 34
    assert sandbox.log()["codes"] == {str(code): 1}


async def test_paths_methods_and_other_shops_are_refused(
    sandbox: Sandbox, session: aiohttp.ClientSession, call: Caller
) -> None:
    assert (await call("/fulfillment/202309/nothing"))[1]["code"] == 36009009
    assert (await call("/authorization/202309/shops", method="POST"))[1]["code"] == 36009010
    status, told = await call("/authorization/202309/shops")
    assert (status, told["code"]) == (400, 36009004)
    assert "Unexpected identifier" in told["message"]
    assert (await call.label(of(sandbox, "br")))["code"] == 21008111
    link = (await call.label(of(sandbox)))["data"]["doc_url"]
    assert (await session.get(link.replace("sign=", "sign=0"))).status == 403
    assert (await session.get(link.replace("expire=1", "expire=2"))).status == 403


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("AWAITING_SHIPMENT", 21042104),
        ("ON_HOLD", 21042104),
        ("AWAITING_COLLECTION", 0),
        ("IN_TRANSIT", 21042102),
        ("CANCELLED", 21011041),
    ],
)
async def test_a_label_is_there_between_arrangement_and_pickup(
    sandbox: Sandbox, call: Caller, status: Any, code: int
) -> None:
    package = sandbox.add("us", order_status=status)
    assert (await call.label(package))["code"] == code


async def test_packages_are_searched_page_by_page_and_orders_told(sandbox: Sandbox, call: Caller, clock: Clock) -> None:
    first = of(sandbox)
    clock.now += 10
    waiting = sandbox.add("us", order_status="AWAITING_SHIPMENT")
    held = sandbox.add("us", on_hold=True, cancel_requested=True)
    body = json.dumps({"package_status": "PROCESSING"})
    path = "/fulfillment/202309/packages/search"
    _, told = await call(path, "POST", body, page_size="1", sort_field="update_time")
    assert [one["id"] for one in told["data"]["packages"]] == [held.package_id]
    assert told["data"]["total_count"] == 2
    _, told = await call(path, "POST", body, page_size="1", page_token=told["data"]["next_page_token"])
    assert [(one["id"], one["status"]) for one in told["data"]["packages"]] == [(first.package_id, "PROCESSING")]
    assert told["data"]["next_page_token"] == ""
    _, told = await call(path, "POST", json.dumps({"update_time_ge": NOW + 10}), page_size="50")
    assert {one["id"] for one in told["data"]["packages"]} == {waiting.package_id, held.package_id}
    for wrong in ("[]", "{", '{"status":1}', '{"update_time_ge":"1"}', '{"package_status":"READY"}'):
        assert (await call(path, "POST", wrong, page_size="50"))[1]["code"] == 36009004
    assert (await call(path, "POST", "{}", page_size="51"))[1]["code"] == 36009004
    for version in ("202309", "202507"):
        ids = f"{waiting.order_id},{held.order_id},{of(sandbox, 'br').order_id}"
        _, told = await call(f"/order/{version}/orders", ids=ids)
        one, other = told["data"]["orders"]
        # US sellers are not told the package before it is shipped
        assert (one["status"], one["packages"]) == ("AWAITING_SHIPMENT", [])
        assert (other["is_on_hold_order"], other["is_buyer_request_cancel"]) == (True, True)
        assert other["packages"] == [{"id": held.package_id}]
    _, told = await call(f"/fulfillment/202309/packages/{held.package_id}")
    assert (told["data"]["package_status"], told["data"]["orders"][0]["id"]) == ("PROCESSING", held.order_id)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("rate-limit", 429, 36009002),
        ("error=36009003", 500, 36009003),
        ("error=36009007", 408, 36009007),
        ("error=36009033", 403, 36009033),
        ("error=105005", 403, 105005),
        ("error=21008106", 200, 21008106),
        ("not-ready", 200, 21042104),
        ("revoked", 400, 36009004),
        ("expired-token", 401, 105002),
    ],
)
async def test_faults_are_answered_with_their_codes(
    sandbox: Sandbox, call: Caller, fault: str, status: int, code: int
) -> None:
    sandbox.fault(f"{fault}*2", shop="us")
    path = f"/fulfillment/202309/packages/{of(sandbox).package_id}/shipping_documents"
    for _ in range(2):
        found, told = await call(path, document_type="SHIPPING_LABEL")
        assert (found, told["code"], "data" in told) == (status, code, False)
    ends = fault in ("revoked", "expired-token")
    assert (await call.label(of(sandbox)))["code"] == (code if ends else 0)


async def test_answers_break(sandbox: Sandbox, session: aiohttp.ClientSession, call: Caller) -> None:
    package = of(sandbox)
    sandbox.fault("garbage*1")
    with pytest.raises(json.JSONDecodeError):
        await call.label(package)
    sandbox.fault("unavailable*1")
    with pytest.raises(json.JSONDecodeError):
        await call.label(package)
    sandbox.fault("dropped*2")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await call.label(package)
    sandbox.faults.clear()
    sandbox.fault("empty-url*1")
    assert (await call.label(package))["data"]["doc_url"] == ""
    sandbox.fault("no-tracking*1")
    assert "tracking_number" not in (await call.label(package))["data"]
    sandbox.fault("wrong-host*1")
    assert "eviltiktokshop.com" in (await call.label(package))["data"]["doc_url"]
    sandbox.fault("expired-link*1")
    assert (await session.get((await call.label(package))["data"]["doc_url"])).status == 403
    link = (await call.label(package))["data"]["doc_url"]
    whole = await (await session.get(link)).read()
    sandbox.fault("truncated*1")
    with pytest.raises(aiohttp.ClientPayloadError):
        await (await session.get(link)).read()
    sandbox.fault("partial*1")
    answer = await session.get(link)
    assert await answer.read() == whole[: len(whole) // 2]
    assert answer.headers["Content-Range"].endswith(f"/{len(whole)}")
    sandbox.fault("html*1")
    assert (await (await session.get(link)).read()).startswith(b"<!DOCTYPE html>")
    sandbox.fault("wrong-content*1")
    assert await (await session.get(link)).read() not in (whole, b"")
    sandbox.fault("link-unavailable*1")
    assert (await session.get(link)).status == 503
    sandbox.fault("slow-link=0.01*1")
    assert await (await session.get(link)).read() == whole


async def test_a_share_of_the_calls_fails_the_same_way_for_a_seed(session: aiohttp.ClientSession, clock: Clock) -> None:
    outcomes = []
    for _ in range(2):
        async with Sandbox(packages=1, fail=0.4, seed=7, clock=clock) as sandbox:
            met = []
            for _ in range(30):
                fault = sandbox.faults.meet("us", "api")
                met.append(None if fault is None else fault.kind)
            outcomes.append((met, sandbox.app_key, list(sandbox.packages)))
    assert outcomes[0] == outcomes[1]
    assert 4 <= sum(one is not None for one in outcomes[0][0]) <= 22


async def test_it_is_told_what_to_do_while_it_runs(
    sandbox: Sandbox, session: aiohttp.ClientSession, call: Caller
) -> None:
    url = sandbox.base_url + "/sandbox/"
    answer = await session.post(url + "packages", json={"shop": "br", "count": 2, "order_status": "AWAITING_SHIPMENT"})
    made = await answer.json()
    assert [sandbox.packages[one["package_id"]].shop for one in made] == ["br", "br"]
    changed = url + f"packages/{made[0]['package_id']}"
    assert (await (await session.patch(changed, json={"on_hold": True})).json())["on_hold"] is True
    assert len(await (await session.get(url + "packages")).json()) == len(sandbox.packages)
    assert await (await session.post(url + "faults", json={"fault": "empty-url*2"})).json() == ["empty-url*2"]
    await call.label(of(sandbox))
    log = await (await session.get(url + "log")).text()
    assert json.loads(log)["calls"] == {"shipping_documents": 1}
    assert json.loads(log)["faults"] == {"empty-url": 1}
    assert json.loads(log)["waiting"] == ["empty-url*1"]
    for secret in (sandbox.app_secret, call.grant.access_token, call.grant.refresh_token, call.shop.cipher):
        assert secret not in log
    assert await (await session.delete(url + "faults")).json() == []
    code = (await (await session.post(url + "authorize", json={"shop": "us"})).json())["auth_code"]
    assert sandbox.world.redeem(code) is not None
    for path, body in (
        ("faults", {"fault": "bad-weather"}),
        ("faults", {"fault": "revoked", "shop": "nowhere"}),
        ("packages", {"shop": "nowhere"}),
        ("packages", {"shop": "us", "count": 0}),
        ("webhooks", {"url": "https://example.com/", "shop": "us", "type": 1, "data": {}}),
    ):
        answer = await session.post(url + path, json=body)
        assert (answer.status, list(await answer.json())) == (400, ["error"])


async def test_its_configuration_is_one(sandbox: Sandbox) -> None:
    settings = Settings.model_validate(tomllib.loads(sandbox.configuration()))
    assert settings.links.sandbox == settings.tiktok.api == settings.tiktok.authority == sandbox.base_url
    assert {name: shop.shop_id for name, shop in settings.tiktok.shops.items()} == {
        name: shop.shop_id for name, shop in sandbox.shops.items()
    }
    assert sandbox.app_secret not in sandbox.configuration()


async def test_webhooks_are_posted_signed_and_again_with_the_same_number(session: aiohttp.ClientSession) -> None:
    came: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        came.put_nowait((request.headers["Authorization"], await request.read()))
        return web.Response()

    receiver = web.Application()
    receiver.add_routes([web.post("/hook", take)])
    runner = web.AppRunner(receiver)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        async with Sandbox(packages=1, webhook=hook) as sandbox:
            package = of(sandbox)
            url = f"{sandbox.base_url}/sandbox/packages/{package.package_id}"
            await session.patch(url, json={"order_status": "CANCELLED"})
            sign, body = await came.get()
            assert sign == webhook_signature(sandbox.app_secret, sandbox.app_key, body)
            told = json.loads(body)
            assert (told["type"], told["shop_id"]) == (1, sandbox.shops["us"].shop_id)
            assert (told["data"]["order_id"], told["data"]["order_status"]) == (package.order_id, "CANCEL")
            assert await sandbox.webhooks.post(hook, "us", 6, {}, times=2) == 200
            (_, one), (_, other) = await came.get(), await came.get()
            assert one == other
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("market", ["US", "BR", "VN"])
def test_every_document_is_drawn_and_its_barcode_scans(market: str) -> None:
    sandbox = Sandbox(shops={"shop": market}, packages=1)
    package = of(sandbox, "shop")
    target = Target(media=Media.parse("4x6in"), resolution=Resolution(203), tracking_number=package.tracking_number)
    for kind in ("SHIPPING_LABEL", "SHIPPING_LABEL_PICTURE"):
        converted = convert(unwrap(draw(package, kind, "A6", "PDF").data), target)
        assert [len(page.symbols) for page in converted.pages] == [1]
        assert "1:1" in (converted.pages[0].placement.because if converted.pages[0].placement else "")
    assert convert(unwrap(draw(package, "SHIPPING_LABEL", "A6", "ZPL").data), target).pages[0].lost == ()
    pages = {kind: page_count(unwrap(draw(package, kind, "A5", "PDF").data)) for kind in DOCUMENT_TYPES}
    assert pages == dict.fromkeys(DOCUMENT_TYPES, 1) | {"SHIPPING_LABEL_AND_PACKING_SLIP": 2}


def test_usps_numbers_have_their_check_digit() -> None:
    # USPS-B-3200, section 3: 9212 3912 3456 7812 3456 70
    assert check_digit("921239123456781234567") == 0
    package = of(Sandbox(packages=1))
    assert package.tracking_number[-1] == str(check_digit(package.tracking_number[:-1]))


@given(st.sampled_from(FaultKind), st.integers(1, 999999999), st.none() | st.integers(1, 99))
def test_a_fault_reads_as_it_is_written(kind: FaultKind, number: int, times: int | None) -> None:
    fault = Fault(kind, float(number) if "=" in form(kind) else 0.0, times)
    if fault.number >= 10**6:
        fault = Fault(kind, float(number % 10**6), times)
    assert Fault.parse(str(fault)) == fault


@pytest.mark.parametrize("text", ["", "rain", "slow", "empty-url=3", "garbage*", "error=x", "dropped*-1", "dropped*0"])
def test_a_fault_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="fault"):
        Fault.parse(text)

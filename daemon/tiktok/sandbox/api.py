"""The open API: what each endpoint answers to a call that the gateway lets in.

Shapes: Partner Center, pages get-authorized-shops-202309, get-package-shipping-document-202309,
get-package-detail-202309, search-package-202309 and get-order-detail-202507, and TikTok's OpenAPI specification in
npm `@tts-open-toolkit/cli` 0.1.7.
"""

import json
from collections.abc import Collection
from typing import Any, Literal, cast, get_args

from aiohttp import web

from .answers import CANCELLING, COLLECTED, GATEWAY, NOT_ARRANGED, NOT_YOURS, Refused
from .drawing import DOCUMENT_TYPES
from .faults import Fault, FaultKind
from .gate import Call, admit
from .keys import SANDBOX
from .misdeeds import befall
from .world import Package, Shop

_ITEMS = (("1736433041572857475", "Sample candle, vanilla", 1), ("1736433041572857476", "Sample mug, blue", 2))
_COLLECTED = frozenset({"IN_TRANSIT", "DELIVERED", "COMPLETED"})
_PackageStatus = Literal["PROCESSING", "FULFILLING", "COMPLETED", "CANCELLED"]
_MAX_IDS = 50


async def shops(request: web.Request) -> web.StreamResponse:
    """Get Authorized Shops."""
    shop, _, _ = await _let_in(request, of_shop=False)
    found = {
        "id": shop.shop_id,
        "name": f"{shop.name} sandbox shop",
        "region": shop.market,
        "seller_type": "LOCAL",
        "cipher": shop.cipher,
        "code": shop.code,
    }
    return request.app[SANDBOX].answers.success({"shops": [found]})


async def document(request: web.Request) -> web.StreamResponse:
    """Get Package Shipping Document."""
    sandbox = request.app[SANDBOX]
    shop, call, fault = await _let_in(request, ("document_type", "document_size", "document_format"), label=True)
    package = _package(request, shop)
    kind = _one_of(call, "document_type", DOCUMENT_TYPES)
    size = _one_of(call, "document_size", ("A6", "A5"), "A6")
    document_format = _one_of(call, "document_format", ("PDF", "ZPL"), "PDF")
    _of_market(shop.market, kind, document_format)
    if package.order_status in _COLLECTED:
        raise Refused(COLLECTED)
    if package.order_status == "CANCELLED":
        raise Refused(CANCELLING)
    if package.order_status != "AWAITING_COLLECTION":
        raise Refused(NOT_ARRANGED)
    met = fault.kind if fault is not None else None
    if met is FaultKind.NOT_READY:
        raise Refused(NOT_ARRANGED)
    link = sandbox.library.link(package, kind, size, document_format, expired=met is FaultKind.EXPIRED_LINK)
    # a name that ends as a trusted one does, and no address: .invalid is RFC 2606's
    origin = "https://eviltiktokshop.com.invalid" if met is FaultKind.WRONG_HOST else sandbox.base_url
    data = {"doc_url": "" if met is FaultKind.EMPTY_URL else origin + link}
    if met is not FaultKind.NO_TRACKING:
        data["tracking_number"] = package.tracking_number
    return sandbox.answers.success(data)


async def package(request: web.Request) -> web.StreamResponse:
    """Get Package Detail."""
    shop, _, _ = await _let_in(request)
    found = _package(request, shop)
    data = {
        "package_id": found.package_id,
        "package_status": found.status,
        "package_sub_status": "STOCKING",
        "split_and_combine_tag": "",
        "has_multi_skus": True,
        "orders": [_order_of(found)],
        "order_line_item_ids": [found.line_item_id],
        "shipping_type": "TIKTOK",
        "shipping_provider_id": "6617675021119438849",
        "shipping_provider_name": found.carrier,
        "tracking_number": found.tracking_number,
        "delivery_option_name": "Standard shipping",
        "handover_method": "PICKUP",
        "weight": {"unit": "GRAM", "value": "520"},
        "create_time": found.created,
        "update_time": found.updated,
    }
    return request.app[SANDBOX].answers.success(data)


async def search(request: web.Request) -> web.StreamResponse:
    """Search Package; a page token is the place in the list."""
    sandbox = request.app[SANDBOX]
    shop, call, _ = await _let_in(request, ("page_size", "page_token", "sort_field", "sort_order"))
    size = _number(call.get("page_size"), "page_size", 1, 50)
    at = _number(call.get("page_token") or "0", "page_token", 0, 10**9)
    field = _one_of(call, "sort_field", ("create_time", "update_time", "order_pay_time"), "create_time")
    down = _one_of(call, "sort_order", ("ASC", "DESC"), "DESC") == "DESC"
    wanted = _filters(call.body)
    found = [one for one in sandbox.packages.values() if one.shop == shop.name and _matches(one, wanted)]
    found.sort(key=lambda one: one.updated if field == "update_time" else one.created, reverse=down)
    more = at + size < len(found)
    packages = [
        {
            "id": one.package_id,
            "status": one.status,
            "orders": [_order_of(one)],
            "order_line_item_ids": [one.line_item_id],
            "shipping_provider_id": "6617675021119438849",
            "shipping_provider_name": one.carrier,
            "tracking_number": one.tracking_number,
            "create_time": one.created,
            "update_time": one.updated,
        }
        for one in found[at : at + size]
    ]
    return sandbox.answers.success(
        {"packages": packages, "total_count": len(found), "next_page_token": str(at + size) if more else ""}
    )


async def orders(request: web.Request) -> web.StreamResponse:
    """Get Order Detail; numbers that are not the shop's are left out."""
    sandbox = request.app[SANDBOX]
    shop, call, _ = await _let_in(request, ("ids",))
    ids = [one for one in call.get("ids").split(",") if one]
    if not ids:
        raise Refused(GATEWAY, "Ids is a required field")
    if len(ids) > _MAX_IDS:
        raise Refused(GATEWAY, f"Ids must contain at maximum {_MAX_IDS} items")
    of_shop = {one.order_id: one for one in sandbox.packages.values() if one.shop == shop.name}
    return sandbox.answers.success({"orders": [_order(of_shop[one]) for one in ids if one in of_shop]})


async def _let_in(
    request: web.Request, parameters: Collection[str] = (), *, of_shop: bool = True, label: bool = False
) -> tuple[Shop, Call, Fault | None]:
    """The shop that a call is for, the call, and the fault that it meets; of a label call, it may be in the answer.

    Raises:
        Refused: the gateway does not let it in, or the fault is an error.
        Instead: the fault leaves it without an answer.
    """
    sandbox = request.app[SANDBOX]
    call = Call(
        request.path,
        tuple(request.query.items()),
        await request.read(),
        request.content_type if "Content-Type" in request.headers else "",
        request.headers.get("x-tts-access-token", ""),
    )
    shop = admit(call, sandbox.world, sandbox.app_key, sandbox.app_secret, parameters, of_shop=of_shop)
    fault = sandbox.faults.meet(shop.name, *(("api", "label") if label else ("api",)))
    if fault is not None:
        await befall(request, fault, sandbox.world, shop.name, call.token)
    return shop, call, fault


def _package(request: web.Request, shop: Shop) -> Package:
    found = request.app[SANDBOX].packages.get(request.match_info["id"])
    if found is None or found.shop != shop.name:
        raise Refused(NOT_YOURS)
    return found


def _of_market(market: str, kind: str, document_format: str) -> None:
    if document_format == "ZPL" and market not in ("BR", "MX"):
        raise Refused(GATEWAY, "Invalid document_format. ZPL is only for BR and MX market.")
    if document_format == "ZPL" and kind == "SHIPPING_LABEL_PICTURE":
        raise Refused(GATEWAY, "Invalid document_format. Not applicable for SHIPPING_LABEL_PICTURE document type.")
    if kind == "INVOICE_LABEL" and market != "BR":
        raise Refused(GATEWAY, "Invalid document_type. INVOICE_LABEL is only for BR market.")


def _one_of(call: Call, name: str, allowed: Collection[str], default: str = "") -> str:
    value = call.get(name) or default
    if value not in allowed:
        raise Refused(GATEWAY, f"{name} is required, allowed: {', '.join(allowed)}")
    return value


def _number(text: str, name: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
        raise Refused(GATEWAY, f"{name} must be between {low} and {high}")
    return int(text)


def _filters(body: bytes) -> dict[str, Any]:
    try:
        wanted = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise Refused(GATEWAY, "The request body is not JSON") from None
    known = {"create_time_ge", "create_time_lt", "update_time_ge", "update_time_lt", "package_status"}
    if not isinstance(wanted, dict) or not wanted.keys() <= known:
        raise Refused(GATEWAY, f"The request body may have {', '.join(sorted(known))}")
    for name, value in wanted.items():
        if name != "package_status" and type(value) is not int:
            raise Refused(GATEWAY, f"{name} must be a Unix timestamp")
    if wanted.get("package_status") not in (None, *get_args(_PackageStatus)):
        raise Refused(GATEWAY, f"package_status allowed: {', '.join(get_args(_PackageStatus))}")
    return cast("dict[str, Any]", wanted)


def _matches(one: Package, wanted: dict[str, Any]) -> bool:
    return (
        wanted.get("package_status") in (None, one.status)
        and wanted.get("create_time_ge", 0) <= one.created < wanted.get("create_time_lt", one.created + 1)
        and wanted.get("update_time_ge", 0) <= one.updated < wanted.get("update_time_lt", one.updated + 1)
    )


def _order_of(one: Package) -> dict[str, Any]:
    skus = [{"id": sku, "name": name, "quantity": quantity} for sku, name, quantity in _ITEMS]
    return {"id": one.order_id, "skus": skus}


def _order(one: Package) -> dict[str, Any]:
    # US and UK local sellers are not told the package before it is shipped
    arranged = one.order_status in ("AWAITING_COLLECTION", *_COLLECTED)
    known = arranged or one.market not in ("US", "GB")
    item = {
        "id": one.line_item_id,
        "sku_id": _ITEMS[0][0],
        "product_name": _ITEMS[0][1],
        "seller_sku": "CANDLE-01",
        "display_status": one.order_status,
        "package_status": one.status,
        "shipping_provider_name": one.carrier,
        **({"package_id": one.package_id, "tracking_number": one.tracking_number} if known else {}),
    }
    return {
        "id": one.order_id,
        "status": one.order_status,
        "shipping_type": "TIKTOK",
        "fulfillment_type": "FULFILLMENT_BY_SELLER",
        "shipping_provider": one.carrier,
        "is_buyer_request_cancel": one.cancel_requested,
        "is_on_hold_order": one.on_hold or one.order_status == "ON_HOLD",
        "has_updated_recipient_address": False,
        "packages": [{"id": one.package_id}] if known else [],
        "line_items": [item],
        "recipient_address": {
            "name": f"Jo S*** {one.package_id[-4:]}",
            "full_address": f"742 Nowhere Avenue, Springfield {one.postcode}",
            "region_code": one.market,
            "postal_code": one.postcode,
        },
        "create_time": one.created,
        "update_time": one.updated,
    }

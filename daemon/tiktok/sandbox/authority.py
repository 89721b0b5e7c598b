"""The token host: unsigned calls that turn a seller's consent, and later a refresh token, into tokens.

Shapes: Partner Center, page authorization-overview-202407; `*_expire_in` are Unix times, not durations.
"""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from .answers import BAD_CODE, GATEWAY, NO_GRANT, REFRESH_ENDED, Refused
from .faults import FaultKind
from .keys import SANDBOX
from .misdeeds import drop, unavailable
from .world import SCOPES, Grant, Shop


async def get(request: web.Request) -> web.StreamResponse:
    """Get Access Token."""
    world = request.app[SANDBOX].world
    _of_the_app(request, "authorized_code", "auth_code")
    code = request.query["auth_code"]
    return _told(request, code, lambda: world.redeem(code), lambda: BAD_CODE)


async def refresh(request: web.Request) -> web.StreamResponse:
    """Get Refresh Token."""
    world = request.app[SANDBOX].world
    _of_the_app(request, "refresh_token", "refresh_token")
    token = request.query["refresh_token"]
    return _told(
        request, token, lambda: world.refresh(token), lambda: REFRESH_ENDED if world.refresh_ended(token) else NO_GRANT
    )


def _of_the_app(request: web.Request, grant_type: str, secret: str) -> None:
    sandbox, query = request.app[SANDBOX], request.query
    if query.get("app_key") != sandbox.app_key or query.get("app_secret") != sandbox.app_secret:
        raise Refused(GATEWAY, "Invalid credentials. Invalid `app_key` query parameter.")
    if query.get("grant_type") != grant_type or not query.get(secret):
        raise Refused(GATEWAY, f"grant_type must be {grant_type}, with {secret}")


def _told(
    request: web.Request, secret: str, issue: Callable[[], Grant | None], refusal: Callable[[], int]
) -> web.StreamResponse:
    sandbox = request.app[SANDBOX]
    fault = sandbox.faults.meet(sandbox.world.shop_behind(secret), "token")
    if fault is not None and fault.kind is FaultKind.TOKEN_UNAVAILABLE:
        return unavailable()
    grant = issue()
    if grant is None:
        raise Refused(refusal())
    if fault is not None and fault.kind is FaultKind.TOKEN_DROPPED:
        return drop(request)
    return sandbox.answers.success(_data(grant, sandbox.shops[grant.shop]), "success")


def _data(grant: Grant, shop: Shop) -> dict[str, Any]:
    return {
        "access_token": grant.access_token,
        "access_token_expire_in": grant.access_until,
        "refresh_token": grant.refresh_token,
        "refresh_token_expire_in": grant.refresh_until,
        "open_id": shop.shop_id[::-1],
        "seller_name": f"{shop.name} sandbox shop",
        "seller_base_region": shop.market,
        "user_type": 0,
        "granted_scopes": list(SCOPES),
    }

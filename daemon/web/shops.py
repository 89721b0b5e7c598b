"""What the API says of TikTok shops and does with their authorizations. No token ever leaves here."""

import json
from http import HTTPStatus

from aiohttp import web

from ..messages import iso
from ..tiktok.consent import code_in, consent_url
from ..tiktok.standing import LABEL_SCOPE, Standing
from ..tiktok.tokens import Tokens
from .keys import LABELD
from .problems import Problem
from .shapes import ShopPollJson, ShopWebhooksJson


async def shops(request: web.Request) -> web.Response:
    """Every shop with how its authorization stands, and where the seller's consent is given."""
    tokens, inbox = request.app[LABELD].tokens, request.app[LABELD].following.inbox
    found = [await _shop_json(request, one) for one in tokens.standings()] if tokens else []
    return web.json_response({"shops": found, "webhooks": None if inbox is None else dict(inbox.counts)})


async def authorize(request: web.Request) -> web.Response:
    """Take the code of a seller's consent: `{"code": "…"}`, or the whole address that TikTok sent the browser to."""
    try:
        answer = json.loads(await request.read())
    except (ValueError, RecursionError):
        answer = None
    code = answer.get("code") if isinstance(answer, dict) else None
    if not isinstance(code, str) or (code := code_in(code)) is None:
        raise Problem(HTTPStatus.BAD_REQUEST, 'give {"code": "…"}: the code, or the whole address that it stands in')
    await _tokens(request).authorize(request.match_info["name"], code)
    return await _answer(request)


async def refresh(request: web.Request) -> web.Response:
    """Make the tokens of a shop new now."""
    await _tokens(request).renew(request.match_info["name"])
    return await _answer(request)


def _tokens(request: web.Request) -> Tokens:
    tokens = request.app[LABELD].tokens
    if tokens is None:
        raise Problem(HTTPStatus.CONFLICT, "TikTok's API is not used: set tiktok.app_key, and restart labeld")
    if request.match_info["name"] not in tokens.shops:
        names = ", ".join(tokens.shops) or "none"
        raise Problem(HTTPStatus.NOT_FOUND, f"there is no shop {request.match_info['name']!r}; configured: {names}")
    return tokens


async def _answer(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    (one,) = (one for one in _tokens(request).standings() if one.shop == name)
    return web.json_response(await _shop_json(request, one))


async def _shop_json(request: web.Request, one: Standing) -> dict[str, object]:
    settings, row = request.app[LABELD].settings.tiktok, one.row
    told: dict[str, object] = {
        "name": one.shop,
        "shop_id": settings.shops[one.shop].shop_id,
        "market": settings.shops[one.shop].market,
        "authorized": one.trouble is None,
        "trouble": one.trouble,
        "warning": one.warning,
        "consent": consent_url(settings, settings.shops[one.shop]),
        "webhooks": await _webhooks_json(request, one.shop),
        "poll": await _poll_json(request, one.shop),
    }
    if row is None:
        return told
    return {
        **told,
        "seller": row.seller,
        "region": row.region,
        "scopes": list(row.scopes),
        "missing_scope": LABEL_SCOPE if row.scopes and LABEL_SCOPE not in row.scopes else None,
        "authorized_at": iso(row.authorized_at),
        "refreshed_at": iso(row.refreshed_at),
        "access_expires": iso(row.access_expires),
        "authorization_expires": iso(row.refresh_expires),
        "error": row.error,
        "error_at": iso(row.error_at),
    }


async def _webhooks_json(request: web.Request, shop: str) -> ShopWebhooksJson | None:
    """How the webhooks of a shop go; None where none are taken in."""
    labeld = request.app[LABELD]
    if labeld.following.inbox is None:
        return None
    received = await labeld.store.notifications_of(shop)
    return {"last_at": iso(received.last_at), "waiting": received.waiting, "waits_because": received.words}


async def _poll_json(request: web.Request, shop: str) -> ShopPollJson | None:
    """How the polling of a shop goes; None where it is not polled."""
    labeld = request.app[LABELD]
    poller = labeld.following.poller
    if poller is None or shop not in poller.health:
        return None
    health, polled = poller.health[shop], await labeld.store.polled(shop)
    return {
        "last_at": iso(health.at),
        "reached": iso(polled.reached if polled else None),
        "found": health.found,
        "error": health.error,
    }

"""How the sandbox itself is told what to do: `/sandbox/...`, JSON in and out, without signatures."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .faults import Fault
from .keys import SANDBOX
from .webhooks import on_this_host
from .world import OrderStatus, Package

ROOT = "/sandbox/"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _NewPackages(_Body):
    shop: str
    count: Annotated[int, Field(ge=1, le=1000)] = 1
    order_status: OrderStatus = "AWAITING_COLLECTION"
    on_hold: bool = False
    cancel_requested: bool = False
    tracking_number: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{4,40}$")] | None = None


class _Change(_Body):
    order_status: OrderStatus | None = None
    on_hold: bool | None = None
    cancel_requested: bool | None = None


class _NewFault(_Body):
    fault: str
    shop: str | None = None


class _Authorize(_Body):
    shop: str


class _NewWebhook(_Body):
    url: str
    shop: str
    type: int
    data: dict[str, Any]
    times: Annotated[int, Field(ge=1, le=20)] = 1


async def packages(request: web.Request) -> web.Response:
    """All packages."""
    return web.json_response([_shown(one) for one in request.app[SANDBOX].packages.values()])


async def add_packages(request: web.Request) -> web.Response:
    """New packages of a shop."""
    sandbox = request.app[SANDBOX]
    wanted = _NewPackages.model_validate_json(await request.read())
    fields = wanted.model_dump(exclude={"shop", "count"})
    made = [sandbox.add(wanted.shop, **fields) for _ in range(wanted.count)]
    for one in made:
        sandbox.webhooks.changed(one)
    return web.json_response([_shown(one) for one in made], status=201)


async def change_package(request: web.Request) -> web.Response:
    """What is given of a package changes."""
    sandbox = request.app[SANDBOX]
    wanted = _Change.model_validate_json(await request.read())
    changed = sandbox.world.change(request.match_info["id"], **wanted.model_dump())
    sandbox.webhooks.changed(changed)
    return web.json_response(_shown(changed))


async def faults(request: web.Request) -> web.Response:
    """What is wrong."""
    return web.json_response([str(fault) for fault in request.app[SANDBOX].faults.waiting])


async def add_fault(request: web.Request) -> web.Response:
    """One thing more is wrong."""
    sandbox = request.app[SANDBOX]
    wanted = _NewFault.model_validate_json(await request.read())
    if wanted.shop is not None and wanted.shop not in sandbox.shops:
        raise KeyError(wanted.shop)
    sandbox.faults.add(Fault.parse(wanted.fault, wanted.shop))
    return await faults(request)


async def clear_faults(request: web.Request) -> web.Response:
    """Nothing is wrong any more."""
    request.app[SANDBOX].faults.clear()
    return await faults(request)


async def authorize(request: web.Request) -> web.Response:
    """A seller's consent: a code for Get Access Token."""
    wanted = _Authorize.model_validate_json(await request.read())
    return web.json_response({"auth_code": request.app[SANDBOX].auth_code(wanted.shop)})


async def webhook(request: web.Request) -> web.Response:
    """Post a webhook to a server on this host, and tell how it answered."""
    wanted = _NewWebhook.model_validate_json(await request.read())
    post = request.app[SANDBOX].webhooks.post
    status = await post(on_this_host(wanted.url), wanted.shop, wanted.type, wanted.data, wanted.times)
    return web.json_response({"status": status})


async def log(request: web.Request) -> web.Response:
    """What was asked and what went wrong, in counts."""
    return web.json_response(request.app[SANDBOX].log())


async def answered(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answers mistakes with one line."""
    try:
        return await handler(request)
    except ValidationError as error:
        first = error.errors()[0]
        because = f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}"
    except KeyError as error:
        because = f"there is no {error.args[0]}"
    except ValueError as error:
        because = str(error)
    return web.Response(status=400, text=json.dumps({"error": because}), content_type="application/json")


def _shown(package: Package) -> dict[str, Any]:
    return asdict(package) | {"package_status": package.status}


ROUTES = [
    web.get(ROOT + "packages", packages),
    web.post(ROOT + "packages", add_packages),
    web.patch(ROOT + "packages/{id}", change_package),
    web.get(ROOT + "faults", faults),
    web.post(ROOT + "faults", add_fault),
    web.delete(ROOT + "faults", clear_faults),
    web.post(ROOT + "authorize", authorize),
    web.post(ROOT + "webhooks", webhook),
    web.get(ROOT + "log", log),
]

"""Faults that any call of a host may meet, done to its answer."""

import asyncio

from aiohttp import web

from .answers import EXPIRED, GATEWAY, INVALID_TOKEN, TOO_MANY, Refused
from .faults import Fault, FaultKind
from .world import World


def drop(request: web.Request) -> web.Response:
    """Close the connection of a call before any answer; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def unavailable() -> web.Response:
    """As a gateway that is overloaded answers: no JSON."""
    return web.Response(status=503, text="Service Unavailable", headers={"Connection": "close"})


class Instead(Exception):
    """What a call gets in place of its answer."""

    def __init__(self, answer: web.StreamResponse) -> None:
        super().__init__()
        self.answer = answer


async def befall(request: web.Request, fault: Fault, world: World, shop: str, token: str) -> None:
    """Do to a signed call what its fault says.

    Raises:
        Refused: the fault is an error.
        Instead: the call has no answer of its own.
    """
    match fault.kind:
        case FaultKind.EXPIRED_TOKEN:
            world.expire(token)
            raise Refused(EXPIRED)
        case FaultKind.AUTHORIZATION_ENDED:
            world.end_authorization(shop)
            world.expire(token)
            raise Refused(EXPIRED)
        case FaultKind.REVOKED:
            world.revoke(shop)
            raise Refused(GATEWAY, INVALID_TOKEN)
        case FaultKind.RATE_LIMIT:
            raise Refused(TOO_MANY, retry_after=fault.number or None)
        case FaultKind.ERROR:
            raise Refused(int(fault.number))
        case FaultKind.UNAVAILABLE:
            raise Instead(unavailable())
        case FaultKind.GARBAGE:
            raise Instead(web.Response(text='{"code":0,"data":{"doc_', content_type="application/json"))
        case FaultKind.DROPPED:
            raise Instead(drop(request))
        case FaultKind.SLOW:
            await asyncio.sleep(fault.number)

"""Errors as problem documents (RFC 9457): one sentence that says what is wrong and what to do."""

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from ..errors import (
    AdoptionRefused,
    EventRejected,
    IllegalTransition,
    NoSuchJob,
    NoSuchPrinter,
    NoSuchUpload,
    PrinterRefuses,
    StoreUnavailable,
    UploadRefused,
)
from ..fetching.document import NeedsPerson, TryLater
from ..rendering.pool import RenderFailed

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
_STATUS = {
    NoSuchJob: HTTPStatus.NOT_FOUND,
    NoSuchPrinter: HTTPStatus.NOT_FOUND,
    NoSuchUpload: HTTPStatus.NOT_FOUND,
    UploadRefused: HTTPStatus.CONFLICT,
    PrinterRefuses: HTTPStatus.CONFLICT,
    RenderFailed: HTTPStatus.INTERNAL_SERVER_ERROR,
    IllegalTransition: HTTPStatus.CONFLICT,
    AdoptionRefused: HTTPStatus.CONFLICT,
    EventRejected: HTTPStatus.UNPROCESSABLE_ENTITY,
    NeedsPerson: HTTPStatus.CONFLICT,
    TryLater: HTTPStatus.BAD_GATEWAY,
}


class Problem(Exception):
    """Ends a request with a problem document."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)


def problem(
    status: int, detail: str, *, headers: Mapping[str, str] | None = None, extra: Mapping[str, object] | None = None
) -> web.Response:
    """A problem document; `extra` are extension members (RFC 9457 section 3.2)."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    body = json.dumps({**document, **(extra or {})}, ensure_ascii=False).encode()
    return web.Response(status=status, body=body, content_type=CONTENT_TYPE, headers=headers)


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever a handler raises into a problem document."""
    try:
        return await handler(request)
    except Problem as error:
        return problem(error.status, str(error), headers=error.headers)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        return _of_aiohttp(request, error)
    except ConnectionError:
        raise  # the client is gone: nobody to tell
    except StoreUnavailable as error:
        return _unavailable(str(error))
    except Exception as error:
        for kind, status in _STATUS.items():
            if isinstance(error, kind):
                return problem(status, str(error))
        log.exception("%s %s failed", request.method, request.path)
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "labeld failed on this request; its log says why")


def _unavailable(detail: str) -> web.Response:
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "2"})


def _of_aiohttp(request: web.Request, error: web.HTTPException) -> web.Response:
    if isinstance(error, web.HTTPNotFound):
        return problem(error.status, f"there is nothing at {request.path}")
    if isinstance(error, web.HTTPMethodNotAllowed):
        allow = ", ".join(sorted(error.allowed_methods))
        return problem(error.status, f"{request.method} is not possible here, but {allow}", headers={"Allow": allow})
    return problem(error.status, error.text or error.reason)

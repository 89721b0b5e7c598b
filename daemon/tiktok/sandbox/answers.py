"""What the API answers: its envelope, and its errors with the words of Partner Center's page "Common errors"."""

import random
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

# pages of partner.tiktokshop.com/docv2/page: common-errors, get-package-shipping-document-202309.
# Texts of codes above 10000000 are as callers saw them, or said in the same manner where nobody published them.
EXPIRED, NO_SCOPE, BAD_SIGN, NO_CIPHER, BAD_TOKEN = 105002, 105005, 106001, 106013, 101000
GATEWAY, BAD_PATH, BAD_METHOD, BAD_FORMAT = 36009004, 36009009, 36009010, 36009022
TOO_MANY, INTERNAL = 36009002, 36009003
REFRESH_ENDED, BAD_CODE, NO_GRANT = 36004001, 36004004, 36004005
COLLECTED, NOT_ARRANGED, CANCELLING, NOT_YOURS = 21042102, 21042104, 21011041, 21008111

MESSAGES = {
    EXPIRED: "Expired credentials. The `access_token` or `x-tts-access-token` header has expired.",
    NO_SCOPE: "Access denied. The app is not authorized to access the endpoint because the access scopes granted for "
    "the app or the access token do not contain the required access scope for the endpoint.",
    BAD_SIGN: "Invalid credentials. The `sign` query parameter is invalid.",
    NO_CIPHER: "Missing identifier. The `shop_cipher` query parameter is required to identify the target shop.",
    BAD_TOKEN: "Invalid query or header. The `category_asset_cipher` query parameter or `x-tts-access-token` header is "
    "invalid.",
    BAD_PATH: "Invalid path. The specified path does not match any available endpoint.",
    BAD_METHOD: "Invalid method. The HTTP method used is not supported by this endpoint.",
    BAD_FORMAT: "Invalid request format. The request body format must be `application/json` for structured data or "
    "`multipart/form-data` for binary files.",
    TOO_MANY: "Too many requests. You've made too many requests in a short period of time.",
    INTERNAL: "Internal error. Please try again. If the issue persists after multiple attempts, please contact "
    "platform support.",
    36009007: "Request timeout. The request to the endpoint timed out.",
    36009033: "Access denied. Your IP address is not in the IP allow list configured for this app.",
    REFRESH_ENDED: "refresh_token expired",
    BAD_CODE: "Invalid auth code.",
    NO_GRANT: "authorization record not found",
    COLLECTED: "Documents couldn't be printed after the package has been pickup",
    NOT_ARRANGED: "Documents couldn't be printed before shipped",
    10007014: "The package is in freeze status",
    21008025: "The order is fulfilled by TikTok",
    21008106: "This API is not available in this region",
    NOT_YOURS: "The package does not belong to this shop",
    CANCELLING: "The order has a pending cancellation request",
    21008044: "The pickup slot is not available",
    21011053: "The time is outside of the pickup slot",
}
#: words of `GATEWAY` for a token that never was, or was withdrawn
INVALID_TOKEN = "Invalid credentials. The `x-tts-access-token` header is invalid."  # noqa: S105  # a message
#: HTTP status of gateway errors; all others are told with 200
_STATUS = {
    EXPIRED: 401,
    BAD_SIGN: 401,
    NO_SCOPE: 403,
    36009033: 403,
    BAD_PATH: 404,
    BAD_METHOD: 405,
    36009007: 408,
    TOO_MANY: 429,
    INTERNAL: 500,
    NO_CIPHER: 400,
    BAD_TOKEN: 400,
    GATEWAY: 400,
    BAD_FORMAT: 400,
}


class Refused(Exception):
    """A call that is answered with an error; `message` replaces the usual words of `code`."""

    def __init__(self, code: int, message: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message or MESSAGES.get(code, "Unknown error"))
        self.code = code
        self.retry_after = retry_after


class Answers:
    """Writes answers, each with a `request_id` of its own: the time in UTC and twenty hexadecimal digits."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def success(self, data: dict[str, Any], message: str = "Success") -> web.Response:
        """What the call asked for."""
        return web.json_response({"code": 0, "data": data, "message": message, "request_id": self._request_id()})

    def refusal(self, because: Refused, *, status: int | None = None) -> web.Response:
        """An error, without data."""
        answer = web.json_response(
            {"code": because.code, "message": str(because), "request_id": self._request_id()},
            status=status or _STATUS.get(because.code, 200),
        )
        if because.retry_after is not None:
            answer.headers["Retry-After"] = f"{because.retry_after:g}"
        return answer

    def _request_id(self) -> str:
        return f"{datetime.now(UTC):%Y%m%d%H%M%S}{self._chance.getrandbits(80):020X}"

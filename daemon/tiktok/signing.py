"""TikTok Shop's signatures: of requests, and of webhooks. Pure.

Source: Partner Center, "Sign your API request" and "TTS webhooks overview".
"""

import hashlib
import hmac
from collections.abc import Mapping

_UNSIGNED = frozenset({"sign", "access_token"})


def sign(secret: str, path: str, query: Mapping[str, str], body: bytes = b"") -> str:
    """The `sign` of a request, as lowercase hex.

    Args:
        secret: the app's secret.
        path: of the URL, without host and query.
        query: decoded values; `sign` and `access_token` are left out, the rest is sorted by the bytes of its key.
        body: exactly the bytes that are sent; nothing for multipart/form-data.
    """
    pairs = sorted((key.encode(), value.encode()) for key, value in query.items() if key not in _UNSIGNED)
    parts = [path.encode(), *(key + value for key, value in pairs), body]
    return _digest(secret, secret.encode() + b"".join(parts) + secret.encode())


def webhook_signature(secret: str, app_key: str, body: bytes) -> str:
    """What the `Authorization` header of a genuine webhook holds, as lowercase hex.

    Args:
        secret: the app's secret.
        app_key: the app's key.
        body: of the request, as it came.
    """
    return _digest(secret, app_key.encode() + body)


def _digest(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()

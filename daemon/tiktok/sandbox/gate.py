"""What TikTok's gateway asks of a signed call, in the order in which it looks.

Source: Partner Center, pages sign-your-api-request, common-errors and tts-webhooks-overview. It is written without the
client's own signing, so that each proves the other.
"""

import hmac
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from .answers import BAD_FORMAT, BAD_SIGN, BAD_TOKEN, EXPIRED, GATEWAY, INVALID_TOKEN, NO_CIPHER, Refused
from .world import Shop, World

_EARLY_SECONDS, _LATE_SECONDS = 300, 30
#: what the gateway reads of any query; TikTok's testing tool writes `access_token`, `version` and `shop_id` too
_OWN = frozenset({"app_key", "timestamp", "sign", "access_token", "version", "shop_id"})


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it came: decoded path and query, the bytes of its body, and the headers that matter."""

    path: str
    query: tuple[tuple[str, str], ...]
    body: bytes
    content_type: str
    token: str

    def get(self, name: str) -> str:
        """A parameter; empty where it is absent."""
        return next((value for key, value in self.query if key == name), "")


def signature(secret: str, path: str, query: Iterable[tuple[str, str]], body: bytes = b"") -> str:
    """What `sign` must be: HMAC-SHA256 of secret, path, sorted parameters, body and secret again, in hexadecimal."""
    mixed = hmac.new(secret.encode(), digestmod="sha256")
    mixed.update(secret.encode() + path.encode())
    for name, value in sorted(query, key=lambda pair: pair[0].encode()):
        if name not in ("sign", "access_token"):
            mixed.update(name.encode() + value.encode())
    mixed.update(body + secret.encode())
    return mixed.hexdigest()


def webhook_signature(secret: str, app_key: str, body: bytes) -> str:
    """What a webhook carries in `Authorization`: HMAC-SHA256 of key and body, in hexadecimal."""
    return hmac.digest(secret.encode(), app_key.encode() + body, "sha256").hex()


def admit(
    call: Call,
    world: World,
    app_key: str,
    app_secret: str,
    parameters: Collection[str] = (),
    *,
    of_shop: bool = True,
) -> Shop:
    """The shop that a call is for.

    Args:
        call: what came.
        world: the shops and their tokens.
        app_key: the app's.
        app_secret: the app's.
        parameters: what the endpoint knows besides `shop_cipher`.
        of_shop: whether it takes a `shop_cipher`; else the token tells the shop.

    Raises:
        Refused: it is not let in.
    """
    if call.get("app_key") != app_key:
        raise Refused(GATEWAY, "Invalid credentials. Invalid `app_key` query parameter.")
    _in_time(call.get("timestamp"), world.now())
    _signed(call, app_secret)
    if not call.token or (grant := world.granted(call.token)) is None:
        raise Refused(GATEWAY, INVALID_TOKEN)
    if grant.access_until <= world.now():
        raise Refused(EXPIRED)
    shop = world.shops[grant.shop]
    _identified(call, shop, of_shop=of_shop)
    known = {*_OWN, *parameters, *(("shop_cipher",) if of_shop else ())}
    names = [name for name, _ in call.query]
    for name in names:
        if name not in known or names.count(name) > 1:
            raise Refused(GATEWAY, f"Unexpected parameter. The `{name[:40]}` query parameter is not required.")
    if call.body and call.content_type != "application/json":
        raise Refused(BAD_FORMAT)
    return shop


def _identified(call: Call, shop: Shop, *, of_shop: bool) -> None:
    cipher = call.get("shop_cipher")
    if cipher and not of_shop:
        raise Refused(
            GATEWAY, "Unexpected identifier. The `shop_cipher` query parameter is not required for this request."
        )
    if of_shop and not cipher:
        raise Refused(NO_CIPHER)
    if of_shop and cipher != shop.cipher:
        raise Refused(BAD_TOKEN)
    if call.get("shop_id") not in ("", shop.shop_id):
        raise Refused(GATEWAY, "Invalid identifier. The `shop_id` query parameter is invalid.")


def _in_time(text: str, now: int) -> None:
    if re.fullmatch("-?[0-9]{1,15}", text) is None:
        raise Refused(GATEWAY, "Invalid timestamp. The value of the `timestamp` query parameter is invalid.")
    subject = "Invalid timestamp. The value of the `timestamp` query parameter must not"
    stamp = int(text)
    if stamp < 0:
        raise Refused(GATEWAY, f"{subject} be lesser than 0.")
    if stamp < now - _EARLY_SECONDS:
        raise Refused(GATEWAY, f"{subject} be earlier than 5 minutes before the current time.")
    if stamp > now + _LATE_SECONDS:
        raise Refused(GATEWAY, f"{subject} exceed the current time by more than 30 seconds.")


def _signed(call: Call, secret: str) -> None:
    sign = call.get("sign")
    if not sign:
        raise Refused(GATEWAY, "Missing credentials. The request does not include a required signature in the query.")
    body = b"" if call.content_type.startswith("multipart/") else call.body
    if not hmac.compare_digest(sign.encode(), signature(secret, call.path, call.query, body).encode()):
        raise Refused(BAD_SIGN)

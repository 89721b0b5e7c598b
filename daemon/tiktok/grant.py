"""What TikTok's token host answers. Pure."""

import json
import math
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus

from ..fetching.document import FetchFailed, NeedsPerson, TryLater

#: refresh token expired, wrong code, no authorization: only the seller can mend it
_REAUTHORIZE = frozenset({36004001, 36004004, 36004005})
#: too many calls; internal error, time-out
_RATE, _BUSY = 36009002, frozenset({36009003, 36009007})
#: the app is not what TikTok knows: key, secret, scope, address
_APP = frozenset({36009004, 36009009, 36009033, 105005, 106001, 101000})
#: below this, a number is no Unix time (2001) but a duration
_FIRST_TIME = 1e9
#: an access token lives so long where the answer does not say (seen: always)
_ACCESS_SECONDS = 7 * 86400.0
#: what ends later is unlimited: TikTok says 2122
UNLIMITED_SECONDS = 10 * 365 * 86400.0
_WORDS = 160
_SCOPES = 100


class Reauthorize(NeedsPerson):
    """The authorization is gone or has ended; the seller must give it again."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Tokens of a seller, and what they are good for. Times are Unix seconds."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    access_expires: float
    #: None: not told
    refresh_expires: float | None
    seller: str | None = None
    region: str | None = None
    scopes: tuple[str, ...] = ()


def expiry(value: object, now: float) -> float | None:
    """When something ends, of an `*_expire_in`: a Unix time, though one that is obviously a duration is taken as that.

    None where it is no time.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(number) or number <= 0:
        return None
    return number if number >= _FIRST_TIME else now + number


def grant_from(status: int, retry_after: str | None, body: bytes, now: float, hide: Collection[str]) -> Grant:
    """The tokens of an answer; `refresh` is empty where it brings no new one.

    Args:
        status: HTTP's.
        retry_after: the header, where there is one.
        body: as it came.
        now: Unix seconds.
        hide: secrets that TikTok's words may not repeat.

    Raises:
        Reauthorize: the seller must authorize again.
        NeedsPerson: the app is not what TikTok knows.
        TryLater: too many calls, a fault of TikTok's, or an answer that is none.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    code = answer.get("code") if isinstance(answer, dict) else None
    code = code if isinstance(code, int) else None
    if status == 429 or code == _RATE:
        raise TryLater("TikTok's token host has too many calls", after=_seconds(retry_after))
    if status >= 500 or code in _BUSY:
        raise TryLater(f"TikTok's token host fails ({code or f'HTTP {status}'})", after=_seconds(retry_after))
    if not isinstance(answer, dict) or code is None:
        raise _unread(status)
    if code != 0:
        raise _refused(code, str(answer.get("message", "")), hide)
    data = answer.get("data")
    if status >= 300 or not isinstance(data, dict) or not _token(data.get("access_token")):
        raise _unread(status)
    return _grant(data, now)


def _grant(data: dict[str, Any], now: float) -> Grant:
    # a pair of tokens is never thrown away for what is wrong beside it
    scopes = data.get("granted_scopes")
    return Grant(
        access=data["access_token"],
        refresh=data["refresh_token"] if _token(data.get("refresh_token")) else "",
        access_expires=expiry(data.get("access_token_expire_in"), now) or now + _ACCESS_SECONDS,
        refresh_expires=expiry(data.get("refresh_token_expire_in"), now),
        seller=_words(data.get("seller_name")),
        region=_words(data.get("seller_base_region")),
        scopes=tuple(words for one in scopes[:_SCOPES] if (words := _words(one))) if isinstance(scopes, list) else (),
    )


def _refused(code: int, message: str, hide: Collection[str]) -> FetchFailed:
    for secret in hide:
        for form in (secret, quote(secret, safe=""), quote_plus(secret)):
            message = message.replace(form, "…") if form else message
    words = f"{code}: {_words(message) or 'no reason'}"
    if code in _REAUTHORIZE:
        return Reauthorize(f"TikTok says {words}")
    if code in _APP:
        return NeedsPerson(f"TikTok does not know the app ({words}): check tiktok.app_key and the app secret")
    return TryLater(f"TikTok's token host says {words}")


def _unread(status: int) -> FetchFailed:
    if 300 <= status < 500:
        return NeedsPerson(f"there is no token host there (HTTP {status}): check tiktok.authority")
    return TryLater("TikTok's token host answers what cannot be understood")


def _token(value: object) -> bool:
    # it goes into a header: no controls, and no more than a header takes
    return isinstance(value, str) and 0 < len(value) <= 4000 and value.isascii() and value.isprintable()


def _words(value: object) -> str | None:
    """A text of theirs in one short line."""
    if not isinstance(value, str):
        return None
    text = "".join(letter if letter.isprintable() else " " for letter in value[: 4 * _WORDS])
    return " ".join(text.split())[:_WORDS] or None


def _seconds(retry_after: str | None) -> float | None:
    if retry_after is None or not (retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 6):
        return None
    return float(retry_after)

"""How the authorization of a shop stands, in words. Pure."""

from dataclasses import dataclass

from ..messages import iso
from ..store.tokens import ShopTokens
from .grant import UNLIMITED_SECONDS

#: days before its end at which an authorization is told to end
ALERT_DAYS = (30, 3)
#: what the app must be allowed to, or there are no labels
LABEL_SCOPE = "seller.fulfillment.basic"
_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Standing:
    """A shop's authorization, for people. No token in it.

    Attributes:
        trouble: why no call can be made for it, and what to do; None where they can.
        warning: what will be the matter, and what to do.
    """

    shop: str
    row: ShopTokens | None
    trouble: str | None
    warning: str | None


def advice(shop: str) -> str:
    """What to do where only the seller can mend it."""
    return f"run labeld tiktok authorize {shop}"


def due(row: ShopTokens, now: float, before: float) -> bool:
    """Whether the access token is to be made new: it ends within `before` seconds, or a crash hid its successor."""
    return row.refused is None and (now >= row.access_expires - before or row.refreshing_since is not None)


def refused_words(row: ShopTokens, because: str) -> str:
    """Why the seller must authorize again, where TikTok refused the refresh token."""
    words = f"shop {row.shop} needs authorization: {because}"
    if row.refreshing_since is not None:
        words += f"; the answer to the refresh of {iso(row.refreshing_since)} was lost, and new tokens with it, perhaps"
    return f"{words}; {advice(row.shop)}"


def days_left(row: ShopTokens, now: float) -> int | None:
    """Whole days until the authorization ends; None where it does not, or nobody knows."""
    if row.refresh_expires is None or row.refresh_expires - now > UNLIMITED_SECONDS:
        return None
    return max(0, int((row.refresh_expires - now) // _DAY))


def alert_due(row: ShopTokens, now: float) -> int | None:
    """The alert that is to be given now, in days before the end; 0: it has ended. None where none is, or it was."""
    left = days_left(row, now)
    reached = [days for days in ALERT_DAYS if left is not None and left < days]
    if row.refused is not None or (row.refresh_expires is not None and now >= row.refresh_expires):
        reached.append(0)
    return min(reached) if reached and (row.alerted is None or min(reached) < row.alerted) else None


def ending_words(row: ShopTokens, now: float) -> str | None:
    """That an authorization ends, or cannot be used any more; None where it goes on."""
    if row.refused is not None:
        return row.refused
    left = days_left(row, now)
    if left is None or left >= ALERT_DAYS[0]:
        return None
    when = "has ended" if row.refresh_expires is not None and now >= row.refresh_expires else f"ends in {left} days"
    when = when.replace("in 0 days", "today").replace("in 1 days", "in 1 day")
    return f"the authorization of shop {row.shop} {when} ({iso(row.refresh_expires)}): {advice(row.shop)}"

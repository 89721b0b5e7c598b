"""What there is in the sandbox: shops, their packages, and who may call for them. In memory, the same for a seed."""

import base64
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

#: an access token lives for 7 days, and a refresh token as long as the seller chose; here a year
ACCESS_SECONDS, REFRESH_SECONDS = 7 * 86400, 365 * 86400
SCOPES = ("seller.authorization.info", "seller.fulfillment.basic", "seller.order.info")

OrderStatus = Literal[
    "UNPAID",
    "ON_HOLD",
    "AWAITING_SHIPMENT",
    "PARTIALLY_SHIPPING",
    "AWAITING_COLLECTION",
    "IN_TRANSIT",
    "DELIVERED",
    "COMPLETED",
    "CANCELLED",
]
#: What a package's own status is while its order has this one (Search Package 202309, `package_status`).
_PACKAGE_STATUS = {
    "AWAITING_COLLECTION": "PROCESSING",
    "IN_TRANSIT": "FULFILLING",
    "DELIVERED": "COMPLETED",
    "COMPLETED": "COMPLETED",
    "CANCELLED": "CANCELLED",
}
_CARRIERS = {"US": "USPS", "GB": "Evri", "BR": "Correios", "MX": "Estafeta", "DE": "Hermes", "FR": "Colis Prive"}


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop as Get Authorized Shops tells it; `market` is its region."""

    name: str
    shop_id: str
    market: str
    cipher: str
    code: str


@dataclass(frozen=True, slots=True)
class Package:
    """A package of one order.

    Attributes:
        shop: name of its shop.
        order_status: there is a label while it is AWAITING_COLLECTION; before nothing is arranged, after it is gone.
        on_hold: the order is in its hour of remorse.
        cancel_requested: the buyer asked for a cancellation that the seller has not answered.
    """

    package_id: str
    order_id: str
    line_item_id: str
    shop: str
    market: str
    tracking_number: str
    carrier: str
    postcode: str
    created: int
    updated: int
    order_status: OrderStatus = "AWAITING_COLLECTION"
    on_hold: bool = False
    cancel_requested: bool = False

    @property
    def status(self) -> str:
        """`package_status` of the API."""
        return _PACKAGE_STATUS.get(self.order_status, "TO_FULFILL")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a seller allowed the app: its tokens, and until when they are good, in Unix seconds."""

    shop: str
    access_token: str
    access_until: int
    refresh_token: str
    refresh_until: int


@dataclass(slots=True)
class World:
    """All of it.

    Args:
        chance: where numbers and tokens come from.
        clock: Unix seconds.
        token_seconds: life of an access token.
        one_refresh: whether a refresh token dies when it was used; else the old one goes on beside the new one.
    """

    chance: random.Random
    clock: Callable[[], float]
    token_seconds: float = ACCESS_SECONDS
    one_refresh: bool = False
    shops: dict[str, Shop] = field(default_factory=dict)
    packages: dict[str, Package] = field(default_factory=dict)
    #: by access token and by refresh token; what is not there never was, or was withdrawn
    _access: dict[str, Grant] = field(default_factory=dict)
    _refresh: dict[str, Grant] = field(default_factory=dict)
    _codes: dict[str, str] = field(default_factory=dict)

    def now(self) -> int:
        """Unix seconds."""
        return int(self.clock())

    def open_shop(self, name: str, market: str) -> Shop:
        """A new shop."""
        shop = Shop(
            name, self.number(7495), market, f"GCP_{self._word(24)}", f"{market}LC{self.chance.randrange(36**6):07X}"
        )
        self.shops[name] = shop
        return shop

    def add(
        self,
        shop: str,
        *,
        order_status: OrderStatus = "AWAITING_COLLECTION",
        on_hold: bool = False,
        cancel_requested: bool = False,
        tracking_number: str | None = None,
    ) -> Package:
        """A new package of a shop.

        Raises:
            KeyError: no such shop.
        """
        market, now = self.shops[shop].market, self.now()
        number = tracking_number or (self._usps_number() if market == "US" else f"JX{self._digits(13)}")
        package = Package(
            package_id=self.number(1152),
            order_id=self.number(5766),
            line_item_id=self.number(5770),
            shop=shop,
            market=market,
            tracking_number=number,
            carrier=_CARRIERS.get(market, "J&T Express"),
            postcode=self._digits(5),
            created=now,
            updated=now,
            order_status=order_status,
            on_hold=on_hold,
            cancel_requested=cancel_requested,
        )
        self.packages[package.package_id] = package
        return package

    def change(
        self,
        package_id: str,
        *,
        order_status: OrderStatus | None = None,
        on_hold: bool | None = None,
        cancel_requested: bool | None = None,
    ) -> Package:
        """The package with what is given changed.

        Raises:
            KeyError: no such package.
        """
        old = self.packages[package_id]
        self.packages[package_id] = replace(
            old,
            order_status=order_status or old.order_status,
            on_hold=old.on_hold if on_hold is None else on_hold,
            cancel_requested=old.cancel_requested if cancel_requested is None else cancel_requested,
            updated=self.now(),
        )
        return self.packages[package_id]

    def auth_code(self, shop: str) -> str:
        """A code as the seller's consent brings it: good for one Get Access Token.

        Raises:
            KeyError: no such shop.
        """
        code = f"{self.shops[shop].market}_{self._word(32)}"
        self._codes[code] = shop
        return code

    def redeem(self, code: str) -> Grant | None:
        """Tokens for an `auth_code` that was not used yet."""
        shop = self._codes.pop(code, None)
        return None if shop is None else self.grant(shop)

    def grant(self, shop: str) -> Grant:
        """Tokens of a shop, as if its seller had just consented."""
        return self._issue(shop, self.now() + REFRESH_SECONDS)

    def refresh(self, token: str) -> Grant | None:
        """New tokens for a refresh token; None: there is no authorization behind it, or it has ended.

        The end of the authorization stays what it was.
        """
        old = self._refresh.get(token)
        if old is None or old.refresh_until <= self.now():
            return None
        if self.one_refresh:
            del self._refresh[token]
        return self._issue(old.shop, old.refresh_until)

    def refresh_ended(self, token: str) -> bool:
        """Whether a refresh token was good once."""
        old = self._refresh.get(token)
        return old is not None and old.refresh_until <= self.now()

    def shop_behind(self, secret: str) -> str | None:
        """The shop of an authorization code or a refresh token."""
        grant = self._refresh.get(secret)
        return self._codes.get(secret) if grant is None else grant.shop

    def granted(self, token: str) -> Grant | None:
        """What an access token stands for, ended or not; None: it never was, or was withdrawn."""
        return self._access.get(token)

    def expire(self, token: str) -> None:
        """End an access token now."""
        self._access[token] = replace(self._access[token], access_until=self.now() - 1)

    def end_authorization(self, shop: str) -> None:
        """As if the time that the seller gave were over: no refresh token works, access tokens do while they live."""
        for token, grant in self._refresh.items():
            if grant.shop == shop:
                self._refresh[token] = replace(grant, refresh_until=self.now() - 1)

    def revoke(self, shop: str) -> None:
        """The seller withdraws: nothing that was issued works any more."""
        for tokens in (self._access, self._refresh):
            for token in [token for token, grant in tokens.items() if grant.shop == shop]:
                del tokens[token]

    def number(self, prefix: int) -> str:
        """A number of 19 digits, as TikTok's are."""
        return f"{prefix}{self._digits(15)}"

    def hexadecimal(self, digits: int) -> str:
        """So many hexadecimal digits."""
        return f"{self.chance.getrandbits(4 * digits):0{digits}x}"

    def _issue(self, shop: str, until: int) -> Grant:
        ends = self.now() + max(int(self.token_seconds), 1)
        grant = Grant(shop, f"TTP_{self._word(60)}", ends, f"TTP_{self._word(48)}", until)
        self._access[grant.access_token] = self._refresh[grant.refresh_token] = grant
        return grant

    def _word(self, length: int) -> str:
        return base64.urlsafe_b64encode(self.chance.randbytes(length)).decode()[:length].rstrip("=-_")

    def _digits(self, count: int) -> str:
        return "".join(self.chance.choices("0123456789", k=count))

    def _usps_number(self) -> str:
        """22 digits of an Intelligent Mail package barcode, the last one to check (mod 10, weights 3 and 1)."""
        body = f"9400{self._digits(17)}"
        return body + str(check_digit(body))


def check_digit(digits: Iterable[str]) -> int:
    """The check digit of a GS1 or USPS number (USPS Publication 199, appendix): weights 3 and 1 from the right."""
    weighted = (int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(list(digits))))
    return -sum(weighted) % 10

"""The tables of where labels come from: links, TikTok Shop's API, a watched folder."""

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator, model_validator

from .section import Name, Section, Word, nearest

#: TikTok's document hosts and the domains above them
_HOSTS = (
    "tiktokshop.com",
    "tiktokglobalshop.com",
    "tiktokapis.com",
    "byteoversea.com",
    "tiktokstatic.com",
    "tiktok.com",
)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("is an origin like https://host or https://host:port, without a path")
    if parts.username or parts.password:
        raise ValueError("holds no user name and no password")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ValueError("is https, but for a sandbox on this host")
    return text.rstrip("/")


def _loopback_origin(text: str) -> str:
    if urlsplit(_origin(text)).hostname not in _LOOPBACK:
        raise ValueError("is an origin on this host, like http://127.0.0.1:8899")
    return text.rstrip("/")


def _host(text: str) -> str:
    if not re.fullmatch(
        r"(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+(?!-)(?=[a-z0-9-]*[a-z])[a-z0-9-]{1,63}(?<!-)", text.lower()
    ):
        raise ValueError("is a host's name like tiktokshop.com, without scheme, port, path or *")
    return text.lower()


Market = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Version = Annotated[str, Field(pattern="^20[0-9]{4}$")]
Origin = Annotated[str, AfterValidator(_origin)]
Host = Annotated[str, AfterValidator(_host)]
LoopbackOrigin = Annotated[str, AfterValidator(_loopback_origin)]


class LinksSettings(Section):
    """Labels that come as links (`asset.url`)."""

    hosts: tuple[Host, ...] = _HOSTS
    """Hosts that labels are fetched from: each of these names, and names below them (`open-fs-va.tiktokshop.com`)."""
    sandbox: LoopbackOrigin | None = None
    """Origin of a `labeld tiktok-sandbox` on this host, the only place that plain http and loopback are allowed to."""
    timeout_seconds: float = Field(default=20.0, gt=0, le=300)
    """A file that has not come by then is tried again."""
    silence_seconds: float = Field(default=8.0, gt=0, le=300)
    """A host that sends nothing for so long is left, and tried again."""


class ShopSettings(Section):
    """A TikTok shop."""

    shop_id: Word
    """TikTok's number of the shop, as events and webhooks have it."""
    market: Market
    """Country of the shop, such as `US` or `BR`: it decides which formats there are."""
    shop_cipher: Word | None = None
    """The shop's cipher; asked of TikTok when absent."""
    authorized_as: Name | None = None
    """Shop whose authorization this one shares, where one seller has several: the seller consents once."""
    document_size: Literal["A6", "A5"] = "A6"
    """Size of PDF labels to ask for."""
    document_format: Literal["PDF", "ZPL"] = "PDF"
    """Format to ask for; ZPL is only for the markets of `tiktok.zpl_markets`."""
    check_order: bool = False
    """Whether TikTok is asked, before a label prints, if its order is on hold or about to be cancelled."""
    station: Word | None = None
    """Packing desk of labels that webhooks and the poller bring; without it rules and `default_printer` decide."""
    poll: bool = True
    """Whether `tiktok.poll` is for this shop too."""


class WebhooksSettings(Section):
    """What TikTok posts to `/webhooks/tiktok`, through a reverse proxy on this host."""

    enabled: bool = False
    """Whether it is taken in."""
    host: Host | None = None
    """The public name that the proxy passes on as `Host`, like labels.example.com: good for this path only. Without it
    the proxy has to say localhost."""


class PollSettings(Section):
    """Asking TikTok for packages whose labels can be had, where webhooks do not reach this host, or beside them."""

    enabled: bool = False
    """Whether TikTok is asked."""
    interval_seconds: float = Field(default=60.0, ge=5, le=3600)
    """Between two questions for each shop."""
    look_back_hours: float = Field(default=0.0, ge=0, le=168)
    """A shop that is asked about for the first time has its packages printed that changed so long ago; 0: only those
    that change from then on."""


class VersionsSettings(Section):
    """Versions of the API's calls."""

    shipping_documents: Version = "202309"
    """Get Package Shipping Document."""
    packages: Version = "202309"
    """Get Package Detail and Search Package."""
    orders: Version = "202507"
    """Get Order Detail; 202309 does as well."""
    shops: Version = "202309"
    """Get Authorized Shops."""


class TikTokSettings(Section):
    """TikTok Shop's API: labels by package id (`asset.tiktok`)."""

    app_key: Word | None = None
    """Key of the app in TikTok's Partner Center; without it the API is not used."""
    app_secret_file: Path | None = None
    """File that holds the app's secret and nothing else, not readable by others; else the systemd credential
    `tiktok-app-secret`."""
    token_key_file: Path | None = None
    """File that holds the key that tokens are sealed with in the database (`labeld tiktok key` makes one); else the
    systemd credential `tiktok-token-key`."""
    api: Origin = "https://open-api.tiktokglobalshop.com"
    """Where the API is."""
    authority: Origin = "https://auth.tiktok-shops.com"
    """Where tokens are."""
    timeout_seconds: float = Field(default=15.0, gt=0, le=120)
    """A call that has no answer by then is tried again."""
    service_id: Word | None = None
    """Id of the service in TikTok's Partner Center; the address where a seller gives consent has it
    (`labeld tiktok authorize`)."""
    consent: Origin | None = None
    """Where sellers give their consent, when it is not TikTok's own place for the shop's market."""
    refresh_before_hours: float = Field(default=24.0, ge=1, le=144)
    """Access tokens, which live 7 days, are made new this long before they end."""
    zpl_markets: tuple[Market, ...] = ("BR", "MX")
    """Markets in which TikTok has labels as ZPL; elsewhere `document_format = "ZPL"` is an error."""
    invoice_markets: tuple[Market, ...] = ("BR",)
    """Markets in which TikTok has an INVOICE_LABEL."""
    webhooks: WebhooksSettings = WebhooksSettings()
    """What TikTok posts to `/webhooks/tiktok`, through a reverse proxy on this host."""
    poll: PollSettings = PollSettings()
    """Asking TikTok for packages whose labels can be had, where webhooks do not reach this host, or beside them."""
    versions: VersionsSettings = VersionsSettings()
    """Versions of the API's calls, for the day on which TikTok retires one."""
    shops: dict[Name, ShopSettings] = Field(default_factory=dict)
    """The shops by name."""

    @model_validator(mode="after")
    def _app(self) -> "TikTokSettings":
        for name in ("webhooks", "poll"):
            if getattr(self, name).enabled and self.app_key is None:
                raise ValueError(f"{name}.enabled: the API is needed for it: set tiktok.app_key")
        return self

    @model_validator(mode="after")
    def _authorizations(self) -> "TikTokSettings":
        for name, shop in self.shops.items():
            if (other := shop.authorized_as) is None:
                continue
            if other == name or other not in self.shops:
                hint = nearest(other, self.shops.keys() - {name})
                raise ValueError(f"shops.{name}.authorized_as: there is no other shop {other!r}{hint}")
            if self.shops[other].authorized_as is not None:
                raise ValueError(f"shops.{name}.authorized_as: {other!r} shares another one's itself: name that")
        return self

    @model_validator(mode="after")
    def _formats(self) -> "TikTokSettings":
        for name, shop in self.shops.items():
            if shop.document_format == "ZPL" and shop.market not in self.zpl_markets:
                raise ValueError(
                    f"shops.{name}.document_format: TikTok has no ZPL in {shop.market}, "
                    f"only in {', '.join(self.zpl_markets) or 'no market'}; take PDF, which labeld makes ZPL of"
                )
        return self


class FolderSettings(Section):
    """A watched folder: files that are put into it become labels."""

    path: Path | None = None
    """The folder; without it none is watched. labeld makes `done` and `failed` in it and moves files there, so that its
    user must be able to write it; under systemd it is named in `ReadWritePaths=`."""
    subfolders: Literal["station", "printer"] = "station"
    """What the name of a subfolder means to the files in it: the packing station, or the printer or group."""
    poll_seconds: float = Field(default=1.0, gt=0, le=60)
    """Pause between two looks at the folder."""
    settle_seconds: float = Field(default=2.0, ge=0, le=600)
    """A file is taken when it has not changed for so long."""
    patience_seconds: float = Field(default=60.0, ge=0, le=3600)
    """How long a file without change is waited for that looks cut off, cannot be read, or lacks another file."""

    @field_validator("path")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_absolute():
            raise ValueError("is a path from the root, such as /srv/labels")
        return path

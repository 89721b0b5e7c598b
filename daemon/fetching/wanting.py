"""What an event wants fetched: checked when it is taken, and sealed before it is kept."""

from collections.abc import Callable
from dataclasses import replace

from ...config.section import nearest
from ...config.settings import Settings
from ..errors import EventRejected
from ..events import LabelEvent, LabelReady, TikTokAsset
from ..store import NewFetch
from . import links
from .document import NoLabel
from .wanted import Link, Package, Wanted, digest, to_text

#: TikTok's links are good for 24 hours, and so long is a label waited for that is not there yet
_PATIENCE_SECONDS = 24 * 3600.0
#: other links may say that they are good for years: so long they are tried
_LONGEST_SECONDS = 7 * 24 * 3600.0


class Wanting:
    """Turns what an event says of its label into what is to be fetched.

    Args:
        settings: which hosts and shops there are.
        seal: hides a link from whoever reads the database.
    """

    def __init__(self, settings: Settings, seal: Callable[[str], bytes]) -> None:
        self._links = settings.links
        self._tiktok = settings.tiktok
        self._seal = seal

    def of(self, event: LabelEvent, now: float) -> NewFetch | None:
        """What is to be fetched, or looked at, before an event's label prints; None where there is nothing.

        Args:
            event: the event, as `completed` gives it.
            now: Unix seconds.

        Raises:
            EventRejected: the link is none that is followed, or there is no such shop.
        """
        wanted = self._wanted(event.fields) if event.asset is None else self._look(event.fields)
        if wanted is None:
            return None
        until = now + _PATIENCE_SECONDS
        if isinstance(wanted, Link) and (expiry := links.expiry(wanted.url)) is not None:
            # one that has expired is tried once, for TikTok may have another
            until = min(expiry, now + _LONGEST_SECONDS)
        return NewFetch(wanted.lane, self._seal(to_text(wanted)), digest(wanted), now, until)

    def completed(self, event: LabelEvent) -> LabelEvent:
        """An event that asks for a package, with the numbers that this tells of its parcel.

        Raises:
            EventRejected: it tells of two parcels, or there is no such shop.
        """
        if event.fields.asset.tiktok is None:
            return event
        wanted = self._package(event.fields.asset.tiktok)
        told = {"shop_id": self._tiktok.shops[wanted.shop].shop_id, "package_id": wanted.package_id}
        for name, value in told.items():
            if getattr(event.fields, name) not in (None, value):
                raise EventRejected(f"{name} is {getattr(event.fields, name)!r}, and asset.tiktok means {value!r}")
        return replace(event, fields=event.fields.model_copy(update=told))

    def _wanted(self, fields: LabelReady) -> Wanted:
        asset = fields.asset
        if asset.url is not None:
            try:
                links.check(asset.url, self._links)
            except NoLabel as error:
                raise EventRejected(f"asset.url: {error}") from error
            return Link(asset.url)
        if asset.tiktok is None:
            raise EventRejected("asset: give exactly one of content, url and tiktok")
        return self._package(asset.tiktok)

    def _look(self, fields: LabelReady) -> Package | None:
        shops = self._tiktok.shops.items() if self._tiktok.app_key is not None else ()
        name = next((name for name, shop in shops if shop.check_order and shop.shop_id == fields.shop_id), None)
        return None if name is None or fields.package_id is None else Package(name, fields.package_id, there=True)

    def _package(self, asset: TikTokAsset) -> Package:
        shops = self._tiktok.shops
        known = [name for name, shop in shops.items() if asset.shop in (name, shop.shop_id)]
        if not known:
            hint = nearest(asset.shop, shops)
            raise EventRejected(f"asset.tiktok.shop: there is no shop {asset.shop!r}{hint} (tiktok.shops)")
        return Package(known[0], asset.package_id)

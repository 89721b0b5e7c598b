"""What is done about a notification. All of it may be done twice, for a crash may hide that it was done."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from ...config.settings import Settings
from ..actions import Actions
from ..errors import EventRejected, IllegalTransition
from ..fetching.document import TryLater
from ..intake import Intake
from ..job import Job, JobState, Reason, allowed_acts
from ..messages import alert_payload, iso
from ..notices import Kind as NoticeKind
from ..parcels import on_paper
from ..store import Store
from .api import Api
from .notifications import Kind, Notification
from .order import Order, event_id, label_event, over, read_order
from .packages import Package

log = logging.getLogger(__name__)

SOURCE, TOPIC = "tiktok-webhook", "tiktok/notifications"
#: this host's clock and TikTok's may differ so much, or no call is taken
_SKEW_SECONDS = 300.0
#: a package that TikTok still names after a change is looked at again so often, and after so many seconds
_LOOKS, _LOOK_SECONDS = 2, 10.0


class Handling:
    """Does what notifications ask for.

    Args:
        settings: the shops, and the topic above `alerts`.
        api: tells what there is now; a notification tells only that something changed.
        store: the jobs.
        intake: takes the events and notices that are made of it.
        actions: holds labels.
        clock: Unix seconds.
    """

    def __init__(
        self, settings: Settings, api: Api, store: Store, intake: Intake, actions: Actions, clock: Callable[[], float]
    ) -> None:
        self._shops = settings.tiktok.shops
        self._alerts = f"{settings.topic_prefix}/alerts"
        self._api = api
        self._store = store
        self._intake = intake
        self._actions = actions
        self._clock = clock

    async def do(self, shop: str, said: Notification, tries: int) -> str:
        """Do it; gives what came of it, in words.

        Args:
            shop: name of the shop.
            said: the notification.
            tries: how often it was tried before.

        Raises:
            TryLater, NeedsPerson, NoLabel: TikTok does not tell what is needed to know.
            StoreUnavailable: not all of it could be committed.
        """
        match said.kind:
            case Kind.ORDER_STATUS_CHANGE:
                return await self._order_changed(shop, said)
            case Kind.RECIPIENT_ADDRESS_UPDATE:
                return await self._address_changed(shop, said)
            case Kind.PACKAGE_UPDATE:
                return await self._packages_changed(shop, said, tries)
            case Kind.SELLER_DEAUTHORIZATION:
                await self._api.tokens.deauthorized(shop, said.sent_at)
                return "the seller took the authorization back"
            case Kind.UPCOMING_AUTHORIZATION_EXPIRATION:
                return await self._expires(shop, said)
            case Kind.CANCELLATION_STATUS_CHANGE:
                return await self._cancellation_changed(shop, said)
            case _:
                return "nothing is to be done about it"

    async def _order_changed(self, shop: str, said: Notification) -> str:
        if said.status == "AWAITING_COLLECTION":
            words = await self._labels(shop, await self._orders(shop, said.order_ids), said.at)
            return f"{words}; the order was ON_HOLD, or will be" if said.on_hold else words
        if said.status == "ON_HOLD":
            return await self._hold(shop, said.order_ids, "is ON_HOLD at TikTok")
        return await self._canceled(shop, said.order_ids)

    async def _cancellation_changed(self, shop: str, said: Notification) -> str:
        if said.status == "CANCELLATION_REQUEST_PENDING":
            return await self._hold(shop, said.order_ids, "is to be canceled: answer that in Seller Center first")
        # a cancellation may be of some items only: the order says whether it is canceled as a whole
        orders = await self._orders(shop, said.order_ids)
        canceled = [order.id for order in orders if order.canceled]
        left = [order.id for order in orders if not order.canceled]
        words = [await self._canceled(shop, canceled)] if canceled else []
        if left:
            because = "was canceled in part: take those goods out, and see whether this label is still right"
            words.append(await self._hold(shop, left, because))
        return "; ".join(words)

    async def _address_changed(self, shop: str, said: Notification) -> str:
        changed = said.at or said.sent_at
        asked = await self._store.still_asked_for()

        def older(job: Job) -> bool:
            # TikTok will make a label that it is still asked for with the new address; a link's is made
            return job.id not in asked and job.received_at < changed + _SKEW_SECONDS

        because = "has another address since this label was made: cancel this label if TikTok has a new one"
        return await self._hold(shop, said.order_ids, because, older)

    async def _packages_changed(self, shop: str, said: Notification, tries: int) -> str:
        """Packages that are no more at TikTok are superseded; the list of a notification need not be whole."""
        orders = await self._orders(shop, said.order_ids)
        named = {package for order in orders for package in order.package_ids}
        jobs = await self._store.of_orders(said.order_ids, self._shops[shop].shop_id)
        theirs = [job for job in jobs if job.package_id is not None and job.package_id not in said.package_ids]
        void = {str(job.package_id) for job in theirs if job.package_id not in named}
        for package_id in sorted({str(job.package_id) for job in theirs} - void):
            package = await self._api.packages.detail(shop, package_id)
            if over(package):
                void.add(package_id)
            elif tries < _LOOKS:
                raise TryLater(f"TikTok still names package {package_id}: it is asked again", after=_LOOK_SECONDS)
        words = []
        if void:
            packages = sorted(void)
            notice = {
                "event_id": f"tiktok:{self._shops[shop].shop_id}:{packages[0]}:superseded",
                "package_ids": packages,
                "replaced_by": list(said.package_ids or sorted(named)),
                "reason": said.status,
            }
            words.append(await self._notice("superseded", shop, notice, f"superseded: package {', '.join(packages)}"))
        nameless = {job.id for job in jobs if job.package_id is None}
        if nameless:
            because = f"has other packages now ({said.status}): see whether this label is still right"
            words.append(await self._hold(shop, said.order_ids, because, lambda job: job.id in nameless))
        for job in await self._store.superseded_of(said.package_ids, self._shops[shop].shop_id):
            because = f"package {job.package_id} is there again at TikTok, and its label was canceled here"
            await self._alert(shop, f"{because}: reprint job {job.id} if it is wanted")
        arranged = [order for order in orders if order.status == "AWAITING_COLLECTION"]
        if arranged:
            words.append(await self._labels(shop, arranged, said.at))
        return "; ".join(words) or "no label is concerned"

    async def _expires(self, shop: str, said: Notification) -> str:
        words = f"the authorization of shop {shop} ends {iso(said.at) or 'soon'}: run labeld tiktok authorize {shop}"
        kind, now = "tiktok-authorization-ends", self._clock()
        payload = alert_payload(kind=kind, message=words, shop=shop, ends_at=said.at, at=now)
        await self._store.publish(self._alerts, payload, now)
        log.warning("%s", words)
        return words

    async def _orders(self, shop: str, order_ids: Sequence[str]) -> list[Order]:
        """The orders; TryLater where TikTok does not know one of them yet."""
        found = [read_order(one) for one in await self._api.orders.details(shop, order_ids)]
        for order in order_ids:
            if order not in {one.id for one in found}:
                raise TryLater(f"TikTok does not tell of order {order} yet")
        return [one for one in found if one.id in order_ids]

    async def _labels(self, shop: str, orders: Iterable[Order], at: float | None) -> str:
        """Label events for the packages of orders, those that did not come before."""
        words = []
        for order in orders:
            if because := order.no_label:
                words.append(because)
                continue
            if not order.package_ids:
                raise TryLater(f"TikTok names no package of order {order.id} yet")
            words += [await self._label(shop, package_id, order, at) for package_id in order.package_ids]
        return "; ".join(words)

    async def _label(self, shop: str, package_id: str, order: Order, at: float | None) -> str:
        settings = self._shops[shop]
        if await self._store.knows_event(event_id(settings, package_id)):
            return f"package {package_id} is known"
        package = await self._api.packages.detail(shop, package_id)
        if over(package):
            return f"package {package_id} is {package.status}"
        if not package.order_ids:
            package = Package(package_id, package.status, (order.id,), carrier=package.carrier)
        try:
            event = label_event(shop, settings, package, at)
            accepted = await self._intake.json(event, source=SOURCE, topic=TOPIC)
        except EventRejected as error:
            return f"package {package_id}: {error}"
        return f"package {package_id} is job {accepted.job.id}"

    async def _canceled(self, shop: str, order_ids: Sequence[str]) -> str:
        notice = {
            "event_id": f"tiktok:{self._shops[shop].shop_id}:{order_ids[0]}:canceled",
            "order_ids": list(order_ids),
            "reason": "canceled at TikTok",
        }
        return await self._notice("canceled", shop, notice, f"canceled: order {', '.join(order_ids)}")

    async def _notice(self, kind: NoticeKind, shop: str, notice: Mapping[str, object], words: str) -> str:
        payload = json.dumps({"shop_id": self._shops[shop].shop_id, **notice}).encode()
        taken = await self._intake.notice(kind, payload, source=SOURCE, topic=TOPIC)
        return f"{words}, {len(taken.jobs)} labels"

    async def _hold(
        self, shop: str, order_ids: Sequence[str], because: str, which: Callable[[Job], bool] = lambda _job: True
    ) -> str:
        """Hold what waits of some orders; tell of what cannot be held so: on paper, on its way, held for other reasons.

        Raises:
            TryLater: a label is just being compared with another one.
        """
        held, out = 0, list[str]()
        for job in await self._store.of_orders(order_ids, self._shops[shop].shop_id):
            if not which(job):
                continue
            order = next((one for one in job.order_ids if one in order_ids), order_ids[0])
            if "hold" in allowed_acts(job):
                try:
                    await self._actions.hold(job.id, who="TikTok", why=f"order {order} {because}")
                    held += 1
                    continue
                except IllegalTransition:
                    job = await self._store.get(job.id)  # its turn has just come, or it ended
            if job.state is JobState.PENDING:
                raise TryLater(f"job {job.id} cannot be held just now ({job.reason})", after=_LOOK_SECONDS)
            if job.state.under_way or on_paper(job):
                out.append(f"order {order} {because}: its label is on paper, or on its way there (job {job.id})")
            elif job.state is JobState.HELD and job.reason != Reason.HELD_BY_USER:
                out.append(f"order {order} {because}: its label is held already, for another reason (job {job.id})")
        for words in out:
            await self._alert(shop, words)
        return f"{held} labels held, {len(out)} told of"

    async def _alert(self, shop: str, words: str) -> None:
        now = self._clock()
        payload = alert_payload(kind="tiktok-order-changed", message=words, shop=shop, ends_at=None, at=now)
        await self._store.publish(self._alerts, payload, now)
        log.warning("TikTok shop %s: %s", shop, words)

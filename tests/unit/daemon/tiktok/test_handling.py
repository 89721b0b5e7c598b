"""What is done about notifications, with TikTok's answers as they are written down here."""

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from labeld.config.settings import Settings
from labeld.config.sources import ShopSettings, TikTokSettings
from labeld.daemon.fetching.document import TryLater
from labeld.daemon.job import Job, JobState, Reason
from labeld.daemon.store import Store
from labeld.daemon.tiktok.handling import Handling
from labeld.daemon.tiktok.inbox import Inbox
from labeld.daemon.tiktok.notifications import Kind, Notification
from labeld.daemon.tiktok.packages import Package

SETTINGS = Settings(tiktok=TikTokSettings(app_key="k", shops={"us": ShopSettings(shop_id="7494", market="US")}))


class Floor:
    """What is there: orders and packages at TikTok, jobs here; and what was made of a notification."""

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.packages: dict[str, Package] = {}
        self.jobs: list[Job] = []
        self.asked_for: set[str] = set()
        self.events: list[dict[str, Any]] = []
        self.notices: list[tuple[str, dict[str, Any]]] = []
        self.held: list[str] = []
        self.alerts: list[dict[str, Any]] = []
        api = SimpleNamespace(
            orders=SimpleNamespace(details=self._details), packages=SimpleNamespace(detail=self._detail)
        )
        store = SimpleNamespace(
            of_orders=self._of_orders,
            superseded_of=self._superseded,
            knows_event=self._knows,
            publish=self._publish,
            still_asked_for=self._still_asked_for,
        )
        intake = SimpleNamespace(json=self._event, notice=self._notice)
        actions = SimpleNamespace(hold=self._hold)
        self.handling = Handling(
            SETTINGS, cast("Any", api), cast("Any", store), cast("Any", intake), cast("Any", actions), lambda: 1000.0
        )

    async def do(self, kind: Kind, status: str | None = None, tries: int = 0, **fields: Any) -> str:
        said = Notification("73", kind, "7494", 900.0, status, ("5",), **fields)
        return await self.handling.do("us", said, tries)

    async def _details(self, _shop: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        return [self.orders[one] for one in ids if one in self.orders]

    async def _detail(self, _shop: str, package_id: str) -> Package:
        return self.packages[package_id]

    async def _of_orders(self, ids: Sequence[str], _shop_id: str) -> list[Job]:
        return [job for job in self.jobs if set(job.order_ids) & set(ids)]

    async def _still_asked_for(self) -> set[str]:
        return self.asked_for

    async def _superseded(self, ids: Sequence[str], _shop_id: str) -> list[Job]:
        return [job for job in self.jobs if job.package_id in ids and job.reason == Reason.SUPERSEDED]

    async def _knows(self, event_id: str) -> bool:
        return event_id in {event["event_id"] for event in self.events}

    async def _publish(self, topic: str, payload: bytes, _now: float) -> None:
        assert topic == "labeld/main/alerts"
        self.alerts.append(json.loads(payload))

    async def _event(self, event: bytes, **_where: str) -> Any:
        self.events.append(json.loads(event))
        return SimpleNamespace(job=SimpleNamespace(id=f"job-{len(self.events)}"))

    async def _notice(self, kind: str, payload: bytes, **_where: str) -> Any:
        self.notices.append((kind, json.loads(payload)))
        return SimpleNamespace(jobs=())

    async def _hold(self, job_id: str, **_why: str) -> None:
        self.held.append(job_id)


@pytest.fixture
def floor() -> Floor:
    return Floor()


def job(name: str, package_id: str | None, state: JobState = JobState.PENDING, reason: str = Reason.QUEUED) -> Job:
    return Job(
        id=name,
        received_at=800.0,
        updated_at=800.0,
        source="mqtt",
        state=state,
        reason=reason,
        message="",
        printer="zebra",
        package_id=package_id,
        order_ids=("5",),
    )


def order(status: str, *packages: str, **more: object) -> dict[str, Any]:
    return {"id": "5", "status": status, "line_items": [{"package_id": one} for one in packages], **more}


async def test_each_package_of_an_order_is_an_event_once(floor: Floor) -> None:
    floor.orders["5"] = order("AWAITING_COLLECTION", "1", "2", "3")
    floor.packages = {
        "1": Package("1", "PROCESSING", ("5", "6"), carrier="USPS"),
        "2": Package("2", "TO_FULFILL"),
        "3": Package("3", "FULFILLING", ("5",)),
    }
    for _ in range(2):
        await floor.do(Kind.ORDER_STATUS_CHANGE, "AWAITING_COLLECTION", at=850.0)
    assert [(one["event_id"], one["order_ids"]) for one in floor.events] == [
        ("tiktok:7494:1:label", ["5", "6"]),
        ("tiktok:7494:2:label", ["5"]),
    ]
    assert floor.events[0]["asset"] == {"tiktok": {"shop": "us", "package_id": "1"}}


@pytest.mark.parametrize(
    "found",
    [
        order("CANCELLED", "1"),
        order("IN_TRANSIT", "1"),
        order("AWAITING_COLLECTION", "1", shipping_type="SELLER"),
        order("AWAITING_COLLECTION", "1", fulfillment_type="FULFILLMENT_BY_TIKTOK"),
    ],
)
async def test_an_order_without_a_label_of_tiktoks_makes_no_event(floor: Floor, found: dict[str, Any]) -> None:
    floor.orders["5"] = found
    assert "order 5 is" in await floor.do(Kind.ORDER_STATUS_CHANGE, "AWAITING_COLLECTION")
    assert floor.events == []


async def test_what_tiktok_does_not_tell_yet_is_asked_again(floor: Floor) -> None:
    with pytest.raises(TryLater, match="order 5"):
        await floor.do(Kind.ORDER_STATUS_CHANGE, "AWAITING_COLLECTION")
    floor.orders["5"] = order("AWAITING_COLLECTION")
    with pytest.raises(TryLater, match="no package"):
        await floor.do(Kind.ORDER_STATUS_CHANGE, "AWAITING_COLLECTION")


async def test_a_cancellation_in_part_holds_and_a_whole_one_cancels(floor: Floor) -> None:
    floor.jobs = [job("waits", "1"), job("printed", "1", JobState.COMPLETED, Reason.COMPLETED)]
    floor.orders["5"] = order("AWAITING_COLLECTION", "1")
    await floor.do(Kind.CANCELLATION_STATUS_CHANGE, "CANCELLATION_REQUEST_SUCCESS")
    assert (floor.held, floor.notices) == (["waits"], [])
    assert [(one["kind"], "job printed" in one["message"]) for one in floor.alerts] == [("tiktok-order-changed", True)]
    floor.orders["5"] = order("CANCELLED", "1")
    await floor.do(Kind.CANCELLATION_STATUS_CHANGE, "CANCELLATION_REQUEST_COMPLETE")
    assert [(kind, one["order_ids"]) for kind, one in floor.notices] == [("canceled", ["5"])]
    assert floor.held == ["waits"]


async def test_packages_that_are_no_more_are_superseded_and_others_are_not(floor: Floor) -> None:
    floor.jobs = [job("old", "1"), job("other", "3"), job("new", "2"), job("nameless", None)]
    floor.orders["5"] = order("AWAITING_SHIPMENT", "2", "3")
    floor.packages["3"] = Package("3", "PROCESSING", ("5",))
    for tries in range(2):
        # 3 is not in the list: perhaps TikTok's answer is older than its webhook
        with pytest.raises(TryLater, match="package 3"):
            await floor.do(Kind.PACKAGE_UPDATE, "SPLIT", tries, package_ids=("2",))
    assert floor.notices == []
    await floor.do(Kind.PACKAGE_UPDATE, "SPLIT", 2, package_ids=("2",))
    ((kind, notice),) = floor.notices
    assert (kind, notice["package_ids"], notice["replaced_by"]) == ("superseded", ["1"], ["2"])
    assert "order_ids" not in notice  # it would reach packages that come later
    assert floor.held == ["nameless"]
    assert floor.events == []


async def test_a_package_that_is_there_again_is_told_of(floor: Floor) -> None:
    floor.jobs = [job("old", "1", JobState.CANCELED, Reason.SUPERSEDED)]
    floor.orders["5"] = order("AWAITING_SHIPMENT", "1")
    await floor.do(Kind.PACKAGE_UPDATE, "CANCEL_COMBINE", package_ids=("1",))
    assert ["reprint job old" in one["message"] for one in floor.alerts] == [True]


async def test_what_is_held_for_another_reason_is_told_of_and_what_is_compared_waited_for(floor: Floor) -> None:
    floor.jobs = [job("held", "1", JobState.HELD, Reason.STALE)]
    await floor.do(Kind.CANCELLATION_STATUS_CHANGE, "CANCELLATION_REQUEST_PENDING")
    assert (floor.held, ["another reason" in one["message"] for one in floor.alerts]) == ([], [True])
    floor.jobs = [job("compared", "1", reason=Reason.COMPARING)]
    with pytest.raises(TryLater, match="compared"):
        await floor.do(Kind.CANCELLATION_STATUS_CHANGE, "CANCELLATION_REQUEST_PENDING")


async def test_a_label_that_is_still_to_come_will_have_the_new_address(floor: Floor) -> None:
    linked = job("linked", "3", reason=Reason.FETCHING)  # its link leads to what was made before
    floor.jobs = [job("here", "1"), job("to-come", "2", reason=Reason.FETCHING), linked]
    floor.asked_for = {"to-come"}
    await floor.do(Kind.RECIPIENT_ADDRESS_UPDATE, at=900.0)
    await floor.do(Kind.RECIPIENT_ADDRESS_UPDATE, at=200.0)  # before that label was made
    assert floor.held == ["here", "linked"]


async def test_an_authorization_that_ends_is_told(floor: Floor) -> None:
    await floor.do(Kind.UPCOMING_AUTHORIZATION_EXPIRATION, at=86400.0)
    assert [(one["kind"], one["ends_at"]) for one in floor.alerts] == [
        ("tiktok-authorization-ends", "1970-01-02T00:00:00.000Z")
    ]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(tmp_path / "labeld.sqlite3", topic_prefix="p") as opened:
        yield opened


async def test_one_that_fails_for_hours_is_given_up_and_told_of(store: Store) -> None:
    async def fails(shop: str, said: Notification, tries: int) -> str:
        raise TryLater(f"{shop}: TikTok does not tell of order {said.order_ids[0]} yet, after {tries} tries")

    inbox = Inbox(SETTINGS, "s", store, fails, lambda: 1000.0, lambda: 0.0, lambda: 0.5)
    data = {"identity": "73", "kind": 1, "shop_id": "7494", "sent_at": 900.0, "order_ids": ["5"]}
    number = await store.take_notification("73", "us", 1, data, 1000.0)
    assert number is not None
    pauses = [await inbox._once("us", number) for _ in range(60)]
    assert pauses[-1] is None
    assert pauses[0] == 1.5
    assert max(pause for pause in pauses if pause is not None) == 450.0
    assert await store.notifications_waiting() == []
    (message,) = await store.outbox(limit=9)
    assert json.loads(message.payload)["kind"] == "tiktok-notification-lost"

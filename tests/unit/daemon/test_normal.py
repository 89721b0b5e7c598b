import json
import runpy
import sqlite3
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, pool

from labeld.daemon import normal
from labeld.daemon.carriers import CARRIERS
from labeld.daemon.events import LabelReady, from_json
from labeld.daemon.job import new_job_id
from labeld.daemon.notices import LabelCanceled
from labeld.daemon.routing import Route
from labeld.daemon.store import NewJob, Store
from labeld.daemon.store.migrations import versions
from labeld.daemon.web.search import meanings

PIC = "9400111899223434769482"


@pytest.mark.parametrize(
    ("given", "name", "company"),
    [
        ("usps", "USPS", "USPS"),
        ("U.S. Postal Service", "USPS", "USPS"),
        ("United States Postal Service", "USPS", "USPS"),
        ("usps_priority_mail", "USPS priority mail", "USPS"),
        ("UPS Ground", "UPS Ground", "UPS"),
        ("FedEx SmartPost®", "FedEx SmartPost®", "FedEx"),
        ("FEDEX", "FedEx", "FedEx"),
        ("J&T Express", "J&T Express", "J&T Express"),
        ("j\uff06t", "J&T Express", "J&T Express"),
        ("Evri (Hermes UK)", "Evri", "Evri"),
        ("Hermes", "Hermes", "Hermes"),
        ("Correos Express", "Correos Express", "Correos Express"),
        ("Giao hang nhanh", "GHN", "GHN"),
        ("COLIS PRIVE", "Colis Privé", "Colis Privé"),
        # nobody's, or somebody's whose name only holds another one
        ("stamps_com", "stamps_com", None),
        ("Upside Couriers", "Upside Couriers", None),
        ("Not UPS", "Not UPS", None),
        ("  ", "  ", None),
    ],
)
def test_carriers_have_one_name_and_unknown_ones_their_own(given: str, name: str, company: str | None) -> None:
    assert normal.carrier(given) == name
    assert normal.company(given) == company


def test_a_carrier_is_all_its_services_and_a_service_is_itself_alone() -> None:
    assert normal.same_carrier("UPS Ground", "ups")
    assert normal.same_carrier("United Parcel Service", "UPS")
    assert normal.same_carrier("ups ground", "UPS GROUND")
    assert not normal.same_carrier("UPS", "UPS Ground")
    assert not normal.same_carrier("Correos Express", "Correos")
    assert normal.same_carrier("Joe's Bikes", "joe's bikes")


@given(st.text(max_size=40) | st.lists(st.sampled_from([*CARRIERS, "DE", "UK", "(", "_"]), max_size=4).map(" ".join))
def test_what_was_made_alike_stays_as_it_is(text: str) -> None:
    changes = (normal.carrier, normal.tracking_number, normal.number, normal.media, normal.media_type)
    for change in (*changes, normal.document_type):
        assert change(change(text)) == change(text)


def test_every_spelling_of_a_carrier_leads_to_it() -> None:
    for name, others in CARRIERS.items():
        assert {normal.carrier(one) for one in (name, *others, name.upper(), name.casefold())} == {name}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("9400 1118 9922 3434 7694 82", PIC),
        (PIC.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)}), PIC),
        ("9400\u00a01118-9922\u20113434\u200b7694\u221282", PIC),
        ("1z 999 aa1 01 2345 6784", "1Z999AA10123456784"),
        # ZIP and ZIP+4 before it: the check digit tells which it is
        (f"42090001{PIC}", PIC),
        (f"420900011234{PIC}", PIC),
        # where that is not right the separator tells it, or nothing does
        (f"]C142090001\x1d{PIC[:-1]}9", f"{PIC[:-1]}9"),
        (f"42090001{PIC[:-1]}9", f"42090001{PIC[:-1]}9"),
        ("420123", "420123"),
        ("TTHERMES2882481596119090868", "TTHERMES2882481596119090868"),
        ("TH27014E9R5Q4G", "TH27014E9R5Q4G"),
        ("A/B.C", "A/B.C"),
        ("---", "---"),
        ("\u043d\u043e\u043c\u0435\u0440-1", "\u043d\u043e\u043c\u0435\u0440-1"),
    ],
)
def test_tracking_numbers_lose_only_what_is_not_theirs(given: str, kept: str) -> None:
    assert normal.tracking_number(given) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("4x6", "4x6in"),
        ('4" x 6"', "4x6in"),
        ("na_index-4x6_4x6in", "4x6in"),
        ("A6", "a6"),
        ("100 \u00d7 150 mm", "100x150mm"),
        ("10x15cm", "100x150mm"),
        ("Letter", "letter"),
        ("57x32mm", "57x32mm"),
        ("Zebra label 7", "Zebra label 7"),
        # inches or centimetres
        ("10x15", "10x15"),
        ("4in x 60mm", "4in x 60mm"),
    ],
)
def test_stock_has_one_name(given: str, kept: str) -> None:
    assert normal.media(given) == kept


def test_events_and_notices_come_in_one_spelling() -> None:
    event = LabelReady.model_validate(
        {
            "asset": {"content": "XlhB", "media_type": "Image/JPG; q=1"},
            "shop_id": "7495 5407",
            "package_id": "1152921504606846976\u200b",
            "order_ids": ["5766 5368", "ORD 7"],
            "tracking_number": " 9400 1118 9922 3434 7694 82 ",
            "carrier": "fedex_ground",
            "document_type": "sl_pl",
            "media": "4X6",
        }
    )
    assert (event.shop_id, event.package_id, event.order_ids) == (
        "74955407",
        "1152921504606846976",
        ("57665368", "ORD 7"),
    )
    assert (event.tracking_number, event.carrier, event.media) == (PIC, "FedEx ground", "4x6in")
    assert (event.document_type, event.asset.media_type) == ("SHIPPING_LABEL_AND_PACKING_SLIP", "image/jpeg")
    assert LabelCanceled.model_validate({"order_ids": ["5766 5368"]}).order_ids == ("57665368",)
    with pytest.raises(ValueError, match="document_type"):
        LabelReady.model_validate({"asset": {"content": "XlhB"}, "document_type": "PICK_LIST"})


def test_what_is_typed_is_looked_for_as_it_is_kept() -> None:
    assert PIC in meanings("9400-1118-9922-3434-7694-82")
    assert "1Z999AA10123456784" in meanings("1z999aa10123456784")


async def test_numbers_of_labels_from_before_are_made_alike_when_the_database_is_opened(tmp_path: Path) -> None:
    path, route = tmp_path / "labeld.sqlite3", Route("zebra", "only")

    def label(event_id: str, data: str, tracking: str) -> NewJob:
        document = {"event_id": event_id, "tracking_number": tracking, "asset": {"content": data}}
        event = from_json("t", json.dumps(document).encode(), max_bytes=1000)
        return NewJob(new_job_id(1.0, len(event_id)), event, "test", "t", route, 1.0)

    async with Store(path, topic_prefix="p") as store:
        old, other = [(await store.accept(label(*one))).job for one in (("a", "XlhB", PIC), ("bb", "WFla", "X1"))]
    with sqlite3.connect(path) as database:
        database.execute("UPDATE jobs SET tracking_number = ? WHERE id = ?", (f"9400 {PIC[4:]}", old.id))
    migration = next(Path(versions.__file__ or "").parent.glob("*_tracking_numbers.py"))
    step = runpy.run_path(str(migration))
    engine = create_engine(f"sqlite:///{path}", poolclass=pool.NullPool)
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        step["upgrade"]()
        step["upgrade"]()
    engine.dispose()
    async with Store(path, topic_prefix="p") as store:
        assert [(await store.get(job.id)).tracking_number for job in (old, other)] == [PIC, "X1"]
        # its event and its label are known again
        assert (await store.accept(label("a", "XlhB", f"9400-{PIC[4:]}"))).job.id == old.id
        assert (await store.accept(label("ccc", "XlhB", PIC))).job.id == old.id

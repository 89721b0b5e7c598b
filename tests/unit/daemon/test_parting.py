"""Parts in the store, and what of a document goes where."""

import itertools
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests import rendering
from tests.papers import ORDER, TRACKING, label, pdf, slip

from labeld.config.services import RenderSettings
from labeld.config.settings import Settings
from labeld.daemon.actions import Actions
from labeld.daemon.dispatcher import Dispatcher
from labeld.daemon.errors import IllegalTransition, TooLate
from labeld.daemon.events import from_json
from labeld.daemon.job import Job, JobState, Reason, new_job_id
from labeld.daemon.parting import contents_of, parted, staying
from labeld.daemon.printers import Printers
from labeld.daemon.rendering.pool import RenderFailed, RenderPool
from labeld.daemon.routing import Plan, Route
from labeld.daemon.store import Artwork, NewJob, NewPart, Store
from labeld.renderers.contents import Contents, PageSurvey

REQUEST = replace(rendering.REQUEST, tracking_number=TRACKING)
NUMBERS = itertools.count()
SLIP = NewPart("part", (2,), "slip", Route("laser", "rule 1"))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(tmp_path / "labeld.sqlite3", topic_prefix="p") as opened:
        yield opened


async def accepted(store: Store, event_id: str = "e1", more: str = "") -> Job:
    payload = f'{{"event_id": "{event_id}", "asset": {{"content": "x"}}, "media": "4x6in"{more}}}'.encode()
    event = from_json("t", payload, max_bytes=1000)
    new = NewJob(new_job_id(1.0, next(NUMBERS)), event, "test", "t", Route("zebra", "only"), 1.0)
    return (await store.accept(new)).job


async def test_a_split_job_is_two_that_share_an_asset(store: Store) -> None:
    job = await accepted(store)
    tag = await store.split(job, (1, 3), SLIP, "page 2 is A4", 2.0)
    assert (tag.id, tag.pages, tag.role, tag.printer, tag.state) == (job.id, (1, 3), "label", "zebra", job.state)
    paper = await store.get("part")
    assert (paper.part_of, paper.pages, paper.role, paper.printer) == (job.id, (2,), "slip", "laser")
    # the stock that the event asks for is the label's
    assert (paper.event_id, paper.media, tag.media) == ("e1", None, "4x6in")
    assert await store.asset("part") == await store.asset(job.id)
    assert [one.id for one in await store.parts(tag)] == ["part"]
    assert [one.id for one in await store.parts(paper)] == [job.id]
    assert (await store.timeline("part"))[0].words == "page 2 is A4"
    assert [message.topic for message in await store.outbox()][-2:] == [f"p/jobs/{job.id}", "p/jobs/part"]
    # the event that comes again is the event's job, and no part of it
    assert (await accepted(store)).id == job.id


async def test_a_job_is_split_once_and_only_where_it_was_seen(store: Store, tmp_path: Path) -> None:
    job = await accepted(store)
    await store.split(job, (1,), SLIP, "words", 2.0)
    with pytest.raises(IllegalTransition, match="its pages stay together"):
        await store.split(job, (1,), replace(SLIP, id="other"), "words", 3.0)
    moved = await accepted(store, "e2")
    await store.move(moved.id, JobState.PENDING, Reason.TRANSFORMING, "by hand", 2.0, requested_printer="zebra")
    canceled = await accepted(store, "e3")
    await store.move(canceled.id, JobState.CANCELED, Reason.CANCELED_BY_USER, "canceled", 2.0)
    drawn = await accepted(store, "e4")
    await store.save_artwork(drawn.id, Artwork("zebra", b"^XA^XZ", 1, 8, 8, 203, ()), "drawn", 2.0)
    for one in (moved, canceled, drawn):
        with pytest.raises(IllegalTransition):
            await store.split(one, (1,), replace(SLIP, id=f"{one.id}-2"), "words", 3.0)
        with pytest.raises(IllegalTransition):
            await store.reroute(one, "slip", "laser", "words", 3.0)
    with sqlite3.connect(tmp_path / "labeld.sqlite3") as other:
        assert other.execute("SELECT count(*) FROM jobs WHERE part_of IS NOT NULL").fetchone() == (1,)
        assert other.execute("SELECT count(*) FROM jobs WHERE pages IS NULL").fetchone() == (3,)
        assert other.execute("SELECT count(*) FROM assets").fetchone() == (4,)
    other.close()


async def test_a_split_that_fails_half_way_leaves_the_whole_job(store: Store) -> None:
    job = await accepted(store)
    with pytest.raises(Exception, match="UNIQUE"):
        await store.split(job, (1,), replace(SLIP, id=job.id), "words", 2.0)
    assert await store.get(job.id) == job
    assert len(await store.timeline(job.id)) == 1
    assert (await store.split(job, (1,), SLIP, "words", 3.0)).pages == (1,)


async def test_the_events_job_is_canceled_with_its_parts_and_a_part_alone(store: Store) -> None:
    async def too_late(job: Job, _because: str) -> Job:
        raise TooLate(f"job {job.id} is at its printer")

    settings = Settings()
    actions = Actions(store, Dispatcher(settings, store, Printers({}), lambda: 1.0), too_late, lambda: 9.0)
    both = await accepted(store)
    await store.split(both, (1,), SLIP, "words", 2.0)
    assert (await actions.cancel("part", who="her")).state is JobState.CANCELED
    assert (await store.get(both.id)).state is JobState.PENDING
    other = await accepted(store, "e2")
    await store.split(other, (1,), replace(SLIP, id="part2"), "words", 2.0)
    assert (await actions.cancel(other.id, who="her")).state is JobState.CANCELED
    assert (await store.get("part2")).message == "canceled by her"
    late = await accepted(store, "e3")
    tag = await store.split(late, (1,), replace(SLIP, id="part3"), "words", 2.0)
    await store.save_artwork(tag.id, Artwork("zebra", b"^XA^XZ", 1, 8, 8, 203, ()), "drawn", 2.0)
    sent = {"payload_sha256": "0" * 64, "labels": 1, "odometer": 1, "now": 3.0}
    await store.begin_attempt(tag.id, printer="zebra", serial="S", **sent)  # type: ignore[arg-type]
    assert (await actions.cancel(late.id, who="her")).state is JobState.PROCESSING
    assert (await store.get("part3")).state is JobState.CANCELED
    with pytest.raises(TooLate):
        await actions.cancel(late.id, who="her")


async def test_documents_are_shared_by_the_group_that_prints_documents(store: Store) -> None:
    tables = {
        "printers": {
            "zebra": {"uri": "socket://127.0.0.1:9101"},
            "laser": {"uri": "cups://laser", "media": "a4"},
            "other": {"uri": "cups://other", "media": "a4"},
        },
        "groups": {"paper": {"printers": ["laser", "other"]}},
        "routes": [{"pages": "document", "to": "paper"}],
        "default_printer": "zebra",
    }
    settings = Settings.model_validate(tables)
    dispatcher = Dispatcher(settings, store, Printers(settings.printers), lambda: 1.0)
    job = await accepted(store)
    way = dispatcher.documents(job)
    assert way is not None
    assert way.group == "paper"
    assert dispatcher.documents(replace(job, requested_printer="zebra")) is None
    assert dispatcher.documents(replace(job, role="label")) is None
    assert dispatcher.documents(replace(job, printer="other")) is None


def test_words_name_each_page_and_its_place() -> None:
    found = [PageSurvey(1, "label", "A6"), *(PageSurvey(number, "document", "A4") for number in (2, 3))]
    found.append(PageSurvey(4, "blank", "blank"))
    assert parted(found, "zebra", Route("laser", "rule 3")) == (
        "page 1 is A6: zebra; pages 2 to 3 are A4: laser (rule 3); page 4 is blank"
    )
    nowhere = Plan((), None, "no rule leads there")
    assert staying(found, nowhere, "zebra") == ["pages 2 to 3 are A4: zebra, as no rule leads there"]


async def test_what_a_document_holds_is_told_by_its_event(store: Store) -> None:
    job = await accepted(store, more=f', "order_ids": ["{ORDER}"], "package_id": "P"')
    assert contents_of(job) == Contents(label=True, numbers=(ORDER, "P"))
    assert contents_of(replace(job, document_type="HAZMAT_LABEL")).label is False


async def test_pages_are_told_apart_and_drawn_alone_in_the_render_process() -> None:
    data = pdf(label(), slip(ORDER))
    async with RenderPool(RenderSettings(workers=1)) as pool:
        found = await pool.survey(REQUEST, data, Contents(label=True, slip=True))
        assert [(page.number, page.kind, page.words) for page in found] == [(1, "label", "A6"), (2, "document", "A4")]
        assert (await pool.render(replace(REQUEST, pages=(1,)), data)).labels == 1
        paper = replace(REQUEST, pages=(2,), media="a4", dpi=300, document_format="application/pdf")
        assert (await pool.render(replace(paper, tracking_number=None), data)).labels == 1
        with pytest.raises(RenderFailed, match=f"not tracking number {TRACKING}"):
            await pool.render(paper, data)
        assert await pool.survey(REQUEST, b"^XA^XZ", Contents(label=True)) == ()
        with pytest.raises(RenderFailed, match="no PDF"):
            await pool.survey(REQUEST, b"nothing", Contents(label=True))

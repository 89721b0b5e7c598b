"""What becomes of a restored backup's jobs and of events after it, and the copy that an upgrade keeps."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command

from labeld.config.settings import Settings
from labeld.daemon import backup
from labeld.daemon.backup import BackupFailed
from labeld.daemon.errors import DatabaseRefused
from labeld.daemon.job import Job, JobState, Reason
from labeld.daemon.restored import Restored, after_restore, begin
from labeld.daemon.restoring import restore
from labeld.daemon.store import Store, Upload
from labeld.daemon.store.engine import alembic, check_schema, migrate

NOW = 1_800_000_000.0


def job(state: JobState, reason: str, **more: object) -> Job:
    fields: dict[str, object] = {
        "id": "j",
        "received_at": 1.0,
        "updated_at": 1.0,
        "source": "t",
        "message": "why",
        "printer": "p",
    }
    return Job(state=state, reason=reason, **(fields | more))  # type: ignore[arg-type]


@pytest.mark.parametrize("state", [JobState.PENDING, JobState.PROCESSING, JobState.STOPPED])
@pytest.mark.parametrize("reason", [Reason.FETCHING, Reason.TRANSFORMING, Reason.QUEUED, Reason.PRINTING])
def test_what_waited_or_was_on_its_way_is_asked_about(state: JobState, reason: Reason) -> None:
    columns = after_restore(job(state, reason), 60.0, NOW)
    assert (columns["state"], columns["reason"]) == (JobState.HELD, Reason.OUTCOME_UNKNOWN)
    assert "1970-01-01T00:01:00.000Z" in str(columns["message"])
    assert "is this label in your hand?" in str(columns["message"])


@pytest.mark.parametrize(
    ("reason", "after"),
    [
        # printing would answer them, and may have
        (Reason.NOT_PRINTED, Reason.OUTCOME_UNKNOWN),
        (Reason.STALE, Reason.OUTCOME_UNKNOWN),
        (Reason.HELD_BY_USER, Reason.OUTCOME_UNKNOWN),
        (Reason.OUTCOME_UNKNOWN, Reason.OUTCOME_UNKNOWN),
        # another question comes first, or it could not print as it is
        (Reason.RULE, Reason.RULE),
        (Reason.OTHER_PARCEL, Reason.OTHER_PARCEL),
        (Reason.OTHER_LABEL, Reason.OTHER_LABEL),
        ("document-format-error", "document-format-error"),
    ],
)
def test_what_was_held_says_that_it_may_have_printed(reason: str, after: str) -> None:
    columns = after_restore(job(JobState.HELD, reason), 60.0, NOW)
    assert (columns["state"], columns["reason"]) == (JobState.HELD, after)
    assert "it may have printed since" in str(columns["message"])


@pytest.mark.parametrize(("until", "after"), [(None, NOW), (NOW + 9, NOW), (NOW - 9, NOW - 9)])
def test_a_label_that_was_compared_is_asked_about_after_that(until: float | None, after: float) -> None:
    columns = after_restore(job(JobState.PENDING, Reason.COMPARING, useful_until=until), 60.0, NOW)
    assert (columns["state"], columns["reason"], columns["useful_until"]) == (
        JobState.PENDING,
        Reason.COMPARING,
        after,
    )


@pytest.mark.parametrize(
    ("made", "now", "asked"),
    [
        (None, NOW + 59, True),
        (None, NOW - 3600, True),  # the clock was set back
        (None, NOW + 60, False),
        (NOW, NOW + 9e6, True),
        (NOW - 9e6, NOW + 9e6, True),
        (NOW + 1, NOW + 2, False),
    ],
)
def test_events_that_may_have_come_before_are_asked_about(made: float | None, now: float, asked: bool) -> None:
    assert (Restored(NOW - 5000, NOW).late(made, now, 1.0) is not None) is asked


async def test_only_the_first_start_holds_and_the_restore_stays_known(tmp_path: Path) -> None:
    state = tmp_path / "state"
    migrate(state / backup.DATABASE)
    made = backup.make(Settings(state_directory=state), tmp_path, NOW, with_key=False)
    assert restore(made.path, tmp_path / "new", NOW).open_jobs == 0
    for now in (NOW + 100, NOW + 200):
        async with Store(tmp_path / "new" / backup.DATABASE, topic_prefix="p") as store:
            assert await begin(store, tmp_path / "new", now) == Restored(NOW - NOW % 60, NOW + 100)


@pytest.mark.parametrize("stage", ["reading", "ready"])
async def test_a_file_that_was_to_be_printed_is_confirmed_again(tmp_path: Path, stage: str) -> None:
    state, said = tmp_path / "state", {"slips": "print", "unnumbered": "hold"}
    (tmp_path / "state").mkdir()
    async with Store(state / backup.DATABASE, topic_prefix="p") as store:
        await store.add_upload(Upload("u", NOW, "k", stage, "", None, None, None, None, said), b"%PDF", most=1)
    made = backup.make(Settings(state_directory=state), tmp_path, NOW, with_key=False)
    restore(made.path, tmp_path / "new", NOW)
    async with Store(tmp_path / "new" / backup.DATABASE, topic_prefix="p") as store:
        await begin(store, tmp_path / "new", NOW)
        upload = await store.upload("u")
        assert (upload.state, upload.confirmed) == (stage, False)
        assert "it may have printed since" in upload.message
        # what is confirmed after that is the answer
        await store.change_upload("u", (stage,), choices=said)
        await begin(store, tmp_path / "new", NOW + 1)
        assert (await store.upload("u")).confirmed


def test_an_upgrade_keeps_the_database_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / backup.DATABASE
    config = alembic(path)
    command.upgrade(config, "0009")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO pauses VALUES ('zebra', 1.0, 'me', 'why')")
        connection.commit()
    (tmp_path / f"{path.name}.schema-0001").touch()
    migrate(path)
    (kept,) = tmp_path.glob("*.schema-*")
    assert kept.name.endswith("schema-0009")
    assert backup.schema_of(kept) == "0009"
    migrate(path)
    assert list(tmp_path.glob("*.schema-*")) == [kept]
    # the way back
    path.rename(tmp_path / "aside")
    assert restore(kept, tmp_path, NOW).replaced is None
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT printer FROM pauses").fetchone() == ("zebra",)


def test_a_backup_of_a_newer_labeld_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state"
    migrate(state / backup.DATABASE)
    with closing(sqlite3.connect(state / backup.DATABASE)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(DatabaseRefused, match="newer labeld"):
        check_schema(state / backup.DATABASE)
    made = backup.make(Settings(state_directory=state), tmp_path, NOW, with_key=False)
    with pytest.raises(BackupFailed, match=rf"{made.path.name} was written by a newer labeld"):
        restore(made.path, tmp_path / "new", NOW)
    assert not (tmp_path / "new" / backup.DATABASE).exists()


async def test_a_backup_goes_to_a_disk_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Store(tmp_path / backup.DATABASE, topic_prefix="p"):
        pass

    def refused(self: Path, _target: Path) -> None:
        raise PermissionError(1, "Operation not permitted", str(self))

    monkeypatch.setattr(Path, "hardlink_to", refused)
    made = backup.make(Settings(state_directory=tmp_path), tmp_path / "b.tar", NOW, with_key=False)
    assert made.path.stat().st_size > 0
    with pytest.raises(backup.BackupFailed, match="is there already"):
        backup.make(Settings(state_directory=tmp_path), tmp_path / "b.tar", NOW, with_key=False)

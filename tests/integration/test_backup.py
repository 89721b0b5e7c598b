"""A backup of the running daemon, the loss of its disk, and the way back: nothing comes out twice."""

import json
import shutil
import sqlite3
import stat
import tarfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from labeld.daemon.messages import iso

from .harness import Broker, Labeld
from .test_cli import labeld as command
from .test_routing import floor, prints, send, until, zebra

pytestmark = pytest.mark.peer


async def test_after_a_lost_disk_what_may_have_printed_is_asked_about(tmp_path: Path, broker: Broker) -> None:
    one = zebra("ONE")
    async with floor(tmp_path, {"one": one}, "", broker) as daemon:
        await send(broker, range(3))
        await daemon.settled(3)
        one.set_fault("cover-open")
        await send(broker, range(3, 6))
        await send(broker, [6], useful_until="2030-01-01T00:00:00Z")
        await until(daemon, lambda jobs: len(jobs) == 7 and all(job["reason"] != "job-transforming" for job in jobs))
        held = (await daemon.jobs())[0]["id"]
        await daemon.post(f"/api/v1/jobs/{held}/hold")
        status, said = await run("backup", tmp_path, "--config", daemon.config)
        assert status == 0, said
        # what the backup does not know: all of it prints
        one.clear_fault("cover-open")
        await daemon.post(f"/api/v1/jobs/{held}/release")
        await send(broker, [7, 8])
        jobs = await daemon.settled(9)
        assert Counter(job["state"] for job in jobs) == {"completed": 9}
        await daemon.stop(9)
        tar = next(path for path in _files(tmp_path) if path.suffix == ".tar")
        assert stat.S_IMODE(tar.stat().st_mode) == 0o600
        text = daemon.config.read_text()
        shutil.rmtree(tmp_path / "state")
        (tmp_path / "state").mkdir()
        daemon.config.write_text(text)
        status, said = await run("restore", tar, "--config", daemon.config)
        assert (status, "4 labels were open then" in said) == (0, True), said

        await daemon.start()
        jobs = await daemon.jobs()
        asked = [job for job in jobs if job["state"] == "pending-held"]
        assert [job["reason"] for job in asked] == ["outcome-unknown"] * 4
        assert all("is this label in your hand?" in job["message"] for job in asked)
        assert b"estored from the backup of" in await daemon.bytes("/")
        # events come again, one that was lost with the disk too, and a new one
        await send(broker, range(8))
        await send(broker, [8], time=iso(time.time() - 3600))
        await send(broker, [9], time=iso(time.time() + 1))
        jobs = await daemon.settled(10)
        await until(daemon, lambda jobs: jobs[0]["state"] == "completed")
        later = {job["event_id"]: job for job in await daemon.jobs()}
        assert later["event-9"]["state"] == "completed"
        assert {later[f"event-{number}"]["reason"] for number in (7, 8)} == {"job-hold-until-specified"}
        assert all("not known any more" in later[f"event-{number}"]["message"] for number in (7, 8))
        assert Counter(prints(one).values()) == {1: 10}
        # it is in nobody's hand, so it prints; and it is asked about once
        await daemon.post(f"/api/v1/jobs/{asked[0]['id']}/settle", printed=False)
        await until(daemon, lambda jobs: [job["state"] for job in jobs].count("completed") == 5)
        await daemon.stop()
        await daemon.start()
        assert len([job for job in await daemon.jobs() if job["reason"] == "outcome-unknown"]) == 3


async def test_a_label_that_was_on_its_way_is_not_settled_by_a_counter_that_went_on(
    tmp_path: Path, broker: Broker
) -> None:
    one = zebra("ONE", seconds=30.0)
    async with floor(tmp_path, {"one": one}, "", broker) as daemon:
        await send(broker, [1])
        await until(daemon, lambda jobs: len(jobs) == 1 and jobs[0]["state"] == "processing")
        tar = tmp_path / "x.tar"
        assert (await run("backup", tar, "--config", daemon.config))[0] == 0
        await daemon.stop(9)
        for path in (tmp_path / "state").glob("labeld.sqlite3*"):
            path.unlink()
        assert (await run("restore", tar, "--config", daemon.config))[0] == 0
        await daemon.start()
        (job,) = await daemon.jobs()
        assert (job["state"], job["reason"]) == ("pending-held", "outcome-unknown")


async def test_a_backup_is_whole_and_replaces_nothing_newer(tmp_path: Path, broker: Broker) -> None:
    one = zebra("ONE")
    async with floor(tmp_path, {"one": one}, "", broker) as daemon:
        state, tar = tmp_path / "state", tmp_path / "b.tar"
        (state / "printers.d").mkdir(exist_ok=True)
        (state / "printers.d/dock.toml").write_text('uri = "socket://127.0.0.1:9"\nresolution = 203\n')
        await send(broker, [1])
        await daemon.settled(1)
        status, said = await run("backup", tar, "--config", daemon.config)
        assert (status, "seal.key is not in it" in said) == (0, True), said
        with tarfile.open(tar) as files:
            assert files.getnames() == ["manifest.json", "labeld.sqlite3", "printers.d/dock.toml"]
            manifest = json.load(files.extractfile("manifest.json") or pytest.fail())
        assert manifest["site"] == "test"
        again, said = await run("backup", tar, "--config", daemon.config)
        assert (again, "is there already" in said) == (1, True)
        with_key = tmp_path / "k.tar"
        await run("backup", with_key, "--with-key", "--config", daemon.config)
        status, said = await run("restore", tar, "--config", daemon.config)
        assert (status, "in use by another labeld" in said) == (1, True)
        await send(broker, [2])
        await daemon.settled(2)
        await daemon.stop()
        status, said = await run("restore", tar, "--config", daemon.config)
        assert status == 1
        assert "nothing is restored" in said or "labels of" in said
        await _refused(daemon, tmp_path, _damaged(tar, tmp_path), "is damaged: the checksum of labeld.sqlite3")
        await _refused(daemon, tmp_path, state / "labeld.sqlite3", "no copy that labeld made")
        await _refused(daemon, tmp_path, daemon.config, "is no backup of labeld's")
        key = (state / "seal.key").read_text()
        shutil.move(state / "labeld.sqlite3", tmp_path / "aside")
        (state / "seal.key").unlink()
        (state / "printers.d/dock.toml").unlink()
        assert (await run("restore", with_key, "--config", daemon.config))[0] == 0
        assert (state / "seal.key").read_text() == key
        assert (state / "printers.d/dock.toml").exists()
        with closing(sqlite3.connect(state / "labeld.sqlite3")) as connection:
            assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (1,)


async def run(*arguments: object) -> tuple[int, str]:
    """A command's status, and all that it said."""
    done = await command(*arguments)
    return done.code, done.out.decode() + done.err


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def _damaged(tar: Path, folder: Path) -> Path:
    data = bytearray(tar.read_bytes())
    place = data.index(b"SQLite format 3\0") + 5000
    data[place] ^= 1
    (folder / "damaged.tar").write_bytes(data)
    return folder / "damaged.tar"


async def _refused(daemon: Labeld, folder: Path, source: Path, words: str) -> None:
    before = {path.name for path in (folder / "state").iterdir()}
    status, said = await run("restore", source, "--config", daemon.config)
    assert (status, words in said) == (1, True), said
    assert {path.name for path in (folder / "state").iterdir()} == before

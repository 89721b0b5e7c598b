"""What the doctor makes of what it finds; the peers themselves are in tests/integration/test_doctor.py."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from labeld.config.services import WebSettings
from labeld.config.settings import Settings
from labeld.daemon.doctor import broker, machine, printers, service, tiktok
from labeld.daemon.doctor.bounds import Check, run, run_all
from labeld.daemon.doctor.finding import Finding, Mark, exit_code, fault, ok, warning
from labeld.daemon.doctor.service import Service
from labeld.daemon.wall_clock import clock_synchronised
from labeld.drivers.queue import Queue

OK, WARNING, FAULT = Mark
WEB = WebSettings()
NOW = 1_790_000_000.0
CONNECTED = {"status": "ready", "since": "2026-11-24T09:00:00.000Z", "broker": {"connected": True}}


def test_only_a_fault_counts() -> None:
    assert exit_code([ok("a", "b"), warning("a", "b", "c")]) == 0
    assert exit_code([ok("a", "b"), fault("a", "b", "c")]) == 1


# Bounds


async def test_a_check_that_hangs_or_fails_is_a_fault_and_delays_no_other() -> None:
    async def hang() -> Sequence[Finding]:
        await asyncio.Event().wait()
        raise AssertionError

    async def fail() -> Sequence[Finding]:
        raise KeyError("x")

    async def work() -> Sequence[Finding]:
        return [ok("works", "well")]

    found = await run_all([Check("hangs", 0.01, hang), Check("fails", 9.0, fail), Check("works", 9.0, work)])
    assert [(one.check, one.mark) for one in found] == [("hangs", FAULT), ("fails", FAULT), ("works", OK)]
    assert "no answer within 0.01 s" in found[0].found
    assert "KeyError" in found[1].found


def test_a_thread_that_hangs_does_not_keep_the_report_from_its_end() -> None:
    never = threading.Event()

    async def look() -> Sequence[Finding]:
        await asyncio.to_thread(never.wait)
        return []

    try:
        (found,) = run(run_all([Check("disk", 0.01, look)]))
        assert found.mark is FAULT
    finally:
        never.set()


# The machine


@pytest.mark.parametrize(
    ("now", "synchronised", "mark"), [(NOW, True, OK), (NOW, False, WARNING), (NOW, None, WARNING), (0.0, True, FAULT)]
)
def test_the_clock(now: float, synchronised: bool | None, mark: Mark) -> None:
    found = machine.judge_clock(now, synchronised)
    assert (found.mark, bool(found.advice)) == (mark, mark is not OK)


def test_the_kernel_tells_whether_its_clock_is_kept_right() -> None:
    assert clock_synchronised() in (True, False)


@pytest.mark.parametrize(
    ("free", "because", "mark"),
    [(2**34, None, OK), (200 * 2**20, None, WARNING), (2**20, None, FAULT), (2**34, "Read-only file system", FAULT)],
)
def test_the_disk(free: int, because: str | None, mark: Mark) -> None:
    assert machine.judge_disk(Path("/state"), free, because).mark is mark


def test_the_disk_is_written_to(tmp_path: Path) -> None:
    (found,) = machine.disk(tmp_path)
    assert "writable" in found.found
    assert list(tmp_path.iterdir()) == []
    (absent,) = machine.disk(tmp_path / "absent")
    assert absent.mark is WARNING


def test_what_rendering_needs() -> None:
    assert machine.judge_fonts([]).mark is OK
    assert machine.judge_fonts(["fonts-ocr-a"]).advice == "apt install fonts-ocr-a"
    assert machine.judge_sandbox([]).mark is OK
    assert machine.judge_sandbox(["no Landlock"]).mark is WARNING
    assert machine.judge_libraries(machine.Libraries(["a 1"], [], [])).mark is OK
    assert machine.judge_libraries(machine.Libraries(["a 1"], [], ["pdftoppm"])).mark is WARNING
    assert machine.judge_libraries(machine.Libraries([], ["a cannot be loaded"], [])).mark is FAULT
    assert machine.libraries().failed == []


# The daemon


@pytest.mark.parametrize(
    ("found", "mark", "words"),
    [
        (Service(True, CONNECTED), OK, "runs since 2026-11-24T09:00"),
        (Service(True, CONNECTED | {"broker": {"connected": False, "message": "refused"}}), WARNING, "refused"),
        (Service(True, CONNECTED | {"status": 503, "detail": "the database: full"}), FAULT, "database: full"),
        (Service(False), FAULT, "does not run"),
        (Service(None), WARNING, "may not be known"),
        (Service(True), FAULT, "does not answer"),
    ],
)
def test_the_daemon(found: Service, mark: Mark, words: str) -> None:
    judged = service.judge_daemon(found, WEB)
    assert judged.mark is mark
    assert words in judged.found


def test_the_port() -> None:
    assert service.judge_port(Service(True, CONNECTED), WEB, None).mark is OK
    assert service.judge_port(Service(False), WEB, None).mark is OK
    assert service.judge_port(Service(False), WEB, "Address already in use").mark is FAULT
    assert service.judge_port(Service(False, stranger=True), WEB, None).mark is FAULT
    assert service.judge_port(Service(False), WebSettings(enabled=False), None).mark is OK


@pytest.mark.parametrize(
    ("told", "mark"),
    [
        ({"LoadState": "not-found"}, OK),
        ({"LoadState": "loaded", "ActiveState": "active", "WatchdogUSec": "30s", "NRestarts": "0"}, OK),
        ({"LoadState": "loaded", "ActiveState": "active", "WatchdogUSec": "30s", "NRestarts": "4"}, WARNING),
        ({"LoadState": "loaded", "ActiveState": "active", "WatchdogUSec": "0"}, WARNING),
        ({"LoadState": "loaded", "ActiveState": "failed", "WatchdogUSec": "30s"}, FAULT),
    ],
)
def test_the_unit(told: dict[str, str], mark: Mark) -> None:
    assert service.judge_unit(told).mark is mark


# The broker


def test_a_broker_that_forgets_is_a_warning_and_one_that_refuses_a_fault() -> None:
    about = {"version": "mosquitto version 2.0.11", "dropped": "0"}
    shipped = (Path(__file__).parents[3] / "config/mosquitto.conf").read_text().splitlines()
    assert [one.mark for one in broker.judge("b:1", broker.Told((), about), shipped)] == [OK]
    lines = ["# persistence true", "persistence true"]
    found = broker.judge("b:1", broker.Told((), about | {"dropped": "7"}), lines)
    assert [one.mark for one in found] == [OK, WARNING, WARNING]
    assert "7 messages" in found[1].found
    assert found[2].found == "its configuration has no max_queued_messages 0: it may lose labels"
    (refused,) = broker.judge("b:1", broker.Told(("p/labels/ready",), about), shipped)
    assert refused.mark is FAULT
    # of another broker, mosquitto's files say nothing
    assert [one.mark for one in broker.judge("b:1", broker.Told(), ["persistence false"])] == [OK]


def test_which_broker_a_configuration_is_of() -> None:
    assert broker.listens([], 1883)
    assert broker.listens(["listener 8883 0.0.0.0"], 8883)
    assert not broker.listens(["listener 8883 0.0.0.0"], 1883)


# Printers


def view(**more: object) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "name": "z",
        "state": "idle",
        "reasons": [],
        "advice": None,
        "message": "ready",
        "paused": None,
    }
    return plain | {"uri": "u", "seen_at": "t", "model": "ZD421", "serial": "S1", "odometer": 4} | more


@pytest.mark.parametrize(
    ("told", "mark", "words"),
    [
        ({}, OK, "ready, ZD421, S1, 4 labels counted"),
        ({"paused": {"by": "Kim", "at": "t"}, "state": "stopped"}, WARNING, "paused by Kim"),
        ({"state": "stopped", "advice": "load labels", "message": "stopped: media empty"}, FAULT, "media empty"),
        ({"state": "unknown", "reasons": ["timed-out"], "message": "silent"}, FAULT, "silent"),
        ({"state": "unknown", "seen_at": None, "message": "not asked yet"}, WARNING, "not asked yet"),
        ({"state": "unknown"}, OK, "it is not asked how it is"),
        ({"reasons": ["queue-repeats-labels"], "advice": "lpadmin"}, WARNING, "queue-repeats-labels"),
    ],
)
def test_a_printer(told: dict[str, Any], mark: Mark, words: str) -> None:
    found = printers.judge(view(**told))
    assert found.mark is mark
    assert words in found.found


def test_queues() -> None:
    policies = {"good": "abort-job", "again": "retry-job"}
    queues = [Queue(name, "", 203, (), "application/pdf", to, "", None, True) for name, to in policies.items()]
    found = printers.judge_queues("", {"Good": "a", "again": "b", "absent": "c"}, queues)
    assert [one.mark for one in found] == [OK, WARNING, FAULT]
    assert found[1].advice == "lpadmin -p again -o printer-error-policy=abort-job"


# TikTok


@pytest.mark.parametrize(
    ("skew", "mark"),
    [(0.4, OK), (-12, WARNING), (29, WARNING), (31, FAULT), (-290, WARNING), (-301, FAULT), (None, WARNING)],
)
def test_a_clock_that_tiktok_does_not_take_is_a_fault(skew: float | None, mark: Mark) -> None:
    assert tiktok.judge_skew("open-api.example", skew).mark is mark


def test_each_shop_is_judged_by_what_the_daemon_tells() -> None:
    shops = (
        {"name": "us", "trouble": None, "warning": None, "authorization_expires": "2027-01-01T00:00:00.000Z"},
        {
            "name": "uk",
            "trouble": None,
            "warning": "the authorization of shop uk ends in 2 days: run labeld tiktok authorize uk",
        },
        {"name": "mx", "trouble": "shop mx is not authorized", "warning": None},
        {"name": "br", "trouble": None, "warning": None, "missing_scope": "seller.fulfillment.basic"},
    )
    found = tiktok.judge_shops(Settings(), shops)
    assert [one.mark for one in found] == [OK, WARNING, FAULT, WARNING]
    assert found[0].found == "authorized until 2027-01-01T00:00:00.000Z"
    assert [one.advice for one in found[1:3]] == ["", "labeld tiktok authorize mx"]
    assert [one.mark for one in tiktok.judge_shops(Settings(), None) + tiktok.judge_shops(Settings(), ())] == [
        WARNING
    ] * 2


async def test_secrets_and_links_are_looked_at(tmp_path: Path) -> None:
    open_to_all, empty = tmp_path / "open", tmp_path / "empty"
    for path, text, mode in ((open_to_all, "5ec3e7", 0o644), (empty, "", 0o600)):
        path.write_text(text)
        path.chmod(mode)
    tables = {
        "tiktok": {
            "app_key": "k",
            "app_secret_file": open_to_all,
            "token_key_file": empty,
            "api": "http://127.0.0.1:9",
        },
        "links": {"sandbox": "http://127.0.0.1:8899"},
    }
    found = await tiktok.look(Settings.model_validate(tables), Service(running=False))
    assert [one.mark for one in found] == [WARNING, FAULT, FAULT, FAULT, WARNING]
    assert "5ec3e7" not in str(found)
    assert "is empty" in found[2].found
    assert "127.0.0.1 cannot be reached" in found[3].found
    unused = await tiktok.look(Settings(), Service(running=True))
    assert [one.mark for one in unused] == [OK, OK]

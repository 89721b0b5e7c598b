"""What goes to journald, and the sockets that come from systemd."""

import io
import logging
import os
import socket
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.daemon.errors import DaemonError
from labeld.daemon.fetching.redaction import Redacting
from labeld.daemon.job import Job, JobState
from labeld.daemon.job_log import log as job_log
from labeld.daemon.job_log import tell_job
from labeld.daemon.journal import JournalHandler, datagram, fields, is_journal
from labeld.daemon.sockets import inherited


def parsed(data: bytes) -> dict[str, str]:
    """A datagram, read as journald does."""
    found = {}
    while data:
        line, _, data = data.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (size,) = struct.unpack("<Q", data[:8])
            value, data = data[8 : 8 + size], data[9 + size :]
        found[name.decode()] = value.decode()
    return found


@given(st.dictionaries(st.from_regex(r"[A-Z][A-Z_]{0,20}", fullmatch=True), st.text(st.characters(codec="utf-8"))))
def test_any_words_come_out_as_they_went_in(values: dict[str, str]) -> None:
    assert parsed(datagram(values)) == values


def test_a_line_is_sent_with_what_it_is_about(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journald:
        journald.bind(str(tmp_path / "socket"))
        log = logging.getLogger("labeld.test")
        log.setLevel(logging.INFO)
        handler = JournalHandler(tmp_path / "socket")
        handler.setFormatter(Redacting(logging.Formatter("%(message)s")))
        try:
            log.addHandler(handler)
            log.warning("%d%% of printer %s: job %s cannot be put aside\nhttps://h/a?token=SECRET", 5, "zebra", "j-1")
            assert parsed(journald.recv(65536)) == {
                "MESSAGE": "5% of printer zebra: job j-1 cannot be put aside\nhttps://h/a?…",
                "PRIORITY": "4",
                "SYSLOG_IDENTIFIER": "labeld",
                "LABELD_LOGGER": "labeld.test",
                "LABELD_PRINTER": "zebra",
                "LABELD_JOB_ID": "j-1",
            }
            log.info("x" * 1_000_000)
            assert len(journald.recv(1 << 20)) < 40_000
        finally:
            log.removeHandler(handler)
            handler.close()


def test_a_job_is_told_with_its_ids_and_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, job_log.name)
    one = Job(
        id="j-1",
        received_at=1.0,
        updated_at=1.0,
        source="mqtt",
        state=JobState.COMPLETED,
        reason="job-completed-successfully",
        message="for Jane Doe",
        printer="zebra",
        event_id="e-1",
        tracking_number="9400",
    )
    tell_job(one)
    (record,) = caplog.records
    assert fields(record) == {
        "LABELD_JOB_ID": "j-1",
        "LABELD_EVENT_ID": "e-1",
        "LABELD_PRINTER": "zebra",
        "LABELD_STATE": "completed",
        "LABELD_REASON": "job-completed-successfully",
    }
    assert record.getMessage() == "job j-1: completed (job-completed-successfully)"


def test_the_journal_is_known_by_its_stream(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream:
        place = os.fstat(stream.fileno())
        assert is_journal(stream, {"JOURNAL_STREAM": f"{place.st_dev}:{place.st_ino}"})
        assert not is_journal(stream, {"JOURNAL_STREAM": f"{place.st_dev}:{place.st_ino + 1}"})
        assert not is_journal(stream, {})
    assert not is_journal(io.StringIO(), {"JOURNAL_STREAM": "1:2"})


def test_sockets_of_systemd_are_taken_where_they_are_on_loopback() -> None:
    environ = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "labeld.socket"}
    assert inherited(environ | {"LISTEN_PID": "1"}) == []
    assert inherited({}) == []
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = os.dup(server.fileno())
        given = dict(environ)
        (one,) = inherited(given, first=number)
        with one:
            assert one.getsockname() == server.getsockname()
            assert not one.get_inheritable()
            assert given == {}
    with socket.socket(socket.AF_UNIX) as other, pytest.raises(DaemonError, match="loopback"):
        inherited(dict(environ), first=os.dup(other.fileno()))

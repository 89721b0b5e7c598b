"""What a found printer is adopted with can be written into the configuration as it is."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from labeld.config.settings import Settings
from labeld.daemon.finding.candidates import Candidate, candidate_json
from labeld.drivers.devices import Device, Service
from labeld.drivers.dnssd import ZPL, Advert, shown
from labeld.drivers.printer import Identity


def found(name: str = "Zebra line 2", **advert: object) -> Device:
    told = Advert(**({"formats": (ZPL,)} | advert))  # type: ignore[arg-type]
    return Device((Service("socket", name, "z.local", 9100, ("192.0.2.7",), told),))


@given(st.text(min_size=1, max_size=80).map(shown).filter(bool), st.text(max_size=30).map(shown))
def test_whatever_it_calls_itself_the_lines_adopt_it(name: str, serial: str) -> None:
    identity = Identity(serial, "ZTC", "1", 300) if serial else None
    lines = candidate_json(Candidate(found(name), identity), ())["configuration"]
    assert lines is not None
    (printer,) = Settings.model_validate(tomllib.loads(lines)).printers.values()
    assert printer.wanted is not None
    assert (printer.wanted.kind, printer.wanted.value) == (("serial", serial) if serial else ("name", name))
    assert printer.resolution == (300 if serial else 203)


def test_the_strongest_identity_is_offered() -> None:
    device = found(uuid="cbf40622")
    assert candidate_json(Candidate(device), ())["identity"] == "uuid:cbf40622"
    assert candidate_json(Candidate(device, Identity("D4J2")), ())["identity"] == "serial:D4J2"
    assert candidate_json(Candidate(found()), ())["identity"] == "name:Zebra line 2"
    both = found(uuid="cbf40622", hardware_address="00074d4108bd")
    assert candidate_json(Candidate(both), ())["identity"] == "uuid:cbf40622"
    # it was asked and tells no serial number
    assert candidate_json(Candidate(both, Identity(None, "ZTC")), ())["identity"] == "mac:00074d4108bd"
    assert candidate_json(Candidate(found(hardware_address="00074d4108bd")), ())["identity"] == "mac:00074d4108bd"


def test_a_name_that_is_taken_is_not_offered_again() -> None:
    lines = candidate_json(Candidate(found()), {"zebra-line-2", "zebra-line-2-2"})["configuration"]
    assert lines is not None
    assert lines.startswith("[printers.zebra-line-2-3]\n")


def test_what_cannot_be_printed_on_or_is_configured_is_not_offered() -> None:
    office = Device((Service("ipp", "Office", "o.local", 631, ("192.0.2.8",), Advert(formats=("application/pdf",))),))
    assert candidate_json(Candidate(office), ())["configuration"] is None
    assert candidate_json(Candidate(found(formats=())), ())["configuration"] is None
    assert candidate_json(Candidate(found(), printer="zebra"), ())["configuration"] is None


def test_its_language_is_what_it_answered_in_or_claims() -> None:
    silent = found(formats=())
    assert candidate_json(Candidate(silent), ())["language"] is None
    assert candidate_json(Candidate(silent, Identity("D4J2")), ())["language"] == "zpl"
    assert candidate_json(Candidate(silent, Identity()), ())["asked"] is False
    assert candidate_json(Candidate(found(formats=(), languages=("TSPL2",))), ())["language"] == "tspl"
    assert candidate_json(Candidate(found(formats=(), languages=("EPL",))), ())["language"] == "epl"
    assert candidate_json(Candidate(silent), ())["suggestion"] == "zebra-line-2"
    assert candidate_json(Candidate(silent, printer="zebra"), ())["suggestion"] is None


def test_what_it_hints_is_told() -> None:
    device = found(make_and_model="Label 100x150mm 300dpi", note="Desk 4")
    told = candidate_json(Candidate(device), ())
    assert (told["resolution"], told["media"], told["note"]) == (300, "100x150mm", "Desk 4")
    assert told["uris"] == ["socket://192.0.2.7:9100"]

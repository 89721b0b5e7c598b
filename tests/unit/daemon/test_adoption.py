"""What a found printer is adopted as, and what rules mean."""

import pytest
from pydantic import ValidationError

from labeld.config.services import AdoptSettings
from labeld.daemon.errors import AdoptionRefused
from labeld.daemon.finding.adoption import Terms, settings_for
from labeld.daemon.finding.candidates import Candidate
from labeld.drivers.devices import Device, Endpoint, Service
from labeld.drivers.dnssd import Advert
from labeld.drivers.printer import Identity

AT = Endpoint("192.0.2.7", 6101)


def found(**advert: object) -> Candidate:
    told = Advert(**advert)  # type: ignore[arg-type]
    return Candidate(Device((Service("socket", "Desk", "z.local", 9100, ("192.0.2.7",), told),)))


@pytest.mark.parametrize(
    ("identity", "place"),
    [
        (Identity("AAA1", dpi=300, hardware_address="00074d112233"), ("serial:AAA1", None)),
        (Identity(dpi=300, hardware_address="00074d112233"), ("mac:00074d112233", None)),
        (Identity(model="GK420d", dpi=300), (None, "socket://192.0.2.7:6101")),
    ],
)
def test_the_strongest_that_it_tells_is_kept(identity: Identity, place: tuple[str | None, str | None]) -> None:
    printer = settings_for(found(uuid="1-2"), AT, identity, Terms(identity="uuid:1-2"))
    assert (printer.identity, printer.uri) == place
    assert (printer.resolution, printer.media, printer.stations) == (300, "4x6in", ())


def test_what_is_said_counts_before_hints_and_what_it_tells_before_both() -> None:
    hinted = found(make_and_model="Label 100x150mm 300dpi")
    assert settings_for(hinted, AT, Identity("A", dpi=203), Terms()).media == "100x150mm"
    said = settings_for(hinted, AT, Identity("A", dpi=203), Terms(media="a6", stations=("p",)))
    assert (said.media, said.resolution, said.stations) == ("a6", 203, ("p",))
    with pytest.raises(AdoptionRefused, match=r"say 203, 300 or 600 dpi \(its name says 300 dpi\)"):
        settings_for(hinted, AT, Identity("A"), Terms())
    with pytest.raises(AdoptionRefused, match="its head has 203 dpi, not 300"):
        settings_for(hinted, AT, Identity("A", dpi=203), Terms(resolution=300))


def test_a_printer_of_another_language_is_known_by_its_address_and_not_asked() -> None:
    printer = settings_for(found(), AT, Identity(), Terms(resolution=203, language="epl"))
    assert (printer.uri, printer.language, printer.ask) == ("socket://192.0.2.7:6101", "epl", False)


@pytest.mark.parametrize(
    ("identity", "serial", "uuid", "fits"),
    [
        ("serial:D4J2", "D4J2", None, True),
        ("serial:D4J2", "D4J20", None, False),
        ("serial:D4J*", "D4J20", None, True),
        ("serial:D4J*", "XD4J", None, False),
        ("uuid:ABC", "D4J2", "abc", True),
        ("uuid:ABC", "D4J2", None, False),
    ],
)
def test_a_rule_fits_serial_numbers_and_uuids(identity: str, serial: str, uuid: str | None, fits: bool) -> None:
    assert AdoptSettings(identity=identity).fits(serial, uuid) is fits


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"identity": "name:Zebra*"}, "anybody may announce any name"),
        ({"identity": "mac:00074d112233"}, r"takes serial:… or uuid:…"),
        ({"identity": "serial:D*J*"}, r"one \* at the end"),
        ({"identity": "uuid:abc*"}, r"one \* at the end"),
        ({"identity": "serial:*"}, "would adopt whatever answers"),
        ({"identity": "serial:D4J*", "name": "zebra"}, "are for one printer"),
        ({"identity": "serial:D4J*", "stations": ["p"]}, "are for one printer"),
    ],
)
def test_a_rule_that_trusts_too_much_is_refused(rule: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        AdoptSettings.model_validate(rule)

from labeld.config.settings import PrinterSettings, Settings
from labeld.daemon.retry import backoff
from labeld.daemon.routing import Plan, Wish, misfit, plan

ONE = PrinterSettings(uri="socket://127.0.0.1:9101", stations=("pack-01",))
TWO = PrinterSettings(uri="socket://127.0.0.1:9102", stations=("pack-02", "pack-03"))
BOTH = Settings(printers={"one": ONE, "two": TWO})


def test_a_printer_by_name_wins_over_its_station() -> None:
    assert plan(BOTH, Wish(printer="one", station="pack-02")).printers == ("one",)


def test_a_station_has_its_printer() -> None:
    found = plan(BOTH, Wish(station="pack-03"))
    assert (found.printers, found.because) == (("two",), "station pack-03 prints on two")


def test_without_a_wish_the_default_printer_or_the_only_one_prints() -> None:
    default = Settings(default_printer="two", printers={"one": ONE, "two": TWO})
    assert plan(default, Wish()).printers == ("two",)
    assert plan(default, Wish(station="unheard-of")).printers == ("two",)
    assert plan(Settings(printers={"one": ONE}), Wish()).printers == ("one",)


def test_what_does_not_resolve_is_said() -> None:
    assert plan(BOTH, Wish(printer="three")).because == "there is no printer 'three' (printers: one, two)"
    assert "no printer serves station 'pack-09'" in plan(BOTH, Wish(station="pack-09")).because
    assert "no default_printer" in plan(BOTH, Wish()).because
    assert "none are configured" in plan(Settings(), Wish()).because


def test_pauses_double_up_to_a_cap_and_spread() -> None:
    assert [backoff(n, 1.0, first=1, longest=5) for n in (1, 2, 3, 4, 99)] == [1, 2, 4, 5, 5]
    assert backoff(1, 0.0, first=1) == 0.5

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from labeld.config.printers import PrinterSettings
from labeld.config.settings import Settings
from labeld.daemon.retry import backoff
from labeld.daemon.routing import Wish, documents_of, misfit, plan

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


def ruled(*rules: dict[str, Any], **more: object) -> Settings:
    tables = {"printers": {"one": ONE, "two": TWO}, "groups": {"both": {"printers": ["one", "two"]}}, "routes": rules}
    return Settings.model_validate(tables | more)


def test_the_first_rule_that_matches_decides_and_each_says_why() -> None:
    settings = ruled(
        {"to": "one", "carrier": "UPS"},
        {"to": "both", "carrier": ["usps", "DHL"], "tags": ["glass", "fragile"]},
        {"to": "two"},
    )
    found = plan(settings, Wish(carrier="USPS", tags=("gift", "Fragile"), station="pack-01"))
    assert (found.printers, found.group) == (("one", "two"), "both")
    assert found.because == "rule 2 (carrier USPS, tags Fragile) leads to group both"
    assert [(rule.rule, rule.matches, rule.because) for rule in found.rules] == [
        (1, False, "carrier is USPS, not UPS"),
        (2, True, "carrier USPS, tags Fragile"),
        (3, None, "not looked at, as rule 2 matches"),
    ]
    found = plan(settings, Wish(tags=("gift", "toy")))
    assert found.printers == ("two",)
    assert [rule.because for rule in found.rules[:2]] == [
        "the event has no carrier, the rule asks for UPS",
        "the event has no carrier, the rule asks for usps or DHL, tags are gift, toy, not glass or fragile",
    ]


def test_a_named_printer_or_group_wins_over_rules_and_rules_over_stations() -> None:
    settings = ruled({"to": "one", "station": "pack-03"})
    assert plan(settings, Wish(printer="two", station="pack-03")).printers == ("two",)
    assert plan(settings, Wish(printer="both")).group == "both"
    assert plan(settings, Wish(station="pack-03")).printers == ("one",)
    assert plan(settings, Wish(station="pack-02")).printers == ("two",)
    assert plan(settings, Wish()).because.startswith("no rule matches, the event names neither")
    assert plan(ruled(default_printer="both"), Wish()).printers == ("one", "two")


def test_stock_is_its_size_and_not_its_name() -> None:
    settings = ruled({"to": "two", "media": ["na_index-4x6_4x6in"]})
    assert plan(settings, Wish(media="102x152mm", station="pack-01")).printers == ("two",)
    assert plan(settings, Wish(media="100x150mm", station="pack-01")).printers == ("one",)
    assert misfit("4x6in", "one", "na_index-4x6_4x6in") is None
    assert misfit(None, "one", "a6") is None
    assert misfit("6x4in", "one", "4x6in") == "it is for 6x4in stock, and one has 4x6in"


words = st.sampled_from(["a", "b", "C", "ß", "İ"])
medias = st.sampled_from(["4x6in", "100x150mm", "a6", "102x152mm"])
types = st.sampled_from(["SHIPPING_LABEL", "HAZMAT_LABEL"])
keys: dict[str, st.SearchStrategy[Any]] = {
    name: st.lists(kind, min_size=1, max_size=3)
    for name, kind in {
        "station": words,
        "shop": words,
        "carrier": words,
        "tags": words,
        "media": medias,
        "document_type": types,
    }.items()
}
rules = st.lists(
    st.fixed_dictionaries(
        {"to": st.sampled_from(["one", "two", "both"]), "station": keys.pop("station")}, optional=keys
    ),
    max_size=5,
)
wishes = st.builds(
    Wish,
    station=st.none() | words,
    shop=st.none() | words,
    carrier=st.none() | words,
    document_type=st.none() | types,
    media=st.none() | medias,
    tags=st.lists(words, max_size=3).map(tuple),
)


@given(rules, wishes)
def test_a_rule_decides_when_all_above_it_say_what_they_lack(rules: list[dict[str, Any]], wish: Wish) -> None:
    settings = ruled(*rules, default_printer="two")
    found = plan(settings, wish)
    assert len(found.rules) == len(rules)
    verdicts = [rule.matches for rule in found.rules]
    assert all(rule.because for rule in found.rules)
    if True in verdicts:
        place = verdicts.index(True)
        assert verdicts == [False] * place + [True] + [None] * (len(rules) - place - 1)
        assert found.because.startswith(f"rule {place + 1} (")
        to = rules[place]["to"]
        assert found.printers == (("one", "two") if to == "both" else (to,))
        # what the rules above lacked has no part in it
        assert plan(ruled(*rules[place:], default_printer="two"), wish).printers == found.printers
    else:
        assert found.printers == plan(ruled(default_printer="two"), wish).printers


@given(wishes, st.sampled_from(["station", "shop", "carrier", "document_type", "media", "tags"]))
def test_an_event_matches_the_rule_that_asks_for_what_it_says(wish: Wish, key: str) -> None:
    value = getattr(wish, key)
    if not value:
        return
    asked = list(value) if key == "tags" else value
    if key not in ("media", "document_type"):
        asked = [one.swapcase() if one.isascii() else one for one in asked]
    assert plan(ruled({"to": "both", key: asked}), wish).group == "both"


def test_pauses_double_up_to_a_cap_and_spread() -> None:
    assert [backoff(n, 1.0, first=1, longest=5) for n in (1, 2, 3, 4, 99)] == [1, 2, 4, 5, 5]
    assert backoff(1, 0.0, first=1) == 0.5


DESK: dict[str, Any] = {
    "tag": {"uri": "socket://127.0.0.1:9101", "stations": ["pack-01"]},
    "paper": {"uri": "cups://paper", "media": "a4", "stations": ["pack-01"]},
    "laser": {"uri": "cups://laser", "media": "letter"},
}


def test_a_desk_has_a_printer_for_labels_and_one_for_documents() -> None:
    settings = Settings.model_validate({"printers": {"paper": DESK["paper"], "tag": DESK["tag"]}})
    wish = Wish(station="pack-01", media="4x6in")
    assert plan(settings, wish).printers == ("tag",)
    found = plan(settings, documents_of(wish))
    assert (found.printers, found.because) == (("paper",), "station pack-01 prints its documents on paper")
    # a printer that somebody named takes all pages
    assert plan(settings, documents_of(replace(wish, printer="tag"))).printers == ("tag",)


def test_rules_for_documents_are_apart_from_the_others() -> None:
    rules = [
        {"pages": "document", "carrier": "UPS", "to": "laser"},
        {"carrier": "UPS", "to": "tag"},
        {"pages": "document", "to": "paper"},
        {"to": "tag"},
    ]
    settings = Settings.model_validate({"printers": DESK, "routes": rules})
    assert plan(settings, Wish(carrier="UPS")).because == "rule 2 (carrier UPS) leads to printer tag"
    assert [one.rule for one in plan(settings, Wish(carrier="UPS")).rules] == [2, 4]
    found = plan(settings, Wish(carrier="UPS", documents=True))
    assert found.because == "rule 1 (document pages, carrier UPS) leads to printer laser"
    assert plan(settings, Wish(documents=True)).because == "rule 3 (document pages) leads to printer paper"


def test_no_default_takes_documents() -> None:
    settings = Settings.model_validate({"printers": DESK, "default_printer": "paper"})
    assert plan(settings, Wish()).printers == ("paper",)
    assert plan(settings, Wish(documents=True)).printers == ()
    assert "no rule and no station" in plan(settings, Wish(station="pack-09", documents=True)).because


SHOPS = {"us": {"shop_id": "11", "market": "US"}, "br": {"shop_id": "22", "market": "BR"}}


def table(*rules: dict[str, Any]) -> Settings:
    return ruled(*rules, tiktok={"shops": SHOPS}, default_printer="two")


def test_a_table_of_carrier_document_and_market_accepts_holds_or_routes() -> None:
    settings = table(
        {"market": "BR", "document_type": "INVOICE_LABEL", "to": "two"},
        {"market": "us", "carrier": ["USPS", "UPS", "FedEx"], "to": "one"},
        {"market": "US", "hold": "no carrier of TikTok Shipping in the US"},
    )
    assert plan(settings, Wish(shop="22", document_type="INVOICE_LABEL")).printers == ("two",)
    found = plan(settings, Wish(shop="11", carrier="United Parcel Service Ground"))
    assert (found.printers, found.hold) == (("one",), None)
    assert found.because == "rule 2 (market US, carrier United Parcel Service Ground) leads to printer one"
    # held, and known where it prints once a person has looked
    found = plan(settings, Wish(shop="11", carrier="Joe", station="pack-01"))
    assert found.hold == "rule 3 (market US) holds it: no carrier of TikTok Shipping in the US"
    assert (found.printers, found.because) == (("one",), "station pack-01 prints on one")
    # no shop, no market
    assert plan(settings, Wish(carrier="Joe", station="pack-01")).hold is None
    assert [rule.matches for rule in found.rules] == [False, False, True]


def test_what_is_held_is_held_at_a_named_printer_too_and_only_when_its_event_comes() -> None:
    settings = table({"carrier": "USPS", "to": "one"}, {"tags": "cbt", "hold": "collected by TikTok"})
    wish = Wish(printer="two", carrier="DHL", tags=("CBT",))
    found = plan(settings, wish)
    assert (found.printers, found.because) == (("two",), "the event names printer two")
    assert found.hold == "rule 2 (tags CBT) holds it: collected by TikTok"
    # the first that matches decides, also where a name wins over its printer
    found = plan(settings, replace(wish, carrier="usps"))
    assert (found.printers, found.hold) == (("two",), None)
    assert plan(settings, replace(wish, judged=True)).hold is None
    assert plan(settings, documents_of(wish)).hold is None
    # nothing is held where no rule holds
    assert plan(table({"to": "one"}), wish).rules == ()

"""Where a label may print, and why. Pure: settings and an event's wishes in, printers or the reason for none out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..config.printers import RouteSettings
from ..config.settings import Settings
from ..renderers.media import Media
from .events import LabelReady
from .job import Job
from .normal import same_carrier

#: stocks whose sides differ by no more, in 1/100 mm, are the same under two names
_SAME_STOCK = 100


@dataclass(frozen=True, slots=True)
class Route:
    """A printer's name and why it was chosen; `printer` is None when nothing resolves, `because` says it."""

    printer: str | None
    because: str
    #: why a person has to look at it before it prints there
    hold: str | None = None

    @property
    def words(self) -> str:
        """All of it."""
        return f"{self.hold}; {self.because}" if self.hold else self.because


@dataclass(frozen=True, slots=True)
class Wish:
    """What is known of a label's destination; `printer` is a printer's or a group's name."""

    printer: str | None = None
    station: str | None = None
    shop: str | None = None
    market: str | None = None
    carrier: str | None = None
    document_type: str | None = None
    media: str | None = None
    tags: tuple[str, ...] = ()
    #: it is about the pages that are A4 or Letter and hold no label
    documents: bool = False
    #: whether it is to be held was asked when its event came
    judged: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a rule, counted from 1, says to an event; `matches` is None where an earlier one decided."""

    rule: int
    matches: bool | None
    because: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The printers that a label may go to, with the way to them; none when nothing resolves."""

    printers: tuple[str, ...]
    group: str | None
    because: str
    rules: tuple[Judgement, ...] = ()
    hold: str | None = None


def wish_of(source: LabelReady | Job) -> Wish:
    """What an event or its job says about its destination."""
    return Wish(
        printer=source.printer if isinstance(source, LabelReady) else source.requested_printer,
        station=source.station,
        shop=source.shop_id,
        carrier=source.carrier,
        document_type=source.document_type,
        media=source.media,
        tags=source.tags,
        documents=isinstance(source, Job) and source.role not in (None, "label"),
        judged=isinstance(source, Job),
    )


def documents_of(wish: Wish) -> Wish:
    """What the same event says about its document pages; the stock that it asks for is that of its label."""
    return replace(wish, documents=True, media=None)


def plan(settings: Settings, wish: Wish) -> Plan:
    """Choose by name, else by the first rule that matches, else by station, else the default.

    Where that rule holds labels, the plan is the one without such rules, and says why the label is held.
    """
    wish = replace(wish, market=_market(settings, wish.shop))
    if wish.judged or wish.documents or all(rule.hold is None for rule in settings.routes):
        return _way(settings, wish)
    rules = tuple(_judge(settings.routes, wish))
    hit = next((rule for rule in rules if rule.matches), None)
    held = None if hit is None else settings.routes[hit.rule - 1].hold
    way = _way(settings, replace(wish, judged=True))
    if hit is None or held is None:
        return replace(way, rules=rules)
    return replace(way, rules=rules, hold=f"rule {hit.rule} ({hit.because}) holds it: {held}")


def _way(settings: Settings, wish: Wish) -> Plan:
    names = ", ".join(sorted([*settings.printers, *settings.groups])) or "none are configured"
    if wish.printer is not None:
        if wish.printer not in settings.printers and wish.printer not in settings.groups:
            return Plan((), None, f"there is no printer {wish.printer!r} (printers: {names})")
        return _to(settings, wish.printer, f"the event names {_title(settings, wish.printer)}")
    rules = tuple(_judge(settings.routes, wish))
    hit = next((rule for rule in rules if rule.matches), None)
    if hit is not None:
        to = settings.routes[hit.rule - 1].to or ""
        return _to(settings, to, f"rule {hit.rule} ({hit.because}) leads to {_title(settings, to)}", rules)
    return _desk(settings, wish, rules) if wish.documents else _unruled(settings, wish, names, rules)


def misfit(asked: str | None, printer: str, loaded: str) -> str | None:
    """Why a label that asks for stock `asked` does not belong on the stock `loaded` in a printer, None where it does.

    Raises:
        MediaError: one of the two is no media name.
    """
    if asked is None or _same_stock(asked, loaded):
        return None
    return f"it is for {Media.parse(asked).short} stock, and {printer} has {Media.parse(loaded).short}"


def _unruled(settings: Settings, wish: Wish, names: str, rules: tuple[Judgement, ...]) -> Plan:
    """The way of an event that names no printer and matches no rule."""
    if wish.station is not None:
        served = [name for name, printer in settings.printers.items() if wish.station in printer.stations]
        if served:
            name = min(served, key=lambda one: settings.printers[one].takes_documents)
            return _to(settings, name, f"station {wish.station} prints on {name}", rules)
        if settings.default_printer is None:
            because = f"no printer serves station {wish.station!r}: add it to a printer's stations"
            return Plan((), None, because, rules)
    if settings.default_printer is not None:
        because = f"{settings.default_printer} is the default printer"
        return _to(settings, settings.default_printer, because, rules)
    if len(settings.printers) == 1:
        only = next(iter(settings.printers))
        return _to(settings, only, f"{only} is the only printer", rules)
    because = f"the event names neither printer nor station, and there is no default_printer ({names})"
    if settings.routes:
        because = f"no rule matches, {because}"
    return Plan((), None, because, rules)


def _desk(settings: Settings, wish: Wish, rules: tuple[Judgement, ...]) -> Plan:
    """The way of document pages for which there is no rule: a desk may have a printer for them."""
    for name, printer in settings.printers.items():
        if wish.station in printer.stations and printer.takes_documents:
            return _to(settings, name, f"station {wish.station} prints its documents on {name}", rules)
    return Plan((), None, "no rule and no station leads document pages to a printer of their own", rules)


def _title(settings: Settings, name: str) -> str:
    return f"group {name}" if name in settings.groups else f"printer {name}"


def _to(settings: Settings, name: str, because: str, rules: tuple[Judgement, ...] = ()) -> Plan:
    if name in settings.groups:
        return Plan(settings.groups[name].printers, name, because, rules)
    return Plan((name,), None, because, rules)


def _judge(rules: Iterable[RouteSettings], wish: Wish) -> Iterable[Judgement]:
    decided = None
    for number, rule in enumerate(rules, 1):
        if (rule.pages == "document") is not wish.documents or (rule.hold is not None and wish.judged):
            continue
        if decided is not None:
            yield Judgement(number, None, f"not looked at, as rule {decided} matches")
            continue
        lacks = [lack for key, wanted in rule.conditions.items() if (lack := _lack(key, wanted, wish))]
        if lacks:
            yield Judgement(number, False, ", ".join(lacks))
            continue
        decided = number
        met = [f"{key} {_said(getattr(wish, key), wanted)}" for key, wanted in rule.conditions.items()]
        if wish.documents:
            met.insert(0, "document pages")
        yield Judgement(number, True, ", ".join(met) or "every event")


def _lack(key: str, wanted: tuple[str, ...], wish: Wish) -> str | None:
    """Why a condition is not met, None where it is."""
    has: str | tuple[str, ...] | None = getattr(wish, key)
    values = has if isinstance(has, tuple) else () if has is None else (has,)
    same = _SAME.get(key, _same_word)
    if any(same(value, one) for value in values for one in wanted):
        return None
    asks = " or ".join(wanted)
    if not values:
        return f"the event has no {key}, the rule asks for {asks}"
    return f"{key} {'are' if isinstance(has, tuple) else 'is'} {', '.join(values)}, not {asks}"


def _said(has: str | tuple[str, ...], wanted: tuple[str, ...]) -> str:
    """The value that met a condition."""
    if isinstance(has, str):
        return has
    return next(value for value in has if any(_same_word(value, one) for one in wanted))


def _market(settings: Settings, shop: str | None) -> str | None:
    """The country of a shop that is configured."""
    return next(
        (one.market for one in settings.tiktok.shops.values() if shop is not None and one.shop_id == shop), None
    )


def _same_word(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _same_stock(one: str, other: str) -> bool:
    first, second = Media.parse(one), Media.parse(other)
    return abs(first.width - second.width) <= _SAME_STOCK and abs(first.length - second.length) <= _SAME_STOCK


#: how values of a condition are compared, where not as words
_SAME = {"media": _same_stock, "carrier": same_carrier}

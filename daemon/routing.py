"""Which printer a label goes to. Pure: settings and wishes in, a printer or the reason for none out."""

from dataclasses import dataclass

from ..config.settings import Settings


@dataclass(frozen=True, slots=True)
class Route:
    """A printer's name and why it was chosen; `printer` is None when nothing resolves, `because` says it."""

    printer: str | None
    because: str


def route(settings: Settings, *, printer: str | None, station: str | None) -> Route:
    """Choose by printer name, else by station, else the default printer."""
    names = ", ".join(sorted(settings.printers)) or "none are configured"
    if printer is not None:
        if printer in settings.printers:
            return Route(printer, f"the event names printer {printer}")
        return Route(None, f"there is no printer {printer!r} (printers: {names})")
    if station is not None:
        for name, candidate in settings.printers.items():
            if station in candidate.stations:
                return Route(name, f"station {station} prints on {name}")
        if settings.default_printer is None:
            return Route(None, f"no printer serves station {station!r}: add it to a printer's stations")
    if settings.default_printer is not None:
        return Route(settings.default_printer, f"{settings.default_printer} is the default printer")
    if len(settings.printers) == 1:
        only = next(iter(settings.printers))
        return Route(only, f"{only} is the only printer")
    return Route(None, f"the event names neither printer nor station, and there is no default_printer ({names})")

"""What needs a person now, by kind, in numbers. No parcel, link or name is in it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..job import Reason
from ..sharing import Readiness, readiness
from ..store.figures import OpenWork

if TYPE_CHECKING:
    from ..app import App

#: kinds, and what each counts; docs/mqtt.md shows them
KINDS: Mapping[str, str] = {
    "held-labels": "labels on hold, without those of the next line",
    "unknown-outcomes": "labels of which nobody knows whether they are on paper",
    "void-labels": "void labels on paper that nobody has taken out of the pile",
    "printers": "printers that were seen and are not ready, or are paused",
    "shops": "TikTok shops that have to be authorized, or soon",
    "folder": "1 while nothing can be taken from the watched folder",
    "clock": "1 while the clock is not believed",
    "broker": "1 while the MQTT broker is not connected; never on MQTT",
    "database": "1 while the database cannot be used; never on MQTT",
}
#: what MQTT cannot tell while it is so
SILENT = frozenset({"broker", "database"})


def needs(app: "App", work: OpenWork | None) -> dict[str, int]:
    """How many of each kind need a person; without `work` the database is what needs one, and labels are not known."""
    shops = app.tokens.standings() if app.tokens else ()
    found = {
        "printers": sum(readiness(view) is Readiness.AWAY for view in app.printers),
        "shops": sum(bool(one.trouble or one.warning) for one in shops),
        "folder": int(app.folder is not None and app.folder.trouble is not None),
        "clock": int(app.wall_clock.doubt() is not None),
        "broker": int(not app.broker.state.connected),
        "database": int(work is None or app.store.health.trouble is not None),
    }
    if work is not None:
        unknown = sum(group.count for group in work.held if group.reason == Reason.OUTCOME_UNKNOWN)
        found["unknown-outcomes"] = unknown
        found["held-labels"] = sum(group.count for group in work.held) - unknown
        found["void-labels"] = work.void
    return {kind: found[kind] for kind in KINDS if kind in found}

"""The printers that the daemon knows, and how each was when last seen."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from typing_extensions import TypedDict

from ..config.printers import PrinterSettings
from ..drivers.errors import DriverError
from ..drivers.printer import Identity, Observation, PrinterState
from .messages import iso
from .store.rows import Pause

#: what a technician should do about a reason; the first of these that is present is shown
_ADVICE = {
    "printer-identity-mismatch": "another printer answers than the known one: check cabling, or set its serial",
    "printer-configured-twice": "this printer is configured under another name too: remove one of the two",
    "printer-resolution-mismatch": "its head has another resolution than configured: correct the configuration",
    "printer-language-mismatch": "the printer speaks another language: set device.languages to zpl",
    "timed-out": "look at the printer: it gives no answer",
    "offline": "switch the printer on and check its network cable",
    "cover-open": "close the print head",
    "media-empty": "load labels",
    "marker-supply-empty": "load ribbon",
    "over-temperature": "let the print head cool",
    "paused": "press PAUSE on the printer",
    "diagnostic-mode": "switch the printer off and on to leave the hex-dump mode",
    "media-jam": "clear the jam",
    "output-area-full": "take the label out of the printer",
    "queue-stopped": "start its CUPS queue: cupsenable QUEUE",
    "queue-rejects-jobs": "let its CUPS queue take jobs: cupsaccept QUEUE",
    "job-hold-until-specified": "release the label's job in CUPS: lp -i JOB -H resume",
    "media-mismatch": "its CUPS queue does not offer this stock",
    "queue-resolution-unknown": "its CUPS queue does not tell its resolution: scan a label of it first",
    "calibration-needed": "calibrate its label sensor",
    "media-low": "have labels ready: few are left",
    "printhead-dirty": "clean the print head",
    "printhead-worn": "the print head is worn: have it replaced",
    "queue-repeats-labels": "CUPS prints again after an error: lpadmin -p QUEUE -o printer-error-policy=abort-job",
}


class PrinterMessage(TypedDict):
    """A printer as MQTT tells it."""

    printer: str
    state: PrinterState
    reasons: list[str]
    message: str
    serial: str | None
    seen_at: str | None
    paused_by: str | None
    paused_because: str | None


@dataclass(frozen=True, slots=True)
class PrinterView:
    """A printer as the page, the API and MQTT show it."""

    name: str
    settings: PrinterSettings
    state: PrinterState
    reasons: tuple[str, ...]
    advice: str | None
    identity: Identity
    odometer: int | None
    seen_at: float | None
    message: str
    #: where it is; None while a printer that is found by its identity was not met yet
    uri: str | None
    #: by whom and since when labeld sends it nothing; None: it prints
    pause: Pause | None = None

    def payload(self) -> bytes:
        """The retained message on `<prefix>/printers/<name>/state`."""
        told: PrinterMessage = {
            "printer": self.name,
            "state": self.state,
            "reasons": list(self.reasons),
            "message": self.message,
            "serial": self.identity.serial,
            "seen_at": iso(self.seen_at),
            "paused_by": self.pause.who if self.pause else None,
            "paused_because": self.pause.because if self.pause else None,
        }
        return json.dumps(told, separators=(",", ":")).encode()


class Printers:
    """The registry: observations in, views out; tells when a printer's state changes."""

    def __init__(
        self, settings: Mapping[str, PrinterSettings], changed: Callable[[PrinterView], None] = lambda _view: None
    ) -> None:
        self._views = {name: _unseen(name, one) for name, one in settings.items()}
        self._changed = changed
        #: by name: a printer that is adopted anew is paused still
        self._pauses: dict[str, Pause] = {}

    def apply(self, settings: Mapping[str, PrinterSettings]) -> None:
        """Take over new settings; a printer that is not in them stays until it is removed."""
        for name, one in settings.items():
            old = self._views.get(name)
            if old is not None and old.settings == one:
                continue
            same = old is not None and old.settings.claims == one.claims
            new = replace(old, settings=one) if old and same else _unseen(name, one)
            self._views[name] = replace(new, pause=self._pauses.get(name))
            self._changed(self._views[name])

    def remove(self, name: str) -> None:
        """Forget a printer that nobody serves any more."""
        self._views.pop(name, None)

    def __iter__(self) -> Iterator[PrinterView]:
        # of this moment: printers come and go while somebody goes through them
        return iter(tuple(self._views.values()))

    def __getitem__(self, name: str) -> PrinterView:
        return self._views[name]

    def __contains__(self, name: object) -> bool:
        return name in self._views

    def document_format(self, name: str) -> str | None:
        """The media type that a printer is sent, None while its queue has not told, or where the printer is gone."""
        if (view := self._views.get(name)) is None:
            return None
        return view.settings.document_format or view.identity.document_format

    def observed(self, name: str, seen: Observation, now: float, obstacle: str | None = None) -> PrinterView:
        """Take in an observation; an `obstacle`, in words, keeps a printer from labels that says it is ready."""
        settings = self._views[name].settings
        state, reasons = seen.status.state, seen.status.reasons
        if state is PrinterState.UNKNOWN and settings.ask:
            # RFC 8011 section 5.4.12: connected, but no response
            reasons |= {"timed-out"}
        told = seen.identity.serial is not None or state is not PrinterState.UNKNOWN
        if told and settings.own_serial not in (None, seen.identity.serial):
            state, reasons = PrinterState.STOPPED, reasons | {"printer-identity-mismatch"}
        if self._elsewhere(name, seen.identity.serial):
            state, reasons = PrinterState.STOPPED, reasons | {"printer-configured-twice"}
        if seen.identity.dpi not in (None, settings.resolution):
            state, reasons = PrinterState.STOPPED, reasons | {"printer-resolution-mismatch"}
        if obstacle is not None and state in (PrinterState.IDLE, PrinterState.PROCESSING):
            return self._put(name, PrinterState.STOPPED, reasons | {"other"}, seen, now, obstacle)
        return self._put(name, state, reasons, seen, now, seen.status.message)

    def _elsewhere(self, name: str, serial: str | None) -> bool:
        """Whether this very printer is served under another name: two writers would mix their labels."""
        others = (view for view in self if view.name != name and "printer-configured-twice" not in view.reasons)
        return serial is not None and any(view.identity.serial == serial for view in others)

    def met(self, name: str, uri: str) -> None:
        """A printer that is found by its identity was recognised at `uri`."""
        old = self._views[name]
        if old.uri != uri:
            self._views[name] = replace(old, uri=uri)
            self._changed(self._views[name])

    def paused(self, name: str, pause: Pause | None) -> None:
        """A person pauses or resumes a printer, which need not be there; how it is by itself is another matter."""
        self._pauses.pop(name, None)
        if pause is not None:
            self._pauses[name] = pause
        if name in self._views:
            self._views[name] = replace(self._views[name], pause=pause)
            self._changed(self._views[name])

    def failed(self, name: str, error: DriverError) -> PrinterView:
        """Take in a conversation that did not come about."""
        return self._put(name, PrinterState.STOPPED, frozenset({error.reason}), None, None, str(error))

    def _put(
        self,
        name: str,
        state: PrinterState,
        reasons: frozenset[str],
        seen: Observation | None,
        now: float | None,
        message: str | None = None,
    ) -> PrinterView:
        old = self._views[name]
        ordered = tuple(sorted(reasons))
        advice = next((words for reason, words in _ADVICE.items() if reason in reasons), None)
        new = replace(
            old,
            state=state,
            reasons=ordered,
            advice=advice,
            identity=old.identity if seen is None else seen.identity,
            odometer=old.odometer if seen is None else seen.odometer,
            seen_at=old.seen_at if now is None else now,
            message=message or _describe(state, ordered),
        )
        self._views[name] = new
        if (old.state, old.reasons, old.identity, old.message) != (new.state, new.reasons, new.identity, new.message):
            self._changed(new)
        return new


def _unseen(name: str, settings: PrinterSettings) -> PrinterView:
    """A printer that nobody looked at yet."""
    return PrinterView(
        name, settings, PrinterState.UNKNOWN, (), None, Identity(), None, None, "not asked yet", settings.uri
    )


def _describe(state: PrinterState, reasons: tuple[str, ...]) -> str:
    if state is PrinterState.UNKNOWN:
        return "the printer gives no answer about its state"
    words = ", ".join(reason.replace("-", " ") for reason in reasons)
    return f"{state}: {words}" if words else {"idle": "ready", "processing": "printing"}.get(state, state)

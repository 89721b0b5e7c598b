"""What PrintNode's API says of printers and jobs, in its own shapes. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...config.printers import PrinterSettings
from ...config.settings import Settings
from ...renderers.media import Media
from ..adapters.printnode import CONTENT_TYPES, number_of
from ..job import Job, JobState, Reason
from ..messages import iso
from ..normal import media
from ..printers import PrinterView
from ..store.rows import LedgerEntry

_STATES: Mapping[JobState, str] = {
    JobState.PENDING: "queued",
    JobState.HELD: "error",
    JobState.PROCESSING: "in_progress",
    JobState.STOPPED: "in_progress",
    JobState.CANCELED: "deleted",
    JobState.ABORTED: "error",
    JobState.COMPLETED: "done",
}
_REASONS: Mapping[str, str] = {
    Reason.TRANSFORMING: "preparing_to_print",
    Reason.COMPARING: "preparing_to_print",
    Reason.STALE: "expired",
    Reason.FETCHING: "downloading",
}
#: reasons of a printer that gives no answer
_AWAY = frozenset({"offline", "timed-out"})
#: the version of the client that runs on a computer
_CLIENT = "labeld"
#: of a job that is no print job of PrintNode's
_NO_TITLE = "label"


@dataclass(frozen=True, slots=True)
class Place:
    """What stands for the computer: this host, with the printers in force."""

    host: str
    since: float
    settings: Settings
    views: Mapping[str, PrinterView]

    @property
    def computer(self) -> dict[str, Any]:
        """This host as a computer."""
        return {
            "id": number_of(self.settings.site),
            "name": self.settings.site,
            "inet": "127.0.0.1",
            "inet6": None,
            "hostname": self.host,
            "version": _CLIENT,
            "jre": None,
            "createTimestamp": iso(self.since),
            "state": "connected",
        }

    @property
    def printers(self) -> list[dict[str, Any]]:
        """Its printers, then its groups."""
        return [self.printer(name) for name in (*self.settings.printers, *self.settings.groups)]

    def printer(self, name: str) -> dict[str, Any]:
        """A printer or a group; also one that is gone by now."""
        group = self.settings.groups.get(name)
        names = (name,) if group is None else group.printers
        members = [self.settings.printers[one] for one in names if one in self.settings.printers]
        there = any(_answers(self.views[one]) for one in names if one in self.views)
        return {
            "id": number_of(name),
            "computer": self.computer,
            "name": name,
            "description": ", ".join(names) if group is not None else "",
            "capabilities": _capabilities(members),
            "default": name == self.settings.default_printer,
            "createTimestamp": iso(self.since),
            "state": "online" if there else "offline",
        }

    def job(self, number: int, job: Job) -> dict[str, Any]:
        """A job."""
        kept = dict(tag.partition(":")[::2] for tag in reversed(job.tags))
        kind = kept.get("printnode", "")
        return {
            "id": number,
            "printer": self.printer(job.printer or job.requested_printer or ""),
            "title": kept.get("title") or job.tracking_number or job.package_id or job.event_id or _NO_TITLE,
            "contentType": kind if kind in CONTENT_TYPES else "raw_base64",
            "source": kept.get("source") or job.source,
            "qty": job.copies,
            "options": {},
            "expireAt": iso(job.useful_until),
            "createTimestamp": iso(job.received_at),
            "state": state_of(job.state, job.reason),
        }


def account(computers: int) -> dict[str, Any]:
    """Who asks: there is one account, and no name in it."""
    return {
        "id": 1,
        "firstname": "labeld",
        "lastname": "",
        "email": "",
        "canCreateSubAccounts": False,
        "creatorEmail": None,
        "creatorRef": None,
        "childAccounts": [],
        "credits": None,
        "numComputers": computers,
        "totalPrints": 0,
        "versions": [],
        "connected": [],
        "Tags": {},
        "state": "active",
        "ApiKeys": {},
        "permissions": ["Unrestricted"],
    }


def states(number: int, timeline: Sequence[LedgerEntry], now: float) -> list[dict[str, Any]]:
    """The lines of a job's timeline as the states that it had; the age is in milliseconds."""
    return [
        {
            "printJobId": number,
            "state": state_of(entry.state, entry.reason),
            "message": entry.words,
            "data": None,
            "clientVersion": _CLIENT,
            "createTimestamp": iso(entry.at),
            "age": max(round((now - entry.at) * 1000), 0),
        }
        for entry in timeline
    ]


def state_of(state: JobState, reason: str) -> str:
    """A job's state in PrintNode's words: `done` is a label that is printed, for whatever a person is asked `error`."""
    return _STATES[state] if state.under_way else _REASONS.get(reason, _STATES[state])


def _answers(view: PrinterView) -> bool:
    # one that cannot be asked is taken for there
    return not _AWAY & set(view.reasons)


def _capabilities(printers: Sequence[PrinterSettings]) -> dict[str, Any]:
    """In tenths of a millimetre."""
    papers = {media(one.media): _tenths(one.media) for one in printers}
    sizes = list(papers.values())
    return {
        "bins": [],
        "collate": False,
        "color": False,
        "copies": 100,
        "dpis": [f"{dpi}x{dpi}" for dpi in sorted({one.resolution for one in printers})],
        "duplex": False,
        "extent": [[min(side) for side in zip(*sizes, strict=True)], [max(side) for side in zip(*sizes, strict=True)]],
        "medias": [],
        "nup": [1],
        "papers": papers,
        "printrate": None,
        "supports_custom_paper_size": False,
    }


def _tenths(name: str) -> list[int]:
    stock = Media.parse(name)
    return [round(stock.width / 10), round(stock.length / 10)]

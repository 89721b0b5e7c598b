"""What fetching a label ends in: its document, another try later, or a reason why there will be none."""

from dataclasses import dataclass

from ..errors import DaemonError


@dataclass(frozen=True, slots=True)
class Document:
    """A label's bytes as they came, and what its source says of them."""

    data: bytes
    media_type: str | None = None
    #: carrier's number, where the source told it
    tracking_number: str | None = None


class FetchFailed(DaemonError):
    """A label was not obtained; the message is one line for a technician, without links, tokens or secrets."""


class TryLater(FetchFailed):
    """It may be there later: not ready, too many calls, a network that fails.

    Args:
        because: what is the matter.
        after: seconds that the source wants to be left alone; None: the usual back-off.
    """

    def __init__(self, because: str, *, after: float | None = None) -> None:
        super().__init__(because)
        self.after = after


class NeedsPerson(FetchFailed):
    """Somebody has to do something first: authorize a shop, correct the configuration, arrange the shipment."""


class OrderOnHold(FetchFailed):
    """TikTok has the order on hold, or the buyer asked to cancel it: not to be printed unless a person says so."""


class OrderCanceled(FetchFailed):
    """TikTok says that the order, or the package, was canceled."""


class NoLabel(FetchFailed):
    """There is none and will be none: a link that is refused or has expired, a package of somebody else."""

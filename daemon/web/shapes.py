"""What bodies and answers of the API look like beside jobs, printers and uploads; `openapi` writes them down.

A field of a body that may be left out is NotRequired.
"""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from ..finding.candidates import CandidateJson
from .upload import UploadJson
from .views import AttemptJson, EntryJson, HeldGroupJson, JobJson, PrinterJson, RejectionJson


class ProblemJson(TypedDict):
    """A problem document (RFC 9457): `detail` is one sentence that says what is wrong and what to do."""

    type: str
    title: str
    status: int
    detail: str


class JobsJson(TypedDict):
    """Jobs newest first; `next` is the `before` of the following page, null at the last."""

    jobs: list[JobJson]
    next: str | None


class JobDetailJson(JobJson):
    """A job with all that is known of it."""

    timeline: list[EntryJson]
    attempts: list[AttemptJson]
    parts: list[JobJson]
    related: list[JobJson]


class HoldsJson(TypedDict):
    """Held jobs, counted by station and reason."""

    holds: list[HeldGroupJson]


class ReleasedJson(TypedDict):
    """How many jobs of a group were released, and how many are left."""

    released: int
    left: int


class NoticeJson(TypedDict):
    """What a notice did: whether it came before, and the jobs that it changed."""

    duplicate: bool
    jobs: list[JobJson]


class PacedPrinterJson(PrinterJson):
    """A printer, and how fast it was seen to be."""

    seconds_per_label: float | None


class PrintersJson(TypedDict):
    """Every printer."""

    printers: list[PacedPrinterJson]


class CandidatesJson(TypedDict):
    """Printers that announce themselves; `message` says whether labeld listens."""

    candidates: list[CandidateJson]
    message: str


class RejectionsJson(TypedDict):
    """Refused events, latest first."""

    rejections: list[RejectionJson]


class UploadsJson(TypedDict):
    """Uploads that are not forgotten, newest first."""

    uploads: list[UploadJson]


class RowJson(TypedDict):
    """What became of a row of a table."""

    row: int
    result: str
    column: str | None
    message: str
    job: str | None
    order_ids: list[str]
    package_id: str | None
    tracking_number: str | None
    file: str | None


class ReportJson(TypedDict):
    """What became of a table."""

    dry_run: bool
    imported: bool
    counts: dict[str, int]
    notes: list[str]
    rows: list[RowJson]


class ShopWebhooksJson(TypedDict):
    """The webhooks of a shop: when the last came, how many are still to be done, and why the oldest of them is."""

    last_at: str | None
    waiting: int
    waits_because: str | None


class ShopPollJson(TypedDict):
    """The polling of a shop: when it last came through, how far in TikTok's time, labels found since the start."""

    last_at: str | None
    reached: str | None
    found: int
    error: str | None


class ShopJson(TypedDict):
    """A TikTok shop and how its authorization stands; the fields after `consent` are there once it was authorized."""

    name: str
    shop_id: str
    market: str
    authorized: bool
    trouble: str | None
    warning: str | None
    consent: str | None
    webhooks: ShopWebhooksJson | None
    poll: ShopPollJson | None
    seller: NotRequired[str | None]
    region: NotRequired[str | None]
    scopes: NotRequired[list[str]]
    missing_scope: NotRequired[str | None]
    authorized_at: NotRequired[str | None]
    refreshed_at: NotRequired[str | None]
    access_expires: NotRequired[str | None]
    authorization_expires: NotRequired[str | None]
    error: NotRequired[str | None]
    error_at: NotRequired[str | None]


class ShopsJson(TypedDict):
    """Every configured shop, and what became of webhooks since the start, in counts."""

    shops: list[ShopJson]
    webhooks: dict[str, int] | None


class AliveJson(TypedDict):
    """The daemon turns."""

    status: Literal["alive"]


class BrokerJson(TypedDict):
    """How the connection to the MQTT broker is."""

    address: str
    connected: bool
    message: str


class DatabaseJson(TypedDict):
    """Bytes of the database."""

    bytes: int
    free_bytes: int
    wal_bytes: int
    shrinks: bool


class ReadyJson(TypedDict):
    """The daemon can do its work; what it says beside that is no reason to restart it."""

    status: Literal["ready"]
    broker: BrokerJson
    since: str | None
    clock: str | None
    database: DatabaseJson
    held_long: int
    unsent: int


class PrintNodeError(TypedDict):
    """An error as PrintNode tells it."""

    uid: str
    code: str
    message: str


class ReasonBody(TypedDict):
    """Why; a person reads it later."""

    reason: str


class HoldBody(TypedDict):
    """Why a job is kept from its printer."""

    reason: NotRequired[str]


class GroupBody(TypedDict):
    """Which held jobs: as `holds` tells them."""

    station: NotRequired[str | None]
    reason: str


class RollBody(TypedDict):
    """The new roll in a printer, by its labels or by its length; `labels: 0` forgets it."""

    labels: NotRequired[float]
    metres: NotRequired[float]


class MoveBody(TypedDict):
    """Where a job prints instead."""

    printer: str


class SettleBody(TypedDict):
    """Whether the label came out."""

    printed: bool


class ChoicesBody(TypedDict):
    """What becomes of packing slips, and of labels on which no number can be read."""

    slips: NotRequired[Literal["print", "leave"]]
    unnumbered: NotRequired[Literal["hold", "print", "leave"]]


class CodeBody(TypedDict):
    """The code of a seller's consent, or the whole address that it stands in."""

    code: str


class FileForm(TypedDict):
    """A label, and where it prints."""

    file: str
    printer: NotRequired[str]
    station: NotRequired[str]


class UploadForm(FileForm):
    """A merged PDF; `confirm` prints it without asking."""

    slips: NotRequired[Literal["print", "leave"]]
    unnumbered: NotRequired[Literal["hold", "print", "leave"]]
    confirm: NotRequired[str]


class TableForm(TypedDict):
    """A table of labels; label files go beside it under any other name."""

    table: str
    shop: NotRequired[str]
    station: NotRequired[str]
    printer: NotRequired[str]
    dry_run: NotRequired[str]


class PrintJobBody(TypedDict):
    """A print job of PrintNode; also as a form."""

    printerId: int
    title: NotRequired[str]
    contentType: Literal["pdf_uri", "pdf_base64", "raw_uri", "raw_base64"]
    content: str
    source: NotRequired[str]
    qty: NotRequired[int]
    expireAfter: NotRequired[int]
    options: NotRequired[dict[str, Any]]

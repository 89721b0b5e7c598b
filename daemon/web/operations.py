"""What each route of the API takes and gives: one row a route; `openapi` makes the document of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from ..events import LabelReady
from ..finding.adoption import Terms
from ..job import JobState
from ..notices import LabelCanceled
from . import shapes
from .printer_view import PrinterDetailJson
from .upload import UploadJson
from .views import JobJson, PrinterJson

JSON, FORM, URLENCODED = "application/json", "multipart/form-data", "application/x-www-form-urlencoded"
_BYTES, _PDF, _PNG, _ZPL = "application/octet-stream", "application/pdf", "image/png", "application/vnd.zebra-zpl"
#: the tag of routes that answer and fail in PrintNode's shapes
PRINTNODE = "PrintNode"
#: bytes of any kind
BINARY: Any = bytes


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value in a query or a header; none is needed."""

    name: str
    about: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    place: str = "query"


@dataclass(frozen=True, slots=True)
class Body:
    """What a request brings, by media type."""

    kinds: Mapping[str, Any]
    required: bool = True


@dataclass(frozen=True, slots=True)
class Operation:
    """A route of the API.

    Attributes:
        tag: what it is about.
        answers: by status: a shape, `None` for no body, or a media type with its shape.
        problems: statuses of the problem documents that it may give, beside those that every route may.
    """

    tag: str
    answers: Mapping[int, Any]
    problems: tuple[int, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None


_OK, _CREATED, _ACCEPTED, _GONE = HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT
_BAD, _MISSING, _LATE, _WRONG = 400, 404, 409, 422


def _json(shape: Any, *, required: bool = True) -> Body:
    return Body({JSON: shape}, required)


_KEY = Parameter(
    "Idempotency-Key",
    "a request that is sent again with the same key does its work once",
    {"type": "string", "minLength": 1, "maxLength": 200},
    "header",
)
_LIMIT = Parameter("limit", "how many", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50})
_PRINTER = Parameter("printer", "printer or group by name")
_STATION = Parameter("station", "packing station")
_SET = (
    Parameter("limit", "how many", {"type": "integer", "minimum": 0, "maximum": 2**31, "default": 100}),
    Parameter("after", "the last number of the answer before", {"type": "integer", "minimum": 0, "maximum": 2**31}),
    Parameter("dir", "the only order that there is", {"const": "desc"}),
)
_STATES: dict[str, Any] = {"type": "string", "enum": [str(state) for state in JobState]}
_LIST: dict[int, Any] = {_OK: list[dict[str, Any]]}
_LISTS: dict[int, Any] = {_OK: list[list[dict[str, Any]]]}
_ACT = Operation("jobs", {_OK: JobJson}, (_MISSING, _LATE))
_V1 = "/api/v1"

OPERATIONS: Mapping[str, Operation] = {
    f"GET {_V1}/jobs": Operation(
        "jobs",
        {_OK: shapes.JobsJson},
        (_BAD,),
        (
            _LIMIT,
            Parameter("before", "the `next` of the page before"),
            Parameter("state", "only jobs in this state", _STATES),
            Parameter("printer", "only jobs of this printer"),
            Parameter("q", "tracking number, package id, event id or order id, also as a scanner reads it"),
        ),
    ),
    f"POST {_V1}/jobs": Operation(
        "jobs",
        {_OK: JobJson, _CREATED: JobJson},
        (_BAD, _WRONG),
        (_PRINTER, _STATION, _KEY),
        Body({JSON: LabelReady, FORM: shapes.FileForm, _PDF: BINARY, _PNG: BINARY, _ZPL: BINARY, _BYTES: BINARY}),
    ),
    f"POST {_V1}/imports": Operation(
        "labels by hand",
        {_OK: shapes.ReportJson, _CREATED: shapes.ReportJson},
        (_BAD, _WRONG),
        (
            Parameter("dry_run", "only say what would become of each row", {"enum": ["true", "false"]}),
            Parameter("shop", "shop of rows that name none"),
            Parameter("station", "station of rows that name none"),
            Parameter("printer", "printer of rows that name none"),
        ),
        Body({"text/csv": BINARY, FORM: shapes.TableForm}),
    ),
    f"POST {_V1}/jobs/release": Operation(
        "jobs", {_OK: shapes.ReleasedJson}, (_BAD, _LATE), body=_json(shapes.GroupBody)
    ),
    f"GET {_V1}/jobs/{{id}}": Operation("jobs", {_OK: shapes.JobDetailJson}, (_MISSING,)),
    f"GET {_V1}/jobs/{{id}}/preview.png": Operation(
        "jobs",
        {_OK: {_PNG: BINARY}, 304: None},
        (_BAD, _MISSING, 410),
        (Parameter("page", "which label", {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 1}),),
    ),
    f"GET {_V1}/jobs/{{id}}/asset": Operation("jobs", {_OK: {_BYTES: BINARY}}, (_MISSING, 410)),
    f"POST {_V1}/jobs/{{id}}/cancel": _ACT,
    f"POST {_V1}/jobs/{{id}}/hold": Operation(
        "jobs", {_OK: JobJson}, (_BAD, _MISSING, _LATE), body=_json(shapes.HoldBody, required=False)
    ),
    f"POST {_V1}/jobs/{{id}}/release": _ACT,
    f"POST {_V1}/jobs/{{id}}/move": Operation(
        "jobs", {_OK: JobJson}, (_BAD, _MISSING, _LATE), body=_json(shapes.MoveBody)
    ),
    f"POST {_V1}/jobs/{{id}}/settle": Operation(
        "jobs", {_OK: JobJson}, (_BAD, _MISSING, _LATE), body=_json(shapes.SettleBody)
    ),
    f"POST {_V1}/jobs/{{id}}/reprint": Operation(
        "jobs",
        {_OK: JobJson, _CREATED: JobJson},
        (_BAD, _MISSING, _LATE),
        (_KEY,),
        _json(shapes.ReasonBody),
    ),
    f"POST {_V1}/jobs/{{id}}/take-out": _ACT,
    f"GET {_V1}/holds": Operation("jobs", {_OK: shapes.HoldsJson}),
    f"POST {_V1}/notices/{{kind}}": Operation(
        # a notice that labels are superseded says `replaced_by` too
        "jobs",
        {_OK: shapes.NoticeJson},
        (_WRONG,),
        body=_json(LabelCanceled),
    ),
    f"GET {_V1}/printers": Operation("printers", {_OK: shapes.PrintersJson}),
    f"GET {_V1}/printers/{{name}}": Operation("printers", {_OK: PrinterDetailJson}, (_MISSING,)),
    f"POST {_V1}/printers/{{name}}/pause": Operation("printers", {_OK: PrinterJson}, (_MISSING,)),
    f"POST {_V1}/printers/{{name}}/resume": Operation("printers", {_OK: PrinterJson}, (_MISSING,)),
    f"POST {_V1}/printers/{{name}}/test-label": Operation("printers", {_CREATED: JobJson}, (_MISSING, _LATE)),
    f"POST {_V1}/printers/{{name}}/roll": Operation(
        "printers", {_OK: PrinterDetailJson}, (_BAD, _MISSING), body=_json(shapes.RollBody)
    ),
    f"POST {_V1}/printers/{{name}}/adopt": Operation(
        "printers",
        {_OK: PrinterJson, _CREATED: PrinterJson},
        (_BAD, _MISSING, _LATE, _WRONG),
        body=_json(Terms),
    ),
    f"DELETE {_V1}/printers/{{name}}": Operation("printers", {_GONE: None}, (_MISSING, _LATE)),
    f"GET {_V1}/candidates": Operation("printers", {_OK: shapes.CandidatesJson}),
    f"GET {_V1}/shops": Operation("shops", {_OK: shapes.ShopsJson}),
    f"POST {_V1}/shops/{{name}}/authorize": Operation(
        "shops", {_OK: shapes.ShopJson}, (_BAD, _MISSING, _LATE, 502), body=_json(shapes.CodeBody)
    ),
    f"POST {_V1}/shops/{{name}}/refresh": Operation("shops", {_OK: shapes.ShopJson}, (_MISSING, _LATE, 502)),
    f"GET {_V1}/rejections": Operation("jobs", {_OK: shapes.RejectionsJson}, (_BAD,), (_LIMIT,)),
    f"GET {_V1}/schemas/label-{{kind}}.json": Operation(
        "the API itself", {_OK: {"application/schema+json": dict[str, Any]}}
    ),
    f"GET {_V1}/uploads": Operation("labels by hand", {_OK: shapes.UploadsJson}),
    f"POST {_V1}/uploads": Operation(
        "labels by hand",
        {_OK: UploadJson, _ACCEPTED: UploadJson},
        (_BAD, _LATE, _WRONG),
        (
            _PRINTER,
            _STATION,
            Parameter("slips", "packing slips", {"enum": ["print", "leave"], "default": "print"}),
            Parameter("unnumbered", "labels without number", {"enum": ["hold", "print", "leave"], "default": "hold"}),
            Parameter("confirm", "print it without asking", {"enum": ["yes", "no"], "default": "no"}),
        ),
        Body({_PDF: BINARY, FORM: shapes.UploadForm}),
    ),
    f"GET {_V1}/uploads/{{id}}": Operation("labels by hand", {_OK: UploadJson}, (_MISSING,)),
    f"GET {_V1}/uploads/{{id}}/pages/{{number}}.png": Operation(
        "labels by hand", {_OK: {_PNG: BINARY}}, (_MISSING, _LATE)
    ),
    f"POST {_V1}/uploads/{{id}}/print": Operation(
        "labels by hand",
        {_ACCEPTED: UploadJson},
        (_MISSING, _LATE, _WRONG),
        body=_json(shapes.ChoicesBody, required=False),
    ),
    f"DELETE {_V1}/uploads/{{id}}": Operation("labels by hand", {_GONE: None}, (_MISSING, _LATE)),
    f"GET {_V1}/events": Operation("the API itself", {_OK: {"text/event-stream": str}}),
    "GET /openapi.json": Operation("the API itself", {_OK: dict[str, Any]}),
    "GET /asyncapi.json": Operation("the API itself", {_OK: dict[str, Any]}),
    "GET /healthz": Operation("health", {_OK: shapes.AliveJson}),
    "GET /readyz": Operation("health", {_OK: shapes.ReadyJson}),
    "GET /metrics": Operation("health", {_OK: {"text/plain": str}}),
    "POST /webhooks/tiktok": Operation(
        "TikTok",
        {_OK: None},
        (401, _MISSING, 429),
        (Parameter("Authorization", "TikTok's signature", place="header"),),
        _json(dict[str, Any]),
    ),
    "GET /whoami": Operation(PRINTNODE, {_OK: dict[str, Any]}),
    "GET /computers": Operation(PRINTNODE, _LIST),
    "GET /computers/{set}": Operation(PRINTNODE, _LIST, (_BAD,)),
    "GET /computers/{set}/printers": Operation(PRINTNODE, _LIST, (_BAD,)),
    "GET /computers/{set}/printers/{printers}": Operation(PRINTNODE, _LIST, (_BAD,)),
    "GET /printers": Operation(PRINTNODE, _LIST),
    "GET /printers/{name}": Operation(PRINTNODE, _LIST, (_BAD,)),
    "GET /printers/{set}/printjobs": Operation(PRINTNODE, _LIST, (_BAD,)),
    "GET /printjobs": Operation(PRINTNODE, _LIST, (_BAD,), _SET),
    "POST /printjobs": Operation(
        PRINTNODE,
        {_CREATED: int},
        (_BAD, _LATE),
        (Parameter("X-Idempotency-Key", "the same key again is a 409", place="header"),),
        Body({JSON: shapes.PrintJobBody, URLENCODED: shapes.PrintJobBody}),
    ),
    "GET /printjobs/states": Operation(PRINTNODE, _LISTS, (_BAD,), _SET),
    "GET /printjobs/{set}": Operation(PRINTNODE, _LIST, (_BAD,)),
    "GET /printjobs/{set}/states": Operation(PRINTNODE, _LISTS, (_BAD,)),
    "DELETE /printjobs/{set}": Operation(PRINTNODE, {_OK: list[int]}, (_BAD,)),
}

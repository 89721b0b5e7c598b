"""Who may ask for what: one row a route, as `METHOD path`; a route that is not here is for nobody. Pure."""

from collections.abc import Mapping
from enum import Enum, auto

from .tokens import Role


class Need(Enum):
    """What a route asks of whoever comes, where there is a login."""

    NOTHING = auto()
    VIEW = auto()
    SUBMIT = auto()
    OPERATE = auto()


#: a viewer looks; a submitter, which is a program, sends labels and takes back what waits; an operator does all
MAY: Mapping[Role, frozenset[Need]] = {
    Role.VIEWER: frozenset({Need.VIEW}),
    Role.SUBMITTER: frozenset({Need.VIEW, Need.SUBMIT}),
    Role.OPERATOR: frozenset({Need.VIEW, Need.SUBMIT, Need.OPERATE}),
}

_ROUTES: Mapping[Need, tuple[str, ...]] = {
    Need.NOTHING: (
        "GET /static/{name}",
        "GET /favicon.ico",
        "GET /healthz",
        "GET /readyz",
        "POST /webhooks/tiktok",
        "GET /login",
        "POST /login",
        "POST /logout",
    ),
    Need.VIEW: (
        "GET /whoami",
        "GET /computers",
        "GET /computers/{set}",
        "GET /computers/{set}/printers",
        "GET /computers/{set}/printers/{printers}",
        "GET /printers",
        "GET /printers/{name}",
        "GET /printers/{set}/printjobs",
        "GET /printjobs",
        "GET /printjobs/states",
        "GET /printjobs/{set}",
        "GET /printjobs/{set}/states",
        "GET /",
        "POST /",
        "GET /jobs/{id}",
        "GET /rejections/{id}",
        "POST /who",
        "GET /upload",
        "GET /import",
        "GET /api",
        "GET /openapi.json",
        "GET /asyncapi.json",
        "GET /metrics",
        "GET /api/v1/jobs",
        "GET /api/v1/jobs/{id}",
        "GET /api/v1/jobs/{id}/preview.png",
        "GET /api/v1/jobs/{id}/asset",
        "GET /api/v1/holds",
        "GET /api/v1/printers",
        "GET /api/v1/printers/{name}",
        "GET /api/v1/shops",
        "GET /api/v1/candidates",
        "GET /api/v1/rejections",
        "GET /api/v1/schemas/label-{kind}.json",
        "GET /api/v1/uploads",
        "GET /api/v1/uploads/{id}",
        "GET /api/v1/uploads/{id}/pages/{number}.png",
        "GET /api/v1/events",
    ),
    Need.SUBMIT: (
        "POST /printjobs",
        "DELETE /printjobs/{set}",
        "POST /upload",
        "POST /upload/{id}/{verb}",
        "POST /import",
        "POST /api/v1/jobs",
        "POST /api/v1/imports",
        "POST /api/v1/notices/{kind}",
        "POST /api/v1/uploads",
        "POST /api/v1/uploads/{id}/print",
        "DELETE /api/v1/uploads/{id}",
    ),
    Need.OPERATE: (
        "POST /jobs/release",
        "POST /rejections/{id}",
        "POST /jobs/{id}/{verb}",
        "POST /printers/adopt",
        "POST /printers/forget",
        "POST /printers/{name}/{verb}",
        "POST /api/v1/jobs/release",
        "POST /api/v1/jobs/{id}/cancel",
        "POST /api/v1/jobs/{id}/hold",
        "POST /api/v1/jobs/{id}/release",
        "POST /api/v1/jobs/{id}/move",
        "POST /api/v1/jobs/{id}/settle",
        "POST /api/v1/jobs/{id}/reprint",
        "POST /api/v1/jobs/{id}/take-out",
        "POST /api/v1/printers/{name}/pause",
        "POST /api/v1/printers/{name}/resume",
        "POST /api/v1/printers/{name}/test-label",
        "POST /api/v1/printers/{name}/adopt",
        "POST /api/v1/printers/{name}/roll",
        "DELETE /api/v1/printers/{name}",
        "POST /api/v1/shops/{name}/authorize",
        "POST /api/v1/shops/{name}/refresh",
    ),
}
NEEDS: Mapping[str, Need] = {route: need for need, routes in _ROUTES.items() for route in routes}

"""The API as an OpenAPI 3.1 document, made from the routes, their handlers' words and `operations`. Pure."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter

from . import shapes
from .operations import BINARY, JSON, OPERATIONS, PRINTNODE, Operation, Parameter
from .problems import CONTENT_TYPE

#: a variable of a route's path, with its pattern
_VARIABLE = re.compile(r"\{(\w+)(?::((?:[^{}]|\{[^{}]*\})*))?\}")
_ABOUT = """\
Every body and answer is JSON unless it says otherwise; times are RFC 3339 in UTC. Errors are problem documents
(RFC 9457) but those of PrintNode's routes, which have PrintNode's shape. Fields may be added: ignore what you do not
know. A list goes on at its `next`, given as `before`. A request that may have been lost is sent again with the same
`Idempotency-Key`.
"""
_BINARY = {"type": "string", "format": "binary"}
#: statuses that every route may answer with: no token or the wrong role, misdirected, too often, the database away
_ALWAYS = (401, 403, 421, 429, 503)
#: those of every request that may have a body
_WITH_BODY = (408, 411, 413)
_SAFE_METHODS = frozenset({"GET", "HEAD"})
#: as RFC 9110 names them: Python's names change with its version
_PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}


def template(path: str) -> str:
    """A route's path as OpenAPI writes it: without the patterns of its variables."""
    return _VARIABLE.sub(r"{\1}", path)


def document(routes: Iterable[web.RouteDef]) -> dict[str, Any]:
    """The OpenAPI document of those `routes` that belong to the API; pages are left out."""
    served = {f"{route.method} {template(route.path)}": route for route in routes if not _is_page(route)}
    operations = {key: (served[key], operation) for key, operation in OPERATIONS.items()}
    shapes_of = _Shapes(operation for _, operation in operations.values())
    paths: dict[str, dict[str, Any]] = {}
    problems: set[int] = set()
    for route, operation in operations.values():
        told = _operation(route, operation, shapes_of)
        problems |= {int(status) for status, answer in told["responses"].items() if "$ref" in answer}
        paths.setdefault(template(route.path), {})[route.method.lower()] = told
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "labeld",
            "version": "1",
            "summary": "Labels to thermal printers, once, with proof",
            "description": _ABOUT,
        },
        "paths": paths,
        # where there is no login, none is needed
        "security": [{"bearer": []}, {"basic": []}, {}],
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "A token of `labeld token new`."},
                "basic": {"type": "http", "scheme": "basic", "description": "The token as the user's name."},
            },
            "schemas": shapes_of.definitions,
            "responses": {_name(status): _problem(status, shapes_of) for status in sorted(problems)},
        },
    }


def _is_page(route: web.RouteDef) -> bool:
    """A printer's page has the place of PrintNode's printers."""
    return route.path == "/printers/{name}"


class _Shapes:
    """JSON Schemas of bodies and answers; those with a name are defined once."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        wanted: dict[Any, str] = {shapes.ProblemJson: "serialization", shapes.PrintNodeError: "serialization"}
        for operation in operations:
            for answer in operation.answers.values():
                wanted |= dict.fromkeys(_media(answer).values(), "serialization")
            if operation.body is not None:
                wanted |= dict.fromkeys(operation.body.kinds.values(), "validation")
        wanted.pop(BINARY, None)
        inputs: Any = [(number, mode, TypeAdapter(shape)) for number, (shape, mode) in enumerate(wanted.items())]
        found, defined = TypeAdapter.json_schemas(inputs, ref_template="#/components/schemas/{model}")
        self._found = {shape: found[number, mode] for number, (shape, mode) in enumerate(wanted.items())}  # type: ignore[index]
        self.definitions: dict[str, Any] = defined.get("$defs", {})
        for form in ("FileForm", "UploadForm", "TableForm"):
            for name in ("file", "table"):
                if name in self.definitions.get(form, {}).get("properties", {}):
                    self.definitions[form]["properties"][name] |= {"format": "binary"}

    def of(self, shape: Any) -> Mapping[str, Any]:
        """The schema of a shape."""
        return _BINARY if shape is BINARY else self._found[shape]

    def content(self, kinds: Mapping[str, Any]) -> dict[str, Any]:
        """Bodies by media type."""
        return {kind: {"schema": self.of(shape)} for kind, shape in kinds.items()}


def _media(answer: Any) -> Mapping[str, Any]:
    if answer is None:
        return {}
    return answer if isinstance(answer, dict) else {JSON: answer}


def _operation(route: web.RouteDef, operation: Operation, schemas: _Shapes) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": _operation_id(route),
        "tags": [operation.tag],
        "summary": _summary(route),
    }
    variables = [_variable(*match.groups()) for match in _VARIABLE.finditer(route.path)]
    if parameters := [*variables, *map(_parameter, operation.parameters)]:
        told["parameters"] = parameters
    if operation.body is not None:
        content = schemas.content(operation.body.kinds)
        told["requestBody"] = {"required": operation.body.required, "content": content}
    told["responses"] = {
        str(int(status)): {"description": _phrase(status), **_content(answer, schemas)}
        for status, answer in sorted(operation.answers.items())
    }
    statuses = {*operation.problems, *_ALWAYS}
    if any(match[2] for match in _VARIABLE.finditer(route.path)):
        statuses.add(HTTPStatus.NOT_FOUND)
    if route.method not in _SAFE_METHODS:
        statuses.update(_WITH_BODY)
    for status in sorted(statuses):
        if operation.tag == PRINTNODE:
            told["responses"][str(status)] = _problem(status, schemas, printnode=True)
        else:
            told["responses"][str(status)] = {"$ref": f"#/components/responses/{_name(status)}"}
    return told


def _content(answer: Any, schemas: _Shapes) -> dict[str, Any]:
    kinds = _media(answer)
    return {"content": schemas.content(kinds)} if kinds else {}


def _problem(status: int, schemas: _Shapes, *, printnode: bool = False) -> dict[str, Any]:
    kinds = {CONTENT_TYPE: shapes.ProblemJson} | ({JSON: shapes.PrintNodeError} if printnode else {})
    return {"description": _phrase(status), "content": schemas.content(kinds)}


def _name(status: int) -> str:
    return "".join(_phrase(status).title().split())


def _phrase(status: int) -> str:
    return _PHRASES.get(status) or HTTPStatus(status).phrase


def _operation_id(route: web.RouteDef) -> str:
    path = template(route.path).removeprefix("/api/v1")
    owner = "" if route.path.startswith("/api/") else "root-"
    return f"{route.method.lower()}-{owner}{re.sub(r'[^a-z.]+', '-', path).strip('-')}"


def _summary(route: web.RouteDef) -> str:
    """The first paragraph of the handler's docstring, without the method and path that some begin with."""
    words = " ".join((route.handler.__doc__ or "").partition("\n\n")[0].split())
    words = re.sub(r"^`[A-Z]+ /[^`]*`: ", "", words)
    return words[:1].upper() + words[1:]


def _variable(name: str, pattern: str | None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "minLength": 1}
    if pattern is not None and re.fullmatch(r"[\w-]+(\|[\w-]+)*", pattern):
        schema = {"enum": pattern.split("|")}
    elif pattern is not None:
        schema["pattern"] = f"^{pattern}$"
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _parameter(one: Parameter) -> dict[str, Any]:
    return {"name": one.name, "in": one.place, "description": one.about, "schema": dict(one.schema)}

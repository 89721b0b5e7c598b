"""`/openapi.json`, `/asyncapi.json`, and the page `/api` that shows both without anything from outside."""

import json
import re
from functools import cached_property
from typing import Any

from aiohttp import web
from markupsafe import Markup, escape

from . import asyncapi, openapi
from .drawing import TEMPLATES, answer
from .keys import LABELD


class Documents:
    """The documents of an application's routes, made when somebody asks."""

    def __init__(self, routes: list[web.RouteDef]) -> None:
        self._routes = routes

    @cached_property
    def http(self) -> dict[str, Any]:
        """OpenAPI."""
        return openapi.document(self._routes)

    @cached_property
    def mqtt(self) -> dict[str, Any]:
        """AsyncAPI."""
        return asyncapi.document()


DOCUMENTS: web.AppKey[Documents] = web.AppKey("DOCUMENTS")


async def openapi_json(request: web.Request) -> web.Response:
    """This document: the API in OpenAPI 3.1."""
    return web.json_response(request.app[DOCUMENTS].http)


async def asyncapi_json(request: web.Request) -> web.Response:
    """What labeld takes and says on MQTT, in AsyncAPI 3.0."""
    return web.json_response(request.app[DOCUMENTS].mqtt)


async def page(request: web.Request) -> web.Response:
    """`GET /api`: both documents for people."""
    app = request.app[LABELD]
    http, mqtt = request.app[DOCUMENTS].http, request.app[DOCUMENTS].mqtt
    known = http["components"]["schemas"]
    return answer(
        TEMPLATES.get_template("api.html").render(
            settings=app.settings,
            broker=app.broker.state,
            warnings=app.warnings,
            http=http,
            groups=_groups(http),
            mqtt=mqtt,
            only_mqtt={name: one for name, one in mqtt["components"]["schemas"].items() if name not in known},
            prefix=app.settings.topic_prefix,
            words=_words,
            coded=_coded,
        )
    )


def _groups(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Operations by what they are about."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            told = {**operation, "path": path, "method": method.upper()}
            groups.setdefault(operation["tags"][0], []).append(told)
    return groups


def _coded(text: str) -> Markup:
    """Text for the page, with what stands in backticks as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


def _words(schema: dict[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema or "const" in schema:
        return " or ".join(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_words(one) for one in schema["anyOf"]))
    if schema.get("type") == "array":
        return f"list of {_words(schema['items'])}" if schema.get("items") else "list"
    if schema.get("format") == "binary":
        return "bytes"
    return str(schema.get("format") or schema.get("type", "anything"))

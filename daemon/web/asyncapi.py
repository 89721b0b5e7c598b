"""What labeld takes and says on MQTT as an AsyncAPI 3.0 document, made from the models. Pure."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter

from ..events import LabelReady
from ..messages import AlertMessage, JobMessage, RejectionMessage
from ..notices import LabelCanceled, LabelSuperseded
from ..printers import PrinterMessage

_ABOUT = """\
Everything is QoS 1. labeld keeps a persistent session, and acknowledges a message when it is committed. The same event
again, with the same `event_id`, never prints twice. What labeld says is sent until the broker has it, some of it
perhaps twice.
"""
_PARAMETERS = {
    "prefix": {"description": "`mqtt.topic_prefix`, `labeld/<site>` unless configured", "default": "labeld/main"},
    "printer": {"description": "Name of a printer."},
    "job": {"description": "Id of a job."},
    "host": {"description": "Name of the host that labeld runs on."},
}
JSON, _BYTES, _TEXT = "application/json", "application/octet-stream", "text/plain"


@dataclass(frozen=True, slots=True)
class _Channel:
    """A topic; `shape` is what a message on it is."""

    address: str
    action: Literal["receive", "send"]
    summary: str
    shape: Any
    kind: str = JSON
    retained: bool = False


_CHANNELS = {
    "ready": _Channel("{prefix}/labels/ready", "receive", "A label is ready to be printed.", LabelReady),
    "canceled": _Channel("{prefix}/labels/canceled", "receive", "Labels are void.", LabelCanceled),
    "superseded": _Channel(
        "{prefix}/labels/superseded", "receive", "Labels are void, and others are in their place.", LabelSuperseded
    ),
    "print": _Channel("{prefix}/printers/{printer}/print", "receive", "The bytes of a label.", bytes, _BYTES),
    "jobs": _Channel("{prefix}/jobs/{job}", "send", "Each change of a job, in order.", JobMessage),
    "rejected": _Channel("{prefix}/events/rejected", "send", "An event that could not become a job.", RejectionMessage),
    "printers": _Channel(
        "{prefix}/printers/{printer}/state", "send", "How a printer is.", PrinterMessage, retained=True
    ),
    "alerts": _Channel("{prefix}/alerts", "send", "What a person must see to before labels stop.", AlertMessage),
    "hosts": _Channel(
        "{prefix}/hosts/{host}",
        "send",
        "Whether labeld runs; `offline` is its Last Will too.",
        Literal["online", "offline"],
        _TEXT,
        retained=True,
    ),
}


def document() -> dict[str, Any]:
    """The AsyncAPI document."""
    inputs: Any = [
        (name, "validation" if channel.action == "receive" else "serialization", TypeAdapter(channel.shape))
        for name, channel in _CHANNELS.items()
        if channel.shape is not bytes
    ]
    found, defined = TypeAdapter.json_schemas(inputs, ref_template="#/components/schemas/{model}")
    payloads: dict[str, Any] = {str(name): schema for (name, _), schema in found.items()}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "labeld over MQTT", "version": "1", "description": _ABOUT},
        "defaultContentType": JSON,
        "channels": {name: _channel(name, channel) for name, channel in _CHANNELS.items()},
        "operations": {
            f"{channel.action}-{name}": {
                "action": channel.action,
                "channel": {"$ref": f"#/channels/{name}"},
                "summary": channel.summary,
                "bindings": {"mqtt": {"qos": 1, "retain": channel.retained, "bindingVersion": "0.2.0"}},
            }
            for name, channel in _CHANNELS.items()
        },
        "components": {
            "messages": {
                name: {
                    "contentType": channel.kind,
                    "payload": payloads.get(name, {"type": "string", "format": "binary"}),
                }
                for name, channel in _CHANNELS.items()
            },
            "schemas": defined.get("$defs", {}),
        },
    }


def _channel(name: str, channel: _Channel) -> dict[str, Any]:
    variables = [key for key in _PARAMETERS if f"{{{key}}}" in channel.address]
    return {
        "address": channel.address,
        "parameters": {key: _PARAMETERS[key] for key in variables},
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
    }

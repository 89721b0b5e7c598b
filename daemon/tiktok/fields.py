"""Fields of calls and answers: ids that may go into a path, and values that may be absent or something else. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from ..fetching.document import NoLabel

_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_LONGEST = 200
#: beyond it a time is none (year 2200)
_LATEST = 7258118400


def package_path(version: str, package_id: str) -> str:
    """The path of a package.

    Raises:
        NoLabel: the id is none of TikTok's, and could name another path.
    """
    if not is_id(package_id):
        raise NoLabel(f"{package_id!r:.60} is not a package id of TikTok's: correct the event's package_id")
    return f"/fulfillment/{version}/packages/{package_id}"


def is_id(value: str) -> bool:
    """Whether a text can be an id of TikTok's."""
    return _ID.fullmatch(value) is not None


def text(data: Mapping[str, Any], name: str) -> str | None:
    """A short text of an answer, a number too; None where it is absent, empty or something else."""
    value = data.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) and 0 < len(value.strip()) <= _LONGEST else None


def unix_time(data: Mapping[str, Any], name: str) -> float | None:
    """A Unix time of an answer in seconds; None where it is absent, or no such time, as in milliseconds."""
    value = text(data, name)
    if value is None or not (value.isascii() and value.isdigit()) or len(value) > len(str(_LATEST)):
        return None
    return float(value) if 0 < int(value) < _LATEST else None


def objects(data: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of a list of an answer."""
    value = data.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []

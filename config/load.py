"""Read a configuration: TOML file, then `LABELD_…` variables over it, then credentials."""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .errors import ConfigError
from .settings import Settings

_ENV = "LABELD_"
#: read by the client commands, no setting
_OTHERS = {"LABELD_URL"}


def load(path: Path | None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read `path` (defaults alone when None) and the environment into settings.

    `LABELD_MQTT__HOST=broker` overrides `mqtt.host`; values are read as TOML, and as text where that fails.

    Raises:
        ConfigError: naming each fault with its file, key and what to do.
    """
    source = str(path) if path else "defaults"
    values = _read(path) if path else {}
    if "state_directory" not in values and environ.get("STATE_DIRECTORY"):
        values["state_directory"] = environ["STATE_DIRECTORY"].split(":")[0]
    from_environment = _overrides(environ)
    for keys, value in from_environment.items():
        _put(values, keys, value)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigError([_say(source, fault, from_environment) for fault in error.errors()]) from None


def read_secret(file: Path | None, credential: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """A secret from `file`, else from the systemd credential named `credential`, else None.

    Raises:
        ConfigError: the file cannot be read, or others may read it.
    """
    directory = environ.get("CREDENTIALS_DIRECTORY")
    if file is None and directory and (Path(directory) / credential).exists():
        return (Path(directory) / credential).read_text().strip()
    if file is None:
        return None
    try:
        if file.stat().st_mode & 0o007:
            raise ConfigError([f"{file}: others may read this secret; run: chmod o= {file}"])
        return file.read_text().strip()
    except OSError as error:
        raise ConfigError([f"{file}: cannot read the secret: {error.strerror}"]) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError([f"{path}: cannot read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: not valid TOML: {error}"]) from error


def _overrides(environ: Mapping[str, str]) -> dict[tuple[str, ...], Any]:
    found: dict[tuple[str, ...], Any] = {}
    for name, text in sorted(environ.items()):
        if name.startswith(_ENV) and name not in _OTHERS:
            try:
                value = tomllib.loads(f"value = {text}")["value"]
            except tomllib.TOMLDecodeError:
                value = text
            found[tuple(part.lower() for part in name.removeprefix(_ENV).split("__"))] = value
    return found


def _put(values: dict[str, Any], keys: tuple[str, ...], value: object) -> None:
    for key in keys[:-1]:
        table = values.setdefault(key, {})
        if not isinstance(table, dict):
            return
        values = table
    values[keys[-1]] = value


def _say(source: str, fault: ErrorDetails, from_environment: Iterable[tuple[str, ...]]) -> str:
    # tables and values of a list are counted as people count
    keys = tuple(str(part + 1 if isinstance(part, int) else part) for part in fault["loc"] if part != "[key]")
    if keys in from_environment:
        source = _ENV + "__".join(keys).upper()
    where = f"{source}: {'.'.join(keys)}" if keys else source
    if fault["type"] == "extra_forbidden":
        return f"{where}: unknown key{_nearest(keys)}"
    if fault["type"] == "missing":
        return f"{where}: missing, and it has no default"
    if fault["type"] == "tuple_type" and isinstance(fault["input"], dict):
        return f"{where}: a list of tables, each begins with [[{'.'.join(keys)}]] in double brackets"
    message = str(fault["ctx"]["error"]) if fault["type"] == "value_error" and "ctx" in fault else fault["msg"]
    value = fault["input"]
    shown = f" (got {value!r})" if isinstance(value, str | int | float | bool) else ""
    if fault["type"] == "literal_error" and isinstance(value, str):
        close = difflib.get_close_matches(value, re.findall("'([^']*)'", message), n=1)
        shown += f"; did you mean {close[0]!r}?" if close else ""
    return f"{where}: {message}{shown}"


def _nearest(keys: tuple[str, ...]) -> str:
    valid = list(_fields(Settings, keys[:-1]))
    close = difflib.get_close_matches(keys[-1], valid, n=1, cutoff=0.4)
    if keys[-1] == "password":
        return "; a password is never written here: use password_file, or the systemd credential mqtt-password"
    return f"; did you mean {close[0]!r}?" if close else f"; valid keys are {', '.join(valid)}"


def _fields(model: type[BaseModel], keys: tuple[str, ...]) -> Iterable[str]:
    if not keys:
        return model.model_fields
    field = model.model_fields.get(keys[0])
    inner = next((t for t in _models(field.annotation if field else None)), None)
    if inner is None:
        return ()
    # a table of tables (printers.<name>.<key>) has one level of names that are the user's own, a list one of numbers
    own = 2 if field is not None and get_origin(field.annotation) in (dict, tuple) else 1
    return _fields(inner, keys[own:])


def _models(annotation: object) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)

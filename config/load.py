"""Read a configuration: TOML file, then `LABELD_…` variables over it, adopted printers beside it, then credentials."""

import contextlib
import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from . import adopted
from .errors import ConfigError
from .printers import Claims, PrinterSettings
from .section import Name
from .settings import Settings

_ENV = "LABELD_"
#: read by the client commands, no setting
_OTHERS = {"LABELD_URL", "LABELD_TOKEN"}


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, the names of those printers in them that were adopted, and a line for each adopted one left out."""

    settings: Settings
    adopted: frozenset[str] = frozenset()
    refused: tuple[str, ...] = ()


def load(path: Path | None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings that `read` finds; raises as it does."""
    return read(path, environ).settings


def read(path: Path | None, environ: Mapping[str, str] = os.environ) -> Loaded:
    """Read `path` (defaults alone when None), the environment and the adopted printers into settings.

    `LABELD_MQTT__HOST=broker` overrides `mqtt.host`; values are read as TOML, and as text where that fails.
    The file of an adopted printer that is wrong, or at odds with the configuration, is left out and told.

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
    found, refused = _adopted(values, source)
    if found and isinstance(values.get("printers", {}), dict):
        values["printers"] = {**values.get("printers", {}), **found}
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        faults = [_say(source, fault, from_environment) for fault in error.errors()]
        # a printer that is left out may be the one that is missed
        raise ConfigError([*faults, *refused]) from None
    return Loaded(settings, frozenset(found), tuple(refused))


def _adopted(values: dict[str, Any], source: str) -> tuple[dict[str, Any], list[str]]:
    """The tables of adopted printers by name, and what is wrong with others."""
    state_directory = values.get("state_directory", Settings.model_fields["state_directory"].default)
    if not isinstance(state_directory, str | Path):
        return {}, []
    directory = adopted.folder(Path(state_directory))
    try:
        files = adopted.files(directory)
    except OSError as error:
        return {}, [f"{directory}: cannot read which printers were adopted: {error.strerror}"]
    found: dict[str, Any] = {}
    refused: list[str] = []
    claims = _claims(values)
    for file in files:
        if (because := _unfit(file.stem)) is not None:
            # as an escape: a name that is no UTF-8 could not be shown
            refused.append(f"{directory}: {file.name!a}: not used: {because}")
            continue
        try:
            table = _read(file)
            printer = PrinterSettings.model_validate(table)
        except ConfigError as error:
            refused += error.faults
        except ValidationError as error:
            refused += [_say(str(file), fault, (), ("printers", file.stem)) for fault in error.errors()]
        else:
            because = _odds(values, source, file.stem, printer) or claims.take(file.stem, printer)
            if because is None:
                found[file.stem] = table
            else:
                refused.append(f"{file}: not used: {because}")
    return found, refused


def _unfit(name: str) -> str | None:
    """Why a printer cannot be called so."""
    try:
        TypeAdapter(Name).validate_python(name)
    except ValidationError:
        return "its name takes letters, digits, dot, dash and underscore, at most 63"
    return None


def _odds(values: dict[str, Any], source: str, name: str, printer: PrinterSettings) -> str | None:
    """Why an adopted printer cannot stand beside a configuration, which wins."""
    for kind in ("printers", "groups"):
        if name in _table(values, kind):
            return f"{kind}.{name} is in {source} too: delete this file"
    if printer.identity is not None and not _listens(values):
        return "it is to be found by its identity, and discovery.enabled = false"
    return None


def _listens(values: dict[str, Any]) -> bool:
    """Whether printers are listened for; a value that is wrong is told later."""
    with contextlib.suppress(ValidationError):
        # variables say it in other words too: 0, no, off
        return TypeAdapter(bool).validate_python(_table(values, "discovery").get("enabled", True))
    return True


def _claims(values: dict[str, Any]) -> Claims:
    """What the printers of a configuration have for themselves, as far as it is right."""
    claims = Claims()
    for name, table in _table(values, "printers").items():
        with contextlib.suppress(ValidationError):
            claims.take(name, PrinterSettings.model_validate(table))
    return claims


def _table(values: dict[str, Any], key: str) -> dict[str, Any]:
    table = values.get(key)
    return table if isinstance(table, dict) else {}


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
    except UnicodeDecodeError:
        # its words would show a piece of it
        raise ConfigError([f"{file}: cannot read the secret: it is no text"]) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError([f"{path}: cannot read: {error.strerror}"]) from error
    except (ValueError, RecursionError) as error:  # numbers without end and tables in tables too
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


def _say(
    source: str, fault: ErrorDetails, from_environment: Iterable[tuple[str, ...]], above: tuple[str, ...] = ()
) -> str:
    """One line for a fault; `above` are the keys of the table that `source` holds."""
    # tables and values of a list are counted as people count
    keys = tuple(str(part + 1 if isinstance(part, int) else part) for part in fault["loc"] if part != "[key]")
    if keys in from_environment:
        source = _ENV + "__".join(keys).upper()
    where = f"{source}: {'.'.join(keys)}" if keys else source
    if fault["type"] == "extra_forbidden":
        return f"{where}: unknown key{_nearest((*above, *keys))}"
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
    if keys[0] == "tiktok" and (hint := _secret(keys[-1])):
        return hint
    return f"; did you mean {close[0]!r}?" if close else f"; valid keys are {', '.join(valid)}"


def _secret(key: str) -> str | None:
    """Where a secret of TikTok's belongs that somebody wrote as `key`; None where it looks like none."""
    if "file" in key:
        return None
    if "secret" in key:
        return "; a secret is never written here: use app_secret_file, or the systemd credential tiktok-app-secret"
    if "token_key" in key:
        return "; a key is never written here: use token_key_file, or the systemd credential tiktok-token-key"
    return "; tokens are never written here: run labeld tiktok authorize" if "token" in key else None


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

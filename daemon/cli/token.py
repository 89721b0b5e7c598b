"""`labeld token`: who may come in where `web.login` is set."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from ...config.errors import ConfigError
from ...config.section import Name as ConfigName
from ..web import tokens
from .common import EX_CONFIG, ConfigOption, fail, settings_from

app = typer.Typer(help="Tokens for the page and the API, where web.login is set.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Whose it is: a person, a station, a program.")]


@app.command()
def new(
    name: Name,
    role: Annotated[
        tokens.Role, typer.Option(help="viewer looks; submitter, a program, sends labels too; operator does all.")
    ],
    config: ConfigOption = None,
) -> None:
    """Make a token and show it, this once: labeld keeps its digest only."""
    try:
        TypeAdapter(ConfigName).validate_python(name)
    except ValidationError:
        fail(f"{name!r}: a name takes letters, digits, dot, dash and underscore, at most 63", 2)
    path, known = _known(config)
    if any(one.name == name for one in known):
        fail(f"{name} has a token already: labeld token revoke {name}", 1)
    token = tokens.new()
    _write(path, [*known, tokens.Token(name, role, tokens.digest_of(token), time.time())])
    typer.echo(token)


@app.command()
def revoke(name: Name, config: ConfigOption = None) -> None:
    """Let a token, and the browsers that came in with it, in no more, from now on."""
    path, known = _known(config)
    left = [one for one in known if one.name != name]
    if len(left) == len(known):
        fail(f"{name} has no token; those that have: {', '.join(one.name for one in known) or 'nobody'}", 1)
    _write(path, left)
    typer.echo(f"the token of {name} is good for nothing any more")


@app.command("list")
def list_tokens(
    config: ConfigOption = None, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Say who has a token."""
    _, known = _known(config)
    if as_json:
        typer.echo(
            json.dumps([{"name": one.name, "role": one.role, "made_at": one.made_at} for one in known], indent=2)
        )
        return
    for one in known:
        typer.echo(f"{one.name:<24} {one.role:<10} {datetime.fromtimestamp(one.made_at, UTC):%Y-%m-%d %H:%M} UTC")


def _known(config: Path | None) -> tuple[Path, list[tokens.Token]]:
    path = tokens.place(settings_from(config).state_directory)
    try:
        return path, tokens.read(path)
    except ConfigError as error:
        fail(str(error), EX_CONFIG)


def _write(path: Path, known: list[tokens.Token]) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        tokens.write(path, known)
    except OSError as error:
        fail(f"{path}: cannot be written: {error.strerror}; run this as labeld's user or root", 1)
    except ValueError as error:
        fail(str(error), 1)

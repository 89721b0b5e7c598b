"""`labeld doctor`: looks at everything that printing depends on."""

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from ...config.errors import ConfigError
from ...config.load import read
from ..doctor.finding import Finding, Mark, exit_code
from .common import DEFAULT_CONFIG, ConfigOption, plain

_STYLES = {Mark.OK: "green", Mark.WARNING: "yellow", Mark.FAULT: "bold red"}


def doctor(
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check configuration, daemon, broker, printers, CUPS, TikTok, clock, disk, sandbox; exit 1 on any fault."""
    # the database and the broker take time to import, and other commands need neither
    from ..doctor.bounds import run
    from ..doctor.examination import Configuration, examine

    if config is None and DEFAULT_CONFIG.exists():
        config = DEFAULT_CONFIG
    source = str(config) if config else "no configuration file: defaults"
    try:
        loaded = read(config)
        configuration = Configuration(source, loaded.settings, left_out=loaded.refused)
    except ConfigError as error:
        configuration = Configuration(source, None, tuple(error.faults))
    findings = run(examine(configuration))
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in findings], indent=2, ensure_ascii=False))
    else:
        _show(findings)
    sys.stdout.flush()
    raise typer.Exit(exit_code(findings))


def _show(findings: list[Finding]) -> None:
    console = Console(highlight=False)
    widest = max(len(one.check) for one in findings)
    for one in findings:
        line = Text.assemble(
            (f"{one.mark:<8}", _STYLES[one.mark]), (f"{one.check:<{widest}}  ", "bold"), plain(one.found)
        )
        if one.advice:
            line.append(f" → {plain(one.advice)}")
        console.print(line, soft_wrap=True)

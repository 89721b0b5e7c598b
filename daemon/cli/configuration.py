"""`labeld config`: look at the configuration without starting anything."""

import json

import typer

from ...config.settings import Settings
from .common import ConfigOption, loaded_from, settings_from

app = typer.Typer(help="Check and show the configuration.", no_args_is_help=True)


@app.command()
def check(config: ConfigOption = None) -> None:
    """Say whether the configuration is good; exit 78 and one line per fault when it is not. An adopted printer that
    is left out is told, and is no fault."""
    loaded = loaded_from(config)
    settings, count, own = loaded.settings, len(loaded.settings.printers), len(loaded.adopted)
    of_these = f" ({own} adopted)" if own else ""
    typer.echo(
        f"good: site {settings.site}, {count} printer{'s' * (count != 1)}{of_these}, broker {settings.mqtt.host}"
    )
    for line in loaded.refused:
        typer.echo(f"labeld: {line}", err=True)


@app.command()
def show(config: ConfigOption = None) -> None:
    """Print every setting as it is in force, as JSON."""
    typer.echo(settings_from(config).model_dump_json(indent=2))


@app.command()
def schema() -> None:
    """Print the JSON Schema of the configuration."""
    typer.echo(json.dumps(Settings.model_json_schema(), indent=2))

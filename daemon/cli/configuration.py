"""`labeld config`: look at the configuration without starting anything."""

import json

import typer

from ...config.settings import Settings
from .common import ConfigOption, settings_from

app = typer.Typer(help="Check and show the configuration.", no_args_is_help=True)


@app.command()
def check(config: ConfigOption = None) -> None:
    """Say whether the configuration is good; exit 78 and one line per fault when it is not."""
    settings = settings_from(config)
    count = len(settings.printers)
    typer.echo(f"good: site {settings.site}, {count} printer{'s' * (count != 1)}, broker {settings.mqtt.host}")


@app.command()
def show(config: ConfigOption = None) -> None:
    """Print every setting as it is in force, as JSON."""
    typer.echo(settings_from(config).model_dump_json(indent=2))


@app.command()
def schema() -> None:
    """Print the JSON Schema of the configuration."""
    typer.echo(json.dumps(Settings.model_json_schema(), indent=2))

"""`labeld backup` and `labeld restore`."""

import os
import time
from pathlib import Path
from typing import Annotated

import typer

from ..errors import DaemonError
from ..messages import iso
from .common import ConfigOption, fail, settings_from


def backup(
    target: Annotated[Path, typer.Argument(metavar="FILE|DIRECTORY", help="A new file, or where to put one.")],
    with_key: Annotated[
        bool, typer.Option("--with-key", help="With labeld's own key, which opens the links and tokens in it.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Copy the database and the adopted printers into one file, while labeld prints. The configuration is not in it."""
    from ..backup import make  # the database takes time to import

    os.umask(0o077)
    try:
        made = make(settings_from(config), target, time.time(), with_key=with_key)
    except DaemonError as error:
        fail(str(error), 1)
    typer.echo(f"{made.path}: schema {made.manifest.database_schema}, {len(made.manifest.files) - 1} other files")
    typer.echo(made.key)


def restore(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A backup, or a database that an upgrade kept.")],
    config: ConfigOption = None,
) -> None:
    """Fill the state directory from a backup, while labeld is down. What waited in it is asked about, not printed."""
    from ..restoring import restore as put_back

    settings = settings_from(config)
    os.umask(0o077)
    try:
        done = put_back(source, settings.state_directory, time.time())
    except DaemonError as error:
        fail(str(error), 1)
    typer.echo(f"restored {settings.state_directory} from the backup of {iso(done.backup_at)}")
    if done.replaced:
        typer.echo(f"the database that was there is kept as {done.replaced}")
    typer.echo(f"{done.open_jobs} labels were open then: when labeld starts, they are held and asked about")

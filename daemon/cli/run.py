"""`labeld run`: the daemon."""

import asyncio
import os
import signal
from functools import partial
from pathlib import Path

from ...config.errors import ConfigError
from ...config.load import Loaded
from ..errors import DaemonError, DatabaseRefused, first_cause
from .common import EX_CONFIG, EX_DATAERR, ConfigOption, fail, loaded_from, read_configuration, set_up_logs


def run(config: ConfigOption = None) -> None:
    """Run the daemon until SIGTERM or Ctrl-C; SIGHUP has it read its configuration again."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until it can be obeyed
    loaded = loaded_from(config)
    settings = loaded.settings
    set_up_logs(settings.log_level)
    os.umask(0o077)  # the database holds addresses
    try:
        asyncio.run(_run(loaded, config))
    except* ConfigError as group:
        fail(str(first_cause(group)), EX_CONFIG)
    except* DatabaseRefused as group:
        fail(str(first_cause(group)), EX_DATAERR)
    except* (DaemonError, OSError) as group:
        fail(str(first_cause(group)), 1)


async def _run(loaded: Loaded, config: Path | None) -> None:
    from .. import app, reloading  # the database and the broker take time to import, and other commands need neither

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    again = reloading.Reloading(partial(read_configuration, config))
    loop.add_signal_handler(signal.SIGHUP, again.ask)
    await app.run(loaded, stop, again)

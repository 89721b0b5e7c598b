"""What the commands share: the configuration option, one-line errors, logs."""

import contextlib
import logging
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from ...config.errors import ConfigError
from ...config.load import Loaded, read
from ...config.settings import Settings
from ...renderers.errors import AssetRefused
from .. import journal
from ..fetching.redaction import Redacting

DEFAULT_CONFIG = Path("/etc/labeld/labeld.toml")

#: sysexits(3): systemd does not restart a daemon whose configuration is wrong
EX_CONFIG = 78

#: sysexits(3): nor one whose database is damaged, gone or of a newer labeld
EX_DATAERR = 65

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", help=f"Configuration; {DEFAULT_CONFIG} where that exists."),
]


def settings_from(config: Path | None) -> Settings:
    """The settings that `loaded_from` finds."""
    return loaded_from(config).settings


def loaded_from(config: Path | None) -> Loaded:
    """The settings of `config`, of the default file, or the defaults; ends the program when they are wrong."""
    try:
        return read_configuration(config)
    except ConfigError as error:
        fail(str(error), EX_CONFIG)


def read_configuration(config: Path | None) -> Loaded:
    """The settings of `config`, of the default file, or the defaults.

    Raises:
        ConfigError: they are wrong.
    """
    return read(DEFAULT_CONFIG if config is None and DEFAULT_CONFIG.exists() else config)


def fail(message: str, code: int) -> NoReturn:
    """End the program with one line on stderr for each fault."""
    for line in message.splitlines():
        sys.stderr.write(f"labeld: {line}\n")
    raise typer.Exit(code)


def plain(text: str) -> str:
    """`text` without what a terminal would obey: printers, brokers and events say what they like."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def read_input(path: Path) -> bytes:
    """The bytes of a file, of stdin for `-`.

    Raises:
        AssetRefused: it cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise AssetRefused(error.strerror or str(error)) from error


def set_up_logs(level: str) -> None:
    """Log to the journal under systemd, else to stderr with times; never a link's query or a token."""
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    words = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
    if journal.is_journal(sys.stderr):
        with contextlib.suppress(OSError):  # a journal that is not there gets what stderr does
            handler, words = journal.JournalHandler(), "%(message)s"
    handler.setFormatter(Redacting(logging.Formatter(words)))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # a line for each request and each MQTT packet is no news
    for chatty in ("aiohttp.access", "mqtt", "alembic", "amqtt", "transitions"):
        logging.getLogger(chatty).setLevel(logging.WARNING)

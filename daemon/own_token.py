"""The token that programs on this host ask the daemon with: `$LABELD_TOKEN`, else a file of the user's own."""

import os
from collections.abc import Mapping
from pathlib import Path

from ..config.load import read_secret


def headers(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a request needs to be let in; nothing where there is no token.

    Raises:
        ConfigError: the file cannot be read, or others may read it.
    """
    token = environ.get("LABELD_TOKEN")
    if not token:
        home = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME") or "/") / ".config"
        file = Path(home) / "labeld" / "token"
        token = read_secret(file, "") if file.is_file() else None
    return {"Authorization": f"Bearer {token.strip()}"} if token else {}

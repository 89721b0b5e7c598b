"""Shops of a sandbox for the real daemon: their tables with both secrets in files, and the sellers' consent."""

from pathlib import Path

from labeld.daemon.tiktok.sandbox.server import Sandbox
from labeld.daemon.tiktok.vault import new_key, write_secret

from .harness import Labeld


def tables(sandbox: Sandbox, folder: Path) -> str:
    """The configuration that leads to the sandbox; its secret and a new key are files of the folder."""
    write_secret(folder / "tiktok-app-secret", sandbox.app_secret)
    write_secret(folder / "tiktok-token-key", new_key())
    return sandbox.configuration().replace('"tiktok-', f'"{folder}/tiktok-')


async def authorize(daemon: Labeld, sandbox: Sandbox) -> None:
    """Have every shop's seller consent."""
    for shop in sandbox.shops:
        await daemon.post(f"/api/v1/shops/{shop}/authorize", code=sandbox.auth_code(shop))

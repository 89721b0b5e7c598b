"""Render processes of tests: what they are asked for where a test does not care, and which they are."""

from contextlib import suppress

import psutil

from labeld.daemon.rendering.pool import RenderRequest

REQUEST = RenderRequest(
    media="4x6in",
    dpi=203,
    graphic_encoding="z64",
    scaling="auto",
    design_dpi=None,
    copies=1,
    tracking_number=None,
    media_type=None,
    max_bytes=1 << 24,
)


def fork_servers(daemon: int | None = None) -> list[psutil.Process]:
    """Those that a process, or this one, has its render processes from; peers of tests may be its children too."""
    return [child for child in psutil.Process(daemon).children() if _is_fork_server(child)]


def _is_fork_server(process: psutil.Process) -> bool:
    with suppress(psutil.Error):  # it ended
        return "labeld.daemon.rendering.fork_server" in process.cmdline()
    return False

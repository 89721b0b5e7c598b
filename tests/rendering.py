"""What a render process is asked for where a test does not care."""

from labeld.daemon.render_pool import RenderRequest

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

"""Graphics for another resolution."""

import numpy as np
from PIL import Image

from ..bitmap import MAX_DOTS, Bitmap
from ..errors import AssetRefused


def resample(bitmap: Bitmap, factor: float) -> Bitmap:
    """`bitmap` with `factor` times as many dots each way: black where at least half of what a dot covers is black.

    Raises:
        AssetRefused: more dots than `MAX_DOTS`.
    """
    width, height = (max(1, int(side * factor + 0.5)) for side in (bitmap.width, bitmap.height))
    if width * height > MAX_DOTS:
        raise AssetRefused(f"a graphic of {width}x{height} dots is too large")
    if (width, height) == (bitmap.width, bitmap.height):
        return bitmap
    grey = bitmap.to_image().convert("L")
    return Bitmap.from_grey(np.asarray(grey.resize((width, height), Image.Resampling.BOX)))

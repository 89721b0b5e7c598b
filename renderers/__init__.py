"""Label rendering: pure functions, bytes in, bytes or a `Bitmap` out.

`convert` is the one public door: an `asset.Asset` and a `convert.Target` give an `convert.Artwork`.
Nothing here knows an event loop, a socket, a clock or a printer.
"""

"""What ZPL keeps in a printer's memory: graphics and formats, by name (`~DG`, `~DY`, `^DF`, `^IS`)."""

import re
from dataclasses import dataclass, field

from ..bitmap import Bitmap
from ..errors import AssetRefused
from .graphic_field import decode_graphic
from .lexer import Command
from .raster import rasterise
from .scene import Scene

#: All graphics together, unpacked: more than any printer's memory for them.
_MOST_BYTES = 64 * 1024 * 1024
_DOWNLOAD = re.compile(rb"([^,]*),\s*(\d{1,9})\s*,\s*(\d{1,9})\s*,")
_OBJECT = re.compile(rb"([^,]*),\s*([A-Za-z]?)\s*,\s*([A-Za-z]?)\s*,\s*(\d{0,9})\s*,\s*(\d{0,9})\s*,")
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(slots=True)
class Memory:
    """Objects by name without device and extension, and how many bytes graphics may still take."""

    graphics: dict[str, Bitmap] = field(default_factory=dict)
    formats: dict[str, tuple[Command, ...]] = field(default_factory=dict)
    budget: int = _MOST_BYTES

    def spend(self, size: int) -> None:
        """Count `size` bytes of graphics.

        Raises:
            AssetRefused: together they are too large.
        """
        self.budget -= size
        if self.budget < 0:
            raise AssetRefused("the ZPL's graphics are too large")

    def download(self, command: Command) -> None:
        """Keep the graphic of a `~DG` or `~DY`; a `~DY` of another kind (a font) is left alone.

        Raises:
            AssetRefused: its head or its data cannot be read, or it is too large.
        """
        bitmap = self._graphic(command) if command.name == "~DG" else self._object(command)
        if bitmap is not None:
            self.spend(bitmap.rows.size)
            self.graphics[stem(command.parameters.partition(b",")[0].decode("latin-1"))] = bitmap

    def _graphic(self, command: Command) -> Bitmap:
        header = _DOWNLOAD.match(command.parameters)
        if header is None:
            raise AssetRefused(f"~DG at byte {command.start} does not begin with a name and two lengths")
        data = command.parameters[header.end() :]
        return decode_graphic(data, int(header[2]), int(header[3]), self.budget)

    def _object(self, command: Command) -> Bitmap | None:
        header = _OBJECT.match(command.parameters)
        if header is None:
            raise AssetRefused(f"~DY at byte {command.start} does not begin with a name, format, kind and two lengths")
        data, kind = command.parameters[header.end() :], header[3].upper()
        if kind == b"P" and data.startswith(_PNG):
            return Bitmap.from_png(data)
        if kind in (b"", b"G") and int(header[5] or 0):
            return decode_graphic(data, int(header[4] or 0), int(header[5]), self.budget)
        return None

    def keep_image(self, name: str, scene: Scene) -> None:
        """Keep a label as a graphic (`^IS`)."""
        bitmap = rasterise(scene)
        self.spend(bitmap.rows.size)
        self.graphics[name] = bitmap


def stem(text: str) -> str:
    """A stored object's name without device and extension, which default to R: and the command's own."""
    name = text.strip().upper().rpartition(":")[2]
    return name.rpartition(".")[0] or name

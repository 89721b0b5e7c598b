"""What ZPL keeps in a printer's memory: graphics and formats, by name (`~DG`, `~DY`, `^DF`, `^IS`)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from ..bitmap import Bitmap
from ..errors import AssetRefused
from .graphic_field import decode, decode_graphic
from .lexer import Command
from .raster import rasterise
from .resample import resample
from .scene import Scene

#: All graphics together, unpacked: more than any printer's memory for them.
_MOST_BYTES = 64 * 1024 * 1024
#: Of a whole document: dots that shapes lie on, one over the other; characters; barcodes.
_MOST_WORK = 5_000_000_000
_MOST_CHARACTERS = 2_000_000
_MOST_BARCODES = 5000
_MOST_TIMES = 10
#: An enlarged graphic has no more dots than a label of 4x6 inches at 1200 dpi.
_MOST_DOTS = 40_000_000
_DOWNLOAD = re.compile(rb"([^,]*),\s*(\d{1,9})\s*,\s*(\d{1,9})\s*,")
_OBJECT = re.compile(rb"([^,]*),\s*([A-Za-z]?)\s*,\s*([A-Za-z]?)\s*,\s*(\d{0,9})\s*,\s*(\d{0,9})\s*,")
_Stored = TypeVar("_Stored")
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(slots=True)
class Budget:
    """How much one document may still ask for."""

    bytes: int = _MOST_BYTES
    work: int = _MOST_WORK
    characters: int = _MOST_CHARACTERS
    barcodes: int = _MOST_BARCODES

    def keep(self, size: int) -> None:
        """Count `size` bytes of graphics.

        Raises:
            AssetRefused: together they are too large.
        """
        self.bytes -= size
        if self.bytes < 0:
            raise AssetRefused("the ZPL's graphics are too large")

    def draw(self, dots: int) -> None:
        """Count dots that a shape lies on.

        Raises:
            AssetRefused: it draws over itself more often than any label.
        """
        self.work -= dots
        if self.work < 0:
            raise AssetRefused("the ZPL draws too much: large shapes lie over each other again and again")

    def write(self, characters: int) -> None:
        """Count the characters of a field.

        Raises:
            AssetRefused: there are more than any labels have.
        """
        self.characters -= characters
        if self.characters < 0:
            raise AssetRefused(f"the ZPL prints more than {_MOST_CHARACTERS} characters")

    def encode(self) -> None:
        """Count a barcode.

        Raises:
            AssetRefused: there are more than any labels have.
        """
        self.barcodes -= 1
        if self.barcodes < 0:
            raise AssetRefused(f"the ZPL prints more than {_MOST_BARCODES} barcodes")


@dataclass(slots=True)
class Memory:
    """Objects by name without device and extension.

    Attributes:
        graphics: as they were sent, in the dots that the ZPL counts in.
        images: labels that were stored as they print, in device dots.
    """

    graphics: dict[str, Bitmap] = field(default_factory=dict)
    images: dict[str, Bitmap] = field(default_factory=dict)
    formats: dict[str, tuple[Command, ...]] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    _fields: dict[int, Bitmap] = field(default_factory=dict)
    _scaled: dict[tuple[int, int, int, float], tuple[Bitmap, Bitmap]] = field(default_factory=dict)

    def download(self, command: Command) -> None:
        """Keep the graphic of a `~DG` or `~DY`; a `~DY` of another kind (a font) is left alone.

        Raises:
            AssetRefused: its head or its data cannot be read, or it is too large.
        """
        bitmap = self._graphic(command) if command.name == "~DG" else self._object(command)
        if bitmap is not None:
            self.budget.keep(bitmap.rows.size)
            name = stem(command.parameters.partition(b",")[0].decode("latin-1"))
            self.graphics[name] = bitmap
            self.images.pop(name, None)

    def _graphic(self, command: Command) -> Bitmap:
        header = _DOWNLOAD.match(command.parameters)
        if header is None:
            raise AssetRefused(f"~DG at byte {command.start} does not begin with a name and two lengths")
        data = command.parameters[header.end() :]
        return decode_graphic(data, int(header[2]), int(header[3]), self.budget.bytes)

    def _object(self, command: Command) -> Bitmap | None:
        header = _OBJECT.match(command.parameters)
        if header is None:
            raise AssetRefused(f"~DY at byte {command.start} does not begin with a name, format, kind and two lengths")
        data, kind = command.parameters[header.end() :], header[3].upper()
        if kind == b"P" and data.startswith(_PNG):
            return Bitmap.from_png(data)
        if kind in (b"", b"G") and int(header[5] or 0):
            return decode_graphic(data, int(header[4] or 0), int(header[5]), self.budget.bytes)
        return None

    def keep_image(self, name: str, scene: Scene) -> None:
        """Keep a label as a graphic (`^IS`)."""
        bitmap = rasterise(scene)
        self.budget.keep(bitmap.rows.size)
        self.images[name] = bitmap

    def erase(self, text: str) -> None:
        """Forget the object of a name (`^ID`)."""
        name = stem(text)
        for objects in (self.formats,) if is_format(text) else (self.graphics, self.images):
            objects.pop(name, None)

    def sent(self, command: Command, scale: float) -> Bitmap:
        """The graphic of a `^GF`, `scale` times as large.

        Raises:
            AssetRefused: its data cannot be read, or it is too large.
        """
        bitmap = self._fields.get(command.start)
        if bitmap is None:
            bitmap = decode(command.parameters, self.budget.bytes)
            self.budget.keep(bitmap.rows.size)
            self._fields[command.start] = bitmap  # formats are recalled, and drawn once for each value that counts
        return self._enlarged(bitmap, 1, 1, scale)

    def recalled(self, name: str, scale: float, across: int = 1, down: int = 1) -> Bitmap | None:
        """A stored graphic or label, enlarged as `^XG` says; graphics are made `scale` times as large; None: not here.

        Raises:
            AssetRefused: it is too large.
        """
        across, down = (min(max(times, 1), _MOST_TIMES) for times in (across, down))
        image = find(self.images, name)
        if image is not None:
            return self._enlarged(image, across, down, 1.0)
        bitmap = find(self.graphics, name)
        return None if bitmap is None else self._enlarged(bitmap, across, down, scale)

    def _enlarged(self, bitmap: Bitmap, across: int, down: int, scale: float) -> Bitmap:
        if (across, down, scale) == (1, 1, 1.0):
            return bitmap
        key = (id(bitmap), across, down, scale)
        if key in self._scaled:
            return self._scaled[key][1]
        if bitmap.width * across * bitmap.height * down * max(scale, 1.0) ** 2 > _MOST_DOTS:
            raise AssetRefused(f"a graphic of {bitmap.width}x{bitmap.height} dots is too large to be enlarged")
        self.budget.keep(int(bitmap.rows.size * across * down * max(scale, 1.0) ** 2))
        found = bitmap
        if (across, down) != (1, 1):
            found = Bitmap.from_bits(bitmap.bits().repeat(down, axis=0).repeat(across, axis=1))
        try:
            found = found if scale == 1.0 else resample(found, scale)
        except ValueError as exc:
            raise AssetRefused(str(exc)) from exc
        self._scaled[key] = bitmap, found  # the first one is kept, so that no other takes its id
        return found


def stem(text: str) -> str:
    """A stored object's name without its extension, which is its command's own, and without R:, the usual device."""
    device, _, name = text.strip().upper().rpartition(":")
    name = name.rpartition(".")[0] or name
    return name if device.strip() in ("", "R") else f"{device.strip()}:{name}"


def is_format(text: str) -> bool:
    """Whether a name that may be of any object is a format's; without an extension it is a graphic's (`^ID`)."""
    return text.strip().upper().endswith(".ZPL")


def font_name(text: str) -> str:
    """A font's name without device and extension."""
    return stem(text).rpartition(":")[2]


def find(objects: Mapping[str, _Stored], name: str) -> _Stored | None:
    """The object of a `stem`: without a device it is looked for in all of them, R: first."""
    if name in objects or ":" in name:
        return objects.get(name)
    return next((objects[other] for other in (f"{device}:{name}" for device in "EBA") if other in objects), None)

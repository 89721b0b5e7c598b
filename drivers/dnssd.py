"""DNS-SD TXT records of printers, as values (Bonjour Printing Specification 1.2.1).

No TXT record of a genuine Zebra was found in public: what is read here is a hint for a person or for `~HI`,
never proof of a language, a resolution or a stock.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..renderers.errors import MediaError
from ..renderers.media import Media

#: Raw TCP printing. The port is in the SRV record and need not be 9100; 0 means "not offered".
SERVICE_TYPE = "_pdl-datastream._tcp.local."
#: What printers announce, by the scheme of the URIs that reach them so.
SERVICE_TYPES = {
    "socket": SERVICE_TYPE,
    "ipp": "_ipp._tcp.local.",
    "ipps": "_ipps._tcp.local.",
    "lpd": "_printer._tcp.local.",
}
ZPL = "application/vnd.zebra-zpl"

_LONGEST = 255  # bytes of one `key=value` string (RFC 6763 section 6.1)
_DPI = re.compile(r"(?<![0-9])([1-9][0-9]{2}) ?dpi", re.IGNORECASE)
_STOCK = re.compile(
    r"(?<![0-9.])(\d{1,3}(?:\.\d{1,3})?) ?[x\u00d7] ?(\d{1,3}(?:\.\d{1,3})?) ?(in|mm)(?![a-z])", re.IGNORECASE
)
_ZPL_WORD = re.compile(r"(?<![A-Za-z])ZPL(?:II|2)?(?![A-Za-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Advert:
    """What a printer says of itself on the network.

    `make_and_model` is `ty`, `note` the location, `formats` MIME types (`pdl`), `uuid` without `urn:uuid:`,
    `manufacturer`, `model`, `languages` from the IEEE 1284 device id (`usb_MFG`, `usb_MDL`, `usb_CMD`),
    `label_printer` from `kind=label` or a `PaperMax` below A4. `hardware_address` (MAC), 12 hexadecimal digits, is
    told by Zebra's own discovery, in no TXT record.
    """

    make_and_model: str = ""
    product: str = ""
    note: str = ""
    formats: tuple[str, ...] = ()
    uuid: str | None = None
    manufacturer: str = ""
    model: str = ""
    languages: tuple[str, ...] = ()
    label_printer: bool = False
    hardware_address: str | None = None

    @property
    def speaks_zpl(self) -> bool:
        """Whether it claims ZPL, by format, language or name."""
        return ZPL in self.formats or any(_ZPL_WORD.search(text) for text in (*self.languages, *self._names))

    @property
    def dpi(self) -> int | None:
        """The resolution in its name, if there is one and no other."""
        found = {int(number) for text in self._names for number in _DPI.findall(text)}
        return found.pop() if len(found) == 1 else None

    @property
    def stock(self) -> Media | None:
        """The label size in its name or its note, if there is one and no other."""
        found = set()
        for text in (*self._names, self.note):
            for width, length, unit in _STOCK.findall(text):
                try:
                    found.add(Media.parse(f"{width}x{length}{unit}"))
                except MediaError:
                    continue
        return found.pop() if len(found) == 1 else None

    @property
    def _names(self) -> tuple[str, ...]:
        return self.make_and_model, self.product, self.model


def to_txt(advert: Advert) -> dict[str, str]:
    """The TXT record of a raw label printer; values are cut so that each string fits its 255 bytes."""
    record = {
        "txtvers": "1",
        "qtotal": "1",
        "ty": advert.make_and_model,
        "product": advert.product,
        "note": advert.note,
        "pdl": ",".join(advert.formats),
        "UUID": advert.uuid or "",
        "usb_MFG": advert.manufacturer,
        "usb_MDL": advert.model,
        "usb_CMD": ",".join(advert.languages),
    }
    if advert.label_printer:
        record |= {"kind": "label", "PaperMax": "<legal-A4"}
    return {key: _fit(key, value) for key, value in record.items() if value or key == "note"}


def from_txt(record: Mapping[bytes, bytes | None]) -> Advert:
    """Read a TXT record as zeroconf gives it. Keys compare case-insensitively; nothing in it makes this fail."""
    values: dict[str, str] = {}
    for key, value in record.items():
        # the first of equal keys counts (RFC 6763 section 6.4)
        values.setdefault(key.decode("ascii", "replace").lower(), shown((value or b"").decode("utf-8", "replace")))
    kinds = _list(values.get("kind", "").lower())
    return Advert(
        make_and_model=values.get("ty", ""),
        product=values.get("product", ""),
        note=values.get("note", ""),
        formats=_list(values.get("pdl", "").lower()),
        uuid=values.get("uuid", "").lower().removeprefix("urn:uuid:") or None,
        manufacturer=values.get("usb_mfg", ""),
        model=values.get("usb_mdl", ""),
        languages=_list(values.get("usb_cmd", "")),
        label_printer="label" in kinds or values.get("papermax", "").lower() == "<legal-a4",
    )


def shown(text: str) -> str:
    """Text from the network without what would move a cursor or turn the direction of reading."""
    return "".join(sign for sign in text if sign.isprintable()).strip()


def _list(text: str) -> tuple[str, ...]:
    return tuple(part for part in (part.strip() for part in text.split(",")) if part)


def _fit(key: str, value: str) -> str:
    return value.encode()[: _LONGEST - len(key) - 1].decode("utf-8", "ignore")

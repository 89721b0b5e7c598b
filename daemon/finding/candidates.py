"""Printers that were found: what they say of themselves, and what to write into the configuration. Pure."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass

from typing_extensions import TypedDict

from ...drivers.devices import Device
from ...drivers.printer import Identity

_RESOLUTIONS = (203, 300, 600)
_NAME = 40
#: what printers call the languages that they are not asked in (IEEE 1284 command sets)
_LANGUAGES = {"tspl": {"tspl", "tspl2"}, "epl": {"epl", "epl2"}}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A device on the network; `identity` as it answered, `printer` the configured one that it is."""

    device: Device
    identity: Identity | None = None
    printer: str | None = None

    @property
    def zpl(self) -> bool:
        """Whether it claims ZPL, or answered in it."""
        return self.device.advert.speaks_zpl or self.answered

    @property
    def answered(self) -> bool:
        """Whether it was asked who it is, and said so."""
        return self.identity not in (None, Identity())

    @property
    def language(self) -> str | None:
        """The language that it answered in, else claims, as the configuration names it."""
        if self.zpl:
            return "zpl"
        claims = {name.casefold() for name in self.device.advert.languages}
        return next((language for language, names in _LANGUAGES.items() if claims & names), None)

    @property
    def dpi(self) -> int | None:
        """Resolution as it answered, else as its name hints."""
        return (self.identity.dpi if self.identity else None) or self.device.advert.dpi

    @property
    def serial(self) -> str | None:
        """Its serial number, if it was asked."""
        return self.identity.serial if self.identity else None

    @property
    def known_by(self) -> str:
        """The identity to configure: the strongest that is known."""
        if self.serial:
            return f"serial:{self.serial}"
        # by a UUID it would have to tell a serial number
        if self.device.uuid and self.identity is None:
            return f"uuid:{self.device.uuid}"
        if self.device.hardware_address:
            return f"mac:{self.device.hardware_address}"
        return f"uuid:{self.device.uuid}" if self.device.uuid else f"name:{self.device.name}"


class CandidateJson(TypedDict):
    """A found printer; `resolution` and `media` are hints until it was `asked`, `suggestion` is a name to adopt it by,
    None where it cannot be adopted."""

    name: str
    printer: str | None
    identity: str
    model: str | None
    note: str | None
    serial: str | None
    uuid: str | None
    hardware_address: str | None
    zpl: bool
    asked: bool
    language: str | None
    resolution: int | None
    media: str | None
    uris: list[str]
    protocols: list[str]
    suggestion: str | None
    configuration: str | None


def candidate_json(candidate: Candidate, taken: Collection[str]) -> CandidateJson:
    """A found printer for JSON; `taken` are the names of printers that are configured already."""
    device, advert = candidate.device, candidate.device.advert
    stock = advert.stock
    return CandidateJson(
        name=device.name,
        printer=candidate.printer,
        identity=candidate.known_by,
        model=(candidate.identity.model if candidate.identity else None) or advert.make_and_model or None,
        note=advert.note or None,
        serial=candidate.serial,
        uuid=device.uuid,
        hardware_address=device.hardware_address,
        zpl=candidate.zpl,
        asked=candidate.answered,
        language=candidate.language,
        resolution=candidate.dpi,
        media=stock.short if stock else None,
        uris=[at.uri for at in device.endpoints],
        protocols=list(device.schemes),
        suggestion=None if candidate.printer or not device.endpoints else free_name(device.name, taken),
        configuration=_lines(candidate, taken),
    )


def _lines(candidate: Candidate, taken: Collection[str]) -> str | None:
    """What adopts it, as TOML; None where it is configured already or cannot be printed on."""
    if candidate.printer is not None or not candidate.zpl or not candidate.device.endpoints:
        return None
    dpi, stock = candidate.dpi, candidate.device.advert.stock
    known = dpi in _RESOLUTIONS
    return "\n".join(
        [
            f"[printers.{free_name(candidate.device.name, taken)}]",
            f"identity = {json.dumps(candidate.known_by, ensure_ascii=False)}",
            f"resolution = {dpi if known else 203}" + ("" if known else "  # 203, 300 or 600: it does not say"),
            f'media = "{stock.short if stock else "4x6in"}"  # the labels that are in it',
        ]
    )


def free_name(name: str, taken: Collection[str]) -> str:
    """A name for the configuration that is not in use."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower())[:_NAME].strip("-") or "printer"
    names = (plain if number == 1 else f"{plain}-{number}" for number in range(1, len(taken) + 2))
    return next(one for one in names if one not in taken)

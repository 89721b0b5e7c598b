"""The demo's label events; `scripts/samples` makes the files."""

import base64
from dataclasses import dataclass
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Sample:
    """A label, and the event that announces it: with a file as it is, or with a package of a TikTok shop."""

    title: str
    station: str
    package_id: str
    carrier: str
    tracking_number: str | None = None
    file: str | None = None
    shop: str | None = None

    def event(self, run: str) -> dict[str, Any]:
        """The label event; `run` makes it a new one."""
        event = {
            "event_id": f"{run}-{self.package_id}",
            "package_id": self.package_id,
            "carrier": self.carrier,
            "document_type": "SHIPPING_LABEL",
            "station": self.station,
        }
        if self.file is None:
            return {**event, "asset": {"tiktok": {"shop": self.shop, "package_id": self.package_id}}}
        data = files("labeld.daemon.demo").joinpath("labels", self.file).read_bytes()
        content = data.decode() if self.file.endswith(".txt") else base64.b64encode(data).decode()
        return {
            **event,
            "shop_id": "7495000000000000000",
            "tracking_number": self.tracking_number,
            "asset": {"content": content},
        }


SAMPLES = (
    Sample("A6 PDF, USPS-like", "pack-01", "1152921504606846976", "USPS", "9400100000000000000000", file="usps-a6.pdf"),
    Sample(
        "100x150 mm PDF, QR", "pack-02", "1152921504606846977", "J&T Express", "JX0000000000017", file="qr-100x150.pdf"
    ),
    Sample("ZPL in base64", "pack-01", "1152921504606846978", "Sample", "SMPL000000000003", file="zpl-base64.txt"),
    Sample("PNG", "pack-01", "1152921504606846979", "Sample", "SMPL000000000004", file="parcel.png"),
)

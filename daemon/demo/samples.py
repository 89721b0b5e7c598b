"""The demo's label events; `scripts/samples` makes the files."""

import base64
from dataclasses import dataclass
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Sample:
    """A label file and the event that announces it."""

    title: str
    file: str
    station: str
    package_id: str
    tracking_number: str
    carrier: str

    def event(self, run: str) -> dict[str, Any]:
        """The label event; `run` makes it a new one."""
        data = files("labeld.daemon.demo").joinpath("labels", self.file).read_bytes()
        content = data.decode() if self.file.endswith(".txt") else base64.b64encode(data).decode()
        return {
            "event_id": f"{run}-{self.package_id}",
            "shop_id": "7495000000000000000",
            "package_id": self.package_id,
            "tracking_number": self.tracking_number,
            "carrier": self.carrier,
            "document_type": "SHIPPING_LABEL",
            "asset": {"content": content},
            "station": self.station,
        }


SAMPLES = (
    Sample("A6 PDF, USPS-like", "usps-a6.pdf", "pack-01", "1152921504606846976", "9400100000000000000000", "USPS"),
    Sample("100x150 mm PDF, QR", "qr-100x150.pdf", "pack-02", "1152921504606846977", "JX0000000000017", "J&T Express"),
    Sample("ZPL in base64", "zpl-base64.txt", "pack-01", "1152921504606846978", "SMPL000000000003", "Sample"),
    Sample("PNG", "parcel.png", "pack-01", "1152921504606846979", "SMPL000000000004", "Sample"),
)

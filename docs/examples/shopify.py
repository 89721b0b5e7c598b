#!/usr/bin/env python3
"""Shop middleware in the shape of Shopify's: a fulfillment with its label's file becomes a label event.

usage: fulfillment | shopify.py LABEL.pdf STATION

Standard input is the JSON of Shopify's webhook fulfillments/create, as far as it is used here. Shopify has no labels of
TikTok Shop: the file is the one that your app bought or was given.
"""

import base64
import json
import os
import sys
import urllib.request
from pathlib import Path

LABELD = os.environ.get("LABELD", "http://127.0.0.1:8631")


def event_of(fulfillment: dict[str, object], label: bytes, station: str) -> dict[str, object]:
    """The label event; what is absent is left out."""
    event = {
        # the same webhook comes more than once
        "event_id": f"shopify-{fulfillment['id']}",
        "order_ids": [str(fulfillment["order_id"])],
        "tracking_number": fulfillment.get("tracking_number"),
        "carrier": fulfillment.get("tracking_company"),
        "station": station,
        "asset": {"content": base64.b64encode(label).decode()},
    }
    return {key: value for key, value in event.items() if value}


def main() -> int:
    """Post it."""
    event = event_of(json.load(sys.stdin), Path(sys.argv[1]).read_bytes(), sys.argv[2])
    request = urllib.request.Request(
        f"{LABELD}/api/v1/jobs", data=json.dumps(event).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        job = json.load(reply)
    print(job["id"], job["printer"], job["carrier"])
    return 0


if __name__ == "__main__":
    sys.exit(main())

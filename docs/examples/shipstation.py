#!/usr/bin/env python3
"""Prints the label that ShipStation's API answered with.

usage: create-label | shipstation.py STATION

Standard input is the answer of ShipStation's POST /shipments/createlabel or /orders/createlabelfororder, as it is.
"""

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

LABELD = os.environ.get("LABELD", "http://127.0.0.1:8631")


def main() -> int:
    """Post it."""
    station = urllib.parse.quote(sys.argv[1])
    request = urllib.request.Request(
        f"{LABELD}/api/v1/jobs?station={station}",
        data=sys.stdin.buffer.read(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            job = json.load(reply)
    except urllib.error.HTTPError as error:
        print(json.load(error)["detail"], file=sys.stderr)
        return 1
    # 200, not 201: ShipStation's shipmentId was here before, and nothing more is printed
    print(job["id"], job["printer"], "new" if reply.status == 201 else "known")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The scripts of docs/examples, run as an integrator runs them, against a running daemon."""

import asyncio
import base64
import json
import os
import re
from pathlib import Path

import pytest

from labeld.drivers.virtual.server import VirtualPrinter

from .harness import PATIENCE, PREFIX, ROOT, Broker, Labeld, program
from .web_floor import label

pytestmark = pytest.mark.peer

EXAMPLES = ROOT / "docs/examples"


async def run(name: str, *arguments: str | Path, labeld: Labeld, broker: Broker, given: object = None) -> str:
    """What a script prints; it must end well."""
    url = f"http://127.0.0.1:{labeld.web_port}"
    settings = {"LABELD": url, "PRINTNODE": url, "BROKER_PORT": str(broker.port), "PREFIX": PREFIX}
    process = await asyncio.create_subprocess_exec(
        EXAMPLES / name,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | settings,
    )
    async with asyncio.timeout(PATIENCE):
        told, error = await process.communicate(b"" if given is None else json.dumps(given).encode())
    assert process.returncode == 0, error.decode()
    return told.decode().strip()


async def test_every_example_prints_its_label_once(
    tmp_path: Path, broker: Broker, labeld: Labeld, zebra: VirtualPrinter
) -> None:
    for needed in ("curl", "base64", "mosquitto_pub"):
        program(needed)
    numbers = [f"940010000000000000{n:04}" for n in range(1, 6)]
    files = []
    for number in numbers:
        files.append(tmp_path / f"{number}.png")
        files[-1].write_bytes(label(number))

    told = await run("event.sh", files[0], "1152", numbers[0], "pack-01", labeld=labeld, broker=broker)
    assert told.endswith(" completed")
    # in doubt it is sent again
    assert await run("event.sh", files[0], "1152", numbers[0], "pack-01", labeld=labeld, broker=broker) == told

    assert await run("mqtt.sh", files[1], "1153", numbers[1], "pack-01", labeld=labeld, broker=broker) == ""

    answer = {"shipmentId": 7, "trackingNumber": numbers[2], "carrierCode": "stamps_com", "voided": False}
    answer |= {"serviceCode": "usps_priority_mail", "labelData": base64.b64encode(files[2].read_bytes()).decode()}
    told = await run("shipstation.py", "pack-01", labeld=labeld, broker=broker, given=answer)
    assert told.endswith("zebra new")
    told = await run("shipstation.py", "pack-01", labeld=labeld, broker=broker, given=answer)
    assert told.endswith("zebra known")

    told = await run("printnode.sh", files[3], "zebra", "17", labeld=labeld, broker=broker)
    assert re.fullmatch(r"\d+ done", told)

    fulfillment = {"id": 255858046, "order_id": 450789469, "tracking_company": "UPS", "tracking_number": numbers[4]}
    told = await run("shopify.py", files[4], "pack-01", labeld=labeld, broker=broker, given=fulfillment)
    assert told.endswith("zebra UPS")

    jobs = await labeld.settled(5)
    assert [job["outcome"] for job in jobs] == ["confirmed"] * 5
    assert zebra.odometer == 5


def test_every_example_is_in_the_docs() -> None:
    page = (ROOT / "docs/integrations.md").read_text()
    assert [path.name for path in EXAMPLES.iterdir() if f"examples/{path.name}" not in page] == []

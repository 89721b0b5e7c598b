"""Pictures of the status page as a technician sees it on a bad morning: the demo's floor, with things gone wrong."""

import asyncio
import base64
import json
import sys
import tempfile
from pathlib import Path

import aiohttp
import aiomqtt
from tests.integration.harness import free_port
from tests.integration.web_browser import Browser, browser

from labeld.config.settings import Settings
from labeld.daemon.demo.samples import SAMPLES
from labeld.daemon.demo.stage import publish_samples, stage

ROLL = {"labels": 500}
SCREENS = {
    "desktop": (1400, 1040, 1.0, "light"),
    "phone": (390, 844, 2.0, "light"),
    "night": (1400, 1040, 1.0, "dark"),
    "parcel": (1400, 1040, 1.0, "light"),
}


async def trouble(settings: Settings) -> None:
    """A label for an empty printer, one of another parcel, and an event that is none."""
    waiting = SAMPLES[1].event("waiting") | {
        "tracking_number": "JX0000000000017",
        "package_id": "1152900000000000017",
    }
    stranger = SAMPLES[0].event("stranger") | {
        "tracking_number": "9400100000000000000017",
        "package_id": "1152900000000000018",
        "carrier": "USPS",
    }
    async with aiomqtt.Client(settings.mqtt.host, settings.mqtt.port) as client:
        for event in (waiting, stranger):
            await client.publish(f"{settings.topic_prefix}/labels/ready", json.dumps(event), 1)
        await client.publish(f"{settings.topic_prefix}/labels/ready", b'{"asset": {"content": ""}, "copies": 0}', 1)


async def rolls(url: str) -> str:
    """Somebody put a roll in; gives the path of a printed label's page."""
    async with aiohttp.ClientSession(url) as http:
        async with http.post("/api/v1/printers/zebra-203/roll", json=ROLL) as reply:
            reply.raise_for_status()
        async with http.get("/api/v1/jobs?state=completed&limit=1") as reply:
            return f"/jobs/{(await reply.json())['jobs'][0]['id']}"


async def shoot(window: Browser, url: str, parcel: str, folder: Path) -> None:
    """Each screen, once its pictures are there."""
    for name, (width, height, scale, scheme) in SCREENS.items():
        await window.devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False
        )
        media = [{"name": "prefers-color-scheme", "value": scheme}]
        await window.devtools("Emulation.setEmulatedMedia", features=media)
        await window.open(url + (parcel if name == "parcel" else "/"))
        visible = "[...document.images].filter(i => i.getBoundingClientRect().top < innerHeight)"
        await window.until(f"{visible}.every(i => i.complete && i.naturalWidth) && document.images.length > 1")
        await asyncio.sleep(0.5)  # fonts and transitions
        shot = await window.devtools("Page.captureScreenshot", format="png")
        path = folder / f"{name}.png"
        path.write_bytes(base64.b64decode(shot["data"]))
        print(path)


async def main(folder: Path) -> None:
    """Build the floor, let it go wrong, and take the pictures."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as profile:
        async with stage(web_port=port, seconds_per_label=0.2, announce=False) as built:
            await publish_samples(built.settings, SAMPLES, pause=0.1)
            built.printers[1].set_fault("media-empty")
            await trouble(built.settings)
            await asyncio.sleep(4)  # the empty printer is noticed at its next look
            async with browser(Path(profile) / "chromium") as window:
                await shoot(window, url, await rolls(url), folder)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

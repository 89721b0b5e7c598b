"""The floor view with 100 printers and 100,000 jobs: bytes of the first view, and how soon it can be used.

Method. A database is filled as in `store`, with five days of 20,000 jobs over 100 printers, which are told what they
are. The page is asked over loopback: drawn anew each time, as after a change, and as it is kept. Then Chromium, without
anything in its cache, opens it as wide as a desk and a phone: bytes over the wire of the page, of its style and script,
and of the pictures that are in sight; milliseconds until it can be used and until its script ran; and how long a change
takes to be fetched and merged into what is shown.
"""

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path

from tests.bench import store as month
from tests.integration.web_browser import browser
from tests.integration.web_floor import Floor, settings

from labeld.drivers.printer import PrinterState

PRINTERS, DAYS, PER_DAY = 100, 5, 20_000
SIZES = ((1366, 768), (390, 844))
TOLD = """
const page = performance.getEntriesByType("navigation")[0], all = performance.getEntriesByType("resource");
const bytes = (what) => all.filter((one) => what.test(one.name)).reduce((sum, one) => sum + one.transferSize, 0);
return [page.transferSize, bytes(/static/), bytes(/preview/), page.domInteractive, page.domContentLoadedEventEnd];
"""


async def ask(floor: Floor, path: str, *, anew: bool) -> str:
    """How long the answers take."""
    times = []
    for _ in range(30):
        if anew:
            floor.bus.tell("all", "")
        begun = time.perf_counter()
        async with floor.http.get(path) as reply:
            await reply.read()
        times.append(1000 * (time.perf_counter() - begun))
    return f"p50 {statistics.median(times):5.1f} ms   longest {max(times):6.1f} ms"


async def run(folder: Path) -> None:
    """Everything."""
    print(__doc__)
    month.PRINTERS = PRINTERS
    names = [month.name(number) for number in range(PRINTERS)]
    print(f"{month.fill(folder / 'labeld.sqlite3', DAYS, PER_DAY, 0.05)} jobs, {PRINTERS} printers")
    printers = {name: {"uri": f"socket://127.0.0.1:{9100 + place}"} for place, name in enumerate(names)}
    async with (
        Floor(folder, settings(folder, printers=printers, default_printer=names[0])) as floor,
        browser(folder / "browser") as window,
    ):
        for place, name in enumerate(names):
            stopped = place % 9 == 0
            floor.see(name, PrinterState.STOPPED if stopped else PrinterState.IDLE, *["cover-open"] * stopped)
            await floor.app.printer_acts.new_roll(name, 1000, who="bench")
        print(f"  page, drawn anew      {await ask(floor, '/', anew=True)}")
        print(f"  page, kept            {await ask(floor, '/', anew=False)}")
        print(f"  a printer's page      {await ask(floor, f'/printers/{names[7]}', anew=True)}")
        await window.devtools("Network.enable")
        for width, height in SIZES:
            await window.devtools("Network.clearBrowserCache")
            await window.devtools(
                "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
            )
            await window.open(floor.url)
            await asyncio.sleep(2)  # pictures in sight come
            page, own, pictures, usable, ran = await window.run(TOLD)
            merged = await window.run(
                "const begun = performance.now(); return load().then(() => performance.now() - begun)"
            )
            print(f"  {width}x{height}: page {page / 1000:.1f} KB, style and script {own / 1000:.1f} KB,", end=" ")
            print(f"pictures {pictures / 1000:.1f} KB, together {(page + own + pictures) / 1000:.1f} KB;", end=" ")
            print(f"usable after {usable:.0f} ms, script ran after {ran:.0f} ms; a change merged in {merged:.0f} ms")


if __name__ == "__main__":
    os.nice(10)
    with tempfile.TemporaryDirectory(prefix="labeld-bench-") as where:
        asyncio.run(run(Path(where)))

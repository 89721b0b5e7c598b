"""A process of its own for one way: `fresh.py WAY CORE DPI PASSES STOCK PATH [STOCK PATH ...]`.

Says `ready` once every page was converted, and waits for a line; then converts all of them PASSES times, and
prints the seconds that took and the most memory it ever held, in KiB.
"""

import json
import os
import re
import sys
import time
from pathlib import Path

from tests.bench import ways


def peak_rss(process: int | str = "self") -> int:
    """The most memory this program or another held, in KiB; getrusage would count what its parent held at the fork."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.findall(r"VmHWM:\s*(\d+) kB", status)[0])


def main(name: str, core: str, dpi: str, passes: str, *places: str) -> None:
    """Convert, wait, convert, report."""
    os.sched_setaffinity(0, {int(core)})
    way: ways.Way = getattr(ways, name)
    pages = [(Path(path), Path(path).read_bytes(), stock) for stock, path in zip(*[iter(places)] * 2, strict=True)]
    for page in pages:
        way(*page, int(dpi))
    print("ready", flush=True)
    sys.stdin.readline()
    begun = time.perf_counter()
    for _ in range(int(passes)):
        for page in pages:
            way(*page, int(dpi))
    print(json.dumps({"seconds": time.perf_counter() - begun, "peak_rss": peak_rss()}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

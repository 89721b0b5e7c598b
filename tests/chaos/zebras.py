"""The printers of a run, in a process of their own: they outlive the daemon, and end with whoever started them.

`python -m tests.chaos.zebras FOLDER NAME...` prints one line of ports, then obeys lines on standard input: `NAME set
FAULT`, `NAME clear FAULT`, `NAME off` (the power goes) and `NAME on`. At the end of input what came out is drawn.
"""

import asyncio
import contextlib
import sys
from pathlib import Path

from labeld.drivers.virtual import VirtualPrinter
from labeld.renderers.media import Media

from .labels import MEDIA

#: slow enough that most faults find a label in motion
_SECONDS_PER_LABEL = 0.25


async def main(folder: Path, names: list[str]) -> None:
    """Print until standard input ends."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with contextlib.AsyncExitStack() as stack:
        printers = {
            name: await stack.enter_async_context(
                VirtualPrinter(
                    port=0,
                    name=name,
                    serial=name.upper(),
                    media=Media.parse(MEDIA),
                    seconds_per_label=_SECONDS_PER_LABEL,
                    out=folder / name,
                )
            )
            for name in names
        }
        print(*(one.port for one in printers.values()), flush=True)
        while line := (await lines.readline()).decode().split():
            await _obey(printers[line[0]], *line[1:])


async def _obey(printer: VirtualPrinter, verb: str, fault: str = "") -> None:
    match verb:
        case "set":
            printer.set_fault(fault)
        case "clear":
            printer.clear_fault(fault)
        case "off":
            printer.power_cycle()
            await printer.unplug()
        case "on":
            printer.plug("127.0.0.1")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))

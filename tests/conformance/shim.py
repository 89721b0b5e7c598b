"""labeld as a warm renderer for the cases' scorer: a job a line on stdin, as JSON, an answer a line on stdout.

`PYTHONPATH=.src:. python ../shared/conformance/zpl/score.py --cases ../shared/conformance/zpl/cases --server
--renderer 'python tests/conformance/shim.py'`. A job names the files `zpl` and `png`, `dpi`, `width_px`, `height_px`
and the label's `index` in the file. The answer says `ok`, `seconds` from the ZPL in memory to the PNG in memory, of
which `dots_seconds` to the dots, and `error`.
"""

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / ".src"), str(ROOT)]

from tests.conformance.cases import Labeld  # noqa: E402


def main() -> None:
    """Answer until stdin ends."""
    renderer = Labeld()
    _say({"ready": True})
    for line in sys.stdin:
        job = {"index": 0, "dpi": 203, **json.loads(line)}
        error, seconds = renderer.render(job)
        _say({"ok": error is None, "seconds": seconds, "dots_seconds": renderer.dots_seconds, "error": error})


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

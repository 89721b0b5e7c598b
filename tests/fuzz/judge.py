"""What must hold after every document, whatever it was: one payload, or one clear line and its IPP reason."""

import asyncio
import re
import time
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from tests.rendering import REQUEST

from labeld.config.services import RenderSettings
from labeld.daemon.job import Reason
from labeld.daemon.rendering.pool import Rendered, RenderFailed, RenderPool, RenderRequest
from labeld.daemon.rendering.process import RenderProcess, TooSlow
from labeld.renderers import errors
from labeld.renderers.artwork import BlankPage
from labeld.renderers.asset import EPL, TSPL, ZPL
from labeld.renderers.media import Media, Resolution

#: the pool's own limit is for a page; this is for a document with its second try, on a busy machine
PATIENCE_SECONDS = 300.0
MOST_WORDS = 1000

_KINDS = (
    errors.AssetRefused,
    errors.DocumentEncrypted,
    errors.CommandRefused,
    errors.DoesNotFit,
    errors.SymbolLost,
    BlankPage,
)
_REASONS = {kind.__name__: kind.reason for kind in _KINDS}
#: what a technician cannot read: addresses of objects, Python's own errors
_INNARDS = re.compile(r"Traceback|object at 0x|\bline \d+, in |^[A-Za-z]+(Error|Exception)\b|codec can't|\[Errno")
#: how the pool says it, and what the table calls it
_BY_POOL = {
    "crashed the renderer twice": "crashed twice",
    "took longer than": "took too long",
    "makes no sense": "answer without sense",
    "no render process can be started": "no process",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a document: its kind for the table, the words, and what is wrong with that (empty: nothing)."""

    kind: str
    words: str
    seconds: float
    fault: str = ""

    @property
    def suspect(self) -> bool:
        """No fault of labeld, but worth a look: a native crash or a time-out."""
        return any(sign in self.kind for sign in ("crash", "too long", "killed"))


def unclear(words: str) -> str:
    """What keeps `words` from being one clear line, empty where nothing does."""
    if not words.strip():
        return "the message is empty"
    if len(words.splitlines()) != 1 or not words.isprintable():
        return f"the message is not one printable line: {words!r}"
    if len(words) > MOST_WORDS:
        return f"the message has {len(words)} characters"
    if found := _INNARDS.search(words):
        return f"the message speaks of the program: {found[0]!r} in {words!r}"
    return ""


class _Heard(RenderProcess):
    """A render process whose words are noted before the pool tidies them."""

    said = ""
    crashes = 0
    starts = 0

    async def restart(self) -> None:
        self.starts += 1
        await super().restart()

    async def ask(self, header: dict[str, Any], data: bytes, page_seconds: float) -> tuple[dict[str, Any], bytes]:
        try:
            reply, payload = await super().ask(header, data, page_seconds)
        except TooSlow:
            raise
        except (asyncio.IncompleteReadError, OSError, ValueError):
            self.crashes += 1
            await asyncio.sleep(0.2)  # it closes its socket before it prints why
            raise
        self.said = str(reply.get("error", ""))
        return reply, payload


class Pool:
    """The real pool with one process; `log` is where the process's stderr goes."""

    def __init__(self, log: Path, good: bytes, seconds: float) -> None:
        self._log = log
        self._good = good
        settings = RenderSettings(workers=1, timeout_seconds=seconds, memory_bytes=768 << 20)
        self._pool = RenderPool(settings)
        self._heard = _Heard(self._pool._server)
        self._pool._all = [self._heard]
        self._expected: Rendered | None = None

    async def __aenter__(self) -> "Pool":
        await self._pool.__aenter__()
        self._expected = await self._pool.render(REQUEST, self._good)
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._pool.__aexit__(*error)

    @property
    def starts(self) -> int:
        """How many processes were started."""
        return self._heard.starts

    async def render(self, request: RenderRequest, data: bytes) -> Outcome:
        """Render a document and judge the answer."""
        crashes, read = self._heard.crashes, self._log.stat().st_size
        self._heard.said = ""
        began = time.perf_counter()
        words, fault = "", ""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                rendered = await self._pool.render(request, data)
                kind = "converted"
                fault = next((unclear(note) for note in rendered.notes if unclear(note)), "")
                fault = fault or await self._unseen(request, rendered.payload)
        except RenderFailed as error:
            kind, words = f"refused: {error.reason}", str(error)
            fault = self._misjudged(error)
            kind = next((name for sign, name in _BY_POOL.items() if not error.kind and sign in words), kind)
            if "more memory" in words:
                kind = "too much memory"
        except TimeoutError:
            kind, fault = "no answer", f"no answer within {PATIENCE_SECONDS:g} s"
        except Exception as error:  # noqa: BLE001 - the pool promises one kind only
            kind, fault = "not answered", f"the pool raised {error!r}"
        if self._heard.crashes > crashes and kind != "crashed twice":
            kind = f"{kind}, after a crash"
        with self._log.open("rb") as log:
            log.seek(read)
            printed = log.read().decode(errors="replace")
        if "Traceback" in printed and not fault:
            fault = f"an error that nobody caught: {printed.strip().splitlines()[-1]}"
        return Outcome(kind, words, time.perf_counter() - began, fault)

    async def _unseen(self, request: RenderRequest, payload: bytes) -> str:
        """What is wrong with the answer when the status page asks for a picture of the payload."""
        width, height = Resolution(request.dpi).size(Media.parse(request.media))
        try:
            await self._pool.preview(payload, width=width, height=height, dpi=request.dpi)
        except RenderFailed as error:
            return self._misjudged(error)
        return ""

    async def still_good(self) -> str:
        """What is wrong with the good label now, empty where it is as before."""
        try:
            rendered = await self._pool.render(REQUEST, self._good)
        except RenderFailed as error:
            return f"the good label is refused: {error}"
        return "" if rendered == self._expected else "the good label has another payload"

    def _misjudged(self, error: RenderFailed) -> str:
        if error.kind:
            if _REASONS.get(error.kind) != error.reason:
                return f"{error.kind} has the reason {error.reason!r}"
            return unclear(self._heard.said)
        if error.reason not in (Reason.FAILED, errors.AssetRefused.reason):
            return f"the pool's own refusal has the reason {error.reason!r}"
        return unclear(str(error))


def request(rng: Random) -> RenderRequest:
    """What may be asked of a document."""
    return replace(
        REQUEST,
        media=rng.choice(("4x6in", "4x6in", "a6", "100x150mm", "80x30mm")),
        dpi=rng.choice((203, 203, 300)),
        document_format=rng.choice((ZPL, ZPL, TSPL, EPL)),
        graphic_encoding=rng.choice(("z64", "b64", "rle", "ascii")),
        scaling=rng.choice(("auto", "auto", "none")),
        design_dpi=rng.choice((None, None, 203, 300)),
        copies=rng.choice((1, 1, 1, 3)),
        tracking_number=rng.choice((None, None, None, "9400100000000000000000")),
        media_type=rng.choice((None, "application/pdf", "text/html; charset=\xe9\n", "x" * 500)),
        repair=rng.random() < 0.2,
    )

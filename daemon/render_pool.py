"""Render processes, started ahead: a document that crashes or hangs one costs its own job only."""

import asyncio
import json
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from ..config.settings import RenderSettings
from .errors import DaemonError
from .job import Reason
from .render_worker import HEADER

log = logging.getLogger(__name__)

_MAX_REPLY = 256 * 1024 * 1024
_MAX_WORDS = 1000


class RenderFailed(DaemonError):
    """A document could not be rendered; `reason` is an IPP job-state-reasons keyword.

    `kind` is the name of the renderers' error, or empty when the process died or took too long. `faulty`
    is the payload that must not print, for a picture of its fault, or empty.
    """

    def __init__(self, message: str, reason: str, kind: str = "", faulty: bytes = b"") -> None:
        super().__init__(message)
        self.reason = reason
        self.kind = kind
        self.faulty = faulty


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderRequest:
    """What to make of an asset; the fields are `renderers.convert.Target`'s."""

    media: str
    dpi: int
    graphic_encoding: str
    scaling: str
    design_dpi: int | None
    copies: int
    tracking_number: str | None
    media_type: str | None
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """A payload, how many labels it makes, and what the technician should know about it."""

    payload: bytes
    labels: int
    notes: tuple[str, ...]


class RenderPool:
    """A fixed number of worker processes; requests wait for a free one in order."""

    def __init__(self, settings: RenderSettings) -> None:
        self._settings = settings
        self._idle: asyncio.LifoQueue[_Worker] = asyncio.LifoQueue()
        self._all: list[_Worker] = []

    async def __aenter__(self) -> Self:
        for _ in range(self._settings.workers):
            worker = _Worker(self._settings.memory_bytes)
            await worker.start()
            self._all.append(worker)
            self._idle.put_nowait(worker)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._all:
            await worker.kill()

    async def render(self, request: RenderRequest, asset: bytes) -> Rendered:
        """Make the payload of an asset.

        Raises:
            RenderFailed: with the reason in words.
        """
        fields = {name: getattr(request, name) for name in RenderRequest.__slots__}
        header, payload = await self._ask({"kind": "render", **fields}, asset)
        labels, notes = header.get("labels"), header.get("notes")
        # a taken-over worker may say anything: a label that nobody counts would be sent before it is noticed
        if not isinstance(labels, int) or labels < 1 or not payload or not isinstance(notes, list):
            raise RenderFailed("the renderer's answer makes no sense: the document is hostile", Reason.FAILED)
        return Rendered(payload, labels, tuple(map(str, notes)))

    async def preview(self, payload: bytes, *, width: int, height: int, dpi: int, page: int = 1) -> bytes:
        """The dots of one label of a payload as a PNG.

        Raises:
            RenderFailed: nothing in the payload can be drawn.
        """
        header = {"kind": "preview", "width": width, "height": height, "dpi": dpi, "page": page}
        _, picture = await self._ask(header, payload)
        return picture

    async def _ask(self, header: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
        for last in (False, True):
            worker = await self._idle.get()
            try:
                async with asyncio.timeout(self._settings.timeout_seconds):
                    reply, payload = await worker.ask(header, data)
            except TimeoutError:
                await worker.restart()
                limit = self._settings.timeout_seconds
                raise RenderFailed(f"the document took longer than {limit:g} s to draw", Reason.FAILED) from None
            except (asyncio.IncompleteReadError, OSError, ValueError):
                await worker.restart()
                if last:
                    raise RenderFailed(
                        "the document crashed the renderer twice: it is damaged or hostile", "document-format-error"
                    ) from None
                continue
            except BaseException:
                # cancelled in the middle: the pipe holds half a reply
                await worker.restart()
                raise
            finally:
                self._idle.put_nowait(worker)
            if "error" in reply:
                # one line of a length that a page can show, whoever wrote it
                message = " ".join(str(reply["error"]).split())[:_MAX_WORDS]
                raise RenderFailed(message, str(reply.get("reason"))[:60], str(reply.get("kind")), payload)
            return reply, payload
        raise AssertionError  # the second failure raised


class _Worker:
    """One process and its pipe."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._process: Process | None = None

    async def start(self) -> None:
        # one thread each: the pool is the parallelism, and thread stacks count against the memory limit
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        }
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "labeld.daemon.render_worker",
            str(self._memory),
            stdin=PIPE,
            stdout=PIPE,
            env=environment,
        )

    async def ask(self, header: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None or process.returncode is not None:
            raise BrokenPipeError
        text = json.dumps(header).encode()
        process.stdin.write(HEADER.pack(len(text), len(data)) + text)
        process.stdin.write(data)
        await process.stdin.drain()
        header_size, data_size = HEADER.unpack(await process.stdout.readexactly(HEADER.size))
        if header_size + data_size > _MAX_REPLY:
            raise ValueError("the worker's reply is too large")
        reply = json.loads(await process.stdout.readexactly(header_size))
        if not isinstance(reply, dict):
            raise ValueError("the worker's reply is not an object")  # noqa: TRY004 - one kind for any bad reply
        return reply, await process.stdout.readexactly(data_size)

    async def restart(self) -> None:
        await self.kill()
        try:
            await self.start()
        except OSError as error:
            # the next request finds no process, and tries again
            log.warning("a render process cannot be started: %s", error)

    async def kill(self) -> None:
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        # the transport is closed here and not by the garbage collector, which would warn
        self._process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - asyncio offers no public way
        self._process = None

"""Printing through a CUPS queue: `cups://queue`, or `cups://host:port/queue` on another host.

CUPS gets a whole label as one job and prints it when it can. So labeld follows its job to the end, and takes it back
when the conversation ends otherwise: nothing may come out later that nobody expects.
"""

import asyncio
import os
import re
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import cups

from ..renderers.asset import PDF
from ..renderers.media import Media
from .errors import ConnectionLost, PrinterOffline, PrinterStalled, Recalled
from .line import Line
from .printer import Identity, Observation, PrinterState, PrinterStatus, Spare, ask_all
from .queue import JOB_ATTRIBUTES, PRINTER_ATTRIBUTES, Attributes, Queue, can_be_taken_back, handover_of, status_of

#: what CUPS passes on untouched
_RAW = "application/vnd.cups-raw"
_CHUNK = 256 * 1024
_CONTINUE = 100  # HTTP status of an upload that goes well
_NAME = re.compile(r"[^\s/?#\x00-\x1f]{1,127}")
#: what pycups raises
_FAULTS = (RuntimeError, OSError, cups.HTTPError, cups.IPPError)
#: IPP's range of "the request was refused" (RFC 8011 appendix B); libcups has codes beyond it for a lost connection
_REFUSED = range(0x400, 0x500)
#: CUPS tells some states of a printer by text alone, in the language of whoever made the job. libcups looks at this
#: variable first, once in each thread.
os.environ["LC_MESSAGES"] = "C"
_QUIET = PrinterStatus(PrinterState.UNKNOWN)

_T = TypeVar("_T")


def address(uri: str) -> tuple[str, str]:
    """Server (`host:port`, empty for the machine's own) and queue of a `cups:` URI.

    Raises:
        ValueError: the URI is of neither form.
    """
    parts = urlsplit(uri)
    path = parts.path.strip("/")
    server, queue = (parts.netloc, path) if path else ("", parts.netloc)
    wrong = parts.query or parts.fragment or parts.username or (server and not parts.hostname)
    queue = unquote(queue)
    if wrong or not _NAME.fullmatch(queue) or (parts.port == 0 and server) or (not server and ":" in queue):
        raise ValueError(f"{uri!r} is not of the form cups://queue or cups://host:port/queue")
    return server, queue


class CupsDriver:
    """A printer behind a CUPS queue.

    Args:
        queue: its name.
        server: `host:port` of the CUPS server; empty for this machine's own, which `CUPS_SERVER` may name.
        media: PWG name of the stock, which pages are sent for.
        connect_timeout: seconds to reach CUPS.
        progress_timeout: seconds in which CUPS must take some of a payload.
        reply_timeout: seconds for one answer.
        close_timeout: seconds to take a job back.
    """

    def __init__(
        self,
        queue: str,
        server: str = "",
        *,
        media: str | None = None,
        connect_timeout: float = 5.0,
        progress_timeout: float = 30.0,
        reply_timeout: float = 2.5,
        close_timeout: float = 3.0,
    ) -> None:
        self.queue = queue
        self.server = server
        self._media = None if media is None else Media.parse(media)
        self._connect_timeout = connect_timeout
        self._progress_timeout = progress_timeout
        self._reply_timeout = reply_timeout
        self._close_timeout = close_timeout
        self._last: Line | None = None

    @property
    def uri(self) -> str:
        """`cups://host:port/queue`, `cups:///queue` on this machine."""
        return f"cups://{self.server}/{self.queue}"

    @asynccontextmanager
    async def connect(self) -> AsyncIterator["CupsSession"]:
        """Open a conversation (`base.Driver`).

        Raises:
            PrinterOffline: CUPS is not there, does not answer, or still owes the answer to an earlier call.
        """
        if self._last is not None and self._last.busy:
            raise PrinterOffline(f"{self.uri}: CUPS has not answered an earlier call yet")
        line = self._last = Line(f"cups-{self.queue}")
        try:
            try:
                connection = await line.call(lambda: open_connection(self.server), self._connect_timeout)
            except TimeoutError:
                raise PrinterOffline(f"{self.uri}: CUPS did not answer within {self._connect_timeout:g} s") from None
            except _FAULTS as error:
                raise PrinterOffline(f"{self.uri}: CUPS cannot be reached: {_why(error)}") from error
            session = CupsSession(
                line,
                connection,
                self.queue,
                name=self.uri,
                media=self._media,
                progress_timeout=self._progress_timeout,
                reply_timeout=self._reply_timeout,
            )
            try:
                yield session
            except BaseException:
                with suppress(TimeoutError, ConnectionLost):
                    await session.withdraw(self._close_timeout)
                raise
        finally:
            line.close()


class CupsSession:
    """One connection to CUPS and at most one job; see `base.Session`.

    Attributes:
        sent: payload bytes that may have reached the printer: none until the last one is handed to CUPS, for it
            prints nothing of a document that is not whole, and all of them from then on.
    """

    def __init__(
        self,
        line: Line,
        connection: Any,
        queue: str,
        *,
        name: str,
        media: Media | None,
        progress_timeout: float,
        reply_timeout: float,
    ) -> None:
        self.sent = 0
        self._line = line
        self._connection = connection
        self._queue = queue
        self._name = name
        self._media = media
        self._progress_timeout = progress_timeout
        self._reply_timeout = reply_timeout
        self._title = f"labeld {socket.gethostname()}"
        self._facts: Queue | None = None
        self._identity = Identity()
        self._used = False
        self._recalled = False
        # keeps a look from taking a call of `recall` for a CUPS that is mute
        self._turn = asyncio.Lock()
        # of the upload, which goes on in its thread when it is given up:
        self._gate = threading.Lock()
        self._given_up = False
        self._job = 0
        self._steps = 0

    async def observe(self, _spare: Spare = ask_all, *, thorough: bool = False) -> Observation:  # noqa: ARG002
        """Ask CUPS about the queue, and about the job of this conversation; there is nothing to spare.

        Raises:
            ConnectionLost: CUPS went away, or has no such queue any more.
        """
        async with self._turn:
            if self._line.busy:
                return Observation(self._identity, _QUIET)
            try:
                attributes, job, ours = await self._ask(self._look, self._reply_timeout)
            except TimeoutError:
                return Observation(self._identity, _QUIET)
        facts = self._facts = Queue.of(self._queue, attributes)
        self._identity = Identity(facts.serial, facts.model or None, None, facts.resolution, facts.document_format)
        stock = self._media
        if not self._job:
            return Observation(self._identity, status_of(facts, attributes, ours=ours, job=None, stock=stock))
        status = status_of(facts, attributes, ours=0, job=job, stock=stock)
        handover, report = handover_of(facts, self._job, job)
        return Observation(self._identity, status, None, handover, report)

    async def send(self, payload: bytes) -> None:
        """Give CUPS a label: a PDF as pages for the stock, anything else to be passed on untouched.

        Raises:
            Recalled: it was called back before CUPS had all of it.
            DriverError: CUPS did not take it. Its job is taken back.
        """
        if self._used:
            raise RuntimeError("a session sends one payload")
        self._used = True
        upload = self._line.submit(lambda: self._upload(payload))
        try:
            while not upload.done():
                steps = self._steps
                await asyncio.wait({upload}, timeout=self._progress_timeout)
                if steps == self._steps and not upload.done():
                    words = f"{self._name}: CUPS took nothing for {self._progress_timeout:g} s"
                    raise PrinterStalled(words, sent=self._give_up())
        finally:
            self._give_up()
        try:
            upload.result()
        except _FAULTS as error:
            if self._recalled and not self.sent:
                raise Recalled(f"{self._name}: the label was called back before CUPS had it") from error
            raise ConnectionLost(f"{self._name}: CUPS did not take the label: {_why(error)}", sent=self.sent) from error

    async def discard_partial(self) -> None:
        """Take back the jobs that earlier conversations left in the queue (`base.Session`).

        Raises:
            ConnectionLost: CUPS went away or did not answer.
        """
        try:
            await self._ask(self._cancel_ours, self._reply_timeout)
        except TimeoutError:
            raise ConnectionLost(f"{self._name}: CUPS does not answer", sent=self.sent) from None

    async def recall(self) -> bool:
        """Keep the payload from the printer (`base.Session`), as `queue.can_be_taken_back` says.

        Raises:
            TimeoutError: it is not known yet whether it is; it is done as soon as CUPS answers.
            ConnectionLost: CUPS is gone.
        """
        self._recalled = True
        if not self._give_up():
            return True
        async with self._turn:
            return await self._ask(self._take_back, self._reply_timeout)

    async def withdraw(self, limit: float) -> None:
        """Take the job of this conversation back, if it has one that has not ended.

        Raises:
            TimeoutError: it is not known yet whether it was; it is done as soon as CUPS answers.
            ConnectionLost: CUPS is gone.
        """
        self._give_up()
        if self._used:
            await self._ask(self._cancel, limit)

    def _give_up(self) -> int:
        """Keep the upload from its last step, if that was not begun; gives what may have been sent."""
        with self._gate:
            self._given_up = True
            return self.sent

    async def _ask(self, question: Callable[[], _T], limit: float) -> _T:
        try:
            return await self._line.call(question, limit)
        except TimeoutError:  # an OSError too
            raise
        except _FAULTS as error:
            raise ConnectionLost(f"{self._name}: {_why(error)}", sent=self.sent) from error

    # What follows runs in the thread.

    def _look(self) -> tuple[Attributes, Attributes | None, int]:
        attributes = self._connection.getPrinterAttributes(self._queue, requested_attributes=list(PRINTER_ATTRIBUTES))
        if not self._job:
            return attributes, None, len(self._ours())
        try:
            return attributes, self._connection.getJobAttributes(self._job, list(JOB_ATTRIBUTES)), 0
        except cups.IPPError as error:
            if error.args[0] != cups.IPP_NOT_FOUND:
                raise
            return attributes, None, 0

    def _take_back(self) -> bool:
        attributes, job, _ = self._look()
        if not can_be_taken_back(Queue.of(self._queue, attributes), attributes, job):
            return False
        self._cancel()
        return True

    def _ours(self) -> list[int]:
        """Jobs of this queue that labeld on this host made and that have not ended."""
        wanted = ["job-id", "job-name", "job-printer-uri"]
        jobs = self._connection.getJobs(which_jobs="not-completed", my_jobs=True, requested_attributes=wanted)
        return [
            number
            for number, about in jobs.items()
            if about.get("job-name") == self._title
            and unquote(str(about.get("job-printer-uri"))).rpartition("/")[2].lower() == self._queue.lower()
        ]

    def _upload(self, payload: bytes) -> None:
        pages = payload.startswith(b"%PDF-")
        document_format, options = (PDF, self._page_options()) if pages else (_RAW, ONCE)
        try:
            self._go_on()
            self._job = self._connection.createJob(self._queue, self._title, options)
            self._go_on()
            self._expect(self._connection.startDocument(self._queue, self._job, "label", document_format, 1))
            for at in range(0, len(payload), _CHUNK):
                self._go_on()
                chunk = payload[at : at + _CHUNK]
                self._expect(self._connection.writeRequestData(chunk, len(chunk)))
            with self._gate:
                self._go_on()
                # CUPS may print from the next line on, whether or not its answer comes
                self.sent = len(payload)
            self._finish()
        except BaseException:
            with suppress(*_FAULTS):
                self._cancel()
            raise

    def _finish(self) -> None:
        try:
            self._connection.finishDocument(self._queue)
        except cups.IPPError as error:
            if error.args[0] in _REFUSED:
                self.sent = 0  # CUPS says that it does not take this document
            raise

    def _page_options(self) -> dict[str, str]:
        options = dict(ONCE)
        if self._facts is None or self._facts.unscaled:
            options["print-scaling"] = "none"
        if self._media is not None:
            options["media"] = (self._facts and self._facts.stock(self._media)) or self._media.name
        return options

    def _go_on(self) -> None:
        self._steps += 1
        if self._given_up:
            raise RuntimeError("given up")

    def _expect(self, status: int) -> None:
        if status != _CONTINUE:
            raise RuntimeError(f"HTTP status {status}")

    def _cancel(self) -> None:
        if self._job:
            with suppress(cups.IPPError):  # it ended already
                self._connection.cancelJob(self._job)

    def _cancel_ours(self) -> None:
        for number in self._ours():
            with suppress(cups.IPPError):
                self._connection.cancelJob(number)


#: A queue may have other defaults. A session's labels are in its payload as often as they are wanted.
ONCE = {"copies": "1", "number-up": "1", "job-sheets": "none,none", "sides": "one-sided"}


def open_connection(server: str) -> Any:
    """A connection for this thread: libcups keeps the server's name for each, and takes jobs only there.

    Raises:
        RuntimeError, OSError, cups.HTTPError, cups.IPPError: CUPS cannot be reached.
    """
    if server:
        cups.setServer(server)
    cups.setPasswordCB(lambda _prompt: "")  # the default one asks on the terminal
    return cups.Connection()


async def list_queues(server: str = "", timeout: float = 10.0) -> list[Queue]:  # noqa: ASYNC109 - of the thread
    """The queues of a CUPS server, by name.

    Raises:
        PrinterOffline: it cannot be reached, or does not answer within `timeout` seconds.
    """
    line = Line("cups")
    try:
        return await line.call(lambda: _queues(open_connection(server)), timeout)
    except TimeoutError:
        raise PrinterOffline(f"CUPS did not answer within {timeout:g} s") from None
    except _FAULTS as error:
        raise PrinterOffline(f"CUPS cannot be reached: {_why(error)}") from error
    finally:
        line.close()


def _queues(connection: Any) -> list[Queue]:
    wanted = list(PRINTER_ATTRIBUTES)
    names = sorted(connection.getPrinters())
    return [Queue.of(name, connection.getPrinterAttributes(name, requested_attributes=wanted)) for name in names]


def _why(error: Exception) -> str:
    if isinstance(error, cups.IPPError | cups.HTTPError) and error.args:
        return str(error.args[-1])
    return str(error) or type(error).__name__

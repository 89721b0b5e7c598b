"""Blocking calls, made in order in a thread of their own."""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

_T = TypeVar("_T")


class Line:
    """One thread for a library that blocks and is not thread-safe.

    A call that was given up goes on, for nothing can stop it, and those behind it wait. The thread is a daemon one:
    a call that hangs for ever does not keep the program from ending.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._calls: SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]] | None] = SimpleQueue()
        self._open = 0
        threading.Thread(target=self._run, name=name, daemon=True).start()

    @property
    def busy(self) -> bool:
        """Whether a call has not ended, given up or not."""
        return self._open > 0

    def submit(self, function: Callable[[], _T]) -> "asyncio.Future[_T]":
        """Have `function` called when all before it ended; cancelling the future does not stop it."""
        future: asyncio.Future[_T] = self._loop.create_future()
        future.add_done_callback(lambda done: done.cancelled() or done.exception())  # also when nobody waits any more
        self._open += 1
        self._calls.put((function, future))
        return future

    async def call(self, function: Callable[[], _T], limit: float) -> _T:
        """The result of `function`.

        Raises:
            TimeoutError: it did not end within `limit` seconds, and goes on.
        """
        async with asyncio.timeout(limit):
            return await asyncio.shield(self.submit(function))

    def close(self) -> None:
        """Let the thread end after the calls that it was given."""
        self._calls.put(None)

    def _run(self) -> None:
        while (next_call := self._calls.get()) is not None:
            function, future = next_call
            result, error = None, None
            try:
                result = function()
            except Exception as exc:  # noqa: BLE001 - whoever waits gets it
                error = exc
            try:
                self._loop.call_soon_threadsafe(self._ended, future, result, error)
            except RuntimeError:
                return  # the loop is closed: nobody waits

    def _ended(self, future: "asyncio.Future[Any]", result: object, error: Exception | None) -> None:
        self._open -= 1
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)

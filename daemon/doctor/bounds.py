"""Checks side by side, none of which can hold up the report, whatever hangs."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from .finding import Finding, fault

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Check:
    """A check by name, and how many seconds it may take."""

    name: str
    seconds: float
    look: Callable[[], Awaitable[Sequence[Finding]]]


class _DaemonThreads(ThreadPoolExecutor):
    """A thread for each call, that nobody waits for at the end: a resolver or a disk may hang for minutes."""

    def submit(self, fn: Callable[..., _T], /, *args: Any, **kwargs: Any) -> "Future[_T]":
        future: Future[_T] = Future()
        future.set_running_or_notify_cancel()  # it cannot be cancelled any more

        def run() -> None:
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - whoever waits gets it
                future.set_exception(error)
            else:
                future.set_result(result)

        threading.Thread(target=run, daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing is waited for."""


async def run_all(checks: Sequence[Check]) -> list[Finding]:
    """What all checks found, in their order; one that takes too long or fails is a fault."""
    return [finding for found in await asyncio.gather(*map(_run, checks)) for finding in found]


async def _run(check: Check) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(check.seconds):
            return await check.look()
    except TimeoutError:
        return [fault(check.name, f"no answer within {check.seconds:g} s", "try again; look at what it waits for")]
    except Exception as error:  # noqa: BLE001 - the other checks are still of use
        return [fault(check.name, f"this check failed: {type(error).__name__}: {error}", "report it as a bug")]


def run(main: Coroutine[Any, Any, _T]) -> _T:
    """Run to the end as `asyncio.run` does, without waiting for threads that hang."""
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(_DaemonThreads(max_workers=1))
        return runner.run(main)

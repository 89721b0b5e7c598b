"""Blocking calls in a thread: in order, one at a time, and given up without an end to the loop."""

import asyncio
import threading

import pytest

from labeld.drivers.line import Line


async def test_calls_are_made_in_order_in_one_thread() -> None:
    line, made = Line("line"), []
    for number in range(3):
        await line.call(lambda number=number: made.append((number, threading.get_ident())), 60)  # type: ignore[misc]
    line.close()
    assert [number for number, _ in made] == [0, 1, 2]
    assert len({thread for _, thread in made} | {threading.get_ident()}) == 2


async def test_an_error_is_the_callers() -> None:
    line = Line("line")
    with pytest.raises(ZeroDivisionError):
        await line.call(lambda: 1 // 0, 60)
    assert not line.busy
    line.close()


async def test_a_call_that_is_given_up_goes_on_and_those_behind_it_wait() -> None:
    line, gate, made = Line("line"), threading.Event(), []
    with pytest.raises(TimeoutError):
        await line.call(gate.wait, 0.01)
    states = [line.busy]
    waiting = asyncio.ensure_future(line.call(lambda: made.append("after"), 60))
    await asyncio.sleep(0)
    assert not made
    gate.set()
    await waiting
    assert made == ["after"]
    assert [*states, line.busy] == [True, False]
    line.close()

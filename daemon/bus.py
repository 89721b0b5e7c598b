"""Who wants to hear that something changed: the page's event streams."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterator

#: changes a slow listener may lag behind before it is told to look at everything again
_LAG = 1000


class Bus:
    """Tells every listener what kind of thing changed, and which; never waits for a listener."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[tuple[str, str]]] = set()
        self._latest: deque[tuple[str, str]] = deque(maxlen=_LAG)
        #: how many changes there were
        self.count = 0

    def tell(self, kind: str, key: str) -> None:
        """Something changed: `kind` is job, printer, rejection, broker, folder or retention, `key` its id or name."""
        self.count += 1
        self._latest.append((kind, key))
        for queue in self._listeners:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(("all", ""))
            else:
                queue.put_nowait((kind, key))

    def since(self, count: int) -> list[tuple[str, str]]:
        """The changes after the first `count`; `("all", "")` where not all of them are remembered."""
        missed = self.count - count
        if not 0 <= missed <= len(self._latest):
            return [("all", "")]
        return list(self._latest)[len(self._latest) - missed :]

    @contextlib.contextmanager
    def listen(self) -> Iterator["asyncio.Queue[tuple[str, str]]"]:
        """A queue of changes from now on; `("all", "")` means that some were left out."""
        queue: asyncio.Queue[tuple[str, str]] = asyncio.Queue(_LAG)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

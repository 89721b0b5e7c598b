"""The API as its own document says: whatever is sent, no answer that is not written down, and none that is a fault."""

import asyncio
import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis import checks

from labeld.daemon.web import openapi
from labeld.daemon.web.server import routes

from .web_floor import NUMBER, PATIENCE, Floor, get

#: of each route; `scripts/fuzz api` asks for more
_EXAMPLES = int(os.environ.get("LABELD_TEST_EXAMPLES", "3"))
_CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@schemathesis.serializer("application/pdf", "application/vnd.zebra-zpl")
def _as_they_are(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


class _Served(threading.Thread):
    """A page over a store with one job, served by a loop in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(name="served")
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._up = threading.Event()
        self.url = ""
        self.ready: dict[str, Any] = {}

    def run(self) -> None:
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        async with Floor(self._folder) as floor:
            await floor.submit(NUMBER)
            self.url = floor.url
            self._up.set()
            await self._over.wait()
            self.ready = await get(floor, "/readyz")

    def __enter__(self) -> str:
        self.start()
        assert self._up.wait(PATIENCE)
        return self.url

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self.join(PATIENCE)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a page is served; it must be well at the end."""
    served = _Served(tmp_path_factory.mktemp("fuzz"))
    with served as url:
        yield url
    assert served.ready["status"] == "ready"


_schema = schemathesis.openapi.from_dict(openapi.document(routes()))


# a stream has no end
@_schema.exclude(path="/api/v1/events").parametrize()
@hypothesis.settings(max_examples=_EXAMPLES, derandomize=True)
def test_no_fault_and_no_answer_that_is_not_written_down(case: Any, base: str) -> None:
    case.call_and_validate(base_url=base, checks=_CHECKS)


async def test_the_document_is_served_as_it_is_made(tmp_path: Path) -> None:
    async with Floor(tmp_path) as floor:
        assert await get(floor, "/openapi.json") == openapi.document(routes())
        assert (await get(floor, "/asyncapi.json"))["asyncapi"] == "3.0.0"
        async with floor.http.get("/api") as reply:
            page = await reply.text()
    assert reply.status == 200
    assert all(path in page for path in ("/api/v1/jobs/{id}/reprint", "labeld/test/labels/ready"))
    assert "http://" not in page

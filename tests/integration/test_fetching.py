"""Labels that come as links: fetched once they are told, through failures and deaths, and printed once."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import aiomqtt
import pytest
from aiohttp import web
from tests.papers import TRACKING, label, pdf

from labeld.drivers.virtual.server import VirtualPrinter

from .harness import PATIENCE, Broker, Labeld, publish, publisher
from .test_parcels import at, until

pytestmark = pytest.mark.peer

LABEL = pdf(label())
SECRET = "5ec3e75ec3e7"


class Documents:
    """TikTok's document host on loopback; what it answers next is in `answers`, a label at last."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers: list[web.Response] = []
        self.open = asyncio.Event()
        self.open.set()
        self.origin = ""

    def link(self, number: int = 1, life: float = 86400.0) -> str:
        now = int(time.time())
        return f"{self.origin}/wsos{number}?expire={now + int(life)}&skipCookie=true&timeStamp={now}&sign={SECRET}"

    async def serve(self, _request: web.Request) -> web.Response:
        self.asked += 1
        await self.open.wait()
        if self.answers:
            return self.answers.pop(0)
        return web.Response(status=206, body=LABEL, headers={"Content-Type": "application/pdf"})


@pytest.fixture
async def documents() -> AsyncIterator[Documents]:
    made = Documents()
    site = web.Application()
    site.router.add_get("/{name}", made.serve)
    runner = web.AppRunner(site, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    made.open.set()
    await runner.cleanup()


@pytest.fixture
async def daemon(tmp_path: Path, broker: Broker, zebra: VirtualPrinter, documents: Documents) -> AsyncIterator[Labeld]:
    more = f'[links]\nsandbox = "{documents.origin}"'
    async with Labeld(tmp_path / "labeld", broker.port, {"zebra": zebra}, more=more) as running:
        yield running


@pytest.fixture
async def client(broker: Broker) -> AsyncIterator[aiomqtt.Client]:
    async with publisher(broker.port) as running:
        yield running


def linked(number: int, url: str) -> dict[str, object]:
    return {
        "event_id": f"event-{number}",
        "asset": {"url": url},
        "package_id": f"11529215046068469{number:02}",
        "tracking_number": TRACKING,
    }


async def test_a_link_is_fetched_and_its_label_printed_once(
    zebra: VirtualPrinter, daemon: Labeld, client: aiomqtt.Client, documents: Documents
) -> None:
    documents.answers = [web.Response(status=503), web.Response(status=206, body=b"")]
    link = documents.link()
    await publish(client, linked(1, link))
    await until(daemon, at("completed"))
    await publish(client, linked(1, link))
    (job,) = await until(daemon, lambda jobs: jobs[0]["duplicates"] == 1)
    assert (job["outcome"], zebra.odometer, documents.asked) == ("confirmed", 1, 3)
    assert SECRET not in daemon.log
    stored = b"".join(path.read_bytes() for path in (daemon.config.parent).glob("labeld.sqlite3*"))
    assert SECRET.encode() not in stored
    assert SECRET not in str(await daemon.get(f"/api/v1/jobs/{job['id']}"))


async def test_a_label_whose_link_was_told_is_fetched_after_a_crash(
    zebra: VirtualPrinter, daemon: Labeld, client: aiomqtt.Client, documents: Documents
) -> None:
    documents.open.clear()
    await publish(client, linked(1, documents.link()))
    async with asyncio.timeout(PATIENCE):
        while not documents.asked:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.02)
    (job,) = await until(daemon, at("pending job-incoming"))
    await daemon.stop(signal.SIGKILL)
    documents.open.set()
    await daemon.start()
    (printed,) = await until(daemon, at("completed"))
    assert (printed["id"], zebra.odometer) == (job["id"], 1)


async def test_a_link_that_is_of_no_use_is_held_until_another_one_comes(
    zebra: VirtualPrinter, daemon: Labeld, client: aiomqtt.Client, documents: Documents
) -> None:
    documents.answers = [web.Response(status=404)]
    await publish(client, linked(1, documents.link(1)))
    (job,) = await until(daemon, at("pending-held document-access-error"))
    assert SECRET not in job["message"]
    await publish(client, linked(1, documents.link(2)))
    await until(daemon, at("completed"))
    assert zebra.odometer == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data?sign=5ec3e75ec3e7",
        "https://eviltiktokshop.com/x?sign=5ec3e75ec3e7",
        "file:///etc/shadow?sign=5ec3e75ec3e7",
    ],
)
async def test_a_link_to_elsewhere_is_refused_at_once(daemon: Labeld, client: aiomqtt.Client, url: str) -> None:
    await publish(client, linked(1, url))
    async with asyncio.timeout(PATIENCE):
        while True:
            if refused := (await daemon.get("/api/v1/rejections"))["rejections"]:
                break
            await asyncio.sleep(0.05)
    assert refused[0]["reason"].startswith("asset.url: ")
    assert SECRET not in str(refused) + daemon.log
    assert await daemon.jobs() == []


async def test_an_unknown_shop_is_refused_at_once(daemon: Labeld, client: aiomqtt.Client) -> None:
    body = {"event_id": "e", "asset": {"tiktok": {"shop": "main", "package_id": "1"}}}
    answer = await daemon.post("/api/v1/jobs", **body)
    assert answer["detail"].startswith("asset.tiktok.shop: there is no shop 'main'")


async def test_a_print_job_of_printnodes_may_be_a_link(daemon: Labeld, documents: Documents, tmp_path: Path) -> None:
    body = {"printerId": "zebra", "title": "T", "contentType": "pdf_uri", "content": documents.link()}
    number = await daemon.post("/printjobs", **body)
    (job,) = await daemon.settled(1)
    assert (job["outcome"], documents.asked) == ("confirmed", 1)
    (told,) = await daemon.get(f"/printjobs/{number}")
    assert (told["state"], told["contentType"]) == ("done", "pdf_uri")
    ((first, *_),) = await daemon.get(f"/printjobs/{number}/states")
    assert first["state"] == "downloading"
    foreign = {"content": f"https://eviltiktokshop.com/x?sign={SECRET}"}
    assert "eviltiktokshop.com" in (await daemon.post("/printjobs", **body | foreign))["message"]
    # a form hides the letters of a link
    form = urlencode(body | foreign).encode()
    url = f"http://127.0.0.1:{daemon.web_port}/printjobs"
    async with aiohttp.ClientSession() as session, session.post(url, data=form) as reply:
        assert reply.status == 400
    # the same body, both times
    assert [one["times"] for one in (await daemon.get("/api/v1/rejections"))["rejections"]] == [2]
    await daemon.stop()
    assert [path.name for path in (tmp_path / "labeld").iterdir() if SECRET.encode() in path.read_bytes()] == []

"""What the page and the API refuse, and how: problem documents, other sites, hostile text."""

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from labeld.daemon.web import guard

from .web_floor import BOX, NUMBER, Floor, get, page, problem, settings


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    """A served page over an empty store."""
    async with Floor(tmp_path) as running:
        yield running


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/static/nothing.js", 404),
        ("GET", "/static/../server.py", 404),
        ("DELETE", "/api/v1/jobs", 405),
        ("GET", "/api/v1/jobs/no-such-job", 404),
        ("GET", "/api/v1/jobs/no-such-job/preview.png", 404),
        ("GET", "/api/v1/jobs/no-such-job/asset", 404),
        ("POST", "/api/v1/jobs/no-such-job/cancel", 404),
        ("POST", "/api/v1/jobs/no-such-job/release", 404),
        ("GET", "/jobs/no-such-job", 404),
        ("GET", "/api/v1/jobs?limit=0", 400),
        ("GET", "/api/v1/jobs?limit=1e3", 400),
        ("GET", "/api/v1/jobs?state=printed", 400),
    ],
)
async def test_errors_are_problem_documents(floor: Floor, method: str, path: str, status: int) -> None:
    async with floor.http.request(method, path) as reply:
        assert await problem(reply, status)


async def test_a_label_above_the_limit_is_refused(tmp_path: Path) -> None:
    chosen = settings(tmp_path, intake={"max_asset_bytes": 64 * 1024})
    async with Floor(tmp_path, chosen) as floor:
        async with floor.http.post("/api/v1/jobs", data=bytes(64 * 1024 * 3 // 2 + 64 * 1024 + 1)) as reply:
            await problem(reply, 413)
        assert (await get(floor, "/api/v1/jobs"))["jobs"] == []


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "192.0.2.1", ""])
async def test_a_foreign_host_name_is_refused(floor: Floor, host: str) -> None:
    async with floor.http.get("/api/v1/jobs", headers={"Host": host}) as reply:
        await problem(reply, 421)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8631", "labels.localhost", "127.0.0.9:1", "[::1]:8631"])
def test_loopback_goes_by_several_names(host: str) -> None:
    assert guard.is_loopback(host)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
    ],
)
async def test_another_site_cannot_act_or_print(floor: Floor, headers: dict[str, str]) -> None:
    job = await floor.submit(NUMBER)
    for path in ("/api/v1/jobs", f"/api/v1/jobs/{job.id}/cancel", f"/jobs/{job.id}/cancel"):
        async with floor.http.post(path, data=b"x", headers=headers) as reply:
            await problem(reply, 403)
    assert (await floor.store.get(job.id)) == job


async def test_our_own_page_may_act(floor: Floor) -> None:
    own = floor.url.removeprefix("http://")
    browsers = [{"Origin": f"http://{own}"}, {"Origin": "null", "Sec-Fetch-Site": "same-origin"}]
    for number, headers in enumerate(browsers):
        job = await floor.submit(f"{NUMBER}{number}", BOX)
        async with floor.http.post(f"/api/v1/jobs/{job.id}/cancel", headers=headers) as reply:
            assert (await reply.json())["state"] == "canceled"


@pytest.mark.parametrize("path", ["/", "/static/page.js", "/static/page.css", "/favicon.ico", "/nothing", "/healthz"])
async def test_every_response_carries_the_policy(floor: Floor, path: str) -> None:
    async with floor.http.get(path) as reply:
        policy = reply.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Referrer-Policy"] == "no-referrer"


async def test_hostile_text_stays_text_and_nothing_is_inline(floor: Floor) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    job = await floor.submit(evil[:190], BOX, carrier=evil, station=evil, printer="zebra-01")
    pages = [await page(floor)]
    async with floor.http.get(f"/jobs/{job.id}") as reply:
        pages.append(await reply.text())
    async with floor.http.post("/", data={"q": evil}) as reply:
        pages.append(await reply.text())
    for html in pages:
        assert "&lt;script&gt;" in html
        assert "<img src=x" not in html
        assert re.findall(r"<script[^>]*>", html) == ['<script src="/static/page.js" defer>']
        assert not _Inline.found(html)


class _Inline(HTMLParser):
    """Finds handlers, styles and outside addresses in tags, which the policy would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.bad += [tag] if tag == "style" else []
        self.bad += [name for name, _ in attrs if name.startswith("on") or name == "style"]
        self.bad += [value for _, value in attrs if value and re.match(r"(?i)\s*(https?:|//|javascript:|data:)", value)]

    @classmethod
    def found(cls, html: str) -> list[str]:
        """What a page has inline."""
        parser = cls()
        parser.feed(html)
        return parser.bad

"""Who comes in from elsewhere: tokens, roles, sessions, limits, TLS."""

import asyncio
import os
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from labeld.config.errors import ConfigError
from labeld.daemon.web import tls, tokens
from labeld.daemon.web.access import Allowance
from labeld.daemon.web.tokens import Role

from . import authority
from .web_floor import NUMBER, Floor, problem, settings

ROOT = Path(__file__).parents[2]


def give(folder: Path, **roles: Role) -> dict[str, str]:
    """Tokens for names; gives what each is let in by."""
    made = {name: tokens.new() for name in roles}
    kept = [tokens.Token(name, role, tokens.digest_of(made[name]), time.time()) for name, role in roles.items()]
    tokens.write(tokens.place(folder), kept)
    return made


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def given(tmp_path: Path) -> dict[str, str]:
    return give(tmp_path, eve=Role.VIEWER, wms=Role.SUBMITTER, ana=Role.OPERATOR)


@pytest.fixture
async def floor(tmp_path: Path, given: Mapping[str, str]) -> AsyncIterator[Floor]:
    """A page with a login."""
    web = {"port": 0, "login": True, "names": ["labels.example"], "requests_per_minute": 60}
    async with Floor(tmp_path, settings(tmp_path, web=web)) as running:
        yield running


async def test_each_role_may_what_it_may(floor: Floor, given: Mapping[str, str]) -> None:
    job = await floor.submit(NUMBER)
    asked = {
        ("GET", "/api/v1/jobs"): {"eve": 200, "wms": 200, "ana": 200},
        ("HEAD", "/api/v1/jobs"): {"eve": 200, "wms": 200, "ana": 200},
        ("POST", "/api/v1/jobs"): {"eve": 403, "wms": 422, "ana": 422},
        ("POST", f"/api/v1/jobs/{job.id}/release"): {"eve": 403, "wms": 403, "ana": 409},
        ("DELETE", "/api/v1/printers/zebra-01"): {"eve": 403, "wms": 403, "ana": 409},
        ("GET", "/nothing"): {"eve": 404, "wms": 404, "ana": 404},
    }
    for (method, path), answers in asked.items():
        for name, status in answers.items():
            async with floor.http.request(method, path, headers=bearer(given[name]), json={}) as reply:
                assert reply.status == status, (method, path, name)
        async with floor.http.request(method, path) as reply:
            assert reply.status == 401
            assert "Basic" in reply.headers["WWW-Authenticate"]
    async with floor.http.post(f"/api/v1/jobs/{job.id}/release", headers=bearer(given["eve"])) as reply:
        assert "viewer" in await problem(reply, 403)


async def test_health_is_told_to_everybody(floor: Floor) -> None:
    for path in ("/healthz", "/readyz"):
        async with floor.http.get(path) as reply:
            assert reply.status == 200


async def test_a_printnode_program_comes_in_with_its_key(floor: Floor, given: Mapping[str, str]) -> None:
    for name, password in ((given["wms"], ""), (given["wms"], "anything"), ("someone", given["wms"])):
        headers = {"Authorization": aiohttp.encode_basic_auth(name, password)}
        async with floor.http.get("/printers", headers=headers) as reply:
            assert reply.status == 200
    async with floor.http.get("/printers", headers={"Authorization": "Basic ???"}) as reply:
        await problem(reply, 401)


async def test_a_browser_signs_in_and_its_name_is_in_the_timeline(
    floor: Floor, given: Mapping[str, str], tmp_path: Path
) -> None:
    job = await floor.submit(NUMBER)
    async with aiohttp.ClientSession(floor.url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.get("/", headers={"Accept": "text/html"}) as reply:
            assert str(reply.url) == f"{floor.url}/login"
            assert "Scan your key" in await reply.text()
        async with browser.post("/login", data={"token": "labeld_wrong"}) as reply:
            assert reply.status == 401
            assert "is not known here" in await reply.text()
        async with browser.post("/login", data={"token": given["ana"]}, allow_redirects=False) as reply:
            cookie = reply.headers["Set-Cookie"]
            assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict"))
            assert given["ana"] not in cookie
        async with browser.get("/login") as reply:
            assert "ana" in await reply.text()
        async with browser.get("/") as reply:
            assert "Sign out" in await reply.text()
        own = {"Origin": floor.url, "Sec-Fetch-Site": "same-origin"}
        async with browser.post(f"/api/v1/jobs/{job.id}/cancel", headers={"Origin": "https://evil.example"}) as reply:
            await problem(reply, 403)
        async with browser.post(f"/api/v1/jobs/{job.id}/cancel", headers=own) as reply:
            assert reply.status == 200
        assert "ana" in (await floor.store.timeline(job.id))[-1].words
        # a revoked token ends its sessions at once
        tokens.write(tokens.place(tmp_path), [])
        async with browser.get("/api/v1/jobs") as reply:
            await problem(reply, 401)


async def test_wrong_tokens_are_slowed_and_right_ones_are_not(floor: Floor, given: Mapping[str, str]) -> None:
    statuses = []
    for number in range(14):
        async with floor.http.get("/api/v1/jobs", headers=bearer(f"labeld_{number}")) as reply:
            statuses.append(reply.status)
            if reply.status == 429:
                assert int(reply.headers["Retry-After"]) > 0
    assert statuses[:10] == [401] * 10
    assert statuses[-1] == 429
    async with floor.http.get("/api/v1/jobs", headers=bearer(given["eve"])) as reply:
        assert reply.status == 200


async def test_strangers_take_no_room_from_labels(floor: Floor, given: Mapping[str, str]) -> None:
    url = URL(floor.url)
    begun = []
    try:
        for _ in range(70):
            _, writer = await asyncio.open_connection(url.host, url.port)
            begun.append(writer)
            form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100"
            writer.write(f"POST /login HTTP/1.1\r\nHost: localhost\r\n{form}\r\n\r\n".encode())
        async with asyncio.timeout(30), aiohttp.ClientSession(floor.url) as session:
            while True:
                async with session.post("/login", data={"token": "x"}) as reply:
                    if reply.status == 503:
                        break
            async with session.post("/api/v1/jobs", data=b"^XA^XZ", headers=bearer(given["wms"])) as reply:
                assert reply.status == 201
    finally:
        for writer in begun:
            writer.close()


async def test_a_stranger_cannot_send_parts(floor: Floor) -> None:
    parts = aiohttp.FormData()
    parts.add_field("token", b"x", filename="x")
    async with aiohttp.ClientSession(floor.url) as session, session.post("/login", data=parts) as reply:
        await problem(reply, 415)


async def test_a_token_asks_so_often_only(floor: Floor, given: Mapping[str, str]) -> None:
    for _ in range(200):
        async with floor.http.get("/api/v1/holds", headers=bearer(given["eve"])) as reply:
            if reply.status == 429:
                assert "requests_per_minute" in await problem(reply, 429)
                break
    else:
        pytest.fail("it may ask for ever")
    async with floor.http.get("/api/v1/holds", headers=bearer(given["ana"])) as reply:
        assert reply.status == 200


def test_an_allowance_fills_again_and_forgets_whom_it_has_not_seen() -> None:
    now = [0.0]
    allowance = Allowance(60, 2, lambda: now[0])
    assert [allowance.take("a") for _ in range(60)] == [0.0] * 60
    assert allowance.take("a") == pytest.approx(1.0)
    now[0] += 2.0
    assert [allowance.take("a") for _ in range(3)] == [0.0, 0.0, pytest.approx(1.0)]
    allowance.take("b")
    allowance.take("c")
    assert allowance.take("a") == 0.0


async def test_the_page_goes_by_its_configured_names_only(floor: Floor, given: Mapping[str, str]) -> None:
    for host, status in (("labels.example", 200), ("LABELS.example:8631", 200), ("other.example", 421)):
        async with floor.http.get("/api/v1/jobs", headers=bearer(given["eve"]) | {"Host": host}) as reply:
            assert reply.status == status


async def test_tls_with_an_own_certificate_that_changes(tmp_path: Path, given: Mapping[str, str]) -> None:
    authority.make(tmp_path, "localhost")
    certificate, key = tmp_path / "server.pem", tmp_path / "key.pem"
    key.write_bytes(certificate.read_bytes())
    key.chmod(0o600)
    web = {"port": 0, "login": True, "certificate_file": certificate, "key_file": key}
    async with Floor(tmp_path, settings(tmp_path, web=web)) as floor:
        assert floor.url.startswith("https://")
        url = floor.url.replace("127.0.0.1", "localhost")
        trust = ssl.create_default_context(cafile=tmp_path / "root.pem")
        async with (
            aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(ssl=trust)) as http,
            http.post("/login", data={"token": given["ana"]}, allow_redirects=False) as reply,
        ):
            assert "__Host-labeld" in reply.headers["Set-Cookie"]
            assert "Secure" in reply.headers["Set-Cookie"]
    held = tls.Certificate(certificate, key)
    assert not held.load()
    key.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod"):
        tls.Certificate(certificate, key)
    key.chmod(0o600)
    certificate.write_text("no certificate\n")
    with pytest.raises(ConfigError, match="no certificate with its key"):
        held.load()


@pytest.mark.parametrize(
    ("web", "words"),
    [
        ({"host": "0.0.0.0"}, "needs login = true"),  # noqa: S104 - refused
        ({"host": "192.0.2.1", "login": True}, "needs login = true"),
        ({"login": True, "certificate_file": "x.pem"}, "go together"),
        ({"names": ["https://labels.example"]}, "no host name"),
    ],
)
def test_other_addresses_need_login_and_certificate(tmp_path: Path, web: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        settings(tmp_path, web=web)


def test_tokens_are_made_listed_and_revoked_on_the_command_line(tmp_path: Path) -> None:
    def labeld(*words: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "PYTHONPATH": str(ROOT / ".src"), "STATE_DIRECTORY": str(tmp_path)}
        command = [sys.executable, "-m", "labeld.daemon", "token", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    made = labeld("new", "wms", "--role", "submitter")
    token = made.stdout.strip()
    assert token.startswith("labeld_")
    file = tokens.place(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    assert token not in file.read_text()
    assert tokens.Tokens(file).of(token) is not None
    assert labeld("new", "wms", "--role", "viewer").returncode == 1
    assert "wms" in labeld("list").stdout
    assert labeld("revoke", "wms").returncode == 0
    assert tokens.Tokens(file).of(token) is None
    assert "nobody" in labeld("revoke", "wms").stderr


def test_a_broken_file_of_tokens_lets_nobody_in(tmp_path: Path) -> None:
    (token,) = give(tmp_path, ana=Role.OPERATOR).values()
    file = tokens.place(tmp_path)
    known = tokens.Tokens(file)
    assert known.of(token) is not None
    file.write_text("[{}]")
    assert known.of(token) is None
    with pytest.raises(ConfigError, match="no file of tokens"):
        tokens.Tokens(file)


async def test_a_stream_goes_on_where_it_was_lost(floor: Floor, given: Mapping[str, str]) -> None:
    async def begin(last: str | None) -> tuple[list[str], str]:
        headers = bearer(given["eve"]) | ({} if last is None else {"Last-Event-ID": last})
        kinds: list[str] = []
        async with floor.http.get("/api/v1/events", headers=headers) as reply:
            async for line in reply.content:
                if line.startswith(b"event: "):
                    kinds.append(line.decode().removeprefix("event: ").strip())
                if line.startswith(b"id: "):
                    return kinds, line.decode().removeprefix("id: ").strip()
        raise AssertionError("the stream ended")

    first = await begin(None)
    assert first[0] == []
    await floor.submit(NUMBER)
    kinds, last = await begin(first[1])
    assert kinds == ["job"]
    assert last != first[1]
    for strange in ("0-0", "nonsense", f"{last}0"):
        assert (await begin(strange))[0] == ["all"]


async def test_a_stream_ends_with_its_token(floor: Floor, given: Mapping[str, str], tmp_path: Path) -> None:
    async with floor.http.get("/api/v1/events", headers=bearer(given["eve"])) as reply:
        await reply.content.readuntil(b"id: ")
        tokens.write(tokens.place(tmp_path), [])
        await floor.submit(NUMBER)
        await reply.read()

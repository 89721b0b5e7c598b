"""Links that lead elsewhere are not followed: redirects, names, certificates; on loopback and in a network apart."""

import asyncio
import json
import os
import re
import socket
import ssl
import sys
from pathlib import Path

import pytest
from aiohttp import web

from labeld.config.sources import LinksSettings
from labeld.daemon.fetching.document import NoLabel, TryLater
from labeld.daemon.fetching.download import Downloads
from labeld.daemon.fetching.names import PublicNames

from . import outside
from .authority import make, server_side
from .harness import ROOT
from .hosts import (
    HOST,
    LABEL,
    LIMIT,
    QUERY,
    Names,
    Server,
    Unknown,
    answer,
    failed,
    served,
)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("authority")
    make(folder, HOST, "localhost", outside.OTHER, "eviltiktokshop.com")
    return folder


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("https://evil.example/x", "not fetched from evil.example"),
        ("https://eviltiktokshop.com/x", "not fetched from eviltiktokshop.com"),
        (f"http://{HOST}/x", "not https"),
        ("http://127.0.0.1:PORT2/x", "not https"),
        ("http://127.0.0.1/x", "not https"),
        ("http://2130706433/x", "not https"),
        ("https://127.0.0.1:PORT2/x", "an address"),
        ("https://[::ffff:127.0.0.1]/x", "an address"),
        ("//127.0.0.1:PORT2/x", "not https"),
        ("//evil.example/x", "not https"),
        ("file:///etc/passwd", "not https"),
        (f"https://me@{HOST}/x", "user name"),
        (f"https://{HOST}:PORT2/x", "port"),
        ("http://[/x", "not https"),
        (f"https://{HOST}\\@evil.example/x", r"U\+005C"),
        ("/x y", r"U\+0020"),
        ("", "redirects more than 3 times"),
        ("/x", "redirects more than 3 times"),
    ],
)
async def test_a_redirect_elsewhere_is_not_followed(location: str, why: str) -> None:
    async def label(request: web.Request) -> web.Response:
        return web.Response(body=LABEL)

    async with served(label) as (inside, requests):
        to = location.replace("PORT2", inside.rpartition(":")[2])
        error = await failed(answer("302 Found", b"", f"Location: {to}"))
    assert isinstance(error, NoLabel) and re.search(why, str(error)), error
    assert not requests


async def test_redirects_within_the_list_are_followed_and_seen_one_by_one() -> None:
    hops = {"/doc": "a/b?sign=1", "/a/b": "../c", "/c": "/label"}

    async def hop(request: web.Request) -> web.Response:
        if request.path in hops:
            raise web.HTTPFound(hops[request.path])
        return web.Response(body=LABEL)

    async with served(hop) as (origin, requests), Downloads(LinksSettings(sandbox=origin), LIMIT) as downloads:
        assert (await downloads.get(f"{origin}/doc?{QUERY}")).data == LABEL
    assert requests == {"/doc": 1, "/a/b": 1, "/c": 1, "/label": 1}


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"])
async def test_a_name_that_leads_to_this_host_is_not_connected_to(address: str, certificates: Path) -> None:
    trusted = ssl.create_default_context(cafile=certificates / "root.pem")
    server = Server()
    async with server.up(answer(), server_side(certificates)):
        names = Names(server.port, address)
        for sandbox in (None, "http://127.0.0.1:1", f"http://localhost:{server.port}"):
            async with Downloads(LinksSettings(sandbox=sandbox), LIMIT, trusted=trusted, names=names) as downloads:
                with pytest.raises(TryLater, match=f"{HOST} leads to {address}, which is loopback: not connected"):
                    await downloads.get(f"https://{HOST}/doc?{QUERY}")
    assert names.asked == [HOST] * 3
    assert server.connections == 0


@pytest.mark.parametrize(
    "addresses",
    [
        ("10.0.0.1",),
        ("169.254.169.254",),
        ("64:ff9b::7f00:1",),
        ("fd00:ec2::254",),
        ("93.184.216.34", "127.0.0.1"),
        ("2606:2800:220:1::34", "93.184.216.34", "fe80::1"),
    ],
)
async def test_one_address_inside_is_enough_to_refuse_a_name(addresses: tuple[str, ...]) -> None:
    with pytest.raises(TryLater, match=f"{HOST} leads to {addresses[-1]}, which is"):
        await PublicNames(Names(443, *addresses), None).resolve(HOST, 443)


async def test_public_addresses_are_passed_on_as_they_are() -> None:
    names = Names(443, "2606:2800:220:1::34", "93.184.216.34")
    found = await PublicNames(names, "localhost").resolve(HOST, 443)
    assert [one["host"] for one in found] == ["2606:2800:220:1::34", "93.184.216.34"]
    with pytest.raises(TryLater, match="which is not loopback"):
        await PublicNames(names, "localhost").resolve("localhost", 443)


async def test_a_sandbox_may_have_https_and_a_name(certificates: Path) -> None:
    trusted = ssl.create_default_context(cafile=certificates / "root.pem")
    server = Server()
    async with server.up(answer(), server_side(certificates)):
        settings, names = LinksSettings(sandbox=server.origin), Names(server.port, "127.0.0.1")
        async with Downloads(settings, LIMIT, trusted=trusted, names=names) as downloads:
            assert (await downloads.get(f"{server.origin}/doc")).data == LABEL


async def test_a_certificate_that_nobody_trusts_ends_it(certificates: Path) -> None:
    server = Server()
    async with (
        server.up(answer(), server_side(certificates)),
        Downloads(LinksSettings(sandbox=server.origin), LIMIT) as downloads,
    ):
        with pytest.raises(TryLater, match="certificate is not trusted; look at this host's clock"):
            await downloads.get(f"{server.origin}/doc?{QUERY}")
    assert not server.requests


async def test_a_host_that_is_off_or_unknown_is_tried_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with Downloads(LinksSettings(sandbox=origin), LIMIT) as downloads:
            with pytest.raises(TryLater, match=r"127\.0\.0\.1: not reached \(.*refused"):
                await downloads.get(f"{origin}/doc?{QUERY}")

    async with Downloads(LinksSettings(), LIMIT, names=Unknown()) as downloads:
        with pytest.raises(TryLater, match="name service does not know it"):
            await downloads.get(f"https://{HOST}/doc?{QUERY}")


async def test_the_hosts_own_name_service_is_asked() -> None:
    server = Server()
    async with server.up(answer()):
        origin = server.origin.replace("127.0.0.1", "localhost")
        async with Downloads(LinksSettings(sandbox=origin), LIMIT) as downloads:
            assert (await downloads.get(f"{origin}/doc")).data == LABEL


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, server = Server(), Server()
    async with proxy.up(answer()), server.up(answer()):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
            monkeypatch.setenv(name, proxy.origin)
        async with Downloads(LinksSettings(sandbox=server.origin), LIMIT) as downloads:
            assert (await downloads.get(f"{server.origin}/doc")).data == LABEL
    assert (proxy.connections, server.connections) == (0, 1)


async def test_names_that_change_lead_nowhere_inside(certificates: Path) -> None:
    """Nothing is replaced: a network and a mount namespace whose loopback has public addresses too."""
    hosts = certificates / "hosts"
    hosts.write_text("")
    addresses = " && ".join(
        f"ip address add {address} dev lo"
        for address in (f"{outside.PUBLIC}/32", f"{outside.PUBLIC6}/128", f"{outside.INSIDE}/32")
    )
    apart = ("unshare", "--map-root-user", "--net", "--mount", "sh", "-c")
    inside = f'ip link set lo up && {addresses} && mount --bind "$1" /etc/hosts && shift && exec "$@"'

    async def run(*command: str) -> tuple[int | None, bytes]:
        ours = await asyncio.create_subprocess_exec(
            *apart,
            inside,
            "sh",
            str(hosts),
            *command,
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": f"{ROOT / '.src'}:{ROOT}",
                "SSL_CERT_FILE": str(certificates / "root.pem"),
            },
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await ours.communicate()
        return ours.returncode, out

    if (await run("true"))[0] != 0:
        pytest.skip("no namespaces here")
    code, out = await run(sys.executable, "-W", "error", "-m", "tests.integration.outside", str(certificates))
    assert code == 0
    result = json.loads(out)
    told = result["told"]
    for what in ("public", "public by IPv6", "redirected"):
        assert told[what] == "%PDF-1.7 %%EOF"
    assert "not fetched from eviltiktokshop.com" in told["evil"]
    assert "redirects elsewhere: labels are not fetched from eviltiktokshop.com" in told["redirected to evil"]
    for address, why in (("127.0.0.1", "loopback"), ("::1", "loopback"), (outside.INSIDE, "private")):
        assert f"{HOST} leads to {address}, which is {why}: not connected" in told[f"rebound to {address}"]
    assert "redirects elsewhere: the link is not https" in told["redirected to the sandbox"]
    assert f"{outside.OTHER} leads to 127.0.0.1, which is loopback" in told["redirected inside"]
    # and no request came to an address inside
    assert result["seen"] == {outside.PUBLIC: 6, outside.PUBLIC6: 1}

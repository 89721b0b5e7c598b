"""Event, API, link, label: packages of a sandbox that fails print once each, and nothing tells a secret."""

import logging
import re

import aiohttp
import pytest
from tests.integration.harness import free_port
from tests.integration.test_cli import labeld

from labeld.daemon.demo.shops import samples
from labeld.daemon.demo.stage import publish_samples, stage
from labeld.daemon.tiktok.sandbox.server import Sandbox
from labeld.renderers.bitmap import Bitmap
from labeld.renderers.symbols import matches_tracking, read


async def test_every_package_prints_once_while_calls_fail_and_tokens_expire(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sandbox = Sandbox(shops={"us": "US", "br": "BR", "vn": "VN"}, packages=6, fail=0.2, token_seconds=2, seed=5)
    port = free_port()
    async with sandbox, stage(web_port=port, seconds_per_label=0.1, announce=False, sandbox=sandbox) as built:
        sandbox.fault("expired-token*1", shop="us")
        sandbox.fault("rate-limit*2", shop="vn")
        sandbox.fault("empty-url*1", shop="br")
        sandbox.fault("truncated*1")
        results = await publish_samples(built.settings, samples(sandbox), pause=0.05, patience=300)
        assert [one.outcome for one in results] == ["confirmed"] * 6, results
        labels = [label for printer in built.printers for label in printer.labels]
        assert len(labels) == 6
        found = [read(Bitmap.from_png(label.png)) for label in labels if label.png is not None]
        for package in sandbox.packages.values():
            assert [bool(matches_tracking(symbols, package.tracking_number)) for symbols in found].count(True) == 1
        assert sandbox.log()["waiting"] == []
        async with aiohttp.ClientSession() as session:
            pages = [
                await (await session.get(f"http://127.0.0.1:{port}{path}")).read() for path in ("/", "/api/v1/jobs")
            ]
        folder = built.settings.state_directory
        kept = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        del kept["tiktok-app-secret"]
        told = {**kept, "log": caplog.text.encode(), "pages": b"".join(pages)}
        for name, text in told.items():
            secrets = re.search(rb"TTP_|sign=|wsos_v2|" + sandbox.app_secret.encode(), text)
            assert secrets is None, f"{name}: {text[max(0, secrets.start() - 200) : secrets.end() + 100]!r}"


async def test_the_demo_prints_the_packages_of_a_sandbox_and_says_what_failed() -> None:
    done = await labeld("demo", "--once", "--source", "tiktok")
    out = done.out.decode()
    assert done.code == 0, out + done.err
    assert out.count("confirmed") == 8
    assert "8 packages, 8 labels came out." in out


async def test_the_sandbox_refuses_what_it_does_not_understand() -> None:
    for wrong in (("--shop", "us"), ("--fault", "rain"), ("--webhook", "https://example.com/hook")):
        done = await labeld("tiktok-sandbox", "--port", "0", *wrong)
        assert (done.code, done.err.count("\n")) == (2, 1), done.err

"""Calls against a loopback API that is strict about signatures."""

import asyncio
import gzip
import logging
from email.utils import formatdate

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from labeld.daemon.fetching.document import NeedsPerson, NoLabel, TryLater
from labeld.daemon.tiktok.client import Client, _seconds

from . import api as stand
from .api import CIPHER, DOCUMENTS, KEY, SECRET, Api, Clock, Tokens, client, failure, serving, settings, shop, success

QUERY = {"shop_cipher": CIPHER, "document_type": "SHIPPING_LABEL"}


async def ask(one: Client, name: str = "us") -> object:
    return (await one.call(name, "GET", DOCUMENTS, QUERY)).get("doc_url")


async def test_a_call_is_signed_and_its_data_come_back() -> None:
    async with serving(Api()) as api, client(api) as one:
        api.script.append(success(doc_url="x"))
        assert await ask(one) == "x"
        assert api.asked[0].query["app_key"] == KEY
        assert api.asked[0].token == "TTP_first"


async def test_what_is_signed_is_what_is_sent_whatever_characters_it_has() -> None:
    body = {"a": 'é "\\ /', "b": [1.5, None, True]}
    odd = {"shop_cipher": "a b+c%2F&d=e/é~;?#", "page_token": "=="}
    async with serving(Api()) as api, client(api) as one:
        api.script.append(success(ok=1))
        assert (await one.call("us", "POST", "/order/202309/orders/search", odd, body))["ok"] == 1
        assert api.asked[0].body == body
        assert {name: api.asked[0].query[name] for name in odd} == odd


async def test_a_wrong_secret_needs_a_person() -> None:
    async with serving(Api()) as api, Client(settings(api), "other", Tokens()) as one:
        with pytest.raises(NeedsPerson, match=r"TikTok shop us: the signature is wrong; check tiktok\.app_key"):
            await ask(one)


async def test_an_expired_token_is_refreshed_once_and_the_call_repeated() -> None:
    tokens = Tokens("TTP_old", fresh=["TTP_first"])
    async with serving(Api()) as api, client(api, tokens) as one:
        api.script.append(success(doc_url="x"))
        assert await ask(one) == "x"
        assert tokens.refreshed == ["TTP_old"]
        assert [asked.token for asked in api.asked] == ["TTP_old", "TTP_first"]


async def test_a_fresh_token_that_is_not_taken_needs_a_person() -> None:
    tokens = Tokens("TTP_old", fresh=["TTP_other"])
    async with serving(Api()) as api, client(api, tokens) as one:
        with pytest.raises(NeedsPerson, match="labeld tiktok authorize us"):
            await ask(one)
        assert len(api.asked) == 2


@pytest.mark.parametrize("fails", [NeedsPerson("authorize it"), TryLater("no network")])
async def test_a_refresh_that_fails_is_the_answer(fails: NeedsPerson | TryLater) -> None:
    async with serving(Api()) as api, client(api, Tokens("TTP_old", fails=fails)) as one:
        with pytest.raises(type(fails)):
            await ask(one)


async def test_a_limit_slows_its_shop_and_no_other() -> None:
    clock = Clock(5.0)
    async with serving(Api()) as api:
        its = settings(api, us=shop(), uk=shop(market="GB"))
        async with client(api, settings=its, monotonic=clock) as one:
            api.script.append(web.Response(status=429, headers={"Retry-After": "7"}))
            with pytest.raises(TryLater, match="HTTP 429") as limited:
                await ask(one)
            assert limited.value.after == pytest.approx(7.0)
            with pytest.raises(TryLater, match="left alone"):
                await ask(one)
            assert len(api.asked) == 1
            api.script.append(success(doc_url="x"))
            assert await ask(one, "uk") == "x"
            assert clock.now == 5.0
            clock.now += 7.0
            api.script += [success(doc_url="x"), success(doc_url="y")]
            assert [await ask(one), await ask(one)] == ["x", "y"]
            assert clock.now == 12.0


async def test_short_pauses_are_waited_for_and_long_ones_told() -> None:
    clock = Clock(5.0)
    async with serving(Api()) as api, client(api, monotonic=clock) as one:
        api.script += [failure(36009002, "Too many requests."), failure(36009002), success(doc_url="x")]
        assert await ask(one) == "x"
        assert clock.now == pytest.approx(5.0 + 1.25 + 2.25)
        api.script += [failure(36009002)] * 5
        with pytest.raises(TryLater) as limited:
            await ask(one)
        assert limited.value.after == pytest.approx(4.25)
        assert len(api.asked) == 3 + 3


async def test_a_burst_that_meets_the_limit_together_counts_once() -> None:
    clock = Clock(5.0)
    async with serving(Api()) as api, client(api, monotonic=clock) as one:
        together = asyncio.Barrier(4)

        async def limit() -> web.Response:
            await together.wait()
            return web.json_response(failure(36009002))

        api.script += [limit] * 4
        api.standing[DOCUMENTS] = success(doc_url="x")
        assert await asyncio.gather(*(ask(one) for _ in range(4))) == ["x"] * 4
        assert len(api.asked) == 8


async def test_an_overload_slows_nobody() -> None:
    async with serving(Api()) as api, client(api) as one:
        api.script += [web.Response(status=503, text="<html>"), success(doc_url="x")]
        with pytest.raises(TryLater, match="overloaded") as failed:
            await ask(one)
        assert failed.value.after is None
        assert await ask(one) == "x"


@pytest.mark.parametrize(("wrong", "hint"), [(-400.0, "400 s behind"), (90.0, "90 s ahead of")])
async def test_a_refused_time_is_told_with_how_wrong_the_clock_is(wrong: float, hint: str) -> None:
    true = Clock()
    mine = Clock(true.now + wrong)

    def refusal() -> web.Response:
        message = "Invalid timestamp. The value of the `timestamp` query parameter must not …"
        return web.json_response(failure(36009004, message), headers={"Date": formatdate(true.now, usegmt=True)})

    async with serving(Api(clock=mine)) as api, client(api, clock=mine) as one:
        api.script.append(refusal)
        with pytest.raises(TryLater, match=f"this host's clock is {hint} TikTok's.*timedatectl"):
            await ask(one)


@pytest.mark.parametrize(
    "reply",
    [
        web.Response(text="<html>captive portal</html>", content_type="text/html"),
        web.Response(text='{"code":0,"data":{"doc_url":"htt', content_type="application/json"),
        web.Response(text="[" * 100_000, content_type="application/json"),
        web.Response(body=b"x" * (5 * 1024 * 1024)),
        web.Response(text='["code", 0]'),
        web.Response(body=gzip.compress(b" " * (64 * 1024 * 1024)), headers={"Content-Encoding": "gzip"}),
        web.Response(text='{"code":"ten","data":{}}'),
    ],
)
async def test_what_is_no_answer_of_the_api_is_asked_again_later(reply: web.Response) -> None:
    async with serving(Api()) as api, client(api) as one:
        api.script.append(reply)
        with pytest.raises(TryLater, match="not one of TikTok's API"):
            await ask(one)


async def test_a_redirect_is_not_followed() -> None:
    async with serving(Api()) as api, client(api) as one:
        api.script.append(web.Response(status=302, headers={"Location": f"{api.origin}{DOCUMENTS}"}))
        with pytest.raises(NeedsPerson, match="HTTP 302"):
            await ask(one)
        assert len(api.asked) == 1


async def test_a_connection_that_breaks_off_an_answer_that_never_comes_and_nobody_there() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    for behaviour, words in ((silent, "did not answer within 0.2 s"), (broken, "broke off")):
        server = await asyncio.start_server(behaviour, "127.0.0.1", 0)
        api = Api(origin=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        async with server, client(api, settings=settings(api, timeout_seconds=0.2)) as one:
            with pytest.raises(TryLater, match=words):
                await ask(one)
    async with client(api) as one:
        with pytest.raises(TryLater, match="cannot be reached: Connection refused"):
            await ask(one)


async def test_a_server_without_tls_and_one_that_garbles_its_answer() -> None:
    async with serving(Api()) as api:
        its = settings(api).model_copy(update={"api": api.origin.replace("http:", "https:")})
        async with client(api, settings=its) as one:
            with pytest.raises(TryLater, match=r"no TLS with 127\.0\.0\.1"):
                await ask(one)
        async with client(api) as one:
            api.script.append(web.Response(body=b"no gzip", headers={"Content-Encoding": "gzip"}))
            with pytest.raises(TryLater, match="broke off"):
                await ask(one)
            assert api.asked[-1].path == DOCUMENTS


async def test_a_shop_whose_calls_hang_keeps_no_other_waiting() -> None:
    async with serving(Api()) as api:
        its = settings(api, us=shop(), uk=shop(market="GB"))
        go_on, full = asyncio.Event(), asyncio.Event()

        async def hanging() -> web.Response:
            if len(api.asked) == 4:
                full.set()
            await go_on.wait()
            return web.json_response(success(doc_url="late"))

        async with client(api, settings=its) as one:
            api.script += [hanging] * 4
            stuck = [asyncio.create_task(ask(one)) for _ in range(20)]
            await full.wait()
            api.standing[DOCUMENTS] = success(doc_url="x")
            assert await ask(one, "uk") == "x"
            assert len(api.asked) == 5
            go_on.set()
            assert sorted(map(str, await asyncio.gather(*stuck))) == ["late"] * 4 + ["x"] * 16


@given(
    st.text()
    | st.from_regex(r"[A-Za-z]{3}, \d{1,3} [A-Za-z]{3} \d{1,6} \d{2}:\d{2}:\d{2} (GMT|[+-]\d{1,5})", fullmatch=True)
)
def test_any_retry_after_is_seconds_or_none(text: str) -> None:
    seconds = _seconds(text, 0.0)
    assert seconds is None or seconds >= 0.0


async def test_neither_errors_nor_logs_tell_tokens_secrets_and_links(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    leak = f"bad {'ab12' * 10} https://x.example/?sign=abc TTP_{'k' * 60} {CIPHER}"
    said = []
    async with serving(Api()) as api, client(api) as one:
        api.script += [failure(36009002, leak)] * 3
        with pytest.raises(TryLater) as limited:
            await ask(one)
        said.append(str(limited.value))
    async with serving(Api()) as api, client(api) as one:
        for code in (21008025, 99, 105005):
            api.script.append(failure(code, leak))
            with pytest.raises((NoLabel, NeedsPerson)) as error:
                await ask(one)
            said.append(str(error.value))
        api.script.append(web.Response(status=500, text=leak))
        with pytest.raises(TryLater) as failed:
            await ask(one)
        said.append(str(failed.value))
    everything = "\n".join(said) + caplog.text
    for secret in (SECRET, "ab12", "sign=", "x.example", "k" * 30, CIPHER, "TTP_first"):
        assert secret not in everything


def test_the_stand_in_checks_signatures_itself() -> None:
    assert stand._expected("/authorization/202309/shops", {"app_key": KEY, "timestamp": "1623812664"}, b"") == (
        "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8"
    )

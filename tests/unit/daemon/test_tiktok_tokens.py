import asyncio
import json
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from tests.token_host import CODE, SECRET, TokenHost

from labeld.config.settings import Settings
from labeld.daemon.errors import StoreUnavailable
from labeld.daemon.fetching.document import NeedsPerson, TryLater
from labeld.daemon.store import Store, engine
from labeld.daemon.store.tokens import ShopTokens
from labeld.daemon.tiktok.authority import Authority
from labeld.daemon.tiktok.tokens import Tokens
from labeld.daemon.tiktok.vault import Vault, new_key

DAY = 86400.0


class Clock:
    """Wall and steady time, as a test sets them."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """A store in a file, a token host, and the tokens between them."""

    def __init__(self, path: Path, host: TokenHost) -> None:
        self.path, self.host, self.clock = path, host, Clock()
        host.clock = self.clock
        self.keys = [new_key()]
        self.settings = self.settings_at(host.origin)

    def settings_at(self, origin: str) -> Settings:
        shops = {name: {"shop_id": name, "market": "US"} for name in ("us", "other")}
        tiktok = {"app_key": "key", "authority": origin, "timeout_seconds": 5, "shops": shops}
        return Settings.model_validate({"site": "test", "tiktok": tiktok})

    @asynccontextmanager
    async def open(self) -> AsyncIterator[tuple[Tokens, Store]]:
        authority = Authority(self.settings.tiktok, SECRET, self.clock)
        async with Store(self.path, topic_prefix="labeld/test") as store:
            tokens = Tokens(self.settings, store, Vault(self.keys), authority, self.clock, self.clock)
            async with tokens:
                yield tokens, store


@pytest.fixture
async def host() -> AsyncIterator[TokenHost]:
    async with TokenHost().serving() as serving:
        yield serving


@pytest.fixture
def bench(tmp_path: Path, host: TokenHost) -> Bench:
    return Bench(tmp_path / "labeld.sqlite3", host)


async def test_a_code_becomes_tokens_that_outlive_a_restart(bench: Bench) -> None:
    async with bench.open() as (tokens, _):
        assert "not authorized: run labeld tiktok authorize us" in (tokens.trouble("us") or "")
        with pytest.raises(NeedsPerson, match="not authorized"):
            await tokens.access("us")
        await tokens.authorize("us", CODE)
        access = await tokens.access("us")
        assert tokens.trouble("us") is None
        assert "other" in (tokens.trouble("other") or "")
    async with bench.open() as (tokens, _):
        assert await tokens.access("us") == access
        assert tokens.standings()[0].row is not None
    assert bench.host.refreshes == 0


async def test_a_shop_is_told_once_that_it_can_be_asked_again(bench: Bench) -> None:
    async with bench.open() as (tokens, _):
        assert tokens.newly_able() == frozenset()
        await tokens.authorize("us", CODE)
        assert [tokens.newly_able(), tokens.newly_able()] == [frozenset({"us"}), frozenset()]
        await tokens.authorize("us", CODE)
        assert tokens.newly_able() == {"us"}


async def test_a_stale_token_is_refreshed_once_for_all_who_ask(bench: Bench) -> None:
    async with bench.open() as (tokens, _):
        await tokens.authorize("us", CODE)
        stale = await tokens.access("us")
        new = await asyncio.gather(*(tokens.refresh("us", stale) for _ in range(20)))
        assert len(set(new)) == 1
        assert new[0] != stale
        assert await tokens.refresh("us", stale) == new[0]
    assert bench.host.refreshes == 1


async def test_a_token_that_is_stale_while_it_is_still_written_down_is_replaced_all_the_same(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench.open() as (tokens, store):
        await tokens.authorize("us", CODE)
        first, keep = await tokens.access("us"), store.keep_tokens
        writing = asyncio.Event()

        async def slowly(row: ShopTokens) -> None:
            if row.refreshing_since is None:
                writing.set()
                await asyncio.sleep(0.05)
            await keep(row)

        monkeypatch.setattr(store, "keep_tokens", slowly)
        caller = asyncio.create_task(tokens.refresh("us", first))
        await writing.wait()
        second = await tokens.access("us")
        third = await tokens.refresh("us", second)
        assert len({first, second, third}) == 3
        assert await caller in (second, third)
    assert bench.host.refreshes == 2


async def test_a_token_near_its_end_is_made_new_on_demand_and_by_the_loop_ahead_of_it(bench: Bench) -> None:
    async with bench.open() as (tokens, _):
        await tokens.authorize("us", CODE)
        first = await tokens.access("us")
        bench.clock.now += 6 * DAY + 3600
        assert await tokens.access("us") == first  # good for hours yet
        loop = asyncio.create_task(tokens.run())
        while await tokens.access("us") == first:  # noqa: ASYNC110 - the loop tells nobody
            await asyncio.sleep(0.01)
        second = await tokens.access("us")
        loop.cancel()
        bench.clock.now += 7 * DAY
        assert await tokens.access("us") not in (first, second)
    assert bench.host.refreshes == 2


async def test_a_caller_that_goes_away_does_not_lose_the_answer(bench: Bench) -> None:
    async with bench.open() as (tokens, store):
        await tokens.authorize("us", CODE)
        stale = await tokens.access("us")
        asked = asyncio.Event()

        async def slow(_request: web.Request) -> None:
            asked.set()
            await asyncio.sleep(0.05)

        bench.host.odd = slow
        caller = asyncio.create_task(tokens.refresh("us", stale))
        await asked.wait()
        caller.cancel()
        assert (await store.tokens())["us"].refreshing_since == bench.clock.now  # on disk before it was asked
    async with bench.open() as (tokens, store):
        assert await tokens.access("us") != stale
        assert (await store.tokens())["us"].refreshing_since is None


async def test_tokens_that_cannot_be_written_are_used_and_written_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_PRAGMAS", ("journal_mode=WAL", "busy_timeout=20"))
    async with bench.open() as (tokens, _):
        await tokens.authorize("us", CODE)
        stale = await tokens.access("us")

        async def lock(_request: web.Request) -> None:
            blocker.execute("BEGIN IMMEDIATE")

        blocker = sqlite3.connect(bench.path, isolation_level=None)
        bench.host.odd = lock
        new = await tokens.refresh("us", stale)
        assert new != stale
        assert await tokens.access("us") == new
        assert any("in memory only" in line for line in tokens.warnings)
        bench.host.odd = None
        blocker.close()
        loop = asyncio.create_task(tokens.run())
        while tokens.warnings != (tokens.trouble("other"),):  # noqa: ASYNC110 - the loop tells nobody
            await asyncio.sleep(0.01)
        loop.cancel()
    async with bench.open() as (tokens, _):
        assert await tokens.access("us") == new


async def test_a_refused_refresh_holds_one_shop_only_when_its_token_has_ended(bench: Bench) -> None:
    bench.host.codes.add("second")
    async with bench.open() as (tokens, _):
        await tokens.authorize("us", CODE)
        await tokens.authorize("other", "second")
        stale = await tokens.access("us")
        bench.host.good.clear()
        with pytest.raises(NeedsPerson, match="Refresh token is expired"):
            await tokens.renew("us")
        assert await tokens.access("us") == stale  # TikTok still takes it
        assert tokens.trouble("us") is None
        assert any("shop us needs authorization" in line for line in tokens.warnings)
        with pytest.raises(NeedsPerson, match="run labeld tiktok authorize us"):
            await tokens.refresh("us", stale)
        assert "shop us needs authorization: TikTok says 36004001" in (tokens.trouble("us") or "")
        assert tokens.trouble("other") is None
        await tokens.access("other")
    async with bench.open() as (tokens, _):  # and after a restart it is the same
        assert tokens.trouble("us") is not None
        bench.host.codes.add("third")
        await tokens.authorize("us", "third")
        assert tokens.trouble("us") is None
    assert bench.host.refreshes == 1


async def test_after_a_lost_answer_the_old_token_is_tried_and_the_reason_is_told(bench: Bench) -> None:
    async def lose(request: web.Request) -> web.StreamResponse:
        bench.host.issue(request.query["refresh_token"])
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with bench.open() as (tokens, store):
        await tokens.authorize("us", CODE)
        stale = await tokens.access("us")
        bench.host.odd = lose
        with pytest.raises(TryLater, match="cannot be reached"):
            await tokens.refresh("us", stale)
        assert (await store.tokens())["us"].refreshing_since is not None
    bench.host.odd = None
    async with bench.open() as (tokens, _):
        with pytest.raises(NeedsPerson, match=r"the answer to the refresh of 2026-09-21T.* was lost"):
            await tokens.access("us")
        assert "was lost" in (tokens.trouble("us") or "")


async def test_what_fails_for_a_while_is_not_asked_again_at_once(bench: Bench) -> None:
    async def busy(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=429, headers={"Retry-After": "7"})

    async with bench.open() as (tokens, _):
        await tokens.authorize("us", CODE)
        stale = await tokens.access("us")
        bench.host.odd = busy
        for _ in range(3):
            with pytest.raises(TryLater, match="too many calls") as caught:
                await tokens.refresh("us", stale)
            assert caught.value.after == 7
        assert bench.host.refreshes == 1
        assert tokens.trouble("us") is None
        bench.host.odd = None
        bench.clock.now += 7
        assert await tokens.access("us") != stale


async def test_a_clock_that_is_far_ahead_does_not_refresh_again_and_again(bench: Bench) -> None:
    async with bench.open() as (tokens, _):
        bench.host.clock = lambda: bench.clock.now - 400 * DAY
        await tokens.authorize("us", CODE)
        first = await tokens.access("us")
        assert await tokens.access("us") == first
        assert tokens.trouble("us") is None
    assert bench.host.refreshes == 0


@pytest.mark.parametrize(("life", "alerts"), [(200 * DAY, []), (29 * DAY, [29]), (2 * DAY, [2]), (96 * 365 * DAY, [])])
async def test_an_authorization_that_ends_is_told_once_each_time(bench: Bench, life: float, alerts: list[int]) -> None:
    bench.host.refresh_life = life + 60
    async with bench.open() as (tokens, _):
        await tokens.authorize("us", CODE)
    said = []
    for _ in range(2):
        async with bench.open() as (tokens, store):
            await tokens._tend(tokens._holders["us"])
            said = [json.loads(one.payload) for one in await store.outbox() if one.topic == "labeld/test/alerts"]
            assert len(tokens.warnings) == 1 + len(alerts)
    assert [one["message"].split(" ends in ")[1].split()[0] for one in said] == [str(days) for days in alerts]
    assert all(one["kind"] == "tiktok-authorization-ends" and one["shop"] == "us" for one in said)


async def test_a_refusal_is_told_each_time_that_there_is_one(bench: Bench) -> None:
    async with bench.open() as (tokens, store):
        await tokens.authorize("us", CODE)
        for times in (1, 2):
            good, bench.host.good = bench.host.good, set()
            with pytest.raises(NeedsPerson):
                await tokens.renew("us")
            loop = asyncio.create_task(tokens.run())
            while len(said := await store.outbox()) < times:  # noqa: ASYNC110 - the loop tells nobody
                await asyncio.sleep(0.01)
            loop.cancel()
            assert all(json.loads(one.payload)["kind"] == "tiktok-authorization-ended" for one in said)
            bench.host.good = good
            await tokens.renew("us")  # TikTok takes it after all
            assert tokens.trouble("us") is None


async def test_news_that_a_seller_took_it_back_counts_unless_it_is_older_than_the_authorization(bench: Bench) -> None:
    async with bench.open() as (tokens, _):
        await tokens.authorize("us", CODE)
        await tokens.deauthorized("us", bench.clock.now - 60)
        assert tokens.trouble("us") is None
        bench.clock.now += 120
        await tokens.deauthorized("us", bench.clock.now - 60)
        assert "the seller took it back" in (tokens.trouble("us") or "")
        with pytest.raises(NeedsPerson, match="took it back"):
            await tokens.access("us")


async def test_a_key_put_first_seals_anew_and_a_lost_key_is_told(bench: Bench) -> None:
    async with bench.open() as (tokens, _):
        await tokens.authorize("us", CODE)
        access = await tokens.access("us")
    bench.keys.insert(0, new_key())
    async with bench.open() as (tokens, _):
        assert await tokens.access("us") == access
    bench.keys.pop()
    async with bench.open() as (tokens, _):
        assert await tokens.access("us") == access
    bench.keys = [new_key()]
    async with bench.open() as (tokens, _):
        assert "put that back as one more line" in (tokens.trouble("us") or "")
        bench.host.codes.add("again")
        await tokens.authorize("us", "again")
        assert tokens.trouble("us") is None


async def test_no_token_and_no_secret_is_written_anywhere(
    bench: Bench, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    told = []
    async with bench.open() as (tokens, store):
        await tokens.authorize("us", CODE)
        for code in ("wrong-code-123", SECRET):
            bench.host.issued.append(code)
            with pytest.raises(NeedsPerson) as caught:
                await tokens.authorize("us", code)
            told.append(str(caught.value))
        await tokens.renew("us")
        bench.host.good.clear()
        with pytest.raises(NeedsPerson) as caught:
            await tokens.renew("us")
        told += [str(caught.value), repr(caught.value), repr(tokens.standings()), *tokens.warnings]
        told += [repr(row) for row in (await store.tokens()).values()]
    bench.settings = bench.settings_at("http://127.0.0.1:9")
    async with bench.open() as (tokens, _):
        with pytest.raises(TryLater) as later:
            await tokens.renew("us")
        told += [str(later.value), repr(later.value)]
    written = b"".join(file.read_bytes() for file in tmp_path.glob("*.sqlite3*"))  # noqa: ASYNC240 - small files
    for secret in bench.host.issued:
        assert secret not in caplog.text
        assert secret not in "\n".join(told)
        assert secret.encode() not in written


async def test_shops_of_one_seller_share_an_authorization(bench: Bench) -> None:
    shops = bench.settings.tiktok.model_dump()
    shops["shops"]["other"]["authorized_as"] = "us"
    bench.settings = Settings.model_validate({"site": "test", "tiktok": shops})
    async with bench.open() as (tokens, _):
        assert list(tokens.warnings) == ["shop us is not authorized: run labeld tiktok authorize us"]
        await tokens.authorize("other", CODE)
        assert await tokens.access("us") == await tokens.access("other")
        assert not tokens.warnings
        stale = await tokens.access("us")
        one, other = await asyncio.gather(tokens.refresh("us", stale), tokens.refresh("other", stale))
        assert one == other
    assert bench.host.refreshes == 1


async def test_the_database_failing_before_a_refresh_asks_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench.open() as (tokens, store):
        await tokens.authorize("us", CODE)
        stale = await tokens.access("us")

        async def full(*_: object) -> None:
            raise StoreUnavailable("the database cannot be written: full")

        with monkeypatch.context() as patched:
            patched.setattr(store, "keep_tokens", full)
            with pytest.raises(TryLater, match="not made new, as the database cannot be written"):
                await tokens.refresh("us", stale)
        assert bench.host.refreshes == 0

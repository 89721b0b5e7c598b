"""The tokens of TikTok shops: made new ahead of time, one refresh at a time per shop, never lost where that can be."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Coroutine
from dataclasses import replace
from types import TracebackType
from typing import Self

from ...config.settings import Settings
from ..errors import StoreUnavailable
from ..fetching.document import FetchFailed, NeedsPerson, TryLater
from ..messages import alert_payload, iso
from ..retry import backoff
from ..store import Store
from . import standing
from .authority import Authority
from .authorization import Authorization
from .grant import Grant, Reauthorize
from .standing import Standing, advice
from .vault import Vault

log = logging.getLogger(__name__)

#: between two looks at what is due
_LOOK_SECONDS = 60.0
#: the longest pause after a refresh that failed
_LONGEST_PAUSE = 600.0
#: time for answers that are under way when labeld stops
_CLOSING_SECONDS = 5.0


class Tokens:
    """Access tokens for calls, by shop.

    Args:
        settings: the shops, when tokens are made new, and the topic above `alerts`.
        store: where they are kept, sealed.
        vault: seals them.
        authority: makes them.
        wall: Unix seconds.
        steady: seconds that pass evenly.
        changed: told when something changed that people see, or that waits for the broker.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        vault: Vault,
        authority: Authority,
        wall: Callable[[], float],
        steady: Callable[[], float],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings.tiktok
        self._topic = f"{settings.topic_prefix}/alerts"
        self._store = store
        self._vault = vault
        self._authority = authority
        self._wall = wall
        self._steady = steady
        self._changed = changed
        #: those that hold an authorization, and all shops with whose they share
        self._holders = {
            name: Authorization(name) for name, shop in settings.tiktok.shops.items() if not shop.authorized_as
        }
        self._shops = {name: self._holders[shop.authorized_as or name] for name, shop in settings.tiktok.shops.items()}
        self._flights: set[asyncio.Task[None]] = set()
        self._able: frozenset[str] = frozenset()
        self._wake = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Read what is kept; raises `StoreUnavailable`."""
        for name, row in (await self._store.tokens()).items():
            if (shop := self._holders.get(name)) is not None:
                shop.take(row, self._vault)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait a moment for answers under way: what they bring is written down."""
        if self._flights:
            _, late = await asyncio.wait(self._flights, timeout=_CLOSING_SECONDS)
            for flight in late:
                flight.cancel()
        for shop in self._holders.values():
            with contextlib.suppress(StoreUnavailable):
                await self._keep(shop)

    async def access(self, shop: str) -> str:
        """A token that is good for some minutes.

        Raises:
            NeedsPerson: there is no such shop, or it must be authorized.
            TryLater: a new one is needed and cannot be had now.
        """
        found = self._known(shop)
        if found.is_wanting(self._wall(), self._steady()):
            try:
                await self._refresh(found)
            except FetchFailed:
                if found.has_ended(self._wall(), self._steady()):
                    raise
        return found.access

    async def refresh(self, shop: str, stale: str) -> str:
        """A token in place of `stale`, which TikTok called expired; one that came meanwhile is that already.

        Raises:
            NeedsPerson: there is no such shop, or it must be authorized.
            TryLater: it cannot be had now.
        """
        found = self._known(shop)
        if found.access == stale:
            found.end_access(self._wall())
            await self._refresh(found)
        return found.access

    async def renew(self, shop: str) -> None:
        """Make the tokens of a shop new now, as a person wants it; also where TikTok refused it before.

        Raises:
            NeedsPerson: there is no such shop, or it must be authorized.
            TryLater: it cannot be had now.
        """
        found = self._known(shop, refused_too=True)
        found.not_before = 0.0
        await self._refresh(found, asked=True)

    async def authorize(self, shop: str, code: str) -> None:
        """Take the code of a seller's consent; when this returns, the tokens are on disk.

        Raises:
            NeedsPerson: there is no such shop, or TikTok does not take the code.
            TryLater: it cannot be asked now, or the tokens cannot be written; they are kept in memory then.
        """
        found = self._named(shop)
        self._able = frozenset()  # what waits for a person is tried again
        # not cut off with the request that asked for it: the code is good for once
        await asyncio.shield(self._fly(self._authorize(found, code)))
        if found.kept != found.row:
            raise TryLater(
                f"shop {shop} is authorized, but the tokens cannot be written now: they are in memory, and labeld tries"
                " again; do not stop it"
            )

    async def deauthorized(self, shop: str, at: float) -> None:
        """TikTok told that a seller took the authorization back `at` a time (Unix seconds); older news is none."""
        found = self._shops.get(shop)
        if found is None:
            return
        async with found.lock:
            row = found.row
            if row is None or row.authorized_at >= at:
                return
            because = f"shop {found.name} needs authorization: the seller took it back; {advice(found.name)}"
            found.row = replace(row, refused=because)
            found.end_access(at)
            self._news()
            await self._keep_or_wait(found)

    @property
    def able(self) -> frozenset[str]:
        """The shops that calls can be made for, now or soon."""
        return frozenset(name for name in self._shops if self.trouble(name) is None)

    def newly_able(self) -> frozenset[str]:
        """The shops that calls can be made for, and that could not when this was asked before."""
        before, self._able = self._able, self.able
        return self._able - before

    def trouble(self, shop: str) -> str | None:
        """Why no call can be made for a shop until a person did something; None where one can, or may soon."""
        found = self._shops.get(shop)
        if found is None:
            return f"there is no shop {shop!r} in the configuration: add [tiktok.shops.{shop}]"
        if found.sealed is not None:
            return found.sealed
        if found.row is None:
            return f"shop {found.name} is not authorized: {advice(found.name)}"
        return (found.row.refused or found.person) if found.has_ended(self._wall(), self._steady()) else None

    @property
    def shops(self) -> tuple[str, ...]:
        """The names of all shops."""
        return tuple(self._shops)

    def standings(self) -> tuple[Standing, ...]:
        """How each shop stands."""
        return tuple(
            Standing(name, one.row, self.trouble(name), self._warning(one)) for name, one in self._shops.items()
        )

    def _warning(self, shop: Authorization) -> str | None:
        if shop.row is None:
            return None
        if shop.person is not None and shop.row.refused is None:
            ends = iso(shop.row.access_expires)
            return f"shop {shop.name}: its tokens are not made new, and the present one ends {ends}: {shop.person}"
        return standing.ending_words(shop.row, self._wall())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What everybody who looks must know."""
        unkept = (
            f"new tokens of shop {one.name} are in memory only, as the database cannot be written: do not stop labeld"
            for one in self._holders.values()
            if one.unkept
        )
        # shops that share an authorization share its trouble
        troubles = dict.fromkeys(words for one in self.standings() if (words := one.trouble or one.warning))
        return (*troubles, *unkept)

    async def run(self) -> None:
        """Make tokens new ahead of time, and tell of authorizations that end, until cancelled."""
        while True:
            async with asyncio.TaskGroup() as tasks:
                for shop in self._holders.values():
                    tasks.create_task(self._tend(shop))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            if any(shop.unkept for shop in self._holders.values()):
                await self._store.health.recovery()

    async def _tend(self, shop: Authorization) -> None:
        row = shop.row
        if row is None:
            return
        early = standing.due(row, self._wall(), self._settings.refresh_before_hours * 3600)
        try:
            if early and not shop.is_fresh(self._steady()):
                with contextlib.suppress(FetchFailed):  # logged where it happened
                    await self._refresh(shop)
            async with shop.lock:
                with contextlib.suppress(StoreUnavailable):
                    await self._keep(shop)
                    await self._alert(shop)
        except Exception as error:  # noqa: BLE001 - a fault at one shop ends neither the others nor labeld
            # no traceback: what it passed through had secrets in hand
            log.error("shop %s: a fault of labeld at its tokens: %s", shop.name, type(error).__name__)  # noqa: TRY400

    async def _alert(self, shop: Authorization) -> None:
        row, now = shop.row, self._wall()
        if row is None or (days := standing.alert_due(row, now)) is None:
            return
        words = standing.ending_words(row, now) or ""
        kind = "tiktok-authorization-ended" if days == 0 else "tiktok-authorization-ends"
        payload = alert_payload(kind=kind, message=words, shop=shop.name, ends_at=row.refresh_expires, at=now)
        told = replace(row, alerted=days)
        await self._store.keep_tokens(told, (self._topic, payload, now))
        shop.row = shop.kept = told
        log.warning("%s", words)
        self._changed()

    # Refresh

    async def _refresh(self, shop: Authorization, *, asked: bool = False) -> None:
        """Join the refresh under way, or begin one; a caller that goes away does not end it."""
        if shop.flight is None:
            if shop.row is not None and shop.row.refused is not None and not asked:
                raise NeedsPerson(shop.row.refused)
            if (pause := shop.not_before - self._steady()) > 0:
                words = f"shop {shop.name}: {shop.row and shop.row.error}"
                raise NeedsPerson(words) if shop.person else TryLater(words, after=pause)
            shop.flight = self._fly(self._renew(shop, shop.access, asked=asked))
            shop.flight.add_done_callback(shop.landed)
        await asyncio.shield(shop.flight)

    def _fly(self, work: Coroutine[None, None, None]) -> "asyncio.Task[None]":
        """Do what brings tokens, however many of those who wait for it are gone."""

        def landed(task: "asyncio.Task[None]") -> None:
            self._flights.discard(task)
            if not task.cancelled():
                task.exception()  # seen

        flight = asyncio.create_task(work, name="tiktok-tokens")
        self._flights.add(flight)
        flight.add_done_callback(landed)
        return flight

    async def _renew(self, shop: Authorization, stale: str, *, asked: bool) -> None:
        async with shop.lock:
            row, now = shop.row, self._wall()
            if shop.access != stale:
                return  # authorized while this waited
            if row is None or (row.refused is not None and not asked):  # taken back while this waited
                raise NeedsPerson(self.trouble(shop.name) or f"shop {shop.name} needs authorization")
            # the intent is on disk before TikTok may make the old token void
            shop.row = replace(row, refreshing_since=row.refreshing_since or now)
            try:
                await self._keep(shop)
            except StoreUnavailable as error:
                shop.row = row
                raise TryLater(f"shop {shop.name}: its tokens are not made new, as {error}") from None
            try:
                grant = await self._authority.refresh(shop.refresh)
            except Reauthorize as error:
                raise await self._failed(shop, error, refused=standing.refused_words(row, str(error))) from None
            except FetchFailed as error:
                raise await self._failed(shop, error) from None
            self._took(shop, grant, row.authorized_at)
            log.info("shop %s: its tokens are new", shop.name)
            await self._keep_or_wait(shop)

    async def _failed(self, shop: Authorization, error: FetchFailed, refused: str | None = None) -> FetchFailed:
        """Note that a refresh failed; gives what its callers are told."""
        now, words = self._wall(), str(error)
        news = shop.row is None or words != shop.row.error or shop.failures == 0
        shop.failures += 1
        after = error.after if isinstance(error, TryLater) else None
        pause = after or backoff(shop.failures, random.random(), first=4.0, longest=_LONGEST_PAUSE)  # noqa: S311 - spreads load
        shop.not_before = self._steady() + min(pause, _LONGEST_PAUSE)
        answered = isinstance(error, NeedsPerson)
        shop.person = words if answered and refused is None else None
        if shop.row is not None:
            # without an answer the intent stays: the old token may be void by now
            since = None if answered else shop.row.refreshing_since
            shop.row = replace(shop.row, error=words, error_at=now, refused=refused, refreshing_since=since)
        if news:
            log.warning("shop %s: its tokens are not made new: %s", shop.name, refused or words)
        self._news()
        await self._keep_or_wait(shop)
        if refused is not None:
            return NeedsPerson(refused)
        if answered:
            return NeedsPerson(f"shop {shop.name}: {words}")
        return TryLater(f"shop {shop.name}: {words}", after=after)

    async def _authorize(self, shop: Authorization, code: str) -> None:
        async with shop.lock:
            try:
                grant = await self._authority.exchange(code)
            except Reauthorize as error:
                raise NeedsPerson(
                    f"{error}; the code is wrong, used or too old: let the seller consent again"
                ) from None
            self._took(shop, grant, self._wall())
            log.info("shop %s: authorized", shop.name)
            await self._keep_or_wait(shop)

    def _took(self, shop: Authorization, grant: Grant, authorized_at: float) -> None:
        shop.grant(grant, self._vault, authorized_at, self._wall(), self._steady())
        shop.flight = None  # it only writes from here on: who wants other tokens than these begins another
        self._news()

    def _news(self) -> None:
        """Something of a shop is another, and may be an alert."""
        self._wake.set()
        self._changed()

    # What is known

    def _known(self, shop: str, *, refused_too: bool = False) -> Authorization:
        found = self._shops.get(shop)
        if found is None or found.row is None or found.sealed is not None:
            raise NeedsPerson(self.trouble(shop) or "")
        if found.row.refused is not None and found.has_ended(self._wall(), self._steady()) and not refused_too:
            raise NeedsPerson(found.row.refused)
        return found

    def _named(self, shop: str) -> Authorization:
        found = self._shops.get(shop)
        if found is None:
            raise NeedsPerson(self.trouble(shop) or "")
        return found

    async def _keep(self, shop: Authorization) -> None:
        """Write down what is not on disk; raises `StoreUnavailable`."""
        if (row := shop.row) is not None and shop.unkept:
            await self._store.keep_tokens(row)
            shop.kept = row

    async def _keep_or_wait(self, shop: Authorization) -> None:
        """Write it down, or leave it to the next look: in memory it is safe for as long as labeld runs."""
        try:
            await self._keep(shop)
        except StoreUnavailable as error:
            log.warning("shop %s: what is new of its tokens is in memory only, as %s", shop.name, error)
            self._news()

"""What is known of one authorization: its tokens, its row, and what of that is on disk."""

import asyncio
import logging
from dataclasses import replace

from ..store.tokens import ShopTokens
from .grant import Grant
from .standing import advice
from .vault import CannotOpen, Vault

log = logging.getLogger(__name__)

#: an access token is handed out while it has so long to live
_GOOD_SECONDS = 300.0
#: a clock that is wrong makes a new token look old: for so long it is not taken for that
_FRESH_SECONDS = 600.0
_DAY = 86400.0


class Authorization:
    """The authorization that a shop holds. `wall` are Unix seconds, `steady` seconds that pass evenly.

    Attributes:
        row: the truth; None where it was never authorized.
        kept: what of it is on disk.
        access, refresh: the tokens.
        sealed: why the tokens in the row cannot be read.
        person: why only a person can mend the last refresh, though the authorization is not gone.
        failures: refreshes that failed in a row.
        not_before: when the next one may be tried, steady.
        flight: the refresh under way.
        lock: held by who changes the row and writes it down.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.row: ShopTokens | None = None
        self.kept: ShopTokens | None = None
        self.access = ""
        self.refresh = ""
        self.sealed: str | None = None
        self.person: str | None = None
        self.failures = 0
        self.not_before = 0.0
        self.flight: asyncio.Task[None] | None = None
        self.lock = asyncio.Lock()
        self._got_at: float | None = None

    @property
    def unkept(self) -> bool:
        """Whether something of it is not on disk."""
        return self.sealed is None and self.row != self.kept

    def is_fresh(self, steady: float) -> bool:
        """Whether the tokens came a moment ago, whatever the clock says."""
        return self._got_at is not None and steady - self._got_at < _FRESH_SECONDS

    def is_wanting(self, wall: float, steady: float) -> bool:
        """Whether the access token ends too soon to be handed out."""
        return self.has_ended(wall + _GOOD_SECONDS, steady)

    def has_ended(self, wall: float, steady: float) -> bool:
        """Whether the access token is of no use."""
        return self.row is None or (wall >= self.row.access_expires and not self.is_fresh(steady))

    def end_access(self, wall: float) -> None:
        """TikTok does not take the access token any more."""
        self._got_at = None
        if self.row is not None:
            self.row = replace(self.row, access_expires=min(self.row.access_expires, wall))

    def landed(self, flight: "asyncio.Task[None]") -> None:
        """A refresh is over."""
        if self.flight is flight:
            self.flight = None

    def take(self, row: ShopTokens, vault: Vault) -> None:
        """Go on with what was kept; what another key than the first one sealed is sealed anew."""
        try:
            self.access, self.refresh = vault.open(row.access), vault.open(row.refresh)
        except CannotOpen as error:
            self.sealed = f"shop {self.name}: its tokens cannot be read: {error}; else {advice(self.name)}"
            log.warning("%s", self.sealed)
        else:
            self.kept = row
            if not (vault.is_current(row.access) and vault.is_current(row.refresh)):
                # then the old key may go
                row = replace(row, access=vault.seal(self.access), refresh=vault.seal(self.refresh))
        self.row = row

    def grant(self, grant: Grant, vault: Vault, authorized_at: float, wall: float, steady: float) -> None:
        """Go on with new tokens; what an answer does not tell stays as it was."""
        former = self.row
        self.access, self.refresh = grant.access, grant.refresh or self.refresh
        self.sealed = self.person = None
        self.failures, self.not_before, self._got_at = 0, 0.0, steady
        ends, alerted = grant.refresh_expires, None
        if former is not None:
            ends = ends or former.refresh_expires
            later = (ends or 0.0) > (former.refresh_expires or 0.0) + _DAY
            if former.authorized_at == authorized_at and former.refused is None and not later:
                alerted = former.alerted  # an end that is as near as before was told already
        self.row = ShopTokens(
            self.name,
            vault.seal(self.access),
            vault.seal(self.refresh),
            grant.access_expires,
            ends,
            grant.seller or (former.seller if former else None),
            grant.region or (former.region if former else None),
            grant.scopes or (former.scopes if former else ()),
            authorized_at,
            wall,
            alerted=alerted,
        )

"""What can go wrong between the sandbox and who calls it, and how a fault is written on the command line."""

import random
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

#: The part of the sandbox that a fault is met at: signed calls, the label call among them, tokens, documents.
Place = Literal["api", "label", "token", "document"]


class FaultKind(StrEnum):
    """Each fault by the name people type."""

    #: the access token of the call has expired, from now on
    EXPIRED_TOKEN = "expired-token"  # noqa: S105  # a name
    #: the seller has withdrawn: no token of the shop works any more
    REVOKED = "revoked"
    #: the time that the seller gave the app is over: access tokens end, and refreshing them fails
    AUTHORIZATION_ENDED = "authorization-ended"
    #: too many calls: HTTP 429 and 36009002; with SECONDS also a Retry-After
    RATE_LIMIT = "rate-limit"
    #: overloaded: HTTP 503
    UNAVAILABLE = "unavailable"
    #: answers with this code of the error table
    ERROR = "error"
    #: answers with what is no JSON
    GARBAGE = "garbage"
    #: closes the connection without an answer
    DROPPED = "dropped"
    #: answers after so many seconds
    SLOW = "slow"
    #: the label call succeeds without a link
    EMPTY_URL = "empty-url"
    #: the shipment is not arranged yet: 21042104
    NOT_READY = "not-ready"
    #: the label call does not tell the tracking number
    NO_TRACKING = "no-tracking"
    #: the link leads to a host that only sounds like TikTok's
    WRONG_HOST = "wrong-host"
    #: the link has expired already
    EXPIRED_LINK = "expired-link"
    #: the token host is overloaded
    TOKEN_UNAVAILABLE = "token-unavailable"  # noqa: S105
    #: the token host issues tokens, and closes the connection before it has told them
    TOKEN_DROPPED = "token-dropped"  # noqa: S105
    #: the document host is overloaded
    LINK_UNAVAILABLE = "link-unavailable"
    #: the document host closes the connection without an answer
    LINK_DROPPED = "link-dropped"
    #: the document comes after so many seconds
    SLOW_LINK = "slow-link"
    #: the document ends in the middle
    TRUNCATED = "truncated"
    #: of the document only the first half comes, and HTTP 206 says so
    PARTIAL = "partial"
    #: a web page instead of the document
    HTML = "html"
    #: the label of another package
    WRONG_CONTENT = "wrong-content"


_KINDS: dict[Place, frozenset[FaultKind]] = {
    "api": frozenset(
        {
            FaultKind.EXPIRED_TOKEN,
            FaultKind.REVOKED,
            FaultKind.AUTHORIZATION_ENDED,
            FaultKind.RATE_LIMIT,
            FaultKind.UNAVAILABLE,
            FaultKind.ERROR,
            FaultKind.GARBAGE,
            FaultKind.DROPPED,
            FaultKind.SLOW,
        }
    ),
    "label": frozenset(
        {
            FaultKind.EMPTY_URL,
            FaultKind.NOT_READY,
            FaultKind.NO_TRACKING,
            FaultKind.WRONG_HOST,
            FaultKind.EXPIRED_LINK,
        }
    ),
    "token": frozenset({FaultKind.TOKEN_UNAVAILABLE, FaultKind.TOKEN_DROPPED}),
    "document": frozenset(
        {
            FaultKind.LINK_UNAVAILABLE,
            FaultKind.LINK_DROPPED,
            FaultKind.SLOW_LINK,
            FaultKind.TRUNCATED,
            FaultKind.PARTIAL,
            FaultKind.HTML,
            FaultKind.WRONG_CONTENT,
        }
    ),
}
#: What `fail` chooses from: all of it passes when the call is made again.
_PASSING: dict[Place, tuple[FaultKind, ...]] = {
    "api": (
        FaultKind.EXPIRED_TOKEN,
        FaultKind.RATE_LIMIT,
        FaultKind.UNAVAILABLE,
        FaultKind.GARBAGE,
        FaultKind.DROPPED,
    ),
    "label": (FaultKind.EMPTY_URL, FaultKind.NOT_READY, FaultKind.NO_TRACKING),
    "token": (FaultKind.TOKEN_UNAVAILABLE,),
    "document": (
        FaultKind.LINK_UNAVAILABLE,
        FaultKind.LINK_DROPPED,
        FaultKind.TRUNCATED,
        FaultKind.PARTIAL,
    ),
}
_UNITS = {FaultKind.ERROR: "CODE", FaultKind.SLOW: "SECONDS", FaultKind.SLOW_LINK: "SECONDS"}
_OPTIONAL = {FaultKind.RATE_LIMIT: "SECONDS"}
_FORM = re.compile(r"(?P<kind>[a-z-]+)(?:=(?P<number>[0-9]{1,9}(?:\.[0-9]{1,3})?))?(?:\*(?P<times>[1-9][0-9]{0,5}))?")


def form(kind: FaultKind) -> str:
    """How a fault is written, e.g. `slow=SECONDS`."""
    if kind in _OPTIONAL:
        return f"{kind}[={_OPTIONAL[kind]}]"
    return f"{kind}={_UNITS[kind]}" if kind in _UNITS else str(kind)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        number: a code of the error table, or seconds.
        times: how many more calls meet it; None: every one, until it is cleared.
        shop: name of the only shop that meets it.
    """

    kind: FaultKind
    number: float = 0.0
    times: int | None = None
    shop: str | None = None

    @classmethod
    def parse(cls, text: str, shop: str | None = None) -> "Fault":
        """Read `unavailable`, `empty-url*3`, `rate-limit=2*5`, `error=36009007`.

        Raises:
            ValueError: the fault is not known, or its number is missing or unwanted.
        """
        match = _FORM.fullmatch(text.strip().lower())
        if match is None or match["kind"] not in {kind.value for kind in FaultKind}:
            raise ValueError(
                f"fault {text!r} is not known: use one of {', '.join(map(form, FaultKind))}, each with *TIMES"
            )
        kind, number = FaultKind(match["kind"]), match["number"]
        if (kind in _UNITS) != (number is not None) and kind not in _OPTIONAL:
            wanted = form(kind) if kind in _UNITS else f"{kind} without a number"
            raise ValueError(f"fault {text!r} is not complete: write {wanted}")
        return cls(kind, float(number or 0), None if match["times"] is None else int(match["times"]), shop)

    def __str__(self) -> str:
        number = f"={self.number:g}" if self.kind in _UNITS or self.number else ""
        times = "" if self.times is None else f"*{self.times}"
        return f"{self.kind}{number}{times}{f' for {self.shop}' if self.shop else ''}"


class Faults:
    """What is wrong at the moment.

    Args:
        chance: where the failing calls are drawn from.
        fail: share of the calls that fail by themselves, 0 to 1.
        faults: what is wrong from the start.
    """

    def __init__(self, chance: random.Random, fail: float = 0.0, faults: Iterable[Fault] = ()) -> None:
        self.fail = fail
        self._chance = chance
        self._waiting = list(faults)
        #: how often each was met
        self.met: Counter[FaultKind] = Counter()

    @property
    def waiting(self) -> tuple[Fault, ...]:
        """Those that calls will still meet."""
        return tuple(self._waiting)

    def add(self, fault: Fault) -> None:
        """From now on this is wrong too."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """All is well again, but for what fails by itself."""
        self._waiting.clear()

    def meet(self, shop: str | None, *places: Place) -> Fault | None:
        """The one fault that a call for `shop` meets at `places`: the first that waits for it, or one of chance."""
        for at, fault in enumerate(self._waiting):
            if any(fault.kind in _KINDS[place] for place in places) and fault.shop in (None, shop):
                self._used(at, fault)
                self.met[fault.kind] += 1
                return fault
        if self.fail and self._chance.random() < self.fail:
            kind = self._chance.choice([kind for place in places for kind in _PASSING[place]])
            self.met[kind] += 1
            return Fault(kind)
        return None

    def _used(self, at: int, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times <= 1:
            del self._waiting[at]
        else:
            self._waiting[at] = replace(fault, times=fault.times - 1)

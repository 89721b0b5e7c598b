"""Labels that are fetched: how long it takes, what becomes of it, and the calls of TikTok's API by shop."""

import re
import time
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram

from ..fetching.document import Document, FetchFailed, NeedsPerson, NoLabel, OrderCanceled, OrderOnHold, TryLater
from ..fetching.fetcher import Obtain
from ..fetching.wanted import Link, Wanted
from ..job import Job
from ..tiktok.answers import Action
from .bounds import OTHER, Bounded

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 60.0)
_RESULTS = (
    (TryLater, "later"),
    ((NeedsPerson, OrderOnHold), "person"),
    ((NoLabel, OrderCanceled), "none"),
)
_FETCHED = ("done", "later", "person", "none")
#: a call that had no answer
UNREACHED = "unreached"
_SHOPS = 100
#: calls by the ends of their paths; numbers of packages are in some, and never in a label
_ENDPOINTS = (
    (re.compile(r"/packages/[^/]+/shipping_documents"), "shipping_documents"),
    (re.compile(r"/packages/search"), "package_search"),
    (re.compile(r"/packages/[^/]+"), "package"),
    (re.compile(r"/order/[^/]+/orders"), "orders"),
    (re.compile(r"/authorization/[^/]+/shops"), "shops"),
)


def endpoint(path: str) -> str:
    """The call that a path is, without versions and numbers. Pure."""
    return next((name for pattern, name in _ENDPOINTS if re.search(pattern.pattern + "$", path)), OTHER)


def _way(wanted: Wanted) -> str:
    if isinstance(wanted, Link):
        return "link"
    return "order" if wanted.there else "package"


class Obtaining:
    """What is asked of others.

    Args:
        registry: where the figures are.
        clock: seconds; only differences count.
    """

    def __init__(self, registry: CollectorRegistry, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._fetches = Counter(
            "labeld_fetches",
            "Tries to fetch a label: done, later (tried again), person (somebody must act first), none (there is none)",
            ("way", "result"),
            registry=registry,
        )
        self._fetch = Histogram(
            "labeld_fetch_seconds", "One try to fetch a label", ("way",), buckets=_SECONDS, registry=registry
        )
        self._calls = Counter(
            "labeld_tiktok_calls",
            "Calls of TikTok's API by what their answers ask for: done, wait, retry, slow, refresh, person, refuse; "
            "or unreached",
            ("shop", "endpoint", "result"),
            registry=registry,
        )
        self._call = Histogram(
            "labeld_tiktok_call_seconds",
            "One call of TikTok's API",
            ("endpoint",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._shop = Bounded(_SHOPS)
        for way in ("link", "package", "order"):
            for result in _FETCHED:
                self._fetches.labels(way, result)

    def know(self, shops: Iterable[str]) -> None:
        """There are these shops: the counts of their requests for labels begin at 0."""
        for shop in shops:
            for result in (*(action.name.lower() for action in Action), UNREACHED):
                self._calls.labels(self._shop(shop), "shipping_documents", result)

    def watched(self, obtain: Obtain) -> Obtain:
        """The same way to labels, each try counted and timed."""

        async def get(job: Job, wanted: Wanted, *, look: bool) -> Document | None:
            way, began, result = _way(wanted), self._clock(), "fault"
            try:
                document = await obtain(job, wanted, look=look)
                result = "done"
            except FetchFailed as error:
                result = next((word for kind, word in _RESULTS if isinstance(error, kind)), OTHER)
                raise
            finally:
                self._fetches.labels(way, result).inc()
                self._fetch.labels(way).observe(self._clock() - began)
            return document

        return get

    def called(self, shop: str, path: str, result: str, seconds: float) -> None:
        """TikTok was asked once."""
        call = endpoint(path)
        self._calls.labels(self._shop(shop), call, result).inc()
        self._call.labels(call).observe(seconds)

"""TikTok Shop's API: the app's secrets, the way there, this host's clock beside TikTok's, and each authorization."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from ...config.errors import ConfigError
from ...config.load import read_secret
from ...config.settings import Settings
from .finding import Finding, fault, ok, warning
from .service import Service

_SECONDS = 8.0
#: TikTok takes no request of 5 minutes ago or 30 s ahead; and from where on it is told
_BEHIND, _AHEAD, _SKEW = 300.0, 30.0, 10.0
_CLOCK = "systemctl enable --now systemd-timesyncd (or chrony)"


def judge_secret(what: str, file: Path | None, credential: str, because: str | None, *, running: bool) -> Finding:
    """A secret: `because` is why it cannot be read from its file; a credential only the unit itself can see."""
    if because is not None:
        return fault("tiktok secrets", because, "correct the file, or run labeld doctor as labeld's user or as root")
    if file is not None:
        return ok("tiktok secrets", f"{what}: in {file}")
    if running:
        return ok("tiktok secrets", f"{what}: the daemon has it")
    advice = f"give the unit LoadCredential={credential}:…; see docs/operations.md"
    return warning("tiktok secrets", f"{what}: credential {credential} cannot be seen from here", advice)


def judge_skew(host: str, skew: float | None) -> Finding:
    """This host's clock beside TikTok's: `skew` is by how many seconds it is ahead."""
    if skew is None:
        return warning("tiktok", f"{host} answers, but tells no time", "see what lies between (a proxy?)")
    side = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} TikTok's"
    if skew > _AHEAD or skew < -_BEHIND:
        return fault("tiktok", f"{host} answers; this host's clock is {side}: TikTok takes no call", _CLOCK)
    if abs(skew) > _SKEW:
        return warning("tiktok", f"{host} answers; this host's clock is {side}", _CLOCK)
    return ok("tiktok", f"{host} answers, and the clocks agree")


def judge_shops(settings: Settings, shops: Sequence[Mapping[str, Any]] | None) -> list[Finding]:
    """How each authorization stands, as the daemon tells; None: no daemon tells."""
    if shops is None:
        words = f"{len(settings.tiktok.shops)} shops configured; only the daemon knows their authorizations"
        return [warning("tiktok shops", words, "start labeld")]
    found = [_judge_shop(shop) for shop in shops]
    return found or [warning("tiktok shops", "no shop is configured", "add [tiktok.shops.NAME]; see docs/tiktok.md")]


def _judge_shop(shop: Mapping[str, Any]) -> Finding:
    check, advice = f"tiktok {shop.get('name')}", f"labeld tiktok authorize {shop.get('name')}"
    if trouble := shop.get("trouble"):
        return fault(check, str(trouble), "" if advice in str(trouble) else advice)
    if words := shop.get("warning"):
        return warning(check, str(words), "" if advice in str(words) else advice)
    if scope := shop.get("missing_scope"):
        return warning(check, f"the app may not fetch labels: scope {scope} is missing", f"add it, then {advice}")
    ends = shop.get("authorization_expires")
    return ok(check, f"authorized until {ends}" if ends else "authorized")


def judge_links(settings: Settings) -> Finding:
    """Where links may lead."""
    if settings.links.sandbox:
        words = f"links to {settings.links.sandbox} are followed: a stand-in, not TikTok"
        return warning("links", words, "remove links.sandbox before labels of real parcels are printed")
    if not settings.links.hosts:
        return warning("links", "no host is allowed: no link is followed", "remove links.hosts to have TikTok's own")
    return ok("links", f"followed to {', '.join(settings.links.hosts)}, and names below them")


async def look(settings: Settings, service: Service) -> list[Finding]:
    """Look at everything; the API is asked once, without a token or a signature."""
    tiktok, running = settings.tiktok, service.ready is not None
    if tiktok.app_key is None:
        return [judge_links(settings), ok("tiktok", "its API is not used: tiktok.app_key is not set")]
    secrets = (
        ("the app's secret", tiktok.app_secret_file, "tiktok-app-secret"),
        ("the key for tokens", tiktok.token_key_file, "tiktok-token-key"),
    )
    found = [judge_links(settings)]
    for what, file, credential in secrets:
        because = await asyncio.to_thread(_unreadable, file, credential)
        found.append(judge_secret(what, file, credential, because, running=running))
    return [*found, await _way(tiktok.api), *judge_shops(settings, service.shops)]


def _unreadable(file: Path | None, credential: str) -> str | None:
    try:
        secret = read_secret(file, credential)
    except ConfigError as error:
        return "; ".join(error.faults)
    return f"{file or credential}: is empty" if secret == "" else None


async def _way(api: str) -> Finding:
    """Whether the API can be reached, and what time it is there."""
    host = urlsplit(api).hostname or api
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    advice = "see name service, firewall and certificates on the way there; labels wait, and are tried again"
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.get(f"{api}/", allow_redirects=False) as reply,
        ):
            date, now = reply.headers.get("Date"), time.time()
    except TimeoutError:
        return fault("tiktok", f"{host} does not answer within {_SECONDS:g} s", advice)
    except (aiohttp.ClientError, OSError) as error:
        return fault("tiktok", f"{host} cannot be reached: {type(error).__name__}", advice)
    try:
        return judge_skew(host, None if date is None else now - parsedate_to_datetime(date).timestamp())
    except (ValueError, OverflowError):
        return judge_skew(host, None)

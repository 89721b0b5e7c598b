"""TikTok's token host: codes and refresh tokens into tokens. The secret is in its addresses: never log them."""

import os
from collections.abc import Callable, Mapping

import aiohttp

from ...config.errors import ConfigError
from ...config.load import read_secret
from ...config.sources import TikTokSettings
from ..fetching.document import TryLater
from .grant import Grant, grant_from

#: the systemd credential that holds the app's secret
CREDENTIAL = "tiktok-app-secret"
_MOST_BYTES = 64 << 10


def app_secret(settings: TikTokSettings, environ: Mapping[str, str] = os.environ) -> str:
    """The app's secret.

    Raises:
        ConfigError: there is none, or its file cannot be used.
    """
    secret = read_secret(settings.app_secret_file, CREDENTIAL, environ)
    if not secret:
        where = settings.app_secret_file or f"credential {CREDENTIAL}"
        raise ConfigError(
            [
                f"{where}: is empty: put the app's secret there"
                if secret == ""
                else f"tiktok: there is no app secret: set app_secret_file, or the systemd credential {CREDENTIAL}"
            ]
        )
    return secret


class Authority:
    """Asks the token host (unsigned GET, `/api/v2/token/…`).

    Args:
        settings: where it is, and the app's key.
        secret: the app's.
        clock: Unix seconds.
    """

    def __init__(self, settings: TikTokSettings, secret: str, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._secret = secret
        self._clock = clock

    async def exchange(self, code: str) -> Grant:
        """The tokens for the code that the seller's consent gave; raises as `grant_from` does."""
        return await self._ask("get", {"auth_code": code, "grant_type": "authorized_code"})

    async def refresh(self, token: str) -> Grant:
        """New tokens for a refresh token; `refresh` is empty where it stays. Raises as `grant_from` does."""
        return await self._ask("refresh", {"refresh_token": token, "grant_type": "refresh_token"})

    async def _ask(self, what: str, query: dict[str, str]) -> Grant:
        app = {"app_key": self._settings.app_key or "", "app_secret": self._secret}
        url = f"{self._settings.authority}/api/v2/token/{what}"
        timeout = aiohttp.ClientTimeout(total=self._settings.timeout_seconds)
        body = bytearray()
        try:
            # what it sends packed is not unpacked, and where it sends us is not where secrets go
            async with (
                aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session,
                session.get(
                    url, params=app | query, allow_redirects=False, headers={"Accept-Encoding": "identity"}
                ) as answer,
            ):
                async for chunk in answer.content.iter_chunked(16 << 10):
                    body += chunk
                    if len(body) > _MOST_BYTES:
                        raise TryLater("TikTok's token host answers without end")
                status, retry_after = answer.status, answer.headers.get("Retry-After")
        except TimeoutError:
            raise TryLater("TikTok's token host does not answer in time") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # its own words may hold the address, and with it the secret
            because = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise TryLater(f"TikTok's token host cannot be reached: {because}") from None
        return grant_from(status, retry_after, bytes(body), self._clock(), (self._secret, *query.values()))

"""Fetches labels by their links, from the hosts that are allowed and from nowhere else."""

import asyncio
import os
import re
import ssl
import time
from collections.abc import Callable
from types import TracebackType
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from ...config.sources import LinksSettings
from . import answers
from .document import Document, NoLabel, TryLater
from .links import check, expiry, is_sandbox
from .names import PublicNames, SystemNames

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 3
#: of an error message so much is read
_SAID_BYTES = 4096
_HEADERS = {"User-Agent": "labeld", "Accept": "*/*", "Accept-Encoding": "identity"}


class Downloads:
    """Gets labels by link: an asynchronous context manager around one HTTP client.

    A link, and each redirect, must pass `links.check`; its host is looked up once, must be public (`names`), and is
    connected to at that very address. No proxy, no cookies, no credentials.

    Args:
        settings: which hosts, and how long.
        max_bytes: largest file.
        trusted: certificates to trust; None: the system's.
        names: the name service below the guard; None: the system's.
        clock: Unix seconds.
    """

    def __init__(
        self,
        settings: LinksSettings,
        max_bytes: int,
        *,
        trusted: ssl.SSLContext | None = None,
        names: AbstractResolver | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._max_bytes = max_bytes
        self._trusted = trusted
        sandbox = urlsplit(settings.sandbox).hostname if settings.sandbox else None
        self._names = PublicNames(names or SystemNames(), sandbox)
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Downloads":
        settings = self._settings
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._trusted or True, resolver=self._names, use_dns_cache=False),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            trust_env=False,
            # what a host packs unasked is unpacked within the limit, in `answers`
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=settings.silence_seconds, sock_read=settings.silence_seconds
            ),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            # the connector closes no resolver that it did not make
            await self._names.close()
            self._session = None

    async def get(self, url: str) -> Document:
        """The label at `url`.

        Raises:
            NoLabel: the link is refused, has ended, or leads to something that is no label.
            TryLater: the network or the host fails, or the file came in part.
        """
        check(url, self._settings)
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                return await self._follow(url)
        except TimeoutError:
            raise TryLater(f"{_host(url)} is too slow (links.timeout_seconds, links.silence_seconds)") from None

    async def _follow(self, url: str) -> Document:
        """The label at `url`, or where its host redirects to."""
        # nobody but the sandbox itself may send us to the sandbox
        allowed = self._settings
        if not is_sandbox(url, allowed):
            allowed = allowed.model_copy(update={"sandbox": None})
        until = expiry(url)
        for _ in range(_MOST_REDIRECTS + 1):
            found = await self._ask(url, until)
            if isinstance(found, Document):
                return found
            try:
                check(found, allowed)
            except NoLabel as refused:
                raise NoLabel(f"{_host(url)} redirects elsewhere: {refused}") from None
            url = found
        raise NoLabel(f"{_host(url)} redirects more than {_MOST_REDIRECTS} times")

    async def _ask(self, url: str, until: float | None) -> Document | str:
        """One request: the label, or where it is said to be."""
        if self._session is None:
            raise RuntimeError("Downloads is used outside of its context")
        host = _host(url)
        try:
            # as it came: a signature holds for these very characters
            async with self._session.get(URL(url, encoded=True), allow_redirects=False) as response:
                status, headers = response.status, response.headers
                if status in _REDIRECTS and "Location" in headers:
                    return _target(url, headers["Location"])
                if status not in (200, 206):
                    said = await response.content.read(_SAID_BYTES)
                    raise answers.refusal(host, status, headers, said, expiry=until, now=self._clock())
                if status == 206 and not answers.is_whole(headers.get("Content-Range")):
                    raise TryLater(f"{host} sends a part of the file only")
                body = await self._read(host, response)
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError) as error:
            # its own words hold the link
            raise TryLater(f"{host}: {_in_words(error)}") from None
        if (failed := answers.not_a_label(host, body, expiry=until, now=self._clock())) is not None:
            raise failed
        return Document(body, _media_type(headers.get("Content-Type", "")))

    async def _read(self, host: str, response: aiohttp.ClientResponse) -> bytes:
        """The body, unpacked.

        Raises:
            NoLabel: it is larger than a label may be.
            TryLater: it ended early.
        """
        length = response.content_length
        if length is not None and length > self._max_bytes:
            raise self._too_large(host)
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > self._max_bytes:
                raise self._too_large(host)
        packed = response.headers.get("Content-Encoding", "identity").strip().lower()
        if packed in ("identity", ""):
            whole: bytes | None = bytes(body)
        elif packed in ("gzip", "x-gzip"):
            whole = answers.unpacked(bytes(body), self._max_bytes)
        else:
            raise TryLater(f"{host} packs the file in a way that was not asked for")
        if whole is None or (length is None and answers.looks_cut(whole)):
            raise TryLater(f"{host} sends a file that is cut off")
        if len(whole) > self._max_bytes:
            raise self._too_large(host)
        return whole

    def _too_large(self, host: str) -> NoLabel:
        return NoLabel(
            f"{host} sends more than a label: the limit is {self._max_bytes / 2**20:.1f} MiB (intake.max_asset_bytes)"
        )


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _media_type(content_type: str) -> str | None:
    """The media type without parameters; None: it is absent or none."""
    plain = content_type.partition(";")[0].strip().lower()
    return plain if re.fullmatch(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}", plain) else None


def _target(url: str, location: str) -> str:
    """Where `location`, relative or not, leads from `url`; one that is odd stays as it is, for `check` to refuse."""
    try:
        # urljoin leaves out some control characters
        return urljoin(url, location) if re.fullmatch(r"[!-\[\]-~]*", location) else location
    except ValueError:
        return location


def _in_words(error: aiohttp.ClientError | OSError) -> str:
    """What went wrong, without a word of the link."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "the name service does not know it, or does not answer"
        case aiohttp.ClientConnectorCertificateError():
            return "its certificate is not trusted; look at this host's clock and certificates"
        case aiohttp.ClientConnectorError():
            return f"not reached ({os.strerror(error.os_error.errno) if error.os_error.errno else 'connection failed'})"
        case aiohttp.ClientPayloadError():
            return "the file was cut off on its way"
        case aiohttp.ServerDisconnectedError() | OSError():
            return "the connection broke"
        case _:
            return "its answer is no HTTP that labeld understands"

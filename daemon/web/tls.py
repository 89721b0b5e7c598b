"""TLS of the page and the API: a certificate that is taken anew when its file changes."""

import asyncio
import logging
import ssl
from pathlib import Path

from ...config.errors import ConfigError
from ...config.services import WebSettings

log = logging.getLogger(__name__)

_LOOK_SECONDS = 30.0


class Certificate:
    """A host's certificate and key; `context` is what connections are made with."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._certificate, self._key = certificate, key
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._loaded: tuple[int, ...] = ()
        self.load()

    def load(self) -> bool:
        """Take the certificate where its files changed; whether they did.

        Raises:
            ConfigError: they cannot be used; the former certificate goes on.
        """
        try:
            seen = tuple(value for file in (self._certificate, self._key) for value in _state(file))
            if seen == self._loaded:
                return False
            if self._key.stat().st_mode & 0o007:
                raise ConfigError([f"{self._key}: others may read this key; run: chmod o= {self._key}"])
            # a pair that does not fit must not be in force by half, so it is tried apart
            for context in (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self.context):
                # no passphrase is asked for on a terminal
                context.load_cert_chain(self._certificate, self._key, password=b"")
        except (OSError, ssl.SSLError) as error:
            why = getattr(error, "reason", None) or error.strerror or "cannot be read"
            raise ConfigError([f"{self._certificate}, {self._key}: no certificate with its key: {why}"]) from error
        self._loaded = seen
        return True

    async def run(self) -> None:
        """Look for a new certificate until cancelled."""
        told = ""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                if await asyncio.to_thread(self.load):
                    log.info("the page has a new certificate")
                told = ""
            except ConfigError as error:
                if str(error) != told:
                    log.warning("the former certificate goes on: %s", error)
                told = str(error)


def certificate_of(settings: WebSettings) -> Certificate | None:
    """The certificate that is configured; None where there is no TLS.

    Raises:
        ConfigError: it cannot be used.
    """
    if settings.certificate_file is None or settings.key_file is None:
        return None
    return Certificate(settings.certificate_file, settings.key_file)


def _state(file: Path) -> tuple[int, int, int]:
    now = file.stat()
    return now.st_ino, now.st_mtime_ns, now.st_size

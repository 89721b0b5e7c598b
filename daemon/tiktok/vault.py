"""What is sealed in the database, links and tokens, and the keys for that (Fernet: AES-128-CBC and HMAC-SHA256)."""

import contextlib
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from ...config.errors import ConfigError
from ...config.load import read_secret
from ...config.settings import Settings
from ..errors import DaemonError

#: the systemd credential that holds the keys
CREDENTIAL = "tiktok-token-key"
#: the key of a labeld that is given none, in its state directory
OWN_KEY = "seal.key"
#: lines of a key file: more are a mistake
_MOST = 20


class CannotOpen(DaemonError):
    """What is sealed was sealed with a key that is not there, or is damaged."""


class Vault:
    """Seals text and opens it again.

    Args:
        keys: Fernet keys (32 bytes in URL-safe base64); the first one seals, all of them open.

    Raises:
        ValueError: there is no key, or one that is none.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("there is no key in it")
        self._first = Fernet(keys[0])
        self._all = MultiFernet([Fernet(key) for key in keys])

    def seal(self, text: str) -> bytes:
        """`text` as nobody without the key can read or change it; its length and the time can be seen."""
        return self._first.encrypt(text.encode())

    def open(self, data: bytes) -> str:
        """What was sealed.

        Raises:
            CannotOpen: by none of these keys, or it was changed since.
        """
        try:
            return self._all.decrypt(data).decode()
        except (InvalidToken, UnicodeDecodeError):
            raise CannotOpen(
                "it was sealed with a key that is not there any more: put that back as one more line of the key file"
            ) from None

    def is_current(self, data: bytes) -> bool:
        """Whether it was sealed with the first key."""
        try:
            self._first.decrypt(data)
        except InvalidToken:
            return False
        return True


def new_key() -> str:
    """A new key, as a line of a key file."""
    return Fernet.generate_key().decode()


def open_vault(settings: Settings, environ: Mapping[str, str] = os.environ) -> Vault:
    """The vault with the keys of the configuration, else with a key of labeld's own in the state directory.

    Where there is an own key from before, it opens too, so that a key can be configured at any time.

    Raises:
        ConfigError: a key file cannot be used, or TikTok is and no key is configured for its tokens.
        DaemonError: the own key cannot be written.
    """
    tiktok, own = settings.tiktok, settings.state_directory / OWN_KEY
    given = read_secret(tiktok.token_key_file, CREDENTIAL, environ)
    where = str(tiktok.token_key_file or f"credential {CREDENTIAL}")
    if given is not None:
        keys = _keys(given, where)
        return Vault([*keys, *_keys(read_secret(own, "", environ) or "", str(own))] if own.exists() else keys)
    if tiktok.app_key is not None:
        because = f"make one with labeld tiktok key FILE, and name it as token_key_file or credential {CREDENTIAL}"
        raise ConfigError([f"tiktok: there is no key to seal tokens with: {because}"])
    if not own.exists():
        _make(own)
    return Vault(_keys(read_secret(own, "", environ) or "", str(own)))


def _keys(text: str, where: str) -> list[str]:
    keys = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    try:
        Vault(keys[:_MOST])
    except ValueError as error:
        # cryptography's words say what a key is made of, and nothing of this one
        raise ConfigError([f"{where}: no key to seal with: {error}; labeld tiktok key makes one"]) from None
    if len(keys) > _MOST:
        raise ConfigError([f"{where}: holds more than {_MOST} keys"])
    return keys


def _make(path: Path) -> None:
    """Write a new key; where two do at once, the first one's stays."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            write_secret(path, f"{new_key()}\n")
    except OSError as error:
        raise DaemonError(
            f"{path}: cannot be written: {error.strerror}; make room, or give the directory to labeld's user"
        ) from error


def write_secret(path: Path, text: str, *, replace: bool = False) -> None:
    """Write a file that only its owner can read: whole or not at all, and on disk when this returns.

    Raises:
        FileExistsError: it is there, and is not to be replaced.
        OSError: it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            draft.replace(path)
        else:
            path.hardlink_to(draft)  # refuses where there is one, which a rename would replace
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

import stat
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.config.errors import ConfigError
from labeld.config.settings import Settings
from labeld.daemon.errors import DaemonError
from labeld.daemon.tiktok.authority import app_secret
from labeld.daemon.tiktok.vault import CannotOpen, Vault, new_key, open_vault, write_secret

KEYS = [new_key() for _ in range(3)]
VAULT = Vault(KEYS)


def settings(state: Path, **tiktok: object) -> Settings:
    return Settings.model_validate({"state_directory": state, "tiktok": tiktok})


def secret_file(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


@given(st.text(), st.integers(0, 2))
def test_what_is_sealed_with_any_key_opens_and_shows_nothing(text: str, which: int) -> None:
    sealed = Vault([KEYS[which]]).seal(text)
    assert VAULT.open(sealed) == text
    assert VAULT.is_current(sealed) == (which == 0)
    assert len(text) < 8 or text.encode() not in sealed


@given(st.binary(), st.data())
def test_what_was_not_sealed_or_was_changed_does_not_open(junk: bytes, data: st.DataObject) -> None:
    sealed = bytearray(VAULT.seal("https://example.org/label"))
    place = data.draw(st.integers(0, len(sealed) - 3))  # the last letters have bits that mean nothing
    sealed[place] ^= data.draw(st.integers(1, 255))
    for broken in (junk, bytes(sealed)):
        with pytest.raises(CannotOpen, match="one more line of the key file"):
            VAULT.open(broken)


def test_without_tiktok_a_key_is_made_once_that_only_its_owner_reads(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with ThreadPoolExecutor(8) as threads:  # two commands at the same moment, as far as one process can
        vaults = list(threads.map(lambda _: open_vault(settings(state), {}), range(8)))
    sealed = [vault.seal("link") for vault in vaults]
    assert {open_vault(settings(state), {}).open(one) for one in sealed} == {"link"}
    assert stat.S_IMODE((state / "seal.key").stat().st_mode) == 0o600
    assert [path.name for path in state.iterdir()] == ["seal.key"]


def test_a_key_that_is_configured_later_still_opens_what_the_own_one_sealed(tmp_path: Path) -> None:
    link = open_vault(settings(tmp_path), {}).seal("link")
    file = secret_file(tmp_path / "key", f"# of the spring\n{new_key()}\n\n{KEYS[0]}\n")
    vault = open_vault(settings(tmp_path, token_key_file=file, app_key="key"), {})
    assert vault.open(link) == "link"
    assert vault.open(Vault(KEYS[:1]).seal("old")) == "old"
    assert not vault.is_current(link)


def test_a_key_comes_from_a_systemd_credential(tmp_path: Path) -> None:
    (tmp_path / "tiktok-token-key").write_text(KEYS[0])
    (tmp_path / "tiktok-app-secret").write_text("hush\n")
    environ: Mapping[str, str] = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    state = settings(tmp_path / "state", app_key="key")
    assert open_vault(state, environ).open(VAULT.seal("x")) == "x"
    assert app_secret(state.tiktok, environ) == "hush"
    assert not (tmp_path / "state").exists()


def test_keys_and_secrets_that_cannot_be_used_are_refused_with_what_to_do(tmp_path: Path) -> None:
    def refused(words: str, **tiktok: object) -> None:
        with pytest.raises(ConfigError) as caught:
            app_secret(settings(tmp_path, **tiktok).tiktok, {})
            open_vault(settings(tmp_path, **tiktok), {})
        assert words in str(caught.value)
        assert "s3cret" not in str(caught.value)

    good = secret_file(tmp_path / "good", "s3cret")
    both: dict[str, object] = {"app_key": "key", "app_secret_file": good}
    refused("set app_secret_file, or the systemd credential tiktok-app-secret", app_key="key")
    refused("is empty", app_key="key", app_secret_file=secret_file(tmp_path / "empty", " \n"))
    refused("run: chmod o= ", app_key="key", app_secret_file=secret_file(tmp_path / "open", "s3cret", 0o644))
    refused("cannot read the secret", app_key="key", app_secret_file=tmp_path / "absent")
    refused("make one with labeld tiktok key FILE", **both)
    refused("labeld tiktok key makes one", **both, token_key_file=secret_file(tmp_path / "k1", "s3cret-s3cret"))
    refused("there is no key in it", **both, token_key_file=secret_file(tmp_path / "k2", "# none"))
    refused("run: chmod o= ", **both, token_key_file=secret_file(tmp_path / "k3", KEYS[0], 0o604))
    refused("more than 20 keys", **both, token_key_file=secret_file(tmp_path / "k4", f"{KEYS[0]}\n" * 21))
    (tmp_path / "k5").write_bytes(b"\xff s3cret")
    (tmp_path / "k5").chmod(0o600)
    refused("it is no text", **both, token_key_file=tmp_path / "k5")


def test_an_own_key_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DaemonError, match=r"seal\.key: cannot be written: "):
        open_vault(settings(tmp_path / "file"), {})


def test_a_secret_is_written_whole_and_replaces_only_when_told_to(tmp_path: Path) -> None:
    file = tmp_path / "key"
    write_secret(file, "one")
    with pytest.raises(FileExistsError):
        write_secret(file, "two")
    assert file.read_text() == "one"
    write_secret(file, "two", replace=True)
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("two", 0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["key"]

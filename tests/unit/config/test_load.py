from pathlib import Path

import pytest

from labeld.config.errors import ConfigError
from labeld.config.load import load, read_secret

PRINTER = '[printers.zebra]\nuri = "socket://192.0.2.7"\n'
SHOPS = "".join(f'[tiktok.shops.{name}]\nshop_id = "{name}"\nmarket = "US"\n' for name in "ab")
GROUP = PRINTER + '[groups.all]\nprinters = ["zebra"]\n'


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "labeld.toml"
    path.write_text(text)
    return path


def faults(path: Path, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path, environ)
    return [fault.removeprefix(f"{path}: ") for fault in caught.value.faults]


def test_a_file_becomes_settings(tmp_path: Path) -> None:
    settings = load(written(tmp_path, f'site = "north"\n{PRINTER}stations = ["pack-01"]\n'), {})
    assert settings.topic_prefix == "labeld/north"
    assert settings.client_id == "labeld-north"
    assert settings.printers["zebra"].stations == ("pack-01",)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[mqtt]\nhots = "x"', "mqtt.hots: unknown key; did you mean 'host'?"),
        ("[mqtt.tls]\nca = 1", "mqtt.tls.ca: unknown key; did you mean 'ca_file'?"),
        ('[mqtt]\npassword = "x"', "mqtt.password: unknown key; a password is never written here"),
        (
            '[tiktok]\napp_secret = "x"',
            "written here: use app_secret_file, or the systemd credential tiktok-app-secret",
        ),
        (
            '[tiktok]\ntoken_key = "x"',
            "written here: use token_key_file, or the systemd credential tiktok-token-key",
        ),
        (SHOPS + 'refresh_token = "x"', "tokens are never written here: run labeld tiktok authorize"),
        ('[tiktok]\napp_secrt_file = "x"', "tiktok.app_secrt_file: unknown key; did you mean 'app_secret_file'?"),
        (SHOPS + 'authorized_as = "c"', "shops.b.authorized_as: there is no other shop 'c'; valid names are a"),
        (SHOPS + 'authorized_as = "b"', "shops.b.authorized_as: there is no other shop 'b'"),
        (PRINTER + "resolutoin = 203", "printers.zebra.resolutoin: unknown key; did you mean 'resolution'?"),
        ("[printers.zebra]\nmedia = '4x6in'", "printers.zebra: give either uri, where it is, or identity"),
        (PRINTER + 'identity = "uuid:1"', "printers.zebra: give either uri, where it is, or identity"),
        ('[printers.a]\nidentity = "mac:1"', "printers.a.identity: 'mac:1' is not of the form serial:"),
        ('[printers.a]\nidentity = "uuid:1"\nask = false', "only be found out by asking"),
        ('[printers.a]\nidentity = "serial:1"\nserial = "2"', "identity says 'serial:1', and serial another one"),
        (
            '[printers.a]\nidentity = "uuid:A"\n[printers.b]\nidentity = "uuid:urn:uuid:a"',
            "printers 'a' and 'b' share uuid:a",
        ),
        ('[discovery]\nenabled = false\n[printers.a]\nidentity = "name:a"', "set discovery.enabled = true"),
        ('[discovery]\ninterfaces = ["eth0"]', "discovery.interfaces"),
        ('[discovery]\nzebra_networks = ["8.8.8.0/24"]', "8.8.8.0/24 is no private network"),
        ('[discovery]\nzebra_networks = ["172.16.0.0/11"]', "discovery.zebra_networks"),
        ('[discovery]\nzebra_networks = ["0.0.0.0/0"]', "0.0.0.0/0 is no private network"),
        ('[discovery]\nzebra_networks = ["255.255.255.255"]', "255.255.255.255/32 is no private network"),
        ('[discovery]\nzebra_networks = ["10.0.0.0/21"]', "10.0.0.0/21 is too large"),
        ('[discovery]\nzebra_networks = ["192.168.7.5/24"]', "192.168.7.5/24 has host bits set"),
        ('[discovery]\nzebra_networks = ["fd00::/120"]', "discovery.zebra_networks"),
        (PRINTER + 'media = "huge"', "printers.zebra.media: media 'huge' is not known"),
        ('[printers.a]\nuri = "usb://x"', "printers.a.uri:"),
        ('[web]\nhost = "0.0.0.0"', "web: host 0.0.0.0 is no loopback address: it needs login"),
        ('default_printer = "a"', "default_printer 'a' is not one of the printers"),
        ('[mqtt]\ntopic_prefix = "a/#"', "mqtt.topic_prefix: is a topic without wildcards"),
        ("[mqtt.tls]\nkey_file = 'k'", "mqtt.tls: certificate_file and key_file go together"),
        (PRINTER + '[printers.b]\nuri = "socket://192.0.2.7:9100"', "share socket://192.0.2.7:9100"),
        ('[printers.a]\nuri = "cups://q"\n[printers.b]\nuri = "cups://localhost:631/Q"', "share cups:///q"),
        (
            PRINTER + 'stations = ["p"]\n[printers.b]\nuri = "socket://192.0.2.8"\nstations = ["p"]',
            "station 'p' belongs to both 'zebra' and 'b'",
        ),
        (PRINTER + 'language = "cpcl"', "printers.zebra.language:"),
        (PRINTER + 'language = "pdf"', "printers.zebra: pdf is for CUPS queues"),
        (PRINTER + 'language = "tspl"\nask = true', "printers.zebra: questions are in ZPL: remove ask = true"),
        (PRINTER + 'language = "epl"\nserial = "X1"', "printers.zebra: a serial number can only be checked by asking"),
        ("site = ", "not valid TOML"),
        (
            GROUP + '[[routes]]\nto = "zebar"',
            "routes.1.to: there is no printer or group 'zebar'; did you mean 'zebra'?",
        ),
        (GROUP + '[routes]\nto = "all"', "routes: a list of tables, each begins with [[routes]] in double brackets"),
        (GROUP + '[[routes]]\nto = "all"\ncarier = "x"', "routes.1.carier: unknown key; did you mean 'carrier'?"),
        (
            GROUP + '[[routes]]\nto = "all"\ndocument_type = ["INVOICE_LABEL", "HAZMAT"]',
            "(got 'HAZMAT'); did you mean 'HAZMAT_LABEL'?",
        ),
        (GROUP + '[[routes]]\nto = "all"\nmedia = ["a6", "huge"]', "routes.1.media.2: media 'huge' is not known"),
        (GROUP + '[[routes]]\nto = "all"\nstation = []', "routes.1.station: "),
        (GROUP + '[[routes]]\nto = "all"\n[[routes]]\nto = "zebra"', "routes.1: it matches every event"),
        (GROUP + '[[routes]]\ncarrier = "x"', "routes.1: give either to, where it prints, or hold"),
        (GROUP + '[[routes]]\nto = "all"\nhold = "why"', "routes.1: give either to, where it prints, or hold"),
        (GROUP + '[[routes]]\npages = "document"\nhold = "why"', "a rule for document pages has no hold"),
        (
            GROUP + '[[routes]]\nto = "all"\npages = "document"\n[[routes]]\nto = "zebra"\npages = "document"',
            "routes.1: it matches all document pages",
        ),
        (GROUP + '[[routes]]\nto = "all"\npages = "document"\nmedia = "a4"', "a rule for document pages has no media"),
        (
            PRINTER + '[groups.all]\nprinters = ["zebra", "zebar"]',
            "groups.all.printers.2: there is no printer 'zebar'; d",
        ),
        (PRINTER + '[groups.all]\nprinters = ["zebra", "zebra"]', "groups.all.printers: a printer is there twice"),
        (PRINTER + '[groups.zebra]\nprinters = ["zebra"]', "groups.zebra: a printer has this name too"),
        (GROUP + 'printer = ["zebra"]', "groups.all.printer: unknown key; did you mean 'printers'?"),
        ('[groups.all]\nprinters = ["zebra"]', "there is no printer 'zebra'; none is configured"),
    ],
)
def test_a_fault_names_the_key_and_what_to_do(tmp_path: Path, text: str, fault: str) -> None:
    (said,) = faults(written(tmp_path, text))
    assert fault in said


@pytest.mark.parametrize(
    ("more", "asked", "document_format"),
    [
        ("", True, "application/vnd.zebra-zpl"),
        ("ask = false", False, "application/vnd.zebra-zpl"),
        ('language = "tspl"', False, "application/vnd.tsc-tspl"),
        ('language = "epl"\nask = false', False, "application/vnd.eltron-epl"),
    ],
)
def test_only_printers_that_speak_zpl_are_asked(tmp_path: Path, more: str, asked: bool, document_format: str) -> None:
    printer = load(written(tmp_path, PRINTER + more), {}).printers["zebra"]
    assert (printer.ask, printer.document_format) == (asked, document_format)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    assert len(faults(written(tmp_path, '[mqtt]\nport = 0\n[web]\nport = "x"\n'))) == 2


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    assert faults(tmp_path / "none.toml") == ["cannot read: No such file or directory"]


def test_variables_override_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, '[mqtt]\nhost = "a"\nport = 1')
    settings = load(path, {"LABELD_MQTT__HOST": "broker", "LABELD_MQTT__PORT": "8883", "STATE_DIRECTORY": "/s:/t"})
    assert (settings.mqtt.host, settings.mqtt.port, settings.state_directory) == ("broker", 8883, Path("/s"))
    (fault,) = faults(path, LABELD_MQTT__PORT="none")
    assert fault.startswith("LABELD_MQTT__PORT: ")


def test_secrets_come_from_files_that_others_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "mqtt-password").write_text("from systemd\n")
    credentials = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert read_secret(None, "mqtt-password", credentials) == "from systemd"
    assert read_secret(None, "other", credentials) is None
    secret = tmp_path / "secret"
    secret.write_text("open")
    secret.chmod(0o644)
    with pytest.raises(ConfigError, match="others may read"):
        read_secret(secret, "x", {})
    secret.chmod(0o600)
    assert read_secret(secret, "x", {}) == "open"

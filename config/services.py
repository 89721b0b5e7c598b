"""The tables of the daemon's own services: broker, page, intake, render processes, spooler, retention, discovery."""

import re
from ipaddress import IPv4Network, ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from ..drivers.devices import Wanted
from .section import MediaName, Name, Section, Topic

MIB = 1024 * 1024
#: addresses that are no one's on the internet (RFC 1918, RFC 3927, RFC 1122 section 3.2.1.3)
_INSIDE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8")))
_WIDEST_PREFIX, _MOST_NETWORKS = 22, 16


class TlsSettings(Section):
    """TLS towards the broker; the table's presence turns TLS on."""

    ca_file: Path | None = None
    """Certificates of the authorities to trust, PEM; the system's own when absent."""
    certificate_file: Path | None = None
    """Client certificate, PEM."""
    key_file: Path | None = None
    """Key of the client certificate, PEM, not readable by others."""

    @model_validator(mode="after")
    def _pair(self) -> "TlsSettings":
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file go together")
        return self


class MqttSettings(Section):
    """The broker that label events come from."""

    host: str = "127.0.0.1"
    """Host name or address of the broker."""
    port: int = Field(default=1883, ge=1, le=65535)
    """TCP port; 8883 is usual with TLS."""
    protocol: Literal["3.1.1", "5"] = "3.1.1"
    """MQTT version to speak."""
    client_id: Name | None = None
    """Client identifier of the persistent session; `labeld-<site>` when absent. One per running daemon."""
    username: str | None = None
    """User name; the password comes from `password_file` or the systemd credential `mqtt-password`."""
    password_file: Path | None = None
    """File that holds the password and nothing else, not readable by others."""
    topic_prefix: Topic | None = None
    """Topic above which everything happens; `labeld/<site>` when absent."""
    keepalive_seconds: int = Field(default=30, ge=5, le=3600)
    """Seconds without traffic after which the broker is asked whether it is still there."""
    session_expiry_seconds: int = Field(default=7 * 86400, ge=3600)
    """How long the broker keeps messages for an absent daemon (MQTT 5; a 3.1.1 broker has its own limit)."""
    max_inflight: int = Field(default=100, ge=1, le=10_000)
    """Messages accepted ahead of their commit (MQTT 5 receive maximum; a 3.1.1 broker has its own limit)."""
    tls: TlsSettings | None = None
    """TLS towards the broker."""


class WebSettings(Section):
    """The status page and the HTTP API."""

    enabled: bool = True
    """Whether to serve them."""
    host: str = "127.0.0.1"
    """Address to listen on; one that is no loopback address needs `login` and a certificate."""
    port: int = Field(default=8631, ge=0, le=65535)
    """TCP port."""
    login: bool = False
    """Whether everybody, on this host too, needs a token that `labeld token new` made."""
    names: tuple[str, ...] = ()
    """Host names and addresses by which the page may be asked for, beside localhost: those of this host on the network,
    or of the proxy before it."""
    certificate_file: Path | None = None
    """Certificate of this host with those of its authorities, PEM: turns TLS on. A new one is taken when the file
    changes."""
    key_file: Path | None = None
    """Key of the certificate, PEM, not readable by others."""
    requests_per_minute: int = Field(default=1200, ge=10, le=1_000_000)
    """Requests that one token may make in a minute; more are told to come again later."""
    blur_pictures: bool = False
    """Whether labels on the page are blurred until somebody taps them: they show names and addresses."""

    @field_validator("host")
    @classmethod
    def _address(cls, host: str) -> str:
        return host if host == "localhost" else str(ip_address(host))

    @field_validator("names")
    @classmethod
    def _names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not re.fullmatch(r"[A-Za-z0-9.-]{1,253}|\[?[0-9A-Fa-f:.]+\]?", name):
                raise ValueError(f"{name!r} is no host name or address: write it without https:// and port")
        return tuple(name.strip("[]").lower() for name in names)

    @model_validator(mode="after")
    def _safe(self) -> "WebSettings":
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file go together")
        if not self.is_local and not (self.login and self.certificate_file):
            raise ValueError(
                f"host {self.host} is no loopback address: it needs login = true, certificate_file and key_file; "
                "or keep host on loopback, and put a proxy with TLS in front"
            )
        return self

    @property
    def is_local(self) -> bool:
        """Whether only this host can connect."""
        return self.host == "localhost" or ip_address(self.host).is_loopback

    @property
    def url(self) -> str:
        """Where the page is for programs on this host."""
        host = self.host if self.is_local or not self.names else self.names[0]
        scheme = "http" if self.certificate_file is None else "https"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"


class IntakeSettings(Section):
    """What is accepted as a label event."""

    max_asset_bytes: int = Field(default=16 * MIB, ge=64 * 1024, le=256 * MIB)
    """Largest label file, decoded."""
    duplicate_window_seconds: int = Field(default=600, ge=0)
    """An event without `event_id` that is byte for byte the same within this time is a duplicate."""
    commit_batch: int = Field(default=64, ge=1, le=1000)
    """Events committed together at most, when they come faster than the disk."""


class RenderSettings(Section):
    """The worker processes that turn assets into dots."""

    workers: int = Field(default=2, ge=1, le=64)
    """Number of processes."""
    timeout_seconds: float = Field(default=20.0, gt=0, le=600)
    """A label whose page takes longer to draw is put aside, and the process killed."""
    memory_bytes: int = Field(default=1024 * MIB, ge=256 * MIB)
    """Address space of one process."""
    documents_per_process: int = Field(default=200, ge=1)
    """A process is replaced after so many documents, so that what libraries leak does not grow."""


class SpoolerSettings(Section):
    """How printers are served."""

    connect_timeout_seconds: float = Field(default=5.0, gt=0)
    """Time to connect to a printer."""
    progress_timeout_seconds: float = Field(default=30.0, gt=0)
    """A printer that takes no byte for so long has stalled; its label is held, never sent again."""
    reply_timeout_seconds: float = Field(default=2.0, gt=0)
    """Time for a printer to answer one question."""
    settle_seconds: float = Field(default=3.0, ge=0)
    """An idle printer's counter is final after standing still for so long, and for as long as a label takes."""
    silence_seconds: float = Field(default=60.0, gt=0)
    """A printer that gives no sign for so long after a label leaves the outcome unknown; many labels have longer."""
    poll_seconds: float = Field(default=0.25, gt=0)
    """Pause between two looks at a printer that is printing."""
    retry_max_seconds: float = Field(default=30.0, gt=0)
    """Longest pause before a printer that is off or not ready is tried again."""
    pause_after_failures: int = Field(default=3, ge=0, le=100)
    """A printer is paused when so many labels in a row did not print for sure, until somebody resumes it; 0: never."""


class HoldsSettings(Section):
    """When labels wait for a person instead of printing late."""

    after_outage_minutes: int = Field(default=240, ge=0, le=30 * 1440)
    """A label that waited for so long while its printer could not print, or while labeld or its event was on the way
    for so long, is held and asked about; 0: it prints whenever it can."""
    always_print_stations: tuple[Name, ...] = ()
    """Packing stations whose labels print after an outage however late; an event's `useful_until` counts all the
    same."""
    after_restore_minutes: int = Field(default=60, ge=0, le=30 * 1440)
    """For so long after the first start from a restored backup, labels of events that do not say when they were made
    are held and asked about, as they may have printed since the backup. Events made before that start always are."""
    after_deaths: int = Field(default=3, ge=2, le=100)
    """A label that labeld had in hand each time when it died so often in a row is held."""


class RetentionSettings(Section):
    """How long what is done with is kept. What is open, on hold too, is kept whole, however old."""

    label_days: float = Field(default=30, gt=0, le=36_500)
    """Days after its end that a job's file and dots are kept, and days that a refused event is."""
    personal_days: float = Field(default=90, gt=0, le=36_500)
    """Days after its end that a job's numbers, tags and words are kept: all that may name a parcel or a person."""
    audit_days: float = Field(default=400, gt=0, le=36_500)
    """Days after its end that the rest is kept: times, states, printer, outcome, evidence, digests."""
    message_days: float = Field(default=7, gt=0, le=36_500)
    """Days that status messages wait for an absent broker."""

    @model_validator(mode="after")
    def _order(self) -> "RetentionSettings":
        if not self.label_days <= self.personal_days <= self.audit_days:
            raise ValueError("label_days, personal_days and audit_days go up in this order")
        if self.message_days > self.personal_days:
            raise ValueError("message_days is at most personal_days, for status messages tell numbers")
        return self


class NotifySettings(Section):
    """A webhook that is told when something begins to need a person, and when it no longer does."""

    url: str | None = None
    """Where to POST it: https, or http on this host; none is told when absent. No redirect is followed."""
    after_seconds: float = Field(default=60.0, ge=0, le=86400)
    """How long a need has to last before it is told, and its end as well."""
    secret_header: str = Field(default="Authorization", pattern="^[A-Za-z][A-Za-z0-9-]{0,63}$")
    """Header that the secret is sent in."""
    secret_file: Path | None = None
    """File that holds what that header says, such as `Bearer …`, not readable by others; else the systemd credential
    `notify-secret`; no such header where there is neither."""

    @field_validator("url")
    @classmethod
    def _private(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise ValueError("is an address like https://host/path, without user name and password")
        if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("is https, but on this host")
        return url


class AdoptSettings(Section):
    """A rule lets printers that are found be adopted by themselves, once they told their serial numbers in ZPL; the
    first that fits decides."""

    identity: str
    """Which printers: `serial:D4J204501234`, all whose serial numbers begin so with `serial:D4J2*`, or `uuid:…`."""
    name: Name | None = None
    """What it is called here; made from its own name when absent. Not with `*`."""
    resolution: Literal[203, 300, 600] | None = None
    """Resolution of its head in dpi, where it does not tell it."""
    media: MediaName | None = None
    """Label stock loaded; when absent the one in its name, else `4x6in`."""
    stations: tuple[Name, ...] = ()
    """Packing stations whose labels it prints. Not with `*`."""

    @field_validator("identity")
    @classmethod
    def _identity(cls, text: str) -> str:
        wanted = Wanted.parse(text)
        if wanted.kind not in ("serial", "uuid"):
            raise ValueError("takes serial:… or uuid:…, for anybody may announce any name")
        if "*" in wanted.value[: -1 if wanted.kind == "serial" else None]:
            raise ValueError("takes one * at the end of a serial number")
        if wanted.value == "*":
            raise ValueError("would adopt whatever answers: say how the serial numbers begin")
        return str(wanted)

    @model_validator(mode="after")
    def _single(self) -> "AdoptSettings":
        if self.identity.endswith("*") and (self.name or self.stations):
            raise ValueError("name and stations are for one printer: give its identity without *")
        return self

    def fits(self, serial: str, uuid: str | None) -> bool:
        """Whether a printer that told `serial` and announces `uuid` is meant."""
        wanted = Wanted.parse(self.identity)
        if wanted.kind == "uuid":
            return uuid == wanted.value
        return serial.startswith(wanted.value[:-1]) if wanted.value.endswith("*") else serial == wanted.value


class DiscoverySettings(Section):
    """Printers that announce themselves by mDNS (DNS-SD, Bonjour), or answer Zebra's own discovery."""

    enabled: bool = True
    """Whether to listen for them. A found printer gets no label before it is adopted."""
    interfaces: tuple[str, ...] = ()
    """Addresses of this host from which to listen; all interfaces when empty. Announced addresses of this host itself
    (127.0.0.1) are passed over unless one of these is such an address."""
    zebra_networks: tuple[str, ...] = ()
    """Networks that are asked for Zebras (UDP 4201), such as `192.168.7.0/24`, or addresses; none when empty. A network
    of this host is asked by broadcast, of another one each address. Private or loopback addresses only, at most a
    `/22` each."""

    adopt: tuple[AdoptSettings, ...] = ()
    """Rules by which found printers are adopted without anybody's doing."""

    @field_validator("interfaces")
    @classmethod
    def _addresses(cls, interfaces: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ip_address(one)) for one in interfaces)

    @field_validator("zebra_networks")
    @classmethod
    def _inside(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        if len(networks) > _MOST_NETWORKS:
            raise ValueError(f"at most {_MOST_NETWORKS} networks")
        for network in map(IPv4Network, networks):
            if not any(network.subnet_of(inside) for inside in _INSIDE):
                raise ValueError(f"{network} is no private network: nothing is asked outside of the house")
            if network.prefixlen < _WIDEST_PREFIX:
                raise ValueError(f"{network} is too large: name parts of it, at most a /{_WIDEST_PREFIX} each")
        return networks

    @property
    def zebras(self) -> tuple[IPv4Network, ...]:
        """The networks that are asked for Zebras."""
        return tuple(map(IPv4Network, self.zebra_networks))

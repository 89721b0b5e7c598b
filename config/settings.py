"""Every setting of the daemon with its type, default and meaning; `docs/configuration.md` is made from here."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from .printers import Claims, GroupSettings, PrinterSettings, RouteSettings
from .section import Name, Section, nearest
from .services import (
    DiscoverySettings,
    HoldsSettings,
    IntakeSettings,
    MqttSettings,
    NotifySettings,
    RenderSettings,
    RetentionSettings,
    SpoolerSettings,
    WebSettings,
)
from .sources import FolderSettings, LinksSettings, TikTokSettings


class Settings(Section):
    """The whole configuration."""

    site: Name = "main"
    """Name of the warehouse; part of the topics."""
    state_directory: Path = Path("/var/lib/labeld")
    """Where the database lives; `$STATE_DIRECTORY` when started by systemd."""
    default_printer: Name | None = None
    """Printer or group for events that name neither printer nor station and match no rule; the only printer when there
    is just one."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severity that is logged."""
    mqtt: MqttSettings = MqttSettings()
    """The broker that label events come from."""
    web: WebSettings = WebSettings()
    """The status page and the HTTP API."""
    intake: IntakeSettings = IntakeSettings()
    """What is accepted as a label event."""
    render: RenderSettings = RenderSettings()
    """The worker processes that turn assets into dots."""
    spooler: SpoolerSettings = SpoolerSettings()
    """How printers are served."""
    holds: HoldsSettings = HoldsSettings()
    """When labels wait for a person instead of printing late."""
    retention: RetentionSettings = RetentionSettings()
    """How long what is done with is kept. What is open, on hold too, is kept whole, however old."""
    discovery: DiscoverySettings = DiscoverySettings()
    """Printers that announce themselves by mDNS (DNS-SD, Bonjour), or answer Zebra's own discovery."""
    notify: NotifySettings = NotifySettings()
    """A webhook that is told when something begins to need a person, and when it no longer does."""
    links: LinksSettings = LinksSettings()
    """Labels that come as links (`asset.url`)."""
    tiktok: TikTokSettings = TikTokSettings()
    """TikTok Shop's API: labels by package id (`asset.tiktok`)."""
    folder: FolderSettings = FolderSettings()
    """A watched folder: files that are put into it become labels."""
    printers: dict[Name, PrinterSettings] = Field(default_factory=dict)
    """The printers by name."""
    groups: dict[Name, GroupSettings] = Field(default_factory=dict)
    """Groups of printers by name."""
    routes: tuple[RouteSettings, ...] = ()
    """Rules for where labels print and what is held; the first that matches decides. A printer that an event names wins
    over `to`, not over `hold`."""

    @field_validator("default_printer")
    @classmethod
    def _optional(cls, name: str | None, _info: ValidationInfo) -> str | None:
        return name or None

    @model_validator(mode="after")
    def _references(self) -> "Settings":
        if self.default_printer is not None and self.default_printer not in {*self.printers, *self.groups}:
            raise ValueError(f"default_printer {self.default_printer!r} is not one of the printers or groups")
        claims = Claims()
        for name, printer in self.printers.items():
            if because := claims.take(name, printer):
                raise ValueError(because)
            if printer.identity is not None and not self.discovery.enabled:
                raise ValueError(f"printer {name!r} is to be found by its identity: set discovery.enabled = true")
        return self

    @model_validator(mode="after")
    def _destinations(self) -> "Settings":
        for name, group in self.groups.items():
            if name in self.printers:
                raise ValueError(f"groups.{name}: a printer has this name too")
            for number, printer in enumerate(group.printers, 1):
                if printer not in self.printers:
                    hint = nearest(printer, self.printers)
                    raise ValueError(f"groups.{name}.printers.{number}: there is no printer {printer!r}{hint}")
            if len(set(group.printers)) < len(group.printers):
                raise ValueError(f"groups.{name}.printers: a printer is there twice")
        places = {*self.printers, *self.groups}
        for number, rule in enumerate(self.routes, 1):
            if rule.to is not None and rule.to not in places:
                hint = nearest(rule.to, places)
                raise ValueError(f"routes.{number}.to: there is no printer or group {rule.to!r}{hint}")
            if not rule.conditions and any(below.pages == rule.pages for below in self.routes[number:]):
                every = "every event" if rule.pages is None else "all document pages"
                raise ValueError(f"routes.{number}: it matches {every}, so those below it never would: put it last")
        return self

    @property
    def names(self) -> frozenset[str]:
        """Names of printers and groups: what is taken."""
        return frozenset((*self.printers, *self.groups))

    @property
    def stations(self) -> frozenset[str]:
        """Packing stations that the configuration names."""
        of_printers = (station for printer in self.printers.values() for station in printer.stations)
        of_rules = (station for rule in self.routes for station in rule.station or ())
        return frozenset((*of_printers, *of_rules, *self.holds.always_print_stations))

    @property
    def topic_prefix(self) -> str:
        """Topic above which everything happens."""
        return self.mqtt.topic_prefix or f"labeld/{self.site}"

    @property
    def client_id(self) -> str:
        """Client identifier of the persistent MQTT session."""
        return self.mqtt.client_id or f"labeld-{self.site}"

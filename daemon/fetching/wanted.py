"""Where a label is that its event did not bring: a link, or a package of a TikTok shop; or a look at it. Pure."""

import hashlib
import json
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Link:
    """TikTok's `doc_url`, or another link; whoever has it has the label."""

    url: str

    @property
    def lane(self) -> str:
        """What it waits in line with: the links of one host."""
        return f"host {urlsplit(self.url).hostname or ''}"


@dataclass(frozen=True, slots=True)
class Package:
    """A package of a shop, by the shop's name in the configuration."""

    shop: str
    package_id: str

    @property
    def lane(self) -> str:
        """What it waits in line with: the packages of its shop."""
        return f"shop {self.shop}"


@dataclass(frozen=True, slots=True)
class Look:
    """Nothing but a look at the orders of a package whose label is there."""

    shop: str
    package_id: str

    @property
    def lane(self) -> str:
        """What it waits in line with: the packages of its shop."""
        return f"shop {self.shop}"


Wanted = Link | Package | Look


def to_text(wanted: Wanted) -> str:
    """As it is sealed and kept."""
    if isinstance(wanted, Link):
        return json.dumps({"url": wanted.url})
    look = {"look": True} if isinstance(wanted, Look) else {}
    return json.dumps({"shop": wanted.shop, "package_id": wanted.package_id} | look)


def from_text(text: str) -> Wanted:
    """What `to_text` made.

    Raises:
        ValueError, KeyError, TypeError: it did not make it.
    """
    values = json.loads(text)
    if "url" in values:
        return Link(str(values["url"]))
    kind = Look if "look" in values else Package
    return kind(str(values["shop"]), str(values["package_id"]))


def digest(wanted: Wanted) -> str:
    """Tells whether two are the same without telling what they are: SHA-256, in hexadecimal digits."""
    return hashlib.sha256(to_text(wanted).encode()).hexdigest()

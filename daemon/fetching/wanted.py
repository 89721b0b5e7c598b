"""Where a label is that its event did not bring: a link, or a package of a TikTok shop. Pure."""

import hashlib
import json
from dataclasses import asdict, dataclass
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
    #: its label is there: nothing but its orders is looked at
    there: bool = False

    @property
    def lane(self) -> str:
        """What it waits in line with: the packages of its shop."""
        return f"shop {self.shop}"


Wanted = Link | Package


def to_text(wanted: Wanted) -> str:
    """As it is sealed and kept."""
    return json.dumps(asdict(wanted))


def from_text(text: str) -> Wanted:
    """What `to_text` made.

    Raises:
        ValueError, TypeError: it did not make it.
    """
    values = json.loads(text)
    return Link(**values) if "url" in values else Package(**values)


def digest(wanted: Wanted) -> str:
    """Tells whether two are the same without telling what they are: SHA-256, in hexadecimal digits."""
    return hashlib.sha256(to_text(wanted).encode()).hexdigest()

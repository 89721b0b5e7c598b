"""Which links labels are fetched from, which addresses they may lead to, and when they expire. Pure."""

import re
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import parse_qsl, urlsplit

from yarl import URL

from ...config.sources import LinksSettings
from .document import NoLabel
from .redaction import redacted as redacted

_LONGEST = 4096
#: RFC 3986's characters, and those that services leave unescaped; no parser reads these in two ways
_PLAIN = re.compile(r"[!#-;=?-\[\]^-~]*")
_PARTS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?://(?P<authority>[^/?#]*)(?P<rest>.*))?", re.DOTALL)
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_NAME = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")
#: the last label of a name that some parser takes for an address (WHATWG URL, "ends in a number")
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")

#: not globally reachable (IANA IPv4 Special-Purpose Address Registry), relays for 6to4, and multicast
_NOT_PUBLIC = tuple(
    (IPv4Network(network), why)
    for network, why in (
        ("0.0.0.0/8", "no address of a host"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "of a provider's own network"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "reserved"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "reserved"),
        ("198.51.100.0/24", "reserved"),
        ("203.0.113.0/24", "reserved"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
#: IPv6 is asked for the little that is public: global unicast without protocols, documentation and 6to4; and NAT64
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NOT_GLOBAL = (
    (IPv6Network("2001::/23"), "Teredo or reserved"),
    (IPv6Network("2001:db8::/32"), "reserved"),
    (IPv6Network("2002::/16"), "6to4"),
    (IPv6Network("3fff::/20"), "reserved"),
)
_NAT64 = IPv6Network("64:ff9b::/96")
_MAPPED = IPv6Network("::ffff:0:0/96")

#: TikTok's links are good for a day
_DAY_SECONDS = 86400.0


def check(url: str, settings: LinksSettings) -> None:
    """Refuse a link unless it is https to one of `settings.hosts` or a name below one, or of `settings.sandbox`.

    Raises:
        NoLabel: it is refused; the message says why, and holds nothing of the link but the host.
    """
    if len(url) > _LONGEST:
        raise NoLabel(f"the link has {len(url)} characters: it may have {_LONGEST}")
    if odd := _PLAIN.sub("", url):
        raise NoLabel(f"the link holds a character that links do not have: U+{ord(odd[0]):04X}")
    if is_sandbox(url, settings):
        _agreed(url, urlsplit(url).hostname or "")
        return
    parts = _PARTS.fullmatch(url)
    if parts is None or parts["scheme"].lower() != "https" or not parts["authority"]:
        raise NoLabel("the link is not https://: labels are fetched by https only")
    _agreed(url, _host(parts["authority"].lower(), settings))


def is_sandbox(url: str, settings: LinksSettings) -> bool:
    """Whether a link is one of `settings.sandbox`."""
    origin = settings.sandbox
    return origin is not None and url.startswith(origin) and (url[len(origin) :] or "/")[0] in "/?#"


def _host(authority: str, settings: LinksSettings) -> str:
    """The host's name in `authority`, which is in lower case."""
    if "@" in authority:
        raise NoLabel("the link holds a user name or a password: such links are not fetched")
    host, colon, port = authority.partition(":")
    if authority.startswith("[") or _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        raise NoLabel("the link names an address in place of a host: labels are fetched from names only")
    if not _NAME.fullmatch(host) or len(host) > 253:
        raise NoLabel("the link's host is no plain name such as open-fs-va.tiktokshop.com")
    if any(label.startswith("xn--") for label in host.split(".")):
        raise NoLabel(f"the link's host {host} is an international name: such names are not fetched from")
    if colon and port != "443":
        raise NoLabel(f"the link names a port of {host}: labels are fetched from port 443 only")
    if not any(host == name or host.endswith(f".{name}") for name in settings.hosts):
        raise NoLabel(f"labels are not fetched from {host}; where it is TikTok's, add it to links.hosts")
    return host


def _agreed(url: str, host: str) -> None:
    """Refuse a link in which another parser, or the HTTP client, sees another host than `host`."""
    try:
        seen = (urlsplit(url).hostname, URL(url).raw_host, URL(url, encoded=True).raw_host)
    except ValueError:
        seen = (None, None, None)
    if any((name or "").lower() != host for name in seen):
        raise NoLabel("the link can be read in more than one way: such links are not fetched")


def why_not_public(address: str) -> str | None:
    """What is wrong with connecting to `address`, an IP address as text; None: it is a public one."""
    try:
        ip = ip_address(address)
    except ValueError:
        return "no address"
    if isinstance(ip, IPv4Address):
        return _why_not_public4(ip)
    if ip.scope_id is not None:
        return "link-local"
    if ip in _NAT64 or ip in _MAPPED:
        return _why_not_public4(IPv4Address(int(ip) & 0xFFFFFFFF))
    return _why_not_public6(ip)


def _why_not_public4(ip: IPv4Address) -> str | None:
    return next((why for network, why in _NOT_PUBLIC if ip in network), None)


def _why_not_public6(ip: IPv6Address) -> str | None:
    if ip in _GLOBAL_UNICAST:
        return next((why for network, why in _NOT_GLOBAL if ip in network), None)
    if ip.is_loopback:
        return "loopback"
    if ip.is_multicast:
        return "multicast"
    return "link-local" if ip.is_link_local else "private or reserved"


def expiry(url: str) -> float | None:
    """When the link ends by its own words, in Unix seconds; None: it does not say.

    TikTok's `expire`, or a day after its `timeStamp`; `x-expires` of its CDN, `Expires` and `X-Amz-Date` with
    `X-Amz-Expires` of S3, and their cousins of TOS and Google.
    """
    try:
        query = {name.lower(): value for name, value in parse_qsl(urlsplit(url).query, max_num_fields=100)}
    except ValueError:
        return None
    for name in ("expire", "x-expires", "expires"):
        if (until := _unix(query.get(name))) is not None:
            return until
    for vendor in ("amz", "tos", "goog"):
        since, seconds = _compact(query.get(f"x-{vendor}-date")), query.get(f"x-{vendor}-expires", "")
        if since is not None and re.fullmatch("[0-9]{1,7}", seconds):
            return since + int(seconds)
    since = _unix(query.get("timestamp"))
    return None if since is None else since + _DAY_SECONDS


def _unix(text: str | None) -> float | None:
    """Unix seconds, or milliseconds, of this century."""
    if text is None or not re.fullmatch("[0-9]{10}|[0-9]{13}", text):
        return None
    return int(text) / (1 if len(text) == 10 else 1000)


def _compact(text: str | None) -> float | None:
    """Unix seconds of ISO 8601's basic form, `20261124T194500Z`."""
    try:
        return datetime.strptime(text or "", "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None

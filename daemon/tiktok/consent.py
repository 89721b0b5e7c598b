"""The seller's consent: the address where it is given, and the code that comes back. Pure."""

import re
from urllib.parse import parse_qs, urlencode, urlsplit

from ...config.sources import ShopSettings, TikTokSettings

_PLACE, _US_PLACE = "https://services.tiktokshop.com", "https://services.us.tiktokshop.com"
#: what a code is made of, as far as seen, and with room
_CODE = re.compile(r"[A-Za-z0-9._~+/=-]{1,2000}")


def consent_url(settings: TikTokSettings, shop: ShopSettings) -> str | None:
    """Where the seller of a shop gives consent; None where the configuration does not tell the service's id."""
    if settings.service_id is None:
        return None
    place = settings.consent or (_US_PLACE if shop.market == "US" else _PLACE)
    return f"{place}/open/authorize?{urlencode({'service_id': settings.service_id})}"


def code_in(text: str) -> str | None:
    """The code in what a person pasted: itself, or the whole address that TikTok sent the browser to."""
    text = text.strip()
    if "?" in text:
        try:
            query = parse_qs(urlsplit(text).query)
        except ValueError:
            return None
        text = next((query[key][0] for key in ("code", "auth_code") if key in query), "")
    return text if _CODE.fullmatch(text) else None

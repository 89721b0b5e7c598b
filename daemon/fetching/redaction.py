"""Takes links' queries, tokens, secrets and signatures out of text, and out of all that is logged."""

import logging
import re

_GONE = "…"
#: what is secret by its name: of TikTok's API and token host, of signed links, of HTTP
_NAMES = (
    r"(?:access_token|refresh_token|auth_code|app_secret|client_secret|sign|signature|password|authorization"
    r"|x-tts-access-token|x-(?:amz|goog|tos)-(?:signature|credential|security-token)|x-signature)"
)
#: a link, its slashes also as PHP's JSON has them; taken whole, so that the time is linear
_LINK = re.compile(r"(?i)https?:(?:\\?/){2}[^\s\"'<>]*")
_USER = re.compile(r"//[^/]*@")
_PATTERNS = (
    # name=value of a query or a form, the ampersand also as Go's JSON has it
    (re.compile(rf"(?i)((?:(?<![a-z0-9_-])|(?<=\\u0026)){_NAMES}=)[^\s&\"'<>,;)\\]+"), rf"\1{_GONE}"),
    # "name": "value" of JSON, also inside of JSON, and of Python's own notation
    (re.compile(rf"(?i)([\"']{_NAMES}\\{{0,8}}[\"']\s*[:,]\s*\\{{0,8}}[\"'])[^\"'\\]+"), rf"\1{_GONE}"),
    # header fields
    (
        re.compile(r"(?i)(?<![a-z0-9_-])((?:authorization|x-tts-access-token):\s*)(?:bearer\s+)?[^\s\"',;]+"),
        rf"\1{_GONE}",
    ),
    # TikTok Shop's tokens and ciphers, wherever they stand
    (re.compile(r"\b(TTP|ROW|GCP)_[A-Za-z0-9_-]{12,}"), rf"\1_{_GONE}"),
)


def redacted(text: str) -> str:
    """`text` without what would open a link or an account; the host and the path of links stay."""
    text = _LINK.sub(_closed, text)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def _closed(link: re.Match[str]) -> str:
    """A link without user, password, query and fragment."""
    place = re.split("[?#]", link[0], maxsplit=1)
    return _USER.sub(f"//{_GONE}@", place[0], count=1) + (f"?{_GONE}" if len(place) > 1 and place[1] else "")


class Redacting(logging.Formatter):
    """The last line of defence of a log: whatever `formatter` makes of a record, traceback too, shows no secret."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self._formatter = formatter

    def format(self, record: logging.LogRecord) -> str:
        """What `formatter` makes of the record, redacted."""
        return redacted(self._formatter.format(record))

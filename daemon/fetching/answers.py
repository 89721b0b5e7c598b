"""What the answer of a host that should send a label means. Pure."""

import html
import json
import re
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from .document import FetchFailed, NoLabel, TryLater
from .redaction import redacted

#: nobody is waited for longer than that, whatever `Retry-After` says
_LONGEST_PAUSE_SECONDS = 3600.0
#: clocks differ: so close to its end a link that is refused has ended
_CLOSE_SECONDS = 120.0
_NEW = "publish the event again with a new link"
_LONGEST_WORDS = 100


def refusal(
    host: str, status: int, headers: Mapping[str, str], body: bytes, *, expiry: float | None, now: float
) -> FetchFailed:
    """What an answer other than 200, 206 and redirects ends in.

    Args:
        host: who answered, for the message.
        status: HTTP status.
        headers: of the answer.
        body: its first bytes, for what they say.
        expiry: end of the link in Unix seconds, where it tells.
        now: Unix seconds.
    """
    said = f"{host} answers {status}{_says(body)}"
    if status == 429 or status >= 500 or status in (408, 425):
        return TryLater(said, after=retry_after(headers.get("Retry-After"), now))
    if (end := _end(expiry, now, said)) is not None:
        return end
    if status == 404 or status == 410:
        return NoLabel(f"{said}: there is no file at the link; {_NEW}")
    if status in (401, 403):
        # gates in front of stores refuse by mood, and stores refuse what they do not have yet; the link's end decides
        return TryLater(f"{said}: the link is refused; it is tried until it ends")
    if status < 400:
        return TryLater(f"{said}, which is no file")
    return NoLabel(f"{said}: the link is not understood; {_NEW}")


def not_a_label(host: str, body: bytes, *, expiry: float | None, now: float) -> FetchFailed | None:
    """What is wrong with the whole body of an answer that is success; None: it may be a label."""
    if not body:
        return TryLater(f"{host} sends an empty file")
    start = body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] not in (b"<", b"{", b"["):
        return None
    is_page = re.match(rb"<(?:!doctype\s+html|html|head|body|script|meta)\b", start, re.IGNORECASE) is not None
    said = f"{host} sends {'a web page' if is_page else 'an error message'} in place of a label{_says(body)}"
    if (end := _end(expiry, now, said)) is not None:
        return end
    if is_page:
        return NoLabel(
            f"{said}; a link that needs a login cannot be fetched: send TikTok's doc_url, or the file itself"
        )
    return TryLater(said)


def _end(expiry: float | None, now: float, said: str) -> NoLabel | None:
    """The end of a link that has ended, or is about to; None: it has not."""
    if expiry is None or expiry - now >= _CLOSE_SECONDS:
        return None
    return NoLabel(f"the link ended at {datetime.fromtimestamp(expiry, UTC):%Y-%m-%d %H:%M} UTC ({said}); {_NEW}")


def is_whole(content_range: str | None) -> bool:
    """Whether a 206 has all of the file, by its `Content-Range` (RFC 9110 section 14.4); one without says nothing."""
    if content_range is None:
        return True
    found = re.fullmatch(r"bytes +([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", content_range.strip())
    return found is not None and int(found[1]) == 0 and found[3] in ("*", str(int(found[2]) + 1))


def looks_cut(body: bytes) -> bool:
    """Whether a PDF or PNG lacks its end; asked where HTTP does not tell the length."""
    if body.startswith(b"%PDF-"):
        return b"%%EOF" not in body[-1024:]
    return body.startswith(b"\x89PNG") and b"IEND" not in body[-64:]


def unpacked(body: bytes, max_bytes: int) -> bytes | None:
    """What gzip holds, at most `max_bytes` and one more; None: it is damaged or cut."""
    unzip = zlib.decompressobj(wbits=31)
    try:
        data = unzip.decompress(body, max_bytes + 1)
    except zlib.error:
        return None
    return data if unzip.eof or len(data) > max_bytes else None


def retry_after(text: str | None, now: float) -> float | None:
    """Seconds that `Retry-After` (RFC 9110 section 10.2.3) asks for, an hour at most; None: it says nothing."""
    if text is None:
        return None
    if re.fullmatch("[0-9]{1,9}", text.strip()):
        seconds = float(text)
    else:
        try:
            when = parsedate_to_datetime(text)
            seconds = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return min(max(seconds, 0.0), _LONGEST_PAUSE_SECONDS)


def _says(body: bytes) -> str:
    """The words of an error message in JSON, XML or HTML, short and printable, as the end of a clause."""
    text = body[:4096].decode("utf-8", "replace").strip().lstrip("\ufeff")
    words: object = None
    if text.startswith("{"):
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            document = {}
        words = document.get("message") or document.get("msg") or document.get("error")
    elif found := re.search(r"<(message|code|title)>([^<]{1,400})", text, re.IGNORECASE):
        words = html.unescape(found[2])
    if not isinstance(words, str):
        return ""
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in redacted(words)).split())
    return f' ("{plain[:_LONGEST_WORDS]}")' if plain else ""

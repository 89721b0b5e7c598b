"""What TikTok Shop's API answers, and what is done about it. Pure.

The table is `ROWS` and `WORDS`; docs/tiktok.md shows it. Sources: Partner Center, "Common errors" and the error codes
of "Get Order Detail"; the others were seen in production by public clients. TikTok's messages change, its codes do not,
but 36009004 is many errors in one and only its words tell which.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """What is done about an answer."""

    DONE = "done"
    RETRY = "try again later"
    SLOW = "slow this shop down, then try again"
    WAIT = "wait until the label is there"
    REFRESH = "refresh the token, and ask once more"
    PERSON = "hold until a person has acted"
    REFUSE = "no label: end"


@dataclass(frozen=True, slots=True)
class Row:
    """One error: its code and, where that is shared, words of its message in lower case."""

    code: int
    meaning: str
    action: Action
    #: for a technician; what is to be done
    todo: str = ""
    words: str = ""


_AUTHORIZE = "authorize the shop again: labeld tiktok authorize {shop}"
_CLOCK = "set this host's clock (timedatectl): TikTok takes no request of 5 minutes ago or 30 s ahead"
_KEY = "check tiktok.app_key and the app secret against the app in Partner Center"
_CIPHER = "check the shop's shop_id and shop_cipher; without shop_cipher labeld asks TikTok for it"

ROWS = (
    Row(105002, "the access token has expired", Action.REFRESH, _AUTHORIZE),
    Row(
        105005,
        "the app may not do this in this shop: a scope is missing",
        Action.PERSON,
        "give the app the fulfillment and order scopes in Partner Center, then authorize the shop again",
    ),
    Row(106001, "the signature is wrong", Action.PERSON, _KEY),
    Row(106013, "the shop's cipher is missing", Action.PERSON, _CIPHER),
    Row(
        101000,
        "the token is not one for this kind of shop",
        Action.PERSON,
        "authorize the shop again, as the seller that owns it: labeld tiktok authorize {shop}",
    ),
    Row(36004001, "the refresh token has expired", Action.PERSON, _AUTHORIZE),
    Row(36004004, "the authorization code is not valid (it is good once, and for minutes)", Action.PERSON, _AUTHORIZE),
    Row(36004005, "the seller has not authorized the app, or no longer does", Action.PERSON, _AUTHORIZE),
    Row(36009002, "too many calls for this shop", Action.SLOW),
    Row(36009003, "TikTok has an internal error", Action.RETRY),
    Row(36009007, "TikTok's own call timed out", Action.RETRY),
    Row(36009033, "this host's address is not on the app's list", Action.PERSON, "add it to the IP allow list"),
    Row(36009004, "TikTok does not know the app key", Action.PERSON, _KEY, "app_key"),
    Row(36009004, "TikTok does not take the access token", Action.REFRESH, _AUTHORIZE, "access-token"),
    Row(36009004, "TikTok does not take the access token", Action.REFRESH, _AUTHORIZE, "access_token"),
    Row(36009004, "TikTok does not take the time of the request", Action.RETRY, _CLOCK, "timestamp"),
    Row(36009004, "the signature is missing", Action.PERSON, "see what lies between (a proxy?)", "signature"),
    Row(36009004, "the call takes no shop_cipher", Action.PERSON, "check tiktok.versions", "unexpected identifier"),
    Row(36009004, "TikTok does not know the shop", Action.PERSON, _CIPHER, "identifier"),
    Row(36009004, "this version of the call does not exist", Action.PERSON, "check tiktok.versions", "version"),
    Row(36009009, "this call does not exist", Action.PERSON, "check tiktok.api and tiktok.versions"),
    Row(36009010, "the call is not made so", Action.PERSON, "check tiktok.api and tiktok.versions"),
    Row(36009014, "this version of the call does not exist", Action.PERSON, "check tiktok.versions"),
    Row(10002014, "TikTok cannot get at its orders", Action.RETRY),
    Row(10002015, "TikTok cannot get at its orders", Action.RETRY),
    Row(10006402, "TikTok has an internal error", Action.RETRY),
    Row(10037002, "TikTok cannot get at its orders", Action.RETRY),
    Row(10037003, "TikTok cannot get at its orders", Action.RETRY),
    Row(10037004, "TikTok cannot get at its orders", Action.RETRY),
    Row(10007014, "TikTok has frozen the package for now", Action.WAIT),
    Row(21042104, "the shipment is not arranged yet", Action.WAIT),
    Row(
        21042102,
        "the carrier has the package, so TikTok prints its label no more",
        Action.REFUSE,
        "if labeld has printed it, reprint it here: that needs no TikTok",
    ),
    Row(21008025, "TikTok fulfils this order itself", Action.REFUSE),
    Row(21008106, "the call is not for this shop's market", Action.REFUSE, "check the shop's market"),
    Row(21008111, "the package is not this shop's", Action.REFUSE, "check the event's shop and package_id"),
    Row(21008044, "a cancellation is pending", Action.PERSON, "answer it in Seller Center, then release the label"),
    Row(21011041, "a cancellation is pending", Action.PERSON, "answer it in Seller Center, then release the label"),
    Row(21011053, "the pickup slot is over", Action.PERSON, "choose another slot in Seller Center, then release"),
)

#: what an error that is in no row is taken for, by words of its message
WORDS = (
    ("too many requests", Action.SLOW),
    ("internal error", Action.RETRY),
    ("try again", Action.RETRY),
    ("timed out", Action.RETRY),
    ("timeout", Action.RETRY),
)

_ASK = "look the code up in Partner Center; the request id helps TikTok's support"
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the API; fields that are not known are left alone."""

    status: int
    #: None where the body is not one of TikTok's
    code: int | None
    message: str = ""
    request_id: str = ""
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is done, and why in one sentence without links, tokens and secrets."""

    action: Action
    because: str = ""
    code: int | None = None


def read(status: int, body: bytes) -> Answer:
    """An answer of HTTP status `status`; a body that is none of TikTok's has no code."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return Answer(status, None)
    code = _number(document.get("code")) if isinstance(document, dict) else None
    if code is None:
        return Answer(status, None)
    data = document.get("data")
    return Answer(
        status,
        code,
        _text(document.get("message")),
        _id(document.get("request_id")),
        data if isinstance(data, dict) else {},
    )


def judge(answer: Answer, shop: str = "SHOP") -> Verdict:
    """What is done about an answer: its code decides, then words of its message, then the HTTP status.

    Args:
        answer: what came.
        shop: name of the shop, for the words.
    """
    if answer.code is None:
        return _by_status(answer.status)
    if answer.code == 0:
        if answer.status < 400:
            return Verdict(Action.DONE, code=0)
        return _by_status(answer.status)
    said = answer.message.casefold()
    row = next((row for row in ROWS if row.code == answer.code and row.words in said), None)
    if row is not None:
        because = f"{row.meaning}; {row.todo.format(shop=shop)}" if row.todo else row.meaning
        return Verdict(row.action, because + _reference(answer), answer.code)
    shown = f"TikTok says: {shorn(answer.message)}" if answer.message else "TikTok says nothing about it"
    action = next((action for words, action in WORDS if words in said), None)
    if action is None and (answer.status == 429 or answer.status >= 500):
        action = _by_status(answer.status).action
    if action is None:
        return Verdict(Action.PERSON, f"{shown}; {_ASK}" + _reference(answer), answer.code)
    return Verdict(action, shown + _reference(answer), answer.code)


def shorn(text: str) -> str:
    """What TikTok says, for showing: one line, short, without links and whatever may be a token or a signature."""
    text = re.sub(r"\w+://\S*", "(link)", text)
    text = re.sub(r"[^\s`'\"{}()]{25,}", "(long word)", text)
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _by_status(status: int) -> Verdict:
    """Of an answer without a code: a gateway's, a proxy's, or one that was cut off."""
    if status == 429:
        return Verdict(Action.SLOW, "too many calls for this shop (HTTP 429)")
    if status == 503:
        return Verdict(Action.RETRY, "TikTok is overloaded (HTTP 503)")
    if status == 408 or status >= 500:
        return Verdict(Action.RETRY, f"TikTok, or what lies between, failed (HTTP {status})")
    if status < 300:
        return Verdict(Action.RETRY, f"the answer is not one of TikTok's API (HTTP {status}, not its JSON)")
    return Verdict(
        Action.PERSON,
        f"the answer is not one of TikTok's API (HTTP {status}); check tiktok.api and what lies between (a proxy?)",
    )


def _reference(answer: Answer) -> str:
    return f" (code {answer.code}, request {answer.request_id})" if answer.request_id else f" (code {answer.code})"


def _number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value, re.ASCII) else None


def _id(value: object) -> str:
    return value if isinstance(value, str) and re.fullmatch(r"[0-9A-Za-z_-]{1,64}", value) else ""


def _text(value: object) -> str:
    return value[:2000] if isinstance(value, str) else ""

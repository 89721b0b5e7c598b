"""What every table of the configuration is made of: its base class and the types of its values."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from ..renderers.media import Media


def _topic(text: str) -> str:
    if not text or re.search(r"[+#\x00]", text) or text.startswith("/") or text.endswith("/"):
        raise ValueError("is a topic without wildcards, and without a slash at either end")
    return text


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", text):
        raise ValueError("takes letters, digits, dot, dash and underscore, at most 63")
    return text


def _media(text: str) -> str:
    Media.parse(text)
    return text


def several(value: object) -> object:
    """One text stands for a list of it."""
    return (value,) if isinstance(value, str) else value


def nearest(word: str, known: Iterable[str]) -> str:
    """What a mistyped `word` may have meant, as the end of a sentence."""
    valid = sorted(known)
    close = get_close_matches(word, valid, n=1, cutoff=0.4)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; valid names are {', '.join(valid)}" if valid else "; none is configured"


Topic = Annotated[str, AfterValidator(_topic)]
Name = Annotated[str, AfterValidator(_name)]
MediaName = Annotated[str, AfterValidator(_media)]
Word = Annotated[str, Field(min_length=1, max_length=200)]
Words = Annotated[tuple[Word, ...], Field(min_length=1), BeforeValidator(several)]


class Section(BaseModel):
    """A table of the configuration: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

"""Why an asset cannot become a label: one family, each member with its IPP reason and exit code."""

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from .artwork import PageArtwork


def one_line(text: str) -> str:
    """`text` without line ends and what cannot be shown, for messages quote documents and libraries."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


class RenderError(Exception):
    """A label that cannot be rendered as asked; the message is one line a technician understands.

    `reason` is the IPP job-state-reasons keyword (RFC 8011 section 5.3.8, PWG 5100.13), `exit_code`
    what `labeld convert` returns for it.
    """

    reason: ClassVar[str] = "document-unprintable-error"
    exit_code: ClassVar[int] = 4

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class AssetRefused(RenderError):
    """The bytes are not a document that labeld reads, or are damaged or too large."""

    reason = "document-format-error"


class DocumentEncrypted(AssetRefused):
    """The document needs a password (PWG 5100.13 `document-password-error`)."""

    reason = "document-password-error"


class CommandRefused(AssetRefused):
    """A ZPL command that would change the printer or other people's jobs (promise 7)."""

    reason = "document-security-error"


class DoesNotFit(RenderError):
    """The ink does not fit the stock and scaling was not allowed, or the resolution is another one."""

    exit_code = 5


class SymbolLost(RenderError):
    """A barcode of the source does not decode from the dots, or none carries the tracking number (promise 3).

    `artwork` is what would have been printed: the picture of the fault.
    """

    exit_code = 3
    artwork: "PageArtwork | None" = None


class MediaError(ValueError):
    """A media name or size that cannot be understood."""

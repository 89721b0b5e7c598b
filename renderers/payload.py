"""What a payload prints: counted, before it goes to a printer, and drawn, for people."""

from collections.abc import Iterable

from . import pages
from .asset import PDF, ZPL
from .errors import AssetRefused
from .media import Media, Resolution
from .write import LANGUAGES
from .zpl import allowlist, label, lexer, picture
from .zpl.picture import Picture


def paper_of(media: str, printable_width: int | None, dpi: int, document_format: str) -> Media:
    """What a label in `document_format` is drawn for: the stock, as far as the head reaches and a queue fills it.

    `printable_width` is in 1/100 mm.

    Raises:
        MediaError: the stock cannot be understood.
    """
    paper = Media.parse(media).narrowed(printable_width)
    return paper.drawn_at(Resolution(dpi)) if document_format == PDF else paper


def labels_in(payload: bytes, document_format: str, width: int, height: int, resolution: Resolution) -> int:
    """How many labels it prints on paper of `width` x `height` dots.

    Raises:
        AssetRefused: ZPL that the allow-list would refuse or change, or another language not as labeld writes it.
    """
    if document_format == PDF:
        return sum(one.copies for one in pages.read(payload, width, height, resolution.dpi))
    if document_format in LANGUAGES:
        return sum(one.copies for one in LANGUAGES[document_format].decode(payload, width, height, resolution))
    if document_format != ZPL or allowlist.screen(payload, lexer.lex(payload), width).zpl != payload:
        raise AssetRefused(f"this is no {document_format} that may be sent")
    return label.labels_in(payload)


def draw(payload: bytes, width: int, height: int, resolution: Resolution, page: int) -> tuple[Picture, int]:
    """One label of a payload in any of the languages, on paper of `width` x `height` dots, and how many there are.

    `page` counts them from 1, without copies; beyond the last it means the last.

    Raises:
        AssetRefused: there is no label in it, or too much to draw.
    """
    wanted, pages = None, 0
    for pages, one in enumerate(_pictures(payload, width, height, resolution), 1):
        if pages <= page:
            wanted = one
    if wanted is None:
        raise AssetRefused("there is no picture in this label")
    return wanted, pages


def _pictures(payload: bytes, width: int, height: int, resolution: Resolution) -> Iterable[Picture]:
    if payload.startswith(b"%PDF-"):
        return (Picture(one.bitmap, ()) for one in pages.read(payload, width, height, resolution.dpi))
    for language in LANGUAGES.values():
        if payload.startswith(language.begin(width, height, resolution)):
            return (Picture(one.bitmap, ()) for one in language.decode(payload, width, height, resolution))
    return picture.draw(payload, width, height, resolution)

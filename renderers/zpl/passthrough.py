"""ZPL from others: through the allow-list to the printer as it is, or drawn for the other formats."""

from collections.abc import Callable

from .. import symbols
from ..artwork import BlankPage, PageArtwork, Target
from ..asset import ZPL, Asset
from ..bitmap import Bitmap
from ..errors import AssetRefused, DoesNotFit
from ..media import Resolution
from ..symbols import Verdict
from . import allowlist, label, lexer, picture

#: More copies of a label than this are a mistake, or empty the roll.
_MOST_COPIES = 100


def convert(asset: Asset, target: Target, write: Callable[[list[Bitmap], Target], bytes]) -> PageArtwork:
    """Pass ZPL through the allow-list; `write` makes the other formats of its drawing.

    Raises:
        BlankPage: it prints nothing.
        AssetRefused: refused commands, too many labels, or it cannot be drawn for PNG or PDF.
        DoesNotFit: it is made for another resolution.
    """
    screened = allowlist.screen(asset.data, lexer.lex(asset.data), target.size[0])
    quantities = label.quantities(screened.zpl)
    if not quantities:
        raise BlankPage("the ZPL prints nothing: it has no format with content")
    labels, kinds = sum(quantities), len(quantities)
    if labels > _MOST_COPIES * kinds:
        raise AssetRefused(f"the ZPL asks for {labels} labels of {kinds} format(s) (^PQ): over {_MOST_COPIES} of each")
    notes = [*screened.notes, *_check_design(asset.data, target)]
    if labels > 1:
        notes.append(f"the ZPL prints {labels} labels")
    drawn, undrawn = _drawn(screened.zpl, target)
    if not undrawn and all(bitmap.ink_box() is None for bitmap in drawn):
        raise BlankPage("the ZPL prints a blank label")
    if target.document_format == ZPL:
        data = screened.zpl * target.copies
    elif undrawn:
        raise AssetRefused(f"this ZPL cannot be drawn yet, only passed through to a ZPL printer: {undrawn}")
    else:
        data = write(drawn, target)
    if undrawn:
        notes.append(f"not verified: {undrawn}")
        return PageArtwork(1, data, None, None, (), "zpl", tuple(notes))
    read = [symbol for bitmap in drawn for symbol in symbols.read(bitmap)]
    found = tuple(Verdict(symbol, "scans" if symbol.text else "unverified") for symbol in read)
    notes += [f"a {symbol.format} cannot be read, so it is not verified" for symbol in read if not symbol.text]
    return PageArtwork(1, data, drawn[0], None, found, "zpl", tuple(notes))


def _drawn(zpl: bytes, target: Target) -> tuple[list[Bitmap], str]:
    """The labels of `zpl` as dots, and in words what keeps them from being complete (empty: nothing).

    Raises:
        AssetRefused: a damaged graphic; a printer would silently leave it out.
    """
    pictures = picture.draw(zpl, *target.size)
    missing = dict.fromkeys(name for drawn in pictures for name in drawn.undrawn)
    return [drawn.bitmap for drawn in pictures], f"{', '.join(missing)} cannot be drawn" if missing else ""


def _check_design(zpl: bytes, target: Target) -> list[str]:
    """Whether ZPL was made for the target's resolution: dots cannot be rescaled.

    Raises:
        DoesNotFit: it was not.
    """
    notes = []
    if target.design_dpi:
        design, because = Resolution(target.design_dpi), "as stated"
    else:
        guess, because = label.design_resolution(zpl, target.media)
        design = guess or Resolution(203)
        if guess is None:
            notes.append(f"assumed that the ZPL is made for 203 dpi: {because}")
    if design != target.resolution:
        raise DoesNotFit(
            f"this ZPL is made for {design.dpi} dpi, the printer has {target.resolution.dpi} dpi: "
            f"get the label for {target.resolution.dpi} dpi or as PDF ({because})"
        )
    return notes

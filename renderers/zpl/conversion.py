"""ZPL from others: through the allow-list to the printer as it is, made anew for its resolution, or drawn."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from ..artwork import BlankPage, PageArtwork, Target
from ..asset import PDF, PNG, ZPL, Asset
from ..bitmap import Bitmap
from ..errors import AssetRefused, DoesNotFit
from ..media import Resolution
from ..symbols import Verdict
from . import allowlist, label, lexer, vector
from .design import design_resolution, in_units
from .findings import Finding
from .interpreter import Label, interpret
from .raster import rasterise
from .scaling import CannotRescale, rescaled
from .scanning import verdicts

#: More copies of a label than this are a mistake, or empty the roll.
_MOST_COPIES = 100
#: More lines than anybody reads.
_MOST_SAID = 20

Write = Callable[[list[Bitmap], Target], bytes]


class _Drawn(NamedTuple):
    label: Label
    bitmap: Bitmap
    verdicts: tuple[Verdict, ...]


def convert(asset: Asset, target: Target, write: Write) -> tuple[PageArtwork, ...]:
    """ZPL as it goes to a ZPL printer, in one piece since formats may need each other; else each label for itself.

    `write` makes files of dots. A picture or PDF that is not verified is drawn of any ZPL, and its notes say what a
    printer would not get.

    Raises:
        BlankPage: it prints nothing.
        AssetRefused: refused commands, cut off, too many labels, or a graphic that is damaged or not sent along.
        DoesNotFit: it would have to be scaled, or prints over the stock's edges, where scaling is not allowed; a
            field lies beside the stock, and the label is to be verified. Pictures that are not verified say the
            latter two in their notes.
    """
    commands = lexer.lex(asset.data)
    design, notes = _design(commands, target)
    if target.scaling == "none" and design != target.resolution:
        made = f"the ZPL is made for {design.dpi} dpi, the head has {target.resolution.dpi} dpi"
        raise DoesNotFit(f"{made}: allow scaling, or give the resolution that it is made for")
    if target.document_format == ZPL:
        return (_for_printer(asset.data, commands, design, notes, target, write),)
    allowed, said = _allowed(asset.data, commands, target)
    notes += said
    labels = interpret(allowed, target.size, design, target.resolution)
    formats = Counter[int]()
    for one in labels:
        formats[one.start] += one.copies
    _limited(formats.values())
    drawn = _draw(labels)
    _fits(drawn, target)
    return tuple(_file(one, part if len(drawn) > 1 else 0, notes, target, write) for part, one in enumerate(drawn, 1))


def _limited(quantities: Iterable[int]) -> None:
    """Whether no format asks for more labels than anybody means.

    Raises:
        AssetRefused: one does.
    """
    if (most := max(quantities, default=0)) > _MOST_COPIES:
        raise AssetRefused(f"the ZPL asks for {most} labels of one format (^PQ): over {_MOST_COPIES}")


def _preview(target: Target) -> bool:
    """Whether the label is only looked at."""
    return not target.verify and target.document_format in (PDF, PNG)


def _allowed(
    zpl: bytes, commands: Sequence[lexer.Command], target: Target
) -> tuple[Sequence[lexer.Command], list[str]]:
    """The commands that are drawn, and notes on those that no printer gets."""
    reasons = [one.reason for one in allowlist.judged(commands) if one.action in ("refuse", "damaged")]
    if not _preview(target):
        kept = allowlist.screen(zpl, commands, target.size[0], target.zpl_policy).commands
        return kept, [f"left out: {reason}" for reason in dict.fromkeys(reasons)][:_MOST_SAID]
    if _unended(commands):
        reasons.append("the ZPL is cut off: its last format has no end (^XZ), so it is left out")
    return commands, [f"a printer would not get this: {reason}" for reason in dict.fromkeys(reasons)][:_MOST_SAID]


def _unended(commands: Sequence[lexer.Command]) -> bool:
    """Whether the last format has no end."""
    return next((one.name for one in reversed(commands) if one.name in ("^XA", "^XZ")), "") == "^XA"


def _for_printer(
    zpl: bytes, commands: Sequence[lexer.Command], design: Resolution, notes: list[str], target: Target, write: Write
) -> PageArtwork:
    screened = allowlist.screen(zpl, commands, target.size[0], target.zpl_policy)
    quantities = label.quantities(screened.zpl)
    if not quantities:
        raise BlankPage("the ZPL prints nothing: it has no format with content")
    _limited(quantities)
    labels = sum(quantities)
    notes = [*screened.notes, *notes]
    if labels > 1:
        notes.append(f"the ZPL prints {labels} labels")
    data = screened.zpl
    if design == target.resolution:
        drawn = _draw(interpret(screened.commands, target.size, design, design))
    else:
        data, drawn, said = _scaled(screened, design, target, write)
        notes += said
    _fits(drawn, target)
    return _artwork(data * target.copies, drawn, notes)


def _scaled(
    screened: allowlist.Screened, design: Resolution, target: Target, write: Write
) -> tuple[bytes, list[_Drawn], list[str]]:
    """The ZPL for another resolution: its commands scaled where they can be, else its dots as graphics."""
    made = f"made for {design.dpi} dpi, so scaled to {target.resolution.dpi} dpi"
    try:
        native = rescaled(screened.commands, float(target.resolution.dots_per_mm / design.dots_per_mm),
                          dots_per_mm=float(design.dots_per_mm))  # fmt: skip
    except CannotRescale as exc:
        because = str(exc)
    else:
        # screened once more, for what it would leave behind in the printer has other numbers now
        sent = allowlist.screen(native.zpl, lexer.lex(native.zpl), target.size[0]).zpl
        drawn = _draw(interpret(native.zpl, target.size, target.resolution, target.resolution))
        return sent, drawn, [f"{made} command by command", *native.notes]
    drawn = _draw(interpret(screened.commands, target.size, design, target.resolution))
    _complete(drawn)
    data = b"".join(write([one.bitmap], replace(target, copies=one.label.copies)) for one in drawn)
    return data, drawn, [f"{made} as a picture: {because}"]


def _draw(labels: Sequence[Label]) -> list[_Drawn]:
    """The labels with their dots and barcodes.

    Raises:
        BlankPage: there are none, or all are blank.
    """
    if not labels:
        raise BlankPage("the ZPL prints nothing: it has no format with content")
    drawn = []
    for one in labels:
        bitmap = rasterise(one.scene)
        drawn.append(_Drawn(one, bitmap, _known(one, verdicts(one.expected, bitmap, one.scene))))
    if all(one.bitmap.ink_box() is None and not (one.label.missing or one.verdicts) for one in drawn):
        raise BlankPage("the ZPL prints a blank label")
    return drawn


def _known(one: Label, found: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """Without a format that only the printer holds nothing is known of barcodes, but where their data is wrong."""
    if not one.incomplete:
        return found
    wrong = [bool(barcode.fault) for barcode in one.expected]
    return tuple(
        verdict if rank < len(wrong) and wrong[rank] else replace(verdict, status="unverified", note="")
        for rank, verdict in enumerate(found)
    )


def _fits(drawn: Sequence[_Drawn], target: Target) -> None:
    """Whether the labels may lose what lies beyond the edges of the stock.

    Raises:
        DoesNotFit: they may not.
    """
    if _preview(target):
        return
    cut = [said for one in drawn for said in (one.label.beyond if target.scaling == "none" else one.label.beside)]
    if cut and (target.verify or target.scaling == "none"):
        more = f", and {len(cut) - 1} more" if len(cut) > 1 else ""
        raise DoesNotFit(f"{_placed(cut[0])}{more}: load the stock that the ZPL is made for, or correct the ZPL")


def _placed(finding: Finding) -> str:
    return f"{finding.message} (byte {finding.start})"


def _artwork(data: bytes, drawn: Sequence[_Drawn], notes: list[str]) -> PageArtwork:
    """All labels of a payload; its picture is the first one's, unless something of any is missing here."""
    notes = [*notes, *_said(drawn)]
    found = tuple(verdict for one in drawn for verdict in one.verdicts)
    missing = _missing(drawn)
    if missing:
        known = found and not any(one.label.incomplete for one in drawn)
        how = "verified without what is not here" if known else "not verified"
        return PageArtwork(1, data, None, None, found, "zpl", (*notes, f"{how}: {missing}"))
    return PageArtwork(1, data, drawn[0].bitmap, None, found, "zpl", tuple(notes))


def _file(one: _Drawn, part: int, notes: list[str], target: Target, write: Write) -> PageArtwork:
    """One label as a picture, as PDF with as many pages as it asks for, or in another printer's language."""
    if not _preview(target):
        _complete([one])
    scene, copies = one.label.scene, one.label.copies
    if target.document_format == PDF:
        data = vector.to_pdf([scene] * copies, target.resolution, target.copies)
    else:
        data = write([one.bitmap], replace(target, copies=copies * target.copies))
    said = [*notes, *_said([one])]
    if missing := _missing([one]):
        said.append(missing)
    return PageArtwork(1, data, one.bitmap, None, one.verdicts, "zpl", tuple(said), part, scene, copies)


def _complete(drawn: Sequence[_Drawn]) -> None:
    if missing := _missing(drawn):
        raise AssetRefused(f"this ZPL prints on a printer that holds what it needs, and nowhere else: {missing}")


def _missing(drawn: Sequence[_Drawn]) -> str:
    """What is drawn by a printer only, in words."""
    return "; ".join(dict.fromkeys(_placed(said) for one in drawn for said in one.label.missing))


def _said(drawn: Sequence[_Drawn]) -> list[str]:
    """What there is to say of labels that are drawn: of barcodes, and of what prints otherwise than meant."""
    unread = dict.fromkeys(
        verdict.symbol.format
        for one in drawn
        for verdict in one.verdicts
        if verdict.status == "unverified" and not one.label.incomplete
    )
    faulty = [barcode for one in drawn for barcode in one.label.expected if barcode.fault]
    said = [
        *(f"a {name} cannot be read, so it is not verified" for name in unread),
        *(f"{one.name} at byte {one.start} does not print: {one.fault}" for one in faulty),
        *(verdict.note for one in drawn for verdict in one.verdicts if verdict.note),
        *(_placed(found) for one in drawn for found in one.label.findings if found.severity == "warning"),
    ]
    return [*dict.fromkeys(said)][:_MOST_SAID]


def _design(commands: Sequence[lexer.Command], target: Target) -> tuple[Resolution, list[str]]:
    """The resolution that ZPL was made for, and a note where it is only assumed."""
    if target.design_dpi:
        return Resolution(target.design_dpi), []
    guess = design_resolution(commands, target.media, target.resolution)
    if guess.told or in_units(commands):
        return guess.resolution, []
    return guess.resolution, [f"assumed that the ZPL is made for {guess.resolution.dpi} dpi: {guess.because}"]

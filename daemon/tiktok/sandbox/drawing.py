"""The sandbox's documents: labels, packing slips and the rest, each with its own package's barcode.

They are written as ZPL of 8 dots/mm and drawn by our own interpreter: real text and bars in a PDF, dots in a PNG.
Names and addresses are invented.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ....drivers.virtual.paper import DRAWING
from ....renderers.media import Resolution
from ....renderers.zpl.interpreter import interpret
from ....renderers.zpl.raster import rasterise
from ....renderers.zpl.vector import to_pdf
from .world import Package

PDF, PNG, ZPL = "application/pdf", "image/png", "application/vnd.zebra-zpl"
#: width and height in dots of 1/8 mm
_SIZES = {"A6": (840, 1184), "A5": (1184, 1680), "A4": (1680, 2376)}
_HEAD = Resolution(203)

_Draw = Callable[[Package, int, int], list[str]]


@dataclass(frozen=True, slots=True)
class Paper:
    """A document as the document host sends it."""

    data: bytes
    media_type: str
    name: str


def draw(package: Package, document_type: str, size: str, document_format: str) -> Paper:
    """A document of a package; the same arguments give the same bytes.

    Args:
        package: whose it is.
        document_type: of the API; `SHIPPING_LABEL_AND_PACKING_SLIP` has two pages.
        size: A6 or A5, where the type has no size of its own.
        document_format: PDF or ZPL.
    """
    pages = _PAGES[document_type]
    # Get Package Shipping Document 202309: hazmat labels are A4, invoice labels and pictures A6
    size = {"HAZMAT_LABEL": "A4", "INVOICE_LABEL": "A6", "SHIPPING_LABEL_PICTURE": "A6"}.get(document_type, size)
    width, height = _SIZES[size]
    formats = [_format(page(package, width, height), width, height) for page in pages]
    name = document_type.replace("_", " ").capitalize()
    if document_format == "ZPL":
        return Paper(b"\n".join(formats), ZPL, f"{name}.zpl")
    with DRAWING:
        scenes = [interpret(one, (width, height), _HEAD, _HEAD)[0].scene for one in formats]
        if document_type == "SHIPPING_LABEL_PICTURE":
            return Paper(rasterise(scenes[0]).to_png(_HEAD), PNG, f"{name}.png")
        return Paper(to_pdf(scenes, _HEAD), PDF, f"{name}.pdf")


def _format(fields: list[str], width: int, height: int) -> bytes:
    return f"^XA^CI28^PW{width}^LL{height}^LH0,0{''.join(fields)}^XZ".encode()


def _label(package: Package, width: int, height: int) -> list[str]:
    """A carrier's label: its name, both addresses, and the tracking number as Code 128 or GS1-128."""
    unit = width / 840
    module = max(round(3 * unit), 2)
    return [
        *_frame(width, height, round(32 * unit)),
        _text(56, 64, 64, package.carrier.upper(), unit),
        _text(56, 150, 28, "SANDBOX - NO POSTAGE VALUE", unit),
        _line(32, 200, width - 64 * unit, unit),
        _text(56, 224, 24, f"FROM  {package.shop.upper()} SANDBOX SHOP", unit),
        _text(56, 256, 24, f"1 DOCK ROAD, {package.market}", unit),
        _text(56, 330, 24, "SHIP TO", unit),
        _text(56, 366, 40, f"JO SPECIMEN {package.package_id[-4:]}", unit),
        _text(56, 416, 36, "742 NOWHERE AVENUE", unit),
        _text(56, 464, 36, f"SPRINGFIELD {package.postcode} {package.market}", unit),
        _line(32, 540, width - 64 * unit, unit),
        _tracking(package, 88 * unit, 600 * unit, module, round(220 * unit)),
        _text(88, 850, 36, package.tracking_number, unit),
        _line(32, 930, width - 64 * unit, unit),
        _text(56, 964, 24, f"ORDER {package.order_id}", unit),
        _text(56, 1000, 24, f"PACKAGE {package.package_id}", unit),
        _text(56, 1060, 24, "NOT A REAL LABEL", unit),
    ]


def _slip(package: Package, width: int, height: int) -> list[str]:
    """A packing slip: what is in the package, and no barcode of the carrier."""
    unit = width / 840
    return [
        *_frame(width, height, round(32 * unit)),
        _text(56, 64, 56, "PACKING SLIP", unit),
        _text(56, 140, 28, f"Order {package.order_id}", unit),
        _text(56, 180, 28, f"Package {package.package_id}", unit),
        _line(32, 230, width - 64 * unit, unit),
        *_row(260, ("Qty", "Product", "Seller SKU"), unit),
        *_row(310, ("1", "Sample candle, vanilla", "CANDLE-01"), unit),
        *_row(350, ("2", "Sample mug, blue", "MUG-BL-02"), unit),
        _line(32, 410, width - 64 * unit, unit),
        _text(56, 440, 28, f"3 pieces, shipped with {package.carrier}", unit),
    ]


def _hazmat(package: Package, width: int, height: int) -> list[str]:
    """A page of dangerous goods: the lithium battery mark, and which package it goes with."""
    return [
        *_frame(width, height, 80),
        _text(160, 200, 96, "HAZMAT LABEL", 1),
        _text(160, 340, 64, "UN3481", 1),
        _text(160, 440, 40, "Lithium ion batteries packed with equipment", 1),
        "^FO160,560^GB1000,1000,24^FS",
        _text(320, 1000, 120, "UN3481", 1),
        _text(160, 1660, 40, f"Package {package.package_id}", 1),
        _tracking(package, 200, 1760, 4, 260),
        _text(200, 2050, 48, package.tracking_number, 1),
    ]


def _invoice(package: Package, width: int, height: int) -> list[str]:
    """A Brazilian DANFE in short form: the access key of 44 digits in Code 128."""
    key = (package.order_id + package.package_id + "0" * 44)[:44]
    return [
        *_frame(width, height, 32),
        _text(56, 64, 40, "DANFE SIMPLIFICADO - ETIQUETA", 1),
        _text(56, 130, 28, "SANDBOX - SEM VALOR FISCAL", 1),
        f"^FO88,220^BY2^BCN,180,N,N,N^FD>;{key}^FS",
        _text(56, 430, 28, key, 1),
        _text(56, 500, 28, f"PEDIDO {package.order_id}", 1),
    ]


_PAGES: dict[str, tuple[_Draw, ...]] = {
    "SHIPPING_LABEL": (_label,),
    "PACKING_SLIP": (_slip,),
    "SHIPPING_LABEL_AND_PACKING_SLIP": (_label, _slip),
    "SHIPPING_LABEL_PICTURE": (_label,),
    "HAZMAT_LABEL": (_hazmat,),
    "INVOICE_LABEL": (_invoice,),
}
DOCUMENT_TYPES = tuple(_PAGES)


def _tracking(package: Package, x: float, y: float, module: int, height: int) -> str:
    number = package.tracking_number
    if package.market == "US" and number.isdigit():
        # an Intelligent Mail package barcode: FNC1, 420 and the ZIP code, FNC1, the number
        data, mode = f">;>8420{package.postcode}>8{number}", ""
    else:
        data, mode = number, ",A"
    return f"^FO{round(x)},{round(y)}^BY{module}^BCN,{height},N,N,N{mode}^FD{data}^FS"


def _text(x: float, y: float, size: float, words: str, unit: float) -> str:
    spelled = "".join(char if char.isascii() and char not in "^~_\\" else "?" for char in words)
    return f"^FO{round(x * unit)},{round(y * unit)}^A0N,{round(size * unit)}^FD{spelled}^FS"


def _row(y: float, cells: tuple[str, str, str], unit: float) -> list[str]:
    return [_text(x, y, 28, words, unit) for x, words in zip((56, 140, 540), cells, strict=True)]


def _line(x: float, y: float, length: float, unit: float) -> str:
    thick = max(round(3 * unit), 1)
    return f"^FO{round(x * unit)},{round(y * unit)}^GB{round(length)},{thick},{thick}^FS"


def _frame(width: int, height: int, margin: int) -> list[str]:
    return [f"^FO{margin},{margin}^GB{width - 2 * margin},{height - 2 * margin},4^FS"]

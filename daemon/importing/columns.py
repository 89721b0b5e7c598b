"""Which column is which: titles as TikTok's Seller Center, shop systems and people write them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from .table import TableRefused

#: what a column is, and its titles without case, spaces and signs. TikTok's order export has Order ID, Tracking ID,
#: Shipping Provider Name, Package ID and Order Status.
_TITLES: dict[str, tuple[str, ...]] = {
    "order": ("order", "orderid", "orderids", "orderno", "ordernumber", "orders", "ordersn"),
    "package": ("package", "packageid", "packageids", "packageno", "packagenumber", "parcel", "parcelid"),
    "tracking": (
        "tracking",
        "trackingid",
        "trackingno",
        "trackingnumber",
        "trackingcode",
        "trackingnr",
        "trackingnum",
        "waybill",
        "waybillno",
        "waybillnumber",
        "awb",
        "airwaybill",
    ),
    "carrier": (
        "carrier",
        "carriername",
        "courier",
        "shippingprovider",
        "shippingprovidername",
        "shippingcarrier",
        "provider",
        "providername",
    ),
    "station": ("station", "stationid", "desk", "packingstation", "packingdesk"),
    "printer": ("printer", "printername", "printergroup"),
    "document_type": ("documenttype", "document", "doctype"),
    "copies": ("copies", "numberofcopies", "copycount"),
    "file": ("file", "filename", "label", "labelfile", "labelfilename"),
    "link": ("link", "url", "labellink", "labelurl", "docurl", "documenturl", "downloadlink"),
    "shop": ("shop", "shopname", "shopid", "store", "storename"),
    "status": ("orderstatus",),
}
_MEANING = {title: meaning for meaning, titles in _TITLES.items() for title in titles}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: where it is, and what its title is."""

    index: int
    title: str

    @property
    def shown(self) -> str:
        """Title and letter, as a spreadsheet has them."""
        number, letters = self.index + 1, ""
        while number:
            number, rest = divmod(number - 1, 26)
            letters = ascii_uppercase[rest] + letters
        return f"{self.title!r} (column {letters})"


def meaning_of(title: str) -> str | None:
    """What a title stands for."""
    return _MEANING.get("".join(sign for sign in title.casefold() if sign.isalnum()))


def is_known(title: str) -> bool:
    """Whether a title stands for something."""
    return meaning_of(title) is not None


def find(header: Sequence[str]) -> tuple[dict[str, Column], list[str]]:
    """The columns by what they are, and the titles of those that are not used.

    Raises:
        TableRefused: none tells of a label, or two are the same.
    """
    found: dict[str, Column] = {}
    unused = []
    for index, title in enumerate(header):
        column, meaning = Column(index, title[:60]), meaning_of(title)
        if meaning is None:
            unused.append(title[:60])
        elif meaning in found:
            raise TableRefused(
                f"{found[meaning].shown} and {column.shown} are both the {meaning}: leave one of them out"
            )
        else:
            found[meaning] = column
    if not found.keys() & {"file", "link", "package"}:
        titles = ", ".join(repr(title[:40]) for title in header[:8])
        raise TableRefused(
            "no column says where the labels are: the first row must hold the titles, and one of them is 'Package ID', "
            f"'file' or 'link' (it holds {titles})"
        )
    return found, [title for title in unused if title]

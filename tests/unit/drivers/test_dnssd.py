from hypothesis import given
from hypothesis import strategies as st

from labeld.drivers.dnssd import ZPL, Advert, from_txt, to_txt

ZEBRA = Advert(
    make_and_model="ZTC ZD421-203dpi ZPL",
    product="(ZTC ZD421-203dpi ZPL)",
    note="Packing line 2",
    formats=(ZPL,),
    uuid="cbf40622-0000-3000-8000-94ddf83a5d08",
    manufacturer="Zebra Technologies",
    model="ZTC ZD421-203dpi ZPL",
    languages=("ZPL",),
    label_printer=True,
)


def wire(advert: Advert) -> dict[bytes, bytes | None]:
    return {key.encode(): value.encode() for key, value in to_txt(advert).items()}


def test_an_advert_comes_back_from_its_record() -> None:
    assert from_txt(wire(ZEBRA)) == ZEBRA
    assert (ZEBRA.speaks_zpl, ZEBRA.dpi) == (True, 203)
    assert to_txt(ZEBRA)["PaperMax"] == "<legal-A4"


def test_lprints_record_is_read() -> None:
    """As reported in michaelrsweet/pappl issue 331."""
    advert = from_txt(
        {
            b"PaperMax": b"<legal-A4",
            b"product": b"(Zebra ZPL 4-inch/203dpi/Direct-Thermal)",
            b"priority": b"100",
            b"pdl": b"image/pwg-raster,image/urf,application/vnd.zebra-zpl,image/png",
            b"ty": b"Zebra ZPL 4-inch/203dpi/Direct-Thermal",
        }
    )
    assert (advert.speaks_zpl, advert.label_printer, advert.dpi) == (True, True, 203)


def test_an_office_printer_with_a_label_tray_is_no_zebra() -> None:
    """As reported in OpenPrinting/ipp-usb issue 109."""
    advert = from_txt(
        {
            b"kind": b"document,envelope,label,postcard",
            b"usb_MFG": b"Brother",
            b"usb_CMD": b"PJL,PCL,PCLXL,URF",
            b"ty": b"Brother MFC-L8390CDW series",
        }
    )
    assert (advert.speaks_zpl, advert.label_printer, advert.dpi) == (False, True, None)


def test_keys_compare_without_case_and_the_first_counts() -> None:
    assert from_txt({b"TY": b"one", b"ty": b"two"}).make_and_model == "one"


def test_two_resolutions_in_the_name_are_none() -> None:
    assert from_txt({b"ty": b"Zebra 203dpi", b"product": b"(Zebra 300 dpi)"}).dpi is None


def test_each_string_fits_its_length_byte() -> None:
    long = Advert(make_and_model="\u00e4" * 300, note="n" * 400)
    assert all(len(f"{key}={value}".encode()) <= 255 for key, value in to_txt(long).items())


@given(st.dictionaries(st.binary(max_size=12), st.none() | st.binary(max_size=40), max_size=6))
def test_no_record_makes_reading_fail(record: dict[bytes, bytes | None]) -> None:
    assert isinstance(from_txt(record), Advert)

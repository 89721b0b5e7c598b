"""Tables as shops, spreadsheets and people write them."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.daemon.importing import cells, importer
from labeld.daemon.importing.columns import is_known
from labeld.daemon.importing.rows import Reading
from labeld.daemon.importing.table import TableRefused, read

ORDER, PACKAGE, TRACKING = "576653688135258178", "1152921504606846976", "9400111899223100001234"
#: a few columns of Seller Center's order export, with its explanations below the titles and its tabs
EXPORT = (
    "Order ID,Order Status,SKU ID,Quantity,Tracking ID,Shipping Provider Name,Recipient,Package ID\r\n"
    "Platform unique order ID.,Current order status.,Platform SKU ID.,SKU sold quantity.,The order's tracking number.,"
    "Name of the provider.,Name of the recipient.,Package ID.\r\n"
    f'"{ORDER}\t",To ship,1,2,"{TRACKING}\t",USPS,"Doe, Jane","{PACKAGE}\t"\r\n'
    f'"{ORDER}\t",To ship,2,1,"{TRACKING}\t",USPS,"Doe, Jane","{PACKAGE}\t"\r\n'
    f'"576653688135258179\t",Canceled,3,1,"","","Doe, Jim","1152921504606846977\t"\r\n'
)


def understood(text: str | bytes) -> Reading:
    return importer.read(text if isinstance(text, bytes) else text.encode())


def fault(text: str, row: int) -> str:
    """The one fault, which is in `row`, with its column."""
    (found,) = understood(text).faults
    assert found.number == row
    return f"{found.column}: {found.because}"


def test_tiktoks_export_is_one_label_per_package() -> None:
    reading = understood(EXPORT)
    assert reading.faults == ()
    (row,) = reading.rows
    assert (row.number, row.order_ids, row.package_id, row.tracking_number) == (3, (ORDER,), PACKAGE, TRACKING)
    assert row.carrier == "USPS"
    assert row.copies is None  # Quantity counts what is in the parcel
    assert [(one.number, one.because) for one in reading.passed] == [
        (2, "it explains the columns"),
        (4, "the same label as row 3"),
        (5, "its order is canceled (Order Status is 'Canceled')"),
    ]
    assert "Recipient" in reading.notes[0]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_separators_and_encodings_are_told_apart(separator: str, encoding: str) -> None:
    rows = [["Package-ID", "tracking_number", "Station", "Note"], [PACKAGE, TRACKING, "Päckchen 1", "a, b; c"]]
    file = io.StringIO()
    csv.writer(file, delimiter=separator).writerows(rows)
    reading = understood(file.getvalue().encode(encoding))
    (row,) = reading.rows
    assert (row.package_id, row.tracking_number, row.station) == (PACKAGE, TRACKING, "Päckchen 1")
    assert any("Windows-1252" in note for note in reading.notes) is (encoding == "cp1252")


def test_excels_own_first_line_is_no_row() -> None:
    assert fault(f"sep=;\r\nPackage ID;copies\r\n{PACKAGE};zero\r\n", 2).startswith("'copies' (column B): 'zero' is no")


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("9.40011E+21", "digits are lost"),
        ("9,40011E+21", "digits are lost"),
        ("576653688135258178.0", "decimals"),
        ("########", "too narrow"),
        ("=A2&B2", "is a formula"),
        ("#REF!", "is a formula"),
        ("12\n34", "more than one line"),
        ("9" * 201, "limit is 200"),
    ],
)
def test_what_a_spreadsheet_broke_is_told_with_row_and_column(cell: str, words: str) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([["Package ID", "Tracking ID"], [PACKAGE, TRACKING], [], ["1152921504606846977", cell]])
    said = fault(file.getvalue(), 4)
    assert said.startswith("'Tracking ID' (column B): ")
    assert words in said


@pytest.mark.parametrize(
    "cell", [f'="{PACKAGE}"', f"'{PACKAGE}", f"{PACKAGE}\t", f"\u00a0{PACKAGE}\u200b ", f'= "{PACKAGE}"']
)
def test_what_keeps_excel_away_is_taken_off(cell: str) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([["Package ID"], [cell]])
    assert understood(file.getvalue()).rows[0].package_id == PACKAGE


def test_numbers_that_lost_digits_show_beside_the_others() -> None:
    rounded = "Package ID,Order ID\n1152921504606840000,576653688135258000\n1152921504606850000,576653688135259000\n"
    assert [one.column for one in understood(rounded).faults] == ["'Order ID' (column B)", "'Package ID' (column A)"]
    assert understood("Package ID\n1152921504606846970\n").faults == ()
    numbers = ["771234567890", "781234567891", "791234567892", "12345678901"]
    table = "file,tracking,carrier\n" + "".join(f"{n}.pdf,{number},FedEx\n" for n, number in enumerate(numbers))
    assert "12345678901 has 11 digits, the others have 12" in fault(table, 5)
    assert understood(table.replace("12345678901,FedEx", "12345678901,UPS")).faults == ()


def test_rows_of_one_label_must_say_the_same() -> None:
    said = fault(f"package,tracking,copies\n{PACKAGE},{TRACKING},1\n{PACKAGE},{TRACKING},2\n", 3)
    assert "that of row 2, which says 1 and not 2" in said
    assert "row 2" in fault("file,tracking\na.pdf,1Z1\nA.pdf,1Z2\n", 3)


def test_a_row_must_say_where_its_label_is() -> None:
    assert "'Package ID' (column A) or 'file' (column B) must be filled" in fault("Package ID,file,order\n,,17\n", 2)
    assert "quotes" in fault(f"Package ID,note\n{PACKAGE},a,b\n", 2)
    assert "document type" in fault(f"Package ID,document type\n{PACKAGE},postcard\n", 2)
    (row,) = understood("file,document type\nC:\\labels\\1.pdf,packing slip\n").rows
    assert (row.file, row.document_type) == ("1.pdf", "PACKING_SLIP")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\n\n", "empty"),
        (b"PK\x03\x04\0\0", "save it as CSV"),
        (b"\xd0\xcf\x11\xe0", "save it as CSV"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\r", "not text"),
        (b"Package ID\n\x81\x8d\n", "not text"),
        (b"Order ID,Tracking ID\n1,2\n", "no column says where the labels are"),
        (b"Package ID,package_id\n1,2\n", "are both the package"),
        (b'Package ID,note\n1,"open\n2,x\n', "row 2"),
        (b"Package ID\n" * 5002, "limit is 5000"),
        (b"x" * (4 * 1024 * 1024 + 1), "split it"),
    ],
)
def test_what_is_no_table_is_refused_as_a_whole(data: bytes, words: str) -> None:
    with pytest.raises(TableRefused, match=words):
        understood(data)


def test_errors_and_labels_are_bounded() -> None:
    many = understood("Package ID,copies\n" + "".join(f"{n},x\n" for n in range(1, 1500)))
    assert len(many.faults) == 200
    assert many.notes == ("1299 more errors are not shown",)
    assert "split the table" in understood("Package ID\n" + "".join(f"{n}\n" for n in range(1, 503))).faults[0].because


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: ("Package ID,copies\n" + text).encode("utf-8")))
def test_any_bytes_are_a_table_or_refused(data: bytes) -> None:
    try:
        reading = understood(data)
    except TableRefused as error:
        assert "\n" not in str(error)
        return
    for one in reading.faults:
        assert one.number >= 2
        assert one.because
    numbers = [one.number for one in reading.rows] + [one.number for one in reading.passed]
    assert len(numbers) == len(set(numbers))


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)


@given(
    st.lists(st.lists(_TEXT, min_size=2, max_size=2), min_size=1, max_size=8),
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8-sig", "utf-16"]),
)
def test_what_is_written_is_read(rows: list[list[str]], separator: str, encoding: str) -> None:
    file = io.StringIO()
    csv.writer(file, delimiter=separator).writerows([["Package ID", "Tracking ID"], *rows])
    table = read(file.getvalue().encode(encoding), is_known)
    assert table.header == ("Package ID", "Tracking ID")
    filled = [(number, tuple(row)) for number, row in enumerate(rows, 2) if any(cell.strip() for cell in row)]
    assert [(line.number, line.cells) for line in table.lines] == filled


@given(st.text(max_size=30))
def test_a_plain_cell_stays_as_it_is(text: str) -> None:
    once = cells.plain(text)
    assert once == once.strip()
    assert cells.plain(f'="{once}"') == once or '"' in once or once.startswith("'")

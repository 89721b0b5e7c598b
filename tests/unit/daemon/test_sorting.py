"""Which pages of a merged file are one job."""

from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from labeld.daemon.uploads.sorting import Sorted, sort_pages
from labeld.renderers.contents import PageReading
from labeld.renderers.tracking import Tracking

Kind = Literal["label", "sheet", "plain", "blank"]


def page(
    number: int,
    kind: Kind = "label",
    *numbers: Tracking,
    slip: bool = False,
    mentions: tuple[str, ...] = (),
    digest: str = "",
) -> PageReading:
    written = kind in ("sheet", "plain")
    return PageReading(number, kind, slip, written, numbers, mentions, digest or f"look-{number}")


def carriers(number: str) -> Tracking:
    return Tracking(0, number, "UPS")


def told(found: Sorted) -> list[tuple[str, tuple[int, ...], str | None]]:
    return [(item.kind, item.pages, item.number) for item in found.items]


def test_twelve_pages_of_ten_orders_whose_slips_go_on_are_ten_labels() -> None:
    pages = [page(number, "label", carriers(f"N{number}")) for number in range(1, 11)]
    pages += [page(11, "sheet", slip=True, mentions=("ORDER00000",)), page(12, "sheet")]
    pages[3] = page(4, "label", carriers("N4"), mentions=("ORDER00000",))
    found = told(sort_pages(pages))
    assert [one for one in found if one[0] == "label"] == [("label", (n,), f"N{n}") for n in range(1, 11)]
    assert found[4] == ("slip", (11, 12), "N4")


def test_a_slip_on_label_stock_goes_on_with_its_second_page() -> None:
    pages = [
        page(1, "label", carriers("A1")),
        page(2, "plain", slip=True),
        page(3, "plain"),
        page(4, "label", carriers("B2")),
    ]
    assert told(sort_pages(pages)) == [("label", (1,), "A1"), ("slip", (2, 3), "A1"), ("label", (4,), "B2")]


def test_a_slip_with_the_bars_of_its_label_is_a_slip() -> None:
    pages = [page(1, "label", carriers("A1")), page(2, "label", carriers("A1"), slip=True)]
    assert told(sort_pages(pages)) == [("label", (1,), "A1"), ("slip", (2,), "A1")]
    # and a page that has both is the label
    assert told(sort_pages(pages[1:])) == [("label", (2,), "A1")]


def test_a_route_on_all_labels_is_nobodys_number() -> None:
    route = Tracking(2, "ROUTE12345")
    pages = [page(number, "label", route, Tracking(2, f"OWN1234{number}")) for number in (1, 2)]
    assert told(sort_pages([*pages, page(3, "label", route)])) == [
        ("label", (1,), "OWN12341"),
        ("label", (2,), "OWN12342"),
        ("unnumbered", (3,), None),
    ]


def test_two_pages_of_one_carriers_number_are_one_job_and_equal_pages_count_once() -> None:
    pages = [
        page(1, "label", carriers("A1"), digest="x"),
        page(2, "label", carriers("A1")),
        page(3, "blank"),
        page(4, "label", carriers("A1"), digest="x"),
    ]
    found = sort_pages(pages)
    assert told(found) == [("label", (1, 2), "A1")]
    assert (found.blank, dict(found.same)) == ((3,), {4: 1})


def test_a_plain_page_behind_a_label_is_a_label_without_a_number() -> None:
    assert told(sort_pages([page(1, "label", carriers("A1")), page(2, "plain")]))[1] == ("unnumbered", (2,), None)


def test_slips_alone_belong_to_nobody() -> None:
    assert told(sort_pages([page(1, "sheet", slip=True), page(2, "sheet")])) == [("slip", (1, 2), None)]


NUMBERS = st.builds(Tracking, st.sampled_from((0, 1, 2)), st.sampled_from(("AAAA11111", "BBBB22222", "CCCC33333")))
READINGS = st.builds(
    PageReading,
    st.just(0),
    st.sampled_from(("label", "sheet", "plain", "blank")),
    st.booleans(),
    st.booleans(),
    st.lists(NUMBERS, max_size=3).map(tuple),
    st.lists(st.sampled_from(("AAAA11111", "ORDER1111", "ORDER2222")), max_size=2).map(tuple),
    st.sampled_from([f"{digest:064x}" for digest in range(6)]),
)


@given(st.lists(READINGS, min_size=1, max_size=12))
def test_every_page_goes_to_one_place(readings: list[PageReading]) -> None:
    pages = [
        PageReading(number, one.kind, one.slip, one.written, one.numbers, one.mentions, one.digest)
        for number, one in enumerate(readings, 1)
    ]
    found = sort_pages(pages)
    places = [number for item in found.items for number in item.pages] + [*found.blank, *found.same]
    assert sorted(places) == list(range(1, len(pages) + 1))
    labels = [item.number for item in found.items if item.kind == "label"]
    assert len(labels) == len(set(labels))
    assert all(list(item.pages) == sorted(item.pages) for item in found.items)
    assert len({item.key for item in found.items}) == len(found.items)

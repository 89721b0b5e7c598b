"""The table of faults in docs/printers.md is what happens."""

from pathlib import Path

from labeld.drivers.virtual import FaultKind
from labeld.drivers.virtual.faults import form

from .fault_matrix import PAGE, ROWS, matrix, page


def test_every_fault_has_its_row_and_is_explained() -> None:
    played = {kind for row in ROWS for kind in (row.kind, *row.others)}
    # a printer of another language is so from the start, and has tests of its own (test_acquaintance)
    assert played == set(FaultKind) - {FaultKind.LINE_MODE}
    _, _, simulated = PAGE.read_text("utf-8").partition("## The simulated one")
    assert [kind for kind in FaultKind if f"`{form(kind)}`" not in simulated] == []


async def test_no_fault_loses_a_label_or_prints_it_twice_and_the_page_says_what_happens(tmp_path: Path) -> None:
    cells = await matrix(tmp_path)
    assert [f"{cell.row.kind}, {cell.phase}: {cell.wrong}" for cell in cells if cell.wrong] == []
    text = PAGE.read_text("utf-8")
    assert page(text, cells) == text

"""The table of faults in docs/printers.md is what happens."""

from pathlib import Path

from labeld.drivers.virtual import FaultKind

from .fault_matrix import PAGE, ROWS, matrix, page


def test_every_fault_has_its_row() -> None:
    played = {kind for row in ROWS for kind in (row.kind, *row.others)}
    # a printer of another language is so from the start, and has tests of its own (test_acquaintance)
    assert played == set(FaultKind) - {FaultKind.LINE_MODE}


async def test_no_fault_loses_a_label_or_prints_it_twice_and_the_page_says_what_happens(tmp_path: Path) -> None:
    cells = await matrix(tmp_path)
    assert [f"{cell.row.kind}, {cell.phase}: {cell.wrong}" for cell in cells if cell.wrong] == []
    text = PAGE.read_text("utf-8")
    assert page(text, cells) == text

"""The ZPL cases, where they lie beside the checkout: labeld's pictures against the references, by the cases' scorer."""

import shutil
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ..conformance import door
from ..conformance.cases import Answer, Case, Row, cases, in_two_processes, score, smoke

pytest.importorskip("scipy", reason="the scorer needs SciPy")

ALL = cases()
GROUPS = sorted({case.group for case in ALL if case.entry["reference"] == "labelary"})

pytestmark = [
    pytest.mark.cases,
    pytest.mark.skipif(not ALL, reason="no ZPL cases beside this checkout"),
]


class Copied:
    """A renderer that knows the answers."""

    def __init__(self, answer: Path) -> None:
        self.answer = answer

    def render(self, job: dict[str, Any]) -> Answer:
        shutil.copyfile(self.answer, job["png"])
        return None, 0.0


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """What the scorer says of labeld, case by case."""
    return in_two_processes(score, ALL)


def mean(rows: list[Row], of: str) -> float:
    return statistics.mean(float(row[of]) for row in rows if row[of] is not None)


def told(rows: list[Row]) -> str:
    """The worst, for whoever reads the failure."""
    worst = sorted(rows, key=lambda row: row["f1"])[:10]
    return "; ".join(f"{row['name']} {row['f1']:.3f} {row['note']}" for row in worst)


@pytest.mark.parametrize("case", ALL[::20], ids=lambda case: str(case.name))
def test_the_scorer_knows_a_reference_from_blank_paper(case: Case, tmp_path: Path) -> None:
    itself = score(case, Copied(case.reference))
    assert (itself["f1"], itself["iou"], itself["size_equal"], itself["missing"]) == (1.0, 1.0, True, [])
    assert itself["f1_small"] in (1.0, None)
    Image.fromarray(np.full((case.height, case.width), 255, np.uint8)).save(tmp_path / "blank.png")
    blank = score(case, Copied(tmp_path / "blank.png"))
    assert (blank["f1"], blank["barcodes_hit"]) == (0.0, 0)


def test_every_case_is_drawn_at_its_size(rows: list[Row]) -> None:
    assert [f"{row['name']}: {row['note']}" for row in rows if not row["ok"]] == []
    assert [row["name"] for row in rows if not row["size_equal"]] == []


def test_carriers_labels_are_as_they_should_be(rows: list[Row]) -> None:
    carriers = [row for row in rows if row["group"] == "carrier"]
    assert mean(carriers, "f1") >= 0.96, told(carriers)
    assert mean(carriers, "f1_small") >= 0.93, told(carriers)
    assert {row["name"]: row["missing"] for row in carriers if row["missing"]} == {}


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_is_as_it_should_be(rows: list[Row], group: str) -> None:
    of_it = [row for row in rows if row["group"] == group]
    assert mean(of_it, "f1") >= 0.95, told(of_it)


def test_all_cases_together_are_as_they_should_be(rows: list[Row]) -> None:
    assert mean(rows, "f1") >= 0.95, told(rows)
    wanted, read = (sum(row[of] for row in rows) for of in ("barcodes_ref", "barcodes_hit"))
    assert read >= 0.98 * wanted, {row["name"]: row["missing"] for row in rows if row["missing"]}


@pytest.mark.parametrize(("zpl", "width", "height"), [pytest.param(*label, id=name) for name, *label in smoke()])
def test_real_labels_without_a_reference_are_drawn(zpl: bytes, width: int, height: int) -> None:
    drawn = door.labels(zpl, width, height)
    assert {(label.width, label.height) for label in drawn} <= {(width, height)}

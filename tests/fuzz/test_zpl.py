"""A short run of the ZPL fuzzer, the same every time; and that it would notice."""

import os
import subprocess
import sys
from collections.abc import Callable
from itertools import islice
from random import Random

import pytest
from tests.conformance import door

from labeld.renderers.bitmap import Bitmap
from labeld.renderers.errors import AssetRefused

from .seeds import ROOT
from .zpl import Document, documents, judged
from .zpl_documents import MUTATIONS, written
from .zpl_hostile import hostile

GOOD = Document(0, "", b"^XA^FO9,9^GB99,99,9^FS^XZ")


def test_costly_labels_and_spoiled_ones_are_drawn_or_refused() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / ".src"), str(ROOT)))}
    # the time limit is that of a loaded machine
    arguments = ["--alone", "--seed", "slice", "--count", str(len(hostile()) + 250), "--limit", "60"]
    command = [sys.executable, "-m", "tests.fuzz.zpl", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 faults" in done.stdout
    assert "  drawn\n" in done.stdout


def test_a_seed_gives_the_same_labels_from_any_number_on() -> None:
    first = len(hostile())
    run = list(islice(documents("one", first, beside=False), 20))
    assert list(islice(documents("one", first + 12, beside=False), 8)) == run[12:]
    assert [one.zpl for one in islice(documents("two", first, beside=False), 20)] != [one.zpl for one in run]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: str(mutation.__name__))
def test_a_mutation_changes_labels(mutation: Callable[..., list[bytes]]) -> None:
    commands = [b"^XA", b"^FO1,2", b"^A0N,30", b"^FDone", b"^FS", b"^XZ"]
    spoiled = [mutation(Random(number), commands, [b"^GB9,9"]) for number in range(50)]  # noqa: S311 - to be repeated
    assert any(one != commands for one in spoiled)
    assert commands == [b"^XA", b"^FO1,2", b"^A0N,30", b"^FDone", b"^FS", b"^XZ"]
    assert isinstance(mutation(Random(1), [], []), list)  # noqa: S311 - to be repeated


def test_labels_written_by_chance_have_all_kinds_of_fields() -> None:
    text = b"".join(written(Random(number)) for number in range(60))  # noqa: S311 - to be repeated
    assert all(
        name in text for name in (b"^FO", b"^FT", b"^A0", b"^BC", b"^BQ", b"^BX", b"^GB", b"^GFA", b"^FB", b"^FH")
    )


def test_what_is_ours_is_no_fault() -> None:
    assert (judged(GOOD).kind, judged(GOOD).fault) == ("drawn", "")
    refused = judged(Document(0, "", b"^XA^DFA^FS^XFA^FS^XZ^XA^XFA^FS^XZ"))
    assert (refused.kind, refused.fault) == ("AssetRefused", "")


def _raises() -> list[Bitmap]:
    raise KeyError(7)


def _says_nothing() -> list[Bitmap]:
    raise AssetRefused("")


def _never_ends() -> list[Bitmap]:
    while True:
        pass


def _takes_memory() -> list[Bitmap]:
    return [] if len(b"x" * 600_000_000) else [Bitmap.blank(1, 1)]


def _is_of_another_size() -> list[Bitmap]:
    return [Bitmap.blank(3, 4)]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (_raises, "an error that is not ours: KeyError(7) in test_zpl.py"),
        (_says_nothing, "the message is empty"),
        (_never_ends, "it took "),
        (_takes_memory, "it took 6"),
        (_is_of_another_size, "labels of other sizes"),
    ],
)
def test_what_is_wrong_is_told(monkeypatch: pytest.MonkeyPatch, wrong: Callable[[], list[Bitmap]], words: str) -> None:
    monkeypatch.setattr(door, "read", lambda *_: [(bitmap, ()) for bitmap in wrong()])
    assert judged(GOOD, most_seconds=0.1 if wrong is _never_ends else 60).fault.startswith(words)

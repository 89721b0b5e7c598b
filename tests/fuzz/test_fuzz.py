"""A short run of the fuzzer, the same every time; and that it would notice."""

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from tests.rendering import REQUEST

from . import layers, pure
from .__main__ import documents
from .judge import Pool, unclear
from .minimise import minimised
from .mutations import MUTATIONS
from .seeds import GOOD, ROOT, seeds


def test_spoiled_documents_are_answered_and_leave_nothing_behind(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(ROOT / ".src"), str(ROOT))),
        "TMPDIR": str(tmp_path),
    }
    # the time limit is that of a loaded machine
    arguments = ["--alone", "--seed", "slice", "--count", "250", "--limit", "60"]
    command = [sys.executable, "-m", "tests.fuzz", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n0 faults" in done.stdout
    assert "  converted\n" in done.stdout


def test_a_seed_gives_the_same_documents_from_any_number_on() -> None:
    run = list(islice(documents("one", 0, beside=False), 20))
    assert list(islice(documents("one", 12, beside=False), 8)) == run[12:]
    assert [document.data for document in islice(documents("two", 0, beside=False), 20)] != [one.data for one in run]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: str(mutation.__name__))
def test_a_mutation_takes_every_document(mutation: object) -> None:
    assert callable(mutation)
    known = [document for family in seeds(beside=False) for document in family.values()]
    rng = Random(1)  # noqa: S311 - to be repeated
    spoiled = [mutation(rng, document, known[0]) for document in (b"", *known)]
    assert any(after not in (None, before) for before, after in zip((b"", *known), spoiled, strict=True))


@pytest.mark.parametrize("name", ["z64.zpl", "b64.zpl", "grey.png", "ours.pdf", "gzip", "base64"])
def test_what_is_inside_is_reached_and_closed_again(name: str) -> None:
    known = {name: document for family in seeds(beside=False) for name, document in family.items()}
    seen: list[bytes] = []

    def change(content: bytes) -> bytes:
        seen.append(content)
        return content

    closed = layers.inside(Random(4), known[name], change)  # noqa: S311 - to be repeated
    assert closed is not None
    assert seen[0]
    assert pure.look(closed).kind == pure.look(known[name]).kind


@pytest.mark.parametrize(
    "words",
    [
        "",
        " \n",
        "two\nlines",
        "a\x1b[31m colour",
        "x" * 1001,
        "KeyError: 7",
        "<_io.BytesIO object at 0x7f>",
        "half \ud800",
    ],
)
def test_what_is_no_clear_line_is_told(words: str) -> None:
    assert unclear(words)
    assert not unclear("the PDF is cut off: its end mark (%%EOF) is missing after 17 bytes")


async def test_an_error_that_a_render_process_does_not_catch_is_told(tmp_path: Path) -> None:
    log = tmp_path / "stderr"
    log.touch()
    own = os.dup(2)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 2)
    try:
        async with Pool(log, GOOD.read_bytes(), 60) as pool:
            outcome = await pool.render(replace(REQUEST, media="none"), GOOD.read_bytes())
            assert await pool.still_good() == ""
    finally:
        os.dup2(own, 2)
        os.close(own)
    assert outcome.kind == "crashed twice"
    assert "media 'none' is not known" in outcome.fault


def test_a_fault_is_kept_while_a_document_shrinks() -> None:
    async def fails(data: bytes) -> bool:
        return b"<" in data and b">" in data

    document = b"a" * 500 + b"<" + b"b" * 500 + b">" + b"c" * 500
    assert len(asyncio.run(minimised(document, fails, tries=200))) < 20

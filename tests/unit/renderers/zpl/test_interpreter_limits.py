"""What is said of a label that is not all on its paper, and what hostile ones may ask for at most."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.renderers.errors import AssetRefused

from .printed import bits, field, ink, label, labels

DOT = b"^GB6,4,4"  # 6 x 4 dots


# --- what is said


def test_what_prints_over_the_edges_is_told() -> None:
    def said(content: bytes, before: bytes = b"") -> list[str]:
        one = label(field(content, before))
        assert {finding.severity for finding in one.findings} <= {"warning"}
        return [finding.message for finding in one.findings]

    over = "this prints %s of the label, where it is cut off"
    assert said(b"^FO394,5" + DOT) == said(b"^FO0,0^GB400,300,2") == []
    assert said(b"^FO396,5" + DOT) == [over % "2 dots over the right edge"]
    assert said(b"^FO396,299" + DOT) == [over % "2 dots over the right edge and 3 dots over the bottom edge"]
    assert said(b"^FO2,9,1" + DOT) == [over % "4 dots over the left edge"]
    assert said(b"^FT2,3" + DOT) == [over % "1 dot over the top edge"]
    assert said(b"^FO900,5" + DOT) == [over % "506 dots over the right edge"]
    assert said(b"^FO396,5^GB6,4,4,W") == [], "white is not missed"
    assert said(b"^FO396,5^GFA,2,2,1,8000") == [], "nor is what is blank"
    assert said(b"^FO390,5^GFA,2,2,1,8007") == said(b"^FO390,5^GFA,1,1,1,FF") == []
    assert said(b"^FO393,5^GFA,1,1,1,FF") == [over % "1 dot over the right edge"]
    assert said(b"^FO380,5^BY2^BCN,40,N^FDA") == [over % "72 dots over the right edge"]
    assert said(b"^FO396,5" + DOT, b"^POI") == [over % "2 dots over the right edge"], "as the label is written"


@given(
    st.sampled_from([b"N", b"R", b"I", b"B"]),
    st.integers(0, 390),
    st.integers(0, 290),
    st.sampled_from([b"Hg", b"i j"]),
)
def test_text_over_the_edges_is_told_to_the_dot(turn: bytes, x: int, y: int, text: bytes) -> None:
    content = b"^A0%b,40^FT%d,%d^FD%b" % (turn, x + 200, y + 200, text)
    whole = ink(field(content), 1000, 1000)
    assert whole is not None
    left, top, right, bottom = whole
    one = label(b"^XA^LS200^LT-200" + content + b"^FS^XZ")
    over = {"left": 200 - left, "top": 200 - top, "right": right - 600, "bottom": bottom - 500}
    told = " and ".join(f"{dots} dot{'s' * (dots > 1)} over the {edge} edge" for edge, dots in over.items() if dots > 0)
    misses = max(over["left"], 0) >= right - left or max(over["right"], 0) >= right - left
    misses = misses or over["top"] >= bottom - top or over["bottom"] >= bottom - top
    if told and not misses:
        (finding,) = one.findings
        assert (finding.message, finding.start) == (f"this prints {told} of the label, where it is cut off", 23)
    assert bool(one.findings) == bool(told)
    assert bool(one.scene.marks) or misses
    assert not (bits(one).any() and misses)


# --- hostile labels


@pytest.mark.parametrize(
    ("zpl", "words"),
    [
        (b"^XA" + b"^GB1^FS" * 50_001 + b"^XZ", "more than 50000 shapes"),
        (b"^XA" + b"^FN1^FO1,1^FS" * 50_001 + b"^XZ", "more than 50000 shapes"),
        (b"^XA" + b"^GB400,300,300^FS" * 45_000 + b"^XZ", "draws too much"),
        (b"^XA" + b"^BCN,9^FDA^FS" * 5001 + b"^XZ", "more than 5000 barcodes"),
        (b"^XA^DFA^FS^FB0^FD" + b"H" * 9000 + b"^FS^XZ^XA" + b"^XFA^FS" * 999 + b"^XZ", "more than 2000000 characters"),
        (b"^XA" + b"^GFA,9,9000000,100,FF^FS" * 9 + b"^XZ", "too large"),
        (b"^XA^FT200,200^FB9,9,9,J^A0N,999999999^FD" + b"a b" * 3000 + b"^FS^XZ", "draws too much"),
        (b"~DGR:A,900000,100,FF^XA^XGA,9,9^FS^XGA,8,9^FS^XZ", "too large"),
        (b"^XA^FO0,0^GB9,9,9^FS" + b"^ISA,N^FS" * 5000 + b"^XZ", "graphics are too large"),
        (b"^XA" + b"^GB1^FS" * 20_000 + b"^ISA,N^FS" * 5000 + b"^XZ", "draws too much"),
    ],
)
def test_what_is_too_much_is_refused(zpl: bytes, words: str) -> None:
    with pytest.raises(AssetRefused, match=words):
        labels(zpl)


def test_a_graphic_counts_once_however_often_it_is_drawn() -> None:
    zpl = b"^XA^FO9,9^GFA,9,9000000,100,FF^FS^FO9,90^A0N,30^SN1,1,Y^FS^PQ20^XZ"
    assert len(labels(zpl)) == 20


@pytest.mark.parametrize(
    "content",
    [
        b"^A0N,32000^FD" + b"Hg" * 500,
        b"^A0R,32000,1^FD" + bytes(range(33, 94)) * 100,
        b"^A0N,30^FB300,9999,9999,J,300^FD" + b"a b" * 5000,
        b"^A0N,30^FB32000,9999^FD" + b"a " * 9000,
        b"^A0N,30^FB2,9999^FD" + b"a\\-" * 9000,
        b"^A0N,30^TBN,1,32000^FD" + b"a" * 19000,
        b"^A0N,30^FPV,9999^FD" + b"a" * 19000,
        b"^A0N,30^FPR,9999^FD" + b"a" * 19000,
        b"^GB999999999,999999999,999999999,B,8",
        b"^GC999999999,999999999",
        b"^GE999999999,999999999,999999999",
        b"^GD999999999,999999999,999999999",
        b"^BY999999999,3,999999999^BCN^FDA",
        b"^FB9,9,9,J^A0N,999999999^FD" + b"a b" * 30,
    ],
)
def test_huge_things_are_drawn_as_far_as_they_are_on_the_label(content: bytes) -> None:
    for place in (b"^FO1,1", b"^FT200,200", b"^FO999999999,999999999", b"^LH999999999,5^FO5,5", b"^MUI^FO9999999,1"):
        for target in (203, 600):
            (one,) = labels(field(place + content), target=target)
            assert len(one.scene.marks) <= 2001
            assert bits(one).shape == (300, 400)


PIECES = st.sampled_from(
    """
    ^XA ^XZ ^FS ^FO1,1 ^FO5,9,1 ^FT ^FT9,9 ^A0N,9 ^A@N,9,9,X ^AAR ^CF0,9 ^FWR,1 ^FDab ^FD ^FVz ^FN1 ^FN2 ^DFA ^XFA ^XFB
    ^SN1,2,N ^SFd ^PQ3,0,2 ^ISP,N ^ISP ^ILP ^XGP,2,2 ^IMP ^GB5,5,2 ^GC9 ^GD9,9 ^GE9,9 ^GFA,4,4,2,F:,! ^FR ^LRY ^LH3,3
    ^PW9 ^PMY ^POI ^MUM ^MUD ^JMB ^JMA ^FB20,2,1,J ^TBN,20,20 ^FPV ^FPR,2 ^BCN,9 ^BQN,2,2 ^BEN,9 ^B7 ^BY1 ^CI28 ^CWA,B
    ^FH ^FXx ~DGP,2,1,FFFF
    """.split()  # noqa: SIM905  # a table to be read by people
)


@given(st.lists(PIECES, max_size=40))
def test_any_order_of_commands_is_drawn_or_refused(pieces: list[str]) -> None:
    try:
        found = labels("".join(pieces).encode(), 24, 16)
    except AssetRefused:
        return
    for one in found:
        assert bits(one).shape == (16, 24)
        assert one.copies >= 1
        assert set(one.missing) <= set(one.findings)
        assert list(one.findings) == sorted(one.findings, key=lambda said: said.start)

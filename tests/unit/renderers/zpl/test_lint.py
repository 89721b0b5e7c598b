import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.renderers.media import Resolution
from labeld.renderers.zpl.findings import Finding
from labeld.renderers.zpl.lexer import lex
from labeld.renderers.zpl.lint import MAX_FINDINGS, lint

_IN_TEXT = (
    "1:14: error: the ZPL command '^B' is not allowed "
    "(write ^ and ~ in printed text as _5E and _7E, with ^FH before ^FD)"
)
_OTHERWISE = "(printers take another value or none)"
_LEFT_OUT = "(leave it out)"
_STORED = (
    "1:10: warning: ^XG uses a graphic stored in the printer: 'E:LOGO.GRF' "
    "(send it with the label: ~DG or ^DF before it)"
)


def _lines(zpl: bytes) -> list[str]:
    return [str(finding) for finding in lint(zpl, lex(zpl))]


def test_a_sound_label_has_no_findings() -> None:
    assert _lines(b"^XA^CI28^PW812^FO10,10^A0N,30,30^FDJ\xc3\xb6rg^FS\n^BY2,3^FO1,1^BCN,100^FDABC^FS^PQ2^XZ\n") == []


@pytest.mark.parametrize(
    ("zpl", "lines"),
    [
        (b"^XA\n^FO1^FDa^FS\n~JA^XZ", [f"3:1: error: ~JA cancels all jobs in the printer: it is refused {_LEFT_OUT}"]),
        (
            b"^XA^QQ^XZ",
            ["1:4: error: ^QQ is no command that labels may use: it is refused (look for a slip, or leave it out)"],
        ),
        (b"^XA^MNY^XZ", ["1:4: note: ^MN (media tracking) is left to the printer"]),
        (b"^XA hello^XZ", ["1:4: note: text outside of commands is not printed (begin remarks with ^FX)"]),
        (
            b"^XA^FO1,1^FDa^b^FS^XZ",
            [
                _IN_TEXT
            ],
        ),
        (
            b"^XA^FO1,40000^GB5,5,5,Q^FS^XZ",
            [
                "1:4: warning: ^FO: y is 40000, beyond 0 to 32000 (printers take another value or none)",
                "1:14: warning: ^GB: colour is 'Q', none of B W (printers take another value or none)",
            ],
        ),
        (b"^XA^FOx^GB5^FS^XZ", [f"1:4: warning: ^FO: x is 'x', which is no number {_OTHERWISE}"]),
        (b"^XA^FO1,1^XGE:LOGO.GRF^FS^XZ", [_STORED]),
        (
            b"^XA^FO1,1^AZN,9^FDa^FS^CWZ,R:A.TTF^FO1,1^AZ^FDa^FS^XZ",
            [
                "1:10: warning: the font 'Z' must be in the printer (text is drawn with font 0 where it is not)",
                "1:23: note: ^CW gives font letter 'Z' another font until the printer is off",
            ],
        ),
        (
            b"^XA^BY1^FO1,1^BCN,9^FDa^FS^XZ",
            ["1:14: warning: ^BC: modules of 1 dots (0.12 mm) are hard to scan (give 2 dots or more with ^BY)"],
        ),
        (
            b"^XA^FO1,1^BQN,2,1^FDQA,a^FS^XZ",
            ["1:10: warning: ^BQ: modules of 1 dots (0.12 mm) are hard to scan (give 2 dots or more in it)"],
        ),
        (b"^FO1,1^FDa^FS", ["1:7: error: ^FD outside of a label is not printed (write ^XA before it)"]),
        (b"^XA^FO1,1^FD ^FDa^FS^XZ", []),
        (b"^XA^FO1,1^FDa^FDb^FS^XZ", [
            "1:10: warning: the field has data twice: the first is lost (write ^FS after each)"
        ]),
        (b"^XA^FDa^FS^XZ", ["1:4: warning: ^FD has no place: it prints in the top left corner (write ^FO before it)"]),
        (b"\n^XA^FO1,1^GB5^FS", [
            "2:1: error: the label has no end: nothing of it is printed (write ^XZ after its last ^FS)"
        ]),
        (b"^XA^FO1,1^FDa^FO1,9^FDb^FS^XZ", [
            "1:10: warning: the field is not ended before ^FO (write ^FS after its data)"
        ]),
        (b"^XA^XA^XZ", ["1:4: warning: ^XA inside of a label (write ^XZ at the end of the label before)"]),
        (b"^XZ", ["1:1: warning: ^XZ without ^XA before it"]),
        (b"^XA^FO1,1^FD\xc3\xb6^FS^XZ", [
            "1:10: warning: the data is UTF-8 and would print as other letters (write ^CI28 after ^XA)"
        ]),
        (b"^XA^GFB,9,9,1,x^XZ", ["1:4: error: the binary ^GF is cut off: it declares 9 bytes and has 1"]),
        (b"~CC^^XA^MUM^FO0.5,0.5^GB9.5,0.3,0.3^FS^XZ", []),
        (b"^XA^DFR:A^FO1,1^FN1^FS^XZ^XA^XFR:A^FN1^FDa^FS^XZ", [
            "1:4: note: ^DF stores a format in the printer until it is off"
        ]),
    ],
)  # fmt: skip
def test_findings_say_where_what_and_what_to_do(zpl: bytes, lines: list[str]) -> None:
    assert _lines(zpl) == lines


def test_findings_of_others_are_put_in_their_place() -> None:
    zpl = b"^XA\n^MNY\n^FO9,9^GB5^FS\n^XZ"
    other = Finding(9, "warning", "it prints off the label", "move it")
    assert [(one.line, one.column, one.severity) for one in lint(zpl, lex(zpl), [other])] == [
        (2, 1, "note"),
        (3, 1, "warning"),
    ]


def test_a_module_is_judged_by_its_size() -> None:
    zpl = b"^XA^BY2^FO1,1^BCN,9^FDa^FS^XZ"
    assert lint(zpl, lex(zpl)) == ()
    (finding,) = lint(zpl, lex(zpl), resolution=Resolution(300))
    assert finding.hint == "give 3 dots or more with ^BY"


def test_of_many_findings_the_worst_are_kept() -> None:
    zpl = b"^XA" + b"^MNY" * 2 * MAX_FINDINGS + b"~JA^XZ"
    found = lint(zpl, lex(zpl))
    assert len(found) == MAX_FINDINGS
    assert found[-1].severity == "error"


@given(
    st.lists(
        st.sampled_from(
            ["^XA", "^XZ", "^FD\xe4", "^FO,x", "^FS", "\n", "^A9", "^A@,,,Q", "^BXN,1", "^CC-", "-FO9", "~JR"]
        )
        | st.text(max_size=4)
    ).map("".join)
)
def test_every_finding_lies_in_its_line(zpl: str) -> None:
    data = zpl.encode()
    lines = data.split(b"\n")
    for finding in lint(data, lex(data)):
        assert sum(len(line) + 1 for line in lines[: finding.line - 1]) + finding.column - 1 == finding.start

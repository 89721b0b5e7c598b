import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeld.renderers.errors import AssetRefused, CommandRefused
from labeld.renderers.zpl.lexer import MAX_PREFIX_CHANGES, PREFIX_CHANGES, Command, binary_fault, lex
from labeld.renderers.zpl.writer import normal, write


def _names(zpl: bytes) -> list[str]:
    return [command.name for command in lex(zpl)]


def _meaning(commands: tuple[Command, ...]) -> list[tuple[str, bytes]]:
    return [(command.name, command.parameters) for command in commands]


def test_changed_prefixes_take_effect_at_once_and_stay() -> None:
    zpl = b"^XA^CC-\n-FO1,2-FDa^b-FS~CT+-CC^^FDa-b^FS^XZ^XA+DGA,1,1,FF^XZ"
    commands = lex(zpl)
    assert [command.name for command in commands] == (
        "^XA ^CC ^FO ^FD ^FS ~CT ^CC ^FD ^FS ^XZ ^XA ~DG ^XZ".split()  # noqa: SIM905
    )
    assert [command.parameters for command in commands if command.name == "^FD"] == [b"a^b", b"a-b"]
    assert b"".join(zpl[command.start : command.end] for command in commands) == zpl


def test_a_changed_delimiter_cuts_the_parameters() -> None:
    commands = lex(b"^XA^FO1,2^CD;^FO1;2,5^CD,;^FO3,4^XZ")
    assert [command.fields() for command in commands if command.name == "^FO"] == [["1", "2"], ["1", "2,5"], ["3", "4"]]


def test_a_prefix_cannot_become_a_blank_or_a_control_character() -> None:
    assert _names(b"^CC\r\n^FO1,1^CC ^CD\x1f^FO^CC") == ["^CC", "^FO", "^CC", "^CD", "^FO", "^CC"]


def test_control_characters_stand_for_the_prefixes() -> None:
    assert _names(b"\x10CT~~CD,~CC^~CT~\x1eXA\x1eA0N\x1eXZ") == ["~CT", "~CD", "~CC", "~CT", "^XA", "^A", "^XZ"]
    assert lex(b"^FD[)>\x1e06\x1d^FS")[0].parameters == b"[)>\x1e06\x1d"


def test_a_prefix_before_another_prefix_is_none_whatever_the_prefixes() -> None:
    assert _names(b"^FDa~^FS") == ["^FD", "~", "^FS"]
    assert _names(b"^CC-\n-FDa~-FS") == ["^CC", "^FD", "~", "^FS"]
    assert lex(b"^FDa~1b^FS")[0].parameters == b"a~1b"


def test_too_many_changes_are_refused() -> None:
    with pytest.raises(AssetRefused, match="changes its prefixes"):
        lex(b"~CT~" * (MAX_PREFIX_CHANGES + 1))


def test_names_are_capitals_of_ascii_only() -> None:
    assert _names(b"^\xdf\xb5^fo") == ["^\xdf\xb5", "^FO"]


@pytest.mark.parametrize(
    ("zpl", "names", "fault"),
    [
        (b"~DYR:A,B,G,5,1,^XA~J^XZ", ["~DY", "^XZ"], ""),
        (b"~DYR:A,P,P,8,,\x89PNG^XA~^XZ", ["~DY", "^XZ"], ""),
        (b"~DYR:A,P,P,8,,8950^XA^XZ", ["~DY", "^XA", "^XZ"], ""),
        (b"~DYR:A,B,G,50,1,^XA^XZ", ["~DY", "^XA", "^XZ"], "is cut off: it declares 50 bytes and has 0"),
        (b"~DYR:A,B,G,,1,^XA^XZ", ["~DY", "^XA", "^XZ"], "does not begin with its lengths"),
        (b"~DYR:A^FS^XA,B,G,3,1,^XA^XZ", ["~DY", "^FS", "^XA", "", "^XA", "^XZ"], ""),
        (b"^GFB,3,3,1,^XA^XZ", ["^GF", "^XZ"], ""),
        (b"^GFB,2,3,1,^X^XZ", ["^GF", "^XZ"], "declares two lengths, 2 and 3 bytes"),
        (b"^GFC,2,3,1,^X^XZ", ["^GF", "^XZ"], ""),
        (b"^GFB,900,900,1,\1^FS^XZ", ["^GF", "^FS", "^XZ"], "is cut off: it declares 900 bytes and has 1"),
    ],
)
def test_binary_graphics_take_the_bytes_that_they_declare(zpl: bytes, names: list[str], fault: str) -> None:
    commands = lex(zpl)
    assert [command.name for command in commands] == names
    assert binary_fault(commands[0]) == fault


def test_zpl_with_the_usual_prefixes_stays_byte_for_byte() -> None:
    zpl = b"\r\n^xa^CI28 ^fo1,2\r\n^FDa~1, b^fs\n^XZ"
    assert normal(zpl, lex(zpl)) == zpl


def test_zpl_with_other_prefixes_is_written_with_the_usual_ones() -> None:
    zpl = b"^XA^CC--CD;-FO1;2-FDa^b_c,d-FS-FH\\-FVa^\\5F-FS-FXa^JA-GFA;2;2;1;F,0-FS-CC^^CD,^XZ"
    assert normal(zpl, lex(zpl)) == (b"^XA^FO1,2^FH_^FDa_5Eb_5Fc,d^FS^FH\\^FVa\\5E\\5F^FS^FXaJA^GFA,2,2,1,F,0^FS^XZ")


@pytest.mark.parametrize("zpl", [b"^CD;^FO1,2;3", b"^CC-\n-SNa^b,1-FS", b"^CT+^A@N,1,1,~JA"])
def test_what_cannot_be_written_with_the_usual_prefixes_is_refused(zpl: bytes) -> None:
    with pytest.raises(CommandRefused, match="usual prefixes"):
        write(lex(zpl))


_PIECES = st.one_of(
    st.sampled_from(
        """^XA ^XZ ^FS ^FO ^FD ^FDa,b ^FH ^A0N,3 ^A@ ^BXN,5,200,,,,~ ^GFB,3,3,1,^XZ ^GFA,2,2,1,F,F ~DGA,1,1,F
        ~DYA,B,G,2,1,~J
        ^CC- ^CC^ -CC^ ~CT+ +CT~ ^CD; ^CD, -FO1;2 -FS +JA ^ ~ - + _ , ; \x10CT~ \x1eFS a ^FV ^FX ^SN1,2""".split()  # noqa: SIM905
    ),
    st.binary(max_size=3),
    st.sampled_from([b" ", b"\r\n"]),
).map(lambda piece: piece if isinstance(piece, bytes) else piece.encode("latin-1"))


@settings(max_examples=300)
@given(st.lists(_PIECES, max_size=14).map(b"".join))
def test_what_is_lexed_and_written_is_lexed_the_same(zpl: bytes) -> None:
    commands = lex(zpl)
    assert b"".join(zpl[command.start : command.end] for command in commands) == zpl
    try:
        written = write(commands)
    except CommandRefused:
        return
    again = lex(written)
    assert write(again) == written, "what is written stays as it is"
    assert not PREFIX_CHANGES & {command.name for command in again}
    if not PREFIX_CHANGES & {command.name for command in commands}:
        assert _meaning(again) == _meaning(commands)
        assert normal(written, again) == written


_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=125, exclude_characters="^~"), max_size=12)


@given(
    st.lists(
        st.tuples(st.sampled_from(["^FO", "^A", "^A@", "^BC", "^GB", "^BY", "~DG", "^FX", "^XX"]), _TEXT).filter(
            lambda made: made[0] != "^A" or not made[1].startswith("@")
        )
    ),
    st.sampled_from("!#%+-/|"),
    st.sampled_from("*;$"),
)
def test_commands_come_back_whatever_the_prefixes(made: list[tuple[str, str]], caret: str, delimiter: str) -> None:
    made = [(name, text.replace(caret, "").replace(delimiter, "")) for name, text in made]
    made = [one for one in made if one[0] != "^A" or not one[1].startswith("@")]
    usual = "".join(name + text for name, text in made).encode()
    assert _meaning(lex(usual)) == [(name, text.encode()) for name, text in made]
    head = f"^CD{delimiter}^CC{caret}"
    changed = head + "".join(
        (caret + name[1:] if name[0] == "^" else name) + (text if name == "^FX" else text.replace(",", delimiter))
        for name, text in made
    )
    assert write(lex(changed.encode())) == usual


@pytest.mark.parametrize("end", [b"^FS", b"^fs"])
def test_the_data_of_a_data_matrix_may_end_in_an_escape(end: bytes) -> None:
    zpl = b"^XA^FO1,1^BXN,5,200^FD~110109501101530003~1" + end
    assert [(command.name, command.parameters) for command in lex(zpl)][-2:] == [
        ("^FD", b"~110109501101530003~1"),
        ("^FS", b""),
    ]
    assert [command.name for command in lex(zpl + b"^FDa~1^FS")][-3:] == ["^FD", "~1", "^FS"], "in its field only"
    assert [command.name for command in lex(zpl.replace(b"~1^", b"~J^"))][-2:] == ["~J", "^FS"]
    assert [command.name for command in lex(zpl.replace(b"~1^", b"~1\n^"))][-2:] == ["~1\n", "^FS"]

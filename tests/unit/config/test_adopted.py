"""Files of adopted printers: what is written is read again, and a wrong one keeps no daemon from starting."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.config import adopted
from labeld.config.errors import ConfigError
from labeld.config.load import Loaded, read
from labeld.config.printers import PrinterSettings
from labeld.drivers.dnssd import shown

GOOD = 'identity = "serial:AAA1"\nresolution = 300\n'
MAIN = '[printers.zebra]\nuri = "socket://192.0.2.7"\nserial = "BBB2"\nstations = ["pack-01"]\n'


def loaded(folder: Path, main: str = MAIN, environ: Mapping[str, str] = MappingProxyType({}), **files: str) -> Loaded:
    (folder / "printers.d").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "printers.d" / f"{name}.toml").write_text(text)
    (folder / "labeld.toml").write_text(f'state_directory = "{folder}"\n{main}')
    return read(folder / "labeld.toml", environ)


def test_an_adopted_printer_stands_beside_those_of_the_file(tmp_path: Path) -> None:
    found = loaded(tmp_path, desk=GOOD)
    assert list(found.settings.printers) == ["zebra", "desk"]
    assert found.settings.printers["desk"].resolution == 300
    assert (found.adopted, found.refused) == (frozenset({"desk"}), ())


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("identity = ", "desk.toml: not valid TOML"),
        (GOOD + "resolutoin = 203", "desk.toml: resolutoin: unknown key; did you mean 'resolution'?"),
        (GOOD + 'media = "huge"', "desk.toml: media: media 'huge' is not known"),
        (GOOD + 'uri = "socket://192.0.2.8"', "desk.toml: give either uri"),
        (
            'uri = "socket://192.0.2.7:9100"',
            "desk.toml: not used: printers 'zebra' and 'desk' share socket://192.0.2.7",
        ),
        ('identity = "serial:bbb2"', "desk.toml: not used: printers 'zebra' and 'desk' share serial:bbb2"),
        ("resolution = " + "9" * 5000, "desk.toml: not valid TOML: Exceeds the limit"),
        ("media = " + "[" * 10_000, "desk.toml: not valid TOML: maximum recursion depth"),
        (GOOD + 'stations = ["pack-01"]', "desk.toml: not used: station 'pack-01' belongs to both 'zebra' and 'desk'"),
    ],
)
def test_a_wrong_file_is_left_out_and_told(tmp_path: Path, text: str, fault: str) -> None:
    found = loaded(tmp_path, desk=text, other='identity = "serial:CCC3"')
    assert list(found.settings.printers) == ["zebra", "other"]
    (line,) = found.refused
    assert fault in line


def test_the_configuration_wins(tmp_path: Path) -> None:
    found = loaded(tmp_path, MAIN + '[groups.all]\nprinters = ["zebra"]\n', zebra=GOOD, all='identity = "uuid:1"')
    assert found.settings.printers["zebra"].uri == "socket://192.0.2.7"
    assert [line.partition(": ")[2] for line in found.refused] == [
        f"not used: groups.all is in {tmp_path}/labeld.toml too: delete this file",
        f"not used: printers.zebra is in {tmp_path}/labeld.toml too: delete this file",
    ]


def test_names_of_files_are_names_of_printers(tmp_path: Path) -> None:
    found = loaded(tmp_path, MAIN, {}, **{"my printer": GOOD, ".desk.toml.part": GOOD})
    assert list(found.settings.printers) == ["zebra"]
    assert "'my printer.toml': not used: its name takes letters, digits" in found.refused[0]
    assert len(found.refused) == 1


def test_what_is_said_of_a_file_can_be_shown_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "printers.d").mkdir()
    (tmp_path / "printers.d" / os.fsdecode(b"\xff\n.toml")).write_text(GOOD)
    (line,) = loaded(tmp_path).refused
    assert line.encode().isascii()
    assert "\n" not in line
    assert "not used: its name takes letters, digits" in line


def test_without_discovery_nothing_is_found_by_its_identity(tmp_path: Path) -> None:
    found = loaded(tmp_path, MAIN + "[discovery]\nenabled = false\n", desk=GOOD)
    assert "it is to be found by its identity, and discovery.enabled = false" in found.refused[0]
    for off in ("false", "False", "0", "no"):
        found = loaded(tmp_path, MAIN, {"LABELD_DISCOVERY__ENABLED": off}, desk=GOOD)
        assert list(found.settings.printers) == ["zebra"]
        assert len(found.refused) == 1
    assert loaded(tmp_path, MAIN, {"LABELD_DISCOVERY__ENABLED": "yes"}, desk=GOOD).refused == ()


def test_a_group_that_misses_a_printer_is_told_what_is_wrong_with_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"(?s)there is no printer 'desk'.*desk\.toml: resolutoin: unknown key"):
        loaded(tmp_path, MAIN + '[groups.all]\nprinters = ["zebra", "desk"]\n', desk=GOOD + "resolutoin = 203")


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "labeld.toml").write_text(f'state_directory = "{tmp_path}"\n')
    (tmp_path / "printers.d").write_text("")
    assert "cannot read which printers were adopted" in read(tmp_path / "labeld.toml", {}).refused[0]


@given(
    serial=st.text(min_size=1, max_size=40).map(shown).filter(bool),
    note=st.text(max_size=40).map(shown),
    stations=st.lists(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,9}", fullmatch=True), max_size=3),
    language=st.sampled_from(["zpl", "tspl", "epl"]),
)
def test_what_is_written_is_read_again(serial: str, note: str, stations: list[str], language: str) -> None:
    place = {"identity": f"serial:{serial}"} if language == "zpl" else {"uri": "socket://192.0.2.9"}
    printer = PrinterSettings.model_validate(place | {"language": language, "stations": stations, "media": "a6"})
    assert PrinterSettings.model_validate(tomllib.loads(adopted.as_toml(printer, note))) == printer


def test_a_file_is_replaced_in_one_step_and_deleted(tmp_path: Path) -> None:
    folder = adopted.folder(tmp_path)
    adopted.write(folder, "desk", "a = 1\n")
    adopted.write(folder, "desk", "a = 2\n")
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("desk.toml", "a = 2\n")]
    assert adopted.exists(folder, "desk")
    (folder / "other.toml").mkdir()
    with pytest.raises(OSError, match=r"other\.toml"):
        adopted.write(folder, "other", "a = 3\n")
    adopted.remove(folder, "desk")
    assert [path.name for path in adopted.files(folder)] == ["other.toml"]

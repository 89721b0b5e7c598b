"""Found printers become printers while labeld runs, and are forgotten again; by HTTP, page, command line and rule."""

import asyncio
import contextlib
import tomllib
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from labeld.drivers.devices import Service, merge
from labeld.drivers.dnssd import ZPL, Advert
from labeld.drivers.printer import Identity
from labeld.drivers.virtual.server import VirtualPrinter

from .harness import PATIENCE, PREFIX, Broker, Labeld, event, publish, publisher
from .test_cli import labeld as command_line
from .web_browser import browser
from .web_floor import BOX, Floor, get, page, problem, settings

#: others may run these tests on this host at the same time, and all hear each other
RUN = uuid.uuid4().hex[:8]


def announcing(name: str, serial: str, seconds_per_label: float = 0.01) -> VirtualPrinter:
    """A printer that tells loopback of itself."""
    more: dict[str, Any] = {"announce": True, "interfaces": ["127.0.0.1"], "seconds_per_label": seconds_per_label}
    return VirtualPrinter("127.0.0.1", 0, name=name, serial=serial, **more)


def announced(name: str, port: int, **advert: object) -> Service:
    return Service("socket", name, "desk.local", port, ("127.0.0.1",), Advert(**advert))  # type: ignore[arg-type]


@pytest.fixture
async def zebra() -> AsyncIterator[VirtualPrinter]:
    async with VirtualPrinter(port=0, serial="AAA1", seconds_per_label=0.01) as printer:
        yield printer


@pytest.fixture
async def floor(tmp_path: Path, zebra: VirtualPrinter) -> AsyncIterator[Floor]:
    """A page on which a Zebra, a printer for TSPL and an office printer were found."""
    async with Floor(tmp_path) as running:
        running.discovery.take(
            [
                announced("Desk 4", zebra.port, formats=(ZPL,), make_and_model="Zebra 100x150mm"),
                announced("Rollo", 9, languages=("TSPL",), make_and_model="Rollo 203dpi"),
                Service("ipp", "Office", "office.local", 631, ("127.0.0.1",)),
            ]
        )
        yield running


async def test_one_that_is_adopted_is_known_by_its_serial_number(floor: Floor, tmp_path: Path) -> None:
    (before, *_) = (await get(floor, "/api/v1/candidates"))["candidates"]
    assert (before["identity"], before["asked"], before["suggestion"]) == ("name:Desk 4", False, "desk-4")
    body = {"identity": "name:Desk 4", "stations": ["pack-04"]}
    async with floor.http.post("/api/v1/printers/desk-4/adopt", json=body) as reply:
        assert reply.status == 201
        told = await reply.json()
    assert (told["identity"], told["resolution"], told["adopted"]) == ("serial:AAA1", 203, True)
    text = (tmp_path / "printers.d/desk-4.toml").read_text()
    assert text.startswith("# adopted by a program (")
    assert tomllib.loads(text) == {
        "identity": "serial:AAA1",
        "resolution": 203,
        "media": "100x150mm",
        "stations": ["pack-04"],
    }
    job = await floor.submit("1", BOX, station="pack-04", tracking_number=None)
    assert job.printer == "desk-4"
    # what is not said stays
    async with floor.http.post("/api/v1/printers/desk-4/adopt", json={"media": "a6"}) as reply:
        assert reply.status == 200
        assert (await reply.json())["stations"] == ["pack-04"]
    async with floor.http.delete("/api/v1/printers/desk-4") as reply:
        assert reply.status == 204
    held = await floor.store.get(job.id)
    assert (held.state, held.printer, held.message) == (
        "pending-held",
        None,
        "printer 'desk-4' is not configured any more",
    )
    assert [one.name for one in floor.printers] == ["zebra-01", "zebra-02", "returns"]
    assert list((tmp_path / "printers.d").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "body", "status", "words"),
    [
        ("d", {}, 409, "say which found printer it is"),
        ("d", {"identity": "Desk 4"}, 409, "is not of the form"),
        ("d", {"identity": "serial:AAA1"}, 404, "nothing that is found on the network now is 'serial:AAA1'"),
        ("d", {"identity": "name:Office"}, 409, "Office takes no raw data (ipp only): make it a CUPS queue"),
        ("d", {"identity": "name:Desk 4", "resolution": 300}, 409, "says that its head has 203 dpi, not 300"),
        ("d", {"identity": "name:Desk 4", "resolution": 200}, 422, "resolution: "),
        ("d", {"identity": "name:Desk 4", "media": "huge"}, 422, "media: media 'huge' is not known"),
        ("d", {"identity": "name:Desk 4", "serial": "X"}, 422, "serial: "),
        ("d", {"identity": "name:Desk 4", "stations": ["pack-01"]}, 409, "belongs to both 'zebra-01' and 'd'"),
        ("d", {"identity": "name:Rollo", "language": "tspl"}, 409, "say 203, 300 or 600 dpi (its name says 203"),
        ("d", {"identity": "name:Rollo"}, 409, "does not say that it speaks ZPL, and may print the question"),
        ("d", {"identity": "name:Rollo", "language": "zpl"}, 409, "does not tell who it is"),
        ("zebra-01", {"identity": "name:Desk 4"}, 409, "there is a printer or group 'zebra-01' already"),
        ("..%2Fd", {"identity": "name:Desk 4"}, 409, "takes letters, digits"),
        ("%0Ad", {"identity": "name:Desk 4"}, 409, "takes letters, digits"),
    ],
)
async def test_what_cannot_be_adopted_so_is_refused_in_words(
    floor: Floor, tmp_path: Path, name: str, body: dict[str, object], status: int, words: str
) -> None:
    url = URL(f"{floor.url}/api/v1/printers/{name}/adopt", encoded=True)
    async with aiohttp.request("POST", url, json=body) as reply:
        assert words in await problem(reply, status)
    assert len(list(floor.printers)) == 3
    assert not (tmp_path / "printers.d").exists()


async def test_a_printer_that_is_not_asked_is_known_by_its_address(floor: Floor) -> None:
    body = {"identity": "name:Rollo", "language": "tspl", "resolution": 203}
    async with floor.http.post("/api/v1/printers/rollo/adopt", json=body) as reply:
        told = await reply.json()
    assert (told["uri"], told["identity"]) == ("socket://127.0.0.1:9", None)
    assert floor.app.settings.printers["rollo"].ask is False


async def test_only_adopted_printers_that_nothing_needs_are_forgotten(tmp_path: Path, zebra: VirtualPrinter) -> None:
    rule = {"identity": "serial:AAA*"}
    chosen = settings(tmp_path, discovery={"adopt": [rule]})
    async with Floor(tmp_path, chosen) as floor:
        floor.discovery.take([announced("Desk 4", zebra.port, formats=(ZPL,))])
        (tmp_path / "printers.d").mkdir()
        (tmp_path / "printers.d/mine.toml").write_text("what somebody wrote")
        async with floor.http.post("/api/v1/printers/mine/adopt", json={"identity": "name:Desk 4"}) as reply:
            assert "has a file mine.toml that is not used: mend or delete it" in await problem(reply, 409)
        async with floor.http.post("/api/v1/printers/desk/adopt", json={"identity": "name:Desk 4"}) as reply:
            assert reply.status == 201
        for name, status, words in (
            ("nobody", 404, "there is no printer 'nobody'"),
            ("zebra-01", 409, "zebra-01 stands in the configuration file: take it out there"),
            ("desk", 409, "a rule in discovery.adopt would adopt desk again"),
        ):
            async with floor.http.delete(f"/api/v1/printers/{name}") as reply:
                assert words in await problem(reply, status)
        async with floor.http.delete("/api/v1/printers/desk", headers={"Origin": "https://evil.example"}) as reply:
            await problem(reply, 403)
        assert "desk" in floor.printers


async def test_the_forms_work_without_the_script(floor: Floor) -> None:
    form = {"name": "desk-4", "identity": "name:Desk 4", "media": "4x6in", "stations": "pack-04, pack-05"}
    async with floor.http.post("/printers/adopt", data=form | {"resolution": ""}) as reply:
        assert reply.status == 200
        assert "Forget this printer" in await reply.text()
    assert floor.app.settings.printers["desk-4"].stations == ("pack-04", "pack-05")
    async with floor.http.post("/printers/forget", data={"name": "desk-4"}) as reply:
        assert "Forget this printer" not in await reply.text()


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("multipart/form-data", b"name=desk"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Transfer-Encoding: odd\r\n\r\nx\r\n--b--\r\n"),
        ("application/x-www-form-urlencoded; charset=odd", b"name=desk"),
    ],
)
async def test_a_form_that_cannot_be_read_is_refused(floor: Floor, head: str, body: bytes) -> None:
    for path in ("/printers/adopt", "/printers/forget", "/", "/api/v1/jobs"):
        if (path, head[:11]) != ("/api/v1/jobs", "application"):
            async with floor.http.post(path, data=body, headers={"Content-Type": head}) as reply:
                assert "the form cannot be read" in await problem(reply, 400)


async def test_a_form_tells_a_resolution_that_there_is(floor: Floor) -> None:
    for resolution in ("²", "9" * 5000):
        form = {"name": "desk-4", "identity": "name:Desk 4", "resolution": resolution}
        async with floor.http.post("/printers/adopt", data=form) as reply:
            assert "resolution: Input should be 203, 300 or 600" in await problem(reply, 422)


async def test_one_that_tells_another_hardware_address_is_not_the_one_meant(
    floor: Floor, zebra: VirtualPrinter
) -> None:
    floor.discovery.take([announced("Zebra", zebra.port, formats=(ZPL,), hardware_address="00074d112233")])
    async with floor.http.post("/api/v1/printers/desk/adopt", json={"identity": "mac:00:07:4D:11:22:33"}) as reply:
        assert "answers there, not mac:00074d112233" in await problem(reply, 409)
    assert "desk" not in floor.printers


async def test_the_page_tells_hints_from_answers(floor: Floor) -> None:
    text = await page(floor)
    assert "<li>100x150mm, by its name</li>" in text
    assert "<li>says that it speaks TSPL</li>" in text
    assert "<li>203 dpi, by its name</li>" in text
    assert "set up a CUPS queue for it" in text


@pytest.mark.peer
async def test_a_form_that_somebody_has_unfolded_is_about_the_same_printer_to_the_end(
    floor: Floor, tmp_path: Path
) -> None:
    desk = announced("Desk 4", 6101, formats=(ZPL,), uuid="1-2")
    (at,) = merge([desk])[0].endpoints

    def named_alike(notes: str) -> list[Service]:
        hosts = zip("ab", notes, strict=True)
        return [Service("ipp", "Office", f"{at}.local", 631, (), Advert(note=f"Note {note}")) for at, note in hosts]

    offices = named_alike("12")
    floor.discovery.take([desk, *offices])
    floor.discovery.heard(at, Identity("AAA1"))
    told = "[...document.querySelectorAll('.candidate summary')].map(one => one.firstChild.data.trim()).join()"
    async with browser(tmp_path / "browser") as window:
        await window.open(floor.url)
        await window.run("document.querySelector('.candidate details').open = true")
        await window.run("form = document.querySelector('.candidate form'); form.elements.name.value = 'mine'")
        # whoever answers where it was is another one
        floor.discovery.heard(at, Identity("EVIL"))
        await window.until("document.querySelector('.candidate').innerText.includes('EVIL')")
        assert not await window.run("return form.isConnected && form.elements.identity.value != 'serial:AAA1'")
        # two of one name are two
        assert await window.run(f"return {told}") == "Desk 4,Office,Office"
        floor.discovery.take([desk, *offices, Service("ipp", "New", "new.local", 631, ("127.0.0.1",))])
        assert await window.until(f"{told}.includes('New') && {told}") == "Desk 4,New,Office,Office"
        floor.discovery.take([desk, *named_alike("34")])
        assert await window.until(f"!{told}.includes('New') && {told}") == "Desk 4,Office,Office"
        notes = await window.run("return document.querySelector('.found').innerText.match(/Note [0-9]/g).join()")
        assert notes == "Note 3,Note 4"
        floor.discovery.take([desk, offices[1], Service("ipp", "New", "new.local", 631, ("127.0.0.1",))])
        await window.until(f"{told}.includes('New')")
        floor.discovery.take([desk, offices[1]])
        assert await window.until(f"!{told}.includes('New') && {told}") == "Desk 4,Office"


@pytest.mark.peer
async def test_a_browser_adopts_and_forgets_with_the_keyboard(floor: Floor, tmp_path: Path) -> None:
    async with browser(tmp_path / "browser") as window:

        async def press(*keys: tuple[str, int, str]) -> None:
            for key, code, text in keys:
                await window.devtools(
                    "Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, text=text
                )
                await window.devtools("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

        enter, tab = ("Enter", 13, "\r"), ("Tab", 9, "")
        await window.open(floor.url)
        await window.until("document.querySelector('.candidate summary')")
        await window.run("document.querySelector('.candidate summary').focus()")
        await press(enter, tab)
        await window.run("document.activeElement.select()")
        await press(*((letter, ord(letter.upper()), letter) for letter in "desk"), tab, tab)
        await press(*((letter, ord(letter.upper()), letter) for letter in "p9"), enter)
        assert await window.until("document.getElementById('done').textContent") == (
            "desk is adopted; labels for p9 print on it."
        )
        await window.until("document.querySelector('[data-key=printer-desk] [data-forget]')")
        assert floor.app.settings.printers["desk"].media == "100x150mm"
        await window.run("document.querySelector('[data-forget]').closest('details').open = true")
        await window.run("document.querySelector('[data-forget] button').click()")
        assert "desk" in floor.printers
        await window.run("document.querySelector('[data-forget] button').click()")
        await window.until("!document.querySelector('[data-key=printer-desk]')")
        assert "desk is forgotten" in await window.run("return document.getElementById('done').textContent")


async def until(daemon: Labeld, path: str, right: Callable[[Any], Any]) -> Any:
    """What is right in an answer of the API, once it is."""
    async with asyncio.timeout(PATIENCE):
        while not (found := right(await daemon.get(path))):  # noqa: ASYNC110 - asked over HTTP
            await asyncio.sleep(0.05)
    return found


@pytest.mark.peer
async def test_a_daemon_prints_on_what_it_adopts_and_keeps_it(tmp_path: Path, broker: Broker) -> None:
    async with contextlib.AsyncExitStack() as stack:
        enter = stack.enter_async_context
        first = await enter(VirtualPrinter(port=0, serial="STATIC01", seconds_per_label=0.01))
        desk = await enter(announcing(f"Desk {RUN}", f"DESK{RUN}"))
        ruled = await enter(announcing(f"Ruled {RUN}", f"RULE{RUN}"))
        daemon = Labeld(tmp_path / "state", broker.port, {"zebra": first}, discovery=True)
        rule = f'\n[[discovery.adopt]]\nidentity = "serial:RULE{RUN}*"\nmedia = "a6"\n'
        daemon.config.write_text(daemon.config.read_text() + rule)
        await daemon.start()
        stack.push_async_callback(daemon.__aexit__)
        client = await enter(publisher(broker.port))

        def printers(right: Callable[[dict[str, Any]], object]) -> Callable[[Any], list[Any]]:
            return lambda answer: [one for one in answer["printers"] if right(one)]

        # the rule does it by itself, once the printer has told its serial number
        (by_rule,) = await until(daemon, "/api/v1/printers", printers(lambda one: one["serial"] == f"RULE{RUN}"))
        assert (by_rule["name"], by_rule["media"]) == (f"ruled-{RUN}", "a6")
        await until(
            daemon,
            "/api/v1/candidates",
            lambda answer: any(one["serial"] == f"DESK{RUN}" for one in answer["candidates"]),
        )
        arguments = ("--name", "desk", "--station", "pack-09", "--config", daemon.config)
        done = await command_line("adopt", f"DESK{RUN}", *arguments)
        assert (done.code, done.err) == (0, "")
        assert done.out.decode() == f"desk is adopted: serial:DESK{RUN}, 203 dpi, 4x6in, for pack-09\n"
        await publish(client, event(1, BOX, station="pack-09"))
        await publish(client, event(2, BOX, printer=f"ruled-{RUN}"))
        jobs = await daemon.settled(2)
        assert {(job["printer"], job["outcome"]) for job in jobs} == {
            ("desk", "confirmed"),
            (f"ruled-{RUN}", "confirmed"),
        }
        assert (first.odometer, desk.odometer, ruled.odometer) == (0, 1, 1)
        assert "by a program (labeld, " in daemon.log
        checked = await command_line("config", "check", "--config", daemon.config)
        assert b"3 printers (2 adopted)" in checked.out

        # it is still there after a restart, and gets no more once it is forgotten
        await daemon.stop()
        await daemon.start()
        await publish(client, event(3, BOX, station="pack-09"))
        assert (await daemon.settled(3))[0]["outcome"] == "confirmed"
        await desk.unplug()
        await publish(client, event(4, BOX, station="pack-09"))
        await until(daemon, "/api/v1/jobs?state=pending", lambda answer: answer["jobs"])
        await client.subscribe(f"{PREFIX}/printers/desk/state", 1)
        forgotten = await command_line("forget", "desk", "--config", daemon.config)
        assert forgotten.code == 0, forgotten.err
        async with asyncio.timeout(PATIENCE):
            async for message in client.messages:
                if not message.payload:
                    break  # nothing is retained of it any more
        (waiting, *_) = await daemon.settled(4)
        assert (waiting["state"], waiting["reason"], waiting["printer"]) == (
            "pending-held",
            "destination-uri-failed",
            None,
        )
        assert (desk.odometer, first.odometer) == (2, 0)


@pytest.mark.peer
async def test_a_label_on_its_way_is_finished_before_anything_changes(tmp_path: Path, broker: Broker) -> None:
    async with contextlib.AsyncExitStack() as stack:
        enter = stack.enter_async_context
        first = await enter(VirtualPrinter(port=0, serial="STATIC01", seconds_per_label=0.01))
        desk = await enter(announcing(f"Busy {RUN}", f"BUSY{RUN}", seconds_per_label=2.0))
        daemon = await enter(Labeld(tmp_path / "state", broker.port, {"zebra": first}, discovery=True))
        client = await enter(publisher(broker.port))
        await until(
            daemon,
            "/api/v1/candidates",
            lambda answer: any(one["serial"] == f"BUSY{RUN}" for one in answer["candidates"]),
        )
        await daemon.post("/api/v1/printers/desk/adopt", identity=f"serial:BUSY{RUN}")
        for number in range(3):
            await publish(client, event(number, BOX, printer="desk"))
        await until(daemon, "/api/v1/jobs?state=processing", lambda answer: answer["jobs"])
        desk.set_fault("media-empty")
        await until(daemon, "/api/v1/jobs?state=processing-stopped", lambda answer: answer["jobs"])
        done = await command_line("forget", "desk", "--config", daemon.config)
        assert (done.code, done.out) == (1, b"")
        assert "a label is on its way on desk: wait until it is out or held" in done.err
        # other stock is for the labels after it
        assert (await daemon.post("/api/v1/printers/desk/adopt", media="a6"))["media"] == "a6"
        desk.clear_fault("media-empty")
        jobs = await daemon.settled(3)
        assert [job["outcome"] for job in jobs] == ["confirmed"] * 3
        last = await daemon.get(f"/api/v1/jobs/{jobs[0]['id']}")
        assert any("rendered for desk at 203 dpi on a6" in line["words"] for line in last["timeline"])

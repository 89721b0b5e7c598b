"""Printers and jobs of the running daemon, as tables and in words."""

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .common import plain

if TYPE_CHECKING:
    from ..web.printer_words import Facts

#: as many of a printer's labels as a screen holds beside the rest
_LAST = 5
_JOBS = ("id", "received_at", "state", "outcome", "printer", "role", "tracking_number", "message")


def show_printers(found: Iterable[Mapping[str, Any]]) -> None:
    """All printers: how each is, what to do, who it is, and how fast."""
    titles = ("name", "state", "what to do", "identity", "last seen", "counter", "s/label", "waiting")
    rows = []
    for view in found:
        pace = view["seconds_per_label"]
        rows.append(
            (
                view["name"],
                _state(view),
                view["advice"] or "",
                ", ".join(filter(None, (view["serial"] or view["identity"], view["model"]))),
                _age(view["seen_at"]),
                _text(view["odometer"]),
                "" if pace is None else f"{pace:.1f}",
                _text(view["queued"]),
            )
        )
    _table(titles, rows)


def show_printer(view: Mapping[str, Any]) -> None:
    """One printer with all that is known of it, in words."""
    from ..web.printer_words import printer_facts  # the database takes time to import, and other commands do without

    typer.echo(plain(f"{view['name']}: {_state(view)}. {view['message']}"))
    if view["advice"]:
        typer.echo(f"What to do: {view['advice']}.")
    if paused := view["paused"]:
        why = f" ({paused['because']})" if paused["because"] else ""
        typer.echo(plain(f"Paused by {paused['by']}, {_age(paused['at'])}{why}: resume it on its page."))
    typer.echo(f"Last seen {_age(view['seen_at'])}; {view['queued']} waiting, {view['held']} on hold.")
    _show_facts(printer_facts(view, _profile(view)))  # type: ignore[arg-type]  # the API's JSON
    says = view["says"]
    for title, lines in (
        ("What labeld adds to each label", says["label"]),
        ("As options of the CUPS job", says["options"]),
        ("Asked before each label", says["questions"]),
        ("Left as it is in the printer", [", ".join(says["left_alone"])] if says["left_alone"] else []),
    ):
        if lines:
            typer.echo(f"\n{title}")
            typer.echo("\n".join(f"  {line}" for line in lines))
    for title, jobs in (("Its queue", view["waiting"]), ("Its last labels", view["last"])):
        if jobs:
            typer.echo(f"\n{title}")
            show_jobs(jobs[:_LAST])


def show_jobs(found: Sequence[Mapping[str, Any]]) -> None:
    """Jobs as a table, as the API orders them."""
    titles = tuple(column.replace("_", " ") for column in _JOBS)
    _table(titles, [tuple(_text(job[column]) for column in _JOBS) for job in found])


def show_job(job: Mapping[str, Any]) -> None:
    """One job and what happened to it."""
    names = ("id", "state", "message", "printer", "station", "tracking_number", "package_id", "event_id", "outcome")
    pairs = [(name.replace("_", " "), _text(job[name])) for name in (*names, "evidence", "labels", "received_at")]
    _pairs([(name, value) for name, value in pairs if value])
    typer.echo("")
    for entry in job["timeline"]:
        typer.echo(plain(f"  {entry['at']}  {entry['state']:<18}  {entry['words']}"))


def _state(view: Mapping[str, Any]) -> str:
    from ..web.words import printer_tile  # see above

    words = printer_tile(view, None).sign.words  # type: ignore[arg-type]  # the API's JSON
    return f"Paused here, {words}" if view["paused"] and "aused" not in words else words


def _profile(view: Mapping[str, Any]) -> Any:
    from ...drivers.profile_words import profile_from

    return None if view["profile"] is None else profile_from(view["profile"])


def _show_facts(facts: "Facts") -> None:
    for title, pairs in facts:
        typer.echo(f"\n{title}")
        _pairs(pairs)


def _pairs(pairs: Sequence[tuple[str, str]]) -> None:
    widest = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        typer.echo(plain(f"  {name:<{widest}}  {value}"))


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table(box=None)
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(escape(plain(cell)) for cell in row))
    Console().print(table)


def _age(iso: str | None) -> str:
    if iso is None:
        return "never"
    seconds = max(time.time() - datetime.fromisoformat(iso).timestamp(), 0)
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def _text(value: object) -> str:
    return "" if value is None else str(value)

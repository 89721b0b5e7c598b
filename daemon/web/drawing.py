"""What the pages share: their templates, cards of jobs, and answers of HTML."""

from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..job import Job
from . import roll_words, views, words

if TYPE_CHECKING:
    from ..app import App

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.globals |= {
    "plot_path": roll_words.plot_path,
    "plot_size": roll_words.plot_size,
    "plot_words": roll_words.plot_words,
}


def card(app: "App", job: Job) -> words.Card:
    """A job as a card."""
    name = job.printer or ""
    paused = name in app.printers and app.printers[name].pause is not None
    return words.job_card(job, app.settings.printers.get(name), paused=paused)


def told(app: "App", job: Job) -> views.JobJson:
    """A job as JSON."""
    return views.job_json(job, app.settings.printers.get(job.printer or ""))


def answer(html: str) -> web.Response:
    """A page; it holds addresses, so that nobody keeps it."""
    page = web.Response(text=html, content_type="text/html", headers={"Cache-Control": "no-store"})
    # a hundred printers are 200 KB, most of it the same words
    page.enable_compression()
    return page

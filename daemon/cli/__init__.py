"""The command line: one module per group of commands."""

import typer

from .backup import backup, restore
from .client import adopt, cancel, forget, jobs, print_label, printers, reprint
from .configuration import app as configuration
from .convert import convert
from .demo import demo
from .doctor import doctor
from .importing import import_table
from .inspect import inspect_document
from .route import route
from .run import run
from .tiktok import app as tiktok
from .tiktok_sandbox import tiktok_sandbox
from .token import app as token
from .virtual_printer import virtual_printer

app = typer.Typer(
    name="labeld",
    help="TikTok Shop labels from MQTT to thermal printers: once, at the right size, with proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(run)
app.command("demo")(demo)
app.command("convert")(convert)
app.command("inspect")(inspect_document)
app.command("print")(print_label)
app.command("import")(import_table)
app.command("jobs")(jobs)
app.command("cancel")(cancel)
app.command("reprint")(reprint)
app.command("printers")(printers)
app.command("adopt")(adopt)
app.command("forget")(forget)
app.command("backup")(backup)
app.command("restore")(restore)
app.command("doctor")(doctor)
app.command("route")(route)
app.command("virtual-printer")(virtual_printer)
app.command("tiktok-sandbox")(tiktok_sandbox)
app.add_typer(configuration, name="config")
app.add_typer(tiktok, name="tiktok")
app.add_typer(token, name="token")

"""`labeld tiktok`: keys and authorizations of TikTok shops. The daemon has secret, key and database; it is asked."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from ..tiktok.consent import code_in
from .client import address, ask, managed
from .common import ConfigOption, fail, plain

app = typer.Typer(help="TikTok shops: the key for their tokens, and their authorization.", no_args_is_help=True)

Shop = Annotated[str, typer.Argument(metavar="SHOP", help="Name of the shop in the configuration.")]


@app.command()
def key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the key is to be.")],
    rotate: Annotated[bool, typer.Option("--rotate", help="Put a new key before those that are there.")] = False,
) -> None:
    """Make the key that tokens and links are sealed with, in a file that only its owner can read."""
    from ..tiktok.vault import new_key, write_secret  # cryptography takes time to import, and others do without

    try:
        former = file.read_text() if rotate else ""
        write_secret(file, f"{new_key()}\n{former}", replace=rotate)
    except FileExistsError:
        fail(f"{file} is there already: what it seals needs it; --rotate puts a new key before it", 1)
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file}: {error.strerror if isinstance(error, OSError) else 'is no text'}", 1)
    typer.echo(f"{file} has a new key: restart labeld, and keep a copy of the file where the database is not")


@app.command()
def authorize(
    shop: Shop,
    code: Annotated[
        str | None, typer.Option(help="The code of the consent, or the whole address it stands in; - for stdin.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Let a seller authorize labeld: shows where, takes the code, and has the running daemon exchange and keep it."""
    base = address(config)
    if code is None:
        typer.echo(f"The seller of {shop} signs in and consents here:\n\n  {_consent(base, shop)}\n")
        typer.echo(
            "The browser is then sent to the app's redirect URL, with a code in the address. It is good for minutes."
        )
        code = typer.prompt("The whole address, or the code", hide_input=True)
    elif code == "-":
        code = typer.get_text_stream("stdin").readline()
    if (found := code_in(code)) is None:
        fail("there is no code in that: paste the whole address from the browser's address bar", 2)
    url = f"{base}/api/v1/shops/{quote(shop, safe='')}/authorize"
    _show(asyncio.run(managed("POST", url, json={"code": found})))


@app.command()
def refresh(shop: Shop, config: ConfigOption = None) -> None:
    """Make the tokens of a shop new now."""
    url = f"{address(config)}/api/v1/shops/{quote(shop, safe='')}/refresh"
    _show(asyncio.run(managed("POST", url)))


@app.command()
def status(
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say how the authorization of each shop stands; exit 1 where one cannot be used."""
    answer = asyncio.run(ask(address(config), "shops", {}))
    shops = answer["shops"]
    if as_json:
        typer.echo(json.dumps(shops, indent=2))
    elif not shops:
        typer.echo("no TikTok shop is configured: set tiktok.app_key and add [tiktok.shops.NAME]")
    for shop in () if as_json else shops:
        _show(shop)
    if not as_json and answer["webhooks"] is not None:
        counts = ", ".join(f"{count} {what}" for what, count in sorted(answer["webhooks"].items())) or "none"
        typer.echo(f"webhooks since labeld started: {counts}")
    if any(not shop["authorized"] for shop in shops):
        raise typer.Exit(1)


def _consent(base: str, name: str) -> str:
    shops = {shop["name"]: shop for shop in asyncio.run(ask(base, "shops", {}))["shops"]}
    if name not in shops:
        fail(f"the running daemon has no TikTok shop {name!r}: it has {', '.join(shops) or 'none'}", 1)
    return shops[name]["consent"] or "(the app's authorization link in TikTok's Partner Center; set tiktok.service_id)"


def _show(shop: dict[str, Any]) -> None:
    lines = [f"{shop['name']}: {'authorized' if shop['authorized'] else 'cannot be used'}"]
    lines += [shop[kind] for kind in ("trouble", "warning") if shop[kind]]
    if "authorized_at" in shop:
        seller, region = shop["seller"] or "a seller without a name", shop["region"] or "nowhere"
        ends, good = _day(shop["authorization_expires"]), _day(shop["access_expires"])
        lines.append(f"{seller} ({region}), authorized {_day(shop['authorized_at'])}, ends {ends}")
        lines.append(f"tokens made new {_day(shop['refreshed_at'])}, good until {good}")
        if shop["missing_scope"]:
            lines.append(f"the app may not read labels: it lacks the scope {shop['missing_scope']}")
        if shop["error"]:
            lines.append(f"last error {_day(shop['error_at'])}: {shop['error']}")
    lines += _heard(shop)
    typer.echo("\n  ".join(map(plain, lines)))


def _heard(shop: dict[str, Any]) -> list[str]:
    """What webhooks and the poller of a shop do."""
    lines = []
    if (webhooks := shop.get("webhooks")) is not None:
        last = _day(webhooks["last_at"]) if webhooks["last_at"] else "never"
        lines.append(f"webhooks: the last came {last}, {webhooks['waiting']} wait")
        if webhooks["waiting"] and webhooks["waits_because"]:
            lines.append(f"the oldest of them waits: {webhooks['waits_because']}")
    if (poll := shop.get("poll")) is not None:
        last = _day(poll["last_at"]) if poll["last_at"] else "not since labeld started"
        lines.append(f"polled: {last}, {poll['found']} labels found since labeld started")
        if poll["error"]:
            lines.append(f"the last poll failed: {poll['error']}")
    return lines


def _day(time: str | None) -> str:
    if time is None:
        return "at a time that TikTok did not tell"
    return "never" if time[:4] > "2099" else f"{time[:10]} {time[11:16]} UTC"

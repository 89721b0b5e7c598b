"""`labeld tiktok-sandbox`: a stand-in of TikTok Shop's API, to try an integration without a shop."""

import asyncio
import json
import re
import signal
from typing import Annotated

import typer

from ..tiktok.sandbox.faults import Fault, FaultKind, form
from ..tiktok.sandbox.server import Sandbox
from ..tiktok.sandbox.world import ACCESS_SECONDS
from .common import fail as give_up
from .common import set_up_logs

_SHOP = re.compile(r"([a-z][a-z0-9-]{0,30}):([A-Z]{2})")


def tiktok_sandbox(
    port: Annotated[int, typer.Option(help="TCP port; 0 takes a free one.")] = 8899,
    shop: Annotated[
        list[str] | None, typer.Option(help="A shop, as NAME:MARKET; may be given again. Without: us:US and br:BR.")
    ] = None,
    packages: Annotated[int, typer.Option(min=0, max=10_000, help="Packages with a label to begin with.")] = 4,
    seed: Annotated[int, typer.Option(help="The same seed gives the same numbers, tokens and failing calls.")] = 0,
    fail: Annotated[float, typer.Option(min=0, max=0.95, help="Share of the calls that fail by themselves.")] = 0.0,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="What is wrong from the start: for all calls, or with *3 for three; may be given again. One of "
            f"{', '.join(map(form, FaultKind))}."
        ),
    ] = None,
    token_seconds: Annotated[float, typer.Option(min=1, help="Life of an access token.")] = ACCESS_SECONDS,
    link_seconds: Annotated[float, typer.Option(min=1, help="Life of a document's link.")] = 86400,
    one_refresh: Annotated[
        bool, typer.Option("--one-refresh", help="A refresh token dies when it was used, instead of going on.")
    ] = False,
    webhook: Annotated[
        str | None, typer.Option(help="URL on this host that changes of orders are posted to, signed.")
    ] = None,
) -> None:
    """Answer like TikTok Shop's API on this host, as well or as badly as told, until Ctrl-C."""
    set_up_logs("info")
    shops = [_SHOP.fullmatch(text) for text in shop or ("us:US", "br:BR")]
    if not all(shops):
        give_up("a shop is written as NAME:MARKET, like us:US", 2)
    try:
        sandbox = Sandbox(
            shops={one[1]: one[2] for one in shops if one},
            packages=packages,
            port=port,
            seed=seed,
            fail=fail,
            faults=[Fault.parse(text) for text in fault or ()],
            token_seconds=token_seconds,
            link_seconds=link_seconds,
            one_refresh=one_refresh,
            webhook=webhook,
        )
    except ValueError as error:
        give_up(str(error), 2)
    try:
        asyncio.run(_serve(sandbox))
    except OSError as error:
        give_up(f"the sandbox cannot start: {error}", 1)


async def _serve(sandbox: Sandbox) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with sandbox:
        typer.echo(f"The sandbox answers at {sandbox.base_url}. For labeld's configuration:\n")
        typer.echo(sandbox.configuration())
        typer.echo(f"\nThe app's secret: {sandbox.app_secret}")
        typer.echo("\nWhen labeld runs, its sellers consent; each code is good once:")
        for name in sandbox.shops:
            typer.echo(f"  labeld tiktok authorize {name} --code {sandbox.auth_code(name)}")
        typer.echo()
        for package in sandbox.packages.values():
            typer.echo(f"Package {package.package_id} of {package.shop}: {package.carrier} {package.tracking_number}")
        await stop.wait()
        typer.echo("\n" + json.dumps(sandbox.log(), indent=1))

"""The alerts and the dashboard ask for figures that there are, and every alert says what to do."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from labeld.config.settings import Settings
from labeld.daemon.metrics.metrics import Metrics
from labeld.daemon.metrics.obtaining import endpoint
from labeld.daemon.metrics.rendering import kind_of
from labeld.daemon.store import Store

ROOT = Path(__file__).parents[2]
RULES = ROOT / "config/alerts.rules.yml"
#: what Prometheus itself adds
_SERVERS = {"up"}


async def scraped(folder: Path) -> str:
    """Figures of a daemon that has done nothing yet."""
    settings = Settings(state_directory=folder)
    async with Store(folder / "labeld.sqlite3", topic_prefix="labeld/test") as store:
        app: Any = SimpleNamespace(
            settings=settings,
            store=store,
            printers=(),
            tokens=None,
            folder=None,
            broker=SimpleNamespace(state=SimpleNamespace(connected=False)),
            wall_clock=SimpleNamespace(doubt=lambda: None),
        )
        return (await Metrics().scrape(app)).decode()


def series(text: str) -> set[str]:
    """Names that can be asked for."""
    found = set()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE):
        found |= {f"{name}_bucket", f"{name}_sum", f"{name}_count"} if kind == "histogram" else {name}
    return found


def asked(expression: str) -> set[str]:
    """Names of series in an expression."""
    return set(re.findall(r"\b(?:labeld_|process_)\w+|\bup\b", expression))


def expressions() -> Iterable[str]:
    dashboard = json.loads((ROOT / "config/grafana.json").read_text())
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (one["query"] for one in dashboard["templating"]["list"])
    yield from (rule["expr"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"])


async def test_alerts_and_dashboard_ask_for_what_there_is(tmp_path: Path) -> None:
    there = series(await scraped(tmp_path)) | _SERVERS
    wanted = set().union(*map(asked, expressions()))
    assert wanted - there == set()
    # and whoever watches the dashboard misses little
    assert len(there & wanted) > 25


def test_every_alert_says_what_to_do() -> None:
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules) > 20
    for rule in rules:
        assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
        assert set(rule["annotations"]) == {"summary", "action"}, rule["alert"]


def test_the_dashboard_has_a_place_for_each_panel() -> None:
    panels = json.loads((ROOT / "config/grafana.json").read_text())["panels"]
    taken = {
        (place["x"] + x, place["y"] + y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["w"])
        for y in range(place["h"])
    }
    assert len(taken) == sum(panel["gridPos"]["w"] * panel["gridPos"]["h"] for panel in panels)
    assert len({panel["id"] for panel in panels}) == len(panels)


async def test_prometheus_takes_rules_and_figures(tmp_path: Path) -> None:
    promtool("rules", str(RULES))
    promtool("metrics", given=await scraped(tmp_path))


def promtool(*arguments: str, given: str = "") -> None:
    """Have Prometheus' own program check something, where it is installed."""
    path = shutil.which("promtool")
    if path is None:
        pytest.skip("promtool is not installed")
    done = subprocess.run([path, "check", *arguments], input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_calls_and_documents_are_told_apart_without_their_numbers() -> None:
    paths = {
        "/fulfillment/202309/packages/1153/shipping_documents": "shipping_documents",
        "/fulfillment/202309/packages/search": "package_search",
        "/fulfillment/202309/packages/1153": "package",
        "/order/202507/orders": "orders",
        "/authorization/202309/shops": "shops",
        "/anything/1153/else": "other",
    }
    assert {path: endpoint(path) for path in paths} == paths
    kinds = {
        b"%PDF-1.7": "pdf",
        b"JVBERi0xLjc=": "pdf",
        b"data:;base64,XlhBXlha": "zpl",
        b"^XA^XZ": "zpl",
        b"": "other",
    }
    assert {data: kind_of(data) for data in kinds} == kinds
    assert kind_of(b"\xff" * 9000) == kind_of(b"=" * 9000) == kind_of(b"^CC*\n*XA") == "other"


@given(st.binary(max_size=200))
def test_any_bytes_are_of_some_kind(data: bytes) -> None:
    assert kind_of(data) in {"pdf", "png", "jpeg", "tiff", "zpl", "other"}

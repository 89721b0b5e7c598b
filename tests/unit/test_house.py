"""What keeps the house in order: packaging, references and the layers' folders."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("config", "daemon", "drivers", "renderers")


def test_every_package_is_in_the_wheel() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    found = {
        "labeld." + ".".join(path.parent.relative_to(ROOT).parts)
        for room in ROOMS
        for path in (ROOT / room).rglob("__init__.py")
    }
    assert listed == found
    assert all((ROOT / room / "py.typed").exists() for room in ROOMS)


def test_the_reference_pages_are_what_the_models_say() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / ".src")}
    command = [sys.executable, str(ROOT / "scripts/reference"), "--check"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_http_page_lists_every_route() -> None:
    from labeld.daemon.web.server import routes

    page = (ROOT / "docs/http.md").read_text()
    missing = [f"{route.method} {route.path}" for route in routes() if f"`{route.path.split('{')[0]}" not in page]
    assert missing == []


def test_every_route_says_who_may_ask() -> None:
    from labeld.daemon.web.openapi import template
    from labeld.daemon.web.roles import NEEDS
    from labeld.daemon.web.server import routes

    assert {f"{one.method} {template(one.path)}" for one in routes()} == set(NEEDS)


def test_the_documents_of_the_api_leave_out_pages_only() -> None:
    from labeld.daemon.web.openapi import document, template
    from labeld.daemon.web.server import routes

    told = document(routes())["paths"]
    left_out = {template(one.path) for one in routes() if one.method.lower() not in told.get(template(one.path), {})}
    pages = {"/", "/api", "/favicon.ico", "/import", "/login", "/logout", "/upload", "/who"}
    assert {path for path in left_out if path not in pages and not path.startswith(("/jobs/", "/printers/"))} <= {
        "/static/{name}",
        "/upload/{id}/{verb}",
        "/rejections/{id}",
    }
    identities = [operation["operationId"] for methods in told.values() for operation in methods.values()]
    assert len(set(identities)) == len(identities)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_locks_pin_every_dependency_and_name_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    for requirement in wanted:
        name = requirement.split(";")[0].split(">")[0].split("[")[0].strip()
        assert f"\n{name}==" in "\n" + text or f"\n{name}[" in "\n" + text, name

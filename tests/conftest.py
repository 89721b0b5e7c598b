"""What every test shares."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

# no test depends on the clock's speed: a loaded machine generates slowly and is not at fault
settings.register_profile("labeld", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("labeld")

#: These share the loopback's mDNS, or one cupsd: they run one after the other, beside all others.
_ALONE = (
    "tests/contract/",
    "tests/integration/test_adoption.py",
    "tests/integration/test_cable.py",
    "tests/integration/test_cups",
    "tests/integration/test_discovery.py",
    "tests/integration/test_doctor.py",
    "tests/integration/test_lprint.py",
    "tests/integration/test_parting.py",
    "tests/integration/test_zebra_discovery.py",
    "tests/unit/drivers/test_virtual.py",
)


class _Rooms(LoadScopeScheduling):  # type: ignore[misc]  # untyped
    """Gives a worker whole files, and one of them all tests that share what a machine has once."""

    def _split_scope(self, nodeid: str) -> str:
        return "alone" if nodeid.startswith(_ALONE) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """How `pytest -n 2` shares the tests out."""
    return _Rooms(config, log)

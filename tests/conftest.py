"""What every test shares."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

# no test depends on the clock's speed: a loaded machine generates slowly and is not at fault
settings.register_profile("labeld", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("labeld")

#: Tests of real peers wait more than they work. They share the loopback's mDNS and one cupsd, and some look for the
#: processes of all workers there are: these run one after the other, beside all others.
_ALONE = (
    "tests/chaos/",
    "tests/contract/",
    "tests/fuzz/",
    "tests/integration/",
    "tests/unit/daemon/test_hostile_documents.py",
    "tests/unit/daemon/test_render_",
)


class _Rooms(LoadScopeScheduling):  # type: ignore[misc]  # untyped
    """Gives one worker all tests that share what a machine has once."""

    def _split_scope(self, nodeid: str) -> str:
        return "alone" if nodeid.startswith(_ALONE) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """How `pytest -n 2` shares the tests out."""
    return _Rooms(config, log)

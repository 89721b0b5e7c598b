"""What every test shares."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# no test depends on the clock's speed: a loaded machine generates slowly and is not at fault
settings.register_profile("labeld", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("labeld")

_TESTS = Path(__file__).parent
#: Tests of real peers, which wait more than they work. They share the loopback's mDNS and one cupsd, so they run one
#: after the other, beside all others.
_PEERS = ("chaos", "contract", "integration")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests of real peers on one worker (`--dist loadgroup`)."""
    for item in items:
        if item.path.relative_to(_TESTS).parts[0] in _PEERS:
            item.add_marker(pytest.mark.xdist_group("peers"))

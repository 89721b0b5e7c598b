"""What every test shares."""

from hypothesis import HealthCheck, settings

# no test depends on the clock's speed: a loaded machine generates slowly and is not at fault
settings.register_profile("labeld", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("labeld")

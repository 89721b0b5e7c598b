"""What tests of other things need of fetching labels."""

from labeld.config.settings import Settings
from labeld.daemon.fetching.wanting import Wanting


def nothing_fetched(settings: Settings) -> Wanting:
    """Takes what events want fetched, and fetches nothing."""
    return Wanting(settings, str.encode, lambda _job_id, _lane: None)
